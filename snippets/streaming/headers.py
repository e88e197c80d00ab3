"""Status and headers of a stream: typed headers in a Struct, and raw ones."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Page(Struct):
    number: int


# --8<-- [start:stream]
class ScanHeaders(Struct):
    x_scan_id: str  # sent as x-scan-id
    x_pages: int
    x_scanned_on: date
    x_note: str | None = None  # not sent if None


class ScanEndpoint(Endpoint, path="/scan"):
    async def get(self) -> NDJSONStreamingResponse[Page, ScanHeaders]:
        return NDJSONStreamingResponse(
            stream=self._pages(),
            status_code=203,
            headers=ScanHeaders(x_scan_id="a7f3", x_pages=3, x_scanned_on=date(2026, 11, 22)),
            raw_headers={"content-language": "en", "cache-control": "private"},
        )

    async def _pages(self) -> AsyncIterator[Page]:
        for number in (1, 2, 3):
            yield Page(number)
            await asyncio.sleep(0.3)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ScanEndpoint())


app = App()
