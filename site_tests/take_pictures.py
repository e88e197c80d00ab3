"""Takes the README's pictures: the lifecycle example, stopped half-way, in both colour schemes. And the one that is
shown where somebody posts a link to a page.

Run it as `nox -s pictures`.
"""

import os

from docstage.server.serve import Options
from playwright.sync_api import sync_playwright

from site_tests.conftest import CHROMIUM_ARGUMENTS
from site_tests.project import PROJECT
from site_tests.serving import served
from tests.support.root import ROOT

PICTURES = ROOT / "pictures"


def take(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=CHROMIUM_ARGUMENTS
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 1000, "height": 860},
                color_scheme=scheme,
                device_scale_factor=1.5,
            )
            page.goto(url + "streaming/#resources")
            block = page.locator('.live[data-snippet="streaming.lifecycle"]')
            block.get_by_role("button", name="Run").click()
            block.get_by_text('"item":"flat white"').wait_for()
            block.get_by_role("button", name="Stop").click()
            block.get_by_text("Torn down").wait_for()
            block.evaluate("block => window.scrollTo(0, block.offsetTop - 190)")
            page.screenshot(path=PICTURES / f"live-page-{scheme}.png")
            if scheme == "light":
                page.set_viewport_size({"width": 800, "height": 420})
                block.get_by_role("status").evaluate(
                    "line => scrollBy(0, line.getBoundingClientRect().top - 60)"
                )
                page.screenshot(path=ROOT / "docs/assets/social.png")
        browser.close()


if __name__ == "__main__":
    with served(Options(project=PROJECT, port=0, build=False)) as client:
        take(str(client.base_url))
