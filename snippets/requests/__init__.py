"""Examples of the page about requests."""
