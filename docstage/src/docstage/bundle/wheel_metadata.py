"""What a wheel says of itself, as Pyodide's lock has it: what it is called, what it needs, what it is imported as."""

import hashlib
import re
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from msgspec import Struct
from packaging.requirements import Requirement

from docstage.bundle.engine import Manifest


class PackageEntry(Struct, frozen=True, kw_only=True):
    """An entry of `pyodide-lock.json`. `file_name` is its address, `depends` and `imports` are sorted."""

    name: str
    version: str
    file_name: str
    sha256: str
    imports: tuple[str, ...]
    depends: tuple[str, ...]
    install_dir: str = "site"
    package_type: str = "package"
    unvendored_tests: bool = False


def read_wheel(path: Path, address: str, manifest: Manifest) -> PackageEntry:
    """The entry of the wheel, for the Python of `manifest`."""
    with ZipFile(path) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        about = BytesParser().parsebytes(archive.read(metadata), headersonly=True)
    environment = _environment(manifest)
    required = [Requirement(str(each)) for each in about.get_all("Requires-Dist") or []]
    needed = {
        normal(each.name)
        for each in required
        if each.marker is None or each.marker.evaluate(environment)
    }
    return PackageEntry(
        name=normal(str(about["Name"])),
        version=str(about["Version"]),
        file_name=address,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        imports=tuple(sorted(_imports(names))),
        depends=tuple(sorted(needed)),
    )


def normal(name: str) -> str:
    """The name as indexes and locks have it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _imports(names: list[str]) -> set[str]:
    """The top-level modules and packages of a wheel with these files."""
    found: set[str] = set()
    for path in map(PurePosixPath, names):
        top = path.parts[0]
        if path.suffix in {".py", ".so"} and not top.endswith((".dist-info", ".data")):
            found.add(top.partition(".")[0])
    return {name for name in found if name.isidentifier()}


def _environment(manifest: Manifest) -> dict[str, str]:
    """What environment markers compare with (PEP 508)."""
    python = manifest.info["python"]
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": "wasm32",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Emscripten",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(map(str, manifest.python)),
        "sys_platform": "emscripten",
    }
