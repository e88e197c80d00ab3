"""What the steps after a build need to know of the site: the parts of `mkdocs.yml` that every generator reads alike."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self, TypeAlias, cast
from urllib.parse import urlsplit

from mkdocs.utils import meta
from mkdocs.utils.yaml import yaml_load  # pyright: ignore[reportUnknownVariableType] - its `source` has no type
from msgspec import Struct

Navigation: TypeAlias = "list[str | dict[str, str | Navigation]]"


class PageEntry(Struct, frozen=True):
    """A page in the navigation: its section, its title there, its path below `docs`, its description."""

    section: str
    title: str
    path: str
    description: str


class Configuration(Struct, frozen=True):
    """Of the site of one `mkdocs.yml`."""

    docs: Path
    site_name: str
    site_url: str
    site_description: str
    navigation: Navigation

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read that of the project in `root`."""
        with (root / "mkdocs.yml").open("rb") as file:
            settings = yaml_load(file)
        return cls(
            root / settings.get("docs_dir", "docs"),
            settings.get("site_name") or "",
            settings.get("site_url") or "",
            settings.get("site_description") or "",
            cast("Navigation", settings.get("nav") or []),
        )

    @property
    def base(self) -> str:
        """The path that the addresses of all pages start with, with a slash at its end."""
        return urlsplit(self.site_url).path.rstrip("/") + "/"

    def pages(self) -> Iterator[PageEntry]:
        """The pages of the navigation, in its order. Those at its top level are in the section `Overview`."""
        for section, title, path in _listed(self.navigation, "Overview"):
            _, front_matter = meta.get_data((self.docs / path).read_text("utf-8"))
            description = str(cast("object", front_matter.get("description", "")))
            yield PageEntry(section, title or path, path, description)


def _listed(navigation: Navigation, section: str) -> Iterator[tuple[str, str, str]]:
    for entry in navigation:
        for title, inside in [("", entry)] if isinstance(entry, str) else entry.items():
            if isinstance(inside, str):
                yield section, title, inside
            else:
                yield from _listed(inside, title)
