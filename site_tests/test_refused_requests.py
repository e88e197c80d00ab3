"""Requests that HTTP has no form for: the runner says so, and does not ask the app."""

import pytest

from playground.run.events import Crash, End, Request
from playground.run.runner import run
from playground.snippet.recording import collect

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (Request("GE T", "/"), "'GE T' is no method"),
        (Request("GET", "/größe"), "'/größe' is no request target"),
        (Request("GET", "/☃"), "'/☃' is no request target"),
        (Request("GET", "/a b"), "'/a b' is no request target"),
        (Request("GET", "/a#b"), "'/a#b' is no request target"),
        (Request("GET", "/a\n"), "'/a\\n' is no request target"),
        (Request("GET", "*"), "'*' is no request target"),
        (Request("GET", ""), "'' is no request target"),
        (Request("GET", "/", (("X:", "1"),)), "'X:' is no header name"),
        (Request("GET", "/", (("Größe", "1"),)), "'Größe' is no header name"),
        (Request("GET", "/", (("X", "a\r\nb"),)), "'a\\r\\nb' is no value for the header X"),
        (Request("GET", "/", (("X", "☃"),)), "'☃' is no value for the header X"),
    ],
)
async def test_the_app_is_not_asked_what_no_client_could_send(
    refused: Request, message: str
) -> None:
    async def app(*_: object) -> None:
        pytest.fail("The app was asked.")

    crash, end = await collect(run(app, refused))
    assert isinstance(crash, Crash)
    assert crash.message.startswith(f"{message}: expected ")
    assert (crash.stage, crash.traceback, crash.line) == ("request", "", None)
    assert isinstance(end, End)
    assert not end.complete
