"""Each snippet is recorded in an interpreter of its own."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from docstage.snippet.fresh import Outcome, each
from docstage.snippet.project import Config, Project

TASK = "docstage.snippet.recording:recorded"

SHARED = """
import string

string.tables = getattr(string, "tables", 0) + 1
seen = string.tables


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(seen).encode()})
"""

type Record = Callable[..., list[Outcome]]


@pytest.fixture
def recorded(tmp_path: Path) -> Record:
    def record(timeout: float = 60, **sources: str) -> list[Outcome]:
        folder = tmp_path / "examples"
        folder.mkdir()
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source)
            (folder / f"{name}.http").write_text("GET http://127.0.0.1:8000/\n")
        project = Project(tmp_path, Config(snippets=("examples",)))
        return list(each(project, TASK, project.catalogue().names(), timeout))

    return record


def test_a_snippet_does_not_see_what_another_one_did_to_its_interpreter(recorded: Record) -> None:
    outcomes = recorded(first=SHARED, second=SHARED, third=SHARED)
    assert [outcome.name for outcome in outcomes] == ["first", "second", "third"]
    assert all("chunk      1\n" in (outcome.text or "") for outcome in outcomes)


def test_a_snippet_that_never_ends_is_killed_and_the_others_are_recorded(recorded: Record) -> None:
    endless, shared = recorded(timeout=3, endless="while True: pass\n", shared=SHARED)
    assert endless.error == "It had not ended after 3 s, and was killed."
    assert shared.text


def test_a_snippet_that_ends_its_process_says_how(recorded: Record) -> None:
    killed, left = recorded(
        killed="import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)\n",
        left="import os\n\nos._exit(3)\n",
    )
    assert killed.error == "It ended its process by SIGKILL."
    assert left.error == "It ended its process with status 3."


def test_an_unknown_snippet_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path, Config(snippets=("examples",)))
    (outcome,) = each(project, TASK, ["absent"])
    assert "no snippet is named 'absent'" in outcome.error


def test_what_cannot_be_started_is_an_error_and_no_endless_wait(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    project = Project(tmp_path, Config(snippets=("examples",)))
    with pytest.raises(subprocess.CalledProcessError):
        list(each(project, "docstage.snippet.recording:absent", ["one"]))
