"""The process that serves one peer, until it is killed: `python -m benchmarks.serve PEER CORE`.

It prints its port as soon as clients can connect to it.
"""

import os
import socket
import sys

import uvicorn

from benchmarks.machine import allow_many_files


def serve(peer: str, core: int) -> None:
    """Serve `peer` with one worker, on `core` alone if the system lets a process choose; -1 for any."""
    if core >= 0 and sys.platform == "linux":
        os.sched_setaffinity(0, {core})
    allow_many_files()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        f"benchmarks.apps.{peer}:app",
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_level="error",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
