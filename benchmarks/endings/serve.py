"""The process that serves one of them: `python -m benchmarks.endings.serve NAME`.

It prints its port, and then what the stream tells and what the server logs.
"""

import socket
import sys

import uvicorn

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    app = f"benchmarks.endings.apps.{sys.argv[1]}:app"
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error")).run(sockets=[listener])
