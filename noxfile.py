# /// script
# dependencies = ["nox[uv]"]
# ///
"""Every chore of this project. `python3 noxfile.py -s serve` and the like need nothing but Python and pip.

`python3 noxfile.py -l` lists the sessions. With nox installed, `nox -s serve` is the same; with uv, so is
`uv run noxfile.py -s serve`.
"""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / "build" / "nox"

try:
    import nox
except ModuleNotFoundError:
    # A folder of its own, because a system's Python may not be installed into (PEP 668) and may lack venv.
    sys.path.insert(0, str(TOOLS))
    if not (TOOLS / "nox").is_dir():
        print("Installing nox and uv into build/nox …", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip += ["--root-user-action=ignore", "--target", str(TOOLS), "--require-hashes"]
        if subprocess.run(
            [*pip, "-r", str(ROOT / "requirements" / "nox.txt")], check=False
        ).returncode:
            shutil.rmtree(TOOLS, ignore_errors=True)  # or half of it would pass for all of it
            sys.exit(
                "nox and uv could not be installed: is the package index within reach, and is this folder writable?"
                " The first run in a checkout needs both."
            )
        importlib.invalidate_caches()
    # Sessions that run side by side are processes of their own, which import nox from there, too.
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(TOOLS), os.environ.get("PYTHONPATH")))
    )
    import nox

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]

PYTHON = "3.13"
UNIT = ["tests/unit", "--numprocesses=2"]
# Some containers turn this cache off, and then every process compiles all that it imports.
COMPILED_ONCE = {"PYTHONDONTWRITEBYTECODE": ""}
COVERED = ["--cov=jero", "--cov-report=term-missing:skip-covered"]
# Each worker has a browser of its own, and takes one file after the other.
WORKERS = ["--numprocesses=2", "--dist=loadfile"]
PYTHON_CODE = [
    "jero",
    "benchmarks",
    "demo_app",
    "demo_app_tests",
    "demo_tools",
    "docstage",
    "docstage_tests",
    "foreign",
    "overrides",
    "snippets",
    "tests",
    "site_tests",
    "viewer",
    "noxfile.py",
]


@nox.session(python=PYTHON)
def serve(session: nox.Session) -> None:
    """Build the site and serve it, with the snippets running on the server; -- --port 8001 for another port."""
    _install(session)
    session.run("docstage", "serve", *session.posargs)


@nox.session(python=PYTHON, allow_parallel=True)
def unit(session: nox.Session) -> None:
    """Run the tests of jero that need neither a server nor a browser; -- ARGUMENTS go to pytest, here and below."""
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/unit.txt")
    # Coverage by Python's own monitoring, which costs next to nothing.
    environment = {"COVERAGE_CORE": "sysmon", **COMPILED_ONCE}
    session.run("python", "-m", "pytest", *(session.posargs or [*UNIT, *COVERED]), env=environment)


@nox.session(python=PYTHON, allow_parallel=True)
def package(session: nox.Session) -> None:
    """Build the sdist, the wheel from it, and run the sdist's unit tests on the wheel with the oldest msgspec."""
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/unit.txt")
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "dist", ignore_errors=True)
    build = ["uv", "build", "--quiet", "--out-dir", str(folder / "dist"), str(ROOT)]
    session.run(*build, external=True)
    (sdist,) = (folder / "dist").glob("jero-*.tar.gz")
    (wheel,) = (folder / "dist").glob("jero-*.whl")
    shutil.rmtree(folder / "sources", ignore_errors=True)
    shutil.unpack_archive(sdist, folder / "sources", filter="data")
    (sources,) = (folder / "sources").iterdir()
    shutil.rmtree(sources / "jero")  # what is tested is what is installed
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/lowest.txt")
    session.install("--quiet", "--no-deps", "--reinstall-package", "jero", str(wheel))
    with session.chdir(sources):
        session.run("python", "-m", "pytest", *(session.posargs or UNIT), env=COMPILED_ONCE)


