"""The project whose documentation is built: its folder, and what `[tool.docstage]` of its `pyproject.toml` says."""

import os
import re
import sys
import tomllib
from functools import cached_property
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from docstage.run.runner import DEFAULT_LIMITS, Limits
from docstage.snippet.catalogue import Catalogue, Package
from docstage.snippet.masks import MaskError, Masks

FILE: Final = "pyproject.toml"
TABLE: Final = "tool.docstage"

SITES: Final = ("mkdocs.yml", "mkdocs.yaml", "zensical.toml")
"""Files that make a folder a documentation project, with or without a configuration of docstage."""

_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$\.?(.*)`)?")
_AT: Final = re.compile(r"(.*) - at `\$\.?(.*)`")


class ConfigError(ValueError):
    """The configuration is invalid. The message names the file and the key."""


class Browser(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """`[tool.docstage.browser]`: what Python in the reader's browser has beside the snippets."""

    requirements: str = ""
    """A file of pinned wheels with hashes, in the form of pip's requirements: relative to the project's folder."""

    python_only: tuple[str, ...] = ()
    """Installed distributions whose Python files are whole without their extension modules: PyYAML, for one."""

    leave_out: tuple[str, ...] = ()
    """Distributions that others ask for, and that nothing in the browser imports."""


class Server(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """`[tool.docstage.server]`: what the embedded server takes."""

    runs: int = 16
    """Concurrent runs, requests to the snippets' own routes included."""

    body: int = 1_048_576
    """Of a request, in bytes."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """`[tool.docstage]`. Paths are relative to the project's folder."""

    snippets: tuple[str, ...] = ("snippets",)
    """Packages of snippets: `docs_src`, `docs.examples`, a folder `docs/examples` whose modules are imported as
    `examples.…`, or in full `IMPORT_ROOT:PACKAGE`."""

    app: tuple[str, ...] | str = ("app", "create_app()")
    """The names under which a module may have its application, the first found is taken; `()` marks a factory."""

    sources: tuple[str, ...] = ()
    """The project's own packages, such as `src/acme`: snippets import them, also in the browser."""

    watch: tuple[str, ...] = ()
    """Further files and folders that the site is made of."""

    docs: str = "docs"
    """The folder of the pages."""

    site: str = "site"
    """Where the built site goes."""

    cache: str = ".docstage"
    """Where results of earlier builds are kept."""

    wheels: tuple[str, ...] = ()
    """Folders of projects whose wheels the site serves. The first is this project's own, as a rule."""

    masks: tuple[str, ...] = ()
    """What recordings have names for in the place of values: some of `uuid`, `time`, `address` and `path`."""

    mask: dict[str, str] = {}
    """Further masks: regular expressions by their names."""

    environment: dict[str, str] = {}
    """Environment variables that snippets see."""

    limits: Limits = DEFAULT_LIMITS
    """Of each run."""

    browser: Browser = Browser()
    server: Server = Server()


class Project(Struct, frozen=True, dict=True):
    """A folder and its configuration."""

    root: Path
    config: Config = Config()

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """The project of the folder `start` (default: the working directory), or of one above it.

        That is the nearest folder whose `pyproject.toml` has a table `[tool.docstage]`, or else the nearest one with
        the configuration of a site. Raises `ConfigError`.
        """
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            config = read_config(folder / FILE)
            if config is not None:
                return cls(folder, config)
        for folder in (start, *start.parents):
            if any((folder / name).is_file() for name in SITES):
                return cls(folder)
        raise ConfigError(
            f"{start} and the folders above it have neither a {FILE} with [{TABLE}] nor a {SITES[0]}: "
            "run this in a project, or create one with `docstage init`"
        )

    def dump(self) -> str:
        """The project as text, for another process."""
        return msgspec.json.encode(self, enc_hook=str).decode()

    @classmethod
    def load(cls, text: str) -> "Project":
        """The project that `dump` wrote."""
        return msgspec.json.decode(text, type=cls, dec_hook=_as_path)

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """The packages of snippets."""
        return tuple(self._package(entry) for entry in self.config.snippets)

    def catalogue(self) -> Catalogue:
        """All snippets of the project."""
        app = self.config.app
        return Catalogue(*self.packages, app=(app,) if isinstance(app, str) else app)

    @property
    def cache(self) -> Path:
        """Results of earlier builds. It hides itself from git."""
        return self.root / self.config.cache

    @property
    def assets(self) -> Path:
        """Where the live block's files are put for the site's generator, among the pages."""
        return self.root / self.config.docs / "assets" / "live"

    @property
    def sources(self) -> tuple[Path, ...]:
        """The project's own packages and modules."""
        return tuple(self.root / path for path in self.config.sources)

    @cached_property
    def name(self) -> str:
        """The project's name: that of its distribution, or of its folder."""
        return str(self._about.get("name") or self.root.name)

    @property
    def version(self) -> str:
        """The distribution's version: declared, or as installed, or `0`."""
        return str(self._about.get("version") or self._installed("Version") or "0")

    @property
    def requires_python(self) -> str:
        """Which versions of Python the distribution supports, such as `>=3.11`."""
        return str(
            self._about.get("requires-python") or self._installed("Requires-Python") or ">=3.11"
        )

    @property
    def dependencies(self) -> list[str]:
        """What the distribution needs, as requirements."""
        if "dependencies" in self._about:
            return list(map(str, self._about["dependencies"]))
        try:
            found = metadata(self.name).get_all("Requires-Dist") or []
        except PackageNotFoundError:
            return []
        return [str(each) for each in found if "extra ==" not in str(each)]

    def masks(self) -> Masks:
        """What is masked in recordings. Raises `ConfigError`."""
        try:
            return Masks(self.config.masks, self.config.mask)
        except MaskError as error:
            raise ConfigError(f"{self.root / FILE}: [{TABLE}] masks: {error}") from None

    def enter(self) -> None:
        """Make snippets and sources importable in this process, and set their environment variables."""
        roots = [str(package.root) for package in self.packages]
        roots += [str(path.parent) for path in self.sources]
        sys.path[:0] = [root for root in dict.fromkeys(roots) if root not in sys.path]
        os.environ.update(self.config.environment)

    @cached_property
    def _about(self) -> dict[str, Any]:
        return _read(self.root / FILE).get("project", {})

    def _installed(self, field: str) -> str | None:
        try:
            return metadata(self.name).get(field)
        except PackageNotFoundError:
            return None

    def _package(self, entry: str) -> Package:
        folder, colon, name = entry.rpartition(":")
        if not colon:
            folder, _, name = entry.strip("/").rpartition("/")
        if not all(part.isidentifier() for part in name.split(".")):
            raise ConfigError(
                f"{self.root / FILE}: [{TABLE}] snippets: {entry!r} is not a package; expected a name such as"
                " 'snippets' or 'docs.examples', a folder such as 'docs/examples', or 'IMPORT_ROOT:PACKAGE'"
            )
        return Package((self.root / folder).resolve(), name)


def _as_path(kind: type, value: object) -> object:
    return kind(value)


def read_config(path: Path) -> Config | None:
    """`[tool.docstage]` of the file; `None` if it has none, or is not there. Raises `ConfigError`."""
    table = _read(path).get("tool", {}).get("docstage")
    if table is None:
        return None
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_explain(str(error))}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def _explain(error: str) -> str:
    """Msgspec's message with the table and the key in the place of its path."""
    if unknown := _UNKNOWN.fullmatch(error):
        at = unknown[2] or ""
        known = {"browser": Browser, "server": Server, "limits": Limits}.get(at, Config)
        keys = ", ".join(sorted(field.encode_name for field in msgspec.structs.fields(known)))
        table = f"{TABLE}.{at}" if at else TABLE
        return f"[{table}] has an unknown key {unknown[1]!r}; the keys are: {keys}"
    if found := _AT.fullmatch(error):
        return f"[{TABLE}] {found[2]}: {found[1]}"
    return f"[{TABLE}]: {error}"
