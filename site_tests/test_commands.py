"""`docstage record` and `check`."""

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from docstage.snippet.project import Config, Project

from docstage import __main__ as commands
from jero.testing import clock

type Command = Callable[..., int]

APP = "from starlette.applications import Starlette\n\napp = Starlette()\n"
REQUEST = "GET http://127.0.0.1:8000/\n"


@pytest.fixture
def snippets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """The folder of a package with the snippets `a`, `b` and `c`."""
    package = tmp_path / f"commanded_{tmp_path.name}"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in "abc":
        (package / f"{name}.py").write_text(APP)
        (package / f"{name}.http").write_text(REQUEST)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    project = Project(tmp_path, Config(snippets=(package.name,)))
    monkeypatch.setattr(Project, "find", lambda: project)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["docstage", *arguments])
        return commands.main()

    return call


@pytest.mark.parametrize(
    "broken",
    [
        (b"GET http://[\n", "b.http: line 1: 'http://[' is not a URL"),
        (b"GET /caf\xe9\n", "b.http: 'utf-8' codec can't decode"),
    ],
)
def test_a_broken_request_file_is_named_and_the_other_snippets_are_not_held_up(
    snippets: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    broken: tuple[bytes, str],
) -> None:
    content, what = broken
    assert command("record") == 0
    (snippets / "b.http").write_bytes(content)
    for name in ("record", "check"):
        capsys.readouterr()
        assert command(name) == 1
        first, second, why, third = capsys.readouterr().out.splitlines()
        assert (first.split()[0], second, third.split()[0]) == ("a", "b  BROKEN", "c")
        assert why.startswith(f"{snippets.name}/{what}")


def test_a_broken_transcript_is_recorded_again(snippets: Path, command: Command) -> None:
    (snippets / "b.transcript").write_text("<<<<<<< HEAD\n")
    assert command("check", "b") == 1
    assert command("record", "b") == 0
    assert command("check", "b") == 0


def test_an_unknown_snippet_is_named_and_the_others_are_recorded(
    snippets: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("record", "absent", "c") == 1
    assert "no snippet is named 'absent'" in capsys.readouterr().out
    assert (snippets / "c.transcript").is_file()


def test_a_snippet_that_ends_its_process_is_named_and_the_others_are_recorded(
    snippets: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    (snippets / "b.py").write_text("import os\n\nos._exit(3)\n")
    assert command("record") == 1
    assert "b  BROKEN\nIt ended its process with status 3.\nc  recorded" in capsys.readouterr().out


THREADED = {
    "FastAPI": """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read():
    return "read"
""",
    "Litestar": """\
from litestar import Litestar, get


@get("/", sync_to_thread=True)
def read() -> str:
    return "read"


app = Litestar([read])
""",
}


@pytest.mark.parametrize("source", THREADED.values(), ids=THREADED)
def test_functions_that_run_in_threads_are_recorded_like_others(
    snippets: Path, command: Command, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    # However long a busy machine takes to start a thread, it is nothing beside a minute.
    monkeypatch.setattr(clock, "TICK", 60.0)
    (snippets / "a.py").write_text(source)
    assert command("record", "a") == 0
    transcript = (snippets / "a.transcript").read_text()
    assert "read" in transcript
    assert transcript.endswith("0.000  end        complete\n")
    assert command("check", "a") == 0
