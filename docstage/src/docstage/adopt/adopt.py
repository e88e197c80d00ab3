"""`docstage import`: makes snippets of existing modules, which stay as they are, by writing requests beside them."""

import ast
import asyncio
import importlib.util
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct, structs

from docstage.adopt.ask import Source, ask
from docstage.adopt.processes import each
from docstage.adopt.requests import write
from docstage.run.stage import Stage, StageError
from docstage.snippet import http_file
from docstage.snippet.catalogue import Package
from docstage.snippet.fresh import imported
from docstage.snippet.project import FILE, TABLE, ConfigError, Project

TIMEOUT: Final = 30.0
"""Seconds that one module may take to be imported and started."""

Kind: TypeAlias = Literal[
    "written",
    "kept",  # it had requests
    "no application",
    "not installed",  # something that it imports
    "no route",
    "not started",
    "failed",
]


class Report(Struct, frozen=True):
    """What was done with one module: how many requests were written and from what, or why there are none."""

    module: str
    kind: Kind
    requests: int = 0
    source: Source = "nothing"
    why: str = ""
    http: str = ""

    def __str__(self) -> str:
        """One line for a terminal."""
        if self.kind == "written":
            of = {"document": "its OpenAPI document", "routes": "its routes"}.get(self.source)
            count = f"{self.requests} request{'s' * (self.requests != 1)}"
            return f"{count}, from {of}" if of else f"{count}: it has no document and no routes"
        return f"{self.kind}: {self.why}" if self.why else self.kind


def package_of(project: Project, path: Path) -> tuple[Project, str]:
    """The project with the folder `path` as its only package of snippets, and the entry to configure.

    The entry is empty if the folder belongs to a configured package. Raises `ConfigError`.
    """
    path = path.resolve()
    if not path.is_dir():
        raise ConfigError(f"{path} is not a folder: give the folder of the example modules")
    for package, entry in zip(project.packages, project.config.snippets, strict=True):
        if path.is_relative_to(package.folder):
            only = structs.replace(project.config, snippets=(entry,))
            return Project(project.root, only), ""
    if not path.is_relative_to(project.root):
        raise ConfigError(
            f"{path} is outside of the project {project.root}: copy it into the project, for example to"
            f" {project.root / path.name}, and import that"
        )
    entry = path.relative_to(project.root).as_posix()
    found = Project(project.root, structs.replace(project.config, snippets=(entry,)))
    _ = found.packages  # raises if its name is not importable
    return found, entry


def adopt(project: Project, path: Path, names: Iterable[str] = ()) -> Iterator[Report]:
    """Write a `.http` file beside each module below `path` (or only those of `names`) that has an application.

    `project` has one package, which `path` is in (see `package_of`). Each module is imported in a process of its own.
    A `.http` file that is there is kept. The reports come in the order of the modules' names.
    """
    (package,) = project.packages
    files = modules(package, path)
    wanted = set(names)
    chosen = [name for name in files if not wanted or name in wanted]
    new = [name for name in chosen if not files[name].with_suffix(".http").exists()]
    endings = each(
        examine,
        project.dump(),
        new,
        timeout=TIMEOUT,
        preload=libraries([files[name] for name in new], package),
    )
    for name in chosen:
        requests = files[name].with_suffix(".http")
        if name not in new:
            yield Report(name, "kept", why=f"{requests.name} is there already")
            continue
        ending = next(endings)
        if ending.text is None:
            yield Report(name, "failed", why=ending.error)
            continue
        report = msgspec.json.decode(ending.text, type=Report)
        if report.kind == "written":
            with (
                suppress(FileExistsError),
                requests.open("x", encoding="utf-8", newline="\n") as file,
            ):
                file.write(report.http)
        yield report


def modules(package: Package, path: Path) -> dict[str, Path]:
    """The modules below `path`, by their names in the package. Those of other names cannot be imported."""
    found: dict[str, Path] = {}
    for file in sorted(path.resolve().rglob("*.py")):
        parts = file.relative_to(package.folder).with_suffix("").parts
        if all(part.isidentifier() for part in parts) and parts[-1] not in {"__init__", "__main__"}:
            found[".".join(parts)] = file
    return dict(sorted(found.items()))


def libraries(files: Iterable[Path], package: Package) -> list[str]:
    """What the modules import at their top level, apart from one another."""
    found: Counter[str] = Counter()
    for file in files:
        with suppress(OSError, ValueError, SyntaxError):
            found.update(imported(ast.parse(file.read_bytes()).body))
    own = package.name.partition(".")[0]
    # What few modules need, each can import for itself.
    return sorted(n for n, count in found.items() if count >= 5 and n.partition(".")[0] != own)


def examine(dumped: str, name: str) -> str:
    """The `Report` of one module as JSON. To be called in a process of its own."""
    logging.disable()
    project = Project.load(dumped)
    project.enter()
    return msgspec.json.encode(asyncio.run(_examine(project, name))).decode()


async def _examine(project: Project, name: str) -> Report:
    (package,) = project.packages
    names = project.catalogue().app
    stage = Stage(f"{package.name}.{name}", names=names)
    try:
        found = await ask(await stage.app())
    except StageError as error:
        return _refused(name, error)
    finally:
        await stage.aclose()
    if not found.requests:
        return Report(name, "no route", why="none of its application's routes is for HTTP requests")
    text = write(found.requests)
    try:
        http_file.parse(text, package.folder)
    except http_file.HTTPFileError as error:
        return Report(
            name, "failed", why=f"its requests cannot be written as a .http file: {error}"
        )
    return Report(name, "written", len(found.requests), found.source, http=text)


def _refused(name: str, error: StageError) -> Report:
    cause: BaseException | None = error.__cause__
    message = str(error).splitlines()[0]
    if isinstance(cause, ModuleNotFoundError) and (missing := cause.name):
        library = missing.partition(".")[0]
        if importlib.util.find_spec(library) is None:
            return Report(name, "not installed", why=library)
    if error.phase == "startup":
        return Report(name, "not started", why=message)
    return Report(name, "no application" if cause is None else "failed", why=message)


def configuration(project: Project, entry: str) -> str:
    """What to write into the project's configuration, so that the folder is a package of snippets."""
    entries = [*project.config.snippets, entry] if _has_table(project) else [entry]
    listed = ", ".join(f'"{each}"' for each in entries)
    return (
        f"Add to {FILE}, so that they are snippets:\n\n    [{TABLE}]\n    snippets = [{listed}]\n"
    )


def _has_table(project: Project) -> bool:
    return any(package.folder.is_dir() for package in project.packages)
