"""A CSV download, sent as it is generated and safe to open in a spreadsheet."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Annotated

from msgspec import Struct, structs

from jero import BaseApp, Endpoint, MediaType, StreamingResponse


class Order(Struct):
    id: int
    placed: date
    customer: str
    cents: int


ORDERS = [
    Order(1, date(2026, 10, 1), "Ada", 240),
    Order(2, date(2026, 10, 1), 'Grace "Amazing" Hopper', 390),
    Order(3, date(2026, 10, 2), "Lovelace, Ada", -310),
    Order(4, date(2026, 10, 3), '=HYPERLINK("http://127.0.0.1/","Grace")', 280),
    Order(5, date(2026, 10, 3), "Zoë\nsecond floor", 420),
]


# --8<-- [start:stream]
CSV = MediaType("text/csv; charset=utf-8; header=present")


class Download(Struct):
    content_disposition: str


class ExportEndpoint(Endpoint, path="/orders.csv"):
    async def get(self) -> Annotated[StreamingResponse[Download], CSV]:
        headers = Download('attachment; filename="orders.csv"')
        return StreamingResponse(stream=self._lines(), headers=headers)

    async def _lines(self) -> AsyncIterator[bytes]:
        yield line(Order.__struct_fields__)
        async for order in self._orders():
            yield line(structs.astuple(order))

    async def _orders(self) -> AsyncIterator[Order]:
        for order in ORDERS:
            await asyncio.sleep(0.3)
            yield order


# --8<-- [end:stream]


# --8<-- [start:line]
def line(values: Iterable[object]) -> bytes:
    """One line of CSV (RFC 4180), quoted where necessary and ending in CRLF."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(harmless, values))
    return text.getvalue().encode()


def harmless(value: object) -> object:
    """The value; text that a spreadsheet would run as a formula is marked as text."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


# --8<-- [end:line]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ExportEndpoint())


app = App()
