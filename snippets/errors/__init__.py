"""Examples of the page about errors."""
