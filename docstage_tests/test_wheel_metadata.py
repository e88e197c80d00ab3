"""What the lock of the browser's packages says of a wheel."""

from pathlib import Path
from zipfile import ZipFile

from docstage.bundle.engine import Manifest
from docstage.bundle.wheel_metadata import read_wheel

MANIFEST = Manifest("", "314.0.7", {"python": "3.14.2", "abi_version": "2026_0"})

METADATA = """\
Metadata-Version: 2.4
Name: My_Lib
Version: 1.2
Requires-Dist: Typing.Extensions>=4
Requires-Dist: tzdata; sys_platform == "emscripten" or sys_platform == "win32"
Requires-Dist: uvloop; sys_platform != "emscripten"
Requires-Dist: exceptiongroup; python_version < "3.11"
Requires-Dist: pytest; extra == "test"
"""


def wheel(folder: Path, *names: str) -> Path:
    path = folder / "my_lib-1.2-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        archive.writestr("my_lib-1.2.dist-info/METADATA", METADATA)
        for name in names:
            archive.writestr(name, "")
    return path


def test_it_needs_what_its_markers_ask_for_in_the_browser(tmp_path: Path) -> None:
    entry = read_wheel(wheel(tmp_path), "at/my_lib.whl", MANIFEST)
    assert (entry.name, entry.version, entry.file_name) == ("my-lib", "1.2", "at/my_lib.whl")
    assert entry.depends == ("typing-extensions", "tzdata")


def test_it_is_imported_by_its_packages_modules_and_extension_modules(tmp_path: Path) -> None:
    names = ["my_lib/a.py", "one.py", "_fast.cpython-314-wasm32.so", "namespace/deep/b.py"]
    data = ["my_lib-1.2.data/scripts/c.py", "docs/readme.txt", "my_lib/__pycache__/a.pyc"]
    entry = read_wheel(wheel(tmp_path, *names, *data), "", MANIFEST)
    assert entry.imports == ("_fast", "my_lib", "namespace", "one")
