"""A Chromium for the tests of pages, and fresh pages in it."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# Chromium as root has no sandbox, and none of its background services is wanted.
CHROMIUM_ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Far more than anything takes on an idle machine: it only decides when a test gives up.
TIMEOUT: Final = 120_000
expect.set_options(timeout=TIMEOUT)


@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert path, (
        "There is no Chromium: install it, set CHROMIUM to its path, or run the nox session"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Generator[Page]:
    """A fresh page. The test fails if anything went to its console as an error, or out of its control."""
    with fresh_page(chromium) as page:
        yield page


@contextmanager
def fresh_page(chromium: Browser, **options: Any) -> Generator[Page]:
    """A page in a browser context of its own, which takes `options`. Errors in its console fail the test.

    It has no service worker, which would fetch once more all that the page has loaded; with
    `service_workers="allow"` it has.
    """
    defaults: dict[str, Any] = {"service_workers": "block"}
    context = chromium.new_context(**defaults | options)
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    errors = errors_of(page)
    yield page
    context.close()
    assert errors == []


def errors_of(page: Page) -> list[str]:
    """What goes to the page's console as an error, or out of its control, from now on."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
