"""The panel in which a reader changes a request: what they fill in is what the app gets, on both backends."""

import json
import shutil
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Literal

import pytest
from docstage.pages.fence import LiveFence
from docstage.server.serve import Options
from docstage.snippet.catalogue import Catalogue, Package
from docstage.snippet.project import Project
from markdown import Markdown
from playwright.sync_api import Browser, Locator, Page, expect

from site_tests.blocks import TIMEOUT, block, expect_state, press, row, shown, violations
from site_tests.conftest import fresh_page, static_host
from site_tests.panel import (
    add,
    choose,
    field,
    open_panel,
    request_text,
    run_to_end,
    said,
    start_anew,
    write_body,
)
from site_tests.serving import HERE, served

type Backend = Literal["browser", "server"]

ECHO = """\
### Ask
GET http://127.0.0.1:8000/a%20b?q=1&q=&flag&r=x%20y+z
X-Kept: yes

### Tell
POST http://127.0.0.1:8000/tell
Content-Type: text/plain

told
"""


@pytest.fixture(params=["browser", "server"], scope="module")
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


# A page that several tests share: each of them begins with the block as it was when the page was loaded.


@pytest.fixture(scope="module")
def cups_block(
    chromium: Browser, backend: Backend, request: pytest.FixtureRequest
) -> Generator[Locator]:
    url = request.getfixturevalue("static_url" if backend == "browser" else "server_url")
    with fresh_page(chromium) as page:
        page.goto(url + "getting-started/")
        yield block(page, "start.first")


@pytest.fixture
def cups(cups_block: Locator) -> Locator:
    """The block of the first application, about to send another cup, its panel open."""
    start_anew(cups_block)
    choose(cups_block, "Another cup")
    open_panel(cups_block)
    return cups_block


@pytest.fixture(scope="module")
def still_block(chromium: Browser, static_url: str) -> Generator[Locator]:
    with fresh_page(chromium) as page:
        page.goto(static_url + "getting-started/")
        yield block(page, "start.first")


@pytest.fixture
def still(still_block: Locator) -> Locator:
    """The same block in the browser alone, its panel closed, for what needs no run."""
    start_anew(still_block)
    choose(still_block, "Which cups are there?")
    return still_block


