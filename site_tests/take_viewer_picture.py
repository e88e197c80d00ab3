"""Takes the docs' picture of the viewer: `CHROMIUM=its-path python -m site_tests.take_viewer_picture`."""

import os

from playwright.sync_api import sync_playwright

from snippets.openapi.document import App
from tests.servers.serving import served_by_a_thread
from tests.support.browser import CHROMIUM_ARGUMENTS
from tests.support.root import ROOT
from viewer import hatch_build


class ViewedApp(App):
    """The snippet's application, with a page."""

    async def _wire(self) -> None:
        await super()._wire()
        self._include_openapi("/viewed.json", viewer="/docs", title="Station", version="1.0")


def take(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=CHROMIUM_ARGUMENTS
        )
        page = browser.new_page(viewport={"width": 1280, "height": 640}, color_scheme="light")
        page.goto(f"{url}/docs#tag/departures/GET/departures")
        operation = page.get_by_role("region", name="Watch the board.")
        operation.get_by_role("button", name="200 OK").click()
        operation.get_by_text("Stream item").wait_for()
        page.mouse.move(0, 0)
        page.screenshot(path=ROOT / "docs/assets/openapi-viewer.png", animations="disabled")
        browser.close()


if __name__ == "__main__":
    hatch_build.ensure_viewer()
    with served_by_a_thread(ViewedApp()) as url:
        take(url)
