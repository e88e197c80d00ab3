"""Every snippet does what its transcript says: in-process, through the command line, and served by uvicorn."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast

import httpx
import pytest
import uvicorn
from docstage.run.asgi import ASGIApp
from docstage.run.events import Chunk, Crash, End, RunEvent, Start
from docstage.run.stage import Stage
from docstage.snippet.catalogue import Exchange, Snippet, UnknownSnippetError
from docstage.snippet.recording import record
from docstage.snippet.transcript import comparable, dump

from site_tests.project import PROJECT
from tests.support.root import ROOT

CATALOGUE = PROJECT.catalogue()
NAMES = CATALOGUE.names()
EXCHANGES = [
    pytest.param(snippet, exchange, id=f"{snippet.name}-{exchange.name}")
    for snippet in CATALOGUE.all()
    for exchange in snippet.exchanges
]


def _fails_to_start(exchange: Exchange) -> bool:
    crashes = [event for event in exchange.recorded if isinstance(event, Crash)]
    return any(crash.phase in {"import", "startup"} for crash in crashes)


# A start that fails leaves nothing to connect to.
SERVED = [case for case in EXCHANGES if not _fails_to_start(cast("Exchange", case.values[1]))]


@dataclass(frozen=True)
class Answer:
    """A response as a client over a socket sees it."""

    status: int
    headers: set[tuple[str, str]]
    body: bytes
    is_whole: bool


@pytest.mark.parametrize("name", NAMES)
def test_a_snippet_does_exactly_what_its_transcript_says(name: str) -> None:
    snippet = CATALOGUE.get(name)
    assert dump(record(snippet)) == snippet.transcript_path.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_is_of_the_requests_that_there_are(name: str) -> None:
    snippet = CATALOGUE.get(name)
    assert snippet.exchanges
    assert all(exchange.recorded for exchange in snippet.exchanges)


def test_every_module_of_snippets_has_its_requests() -> None:
    modules = {
        path.relative_to(ROOT / "snippets").with_suffix("")
        for path in (ROOT / "snippets").rglob("*.py")
        if path.name != "__init__.py"
    }
    assert {".".join(module.parts) for module in modules} == set(NAMES)


def test_a_snippet_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        UnknownSnippetError, match=r"no snippet is named 'nothing'; available: .*streaming.sse"
    ):
        CATALOGUE.get("nothing")


def test_a_section_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownSnippetError, match="no section 'rows'; it has: cursor, stream"):
        CATALOGUE.get("streaming.lifecycle").section("rows")


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[httpx.AsyncClient]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # To load certificates takes long enough to upset the timing of those that run beside it.
        async with httpx.AsyncClient(base_url=url, timeout=60, verify=False) as client:
            yield client
        server.should_exit = True
        await serving


async def _ask(client: httpx.AsyncClient, exchange: Exchange) -> Answer:
    """What comes of the exchange; a client that left when it was recorded leaves with as much of the body."""
    request, body, is_whole = exchange.request, b"", False
    enough = len(_recorded(exchange.recorded).body)
    async with client.stream(
        request.method, request.target, headers=list(request.headers), content=request.body or None
    ) as response:
        with contextlib.suppress(httpx.RemoteProtocolError):
            async for chunk in response.aiter_raw():
                body += chunk
                if exchange.disconnect_after is not None and len(body) >= enough:
                    break
            else:
                is_whole = True
    return Answer(response.status_code, set(response.headers.items()), body, is_whole)


def _recorded(events: tuple[RunEvent, ...]) -> Answer:
    (start,) = (event for event in events if isinstance(event, Start))
    body = b"".join(event.body for event in events if isinstance(event, Chunk))
    end = events[-1]
    return Answer(start.status, set(start.headers), body, isinstance(end, End) and end.complete)


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], Answer]:
    """What a client of uvicorn gets, by snippet and request. The snippets run side by side, in real time."""

    async def ask_all(snippet: Snippet) -> None:
        for exchange in snippet.exchanges:
            if not _fails_to_start(exchange):
                stage = Stage(snippet.module)
                async with served(await stage.app()) as client:
                    got[snippet.name, exchange.name] = await _ask(client, exchange)
                await stage.aclose()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for snippet in CATALOGUE.all():
                group.create_task(ask_all(snippet))

    got: dict[tuple[str, str], Answer] = {}
    asyncio.run(main())
    return got


@pytest.mark.parametrize(("snippet", "exchange"), SERVED)
def test_a_client_of_uvicorn_gets_what_the_transcript_says(
    answers: dict[tuple[str, str], Answer], snippet: Snippet, exchange: Exchange
) -> None:
    answer, expected = answers[snippet.name, exchange.name], _recorded(exchange.recorded)
    assert answer.headers >= expected.headers
    # How many of them fit into a silence, the transcript says: here time is real.
    body, expected_body = (each.body.replace(b": ping\n\n", b"") for each in (answer, expected))
    assert body == expected_body
    assert replace(answer, headers=expected.headers, body=b"") == replace(expected, body=b"")


def test_the_command_line_runs_a_snippet_and_prints_what_its_transcript_says() -> None:
    command = [sys.executable, "-m", "docstage", "run", "snippets.start.first"]
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert '[{"drink":"espresso","size":40},{"drink":"filter","size":200}]' in ran.stdout
    assert ran.stdout.endswith("end        complete\n")


def test_the_command_line_says_which_requests_there_are() -> None:
    command = [sys.executable, "-m", "docstage", "run", "start.first", "--request", "none"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "start.first has no request 'none'; it has: 'Which cups are there?'" in ran.stderr


def test_comparing_forgets_nothing_but_time_below_a_millisecond_and_tracebacks() -> None:
    assert comparable(Chunk(0.1234, b"x")) == Chunk(0.123, b"x")
