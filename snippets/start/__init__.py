"""Examples of the home page and of Getting started."""
