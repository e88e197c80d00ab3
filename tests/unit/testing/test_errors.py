import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from jero import Endpoint, NDJSONStreamingResponse
from jero.asgi import Receive, Scope, Send
from tests.support.asgi import END, ASGIApp, chunk, client_of, http, start
from tests.support.asking import app_of

pytestmark = pytest.mark.anyio


@http
async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    """Fails where its path says."""
    if scope["path"] == "/before":
        raise LookupError("before the start")
    await send(start())
    await send(chunk(b"a"))
    if scope["path"] == "/within":
        raise LookupError("within the body")
    await send(END)
    raise LookupError("after the end")


@http
async def reporting(scope: Scope, receive: Receive, send: Send) -> None:
    """Deals with its errors itself, and reports them."""
    report = scope["extensions"]["jero.errors"]["report"]
    if scope["path"] == "/before":
        report(LookupError("before the start"))
        await send(start(500))
        await send(END)
    else:
        await send(start())
        await send(chunk(b"a"))
        report(LookupError("within the body"))


@http
async def leaving(scope: Scope, receive: Receive, send: Send) -> None:
    """Returns without having said all it should."""
    if scope["path"] == "/within":
        await send(start())
        await send(chunk(b"a"))


@pytest.mark.parametrize("app", [failing, reporting])
async def test_an_error_before_the_start_is_raised_from_the_request(app: ASGIApp) -> None:
    async with client_of(app) as client:
        with pytest.raises(LookupError, match="before the start"):
            await client.send(client.build_request("GET", "/before"), stream=True)


@pytest.mark.parametrize("app", [failing, reporting])
async def test_an_error_within_the_body_is_raised_where_it_is_read(app: ASGIApp) -> None:
    async with client_of(app) as client, client.stream("GET", "/within") as response:
        assert response.status_code == 200
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"a"
        with pytest.raises(LookupError, match="within the body"):
            await anext(chunks)


async def test_an_error_after_the_end_is_raised_from_the_request() -> None:
    async with client_of(failing) as client:
        with pytest.raises(LookupError, match="after the end"):
            await client.get("/after")


async def test_an_error_in_teardown_is_raised_from_closing() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await receive()
        await receive()
        raise LookupError("nothing to close")

    async with client_of(app) as client:
        with pytest.raises(LookupError, match="nothing to close"):
            async with client.stream("GET", "/"):
                await asyncio.sleep(1)


async def test_an_error_that_starlette_answers_and_lets_out_is_raised() -> None:
    async def fail(request: Request) -> None:
        raise LookupError("before the start")

    async with client_of(Starlette(routes=[Route("/", fail)])) as client:
        with pytest.raises(LookupError, match="before the start"):
            await client.get("/")


async def test_an_assertion_within_the_app_fails_the_test() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        pytest.fail("called")

    async with client_of(app) as client:
        with pytest.raises(pytest.fail.Exception, match="called"):
            await client.get("/")


async def test_an_error_before_the_start_is_a_500_where_none_is_to_be_raised() -> None:
    async with client_of(failing, raise_app_exceptions=False) as client:
        response = await client.get("/before")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


async def test_an_error_that_was_answered_is_that_answer_where_none_is_to_be_raised() -> None:
    async with client_of(reporting, raise_app_exceptions=False) as client:
        assert (await client.get("/before")).status_code == 500


@pytest.mark.parametrize("app", [failing, reporting])
async def test_an_error_within_the_body_is_an_incomplete_response_where_none_is_to_be_raised(
    app: ASGIApp,
) -> None:
    async with client_of(app, raise_app_exceptions=False) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await client.get("/within")


async def test_an_error_after_the_end_does_not_matter_where_none_is_to_be_raised() -> None:
    async with client_of(failing, raise_app_exceptions=False) as client:
        assert (await client.get("/after")).text == "a"


@pytest.mark.parametrize("options", [{}, {"raise_app_exceptions": False}])
async def test_an_app_that_leaves_its_response_incomplete_is_a_protocol_error(
    options: dict[str, bool],
) -> None:
    async with client_of(leaving, **options) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete") as raised:
            await client.get("/within")
    assert raised.value.request.url.path == "/within"


async def test_an_app_that_returns_without_a_response_is_a_protocol_error() -> None:
    async with client_of(leaving) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="without a response"):
            await client.get("/before")


class Row(Struct):
    number: int


class Failing(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse[Row]:
        return NDJSONStreamingResponse(stream=self._rows())

    async def post(self) -> Row:
        raise LookupError("no such row")

    async def _rows(self) -> AsyncIterator[Row]:
        yield Row(0)
        await asyncio.sleep(1)
        raise LookupError("no more rows")


async def test_an_error_that_jero_answers_with_a_500_is_raised() -> None:
    async with client_of(app_of(Failing())) as client:
        with pytest.raises(LookupError, match="no such row"):
            await client.post("/")


async def test_an_error_that_breaks_a_stream_of_jero_off_is_raised_where_it_is_read() -> None:
    async with client_of(app_of(Failing())) as client, client.stream("GET", "/") as response:
        lines = response.aiter_lines()
        assert await anext(lines) == '{"number":0}'
        with pytest.raises(LookupError, match="no more rows"):
            await anext(lines)


async def test_an_error_of_jero_is_what_a_client_sees_where_none_is_to_be_raised() -> None:
    async with client_of(app_of(Failing()), raise_app_exceptions=False) as client:
        assert (await client.post("/")).status_code == 500
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await client.get("/")
