"""What every peer serves: the same items, in each form that a peer may need them in."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

import msgspec
from msgspec import Struct


class Trade(Struct):
    """The item: some eighty bytes of JSON."""

    id: int
    symbol: str
    price: float
    quantity: int
    venue: str


_DISTINCT: Final = [
    Trade(number, f"BEAN{number % 50}", number / 4, number % 900 + 100, "XETR")
    for number in range(100_000, 101_000)
]

COUNT: Final = 40_000
"""How many items a long stream has. Their text repeats after a thousand, so that they stay in the CPU's cache."""

TRADES: Final = _DISTINCT * (COUNT // len(_DISTINCT))
ROWS: Final[list[dict[str, object]]] = [msgspec.to_builtins(trade) for trade in _DISTINCT] * (
    COUNT // len(_DISTINCT)
)
LINES: Final = [msgspec.json.encode(trade) + b"\n" for trade in _DISTINCT] * (
    COUNT // len(_DISTINCT)
)
EVENTS: Final = [b"data: " + line + b"\n" for line in LINES]
LINE_SIZE: Final = sum(map(len, LINES)) / len(LINES)

CHUNKS: Final = [b"0123456789abcdef" * 256] * 10_000
"""4 KiB each."""

FEW: Final = 3
"""How many items a short stream has."""

PAUSE: Final = 0.005
"""How long a stream of one item goes on after it. Who holds the item back for company shows it by this much."""

FOREVER: Final = 3600.0
"""How long an idle stream goes on after its first event."""


async def stream[T](
    items: Iterable[T], *, suspends: bool = False, then: float = 0
) -> AsyncIterator[T]:
    """The items, with a turn of the event loop before each if it `suspends`, and then `then` seconds of silence."""
    for item in items:
        if suspends:
            await asyncio.sleep(0)
        yield item
    if then:
        await asyncio.sleep(then)
