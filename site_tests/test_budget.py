"""What a page costs its reader: bytes before Run and at Run, and the time until the first row."""

import gzip
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from site_tests.blocks import TIMEOUT, block, expect_state, press, row
from site_tests.conftest import fresh_page

# The most that a reader may have to load, in bytes, from a host that compresses.
BEFORE_RUN = 16_000
AT_RUN = 8_000_000
# The longest that a first row may take, in seconds: machines that test are busy.
FIRST_ROW = 10.0


@dataclass
class Loaded:
    """The files of the live block that a page has loaded, and their bytes."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def bodies(self, responses: list[Response]) -> None:
        for response in responses:
            if "/assets/live/" in response.url and response.ok:
                name = response.url.partition("/assets/live/")[2]
                self.files[name] = response.body()

    @property
    def compressed(self) -> int:
        return sum(len(gzip.compress(body, 6)) for body in self.files.values())


type Measure = Callable[[str, float, float], None]


@pytest.fixture
def measure(record_property: Callable[[str, object], None]) -> Measure:
    """Holds what was measured to what is allowed, and has conftest.py print both."""

    def within(what: str, measured: float, allowed: float) -> None:
        numbers = [f"{n:.2f}" if isinstance(n, float) else f"{n:,}" for n in (measured, allowed)]
        record_property("budget", (what, *numbers))
        assert measured <= allowed, what

    return within


@pytest.fixture
def page(chromium: Browser) -> Generator[Page]:
    """A page as readers have it, with a service worker that keeps what was loaded."""
    with fresh_page(chromium, service_workers="allow") as page:
        yield page


def test_a_page_stays_within_its_budget_of_bytes(
    page: Page, static_url: str, measure: Measure
) -> None:
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108 - it wants a function that it can mark
    page.goto(static_url + "streaming/", wait_until="networkidle")
    before = Loaded()
    before.bodies(responses)
    responses.clear()
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")
    at_run = Loaded()
    at_run.bodies(responses)
    assert any("wasm" in name for name in at_run.files)
    measure("bytes before Run, compressed", before.compressed, BEFORE_RUN)
    measure("bytes at Run, compressed", at_run.compressed, AT_RUN)


def test_the_first_row_comes_soon_after_the_click(
    page: Page, static_url: str, measure: Measure
) -> None:
    page.goto(static_url + "streaming/")
    where = block(page, "streaming.sse")
    for visit in ("cold", "warm"):
        began = time.monotonic()
        press(where, "Run")
        where.and_(page.locator('[data-state="running"]')).wait_for(timeout=TIMEOUT)
        row(where, "status").wait_for(timeout=TIMEOUT)
        took = time.monotonic() - began
        measure(f"seconds from click to first row, {visit}", took, FIRST_ROW)
        expect_state(where, "closed")


@pytest.mark.parametrize("sign", ["hover", "focus"])
def test_python_is_on_its_way_before_run_is_pressed(page: Page, static_url: str, sign: str) -> None:
    page.goto(static_url + "streaming/", wait_until="networkidle")
    run = block(page, "streaming.sse").get_by_role("button", name="Run", exact=True)
    with page.expect_request(re.compile("pyodide.asm.wasm")):
        getattr(run, sign)()
    expect_state(block(page, "streaming.sse"), "recorded")


def test_a_second_visit_runs_without_a_network(chromium: Browser, static_url: str) -> None:
    with fresh_page(chromium, service_workers="allow") as page:
        page.goto(static_url + "streaming/")
        where = block(page, "streaming.ndjson")
        press(where, "Run")
        expect_state(where, "closed")
        page.wait_for_function(
            """async () => {
                const cache = await caches.open("docstage /jero/");
                const urls = (await cache.keys()).map(request => request.url);
                return ["streaming/", ".wasm", ".whl", "worker-", "live.js", "live.css", "config.json"]
                    .every(part => urls.some(url => url.includes(part)));
            }"""
        )
        page.evaluate("navigator.serviceWorker.ready")
        page.close()
        page.context.set_offline(True)
        later = page.context.new_page()
        later.goto(static_url + "streaming/")
        where = block(later, "streaming.ndjson")
        press(where, "Run")
        expect_state(where, "closed", "failed")
        expect(where).to_have_attribute("data-state", "closed")
        expect(where.get_by_role("status").last).to_contain_text("in this browser")


def test_the_embedded_server_gets_no_service_worker(page: Page, server_url: str) -> None:
    page.goto(server_url + "streaming/")
    where = block(page, "streaming.ndjson")
    where.get_by_label("This browser").check()
    press(where, "Run")
    expect_state(where, "closed")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
