"""A jero application mounted in a Starlette application, which runs its lifespan."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from jero import BaseApp, Endpoint


class Invoice(Struct):
    number: int
    cents: int


class InvoicesEndpoint(Endpoint, path="/invoices"):
    async def get(self) -> list[Invoice]:
        return [Invoice(31, 4200)]


@asynccontextmanager
async def open_pool() -> AsyncGenerator[None]:
    print("pool opened")
    yield
    print("pool closed")


# --8<-- [start:inside]
class Invoices(BaseApp):
    async def _wire(self) -> None:
        await self._enter(open_pool())
        self._include_endpoint(InvoicesEndpoint())  # /api/invoices


async def customers(_: Request) -> PlainTextResponse:
    return PlainTextResponse("what there was before\n")


invoices = Invoices()
app = Starlette(
    routes=[Mount("/api", app=invoices), Route("/customers", customers)],
    lifespan=invoices.lifespan,
)
# --8<-- [end:inside]
