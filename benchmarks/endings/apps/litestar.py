"""Litestar: a Stream of the generator."""

from litestar import Litestar, get
from litestar.response import Stream

from benchmarks.endings.stream import rows


@get("/{kind:str}")
async def stream_rows(kind: str) -> Stream:
    """Stream the rows."""
    return Stream(rows(kind))


app = Litestar([stream_rows])
