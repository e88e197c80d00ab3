"""Questions and their answers: by a model behind the OpenAI API, or by an upstream of our own, from documents."""
