"""The viewer in a real browser, before a real server. Whatever it would fetch from elsewhere is refused, and told."""

from collections.abc import Generator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.servers.serving import served_by_a_thread
from tests.support.documents import fetch
from tests.support.shop import Shop
from viewer import hatch_build


class ViewedShop(Shop):
    async def _wire(self) -> None:
        await super()._wire()
        self._include_openapi("/viewed.json", viewer="/docs", title="Shop")


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    hatch_build.ensure_viewer()
    with served_by_a_thread(ViewedShop()) as url:
        yield url


@pytest.fixture
def elsewhere(page: Page, url: str) -> list[str]:
    """What the page has asked of others."""
    asked: list[str] = []

    def route(route: Route) -> None:
        address = route.request.url
        if address.startswith(f"{url}/") or urlsplit(address).scheme in {"data", "blob"}:
            route.continue_()
        else:
            asked.append(address)
            route.abort()

    page.context.route("**/*", route)
    return asked


def test_it_shows_every_operation(page: Page, url: str, elsewhere: list[str]) -> None:
    page.goto(f"{url}/docs")
    sidebar = page.get_by_role("complementary", name="Sidebar for Shop")
    document = fetch(Shop())
    for tag in document["tags"]:
        sidebar.get_by_role("link", name=tag["name"], exact=True).click()
    shown = sidebar.get_by_role("link", name="HTTP Method")
    # One operation has two tags.
    operations = [each for item in document["paths"].values() for each in item.values()]
    expect(shown).to_have_count(len(operations) + 1)
    assert elsewhere == []


def test_it_shows_what_an_event_of_a_stream_holds(
    page: Page, url: str, elsewhere: list[str]
) -> None:
    page.goto(f"{url}/docs#tag/prices/GET/shop/prices")
    operation = page.get_by_role("region", name="/shop/prices")
    operation.get_by_role("button", name="200 OK").click()
    expect(operation.get_by_text("text/event-stream")).to_be_visible()
    expect(operation.get_by_text("A Price, as JSON.")).to_be_visible()
    assert elsewhere == []


def test_a_request_that_is_sent_from_the_page_is_answered(
    page: Page, url: str, elsewhere: list[str]
) -> None:
    page.goto(f"{url}/docs#tag/news/GET/shop/news")
    page.get_by_role("button", name="Test Request (get /shop/news)").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send").first.click()
    expect(dialog.get_by_text("closed").first).to_be_visible()
    assert elsewhere == []
