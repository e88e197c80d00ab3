"""`HEAD` returns a stream's status and headers, without starting the stream or opening its resource."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from jero import BaseApp, Endpoint, StreamingResponse


# --8<-- [start:stream]
class BackupEndpoint(Endpoint, path="/backup"):
    async def get(self) -> StreamingResponse:
        print("asked")
        return StreamingResponse(stream=self._backup(), raw_headers={"content-type": "text/plain"})

    async def _backup(self) -> AsyncGenerator[AsyncIterable[bytes]]:
        print("disk spun up")
        yield self._blocks()
        print("disk spun down")

    async def _blocks(self) -> AsyncIterator[bytes]:
        for block in (b"one ", b"two ", b"three\n"):
            await asyncio.sleep(0.2)
            yield block


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(BackupEndpoint())


app = App()
