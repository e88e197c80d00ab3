"""`docstage new`: what it makes is a snippet like any other, and it takes nothing away."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docstage.run.events import End
from docstage.snippet.catalogue import Catalogue, Package
from docstage.snippet.new import TEMPLATE, create
from docstage.snippet.recording import record
from docstage.snippet.transcript import dump

from tests.support.root import ROOT


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return Catalogue(Package(tmp_path, f"made_by_{tmp_path.name}"))


def test_a_new_snippet_does_what_its_transcript_says(catalogue: Catalogue) -> None:
    snippet = create("streaming.my_example", catalogue)
    assert catalogue.names() == ["streaming.my_example"]
    assert dump(record(snippet)) == snippet.transcript_path.read_text("utf-8")
    first, second = snippet.exchanges
    assert isinstance(first.recorded[-1], End)
    assert first.recorded[-1].complete
    assert isinstance(second.recorded[-1], End)
    assert not second.recorded[-1].complete


def test_a_section_of_it_can_be_shown(catalogue: Catalogue) -> None:
    snippet = create("streaming.my_example", catalogue)
    assert snippet.section("stream").startswith("for number in (1, 2, 3):")


def copy_template(catalogue: Catalogue) -> None:
    folder = catalogue.packages[0].folder
    folder.mkdir()
    shutil.copy(ROOT / "snippets" / TEMPLATE, folder)


def test_a_package_can_have_a_template_of_its_own(catalogue: Catalogue) -> None:
    copy_template(catalogue)
    snippet = create("streaming.my_example", catalogue)
    assert snippet.section("stream").startswith("class MyExampleEndpoint(Endpoint")
    assert [file.suffix for file in catalogue.files()] == [".py", ".py"]


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_its_code_is_as_the_linter_wants_it(catalogue: Catalogue, arguments: list[str]) -> None:
    copy_template(catalogue)
    snippet = create("streaming.my_example", catalogue)
    name = ROOT / "snippets/streaming/my_example.py"
    command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", name, "-"]
    checked = subprocess.run(
        command, cwd=ROOT, input=snippet.path.read_bytes(), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_group_that_there_is_not_becomes_a_package(catalogue: Catalogue) -> None:
    snippet = create("cold_drinks.iced_tea", catalogue)
    assert (snippet.path.parent / "__init__.py").read_text() == '"""Examples of cold drinks."""\n'


@pytest.mark.parametrize("suffix", [".py", ".http", ".transcript"])
def test_what_is_there_is_not_overwritten(catalogue: Catalogue, suffix: str) -> None:
    file = (catalogue.packages[0].folder / "streaming" / "mine").with_suffix(suffix)
    file.parent.mkdir(parents=True)
    file.write_text("precious")
    with pytest.raises(ValueError, match=f"mine\\{suffix} already exists"):
        create("streaming.mine", catalogue)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    "name",
    ["", "alone", "streaming.", ".name", "streaming.My", "streaming.a-b", "a.class", "../x.y"],
)
def test_a_name_that_is_none_is_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(ValueError, match="not a valid snippet name: expected a group"):
        create(name, catalogue)
    assert not catalogue.packages[0].folder.exists()


def test_the_command_says_what_is_there_already_and_leaves_it() -> None:
    module = ROOT / "snippets/streaming/ndjson.py"
    before = module.read_bytes()
    command = [sys.executable, "-m", "docstage", "new", "streaming.ndjson"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "ndjson.py already exists" in ran.stderr
    assert module.read_bytes() == before
