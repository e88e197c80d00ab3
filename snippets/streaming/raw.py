"""Raw bytes: a CSV file that is sent as it is generated."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator

from jero import BaseApp, Endpoint, StreamingResponse

ORDERS = [(1, "espresso", 2.4), (2, 'beans, "house blend"', 14.0), (3, "cortado", 3.1)]


# --8<-- [start:stream]
class OrdersCSVEndpoint(Endpoint, path="/orders.csv"):
    async def get(self) -> StreamingResponse:
        return StreamingResponse(
            stream=self._lines(),
            raw_headers={
                "content-type": "text/csv; charset=utf-8",
                "content-disposition": 'attachment; filename="orders.csv"',
            },
        )

    async def _lines(self) -> AsyncIterator[bytes]:
        yield csv_line("id", "item", "total")
        for order in ORDERS:
            await asyncio.sleep(0.3)
            yield csv_line(*order)


# --8<-- [end:stream]


def csv_line(*fields: object) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(fields)
    return line.getvalue().encode()


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrdersCSVEndpoint())


app = App()
