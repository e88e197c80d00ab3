"""Whether every peer answers what it should, so that nobody is fast by being wrong."""

import http.client
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.client import Connection
from benchmarks.data import (
    CHUNKS,
    DISTINCT,
    EVENT,
    EVENTS,
    LINES,
    ORDER,
    READERS,
    RECORD_LINES,
    RECORDS,
    TOKEN_EVENTS,
    TOKENS,
    TRADES,
    UPLOADED,
    Flow,
    Order,
    Totals,
    Trade,
    as_row,
    encode_upload,
)
from benchmarks.machine import Cores
from benchmarks.server import Peer, Server, served
from benchmarks.workloads import Plan, Workload

_SAMPLE: Final = 1000
"""How many items of a long stream are looked at: all that differ. Their number is checked where they are measured."""

_FLOWS: Final = {**LINES, **RECORD_LINES, **EVENTS, **TOKEN_EVENTS}

type _Fields = dict[str, object]
"""An event's fields; the data is decoded."""


def check(peer: Peer, plan: Plan, cores: Cores, workloads: Sequence[Workload]) -> None:
    """Ask `peer` for what each of `workloads` measures. Raises `ValueError` for an answer that is not right."""
    routes = [workload.route for workload in workloads]
    endless = [route for route in routes if route in _FLOWS and _FLOWS[route].is_endless]
    with served(peer, plan.server, cores) as server:
        for route in routes:
            if route not in endless:
                _check_route(server, route)
        if "/body" in routes:
            _check_validation(server)
    for route in endless:  # some peers never notice that its client has left, and go on computing
        with served(peer, plan.server, cores) as server:
            _check_route(server, route)


def _check_route(server: Server, route: str) -> None:
    with ExitStack() as stack:
        if route == "/fan_out":  # which publishes when all its readers are there
            for _ in range(READERS - 1):
                stack.enter_context(Connection(server.port)).ask(route)
        response = stack.enter_context(_ask(server, route, _bodies().get(route)))
        if response.status != 200:
            raise ValueError(f"{server.peer.name} answers {route} with {response.status}")
        expected, given = _expected(route), _read(route, response)
    if given != expected:
        raise ValueError(f"{server.peer.name} answers {route} with {str(given)[:400]}")


def _check_validation(server: Server) -> None:
    trade = msgspec.structs.replace(TRADES[0], quantity=0)
    with _ask(server, "/body", msgspec.json.encode(Order("A-100", [trade]))) as response:
        if response.status not in {400, 422}:
            raise ValueError(f"{server.peer.name} answers an invalid body with {response.status}")


@contextmanager
def _ask(server: Server, route: str, body: bytes | None) -> Generator[http.client.HTTPResponse]:
    content_type = "application/x-ndjson" if route == "/upload" else "application/json"
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        if body is None:
            connection.request("GET", route)
        else:
            connection.request("POST", route, body, {"content-type": content_type})
        with connection.getresponse() as response:
            yield response


def _bodies() -> dict[str, bytes]:
    return {"/upload": encode_upload(), "/body": msgspec.json.encode(ORDER)}


def _expected(route: str) -> object:
    match route:
        case "/chunks":
            return b"".join(CHUNKS)
        case "/json":
            return as_row(TRADES[0])
        case "/body":
            return as_row(Totals.of(ORDER.trades))
        case "/upload":
            distinct = Totals.of(TRADES[:DISTINCT])
            return as_row(Totals(UPLOADED, distinct.quantity * (UPLOADED // distinct.count)))
        case _ if route in EVENTS:
            return [_event(item, EVENTS[route].retry) for item in _pick(TRADES, EVENTS[route])]
        case _ if route in TOKEN_EVENTS:
            return [{"data": as_row(token)} for token in _pick(TOKENS, TOKEN_EVENTS[route])]
        case _ if route in RECORD_LINES:
            return [as_row(record) for record in _pick(RECORDS, RECORD_LINES[route])]
        case _:
            return [as_row(trade) for trade in _pick(TRADES, LINES[route])]


def _pick[T: Struct](items: Sequence[T], flow: Flow) -> Iterator[T]:
    return islice(flow.pick(items), _count(flow))


def _count(flow: Flow) -> int | None:
    """How many items are looked at; `None` for all, to the end of the stream."""
    if flow.is_endless:
        return 20
    return flow.count if flow.then else None if flow.count else _SAMPLE


def _event(trade: Trade, retry: int | None) -> _Fields:
    fields: _Fields = {"event": EVENT, "id": str(trade.id), "data": as_row(trade)}
    return fields if retry is None else {**fields, "retry": str(retry)}


def _read(route: str, response: http.client.HTTPResponse) -> object:
    if route == "/chunks":
        return response.read()
    if route in {"/json", "/body", "/upload"}:
        return msgspec.json.decode(response.read())
    flow = _FLOWS[route]
    is_event_stream = response.headers.get_content_type() == "text/event-stream"
    items = _read_events(response) if is_event_stream else map(msgspec.json.decode, response)
    return list(islice(items, _count(flow)))


def _read_events(lines: Iterable[bytes]) -> Iterator[_Fields]:
    """The events, by the rules of WHATWG HTML 9.2.6, of which an empty line ends each."""
    fields: _Fields = {}
    data: list[bytes] = []
    for line in lines:
        name, _, value = line.rstrip(b"\r\n").partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name:
            fields[name.decode()] = value.decode()
        elif data and not value:
            yield {**fields, "data": msgspec.json.decode(b"\n".join(data))}
            fields, data = {}, []
