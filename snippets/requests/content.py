"""The raw body: a webhook whose signature covers the exact bytes."""

import hashlib
import hmac

import msgspec
from msgspec import Struct

from jero import BaseApp, Endpoint, ForbiddenError

SECRET = b"shared with the carrier"


class Scan(Struct):
    parcel: int
    place: str


# --8<-- [start:content]
class Signature(Struct):
    x_signature: str


class ScansEndpoint(Endpoint, path="/webhooks/scans"):
    async def post(self, headers: Signature, content: bytes) -> Scan:
        expected = hmac.new(SECRET, content, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, headers.x_signature):
            raise ForbiddenError("The signature is not of this body.")
        return msgspec.json.decode(content, type=Scan)


# --8<-- [end:content]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ScansEndpoint())


app = App()
