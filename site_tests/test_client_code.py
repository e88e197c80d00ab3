"""The code of a client that a block shows asks what the block asks, and reads what the block shows."""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import block, press, violations
from site_tests.conftest import fresh_page


def client(page: Page, url: str, path: str, snippet: str) -> Locator:
    page.goto(url + path)
    where = block(page, snippet)
    where.get_by_role("tab", name="Client code").click()
    expect(where.locator(".live-client")).to_be_visible()
    return where


def code(where: Locator, language: str) -> str:
    where.get_by_label("Language").select_option(language)
    return where.locator(".live-client pre").first.text_content() or ""


def run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_the_python_client_prints_each_line_of_the_stream(page: Page, server_url: str) -> None:
    where = client(page, server_url, "streaming/", "streaming.ndjson")
    expect(where.get_by_label("Server")).to_be_checked()
    printed = run([sys.executable, "-c", code(where, "Python, httpx")]).splitlines()
    assert printed[0] == "200"
    assert [json.loads(line)["id"] for line in printed[1:]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("language", ["Python, httpx", "Shell, curl"])
def test_the_client_sends_what_the_reader_made_of_the_request(
    page: Page, server_url: str, language: str
) -> None:
    where = client(page, server_url, "getting-started/", "start.first")
    where.get_by_label("Request", exact=True).select_option("Another cup")
    press(where, "Edit request")
    where.get_by_label("Body").fill('{"drink": "café \\"crème\\"", "size": 25}')
    text = code(where, language)
    shell = ["bash", "-c", text] if "curl" in language else [sys.executable, "-c", text]
    assert 'café \\"crème\\"' in run(shell)


def test_the_javascript_client_runs_in_the_page_where_there_is_a_server(
    page: Page, server_url: str
) -> None:
    where = client(page, server_url, "streaming/", "streaming.ndjson")
    code(where, "JavaScript, fetch")
    press(where, "Run this client")
    printed = where.get_by_role("log", name="What the client printed")
    expect(printed).to_contain_text('"item":"mocha"')
    expect(where.get_by_role("button", name="Run this client")).to_be_visible()
    assert printed.inner_text().startswith('200\n{"id":1,')
    assert violations(page) == []


def test_the_javascript_client_can_be_stopped(page: Page, server_url: str) -> None:
    where = client(page, server_url, "streaming/", "streaming.disconnect")
    code(where, "JavaScript, fetch")
    press(where, "Run this client")
    printed = where.get_by_role("log", name="What the client printed")
    expect(printed).to_contain_text('"number":1')
    press(where, "Stop this client")
    expect(printed).to_contain_text("(stopped)")


def test_without_a_server_the_javascript_client_is_shown_only(page: Page, static_url: str) -> None:
    where = client(page, static_url, "streaming/", "streaming.sse")
    assert "new EventSource" in code(where, "JavaScript, EventSource")
    assert "await fetch" in code(where, "JavaScript, fetch")
    expect(where.get_by_role("button", name="Run this client")).to_have_count(0)


def test_client_code_can_be_copied(chromium: Browser, static_url: str) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        where = client(page, static_url, "streaming/", "streaming.ndjson")
        text = code(where, "Python, httpx")
        press(where, "Copy client code")
        expect(where.get_by_role("status").last).to_contain_text("Copied the code")
        assert page.evaluate("navigator.clipboard.readText()") == text
