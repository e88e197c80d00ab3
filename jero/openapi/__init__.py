"""The OpenAPI document of an application: generated from its compiled routes, served, and shown in a viewer."""
