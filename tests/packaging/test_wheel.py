"""How the viewer comes into a checkout, and from there into the wheel."""

import gzip
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import hatch_build

VIEWER = "jero/openapi/viewer.js.gz"
LICENCES = "THIRD-PARTY-LICENSES.txt"


def names_in(wheel: str | Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout without the viewer; where it would be."""
    target = tmp_path / VIEWER
    target.parent.mkdir(parents=True)
    monkeypatch.setattr(hatch_build, "ROOT", tmp_path)
    return target


def test_the_wheel_holds_the_viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HATCH_BUILD_NO_HOOKS", raising=False)
    (wheel,) = WheelBuilder(str(hatch_build.ROOT)).build(directory=str(tmp_path))
    assert VIEWER in names_in(wheel)


def test_the_wheel_holds_the_licence_of_everything_that_the_viewer_bundles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HATCH_BUILD_NO_HOOKS", raising=False)
    (wheel,) = WheelBuilder(str(hatch_build.ROOT)).build(directory=str(tmp_path))
    (path,) = (name for name in names_in(wheel) if name.endswith("licenses/" + LICENCES))
    with zipfile.ZipFile(wheel) as archive:
        title, *works = archive.read(path).decode().split(f"\n{'=' * 80}\n")
    assert hatch_build.PACKAGE in title  # else: `python hatch_build.py --licences`
    of_vue = next(work for work in works if "\nvue 3." in work)
    assert "Permission is hereby granted, free of charge" in of_vue
    assert all(len(work.split("\n\n", 1)[1]) > 400 for work in works)


def test_what_is_fetched_is_the_script_below_its_notice(empty: Path) -> None:
    hatch_build.ensure_viewer()
    notice, _, script = gzip.decompress(empty.read_bytes()).partition(b"\n")
    assert b"MIT License" in notice
    assert b"createApiReference" in script


def test_a_viewer_of_another_version_is_replaced(empty: Path) -> None:
    empty.write_bytes(gzip.compress(b"/*! an older one */\n"))
    hatch_build.ensure_viewer()
    assert gzip.decompress(empty.read_bytes()).startswith(hatch_build.NOTICE.encode())


def test_a_package_with_another_hash_is_refused(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hatch_build, "INTEGRITY", "another")
    with pytest.raises(RuntimeError, match="is not what was locked: sha512-XpEJ0rfc"):
        hatch_build.ensure_viewer()
    assert not empty.exists()
