"""The page in a real browser, on a process that was started as a user starts it."""

import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs] - has no types
from playwright.sync_api import Browser, Page, expect

from demo_tools.cluster import Program, free_port
from tests.support.browser import fresh_page

QUESTION = "What happens when the client leaves?"


def worker(folder: Path) -> Program:
    port = free_port()
    command = [sys.executable, "-m", "demo_tools"]
    return Program(command, port, folder / "log", {"PORT": str(port)})


@pytest.fixture(scope="module")
def shared_program(tmp_path_factory: pytest.TempPathFactory) -> Generator[Program]:
    program = worker(tmp_path_factory.mktemp("page"))
    program.start()
    try:
        yield program
    finally:
        program.stop()


@pytest.fixture
def url(shared_program: Program) -> str:
    return f"http://127.0.0.1:{shared_program.port}/"


def ask(page: Page, question: str = QUESTION) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask").click()


def test_an_answer_grows_and_ends_with_its_figures(page: Page, url: str) -> None:
    page.goto(url)
    ask(page)
    answer = page.get_by_role("region", name="Answer")
    expect(answer).not_to_be_empty()
    begun = len(answer.inner_text())
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    assert len(answer.inner_text()) > begun
    expect(page.locator("#footer")).to_contain_text("tokens asked")


def test_stop_ends_the_answer_where_it_is(page: Page, url: str) -> None:
    page.goto(url)
    ask(page)
    answer = page.get_by_role("region", name="Answer")
    expect(answer).not_to_be_empty()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(page.locator("#footer")).to_be_empty()
    expect(page.get_by_role("button", name="Ask")).to_be_enabled()
    ask(page)  # again
    expect(page.get_by_text("Done", exact=True)).to_be_visible()


def test_what_one_publishes_another_sees(page: Page, chromium: Browser, url: str) -> None:
    page.goto(url)
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    with fresh_page(chromium) as other:
        other.goto(url)
        other.get_by_label("Tell everybody").fill("hello <b>there</b>")
        other.get_by_role("button", name="Publish").click()
        expect(page.get_by_text("somebody: hello <b>there</b>")).to_be_visible()
        expect(other.get_by_text("somebody: hello <b>there</b>")).to_be_visible()


def test_who_comes_later_sees_what_is_kept(page: Page, url: str) -> None:
    event = {"type": "deployment", "service": "shop", "version": "7", "state": "finished"}
    httpx.post(url + "notifications", json=event).raise_for_status()
    page.goto(url)
    expect(page.get_by_text("shop 7: finished").first).to_be_visible()


def test_the_page_comes_back_after_the_server_was_away(chromium: Browser, tmp_path: Path) -> None:
    program = worker(tmp_path)
    program.start()
    context = chromium.new_context()  # whose console may tell of errors
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{program.port}/")
        expect(page.get_by_text("Connected", exact=True)).to_be_visible()
        program.kill()
        expect(page.get_by_text("The connection was lost")).to_be_visible()
        program.start()
        expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=20_000)
    finally:
        context.close()
        program.stop()


def test_a_question_that_is_refused_is_told_why(chromium: Browser, url: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your question").evaluate("area => area.removeAttribute('maxlength')")
    ask(page, "x" * 5000)
    expect(page.get_by_text("Unprocessable Content")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_is_accessible_and_fits(
    chromium: Browser, url: str, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 800}
    with fresh_page(chromium, color_scheme=scheme, viewport=size) as page:
        page.goto(url)
        ask(page)
        expect(page.get_by_text("Done", exact=True)).to_be_visible()
        found = Axe().run(page)  # pyright: ignore[reportUnknownMemberType] - has no types
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_can_be_done_with_the_keyboard(page: Page, url: str) -> None:
    page.goto(url)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ask")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Answer")).not_to_be_empty()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def test_the_page_may_load_nothing_from_elsewhere(url: str) -> None:
    response = httpx.get(url)
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    assert "http" not in response.text.replace(url, "")
