"""Examples of the page about OpenAPI."""
