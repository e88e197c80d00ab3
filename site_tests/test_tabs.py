"""Many tabs of one site: a browser opens six connections to a server, and more tabs than that load, run and stop."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from site_tests.blocks import TIMEOUT, block, expect_state, press, row

PAGES = ("streaming/", "getting-started/", "guide/requests/")
TABS = 9
CHANGES = re.compile("live/builds$")


class Tabs:
    """Tabs of one reader, who has chosen to run examples on the server."""

    def __init__(self, chromium: Browser, url: str) -> None:
        self.url = url
        self.context = chromium.new_context()
        self.context.set_default_timeout(TIMEOUT)
        self.listening: list[Page] = []
        self.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        if CHANGES.search(request.url):
            self.listening.append(request.frame.page)

    def open(self, path: str = "streaming/") -> Page:
        tab = self.context.new_page()
        tab.goto(self.url + path)
        return tab

    def open_first(self) -> Page:
        """The first tab, once it listens to changes."""
        tab = self.context.new_page()
        with tab.expect_request(CHANGES):
            tab.goto(self.url + "streaming/")
        return tab


@pytest.fixture
def tabs(chromium: Browser, server_url: str) -> Generator[Tabs]:
    tabs = Tabs(chromium, server_url)
    yield tabs
    tabs.context.close()


def clock(tab: Page) -> Locator:
    """A block whose stream goes on until it is stopped."""
    return block(tab, "streaming.disconnect")


def status(where: Locator) -> Locator:
    return where.get_by_role("status").last


def test_nine_tabs_load_and_run_and_one_connection_brings_changes_to_all(tabs: Tabs) -> None:
    opened = [tabs.open(PAGES[number % len(PAGES)]) for number in range(TABS)]
    for tab in opened:
        tab.wait_for_load_state("load")
    for tab in opened[::3]:
        where = block(tab, "streaming.ndjson")
        press(where, "Run")
        expect_state(where, "closed")
        expect(status(where)).to_contain_text("on the server")
    assert len(tabs.listening) == 1


def test_of_nine_runs_four_run_and_the_others_wait_their_turn_and_pages_load_and_stop_works(
    tabs: Tabs,
) -> None:
    wheres = [clock(tabs.open()) for _ in range(TABS)]
    running, waiting = wheres[:4], wheres[4:]
    for where in running:
        press(where, "Run")
        expect(row(where, "sse").first).to_be_visible()
    for where in waiting:
        press(where, "Run")
        expect(status(where)).to_contain_text("Waiting for a connection")

    # There is room for another page, and for Stop, which goes on to the teardown.
    tabs.open("guide/requests/")
    press(running[0], "Stop")
    expect(row(running[0], "stdout", "clock stopped")).to_be_visible()

    # Then it is the turn of the first that waits. Another can be stopped while it waits, too.
    expect(row(waiting[0], "sse").first).to_be_visible()
    expect(status(waiting[0])).not_to_contain_text("Waiting")
    press(waiting[1], "Stop")
    expect_state(waiting[1], "stopped")
    assert not row(waiting[1], "sse").count()
    for where in wheres:
        where.page.close()


def test_when_the_tab_that_listens_closes_another_does(tabs: Tabs) -> None:
    first, second = tabs.open_first(), tabs.open()
    assert tabs.listening == [first]
    with second.expect_request(CHANGES):
        first.close()


def test_what_one_tab_hears_all_tabs_show(tabs: Tabs) -> None:
    def fail(route: Route) -> None:
        body = 'event: failed\ndata: {"message": "a page is broken"}\n\n'
        route.fulfill(body=body, content_type="text/event-stream")

    first, second, third = tabs.open_first(), tabs.open(), tabs.open()
    assert tabs.listening == [first]
    # One of the others connects once the first is gone.
    tabs.context.route(CHANGES, fail)
    first.close()
    for tab in (second, third):
        expect(tab.locator(".live-toast")).to_contain_text("a page is broken")


def test_without_web_locks_only_the_tab_that_is_seen_listens(tabs: Tabs) -> None:
    tabs.context.add_init_script("delete Navigator.prototype.locks")
    tab = tabs.open_first()
    hide = """state => {
        Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with tab.expect_event("requestfailed", lambda request: bool(CHANGES.search(request.url))):
        tab.evaluate(hide, "hidden")
    with tab.expect_request(CHANGES):
        tab.evaluate(hide, "visible")
    where = block(tab, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")
