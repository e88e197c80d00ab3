"""Runs the example modules of other frameworks with docstage, and counts what works."""
