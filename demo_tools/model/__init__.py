"""A stand-in for a language model: a server that speaks the OpenAI API, and answers from a folder of Markdown files."""
