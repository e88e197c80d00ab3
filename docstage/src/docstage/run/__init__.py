"""Runs one request against an example: all of this, and nothing else of the engine, is loaded in the browser.

It imports the standard library, msgspec and itself.
"""
