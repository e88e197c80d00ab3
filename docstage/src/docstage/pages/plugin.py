"""The MkDocs plugin `docstage`: the `live` fence and what its blocks need on a page.

    plugins:
      - search
      - docstage

It adds to the configuration what is not there yet: the fence, the extensions it builds on, and the block's assets.
A site that builds with something else as well, and so configures these itself, keeps what it has.
"""

from typing import Any, Final, cast

from mkdocs.config.base import Config
from mkdocs.config.config_options import ExtraScript
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import Files

from docstage.pages import fence, only_files

STYLE: Final = "assets/live/live.css"
SCRIPT: Final = "assets/live/live.js"
SUPERFENCES: Final = "pymdownx.superfences"
HIGHLIGHT: Final = "pymdownx.highlight"


class _NoOptions(Config):
    """See `[tool.docstage]`."""


class DocstagePlugin(BasePlugin[_NoOptions]):
    """Registered as `docstage`. It has no options: see `[tool.docstage]`."""

    # Last, so that it sees what others and the site's own hooks have set.
    @event_priority(-90)
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Add the fence and its assets."""
        _add_fence(config)
        _add_assets(config)
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - it returns nothing
        """Leave out what is not a file."""
        only_files.on_files(files, config=config)


def _add_fence(config: MkDocsConfig) -> None:
    extensions = config.markdown_extensions
    settings = cast("dict[str, dict[str, Any]]", config.mdx_configs)  # pyright: ignore[reportUnknownMemberType] - it has no type
    for name in (HIGHLIGHT, SUPERFENCES):
        if name not in extensions:
            extensions.append(name)
    # It makes highlighted code name its language, by which the block finds it.
    settings.setdefault(HIGHLIGHT, {}).setdefault("pygments_lang_class", True)
    fences: list[dict[str, Any]] = settings.setdefault(SUPERFENCES, {}).setdefault(
        "custom_fences", []
    )
    if all(each["name"] != "live" for each in fences):
        live = {"name": "live", "class": "live"}
        fences.append({**live, "validator": fence.validate, "format": fence.format})


def _add_assets(config: MkDocsConfig) -> None:
    styles = cast("list[str]", config.extra_css)  # pyright: ignore[reportUnknownMemberType] - it has no type
    if STYLE not in styles:
        styles.append(STYLE)
    paths = [
        script if isinstance(script, str) else script.path for script in config.extra_javascript
    ]
    if SCRIPT not in paths:
        value = ExtraScript().run_validation({"path": SCRIPT, "type": "module"})
        config.extra_javascript.append(value)
