"""All that a page needs to run snippets in the reader's browser, as files for any static host.

A bundle is made in steps (see `steps.py`). Files that may change between two builds have their hash in their address.
The addresses are found in `pyodide-lock.json`, which is never cached.
"""

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from docstage.bundle.compile import compile_archives, compiler
from docstage.bundle.engine import Engine, installed_engine
from docstage.bundle.licences import (
    LicenceMissingError,
    collected,
    of_distribution,
    of_wheel,
)
from docstage.bundle.lock import write_lock
from docstage.bundle.steps import ENGINE, BundleError, Steps, console, digest, files_in
from docstage.bundle.wheels import (
    build_wheel,
    download,
    pack,
    pack_installed,
    pack_sources,
    source_files,
)
from docstage.pages import wheels
from docstage.pages.descriptions import write_in_a_process
from docstage.snippet.project import FILE, Project

__all__ = ["BundleError", "bundle"]

_BUILD_FILES: Final = {".py", ".toml", ".md", ".txt"}
"""What a wheel is made of, as far as a step should notice."""

_THEMES: Final = ("mkdocs-material", "zensical")
"""Distributions whose files a site has a copy of."""


def bundle(project: Project, out: Path | None = None) -> None:
    """Make `out` (default: the project's) the folder of the live block's assets, and delete what does not belong there.

    One process at a time does; another waits. Raises `BundleError`.
    """
    engine = installed_engine()
    steps = Steps(project.cache / "live", project.root)
    with steps.alone():
        files = _Bundle(project, engine, steps).files()
        target = out or project.assets
        _place({target / name: source for name, source in files.items()}, target)


