"""The process that serves one peer, until it is killed: `python -m benchmarks.serve SERVER APP CORE [CHECKOUT]`.

It prints its port before clients can connect to it, or as soon as they can.
"""

import os
import socket
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.machine import allow_many_files

BACKLOG = 4096


def serve(server: str, app: str, core: int, checkout: str = "") -> None:
    """Serve `app` with one worker, on `core` alone if the system lets a process choose; -1 for any.

    With a `checkout`, jero is the one in that folder.
    """
    if core >= 0 and sys.platform == "linux":
        os.sched_setaffinity(0, {core})
    if checkout:
        sys.path.insert(0, checkout)
        _require_jero_of(checkout)
    allow_many_files()
    target = f"benchmarks.apps.{app}:app"
    if server == "granian":
        _serve_with_granian(target)
    else:
        _serve_with_uvicorn(target)


def _serve_with_uvicorn(target: str) -> None:
    import uvicorn  # noqa: PLC0415 - only one of the servers is in the process

    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        target, loop="uvloop", http="httptools", ws="none", access_log=False, log_level="error"
    )
    uvicorn.Server(config).run(sockets=[listener])


def _serve_with_granian(target: str) -> None:
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415 - as above
    from granian.server import Server  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    print(port, flush=True)
    Server(
        target,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    ).serve()


def _require_jero_of(checkout: str) -> None:
    path = Path(import_module("jero").__file__ or "").resolve()
    if not path.is_relative_to(Path(checkout).resolve()):
        raise RuntimeError(f"{checkout} has no jero: {path} would have been measured")


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
