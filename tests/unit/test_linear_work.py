"""What a client sends costs no more than its size: no part of a request makes a parser work out of proportion."""

import asyncio
import json as plain_json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Final, Literal

import httpx
import pytest
from msgspec import Struct

from jero import BaseApp, BearerAuthenticator, Endpoint
from jero.asgi import Message, Scope
from jero.testing import iter_events, iter_ndjson
from tests.support.growth import HOSTILE, assert_linear

type Body = Callable[[bytes], bytes]


class Colour(Enum):
    RED = "red"


class Closed(Struct, forbid_unknown_fields=True):
    state: Literal["open", "closed"] | None = None
    colour: Colour | None = None


class Cat(Struct, tag=True):
    name: str


class Dog(Struct, tag=True):
    age: int


class Order(Struct):
    state: Literal["open", "closed"] = "open"
    colour: Colour = Colour.RED
    numbers: list[int] = []
    by_name: dict[str, list[int]] = {}
    by_number: dict[int, int] = {}
    closed: Closed | None = None
    pet: Cat | Dog | None = None
    nested: list[list[list[int]]] = []
    amount: Decimal | None = None
    at: datetime | None = None


class Texts(Struct):
    state: Literal["open", "closed"] | None = None
    colour: Colour | None = None
    number: int | None = None
    words: list[str] = []
    numbers: list[int] = []
    amount: Decimal | None = None
    at: datetime | None = None
    accept: str | None = None
    if_none_match: list[str] = []
    if_modified_since: datetime | None = None
    link: list[str] = []


class ItemPath(Struct):
    state: Literal["open", "closed"]


class Tokens(BearerAuthenticator[str]):
    async def verify(self, token: str) -> str | None:
        return token if token == "right" else None


class Orders(Endpoint, path="/orders"):
    async def get(self, params: Texts, headers: Texts, last_event_id: int | None) -> Order:
        return Order()

    async def post(self, json: Order) -> Order:
        return json

    async def put(self, ndjson: AsyncIterator[Order]) -> Order:
        async for _ in ndjson:
            pass
        return Order()

    async def patch(self, content: bytes) -> Order:
        return Order()


class Item(Endpoint, path="/items/{state}"):
    async def get(self, path: ItemPath) -> Order:
        return Order()


class Private(Endpoint, path="/private"):
    async def get(self, user: str) -> Order:
        return Order()


class App(BaseApp):
    max_body_size = None

    async def _wire(self) -> None:
        self._include_endpoint(Orders())
        self._include_endpoint(Item())
        self._include_endpoint(Private(), authenticator=Tokens())


app: Final = App()


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def ask(scope: Scope, body: bytes, piece: int) -> None:
    """Send a request whose body comes in pieces of this size, and take what comes."""
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
    messages = iter(
        {"type": "http.request", "body": each, "more_body": number < len(pieces)}
        for number, each in enumerate(pieces, 1)
    )

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        pass

    await app(scope, receive, send)


def scope_of(method: str, path: str, query: bytes, headers: Mapping[bytes, bytes]) -> Scope:
    raw = path.encode("utf-8", "surrogateescape")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": raw,
        "query_string": query,
        "headers": list(headers.items()),
    }


HEADERS: Final = (
    *(b"state", b"colour", b"number", b"words", b"numbers", b"amount", b"at", b"accept"),
    *(
        b"if-none-match",
        b"if-modified-since",
        b"link",
        b"last-event-id",
        b"content-type",
        b"cookie",
        b"x-request-id",
        b"x-other",
    ),
)
PARAMS: Final = (b"state", b"colour", b"number", b"words", b"numbers", b"amount", b"at", b"other")


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_header_costs_its_size(runner: asyncio.Runner, piece: bytes) -> None:
    def work(text: bytes) -> None:
        for name in HEADERS:
            runner.run(ask(scope_of("GET", "/orders", b"", {name: text}), b"", 1))
        runner.run(ask(scope_of("GET", "/private", b"", {b"authorization": text}), b"", 1))
        runner.run(ask(scope_of("PATCH", "/orders", b"", {b"content-type": text}), b"", 1))
        coded = {b"content-type": b"application/json", b"content-encoding": text}
        runner.run(ask(scope_of("POST", "/orders", b"", coded), b"{}", 1))

    assert_linear(work, piece)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_query_costs_its_size(runner: asyncio.Runner, piece: bytes) -> None:
    def work(text: bytes) -> None:
        runner.run(ask(scope_of("GET", "/orders", text, {}), b"", 1))
        for name in PARAMS:
            runner.run(ask(scope_of("GET", "/orders", name + b"=" + text, {}), b"", 1))

    assert_linear(work, piece)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_path_costs_its_size(runner: asyncio.Runner, piece: bytes) -> None:
    def work(text: bytes) -> None:
        for path in ("/", "/items/", "/orders"):
            scope = scope_of("GET", path + text.decode("utf-8", "replace"), b"", {})
            runner.run(ask(scope, b"", 1))

    assert_linear(work, piece)


