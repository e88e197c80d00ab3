from typing import Any

import pytest

from jero.asgi import Receive, Scope, Send
from tests.support.asgi import END, client_of, http, start

pytestmark = pytest.mark.anyio


async def scope_of(method: str, url: str, content: bytes | None = None, **options: Any) -> Scope:
    scopes: list[Scope] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await send(start())
        await send(END)

    headers = {"X-Request-Id": "7"}
    async with client_of(app, **options) as client:
        await client.request(method, url, content=content, headers=headers)
    (scope,) = scopes
    return scope


async def test_a_path_is_there_decoded_and_as_it_was_sent() -> None:
    scope = await scope_of("GET", "/caf%C3%A9/a%2Fb?q=%20&q=ü")
    assert scope["path"] == "/café/a/b"
    assert scope["raw_path"] == b"/caf%C3%A9/a%2Fb"
    assert scope["query_string"] == b"q=%20&q=%C3%BC"


async def test_header_names_are_lower_case_and_the_host_is_among_them() -> None:
    headers = dict((await scope_of("GET", "http://example.org:81/"))["headers"])
    assert headers[b"host"] == b"example.org:81"
    assert headers[b"x-request-id"] == b"7"


async def test_the_server_and_the_client_are_known() -> None:
    scope = await scope_of("POST", "https://example.org/", client=("192.0.2.1", 7))
    assert (scope["method"], scope["scheme"]) == ("POST", "https")
    assert scope["server"] == ("example.org", 443)
    assert scope["client"] == ("192.0.2.1", 7)


async def test_a_root_path_comes_before_the_path_as_in_uvicorn() -> None:
    scope = await scope_of("GET", "/orders", root_path="/api/")
    assert scope["root_path"] == "/api"
    assert (scope["path"], scope["raw_path"]) == ("/api/orders", b"/api/orders")


async def test_a_request_over_http_2_has_no_headers_about_the_connection() -> None:
    scope = await scope_of("GET", "/", http_version="2")
    assert scope["http_version"] == "2"
    assert b"connection" not in dict(scope["headers"])


async def test_a_response_has_its_http_version() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(END)

    async with client_of(app, http_version="2") as client:
        assert (await client.get("/")).http_version == "HTTP/2"


async def test_a_request_whose_body_is_known_comes_in_one_message() -> None:
    messages: list[object] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        messages.append(await receive())
        await send(start())
        await send(END)

    async with client_of(app) as client:
        await client.get("/")
        await client.post("/", content=b"abc")
    assert messages == [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.request", "body": b"abc", "more_body": False},
    ]
