"""The last step of a build: what a site needs beside its pages, whichever generator made them.

Scripts and styles get addresses by their contents; then the Content-Security-Policy and the copies for language models
are made from the pages as they will be served. Those two need the extra `llms`, and are left out without it.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from docstage.pages.asset_versions import version_assets
from docstage.pages.configuration import Configuration

WORKER: Final = "live-worker.js"
"""The service worker that keeps what a run has loaded. All pages must be below it (Service Workers § 3.4)."""

OFFLINE: Final = "assets/live/offline.js"


def finish(site: Path, root: Path) -> None:
    """Finish the built `site` of the project in `root`, if that has a `mkdocs.yml`."""
    if not (root / "mkdocs.yml").is_file():
        return
    configuration = Configuration.read(root)
    version_assets(site, configuration.docs, configuration.base)
    worker = site / WORKER
    if not worker.exists():
        worker.write_text(f'importScripts("{OFFLINE}");\n', "utf-8")
    if find_spec("bs4") and find_spec("markdownify"):
        from docstage.pages.llms import write_copies  # noqa: PLC0415 - an extra
        from docstage.pages.policy import write_policy  # noqa: PLC0415 - an extra

        write_policy(site)
        if configuration.navigation:
            write_copies(site, configuration)


if __name__ == "__main__":
    finish(Path(sys.argv[1]), Path.cwd())
