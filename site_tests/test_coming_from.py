"""The pages for those who come from another framework: both sides run, and nobody else loads what the other needs."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Final, cast

import pytest
from docstage.run.asgi import ASGIApp
from docstage.run.events import Chunk, Log, Request
from docstage.run.runner import run
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.response import Stream
from packaging.requirements import Requirement
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import block, edit, expect_state, press, shown
from site_tests.conftest import fresh_page
from site_tests.project import PROJECT
from site_tests.tab import Tab
from site_tests.test_project import downloaded, uvicorn

CATALOGUE = PROJECT.catalogue()
PAIRS: Final = {
    "starlette": ("coming_from.starlette_rows", "coming_from.jero_rows"),
    "fastapi": ("coming_from.fastapi_events", "coming_from.jero_events"),
    "litestar": ("coming_from.litestar_rows", "coming_from.jero_rows"),
}
REQUESTS: Final = ("Read to the end", "An error mid-stream", "An error before the first row")
LEAVING: Final = "Disconnect mid-stream"
# In the page, since a busy machine may take longer for a click than the stream takes.
STOP: Final = """async where => {
    while (!where.querySelector('[data-kind="ndjson"], [data-kind="sse"]')) await new Promise(requestAnimationFrame);
    [...where.querySelectorAll("button")].find(one => one.textContent === "Stop").click();
}"""


@pytest.fixture(params=PAIRS)
def pair(either_tab: Tab, request: pytest.FixtureRequest) -> list[Locator]:
    page = either_tab.open(f"coming-from/{request.param}/")
    return [block(page, name) for name in PAIRS[request.param]]


def choose(where: Locator, request: str) -> list[tuple[str, str]]:
    """What was recorded for the request, which is chosen now."""
    where.get_by_label("Request", exact=True).select_option(request)
    return shown(where)


def test_both_sides_show_what_was_recorded_and_stop_shows_the_teardown(pair: list[Locator]) -> None:
    for request in REQUESTS:
        recorded = [choose(where, request) for where in pair]
        for where in pair:
            press(where, "Run")
        for where, expected in zip(pair, recorded, strict=True):
            expect_state(where, "closed", "failed")
            assert shown(where) == expected
    for where in pair:
        expected = choose(where, LEAVING)
        run_and_stop(where)
        assert teardown(shown(where)) == teardown(expected)


def run_and_stop(where: Locator) -> None:
    """Run, and press Stop before the response is complete: on a busy machine that may take some tries."""
    for _ in range(10):
        press(where, "Run")
        where.evaluate(STOP)
        expect_state(where, "stopped", "closed")
        if where.get_attribute("data-state") == "stopped":
            return
    raise AssertionError("each time the response was complete before Stop was pressed")


def teardown(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What there is from the client's leaving on."""
    return rows[[kind for kind, _ in rows].index("disconnect") :]


@pytest.mark.parametrize("name", PAIRS)
def test_the_recordings_are_of_the_same_requests(name: str) -> None:
    theirs, ours = (CATALOGUE.get(snippet).exchanges for snippet in PAIRS[name])
    assert [(one.name, one.request, one.disconnect_after) for one in theirs] == [
        (one.name, one.request, one.disconnect_after) for one in ours
    ]


# Packages on demand.


def wheels(page: Page) -> list[str]:
    """Notes which packages are asked for, from now on."""
    asked: list[str] = []

    def note(path: str) -> None:
        if match := re.search(r"/(\w+)-[^/]*\.whl$", path):
            asked.append(match[1])

    page.on("request", lambda request: note(request.url))
    return asked


def test_packages_are_loaded_for_code_that_imports_them_and_no_other(
    page: Page, static_url: str
) -> None:
    asked = wheels(page)
    page.goto(f"{static_url}coming-from/fastapi/")
    theirs, ours = (block(page, name) for name in PAIRS["fastapi"])
    press(ours, "Run")
    expect_state(ours, "closed")
    assert sorted(asked) == ["docstage", "jero", "msgspec", "snippets"]
    asked.clear()
    edit(ours, "import starlette.routing, asyncio\n" + CATALOGUE.get(PAIRS["fastapi"][1]).source)
    press(ours, "Run")
    expect_state(ours, "closed")
    assert sorted(asked) == ["anyio", "idna", "starlette", "typing_extensions"]
    asked.clear()
    press(theirs, "Run")
    expect_state(theirs, "closed")
    assert "pydantic_core" in asked
    assert not {"starlette", "litestar", "jero"} & set(asked)


