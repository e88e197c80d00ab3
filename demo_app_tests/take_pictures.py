"""Takes the pictures of the page for the docs: an answer, and notifications, in both colour schemes.

Run it as `python -m demo_app_tests.take_pictures`, with CHROMIUM set to the path of one if it is not Debian's.
"""

import os
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from demo_app_tests.load import FOLDER
from demo_tools.cluster import Program, free_port
from tests.support.browser import CHROMIUM_ARGUMENTS

EVENTS = (
    {"type": "deployment", "service": "shop", "version": "2.4.0", "state": "started"},
    {"type": "deployment", "service": "shop", "version": "2.4.0", "state": "finished"},
    {"type": "message", "sender": "Ada", "text": "The new menu is live."},
)


def take(browser: Browser, url: str, name: str, *, width: int, height: int) -> None:
    for scheme in ("light", "dark"):
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1
        )
        page.goto(url)
        page.get_by_label("Your question").fill("How does a reader resume?")
        page.get_by_role("button", name="Ask").click()
        page.get_by_text("Done", exact=True).wait_for()
        page.get_by_text("The new menu is live.").wait_for()
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
        page.close()


def main() -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "demo_tools"]
        program = Program(command, port, Path(folder) / "log", {"PORT": str(port)})
        program.start()
        try:
            for event in EVENTS:
                httpx.post(url + "notifications", json=event).raise_for_status()
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
            take(browser, url, "page", width=960, height=640)
            take(browser, url, "phone", width=360, height=720)
            browser.close()
        finally:
            program.stop()


if __name__ == "__main__":
    main()