@nox.session(python=PYTHON, allow_parallel=True)
def servers(session: nox.Session) -> None:
    """Run the tests of jero that need real servers, proxies, databases, a browser or type checkers."""
    _install(session)
    chromium = _find_chromium(session)
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        _try_debian(session, "postgresql")
    arguments = session.posargs or ["tests/servers", "tests/typing", "tests/packaging"]
    session.run("python", "-m", "pytest", *arguments, env={"CHROMIUM": chromium})


@nox.session(python=PYTHON, allow_parallel=True)
def site(session: nox.Session) -> None:
    """Build the site and run the tests of snippets and pages, in a browser, too."""
    _install(session)
    chromium = _find_chromium(session)
    _build_site(session)
    arguments = session.posargs or ["docstage_tests", "site_tests", *WORKERS]
    session.run("python", "-m", "pytest", *arguments, env={"CHROMIUM": chromium})


@nox.session(python=PYTHON, allow_parallel=True)
def demo(session: nox.Session) -> None:
    """Run the tests of demo_app."""
    _install(session)
    chromium = _find_chromium(session)
    arguments = session.posargs or ["demo_app_tests"]
    session.run("python", "-m", "pytest", *arguments, env={"CHROMIUM": chromium})


@nox.session(python=PYTHON, allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style and types, of Python and of TypeScript."""
    _install(session)
    session.run("ruff", "check", *PYTHON_CODE)
    session.run("ruff", "format", "--check", *PYTHON_CODE)
    session.run("pyright", "--pythonpath", _python(session))
    session.run("mypy", "--strict", "jero")
    # As users' checkers see it: installed.
    session.install("--quiet", "--no-deps", "--reinstall-package", "jero", ".")
    session.run("pyright", "--verifytypes", "jero", "--ignoreexternal")
    session.run("docstage", "bundle", "--check-types")


@nox.session(venv_backend="none", requires=["site", "lint", "servers", "demo", "unit", "package"])
def tests(session: nox.Session) -> None:
    """Run all of these: unit, package, servers, site, demo and lint. With `-j 2`, two at a time."""
    session.log("All of them have passed.")


@nox.session(python=PYTHON)
def docs(session: nox.Session) -> None:
    """Build the site into site/, for any static host."""
    _install(session)
    _build_site(session)


@nox.session(python=PYTHON)
def record(session: nox.Session) -> None:
    """Write the transcripts of the snippets anew; -- NAMES for some of them."""
    _install(session)
    session.run("docstage", "record", *session.posargs)


@nox.session(python=PYTHON)
def cluster(session: nox.Session) -> None:
    """Run demo_app as a cluster on this machine: Redis, two workers, nginx; `python -m demo_app` runs one process."""
    _install(session)
    for program, package in (("redis-server", "redis-server"), ("nginx", "nginx-light")):
        if not shutil.which(program):
            otherwise = f"The cluster needs {program}: install it."
            _install_from_debian(session, package, otherwise)
    session.run("python", "-m", "demo_tools.cluster", *session.posargs)


@nox.session(python=PYTHON)
def bench(session: nox.Session) -> None:
    """Measure jero beside its peers, for the docs; -- --quick to see that it works, -- --help for more."""
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/bench.txt")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=PYTHON)
def foreign(session: nox.Session) -> None:
    """Run the example modules of FastAPI, Starlette and Litestar, and count what works; -- fastapi for one of them."""
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/foreign.txt")
    session.install("--quiet", "--no-deps", "--no-build-isolation", "--editable", "./docstage")
    session.run("python", "-m", "foreign", *session.posargs)


@nox.session(python=PYTHON)
def pictures(session: nox.Session) -> None:
    """Take the README's pictures anew."""
    _install(session)
    chromium = _find_chromium(session)
    _build_site(session)
    session.run("python", "-m", "site_tests.take_pictures", env={"CHROMIUM": chromium})


@nox.session(python=PYTHON)
def zensical(session: nox.Session) -> None:
    """Build the site with Zensical, and run the tests of pages, search and copies on it."""
    _install(session)
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/zensical.txt")
    chromium = _find_chromium(session)
    names = ("generators", "llms", "proof_marks", "search")
    arguments = session.posargs or [f"site_tests/test_{name}.py" for name in names]
    environment = {"CHROMIUM": chromium, "SITE_GENERATOR": "zensical"}
    session.run("python", "-m", "pytest", *arguments, env=environment)


@nox.session(python=PYTHON)
def lock(session: nox.Session) -> None:
    """Lock the newest versions of everything the sessions install; -- --upgrade-package NAME for one."""
    compile_ = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
    ]
    compile_ += ["--python-version", PYTHON, "--custom-compile-command", "nox -s lock"]
    upgrade = session.posargs or ["--upgrade"]
    groups = [f"--group={group}" for group in ("docs", "tests", "lint", "demo")]
    session.run(*compile_, *upgrade, *groups, "-o", "requirements/dev.txt", external=True)
    # What the other lanes have is what it has, too.
    same = ["--constraint", "requirements/dev.txt", "--group=unit"]
    session.run(*compile_, *upgrade, *same, "-o", "requirements/unit.txt", external=True)
    same = ["--constraint", "requirements/dev.txt", "--group=zensical"]
    session.run(*compile_, *upgrade, *same, "-o", "requirements/zensical.txt", external=True)
    session.run(
        *compile_, *upgrade, "--group", "bench", "-o", "requirements/bench.txt", external=True
    )
    same = ["--constraint", "requirements/dev.txt", "--group=foreign"]
    session.run(*compile_, *upgrade, *same, "-o", "requirements/foreign.txt", external=True)
    lowest = ["--resolution", "lowest-direct", "pyproject.toml"]
    session.run(*compile_, *lowest, "-o", "requirements/lowest.txt", external=True)
    session.run(*compile_, *upgrade, "--group", "nox", "-o", "requirements/nox.txt", external=True)