def test_a_package_that_does_not_arrive_is_named_and_tried_again(
    chromium: Browser, static_url: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{static_url}coming-from/fastapi/")
    theirs, ours = (block(page, name) for name in PAIRS["fastapi"])
    context.route("**/pydantic_core-*", lambda route: route.abort())
    press(theirs, "Run")
    expect_state(theirs, "failed")
    said = theirs.get_by_role("status").last
    expect(said).to_contain_text(re.compile("fastapi.* could not be loaded: .*pydantic_core"))
    expect(said).to_contain_text("press Run again")
    press(ours, "Run")
    expect_state(ours, "closed")
    context.unroute_all()
    press(theirs, "Run")
    expect_state(theirs, "closed")
    context.close()


def test_python_that_is_started_anew_has_the_packages_that_it_had(
    tab: Tab,
) -> None:
    page = tab.open("coming-from/starlette/")
    theirs, ours = (block(page, name) for name in PAIRS["starlette"])
    press(theirs, "Run")
    expect_state(theirs, "closed")
    edit(ours, "while True: pass\n")
    press(ours, "Run")
    expect_state(ours, "failed")
    press(theirs, "Run")
    expect_state(theirs, "closed", "failed")
    expect(theirs).to_have_attribute("data-state", "closed")


KEPT = """async parts => {
    const cache = await caches.open("docstage /jero/");
    const urls = (await cache.keys()).map(request => request.url);
    return parts.every(part => urls.some(url => url.includes(part)));
}"""


def test_a_visit_without_a_network_has_the_packages_of_an_earlier_one(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium, service_workers="allow") as page:
        page.goto(f"{static_url}coming-from/starlette/")
        theirs, ours = (block(page, name) for name in PAIRS["starlette"])
        press(theirs, "Run")
        expect_state(theirs, "closed")
        page.wait_for_function(KEPT, arg=["starlette/", ".wasm", "anyio-", "starlette-"])
        # A visit that has no use for a package does not lose it.
        page.reload()
        press(ours, "Run")
        expect_state(ours, "closed")
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        page.context.set_offline(True)
        page.reload()
        press(theirs, "Run")
        expect_state(theirs, "closed", "failed")
        expect(theirs).to_have_attribute("data-state", "closed")


# Taken home.

NEEDED: Final = {
    "coming_from.starlette_rows": {"starlette"},
    "coming_from.fastapi_events": {"fastapi", "pydantic"},
    "coming_from.litestar_rows": {"litestar", "msgspec"},
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_project_names_the_packages_that_its_example_imports_and_runs(
    tab: Tab, tmp_path: Path, name: str
) -> None:
    snippet, _ = PAIRS[name]
    project = downloaded(tab.block(f"coming-from/{name}/", snippet), tmp_path)
    text = (project / "pyproject.toml").read_text()
    needed = map(Requirement, tomllib.loads(text)["project"]["dependencies"])
    theirs = {one.name: one for one in needed if one.name not in {"jero", "uvicorn"}}
    assert theirs.keys() == NEEDED[snippet]
    assert all(one.specifier.contains(version(name)) for name, one in theirs.items())
    with uvicorn(project, snippet.partition(".")[2]) as client:
        assert "espresso" in client.get("/export/orders").text


# What the pages say beside it.


async def connect() -> AsyncIterator[str]:
    print("opened")
    yield "connection"
    print("closed")


async def stream() -> AsyncIterator[bytes]:
    print("first row")
    yield b"row"


@get("/", dependencies={"connection": Provide(connect)})
async def handler(connection: NamedDependency[str]) -> Stream:
    return Stream(stream())


def test_litestar_closes_a_dependency_before_the_stream_begins() -> None:
    async def main() -> None:
        app = cast("ASGIApp", Litestar([handler], logging_config=None))
        events = [event async for event in run(app, Request("GET", "/"))]
        printed = [event.text for event in events if isinstance(event, Log)]
        assert printed == ["opened", "closed", "first row"]
        assert b"row" in [event.body for event in events if isinstance(event, Chunk)]

    # This thread has Playwright's loop.
    with ThreadPoolExecutor() as thread:
        thread.submit(asyncio.run, main()).result()
