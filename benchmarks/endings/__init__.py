"""How streams end: what jero and its peers do when the client leaves, when a stream fails, and when the server stops.

`python -m benchmarks.endings` asks each of them, served by uvicorn, and writes what came of it for the page
that compares them.
"""
