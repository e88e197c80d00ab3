"""The examples of the how-to pages."""
