"""An application's names are its own: the framework keeps none that a subclass could replace by chance."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast, override

import pytest

from jero import BaseApp, Endpoint, WiringError
from jero.asgi import ASGIApp
from tests.support.asking import ask
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio


class Answers(Endpoint, path="/answers"):
    async def get(self) -> dict[str, int]:
        return {"answer": 42}


class Taken:
    """Stands where a subclass keeps something of its own, and fails whoever else uses it."""

    def __call__(self, *_: object) -> None:
        raise AssertionError("the framework has called this")


NAMES = (
    *("_start", "_stop", "_reset", "_live", "_serve", "_run", "_include", "_close", "_dispatcher"),
    *("_routes", "_router", "_streams", "_resources", "_middleware", "_publications", "_entrance"),
    *("_wiring", "_is_wired", "_is_live", "_app", "_name", "_loop", "_task", "_lock", "_state"),
)


@pytest.mark.parametrize("name", NAMES)
async def test_an_application_may_have_any_other_attribute(name: str) -> None:
    async def wire(self: BaseApp) -> None:
        self._include_endpoint(Answers())  # pyright: ignore[reportPrivateUsage] - as a method would

    kind: Any = type("App", (BaseApp,), {name: Taken(), "_wire": wire})
    assert (await ask(kind(), "/answers")).body == b'{"answer":42}'


@pytest.mark.parametrize("name", NAMES)
async def test_an_endpoint_may_have_any_other_attribute(name: str) -> None:
    kind = cast("type[Answers]", type("Mine", (Answers,), {name: Taken()}, path="/answers"))

    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(kind())

    assert (await ask(App(), "/answers")).body == b'{"answer":42}'


async def test_an_application_need_not_call_the_constructor_of_its_base() -> None:
    class App(BaseApp):
        def __init__(self) -> None:
            self.endpoint = Answers()

        async def _wire(self) -> None:
            self._include_endpoint(self.endpoint)

    assert (await ask(App(), "/answers")).status == 200


async def test_a_hook_that_is_replaced_by_something_else_is_a_wiring_error() -> None:
    class App(BaseApp):
        _mount = "/data"  # pyright: ignore[reportAssignmentType]

    text = await failure_of(App())
    assert "App._mount is a str, but overrides `BaseApp._mount`: write it as `def _mount" in text


async def test_a_hook_of_other_arguments_is_a_wiring_error() -> None:
    class App(BaseApp):
        def _mount(self, folder: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    text = await failure_of(App())
    assert "App._mount is a function of (folder), but overrides `BaseApp._mount`: write" in text


async def test_a_hook_that_should_not_be_a_coroutine_function_is_a_wiring_error() -> None:
    class App(BaseApp):
        async def _mount(self, path: str, app: ASGIApp) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    text = await failure_of(App())
    assert "App._mount is a coroutine function, but overrides `BaseApp._mount`: write it as" in text


async def test_a_setting_of_another_type_is_a_wiring_error() -> None:
    class App(BaseApp):
        body_timeout = "soon"  # pyright: ignore[reportAssignmentType]

    assert "App.body_timeout is 'soon', but BaseApp expects float | None" in await failure_of(App())


def test_including_an_endpoint_before_wiring_is_a_wiring_error() -> None:
    class App(BaseApp):
        def __init__(self) -> None:
            self._include_endpoint(Answers())

    with pytest.raises(WiringError, match=r"App\._include_endpoint is called before `_wire`"):
        App()


async def test_including_an_endpoint_after_wiring_is_a_wiring_error() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Answers())

    app = App()
    await ask(app, "/answers")
    with pytest.raises(WiringError, match=r"App\._include_endpoint is called after `_wire`"):
        app._include_endpoint(Answers())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the mistake


async def test_entering_a_resource_without_await_is_a_wiring_error() -> None:
    opened: list[str] = []

    @asynccontextmanager
    async def pool() -> AsyncGenerator[None]:
        opened.append("pool")
        yield

    class App(BaseApp):
        @override
        async def _wire(self) -> None:
            self._enter(pool())  # pyright: ignore[reportUnusedCoroutine] - the mistake

    text = await failure_of(App())
    assert "App._enter is called without `await`, so the resource is never opened" in text
    assert opened == []
