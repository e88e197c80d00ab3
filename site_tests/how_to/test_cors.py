"""Starlette's CORS middleware around an application: the code of the guide's page on lifecycle and wiring."""

# --8<-- [start:app]
import httpx
import pytest
from starlette.middleware.cors import CORSMiddleware

from jero import BaseApp
from jero.testing import ASGITransport
from snippets.requests.json import QuotesEndpoint


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(QuotesEndpoint())
        self._wrap(
            CORSMiddleware,
            allow_origins=["https://shop.example"],
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type"],
        )


# --8<-- [end:app]


SHOP = {"origin": "https://shop.example"}


@pytest.mark.anyio
async def test_a_preflight_of_an_allowed_origin_is_answered_before_the_application() -> None:
    asks = {"access-control-request-method": "POST"}
    transport = ASGITransport(App())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.options("/quotes", headers={**SHOP, **asks})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert response.headers["access-control-allow-methods"] == "GET, POST"


@pytest.mark.anyio
async def test_an_answer_says_that_the_origin_may_read_it_errors_included() -> None:
    transport = ASGITransport(App())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        quoted = await client.post(
            "/quotes",
            headers=SHOP,
            json={"to": {"city": "Lisbon", "country": "PT"}, "boxes": [{"kilograms": 2}]},
        )
        refused = await client.post("/quotes", headers=SHOP, json={})
    assert (quoted.status_code, refused.status_code) == (200, 422)
    for response in (quoted, refused):
        assert response.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.anyio
async def test_another_origin_may_not_read_the_answer() -> None:
    transport = ASGITransport(App())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.options("/quotes", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
