"""The pages in a real Chromium: what a reader presses, and what they then see."""

import re
from collections.abc import Generator
from itertools import pairwise

import pytest
from docstage.pages.rows import rows
from playwright.sync_api import Browser, Locator, Page, Route, expect

from site_tests.blocks import (
    TIMEOUT,
    block,
    edit,
    expect_state,
    output,
    press,
    row,
    shown,
    violations,
)
from site_tests.conftest import fresh_page
from site_tests.project import PROJECT
from site_tests.tab import Tab

CATALOGUE = PROJECT.catalogue()


# Every block.

OBSERVE = """() => {
    for (const log of document.querySelectorAll("[role=log]")) {
        log.arrivals = [];
        new MutationObserver(() => log.arrivals.push(performance.now())).observe(log, {childList: true});
    }
}"""


def test_run_on_every_block_of_the_streaming_page_shows_what_was_recorded_as_it_arrives(
    either_tab: Tab, static_url: str
) -> None:
    page = either_tab.open("streaming/")
    page.evaluate(OBSERVE)
    blocks = [
        where
        for where in page.locator(".live").all()
        if "client disconnects" not in where.get_by_role("status").inner_text()
    ]
    recorded = [shown(where) for where in blocks]
    for where in blocks:
        press(where, "Run")
    for where, expected in zip(blocks, recorded, strict=True):
        expect_state(where, "closed", "failed")
        assert shown(where) == expected
        place = "in this browser" if either_tab.url == static_url else "on the server"
        expect(where.get_by_role("status")).to_contain_text(place)
        arrivals: list[float] = output(where).evaluate("log => log.arrivals")
        items = sum(kind in {"ndjson", "sse", "chunk"} for kind, _ in expected)
        if items > 2:
            apart = sum(later - sooner > 50 for sooner, later in pairwise(arrivals))
            assert apart >= 2, "rows came all at once"


def test_every_request_of_a_block_shows_its_own_recording(tab: Tab) -> None:
    where = tab.block("streaming/", "streaming.head")
    for exchange in CATALOGUE.get("streaming.head").exchanges:
        where.get_by_label("Request").select_option(exchange.name)
        assert len(shown(where)) == len(list(rows(exchange.recorded)))


# Stop.


def test_stop_shows_the_teardown_that_it_causes(either_tab: Tab) -> None:
    where = either_tab.block("streaming/", "streaming.disconnect")
    press(where, "Run")
    expect(row(where, "sse", '"number":2')).to_be_visible(timeout=TIMEOUT)
    press(where, "Stop")
    expect(row(where, "stdout", "clock stopped")).to_be_visible()
    expect_state(where, "stopped")
    kinds = [kind for kind, _ in shown(where)]
    assert kinds[kinds.index("disconnect") :] == ["disconnect", "stdout", "end"]
    expect(where.get_by_role("status")).to_contain_text("Stopped. Torn down")


def test_an_endless_stream_goes_on_until_the_reader_stops_it(either_tab: Tab) -> None:
    where = either_tab.block("streaming/", "streaming.disconnect")
    press(where, "Run")
    expect(row(where, "sse", '"number":3')).to_be_visible(timeout=TIMEOUT)
    expect_state(where, "running")
    press(where, "Stop")
    expect(row(where, "stdout", "clock stopped")).to_be_visible()


def test_a_second_run_takes_the_place_of_the_first(either_tab: Tab) -> None:
    where = either_tab.block("streaming/", "streaming.disconnect")
    press(where, "Run")
    expect(row(where, "sse", '"number":2')).to_be_visible(timeout=TIMEOUT)
    press(where, "Run")
    expect(row(where, "sse", '"number":2')).to_have_count(1)
    press(where, "Stop")
    expect_state(where, "stopped")
    assert [kind for kind, _ in shown(where)].count("status") == 1


# Edit.


def edited(where: Locator, old: str, new: str) -> None:
    """Edit the block's code as a reader does who replaces one text by another."""
    source = CATALOGUE.get(where.get_attribute("data-snippet") or "").source
    assert old in source
    edit(where, source.replace(old, new))


def test_edited_code_runs_in_the_browser_and_reset_brings_back_the_original(
    either_tab: Tab,
) -> None:
    where = either_tab.block("streaming/", "streaming.ndjson")
    before = shown(where)
    edited(where, '"espresso"', '"ristretto"')
    press(where, "Run")
    expect(row(where, "ndjson", '"item":"ristretto"')).to_be_visible(timeout=TIMEOUT)
    expect(where.get_by_role("status")).to_contain_text("your code in this browser")
    press(where, "Reset")
    assert shown(where) == before
    expect(where.get_by_role("textbox")).to_have_count(0)


