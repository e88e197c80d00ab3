import msgspec
import pytest
from msgspec import Struct

from jero import Endpoint, document_of
from jero.testing import ASGITransport
from tests.support.asking import app_of

pytestmark = pytest.mark.anyio


class Seat(Struct):
    number: int


class SeatEndpoint(Endpoint, path="/seats"):
    async def get(self) -> Seat:
        return Seat(1)


async def test_an_application_that_serves_no_document_has_one() -> None:
    app = app_of(SeatEndpoint())
    async with ASGITransport(app):
        document = msgspec.json.decode(document_of(app, openapi="3.1"))
    assert document["openapi"].startswith("3.1.")
    assert list(document["paths"]) == ["/seats"]


async def test_a_document_of_an_application_that_has_not_started_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="App has not started: call `document_of` within"):
        document_of(app_of(SeatEndpoint()))
