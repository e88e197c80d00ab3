"""A real application: questions that are answered as a stream, and notifications that reach every reader.

Copy the folder to begin one of your own. `python -m demo_app` runs it.
"""
