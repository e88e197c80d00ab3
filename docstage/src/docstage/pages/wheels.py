"""The address of a wheel that the site serves, for commands on its pages: `{wheel:FOLDER}`.

    python -m pip install {wheel:.}

The folder is a project's, relative to the root; the bundle builds its wheel. This is an extension of Python-Markdown.
The address is the one that the site was built for, and `site.js` replaces it by the one that the page was loaded from.
"""

import re
import tomllib
from pathlib import Path
from typing import Final

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from typing_extensions import override

from docstage.snippet.project import Project

FOLDER: Final = "wheels"
"""Where the wheels are among the live block's assets."""

_ADDRESS: Final = re.compile(r"\{wheel:([^}\s]+)\}")


def wheel_name(project: Path) -> str:
    """The file's name, by the project's `pyproject.toml`. Raises `OSError` if there is none."""
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    name = re.sub(r"[-_.]+", "_", about["name"]).lower()
    return f"{name}-{about['version']}-py3-none-any.whl"


class Wheels(Extension):
    """The extension. `site_url` is where the site is served from."""

    def __init__(self, **settings: str) -> None:
        self.config = {"site_url": ["", "the address of the site"]}
        super().__init__(**settings)

    @override
    def extendMarkdown(self, md: Markdown) -> None:
        # Before fences are read, which have 25; after snippets are included, which have 32.
        url = str(self.getConfig("site_url"))
        md.preprocessors.register(_Addresses(md, url), "wheels", 28)


def makeExtension(**settings: str) -> Wheels:  # noqa: N802 - the name that Python-Markdown looks for
    """The extension, as `docstage.pages.wheels` among a site's `markdown_extensions`."""
    return Wheels(**settings)


class _Addresses(Preprocessor):
    def __init__(self, md: Markdown, site_url: str) -> None:
        super().__init__(md)
        self._project = Project.find()
        self._folder = f"{site_url.rstrip('/')}/assets/live/{FOLDER}"

    @override
    def run(self, lines: list[str]) -> list[str]:
        return [_ADDRESS.sub(self._address, line) for line in lines]

    def _address(self, found: re.Match[str]) -> str:
        served = self._project.config.wheels
        if found[1] not in served:
            raise ValueError(
                f"a page refers to {found[0]}, but the site serves only the wheels of {', '.join(served) or 'none'}"
            )
        return f"{self._folder}/{wheel_name(self._project.root / found[1])}"
