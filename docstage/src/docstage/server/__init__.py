"""The embedded server: the built site, and under `/live/` the snippets themselves, run in a process of their own.

    front        one uvicorn: the site, `live/builds`, and a proxy for the rest of `/live/`
    supervisor   starts the worker process, notices when it crashes or hangs, and starts it again
    worker       the other uvicorn: runs snippets, and hands out what comes of them as it comes
    rebuild      builds the site again when something it is made of has changed

A snippet that ends its process or blocks its event loop takes the worker down, and neither the site nor the reader's
stream, which then says so.
"""

from docstage.server.serve import Options, serve

__all__ = ["Options", "serve"]