def in_field(name: str) -> Body:
    return lambda text: plain_json.dumps({name: text.decode("latin-1")}).encode()


BODIES: Final[Mapping[str, Body]] = {
    "a JSON body": lambda text: text,
    "a literal": in_field("state"),
    "an enumeration": in_field("colour"),
    "a decimal": in_field("amount"),
    "a time": in_field("at"),
    "a value of another type": in_field("numbers"),
    "an unknown member": lambda text: b'{"closed":' + in_field(text.decode("latin-1"))(b"") + b"}",
    "a tag": lambda text: b'{"pet":' + in_field("type")(text) + b"}",
    "a key": lambda text: b'{"by_name":' + in_field(text.decode("latin-1"))(b"") + b"}",
    "a key above many items": lambda text: (
        b'{"by_name":{"' + b"k" * len(text) + b'":[' + b"1," * len(text) + b'"x"]}}'
    ),
    "a list with a fault at its end": lambda text: b'{"numbers":[' + b"1," * len(text) + b'"x"]}',
    "a list of faults": lambda text: b'{"numbers":[' + b'"",' * len(text) + b"1]}",
    "lists in a list": lambda text: b'{"nested":[' + b"[[1]]," * len(text) + b'[["x"]]]}',
    "many members": lambda text: (
        b'{"by_name":{'
        + b"".join(b'"%d":[1],' % number for number in range(len(text) // 8))
        + b'"z":["x"]}}'
    ),
    "keys that are no numbers": lambda text: (
        b'{"by_number":{'
        + b"".join(b'"a%d":1,' % number for number in range(len(text) // 8))
        + b'"z":1}}'
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_json_body_costs_its_size(runner: asyncio.Runner, kind: str) -> None:
    headers = {b"content-type": b"application/json"}

    def work(text: bytes) -> None:
        scope = scope_of("POST", "/orders", b"", headers)
        runner.run(ask(scope, BODIES[kind](text), 1 << 16))

    uses_text = BODIES[kind](b"one") != BODIES[kind](b"two")
    for piece in HOSTILE if uses_text else (b"a",):
        assert_linear(work, piece)


@pytest.mark.parametrize("size", [100, 1 << 16])
@pytest.mark.parametrize("piece", HOSTILE)
def test_lines_of_json_cost_their_size(runner: asyncio.Runner, piece: bytes, size: int) -> None:
    headers = {b"content-type": b"application/x-ndjson"}

    def work(text: bytes) -> None:
        for body in (text, b"{}\n" * (len(text) // 3) + text, b'{"state":"' + text):
            runner.run(ask(scope_of("PUT", "/orders", b"", headers), body, size))

    assert_linear(work, piece)


def response_of(text: bytes, size: int) -> httpx.Response:
    return httpx.Response(
        200,
        headers={"content-type": "text/event-stream"},
        content=(text[at : at + size] for at in range(0, len(text), size)),
    )


@pytest.mark.parametrize("size", [7, 1 << 16])
@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_a_stream_in_a_test_costs_its_size(piece: bytes, size: int) -> None:
    def work(text: bytes) -> None:
        for _ in iter_events(response_of(b"data: " + text, size), str):
            pass
        try:
            for _ in iter_ndjson(response_of(text, size), object):
                pass
        except ValueError:  # for what is not JSON
            pass

    assert_linear(work, piece)