def _install(session: nox.Session) -> None:
    session.install("--quiet", "--require-hashes", "--requirement", "requirements/dev.txt")
    # Fetches the viewer of OpenAPI documents, once a checkout.
    own = ("--editable", "./viewer", "--editable", "./docstage")
    session.install("--quiet", "--no-deps", "--no-build-isolation", *own)


def _build_site(session: nox.Session) -> None:
    session.run("docstage", "build")


def _python(session: nox.Session) -> str:
    return str(Path(session.bin) / "python")


def _find_chromium(session: nox.Session) -> str:
    """The path of a Chromium: the system's, or Playwright's, or Debian's, whichever can be had first."""
    return (
        os.environ.get("CHROMIUM")
        or _on_path()
        or _from_playwright(session)
        or _from_debian(session)
    )


def _on_path() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def _from_playwright(session: nox.Session) -> str | None:
    session.log("There is no Chromium: asking Playwright for its own …")
    session.run("playwright", "install", "chromium", success_codes=range(256))
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as b: print(b.chromium.executable_path)"
    path = str(session.run("python", "-c", code, silent=True)).strip()
    # Downloaded is not enough: it must find its libraries, too.
    if Path(path).exists() and subprocess.run([path, "--version"], check=False).returncode == 0:
        return path
    return None


def _from_debian(session: nox.Session) -> str:
    otherwise = "Chromium is needed to test the pages: install it, or set CHROMIUM to its path."
    _install_from_debian(session, "chromium", otherwise)
    return _on_path() or session.error(otherwise)


def _install_from_debian(session: nox.Session, package: str, otherwise: str) -> None:
    """Install a package where that is possible; else end the session with what to do `otherwise`."""
    if not _try_debian(session, package):
        session.error(otherwise)


def _try_debian(session: nox.Session, package: str) -> bool:
    """Install a package where that is possible. Whether it was."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    session.log(f"There is no {package}: installing Debian's …")
    session.run("apt-get", "update", "--quiet", "--quiet", external=True)
    session.run("apt-get", "install", "--quiet", "--quiet", "--yes", package, external=True)
    return True


if __name__ == "__main__":
    nox.main()
