"""A body that is read as it arrives and never held in memory: a photo, hashed on its way to disk."""

import hashlib
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint


class PhotoPath(Struct):
    parcel_id: int


class Stored(Struct):
    size: int
    sha256: str


# --8<-- [start:upload]
class PhotoEndpoint(Endpoint, path="/parcels/{parcel_id}/photo"):
    max_body = 20_000_000  # bytes; without this, any size

    async def put(self, path: PhotoPath, content: AsyncIterator[bytes]) -> Stored:
        size, digest = 0, hashlib.sha256()
        async for chunk in content:
            size += len(chunk)
            digest.update(chunk)  # and write it to disk
        print(f"photo of parcel {path.parcel_id} stored")
        return Stored(size, digest.hexdigest())


# --8<-- [end:upload]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(PhotoEndpoint())


app = App()
