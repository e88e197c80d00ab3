"""What a reader makes of an example lasts, travels by link, and is never mistaken for the site's own."""

import base64
import json
import random
import re
import zlib

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from site_tests.blocks import (
    block,
    code,
    edit,
    expect_state,
    pick,
    press,
    row,
    shown,
    violations,
)
from site_tests.conftest import fresh_page
from site_tests.project import PROJECT
from site_tests.tab import Tab

SOURCE = PROJECT.catalogue().get("streaming.ndjson").source
MINE = SOURCE.replace('"espresso"', '"ristretto"')


@pytest.fixture(params=["browser", "server"])
def url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("static_url" if request.param == "browser" else "server_url")


def ndjson(page: Page, url: str, fragment: str = "") -> Locator:
    page.goto(url + "streaming/" + fragment)
    return block(page, "streaming.ndjson")


def in_tab(tab: Tab, fragment: str = "") -> Locator:
    """The same block in a page that is shared, where a link with this fragment is followed."""
    where = tab.block("streaming/", "streaming.ndjson")
    if fragment:
        where.page.evaluate("fragment => location.hash = fragment", fragment)
    return where


def edition(where: Locator) -> str:
    return json.loads(where.get_attribute("data-live") or "")["edition"]


def payload(linked: object) -> str:
    deflated = zlib.compress(json.dumps(linked).encode(), 9, wbits=-15)
    return base64.urlsafe_b64encode(deflated).decode().rstrip("=")


def link(linked: object, made_of: str = "00000000") -> str:
    return f"#live=streaming.ndjson~{made_of}~{payload(linked)}"


def kept(page: Page) -> dict[str, str]:
    script = "Object.fromEntries(Object.entries(localStorage).filter(([k]) => k.startsWith('docstage.edits')))"
    return page.evaluate(script)


# Kept.


def test_edited_code_is_there_after_a_reload_and_runs(page: Page, url: str) -> None:
    where = ndjson(page, url)
    edit(where, MINE)
    page.reload()
    assert code(where) == MINE
    expect(where.get_by_role("status").last).to_contain_text("Recorded output of the original code")
    press(where, "Run")
    expect(row(where, "ndjson", '"item":"ristretto"')).to_be_visible(timeout=60_000)


def test_a_changed_request_is_there_after_a_reload(page: Page, url: str) -> None:
    where = ndjson(page, url)
    press(where, "Edit request")
    where.get_by_label("Path").fill("/elsewhere")
    page.reload()
    expect(where.locator(".live-request pre")).to_contain_text("GET /elsewhere")
    expect(where.locator(".live-edited")).to_be_visible()


def test_reset_forgets_what_was_kept(page: Page, static_url: str) -> None:
    where = ndjson(page, static_url)
    edit(where, MINE)
    assert len(kept(page)) == 1
    press(where, "Reset")
    assert kept(page) == {}
    page.reload()
    assert code(where) != MINE
    expect(where.get_by_role("textbox")).to_have_count(0)


def test_edits_are_there_after_an_instant_navigation_away_and_back(
    page: Page, server_url: str
) -> None:
    where = ndjson(page, server_url)
    edit(where, MINE)
    page.evaluate("window.isSamePage = true")
    page.get_by_role("link", name="Testing", exact=True).first.click()
    expect(page).to_have_title(re.compile("Testing"))
    page.get_by_role("link", name="Streaming", exact=True).first.click()
    expect(where.get_by_role("textbox")).to_be_visible()
    assert code(where) == MINE
    assert page.evaluate("window.isSamePage") is True


@pytest.fixture
def changed(page: Page, static_url: str) -> Locator:
    """The block of an example that has changed since the reader edited it."""
    where = ndjson(page, static_url)
    edit(where, MINE)
    before = edition(where)

    def change(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace(before, "ffffffff"))

    page.route("**/streaming/", change)
    page.reload()
    return where


def test_edits_of_an_earlier_edition_are_offered_and_not_put_in_the_place_of_the_new(
    changed: Locator,
) -> None:
    where = changed
    expect(where).to_contain_text("the example has changed since")
    assert code(where) != MINE
    assert json.loads(*kept(where.page).values())["source"] == MINE
    press(where, "Show my version")
    assert code(where) == MINE
    where.page.reload()
    assert code(where) == MINE
    expect(where).not_to_contain_text("has changed since")


def test_edits_of_an_earlier_edition_are_forgotten_when_the_reader_says_so(
    changed: Locator,
) -> None:
    press(changed, "Delete my version")
    assert kept(changed.page) == {}
    expect(changed).not_to_contain_text("has changed since")


def test_without_storage_edits_last_as_long_as_the_page_and_that_is_said(
    chromium: Browser, static_url: str
) -> None:
    with fresh_page(chromium) as page:
        page.add_init_script(
            "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
        )
        where = ndjson(page, static_url)
        edit(where, MINE)
        expect(where.get_by_role("status").last).to_contain_text("stores nothing for this site")
        assert code(where) == MINE


# Sent as a link.


def test_a_copied_link_shows_another_reader_the_same_code_and_request(
    chromium: Browser, url: str
) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        where = ndjson(page, url)
        edit(where, MINE)
        press(where, "Edit request")
        where.get_by_label("Path").fill("/orders/ä")
        pick(where, "Copy link")
        expect(where.get_by_role("status").last).to_contain_text("Copied a link")
        address: str = page.evaluate("navigator.clipboard.readText()")
    with fresh_page(chromium) as page:
        page.goto(address)
        where = block(page, "streaming.ndjson")
        expect(where).to_contain_text("This code comes from the link that you opened")
        assert code(where) == MINE
        expect(where.locator(".live-request pre")).to_contain_text("GET /orders/%C3%A4")
        assert violations(where) == []


