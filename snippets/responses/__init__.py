"""Examples of the page about responses."""
