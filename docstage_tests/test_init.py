"""`docstage init` in projects of other people."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from docstage.snippet.project import Project
from docstage.start import edits, init
from docstage.start.edits import EditError
from docstage.start.init import InitError


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch, recording: str) -> None:
    """Record the first example once, and not in each test."""

    def same(_module: str, _requests: str) -> str:
        return recording

    monkeypatch.setattr(init, "recorded", same)


@pytest.fixture(scope="module")
def recording() -> str:
    """The recording of the first example, really recorded."""
    return init.recorded(init.first.MODULES["fastapi"], init.first.REQUESTS)


def contents(root: Path) -> dict[str, bytes]:
    """All files below a folder."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def set_up(root: Path) -> None:
    """What the command does with `--yes`."""
    init.plan(root).write()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("site_name: a\n", "site_name: a\n\nplugins:\n  - search\n  - docstage\n"),
        ("site_name: a", "site_name: a\n\nplugins:\n  - search\n  - docstage\n"),
        (
            "plugins: # ours\n- search # first\n\n# the pages\nnav:\n- index.md\n",
            "plugins: # ours\n- search # first\n- docstage\n\n# the pages\nnav:\n- index.md\n",
        ),
        (
            "plugins:\n  - search:\n      lang:\n        - en\n  - tags\nnav: []\n",
            "plugins:\n  - search:\n      lang:\n        - en\n  - tags\n  - docstage\nnav: []\n",
        ),
        ("plugins: [search, tags] # two\n", "plugins: [search, tags, docstage] # two\n"),
        ("plugins: []\n", "plugins: [docstage]\n"),
        (
            "plugins:\n  search: {}\n  tags:\n    a: 1\n",
            "plugins:\n  search: {}\n  tags:\n    a: 1\n  docstage: {}\n",
        ),
        (
            "x: !ENV [A, b]\ny: !!python/name:os.path.join\nplugins:\n  - search\n",
            "x: !ENV [A, b]\ny: !!python/name:os.path.join\nplugins:\n  - search\n  - docstage\n",
        ),
        ("plugins:\n  - docstage\n", "plugins:\n  - docstage\n"),
    ],
)
def test_the_plugin_is_added_to_mkdocs_yml_as_one_line(before: str, after: str) -> None:
    assert edits.with_plugin(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "INHERIT: base.yml\nsite_name: a\n",
        "plugins: [\n  search,\n  tags]\n",
        "plugins: &p\n  - search\nother: *p\n",
    ],
)
def test_what_one_line_cannot_add_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(EditError, match=r"add `- docstage` to `plugins:` in mkdocs\.yml by hand"):
        edits.with_plugin(text)


def test_comments_and_line_ends_of_existing_files_stay(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_bytes(b"site_name: Shop # ours\r\n# the end\r\n")
    (tmp_path / "pyproject.toml").write_bytes(b"# ours\n[project]\nname = 'shop'\n")
    set_up(tmp_path)
    assert (tmp_path / "mkdocs.yml").read_bytes() == (
        b"site_name: Shop # ours\r\n# the end\r\n\r\nplugins:\r\n  - search\r\n  - docstage\r\n"
    )
    assert (tmp_path / "pyproject.toml").read_bytes().startswith(b"# ours\n[project]\nname = 's")


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    set_up(tmp_path)
    before = contents(tmp_path)
    assert init.plan(tmp_path).changes == ()
    (tmp_path / "snippets/hello.py").write_text("edited = True\n")
    assert init.plan(tmp_path).changes == ()
    assert contents(tmp_path).keys() == before.keys()


def test_all_that_is_written_was_shown(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: a\n")
    plan = init.plan(tmp_path)
    shown = plan.shown()
    before = contents(tmp_path)
    plan.write()
    for name, data in contents(tmp_path).items():
        if before.get(name) != data:
            assert f"+++ {name}\n" in shown
            assert all(f"\n+{line}" in shown for line in data.decode().splitlines() if line) or (
                name in before
            )


@pytest.mark.parametrize("name", ["snippets/hello.http", "snippets/hello.py", "docs/live.md"])
def test_existing_files_are_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text("mine\n")
    before = contents(tmp_path)
    with pytest.raises(InitError, match=f"{name} already exists, and is not overwritten"):
        set_up(tmp_path)
    assert contents(tmp_path) == before


def test_a_write_that_fails_undoes_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: a\n")
    plan = init.plan(tmp_path)
    before = contents(tmp_path)
    write = init.replace

    def fail_at_the_transcript(path: Path, text: str) -> None:
        if path.suffix == ".transcript":
            raise OSError("no space left on device")
        write(path, text)

    monkeypatch.setattr(init, "replace", fail_at_the_transcript)
    with pytest.raises(InitError, match=r"no space left on device\. Nothing was written"):
        plan.write()
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["mkdocs.yml"]


@pytest.mark.parametrize(
    ("toml", "has_option"),
    [
        ("", True),
        ("[tool.pytest.ini_options]\ntestpaths = ['tests']\n", True),
        ("[tool.pytest.ini_options]\naddopts = '-q'\n", False),
        ("[tool]\npytest.ini_options.testpaths = ['tests']\n", False),
    ],
)
def test_the_option_of_pytest_is_added_where_pytest_has_none(
    tmp_path: Path, toml: str, *, has_option: bool
) -> None:
    (tmp_path / "pyproject.toml").write_text(toml)
    plan = init.plan(tmp_path)
    plan.write()
    assert ('addopts = ["--docstage"]' in (tmp_path / "pyproject.toml").read_text()) == has_option
    assert any("pytest --docstage" in hint for hint in plan.hints) != has_option


def test_the_folder_of_the_pages_is_that_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: a\ndocs_dir: pages\nnav:\n  - index.md\n")
    plan = init.plan(tmp_path)
    plan.write()
    assert (tmp_path / "pages/live.md").is_file()
    assert Project.find(tmp_path).config.docs == "pages"
    assert "Add the page to `nav:` in mkdocs.yml:  - Live examples: live.md" in plan.hints


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", b"[tool", "pyproject.toml is not valid TOML"),
        ("mkdocs.yml", b"a: [", "mkdocs.yml is not valid YAML"),
        ("mkdocs.yml", b"", "mkdocs.yml has no settings"),
        ("mkdocs.yml", b"site_name: \xff\n", "mkdocs.yml is not UTF-8"),
        ("zensical.toml", b"", "Zensical reads mkdocs.yml too"),
    ],
)
def test_files_that_cannot_be_read_are_refused_by_name(
    tmp_path: Path, name: str, text: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(text)
    with pytest.raises(ValueError, match=message):
        init.plan(tmp_path)
    assert contents(tmp_path) == {name: text}


def test_the_command_shows_and_writes_nothing_without_an_answer(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "docstage", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, env={**os.environ, "PYTHONWARNINGS": "error"},
        )  # fmt: skip

    ran = run("init")
    assert ran.returncode == 1
    assert "+++ snippets/hello.transcript\n" in ran.stdout
    assert "docstage init --yes" in ran.stderr
    assert contents(tmp_path) == {}
    ran = run("init", "--yes")
    assert (ran.returncode, ran.stderr) == (0, "")
    ran = run("check")
    assert (ran.returncode, ran.stdout) == (0, "hello  same\n")