def test_what_came_with_a_link_runs_only_when_run_is_pressed(page: Page, url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    where = ndjson(page, url, link({"source": MINE}))
    expect(where.get_by_role("textbox")).to_be_visible()
    expect_state(where, "recorded")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if re.search("pyodide|worker-|live/runs", url)]
    press(where, "Run")
    expect(row(where, "ndjson", '"item":"ristretto"')).to_be_visible(timeout=60_000)


def test_what_came_with_a_link_is_kept_only_once_the_reader_changes_it(
    page: Page, static_url: str
) -> None:
    where = ndjson(page, static_url, link({"source": MINE}))
    expect(where.get_by_role("textbox")).to_be_visible()
    assert kept(page) == {}
    edit(where, MINE + "# mine\n")
    assert json.loads(*kept(page).values())["source"] == MINE + "# mine\n"
    assert "#live" not in page.url
    page.reload()
    expect(where).to_contain_text("This comes from a link")


def test_a_link_leaves_the_readers_own_edits_alone(page: Page, static_url: str) -> None:
    where = ndjson(page, static_url)
    edit(where, MINE)
    before = kept(page)
    page.goto("about:blank")
    where = ndjson(page, static_url, link({"source": "app = None\n"}))
    expect(where).to_contain_text("Your own changes are kept")
    assert code(where) == "app = None\n"
    assert kept(page) == before


def test_a_link_can_be_opened_in_the_page_that_it_is_of(tab: Tab) -> None:
    where = in_tab(tab)
    where.page.evaluate("fragment => location.hash = fragment", link({"source": MINE}))
    expect(where).to_contain_text("comes from the link")
    press(where, "Show the original")
    expect(where).not_to_contain_text("comes from the link")
    assert "#live" not in where.page.url


def test_code_that_came_with_a_link_is_text_and_nothing_else(page: Page, static_url: str) -> None:
    source = "<img src=x onerror='window.isHacked = true'></textarea><script>window.isHacked = true</script>"
    where = ndjson(page, static_url, link({"source": source}))
    expect(where.get_by_role("textbox")).to_be_visible()
    assert code(where) == source
    assert page.evaluate("window.isHacked") is None


BAD = {
    "cut off": link({"source": MINE})[:-9],
    "no base64": "#live=streaming.ndjson~00000000~!!!",
    "no deflate": "#live=streaming.ndjson~00000000~AAAA",
    "no payload": "#live=streaming.ndjson",
    "a number": link(1),
    "source that is no text": link({"source": 1}),
    "a request without parts": link({"choice": "GET /orders/export", "request": {}}),
    "headers that are no pairs": link(
        {"request": {"method": "GET", "target": "/", "headers": [["a"]], "body": ""}}
    ),
    "a body that is no base64": link(
        {"request": {"method": "GET", "target": "/", "headers": [], "body": "?"}}
    ),
    "a bomb": link({"source": "a" * 1_000_000}),
}


@pytest.mark.parametrize("fragment", BAD.values(), ids=BAD)
def test_a_damaged_link_is_said_to_be_and_changes_nothing(tab: Tab, fragment: str) -> None:
    where = in_tab(tab, fragment)
    expect(where).to_contain_text("The link is damaged")
    expect_state(where, "recorded")
    expect(where.get_by_role("textbox")).to_have_count(0)
    assert len(shown(where)) > 3


def test_an_oversized_link_is_refused_unread(tab: Tab) -> None:
    where = in_tab(tab, "#live=streaming.ndjson~00000000~" + "A" * 20_000)
    expect(where).to_contain_text("The link is longer than 16,384 characters")


def test_what_is_too_long_for_a_link_is_said(tab: Tab) -> None:
    where = in_tab(tab)
    # Random bytes are nothing that deflate could shorten.
    edit(where, "# " + random.Random(1).randbytes(16_000).hex())
    pick(where, "Copy link")
    expect(where.get_by_role("status").last).to_contain_text("too long for a link")


# Two blocks of one snippet.


def test_two_blocks_of_one_snippet_keep_edits_of_their_own(page: Page, static_url: str) -> None:
    page.goto(static_url + "guide/authentication/")
    first, second = page.locator('.live[data-snippet="authentication.bearer"]').all()
    original = code(first)
    edit(first, "# the first\n")
    edit(second, "# the second\n")
    page.reload()
    assert (code(first), code(second)) == ("# the first\n", "# the second\n")
    press(second, "Reset")
    assert code(first) == "# the first\n"
    page.reload()
    assert code(first) == "# the first\n"
    assert code(second) not in ("# the first\n", "# the second\n")
    press(first, "Reset")
    assert code(first) == original
    assert kept(page) == {}


def test_a_link_opens_in_the_block_that_it_was_copied_from(page: Page, static_url: str) -> None:
    page.goto(static_url + "guide/authentication/")
    first, second = page.locator('.live[data-snippet="authentication.bearer"]').all()
    original = code(first)
    fragment = link({"source": "# linked\n"}).replace("streaming.ndjson", "authentication.bearer@2")
    page.goto(static_url + "guide/authentication/" + fragment)
    expect(second).to_contain_text("comes from the link that you opened")
    assert code(second) == "# linked\n"
    assert code(first) == original
