import asyncio
import contextvars
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from jero import BaseApp, WiringError
from jero.asgi import Message, Receive, Scope, Send
from jero.testing import ASGITransport, LifespanError
from tests.support.asgi import END, client_of, http, start

pytestmark = pytest.mark.anyio


class Living:
    """An app that notes what it is told, and answers with what it is made with."""

    def __init__(self, at_start: Message, at_end: Message | None = None) -> None:
        self.notes: list[str] = []
        self._at_start = at_start
        self._at_end = at_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.notes.append(scope["type"])
        if scope["type"] == "http":
            await send(start())
            await send(END)
            return
        self.notes.append((await receive())["type"])
        await send(self._at_start)
        self.notes.append((await receive())["type"])
        if self._at_end is None:
            raise LookupError("nothing to close")
        await send(self._at_end)
        self.notes.append("returned")


COMPLETE: Message = {"type": "lifespan.startup.complete"}
ENDED: Message = {"type": "lifespan.shutdown.complete"}


async def test_the_app_is_started_before_the_first_request_and_shut_down_after_the_last() -> None:
    app = Living(COMPLETE, ENDED)
    async with client_of(app) as client:
        assert app.notes == ["lifespan", "lifespan.startup"]
        await client.get("/")
    assert app.notes == ["lifespan", "lifespan.startup", "http", "lifespan.shutdown", "returned"]


async def test_a_start_up_that_fails_raises_the_apps_own_message() -> None:
    app = Living({"type": "lifespan.startup.failed", "message": "the database is away"})
    with pytest.raises(LifespanError, match=r"^the database is away$"):
        async with asyncio.timeout(60), client_of(app, timeout=1):
            pytest.fail("it started")


async def test_entering_the_client_raises_the_wiring_error_of_the_app() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            raise WiringError("Twice: '/' is served by Twice already")

    with pytest.raises(LifespanError, match="served by Twice already"):
        async with client_of(App()):
            pytest.fail("it started")


async def test_the_exception_behind_a_failed_start_up_is_its_cause() -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        raise LookupError("no such table")
        yield

    with pytest.raises(LifespanError, match="no such table") as raised:
        async with client_of(Starlette(lifespan=lifespan)):
            pytest.fail("it started")
    assert isinstance(raised.value.__cause__, LookupError)


async def test_a_shutdown_that_fails_raises_the_apps_own_message() -> None:
    app = Living(COMPLETE, {"type": "lifespan.shutdown.failed", "message": "still in use"})
    with pytest.raises(LifespanError, match=r"^still in use$"):
        async with client_of(app):
            pass


async def test_an_exception_that_the_app_lets_out_at_shutdown_is_raised() -> None:
    with pytest.raises(LookupError, match="nothing to close"):
        async with client_of(Living(COMPLETE)):
            pass


async def test_an_app_that_does_not_end_its_lifespan_is_cancelled_and_leaving_raises() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(COMPLETE)
        await asyncio.sleep(3600)

    with pytest.raises(TimeoutError, match="did not end within 5 s"):
        async with client_of(app, timeout=5):
            pass
    assert asyncio.get_running_loop().time() == 5


async def test_an_app_without_lifespan_is_served() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(END)

    async with client_of(app) as client:
        assert (await client.get("/")).status_code == 200


async def test_an_app_that_fails_as_it_starts_is_served_without_lifespan_and_that_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["type"] == "lifespan":
            raise LookupError("no such table")
        await send(start())
        await send(END)

    with caplog.at_level(logging.WARNING):
        async with client_of(app) as client:
            assert (await client.get("/")).status_code == 200
    assert "served without lifespan" in caplog.text
    assert "no such table" in caplog.text


async def test_a_client_that_is_not_entered_serves_the_app_without_lifespan() -> None:
    app = Living(COMPLETE, ENDED)
    client = client_of(app)
    await client.get("/")
    await client.aclose()
    assert app.notes == ["http"]


async def test_a_lifespan_lives_in_one_task_and_one_context() -> None:
    seen = contextvars.ContextVar[str]("seen")
    tasks: list[asyncio.Task[object] | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.timeout(60):  # which only the task that entered it may leave
            await receive()
            tasks.append(asyncio.current_task())
            seen.set("at start-up")
            await send(COMPLETE)
            await receive()
            tasks.append(asyncio.current_task())
            assert seen.get() == "at start-up"
            await send(ENDED)

    async with client_of(app):
        pass
    assert tasks[0] is tasks[1]
    assert tasks[0] is not asyncio.current_task()


async def test_the_lifespan_state_is_in_the_scope_of_each_request() -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[dict[str, object]]:
        yield {"greeting": "hello", "asked": []}

    async def greet(request: Request) -> PlainTextResponse:
        request.state.asked.append(request.url.path)
        request.state.greeting += "!"
        return PlainTextResponse(f"{request.state.greeting} {len(request.state.asked)}")

    app = Starlette(routes=[Route("/", greet)], lifespan=lifespan)
    async with client_of(app) as client:
        answers = [(await client.get("/")).text for _ in range(2)]
    assert answers == ["hello! 1", "hello! 2"]  # a shallow copy each


async def test_a_transport_serves_one_client_after_another() -> None:
    app = Living(COMPLETE, ENDED)
    transport = ASGITransport(app)
    for _ in range(2):
        async with httpx.AsyncClient(transport=transport):
            pass
    assert app.notes.count("lifespan.startup") == app.notes.count("returned") == 2


async def test_a_transport_can_be_entered_again_after_a_start_up_that_failed() -> None:
    answers: list[Message] = [{"type": "lifespan.startup.failed", "message": "too early"}, COMPLETE]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(answers.pop(0))
        await receive()

    transport = ASGITransport(app, timeout=1)
    with pytest.raises(LifespanError, match="too early"):
        await transport.__aenter__()
    async with transport:
        assert answers == []


async def test_a_message_that_is_not_valid_in_a_lifespan_is_an_error_of_the_app() -> None:
    app = Living({"type": "lifespan.startup.complete"}, {"type": "http.response.start"})
    with pytest.raises(
        RuntimeError, match=r"'http\.response\.start', which is not valid in a life"
    ):
        async with client_of(app):
            pass
