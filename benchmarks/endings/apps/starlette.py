"""Starlette: a StreamingResponse of the generator."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from benchmarks.endings.stream import rows


async def get(request: Request) -> StreamingResponse:
    """Stream the rows."""
    return StreamingResponse(rows(request.path_params["kind"]))


app = Starlette(routes=[Route("/{kind}", get)])
