"""Tabs that the tests of a module share, so that Python starts once a module and not once a test."""

import re
from typing import Final

from playwright.sync_api import Browser, Locator, Page, Route, expect

from site_tests.blocks import block
from tests.support.browser import TIMEOUT, errors_of

# By a link of the navigation, as a reader does: no other way keeps what the page has loaded.
_GO: Final = """url => {
    document.querySelector("article").dataset.left = "";
    [...document.querySelectorAll(".md-nav__link")].find(link => link.href === url).click();
}"""
_ASIDE: Final = ("how-to/upload-ndjson/", "how-to/export-csv/")
"""Two short pages, to go to in between: a link to the page that is open does nothing."""


class Tab:
    """The tab of a reader who browses the site at `url`: pages change, and Python stays once it has started.

    A page comes as it was built: no edit is kept, nothing runs on, no request is intercepted. A test that changes
    more of the browser than that, or of the page than its blocks, needs a page of its own.
    """

    def __init__(self, chromium: Browser, url: str) -> None:
        self.url: Final = url
        self._chromium: Final = chromium
        self._page: Page | None = None
        self.errors: list[str] = []
        """What went to the console as an error since the page was opened."""

    def open(self, path: str) -> Page:
        """The page at `path`."""
        page = self._page
        if page is None:
            context = self._chromium.new_context(service_workers="block")
            context.set_default_timeout(TIMEOUT)
            # The theme follows a link without loading the page anew only if the site's map has it.
            context.route("**/sitemap.xml", self._place)
            page = self._page = context.new_page()
            self.errors = errors_of(page)
            page.goto(self.url + path)
            page.evaluate("window.isSamePage = true")
            return page
        page.unroute_all()
        self.errors.clear()
        self._go(page, next(aside for aside in _ASIDE if page.url != self.url + aside))
        page.evaluate("localStorage.clear()")
        self._go(page, path)
        return page

    def block(self, path: str, snippet: str) -> Locator:
        """The block of `snippet` on the page at `path`."""
        return block(self.open(path), snippet)

    def _place(self, route: Route) -> None:
        """Answer with the site's map as it is where the site is published at `url`."""
        response = route.fetch()
        home = min(re.findall("<loc>(.*?)</loc>", text := response.text()), key=len)
        route.fulfill(response=response, body=text.replace(home, self.url))

    def _go(self, page: Page, path: str) -> None:
        page.evaluate(_GO, self.url + path)
        expect(page.locator("article[data-left]")).to_have_count(0)
        assert page.evaluate("window.isSamePage"), f"{path} was loaded anew, and Python with it"

    def close(self) -> None:
        """Close the tab. The next page is opened in a new one."""
        if self._page is not None:
            self._page.context.close()
            self._page = None
