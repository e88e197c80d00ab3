"""Path parameters as a Struct."""

from typing import Annotated

from msgspec import Meta, Struct

from jero import BaseApp, Endpoint


class Parcel(Struct):
    id: int
    depot: str


# --8<-- [start:slots]
class DepotPath(Struct):
    depot: str


class ParcelPath(Struct):
    depot: str
    parcel_id: Annotated[int, Meta(ge=1)]


class ParcelEndpoint(Endpoint, path="/depots/{depot}/parcels/{parcel_id}"):
    async def get(self, path: ParcelPath) -> Parcel:
        return Parcel(path.parcel_id, path.depot)


class LatestEndpoint(Endpoint, path="/depots/{depot}/parcels/latest"):
    async def get(self, path: DepotPath) -> Parcel:
        return Parcel(2041, path.depot)


# --8<-- [end:slots]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ParcelEndpoint())
        self._include_endpoint(LatestEndpoint())


app = App()