def test_an_error_in_edited_code_points_at_its_line(either_tab: Tab) -> None:
    where = either_tab.block("streaming/", "streaming.ndjson")
    edited(where, "yield order", "yield order if 1 / (order.id - 2) else order")
    press(where, "Run")
    expect_state(where, "failed")
    source = CATALOGUE.get("streaming.ndjson").source
    line = source[: source.index("yield order")].count("\n") + 1
    expect(where.get_by_role("status")).to_contain_text(f"an error in line {line}")
    expect(where.locator(".live-failing-line")).to_have_text(
        "yield order if 1 / (order.id - 2) else order"
    )
    row(where, "log").locator("summary").click()
    expect(row(where, "log")).to_contain_text(f"line {line}, in _orders")


def test_a_syntax_error_points_at_its_line(tab: Tab) -> None:
    where = tab.block("streaming/", "streaming.ndjson")
    edited(where, "yield order", "yield (order")
    press(where, "Run")
    expect_state(where, "failed")
    expect(row(where, "crash", "'(' was never closed")).to_be_visible()


def test_code_that_never_gives_way_is_found_and_the_next_run_works(tab: Tab) -> None:
    where = tab.block("streaming/", "streaming.ndjson")
    edited(where, "await asyncio.sleep(0.3)", "while True: pass")
    press(where, "Run")
    expect(row(where, "crash")).to_be_visible(timeout=TIMEOUT)
    expect_state(where, "failed")
    press(where, "Reset")
    press(where, "Run")
    expect_state(where, "closed")


# Reading and finding one's way.


def test_without_script_the_page_shows_code_request_and_recording(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium, java_script_enabled=False) as page:
        page.goto(static_url + "streaming/")
        where = block(page, "streaming.ndjson")
        expect(where).to_contain_text("class OrdersEndpoint(Endpoint")
        expect(where).to_contain_text("GET /orders")
        expect(where).to_contain_text(re.compile("recorded", re.IGNORECASE))
        expect(where.locator('.live-row[data-kind="ndjson"]')).to_have_count(5)
        expect(where.get_by_role("button", name="Run")).to_have_count(0)


