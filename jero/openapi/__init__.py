"""The OpenAPI document of an application: read off its compiled routes, served, and shown."""
