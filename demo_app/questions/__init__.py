"""Questions and their answers: by a model behind the OpenAI API."""
