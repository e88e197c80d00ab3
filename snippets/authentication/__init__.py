"""Examples of the page about authentication."""
