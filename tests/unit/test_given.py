"""Arguments that cannot work are refused at startup, with the fix."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing, nullcontext
from io import StringIO
from typing import Any

import pytest

from jero import BaseApp, Endpoint, HTTPError, NotFoundError
from jero.asgi import ASGIApp
from tests.support.asking import ask
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio


class Answers(Endpoint, path="/answers"):
    async def get(self) -> dict[str, int]:
        return {"answer": 42}


async def wsgi(environ: object, start_response: object) -> None:
    raise AssertionError("nothing is served")


async def asgi2(scope: object) -> None:
    raise AssertionError("nothing is served")


async def factory() -> ASGIApp:
    raise AssertionError("nothing is called")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (object(), "expected an ASGI application, which is called with `scope`, `receive` and"),
        (BaseApp, "it is a class, so create an instance: `BaseApp(…)`"),
        (wsgi, "it takes two arguments, as WSGI applications do"),
        (asgi2, "it takes one argument, as ASGI 2 applications do"),
        (None, "expected an ASGI application"),
    ],
)
async def test_mounting_something_else_than_an_asgi_application_is_a_wiring_error(
    given: Any, text: str
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._mount("/x", given)

    assert text in await failure_of(App())


async def test_mounting_a_coroutine_is_a_wiring_error() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            made: Any = factory()
            self._mount("/x", made)

    assert "it is a coroutine: `await` it, or leave out the call" in await failure_of(App())


class Instance:
    def __init__(self, app: ASGIApp | None) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nothing is served")


def nothing(_: ASGIApp) -> None:
    return None


async def asynchronous(app: ASGIApp) -> ASGIApp:
    return app


def limited(app: ASGIApp, limit: int) -> ASGIApp:
    return app


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (Instance(None), "followed by its arguments, as in `_wrap(Instance, …)`"),
        (3, "expected a middleware class or function, which is called with the application"),
        (nothing, "App._wrap: the middleware returns None: expected an ASGI application"),
        (asynchronous, "App._wrap got asynchronous, a coroutine function: write it as a `def` that takes"),
    ],
)  # fmt: skip
async def test_wrapping_with_an_invalid_middleware_is_a_wiring_error(given: Any, text: str) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Answers())
            self._wrap(given)

    assert text in await failure_of(App())


async def test_wrapping_with_arguments_that_a_middleware_does_not_take_is_a_wiring_error() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            wrap: Any = self._wrap
            wrap(limited, 3, burst=5)

    text = "App._wrap calls limited with (app, 3, burst=…), but it takes (app: "
    assert text in await failure_of(App())


class OutOfStockError(NotFoundError):
    pass


async def to_error(error: Exception) -> HTTPError:
    return NotFoundError(str(error))


@pytest.mark.parametrize(
    ("kind", "to", "text"),
    [
        ("KeyError", NotFoundError, "App._map_error got 'KeyError': expected an exception class"),
        (asyncio.CancelledError, NotFoundError, "got CancelledError, which is not a subclass of `Exception`"),
        (int, NotFoundError, "App._map_error got int, which is not a subclass of `Exception`"),
        (KeyError, NotFoundError("gone"), "pass a function, `lambda error: NotFoundError(…)`"),
        (KeyError, OutOfStockError, "pass a function, `lambda error: OutOfStockError(…)`"),
        (KeyError, 404, "App._map_error maps KeyError to 404: expected a function that takes the error and"),
        (KeyError, lambda: NotFoundError(""), "expected a function that takes the error and returns an"),
        (KeyError, to_error, "App._map_error maps KeyError to to_error: it is a coroutine function: write it"),
    ],
)  # fmt: skip
async def test_an_invalid_mapping_of_errors_is_a_wiring_error(
    kind: Any, to: Any, text: str
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._map_error(kind, to)

    assert text in await failure_of(App())


@asynccontextmanager
async def opened() -> AsyncGenerator[None]:
    yield


async def connect() -> None:
    raise AssertionError("nothing is connected")


async def pool() -> AsyncGenerator[None]:
    yield


def plain_pool() -> Generator[None]:
    yield


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: opened, "Entering._enter got <function opened at"),
        (lambda: opened, "call it, as in `await self._enter(opened())`"),
        (lambda: nullcontext, "as in `await self._enter(nullcontext())`"),
        (lambda: closing(StringIO()), "wrap it in an `@asynccontextmanager` function"),
        (connect, "it is a coroutine: `await` it first, as in `self._enter(await connect())`"),
        (pool, "decorate `pool` with `@asynccontextmanager`"),
        (plain_pool, "write `plain_pool` as an `async def`, and decorate it with"),
        (lambda: 3, "Entering._enter got 3: expected an asynchronous context manager"),
    ],
)
async def test_entering_something_else_than_a_context_manager_is_a_wiring_error(
    made: Any, text: str
) -> None:
    class Entering(BaseApp):
        async def _wire(self) -> None:
            await self._enter(made())

    assert text in await failure_of(Entering())


async def test_a_function_whose_signature_python_does_not_know_is_accepted() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Answers())
            to: Any = vars  # written in C, as a mapping may be
            self._map_error(KeyError, to)

    assert (await ask(App(), "/answers")).status == 200
