"""The service worker, which keeps pages for visits without a network: it is never why a visit with one fails."""

import functools
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, override

import pytest
from playwright.sync_api import Browser, Page, expect

from site_tests.blocks import block, expect_state, press
from site_tests.conftest import fresh_page

ENDLESS: Final = {
    "/jero/events": "text/event-stream",
    "/jero/events/": "text/event-stream",
    "/jero/rows": "application/x-ndjson",
    "/jero/page/": "text/html",
    "/jero/assets/rows": "application/x-ndjson",
    "/jero/assets/bytes": "application/octet-stream",
    "/jero/search/rows.json": "application/json",
}
"""What has no end on the site's origin, such as an application that was mounted beside it; its media types."""


class Host(ThreadingHTTPServer):
    """A static host, with some answers that have a beginning and no end until it is stopped."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.is_over = threading.Event()


class Handler(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass

    @override
    def do_GET(self) -> None:
        media_type = ENDLESS.get(self.path)
        if media_type is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.end_headers()
        self.wfile.write(b"first\n")
        assert isinstance(self.server, Host)
        self.server.is_over.wait()


@contextmanager
def hosted(folder: Path) -> Generator[str]:
    with Host(folder) as host:
        thread = threading.Thread(target=host.serve_forever)
        thread.start()
        try:
            yield host.url
        finally:
            host.is_over.set()
            host.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def url(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The origin of a host that has the site below three paths."""
    root = tmp_path_factory.mktemp("host")
    for name in ("jero", "v1", "latest"):
        (root / name).symlink_to(site)
    with hosted(root) as url:
        yield url


def run_and_keep(page: Page, base: str) -> None:
    """Run an example, and wait until all that it took is kept."""
    page.goto(base + "streaming/")
    where = block(page, "streaming.ndjson")
    press(where, "Run")
    expect_state(where, "closed")
    script = """async path => {
        const cache = await caches.open("docstage " + path);
        const urls = (await cache.keys()).map(request => request.url);
        return navigator.serviceWorker.controller && ["streaming/", ".wasm", "worker-", "live.js", "live.css"]
            .every(part => urls.some(url => url.includes(part)));
    }"""
    page.wait_for_function(script, arg="/" + base.split("/", 3)[3])


@pytest.fixture(scope="module")
def kept(chromium: Browser, url: str) -> Generator[Page]:
    """A page that the service worker controls, of a browser that keeps the site."""
    with fresh_page(chromium, service_workers="allow") as page:
        run_and_keep(page, url + "jero/")
        yield page


@pytest.mark.parametrize("path", ENDLESS)
def test_an_answer_without_an_end_begins_at_once(kept: Page, url: str, path: str) -> None:
    script = """async url => {
        const over = new AbortController();
        const {body} = await fetch(url, {signal: over.signal});
        const {value} = await body.getReader().read();
        over.abort();
        return new TextDecoder().decode(value);
    }"""
    assert kept.evaluate(script, url.rstrip("/") + path) == "first\n"


@pytest.mark.parametrize("path", ["getting-started/", "guide/requests/"])
def test_a_page_is_shown_whole_where_nothing_more_can_be_kept(
    kept: Page, url: str, path: str
) -> None:
    page = kept.context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    session = page.context.new_cdp_session(page)
    where = {"origin": url.rstrip("/")}
    session.send("Storage.overrideQuotaForOrigin", where | {"quotaSize": 1})  # pyright: ignore[reportUnknownMemberType] - its type is not whole
    try:
        answer = page.goto(f"{url}jero/{path}", wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200
        assert answer.from_service_worker
        assert failed == []
        expect(
            page.locator(".live").first.get_by_role("button", name="Run", exact=True)
        ).to_be_visible()
    finally:
        session.send("Storage.overrideQuotaForOrigin", where)  # pyright: ignore[reportUnknownMemberType] - its type is not whole
        page.close()


def test_two_editions_on_one_origin_do_not_let_go_of_each_others_files(
    chromium: Browser, url: str
) -> None:
    with fresh_page(chromium, service_workers="allow") as page:
        for base in ("v1/", "latest/"):
            run_and_keep(page, url + base)
        page.context.set_offline(True)
        for base in ("v1/", "latest/"):
            page.goto(f"{url}{base}streaming/")
            where = block(page, "streaming.ndjson")
            press(where, "Run")
            expect_state(where, "closed", "failed")
            expect(where).to_have_attribute("data-state", "closed")
