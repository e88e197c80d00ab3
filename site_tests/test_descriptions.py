"""What snippets' applications say of themselves, as files that the request panel reads."""

import io
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from docstage.pages import descriptions
from docstage.pages.descriptions import write_descriptions, write_in_a_process
from docstage.snippet.project import Config, Project
from fastapi import FastAPI
from litestar import Litestar, get
from starlette.applications import Starlette

from jero.__main__ import main
from site_tests.project import PROJECT
from snippets import describe

type Write = Callable[..., dict[str, object]]

DESCRIBE = "def describe(app):\n    return app.document\n"

APP = """
class App:
    document = b'{"openapi": "3.2.0"}'

    async def __call__(self, scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


app = App()
"""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The descriptions of this project's snippets, by their names."""
    folder = tmp_path_factory.mktemp("descriptions")
    write_in_a_process(folder, PROJECT)
    return read(folder)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Write]:
    """Writes a package of snippets, and then their descriptions, which it returns."""
    package = f"described_{tmp_path.name}"

    def write_them(init: str = DESCRIBE, **modules: str) -> dict[str, object]:
        root = tmp_path / package
        root.mkdir()
        (root / "__init__.py").write_text(init)
        for name, text in modules.items():
            (root / f"{name}.py").write_text(text)
            (root / f"{name}.http").write_text("### Ask\n\nGET http://127.0.0.1:8000/\n")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        folder = tmp_path / "out"
        folder.mkdir()
        project = Project(tmp_path, Config(snippets=(package,)))
        write_descriptions(folder, project, project.catalogue().names(), io.StringIO())
        return read(folder)

    yield write_them
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def read(folder: Path) -> dict[str, Any]:
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in folder.iterdir()}


def test_every_snippet_has_a_file(described: dict[str, Any]) -> None:
    assert described.keys() == set(PROJECT.catalogue().names())


def test_an_application_of_jero_is_described_whether_or_not_it_serves_its_document(
    described: dict[str, Any],
) -> None:
    assert list(described["start.first"]["paths"]["/cups"]) == ["get", "post"]
    assert list(described["openapi.document"]["paths"]) == ["/departures"]


async def list_cups() -> list[str]:
    return ["espresso"]


def test_an_application_of_fastapi_is_described_by_it() -> None:
    app = FastAPI()
    app.get("/cups")(list_cups)
    assert list(paths(app)["/cups"]) == ["get"]


def test_an_application_of_litestar_is_described_by_it() -> None:
    app = Litestar([get("/cups")(list_cups)], logging_config=None)
    assert list(paths(app)["/cups"]) == ["get"]


def test_an_application_of_starlette_has_no_description() -> None:
    assert describe(Starlette()) is None


def paths(app: object) -> dict[str, Any]:
    return msgspec.json.decode(describe(app) or b"null")["paths"]


def test_an_application_that_cannot_start_has_no_description(described: dict[str, Any]) -> None:
    assert described["start.wiring"] is None


def test_a_snippet_that_fails_is_null_and_the_others_are_described_all_the_same(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(descriptions, "TIMEOUT", 0.01)
    assert write(
        absent="x = 1\n",
        broken="raise SystemExit(3)\n",
        hanging="import asyncio\n\n\nasync def app(scope, receive, send):\n    await asyncio.Event().wait()\n",
        unlike="async def app(scope, receive, send):\n    raise RuntimeError\n",
        whole=APP,
    ) == {
        "absent": None,
        "broken": None,
        "hanging": None,
        "unlike": None,
        "whole": {"openapi": "3.2.0"},
    }


def test_a_package_that_does_not_say_how_has_no_descriptions(write: Write) -> None:
    assert write(init="", whole=APP) == {"whole": None}


def test_a_build_does_not_wait_for_ever(tmp_path: Path) -> None:
    write_in_a_process(tmp_path, PROJECT, timeout=0)
    assert set(read(tmp_path).values()) == {None}


@pytest.mark.parametrize(
    ("ending", "how"),
    [
        ("os._exit(3)", "with status 3"),
        ("os._exit(0)", "with status 0"),
        ("os.kill(os.getpid(), 9)", "by SIGKILL"),
    ],
)
def test_a_snippet_that_ends_its_process_is_named_and_the_others_are_described(
    tmp_path: Path, ending: str, how: str
) -> None:
    package = tmp_path / "examples"
    package.mkdir()
    modules = {"first": APP, "second": f"import os\n\nprint('begun')\n{ending}\n", "third": APP}
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)
        (package / f"{name}.http").write_text("GET http://127.0.0.1:8000/\n")
    (package / "__init__.py").write_text(DESCRIBE)
    folder = tmp_path / "out"
    folder.mkdir()
    ended = write_in_a_process(folder, Project(tmp_path, Config(snippets=("examples",))))
    assert ended == [f"second ended its process {how} while it was imported and started."]
    document = {"openapi": "3.2.0"}
    assert read(folder) == {"first": document, "second": None, "third": document}


def test_a_package_that_cannot_be_imported_fails_the_build(tmp_path: Path) -> None:
    package = tmp_path / "unimportable"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('no describe')\n")
    for suffix in (".py", ".http"):
        (package / f"one{suffix}").touch()
    with pytest.raises(subprocess.CalledProcessError):
        write_in_a_process(tmp_path, Project(tmp_path, Config(snippets=("unimportable",))))


def test_what_comes_of_an_example_is_the_document_that_jero_prints(
    described: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["openapi", "snippets.start.first:app"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out) == described["start.first"]
