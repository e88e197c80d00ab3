"""Examples of the Streaming page."""
