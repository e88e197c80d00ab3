"""`docstage init`: adds docstage to a project."""
