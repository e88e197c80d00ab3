"""Examples of the page about an application's lifecycle and wiring."""
