"""Query parameters as a Struct: defaults, lists, constraints, and no unknown ones."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from jero import BaseApp, Endpoint


# --8<-- [start:params]
class Search(Struct, forbid_unknown_fields=True):
    text: str = ""
    state: list[Literal["waiting", "moving", "delivered"]] = []
    since: date | None = None
    is_fragile: bool | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class Found(Struct):
    by: Search
    parcels: list[int]


class ParcelsEndpoint(Endpoint, path="/parcels"):
    async def get(self, params: Search) -> Found:
        return Found(params, [17, 18, 2041][: params.limit])


# --8<-- [end:params]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ParcelsEndpoint())


app = App()
