"""The code of a client that a block shows asks what the block asks, and reads what the block shows."""

import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import block, press, violations
from site_tests.conftest import fresh_page
from site_tests.tab import Tab


def client(tab: Tab, path: str, snippet: str) -> Locator:
    return show_client(tab.block(path, snippet))


def show_client(where: Locator) -> Locator:
    where.get_by_role("tab", name="Client code").click()
    expect(where.locator(".live-client")).to_be_visible()
    return where


def code(where: Locator, language: str) -> str:
    where.get_by_label("Language").select_option(language)
    return where.locator(".live-client pre").first.text_content() or ""


def run_client(where: Locator, language: str) -> Locator:
    """Run the client in this language; what it prints."""
    code(where, language)
    press(where, "Run this client")
    return where.get_by_role("log", name="What the client printed")


def run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_the_python_client_prints_each_line_of_the_stream(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.ndjson")
    expect(where.get_by_label("Server")).to_be_checked()
    printed = run([sys.executable, "-c", code(where, "Python, httpx")]).splitlines()
    assert printed[0] == "200"
    assert [json.loads(line)["id"] for line in printed[1:]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("language", ["Python, httpx", "Shell, curl"])
def test_the_client_sends_what_the_reader_made_of_the_request(
    server_tab: Tab, language: str
) -> None:
    where = client(server_tab, "getting-started/", "start.first")
    where.get_by_label("Request", exact=True).select_option("Another cup")
    press(where, "Edit request")
    where.get_by_label("Body").fill('{"drink": "café \\"crème\\"", "size": 25}')
    text = code(where, language)
    shell = ["bash", "-c", text] if "curl" in language else [sys.executable, "-c", text]
    assert 'café \\"crème\\"' in run(shell)


def test_the_javascript_client_runs_in_the_page_where_there_is_a_server(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.ndjson")
    printed = run_client(where, "JavaScript, fetch")
    expect(printed).to_contain_text('"item":"mocha"')
    expect(where.get_by_role("button", name="Run this client")).to_be_visible()
    assert printed.inner_text().startswith('200\n{"id":1,')
    assert violations(where) == []


def test_the_javascript_client_can_be_stopped(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.disconnect")
    printed = run_client(where, "JavaScript, fetch")
    expect(printed).to_contain_text('"number":1')
    press(where, "Stop this client")
    expect(printed).to_contain_text("(stopped)")


EVENT_SOURCE = "JavaScript, EventSource"


def test_the_eventsource_client_prints_named_and_unnamed_events_as_they_come(
    server_tab: Tab,
) -> None:
    where = client(server_tab, "streaming/", "streaming.sse")
    printed = run_client(where, EVENT_SOURCE)
    expect(printed).to_contain_text("hello deploying to two machines")
    expect(printed).to_contain_text("message machine 1 is up")
    expect(where.get_by_role("button", name="Stop this client")).to_be_visible()
    expect(printed).to_contain_text(re.compile(r"done \{.+\} 7"))
    assert violations(where) == []


def test_the_eventsource_client_connects_again_until_it_is_stopped(
    page: Page, server_url: str
) -> None:
    page.goto(server_url + "streaming/")
    where = show_client(block(page, "streaming.sse"))
    printed = run_client(where, EVENT_SOURCE)
    expect(printed).to_contain_text("The connection was lost.")
    with page.expect_request("**/live/app/streaming.sse/**") as again:
        pass
    assert again.value.all_headers()["last-event-id"] == "7"
    expect(printed).to_contain_text(re.compile("hello.+hello", re.DOTALL))
    press(where, "Stop this client")
    expect(printed).to_contain_text("(stopped)")
    expect(where.get_by_role("button", name="Run this client")).to_be_visible()


def test_stop_closes_the_connection_of_the_eventsource_client(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.keepalive")
    expect(run_client(where, EVENT_SOURCE)).to_contain_text("message")
    page = where.page
    with page.expect_event("requestfailed", lambda request: "/live/app/" in request.url):
        press(where, "Stop this client")


def test_the_eventsource_client_says_when_no_events_come(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.sse")
    where.page.route("**/live/app/**", lambda route: route.fulfill(status=204))
    printed = run_client(where, EVENT_SOURCE)
    expect(printed).to_contain_text("The server sends no events.")
    expect(where.get_by_role("button", name="Run this client")).to_be_visible()


def test_a_client_of_a_page_that_the_reader_leaves_is_stopped(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.disconnect")
    expect(run_client(where, "JavaScript, fetch")).to_contain_text('"number":1')
    page = where.page
    with page.expect_event("requestfailed", lambda request: "/live/app/" in request.url):
        page.get_by_role("link", name="Requests", exact=True).first.click()
    expect(page).to_have_url(re.compile("guide/requests/"))


@pytest.mark.parametrize("language", ["JavaScript, fetch", EVENT_SOURCE])
def test_without_a_server_a_client_in_javascript_is_shown_and_it_is_said_what_it_needs(
    tab: Tab, language: str
) -> None:
    where = client(tab, "streaming/", "streaming.sse")
    assert language.rpartition(" ")[2] in code(where, language)
    expect(where.get_by_role("button", name="Run this client")).to_have_count(0)
    expect(where.locator(".live-client")).to_contain_text("This client needs a server")


def test_a_client_can_be_run_once_the_reader_chooses_the_server(server_tab: Tab) -> None:
    where = client(server_tab, "streaming/", "streaming.sse")
    code(where, EVENT_SOURCE)
    where.get_by_label("This browser").check()
    expect(where.locator(".live-client")).to_contain_text("choose “Server” beside Run")
    expect(where.get_by_role("button", name="Run this client")).to_have_count(0)
    where.get_by_label("Server").check()
    expect(where.get_by_role("button", name="Run this client")).to_be_visible()
    expect(where.locator(".live-client .live-notice")).to_be_hidden()


def test_client_code_can_be_copied(chromium: Browser, static_url: str) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(static_url + "streaming/")
        where = show_client(block(page, "streaming.ndjson"))
        text = code(where, "Python, httpx")
        press(where, "Copy client code")
        expect(where.get_by_role("status").last).to_contain_text("Copied the code")
        assert page.evaluate("navigator.clipboard.readText()") == text