@pytest.fixture(scope="module")
def echo_site(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of one page with one block, whose app answers with what it was asked."""
    root = tmp_path_factory.mktemp("echo")
    (root / "snippets").mkdir()
    (root / "snippets" / "__init__.py").touch()  # or the module would be looked for in the real one
    shutil.copy(HERE / "server_snippets" / "echo.py", root / "snippets")
    (root / "snippets" / "echo.http").write_text(ECHO)
    fence = LiveFence(Catalogue(Package(root)))
    custom = {"name": "live", "class": "live", "validator": fence.validate, "format": fence.format}
    superfences = {"pymdownx.superfences": {"custom_fences": [custom]}}
    markdown = Markdown(extensions=["pymdownx.superfences"], extension_configs=superfences)
    shutil.copytree(site / "assets" / "live", root / "site" / "assets" / "live")
    (root / "site" / "assets" / "live" / "descriptions" / "echo.json").write_text("null")
    shutil.copy(site / "live-worker.js", root / "site")
    (root / "site" / "index.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Echo</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="assets/live/live.css">'
        '<script type="module" src="assets/live/live.js"></script>'
        f"<main>{markdown.convert('```live\necho\n```')}</main></html>"
    )
    return root


@pytest.fixture(scope="module")
def echo_static_url(echo_site: Path) -> Generator[str]:
    with static_host(echo_site / "site") as url:
        yield url


@pytest.fixture(scope="module")
def echo_server_url(echo_site: Path) -> Generator[str]:
    options = Options(project=Project(echo_site), port=0, build=False)
    with served(options) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def echo_block(
    chromium: Browser, backend: Backend, request: pytest.FixtureRequest
) -> Generator[Locator]:
    with fresh_page(chromium) as page:
        page.goto(request.getfixturevalue(f"echo_{_host(backend)}_url"))
        yield block(page, "echo")


@pytest.fixture
def echo(echo_block: Locator, backend: Backend) -> Locator:
    """The block whose app answers with what it was asked, its panel open."""
    start_anew(echo_block)
    choose(echo_block, "Ask")
    if backend == "browser":
        # The page has this module as text only; edited text is what runs in the browser.
        press(echo_block, "Edit")
        echo_block.get_by_role("textbox", name="Code").press("ControlOrMeta+End")
        echo_block.page.keyboard.press("Enter")
    open_panel(echo_block)
    return echo_block


def _host(backend: Backend) -> str:
    return "static" if backend == "browser" else "server"


def told(where: Locator) -> dict[str, Any]:
    """Run, and what the app then tells that it was asked."""
    return json.loads("".join(text for kind, text in run_to_end(where) if kind == "chunk"))


# What the app gets.


def test_a_changed_body_is_what_the_app_gets(cups: Locator) -> None:
    write_body(cups, '{"drink": "ristretto", "size": "small"}')
    assert run_to_end(cups)[0] == ("status", "422 application/problem+json")
    write_body(cups, '{"drink": "ristretto", "size": 25}')
    ran = run_to_end(cups)
    assert ran[0][1].startswith("20")
    assert ran[1] == ("chunk", '{"drink":"ristretto","size":25}')


def test_malformed_json_is_pointed_out_and_sent_all_the_same(cups: Locator) -> None:
    write_body(cups, '{"drink": }')
    expect(field(cups, "Body")).to_have_accessible_description(
        'Invalid JSON, sent unchanged: Unexpected token \'}\', "{"drink": }" is not valid JSON'
    )
    assert run_to_end(cups)[0] == ("status", "400 application/problem+json")
    expect(said(cups)).to_contain_text("Answered with 400")


def test_another_method_is_answered_by_the_app(cups: Locator) -> None:
    field(cups, "Method").select_option("PATCH")
    assert run_to_end(cups)[0] == ("status", "405 application/problem+json")
    row(cups, "status").locator("summary").click()
    expect(row(cups, "status")).to_contain_text("allow: ")


def test_rows_and_path_reach_the_app_percent_encoded_and_what_was_not_touched_as_it_was(
    echo: Locator,
) -> None:
    field(echo, "Path").fill("/größe/50% {a}/%41")
    add(echo, "parameter", "größe", "a b&c=+")
    add(echo, "parameter", "empty", "")
    add(echo, "parameter", "", "")
    add(echo, "header", "X-Added", "a, b")
    write_body(echo, "löwe")
    asked = told(echo)
    assert asked["raw_path"].endswith("/gr%C3%B6%C3%9Fe/50%%20%7Ba%7D/%41")
    assert asked["query"] == "q=1&q=&flag&r=x%20y+z&gr%C3%B6%C3%9Fe=a%20b%26c%3D%2B&empty="
    assert asked["headers"]["x-kept"] == "yes"
    assert asked["headers"]["x-added"] == "a, b"
    assert asked["body"] == "löwe"


def test_a_changed_and_a_removed_row_change_nothing_of_the_others(echo: Locator) -> None:
    expect(field(echo, "Value of parameter 4")).to_have_value("x y z")
    press(echo, "Remove parameter 2")
    field(echo, "Value of parameter 1").fill("2")
    press(echo, "Remove header 1")
    asked = told(echo)
    assert asked["query"] == "q=2&flag&r=x%20y+z"
    assert "x-kept" not in asked["headers"]


def test_a_query_in_the_path_becomes_rows(echo: Locator) -> None:
    field(echo, "Path").fill("/other?page=2&page=3")
    field(echo, "Path").press("Tab")
    expect(field(echo, "Path")).to_have_value("/other")
    expect(field(echo, "Value of parameter 2")).to_have_value("3")
    assert told(echo)["query"] == "page=2&page=3&q=1&q=&flag&r=x%20y+z"


def test_half_a_surrogate_pair_is_sent_as_the_replacement_character(echo: Locator) -> None:
    for label in ("Path", "Name of parameter 1"):
        field(echo, label).evaluate("""field => {
            field.value = "/\\ud800";
            field.dispatchEvent(new Event("input", {bubbles: true}));
        }""")
    field(echo, "Body").evaluate(
        'body => body.cmTile.view.dispatch({changes: {from: 0, insert: "/\\ud800"}})'
    )
    asked = told(echo)
    assert asked["raw_path"].endswith("/%EF%BF%BD")
    assert asked["query"].startswith("%2F%EF%BF%BD=1&")
    assert asked["body"] == "/\ufffd"


# What cannot be sent.


def test_what_http_has_no_form_for_is_refused_with_what_was_expected(echo: Locator) -> None:
    def expect_refusal(label: str, text: str, message: str) -> None:
        before = field(echo, label).input_value()
        field(echo, label).fill(text)
        ran = run_to_end(echo)
        assert [kind for kind, _ in ran] == ["crash", "end"]
        assert message in ran[0][1]
        expect_state(echo, "failed")
        expect(said(echo)).to_contain_text(message)
        field(echo, label).fill(before)

    expect_refusal(
        "Name of header 1", "X Kept", "'X Kept' is not a valid header name: expected letters"
    )
    expect_refusal("Name of header 1", "", "'' is not a valid header name")
    expect_refusal(
        "Value of header 1", "☃", "'☃' is not a valid value for the header X-Kept: expected ISO"
    )
    expect_refusal(
        "Path", "cups", "is not a valid request target: expected a path that begins with `/`"
    )
    expect_refusal("Path", "http://127.0.0.1/", "is not a valid request target")
    assert told(echo)["headers"]["x-kept"] == "yes"


def test_a_body_that_the_server_does_not_take_is_said_to_be_too_large(
    page_with_errors: Page, echo_server_url: str
) -> None:
    page_with_errors.goto(echo_server_url)
    where = block(page_with_errors, "echo")
    open_panel(where)
    write_body(where, "x" * 1_000_000)
    assert "exceeds the limit of 1048576 bytes" in run_to_end(where)[0][1]


@pytest.fixture
def page_with_errors(chromium: Browser) -> Generator[Page]:
    """A page of which errors in the console are expected."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


# The reader's own state.


def test_a_json_body_is_given_its_type_in_a_row_that_the_reader_can_remove(cups: Locator) -> None:
    choose(cups, "Which cups are there?")
    field(cups, "Method").select_option("POST")
    write_body(cups, '{"drink": "lungo"}')
    expect(field(cups, "Name of header 1")).to_have_value("Content-Type")
    expect(field(cups, "Value of header 1")).to_have_value("application/json")
    expect(cups.get_by_text("Content-Type: application/json was added")).to_be_visible()
    press(cups, "Remove header 1")
    write_body(cups, '{"drink": "lungo", "size": 90}')
    expect(field(cups, "Name of header 1")).to_have_count(0)
    assert run_to_end(cups)[0] == ("status", "415 application/problem+json")


def test_reset_request_brings_back_what_the_snippet_asks(still: Locator) -> None:
    where = still
    choose(where, "Another cup")
    before = request_text(where), shown(where)
    open_panel(where)
    reset = where.get_by_role("button", name="Reset request")
    expect(reset).to_have_attribute("aria-disabled", "true")
    field(where, "Path").fill("/saucers")
    add(where, "header", "X-Added", "1")
    expect(where.get_by_text("edited", exact=True)).to_be_visible()
    status = said(where)
    expect(status).to_have_text("Recorded output of the original request. Press Run to send yours.")
    reset.click()
    expect(where.get_by_text("edited", exact=True)).to_be_hidden()
    expect(status).to_have_text("Recorded output.")
    expect(field(where, "Path")).to_have_value("/cups")
    expect(field(where, "Name of header 2")).to_have_count(0)
    press(where, "Edit request")
    assert (request_text(where), shown(where)) == before


def test_undoing_every_change_by_hand_is_no_edit(page: Page, echo_static_url: str) -> None:
    page.goto(echo_static_url)
    where = block(page, "echo")
    open_panel(where)
    write_body(where, "x")
    press(where, "Add parameter")
    expect(where.get_by_text("edited", exact=True)).to_be_visible()
    write_body(where, "")
    expect(where.get_by_text("edited", exact=True)).to_be_hidden()


def test_another_request_replaces_the_fields_and_the_changes_of_the_first_are_kept(
    still: Locator,
) -> None:
    where = still
    open_panel(where)
    field(where, "Path").fill("/saucers")
    choose(where, "Another cup")
    expect(field(where, "Path")).to_have_value("/cups")
    expect(field(where, "Method")).to_have_value("POST")
    expect(where.get_by_text("edited", exact=True)).to_be_hidden()
    first = field(where, "Request").locator("option").first
    expect(first).to_have_text("Which cups are there?: GET /cups (edited)")
    choose(where, "Which cups are there?")
    expect(field(where, "Path")).to_have_value("/saucers")
    press(where, "Reset")
    assert request_text(where) == "GET /cups"
    expect(first).to_have_text("Which cups are there?: GET /cups")
    expect(where.get_by_label("Body")).to_be_hidden()


# Copy as curl.


def test_the_curl_command_asks_the_server_the_same(chromium: Browser, echo_server_url: str) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(echo_server_url)
        where = block(page, "echo")
        choose(where, "Tell")
        open_panel(where)
        field(where, "Method").select_option("PUT")
        field(where, "Path").fill("/it's [1-3]/../{a,b}")
        add(where, "parameter", "$(id)", "`id`")
        press(where, "Remove header 1")
        add(where, "header", "X-Quoted", """it's "$HOME" \\ !""")
        add(where, "header", "X-Empty", "")
        write_body(where, 'it\'s\n@"$HOME" `id` \\n\n')
        asked = told(where)
        press(where, "Copy as curl")
        expect(where).to_contain_text("Copied the command")
        command: str = page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("curl -N ")
    ran = subprocess.run(["/bin/sh", "-c", f"{command} --silent"], capture_output=True, check=True)
    answer = json.loads(ran.stdout)
    assert answer["raw_path"].removeprefix("/live/app/echo") == asked["raw_path"]
    assert asked["raw_path"] == "/it's%20[1-3]/../%7Ba,b%7D"
    assert {key: answer[key] for key in ("method", "query", "body")} == {
        key: asked[key] for key in ("method", "query", "body")
    }
    own = {"accept", "host", "user-agent"}
    assert {name: value for name, value in answer["headers"].items() if name not in own} == {
        name: value for name, value in asked["headers"].items() if name not in own
    }


def test_the_curl_command_of_head_asks_for_headers_alone(
    chromium: Browser, echo_server_url: str
) -> None:
    with fresh_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(echo_server_url)
        where = block(page, "echo")
        choose(where, "Tell")
        open_panel(where)
        field(where, "Method").select_option("HEAD")
        press(where, "Copy as curl")
        expect(where).to_contain_text("Copied the command")
        command: str = page.evaluate("navigator.clipboard.readText()")
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{command} --silent"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("HTTP/1.1 418")


# Finding one's way.


def test_the_panel_can_be_used_by_keyboard_alone(page: Page, static_url: str) -> None:
    page.goto(static_url + "getting-started/")
    where = block(page, "start.first")
    toggle = where.get_by_role("button", name="Edit request")
    keyboard = page.keyboard
    toggle.focus()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(toggle).to_be_focused()
    keyboard.press("Tab")
    expect(where.get_by_role("button", name="Copy as curl")).to_be_focused()
    keyboard.press("Tab")
    expect(field(where, "Operation")).to_be_focused()
    keyboard.press("Tab")
    expect(field(where, "Method")).to_be_focused()
    keyboard.press("D")
    keyboard.press("Tab")
    expect(field(where, "Path")).to_be_focused()
    keyboard.press("Tab")
    expect(where.get_by_role("button", name="Add parameter")).to_be_focused()
    keyboard.press("Space")
    expect(field(where, "Name of parameter 1")).to_be_focused()
    keyboard.type("a")
    for label in ("Value of parameter 1", "Remove parameter 1", "Add parameter"):
        keyboard.press("Tab")
        expect(where.locator(":focus")).to_have_accessible_name(label)
    keyboard.press("Enter")
    keyboard.type("b")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(where.get_by_role("button", name="Remove parameter 1")).to_be_focused()
    keyboard.press("Enter")
    expect(where.get_by_role("button", name="Add parameter")).to_be_focused()
    for label in ("Add header", "Body", "Reset request"):
        keyboard.press("Tab")
        expect(where.locator(":focus")).to_have_accessible_name(label)
    keyboard.press("Shift+Tab")
    keyboard.press("Control+Enter")
    expect(row(where, "status", "405")).to_be_visible(timeout=TIMEOUT)
    expect(field(where, "Body")).to_be_focused()
    keyboard.press("Tab")
    for label in ("Rows", "Replay", "Compare", "Timeline", "Output"):
        keyboard.press("Tab")
        expect(where.locator(":focus")).to_have_accessible_name(label)


def test_control_and_enter_send_a_query_that_was_just_typed_into_the_path(echo: Locator) -> None:
    choose(echo, "Tell")
    field(echo, "Path").fill("/now?x=1")
    field(echo, "Path").press("ControlOrMeta+Enter")
    expect(row(echo, "end")).to_be_visible(timeout=TIMEOUT)
    expect(row(echo, "chunk")).to_contain_text('"query": "x=1"')
    expect(field(echo, "Value of parameter 1")).to_have_value("1")


def fill(where: Locator) -> Locator:
    """Have everything in a block's panel that can be there."""
    choose(where, "Another cup")
    open_panel(where)
    add(where, "parameter", "größe", "klein")
    press(where, "Add header")
    write_body(where, '{"drink": ')
    run_to_end(where)
    return where


def test_axe_finds_no_violation_in_an_open_panel(still: Locator) -> None:
    assert violations(fill(still)) == []


@pytest.mark.parametrize("pointer", ["fine", "coarse"])
def test_at_360_pixels_an_open_panel_is_no_wider_than_the_screen(
    chromium: Browser, static_url: str, pointer: str
) -> None:
    is_phone = pointer == "coarse"
    size: Any = {"width": 360, "height": 740}
    with fresh_page(chromium, viewport=size, has_touch=is_phone, is_mobile=is_phone) as page:
        page.goto(static_url + "getting-started/")
        where = fill(block(page, "start.first"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        inside = "panel => [...panel.querySelectorAll('*')].every(each => each.getBoundingClientRect().right <= 360)"
        assert where.locator(".live-draft").evaluate(inside)


def test_on_paper_the_request_is_read_and_not_filled_in(still: Locator) -> None:
    where = fill(still)
    where.page.emulate_media(media="print")
    assert request_text(where).split("\n")[0] == "POST /cups?gr%C3%B6%C3%9Fe=klein"
    assert '{"drink": ' in request_text(where)
    expect(where.get_by_label("Body")).to_be_hidden()
    where.page.emulate_media(media="screen")


def test_a_panel_that_cannot_be_loaded_is_said_and_tried_again(
    page_with_errors: Page, static_url: str
) -> None:
    page = page_with_errors
    page.goto(static_url + "getting-started/")
    where = block(page, "start.first")
    refuse: Callable[[Any], None] = lambda route: route.abort()  # noqa: E731 - to be taken away again
    page.route("**/request-panel-*", refuse)
    press(where, "Edit request")
    expect(said(where)).to_contain_text("could not be loaded")
    page.unroute("**/request-panel-*", refuse)
    open_panel(where)
