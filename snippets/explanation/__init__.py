"""The examples of the pages that explain."""
