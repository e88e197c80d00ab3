"""What every peer serves and takes: the same items, the same way of waiting, in each form that a peer may need."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Annotated, Final, Self

import msgspec
from msgspec import Meta, Struct


class Trade(Struct):
    """The usual item: 116 bytes of JSON, with a list of lists in it."""

    id: int
    symbol: Annotated[str, Meta(max_length=8)]
    price: float
    quantity: Annotated[int, Meta(ge=1)]
    venue: str
    levels: list[list[float]]


class Token(Struct):
    """What a language model yields: 20 bytes of JSON."""

    text: str


class Record(Struct):
    """A large row: 2 KB of JSON."""

    id: int
    title: str
    tags: list[str]
    text: str


class Order(Struct):
    """A request's body: 10 KB of JSON, checked against the constraints of `Trade`."""

    account: str
    trades: list[Trade]


class Totals(Struct):
    """The answer to a request with a body, so that each of its trades is looked at."""

    count: int = 0
    quantity: int = 0

    def add(self, trade: Trade) -> None:
        """Count this one, too."""
        self.count += 1
        self.quantity += trade.quantity

    @classmethod
    def of(cls, trades: Iterable[Trade]) -> Self:
        """The totals of all of these."""
        totals = cls()
        for trade in trades:
            totals.add(trade)
        return totals


COUNT: Final = 10_000
"""How many trades or tokens a long stream has. They repeat after a thousand, so that they stay in the CPU's cache."""

DISTINCT: Final = 1000

TRADES: Final = [
    Trade(
        number,
        f"BEAN{number % 10}",
        number / 4,
        number % 900 + 100,
        "XETR",
        [[number / 4 + 0.25, 10.0], [number / 4 + 1, 9.0]],
    )
    for number in range(100_000, 100_000 + DISTINCT)
] * (COUNT // DISTINCT)

TOKENS: Final = [Token(f"t{number:08}") for number in range(DISTINCT)] * (COUNT // DISTINCT)

RECORDS: Final = [
    Record(number, f"Record {number}", ["coffee", "beans"] * 8, f"{number} arabica, washed; " * 78)
    for number in range(100_000, 100_000 + DISTINCT)
] * 2

CHUNKS: Final = [b"0123456789abcdef" * 255 + b"the end of it: }"] * 2500
"""4 KiB each."""

EVENT: Final = "trade"
"""The name of every event that has an id."""

RETRY: Final = 3000
"""Milliseconds, in the events that have a `retry`."""

READERS: Final = 1000
"""How many readers the same event goes to."""


def each[T, U](items: Sequence[T], make: Callable[[T], U]) -> list[U]:
    """`make(item)` for each item, made once for those that repeat."""
    made = {key: make(item) for key, item in {id(item): item for item in items}.items()}
    return [made[id(item)] for item in items]


def as_row(item: Struct) -> dict[str, object]:
    """The item as a dictionary, for peers that encode those."""
    return msgspec.to_builtins(item)


class FanOut:
    """Publishes one event at a time: the next as soon as all `READERS` wait for it."""

    def __init__(self) -> None:
        self._waiting = 0
        self._published = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next event, as one reader."""
        published = self._published
        self._waiting += 1
        if self._waiting == READERS:
            self._waiting, self._published = 0, asyncio.Event()
            published.set()
        await published.wait()


class Flow(Struct, frozen=True):
    """How a stream goes: what it waits for before each item, how many there are, how long it stays open after them."""

    wait: Callable[[], Awaitable[object]] | None = None
    count: int | None = None
    """All, if there is no count."""

    is_endless: bool = False
    retry: int | None = None
    """The field of that name in each event."""

    then: float = 0
    """Seconds."""

    def pick[T](self, items: Sequence[T]) -> Iterable[T]:
        """The items that the stream has."""
        return cycle(items) if self.is_endless else items[: self.count]


suspend: Final = partial(asyncio.sleep, 0)
pace: Final = partial(asyncio.sleep, 0.001)

FEW: Final = 3

# Each peer answers these routes, and `POST /upload`, `POST /body`, `GET /json` and `GET /chunks`.
LINES: Final[Mapping[str, Flow]] = {
    "/ndjson/ready": Flow(),
    "/ndjson/suspended": Flow(suspend),
    "/short": Flow(count=FEW),
    "/endless": Flow(is_endless=True),
    # A peer that holds the item back until it has more to send shows it by these 5 ms.
    "/first": Flow(count=1, then=0.005),
}
"""NDJSON of trades."""

RECORD_LINES: Final[Mapping[str, Flow]] = {"/records": Flow(suspend)}
"""NDJSON of records."""

EVENTS: Final[Mapping[str, Flow]] = {
    "/sse/ready": Flow(),
    "/sse/suspended": Flow(suspend),
    "/sse/retry": Flow(retry=RETRY),
    "/fan_out": Flow(FanOut().wait, is_endless=True),
    "/idle": Flow(count=1, then=3600),
}
"""Server-Sent Events with the name `EVENT` and the trade's id; the trade is their data."""

TOKEN_EVENTS: Final[Mapping[str, Flow]] = {
    "/tokens": Flow(suspend),
    "/paced": Flow(pace, is_endless=True),
}
"""Server-Sent Events with nothing but data, a token each."""


async def stream[T](items: Sequence[T], flow: Flow = Flow()) -> AsyncIterator[T]:  # noqa: B008 - frozen
    """The items, as the flow goes."""
    wait = flow.wait
    for item in flow.pick(items):
        if wait:
            await wait()
        yield item
    if flow.then:
        await asyncio.sleep(flow.then)


def encode_line(item: Struct) -> bytes:
    """The item as a line of NDJSON."""
    return msgspec.json.encode(item) + b"\n"


def encode_data(item: Struct) -> bytes:
    """The item as an event with nothing but data."""
    return b"data: " + msgspec.json.encode(item) + b"\n\n"


def encode_event(trade: Trade, retry: int | None = None) -> bytes:
    """The trade as an event with a name and an id."""
    field = b"" if retry is None else b"retry: %d\n" % retry
    return b"event: %b\nid: %d\n%b%b" % (EVENT.encode(), trade.id, field, encode_data(trade))


ORDER: Final = Order("A-100", TRADES[:84])
UPLOADED: Final = 100_000


def encode_upload() -> bytes:
    """The body of an upload: so many lines of NDJSON."""
    return b"".join(map(encode_line, TRADES[:DISTINCT])) * (UPLOADED // DISTINCT)