class _Bundle:
    """The files of one project, by their addresses below the folder of assets."""

    def __init__(self, project: Project, engine: Engine, steps: Steps) -> None:
        self._project = project
        self._engine = engine
        self._steps = steps
        self._compiler = compiler(engine)

    def files(self) -> dict[str, Path]:
        project, engine, made = self._project, self._engine, self._steps.made
        others = self._others()
        own = [*files_in(self._sources()), *files_in(self._snippets())]
        files = {path.name: path for path in engine.scripts}
        core = f"pyodide-{engine.manifest.pyodide}"
        for path in (engine.wasm, engine.stdlib, *others, *own):
            files[f"{core}/{digest([path])}/{path.name}"] = path
        built = [path for folder in project.config.wheels for path in files_in(self._wheel(folder))]
        # The first is the project's own, which goes into what a reader downloads.
        downloads = {f"download/{digest([path])}/{path.name}": path for path in built[:1]}
        wheel = next(iter(downloads), None)
        lock = made(
            "lock",
            "Locking",
            [*files.values(), *downloads.values()],
            lambda folder: write_lock(folder, project, engine, files, wheel),
            project.config,
        )
        licences = made(
            "licences", "Collecting licences", [*others, engine.folder / "licences.json"],
            lambda folder: self._write_licences(folder, others),
        )  # fmt: skip
        files |= downloads
        files |= {f"{wheels.FOLDER}/{path.name}": path for path in built}
        for folder in (licences, lock):
            files |= {path.name: path for path in files_in(folder)}
        files |= {f"descriptions/{path.name}": path for path in files_in(self._descriptions())}
        return files

    def _others(self) -> list[Path]:
        """The wheels of others, compiled: those of the project take the place of the engine's own."""
        project, engine, browser = self._project, self._engine, self._project.config.browser
        fetched: list[Path] = []
        if browser.requirements:
            requirements = project.root / browser.requirements
            if not requirements.is_file():
                raise BundleError(
                    f"{project.root / FILE}: [tool.docstage.browser] requirements: there is no file {requirements}."
                )
            fetched += files_in(
                self._steps.made(
                    "wasm",
                    "Fetching WebAssembly wheels",
                    [requirements],
                    lambda folder: download(
                        requirements,
                        folder,
                        ".".join(map(str, engine.manifest.python)),
                        f"{engine.manifest.platform}_{engine.manifest.info['arch']}",
                    ),
                    engine.manifest,
                )
            )
        versions = {name: _version(name) for name in browser.python_only}
        packed = self._steps.made(
            "packed", "Packing installed packages", [], self._pack_installed, versions
        )
        given = [*fetched, *files_in(packed)]
        names = {path.name.partition("-")[0] for path in given}
        ours = [path for path in engine.wheels if path.name.partition("-")[0] not in names]
        return [*files_in(self._compiled("packages", "packages", given)), *ours]

    def _pack_installed(self, folder: Path) -> None:
        for name in self._project.config.browser.python_only:
            pack_installed(name, folder)

    def _sources(self) -> Path:
        """The runner and the project's own packages, compiled."""
        project = self._project
        runner = [ENGINE / "__init__.py", *files_in(ENGINE / "run", "*.py")]
        sources = [path for source in project.sources for path in source_files(source)]

        def make(folder: Path) -> None:
            with TemporaryDirectory() as temporary:
                plain = Path(temporary)
                pack(plain, "docstage", runner, ENGINE.parent)
                if sources:
                    pack_sources(project, plain)
                compile_archives(files_in(plain), folder, self._engine)

        inputs = [*runner, *sources, *filter(Path.is_file, [project.root / FILE])]
        title = f"Compiling {project.name} to bytecode"
        return self._steps.made("libraries", title, inputs, make, self._compiler)

    def _compiled(self, step: str, what: str, archives: list[Path]) -> Path:
        return self._steps.made(
            step,
            f"Compiling {what} to bytecode",
            archives,
            lambda folder: compile_archives(archives, folder, self._engine),
            self._compiler,
        )

    def _snippets(self) -> Path:
        # No bytecode here: one snippet compiles faster than the reader sees, and an edit need not wait.
        def make(folder: Path) -> None:
            for package in self._project.packages:
                pack(folder, package.name, package.files(), package.root)

        files = self._project.catalogue().files()
        names = [package.name for package in self._project.packages]
        return self._steps.made("snippets", "Packing the snippets", files, make, names)

    def _descriptions(self) -> Path:
        catalogue = self._project.catalogue()
        inputs = [*catalogue.files(), *catalogue.request_files(), *files_in(ENGINE, "**/*.py")]
        inputs += [path for source in self._project.sources for path in source_files(source)]

        def make(folder: Path) -> None:
            for ended in write_in_a_process(folder, self._project):
                console.print(ended, markup=False)

        title = "Asking the snippets for their descriptions"
        return self._steps.made("descriptions", title, inputs, make, self._project.config)

    def _wheel(self, name: str) -> Path:
        project = self._project.root / name
        own = {self._project.root / source for source in self._project.config.sources}
        folders = own if project.resolve() == self._project.root else {project}
        inputs = [
            path
            for folder in sorted(folders)
            for path in source_files(folder)
            if path.suffix in _BUILD_FILES
        ]
        inputs += [path for path in files_in(project, "*.*") if path.suffix in _BUILD_FILES]
        step = "wheel-of-" + (name.strip("./").replace("/", "-") or "project")
        return self._steps.made(
            step,
            f"Building the wheel of {name}",
            inputs,
            lambda folder: build_wheel(project, folder),
        )

    def _write_licences(self, folder: Path, wheels: list[Path]) -> None:
        browser = self._project.config.browser
        packed = {name.lower() for name in browser.python_only}
        found = self._engine.licences()
        found |= dict(
            of_wheel(wheel) for wheel in wheels if wheel.name.partition("-")[0] not in packed
        )
        for name in (*browser.python_only, *filter(_version, _THEMES)):
            found[name] = of_distribution(name)
        try:
            text = collected(found)
        except LicenceMissingError as error:
            raise BundleError(str(error)) from None
        (folder / "licences.txt").write_text(text, "utf-8")


def _version(name: str) -> str:
    """Of an installed distribution; empty if it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _place(files: dict[Path, Path], out: Path) -> None:
    """Copy what differs, and delete what is not of the bundle."""
    for target, source in files.items():
        if not target.exists() or _stamp(target) != _stamp(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in files_in(out):
        if path not in files:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
