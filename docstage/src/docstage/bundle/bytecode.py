"""Compiles Python archives to bytecode, inside the very interpreter that will run them.

`compile.py` runs this file in a Python of that version, with a folder as its argument, or `compile.mjs` does in Pyodide
under Node, with the folder mounted at `/work`: bytecode is good for one minor version of CPython only. It is never
checked against its source, since the two are made and replaced together.
"""

import base64
import compileall
import hashlib
import sys
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MAJOR, MINOR, *_ = sys.version_info

# fmt: off
USELESS_IN_A_BROWSER: Final = {
    # Processes, terminals and Windows.
    "ctypes", "multiprocessing", "nturl2path", "pty", "pydoc", "tty",
    "webbrowser", "zipapp",
    # Protocols over sockets of their own.
    "ftplib", "imaplib", "mailbox", "poplib", "smtplib", "xmlrpc",
    # Profilers and test runners. Litestar cannot be imported without `pdb`.
    "cProfile", "doctest", "modulefinder", "profile", "pstats", "pyclbr", "tabnanny",
    "trace", "unittest",
    # What is there for fun, or no longer.
    "antigravity", "site-packages", "sre_compile", "sre_constants", "sre_parse", "this", "turtle",
    "wave",
}
# fmt: on
"""Top-level names that the standard library can do without. Pyodide's loader needs `tarfile`."""


def compile_stdlib(source: Path, target: Path) -> None:
    """Put bytecode in the place of sources, as `zipimport` reads it, without their docstrings."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        with ZipFile(source) as archive:
            archive.extractall(
                root,
                [
                    name
                    for name in archive.namelist()
                    if name.partition("/")[0].removesuffix(".py") not in USELESS_IN_A_BROWSER
                ],
            )
        for path in root.iterdir():
            # Pyodide reads docstrings of its own.
            keeps_docstrings = path.name in {"_pyodide", "pyodide"}
            _compile(
                path, root, f"/lib/python{MAJOR}{MINOR}.zip", optimize=0 if keeps_docstrings else 2
            )
        for path in root.rglob("*.py"):
            path.unlink()
        _write(root, target)


def compile_wheel(source: Path, target: Path) -> None:
    """Put bytecode beside sources, so that a traceback still shows them."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        with ZipFile(source) as archive:
            archive.extractall(root)
        _compile(root, root, f"/lib/python{MAJOR}.{MINOR}/site-packages", optimize=-1)
        (record,) = root.glob("*.dist-info/RECORD")
        record.write_text("".join(_record(path, root, record) for path in _files(root)))
        _write(root, target)


def _compile(path: Path, root: Path, installed: str, *, optimize: int) -> None:
    is_stdlib = installed.endswith(".zip")
    compiled = (compileall.compile_file if path.is_file() else compileall.compile_dir)(
        path,
        quiet=1,
        force=True,
        legacy=is_stdlib,
        optimize=optimize,
        stripdir=str(root),
        prependdir=installed,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        sys.exit(f"{path.name} does not compile: see above.")


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def _record(path: Path, root: Path, record: Path) -> str:
    name = path.relative_to(root).as_posix()
    if path == record:
        return f"{name},,\n"
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def _write(root: Path, target: Path) -> None:
    """Deflate, for many a host sends archives as they are; leave out dates, so as to repeat."""
    with ZipFile(target, "w", compresslevel=9) as archive:
        for path in _files(root):
            info = ZipInfo(path.relative_to(root).as_posix())
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, path.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    WORK = Path(sys.argv[1] if len(sys.argv) > 1 else "/work")
    for wheel in (WORK / "in").glob("*.whl"):
        compile_wheel(wheel, WORK / "out" / wheel.name)
    for stdlib in (WORK / "in").glob("*.zip"):
        compile_stdlib(stdlib, WORK / "out" / stdlib.name)
