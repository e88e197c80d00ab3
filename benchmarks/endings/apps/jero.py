"""jero: a StreamingResponse of the generator."""

from msgspec import Struct

from benchmarks.endings.stream import rows
from jero import BaseApp, Endpoint, StreamingResponse


class RowsPath(Struct):
    """What stands in the path."""

    kind: str


class RowsEndpoint(Endpoint, path="/{kind}"):
    """The rows."""

    async def get(self, path: RowsPath) -> StreamingResponse:
        """Stream them."""
        return StreamingResponse(stream=rows(path.kind))


class App(BaseApp):
    """All of it."""

    async def _wire(self) -> None:
        self._include_endpoint(RowsEndpoint())


app = App()
