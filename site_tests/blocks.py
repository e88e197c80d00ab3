"""What the tests of pages do with a live block: find it, press its buttons, read its output."""

import re
from typing import Any, Final, cast

from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import Locator, Page, expect

# Loading CPython on a busy machine may take longer than a click usually does.
TIMEOUT: Final = 240_000


def block(page: Page, snippet: str) -> Locator:
    return page.locator(f'.live[data-snippet="{snippet}"]').first


def press(where: Locator, name: str) -> None:
    where.get_by_role("button", name=name, exact=True).click()


def pick(where: Locator, name: str) -> None:
    """Press a button of the menu."""
    press(where, "More")
    press(where, name)


def edit(where: Locator, text: str) -> None:
    """Edit the block's code as a reader does who replaces all of it."""
    press(where, "Edit")
    editor = where.get_by_role("textbox", name="Code of")
    expect(editor).to_be_visible()
    editor.press("ControlOrMeta+a")
    # As if pasted: typing would be indented by the editor.
    editor.evaluate(
        """(editor, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def code(where: Locator) -> str:
    """What stands in the editor, or in its place. Lines out of its sight are not drawn, so it is asked for all."""
    script = """where => {
        const content = where.querySelector(".cm-content");
        return content ? content.cmTile.view.state.doc.toString()
            : where.querySelector(".live-plain, .live-code code").textContent;
    }"""
    return where.evaluate(script)


def output(where: Locator) -> Locator:
    return where.get_by_role("log", name="Output")


def row(where: Locator, kind: str, text: str | re.Pattern[str] = "") -> Locator:
    return output(where).locator(f'[data-kind="{kind}"]', has_text=text)


def shown(where: Locator) -> list[tuple[str, str]]:
    """Kind and content of every row, without what can be unfolded."""
    script = """log => [...log.querySelectorAll(".live-row")].map(row => {
        const what = row.querySelector(".live-what").cloneNode(true);
        what.querySelectorAll("details").forEach(details => details.remove());
        return [row.dataset.kind, what.textContent.trim()];
    })"""
    return [(kind, text) for kind, text in output(where).evaluate(script)]


COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules of axe-core that look at colours."""


def violations(where: Page | Locator, rules: dict[str, Any] | None = None) -> list[str]:
    """What axe-core finds on a page, or in a block, as it stands: each rule that is broken, and where.

    `rules` are those to look for: all, if not given. The rest of a page, which `test_every_page.py` looks at, takes
    longer than a block.
    """
    page, only = (where, None) if isinstance(where, Page) else (where.page, "[data-looked-at]")
    if isinstance(where, Locator):
        where.evaluate("block => block.dataset.lookedAt = ''")
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = cast("dict[str, Any]", Axe().run(page, only, options).response)["violations"]  # pyright: ignore[reportUnknownMemberType] - untyped
    return [f"{rule['id']}: {[node['html'] for node in rule['nodes']]}" for rule in found]


def expect_state(where: Locator, *states: str) -> None:
    pattern = re.compile("|".join(states))
    expect(where).to_have_attribute("data-state", pattern, timeout=TIMEOUT)
