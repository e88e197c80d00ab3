"""Applications in a process of their own, that is asked to stop while a stream is open."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from tests.servers.servers import free_port

ROOT: Final = Path(__file__).parents[2]


async def stop_with_an_open_stream(
    folder: Path, source: str, first: bytes
) -> tuple[list[str], int | None]:
    """Serve the module's `app`, read `first` from /inner/rows, and send SIGTERM.

    Returns the lines that it printed, and its exit status.
    """
    (folder / "served.py").write_text(source)
    port = free_port()
    command = ["-m", "uvicorn", "served:app", "--port", str(port), "--app-dir", str(folder)]
    command += ["--no-access-log"]
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    assert server.stdout is not None
    assert server.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"running on" not in await server.stderr.readline():
                pass
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /inner/rows HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(first)
            server.send_signal(signal.SIGTERM)
            printed = (await server.stdout.read()).decode().splitlines()
            await server.wait()
            writer.close()
            await writer.wait_closed()
    finally:
        if server.returncode is None:
            server.kill()
    return printed, server.returncode
