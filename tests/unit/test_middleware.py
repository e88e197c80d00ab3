"""Plain ASGI middleware around what is served."""

from typing import Any

import pytest
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from jero.app import assembly_of
from jero.asgi import ASGIApp, Receive, Scope, Send
from tests.support.asgi import client_of
from tests.support.asking import ask
from tests.support.gated import Gated, wrapped

pytestmark = pytest.mark.anyio


class Noting:
    """Notes when a request goes in and when its answer has come out."""

    def __init__(self, app: ASGIApp, notes: list[str], name: str) -> None:
        self._app, self._notes, self._name = app, notes, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._notes.append(f"{self._name} in")
        await self._app(scope, receive, send)
        self._notes.append(f"{self._name} out")


async def test_the_first_middleware_is_the_outermost_and_each_start_wraps_again() -> None:
    notes: list[str] = []
    gated = Gated()
    app = wrapped(
        gated, (Noting, {"notes": notes, "name": "a"}), (Noting, {"notes": notes, "name": "b"})
    )
    for _ in range(2):
        notes.clear()
        async with client_of(app) as client:
            assert notes == []  # the lifespan is no request
            assert (await client.head("/rows")).status_code == 200
        assert notes == ["a in", "b in", "b out", "a out"]


async def test_a_middleware_may_change_the_headers_of_one_answer_and_of_no_other() -> None:
    class Changing:
        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def change(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-added", b"1"))
                await send(message)

            await self._app(scope, receive, change)

    async with client_of(wrapped(Gated(), (Changing, {}))) as client:
        for method in ("HEAD", "HEAD", "OPTIONS", "PUT", "PUT"):
            response = await client.request(method, "/rows")
            assert response.headers.get_list("x-added") == ["1"]


async def test_starlettes_cors_and_trusted_host_middleware_work_around_a_stream() -> None:
    gated = Gated()
    app = wrapped(
        gated,
        (TrustedHostMiddleware, {"allowed_hosts": ["testserver"]}),
        (CORSMiddleware, {"allow_origins": ["https://a.example"]}),
    )
    origin = {"origin": "https://a.example"}
    async with client_of(app) as client:
        preflight = {**origin, "access-control-request-method": "GET"}
        answer = await client.options("/rows", headers=preflight)
        assert (answer.status_code, answer.text) == (200, "OK")
        answer = await client.get("/rows", headers={"host": "b.example"})
        assert (answer.status_code, answer.text) == (400, "Invalid host header")
        async with client.stream("GET", "/rows", headers=origin) as response:
            assert response.headers["access-control-allow-origin"] == "https://a.example"
            lines = response.aiter_lines()
            for number in range(2):
                gated.gate.release()
                assert await anext(lines) == f'{{"number":{number}}}'
        assert gated.closed.is_set()


async def test_nothing_is_between_the_server_and_the_dispatcher_where_nothing_is_put() -> None:
    app = wrapped(Gated())
    assert (await ask(app, "/rows", "HEAD")).status == 200
    assembly = assembly_of(app)
    assert assembly.serve == assembly.dispatcher.serve