def test_nothing_of_the_runtime_is_loaded_before_the_first_run(page: Page, static_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(static_url + "streaming/", wait_until="networkidle")
    assert not [
        url for url in asked if re.search("/live/.*(pyodide|worker|backend|editor|panel)", url)
    ]
    press(block(page, "streaming.sse"), "Run")
    expect_state(block(page, "streaming.sse"), "closed")
    assert [url for url in asked if "pyodide.asm.wasm" in url]


def test_an_instant_navigation_keeps_the_runtime_and_brings_working_blocks(
    page: Page, server_url: str
) -> None:
    page.goto(server_url)
    block(page, "start.answer").get_by_label("This browser").check()
    press(block(page, "start.answer"), "Run")
    expect_state(block(page, "start.answer"), "closed")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.evaluate("window.isSamePage = true")
    page.locator("a.md-button", has_text="Streaming").click()
    where = block(page, "streaming.sse")
    press(where, "Run")
    expect_state(where, "closed")
    assert page.evaluate("window.isSamePage") is True
    assert not [url for url in loaded if "pyodide" in url]


def test_a_block_can_be_used_by_keyboard_alone(either_tab: Tab) -> None:
    page = either_tab.open("streaming/")
    where = block(page, "streaming.disconnect")
    where.get_by_role("button", name="Edit", exact=True).focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Run":
            break
    page.keyboard.press("Enter")
    expect(row(where, "sse", '"number":1')).to_be_visible(timeout=TIMEOUT)
    page.keyboard.press("Tab")
    expect(where.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect_state(where, "stopped")


def test_the_editor_can_be_left_by_escape_and_tab(tab: Tab) -> None:
    page = tab.open("streaming/")
    where = block(page, "streaming.sse")
    press(where, "Edit")
    editor = where.get_by_role("textbox")
    expect(editor).to_be_visible()
    editor.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()


def test_axe_finds_no_violation_in_a_block_after_a_run_and_with_its_editor_open(tab: Tab) -> None:
    page = tab.open("streaming/")
    where = block(page, "streaming.error")
    press(where, "Run")
    expect_state(where, "failed")
    press(where, "Edit")
    expect(where.get_by_role("textbox")).to_be_visible()
    assert violations(where) == []


def test_on_paper_there_are_code_request_and_rows_and_nothing_to_press(tab: Tab) -> None:
    page = tab.open("streaming/")
    where = block(page, "streaming.ndjson")
    page.emulate_media(media="print")
    expect(where.locator(".live-code")).to_be_visible()
    expect(where.locator(".live-request")).to_contain_text("GET /orders")
    expect(row(where, "end")).to_be_visible()
    expect(where.locator("button:visible")).to_have_count(0)
    page.emulate_media(media="screen")


# When something is missing.


@pytest.fixture
def page_with_errors(chromium: Browser) -> Generator[Page]:
    """A page of which errors in the console are expected."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_a_runtime_that_cannot_be_loaded_is_said_and_tried_again(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors

    def refuse(route: Route) -> None:
        route.abort()

    page.goto(static_url + "streaming/")
    page.context.route("**/*.wasm", refuse)
    where = block(page, "streaming.sse")
    press(where, "Run")
    expect_state(where, "failed")
    expect(where.get_by_role("status")).to_contain_text("press Run again")
    page.context.unroute("**/*.wasm", refuse)
    press(where, "Run")
    expect_state(where, "closed")


def test_the_reader_chooses_where_snippets_run(server_tab: Tab) -> None:
    where = server_tab.block("streaming/", "streaming.sse")
    where.get_by_label("This browser").check()
    press(where, "Run")
    expect_state(where, "closed")
    expect(where.get_by_role("status")).to_contain_text("in this browser")


def test_copy_as_curl_gives_a_command_that_streams_from_the_server(
    chromium: Browser, server_url: str
) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(server_url + "streaming/")
        where = block(page, "streaming.ndjson")
        press(where, "Copy as curl")
        expect(where).to_contain_text("Copied the command")
        command: str = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("curl -N")
    assert f"{server_url}live/app/streaming.ndjson/orders" in command


# Readers who are quicker than the network, or than Python.


def hold(page: Page, pattern: str) -> list[Route]:
    """Have the requests to `pattern` wait on their way: here, until they are let go."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(pattern, keep)
    return held


def test_stop_right_after_run_on_the_server_ends_as_stopped(server_tab: Tab) -> None:
    page = server_tab.open("streaming/")
    held = hold(page, "**/live/runs")
    where = block(page, "streaming.disconnect")
    with page.expect_request("**/live/runs"):
        press(where, "Run")
    with page.expect_response("**/live/disconnect") as overtaken:
        press(where, "Stop")
    assert overtaken.value.json() == {"found": False}
    held.pop().continue_()
    expect_state(where, "stopped", "failed", "closed")
    expect(where).to_have_attribute("data-state", "stopped")
    kinds = [kind for kind, _ in shown(where)]
    assert "disconnect" in kinds
    assert "crash" not in kinds


def test_a_run_whose_server_cannot_be_told_of_stop_is_hung_up_on(
    page_with_errors: Page, server_url: str
) -> None:
    page = page_with_errors
    page.goto(server_url + "streaming/")
    page.route("**/live/disconnect", lambda route: route.abort())
    where = block(page, "streaming.disconnect")
    press(where, "Run")
    expect(row(where, "sse", '"number":1')).to_be_visible()
    press(where, "Stop")
    expect_state(where, "stopped", "failed")
    expect(where).to_have_attribute("data-state", "stopped")
    assert [kind for kind, _ in shown(where)][-2:] == ["disconnect", "end"]


def test_a_block_reached_by_instant_navigation_offers_the_server(
    chromium: Browser, server_url: str
) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(server_url)
        expect(block(page, "start.answer").get_by_label("Server")).to_be_checked()
        page.evaluate("window.isSamePage = true")
        page.locator("a.md-button", has_text="Streaming").click()
        where = block(page, "streaming.ndjson")
        expect(where.get_by_label("Server")).to_be_checked()
        press(where, "Copy as curl")
        expect(where).to_contain_text("Copied the command")
        command: str = page.evaluate("navigator.clipboard.readText()")
        assert page.evaluate("window.isSamePage") is True
    assert f"{server_url}live/app/streaming.ndjson/orders" in command


def test_a_run_that_waits_for_the_configuration_is_dropped_with_its_block(
    page: Page, server_url: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    held = hold(page, "**/live/config.json")
    page.goto(server_url)
    press(block(page, "start.answer"), "Run")
    expect_state(block(page, "start.answer"), "loading")
    page.locator("a.md-button", has_text="Streaming").click()
    where = block(page, "streaming.ndjson")
    expect(where.get_by_role("button", name="Run", exact=True)).to_be_visible()
    held.pop().continue_()
    expect(where.get_by_label("Server")).to_be_checked()
    press(where, "Run")
    expect_state(where, "closed")
    assert len([url for url in asked if url.endswith("live/runs")]) == 1


def test_code_that_was_mended_before_the_freeze_was_found_runs(tab: Tab) -> None:
    page = tab.open("streaming/")
    where, other = block(page, "streaming.ndjson"), block(page, "streaming.sse")
    press(other, "Run")
    expect_state(other, "closed")
    edited(where, "await asyncio.sleep(0.3)", "while True: pass")
    press(where, "Run")
    expect_state(where, "running")
    press(where, "Reset")
    press(where, "Run")
    press(other, "Run")
    for innocent in (where, other):
        expect_state(innocent, "closed", "failed")
        expect(innocent).to_have_attribute("data-state", "closed")


def test_only_the_code_that_froze_python_is_blamed_for_it(tab: Tab) -> None:
    page = tab.open("streaming/")
    where, other = block(page, "streaming.ndjson"), block(page, "streaming.disconnect")
    press(other, "Run")
    expect(row(other, "sse", '"number":2')).to_be_visible(timeout=TIMEOUT)
    edited(where, "await asyncio.sleep(0.3)", "while True: pass")
    press(where, "Run")
    expect_state(where, "failed")
    expect(row(where, "crash", "blocked the event loop")).to_be_visible()
    expect(row(other, "crash", "another example blocked it")).to_be_visible()
