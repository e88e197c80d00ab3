"""Whether every peer answers what it should, so that nobody is fast by being wrong."""

import http.client
from collections.abc import Sequence
from typing import Final

import msgspec

from benchmarks.data import CHUNKS, FEW, ROWS
from benchmarks.server import Server
from benchmarks.workloads import Workload

_SAMPLE: Final = 100
"""How many items of an endless stream are looked at."""


def check(server: Server, workloads: Sequence[Workload]) -> None:
    """Ask `server` for what each of `workloads` measures. Raises `ValueError` for an answer that is not right."""
    # Last what some peers never recover from: the endless stream.
    for workload in sorted(workloads, key=lambda workload: workload.route == "/endless"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", workload.route)
        response = connection.getresponse()
        try:
            if response.status != 200:
                raise ValueError(f"{server.peer} answers {workload.route} with {response.status}")
            given = _read(workload.route, response)
            if given != _expected(workload.route):
                raise ValueError(f"{server.peer} answers {workload.route} with {str(given)[:400]}")
        finally:
            response.close()
            connection.close()


def _expected(route: str) -> object:
    match route:
        case "/chunks":
            return b"".join(CHUNKS)
        case "/json" | "/first" | "/idle":
            return ROWS[:1]
        case "/short":
            return ROWS[:FEW]
        case "/endless":
            return ROWS[:_SAMPLE]
        case _:
            return ROWS


def _read(route: str, response: http.client.HTTPResponse) -> object:
    if route == "/chunks":
        return response.read()
    enough = {"/endless": _SAMPLE, "/idle": 1}.get(route)
    is_event_stream = response.headers.get_content_type() == "text/event-stream"
    items: list[object] = []
    data = b""
    for line in response:
        text = line.rstrip(b"\r\n")
        if not is_event_stream:
            items.append(msgspec.json.decode(text))
        elif text.startswith(b"data:"):
            data += text.removeprefix(b"data:")
        elif not text and data:  # only an empty line makes an event of it (WHATWG HTML 9.2.6)
            items.append(msgspec.json.decode(data))
            data = b""
        if len(items) == enough:
            break
    return items
