"""What the tests of pages do with a block's request panel: open it, fill it in, read it, run what it says."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from site_tests.blocks import TIMEOUT, press, row, shown


def choose(where: Locator, request: str) -> None:
    where.get_by_label("Request", exact=True).select_option(request)


def open_panel(where: Locator) -> None:
    press(where, "Edit request")
    expect(field(where, "Body")).to_be_visible()


def start_anew(where: Locator) -> None:
    """Take back what an earlier test has changed, and close the panel."""
    reset = where.get_by_role("button", name="Reset", exact=True)
    if reset.is_enabled():
        reset.click()
    toggle = where.get_by_role("button", name="Edit request")
    if toggle.get_attribute("aria-expanded") == "true":
        toggle.click()


def field(where: Locator, label: str) -> Locator:
    return where.get_by_label(label, exact=True)


def add(where: Locator, noun: str, name: str, value: str) -> None:
    """Add a row as a reader does who goes on by keyboard from the button."""
    press(where, f"Add {noun}")
    keyboard = where.page.keyboard
    keyboard.type(name)
    # Escape closes the list of names, if there is one.
    keyboard.press("Escape")
    keyboard.press("Tab")
    keyboard.type(value)


def write_body(where: Locator, text: str) -> None:
    """Replace the body by `text`, as if pasted."""
    body = field(where, "Body")
    body.press("ControlOrMeta+a")
    body.press("Delete")
    body.evaluate(
        """(body, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def body_text(where: Locator) -> str:
    return field(where, "Body").evaluate("body => body.cmTile.view.state.doc.toString()")


def marked(where: Locator, kind: str) -> list[str]:
    """What of the body is marked as a `fault` or a `misfit`; what is coloured in parts is put together again."""
    script = """(block, kind) => {
        const found = new Map();
        for (const part of block.querySelectorAll(`.live-marked-${kind}`)) {
            found.set(part.title, (found.get(part.title) ?? "") + part.textContent);
        }
        return [...found].map(([title, text]) => `${text} | ${title}`);
    }"""
    return where.evaluate(script, kind)


def offered(page: Page) -> list[str]:
    """What the body's editor offers to write, once it does."""
    options = page.locator(".cm-tooltip-autocomplete").get_by_role("option")
    expect(options.first).to_be_visible()
    # For a moment the editor takes no key for it, so that nobody takes what they have not seen.
    shown_at: float = page.evaluate("performance.now()")
    page.wait_for_function("shownAt => performance.now() > shownAt + 80", arg=shown_at)
    return options.locator(".cm-completionLabel").all_inner_texts()


def said(where: Locator) -> Locator:
    """The block's own status, and not one of the panel's."""
    return where.locator(".live-status").get_by_role("status")


def run_to_end(where: Locator) -> list[tuple[str, str]]:
    press(where, "Run")
    expect(row(where, "end")).to_be_visible(timeout=TIMEOUT)
    return shown(where)


def request_text(where: Locator) -> str:
    return where.locator(".live-request pre").inner_text()


def faults(where: Locator) -> list[str]:
    """The list of faults at the panel's head, once there is one."""
    items = where.locator(".live-faults li")
    expect(items.first).to_be_visible(timeout=TIMEOUT)
    return items.all_inner_texts()


def description(of: Locator) -> str:
    """The accessible description of a field."""
    texts: Any = of.evaluate(
        """field => (field.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)
            .map(id => document.getElementById(id)?.textContent.trim()).filter(Boolean)"""
    )
    return " / ".join(texts)
