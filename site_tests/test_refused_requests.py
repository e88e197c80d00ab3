"""Requests that HTTP has no form for: the runner says so, and does not ask the app."""

import pytest
from docstage.run.events import Crash, End, Request
from docstage.run.runner import run
from docstage.snippet.recording import collect

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (Request("GE T", "/"), "'GE T' is not a valid method"),
        (Request("GET", "/größe"), "'/größe' is not a valid request target"),
        (Request("GET", "/☃"), "'/☃' is not a valid request target"),
        (Request("GET", "/a b"), "'/a b' is not a valid request target"),
        (Request("GET", "/a#b"), "'/a#b' is not a valid request target"),
        (Request("GET", "/a\n"), "'/a\\n' is not a valid request target"),
        (Request("GET", "*"), "'*' is not a valid request target"),
        (Request("GET", ""), "'' is not a valid request target"),
        (Request("GET", "/", (("X:", "1"),)), "'X:' is not a valid header name"),
        (Request("GET", "/", (("Größe", "1"),)), "'Größe' is not a valid header name"),
        (
            Request("GET", "/", (("X", "a\r\nb"),)),
            "'a\\r\\nb' is not a valid value for the header X",
        ),
        (Request("GET", "/", (("X", "☃"),)), "'☃' is not a valid value for the header X"),
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
    assert (crash.phase, crash.traceback, crash.line) == ("request", "", None)
    assert isinstance(end, End)
    assert not end.complete
