"""`[tool.docstage]`: what it says, where it is found, and how mistakes in it are reported."""

from pathlib import Path

import pytest
from docstage.snippet.catalogue import Package
from docstage.snippet.project import Config, ConfigError, Project


def written(folder: Path, text: str) -> Project:
    (folder / "pyproject.toml").write_text(text)
    return Project.find(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("snipets = []", r"\[tool\.docstage\] has an unknown key 'snipets'; the keys are: app, "),
        ("browser = {wheels = 1}", r"\[tool\.docstage\.browser\] has an unknown key 'wheels'; "),
        ("limits = {seconds = 'long'}", r"\[tool\.docstage\] limits\.seconds: Expected `float`"),
        ("snippets = 'docs_src'", r"\[tool\.docstage\] snippets: Expected `array`, got `str`"),
    ],
)
def test_a_mistake_names_the_file_the_table_and_the_key(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"pyproject\.toml: {message}"):
        written(tmp_path, f"[tool.docstage]\n{text}\n")


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"pyproject\.toml is not valid TOML"):
        written(tmp_path, "[tool.docstage\n")


def test_the_nearest_project_with_the_table_is_found(tmp_path: Path) -> None:
    below = tmp_path / "docs" / "deep"
    below.mkdir(parents=True)
    (tmp_path / "docs" / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    written(tmp_path, "[tool.docstage]\n")
    assert Project.find(below).root == tmp_path.resolve()


def test_a_site_needs_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").touch()
    assert Project.find(tmp_path) == Project(tmp_path.resolve(), Config())


def test_a_folder_that_is_not_a_project_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run this in a project"):
        Project.find(tmp_path)


@pytest.mark.parametrize(
    ("entry", "root", "name"),
    [
        ("docs_src", ".", "docs_src"),
        ("docs.examples", ".", "docs.examples"),
        ("docs/examples", "docs", "examples"),
        ("docs/examples/", "docs", "examples"),
        ("src:acme.examples", "src", "acme.examples"),
    ],
)
def test_packages_of_snippets(tmp_path: Path, entry: str, root: str, name: str) -> None:
    project = Project(tmp_path, Config(snippets=(entry,)))
    assert project.packages == (Package((tmp_path / root).resolve(), name),)


def test_an_entry_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'my-docs' is not a package"):
        _ = Project(tmp_path, Config(snippets=("my-docs",))).packages


def test_a_project_survives_the_way_to_another_process(tmp_path: Path) -> None:
    project = Project(tmp_path, Config(snippets=("a", "b"), environment={"A": "1"}))
    assert Project.load(project.dump()) == project


def test_with_several_packages_snippets_have_the_whole_names_of_their_modules(
    tmp_path: Path,
) -> None:
    for package in ("one", "two"):
        (tmp_path / package).mkdir()
        for suffix in (".py", ".http"):
            (tmp_path / package / f"hello{suffix}").write_text("GET http://127.0.0.1:8000/\n")
    several = Project(tmp_path, Config(snippets=("one", "two"))).catalogue()
    assert several.names() == ["one.hello", "two.hello"]
    assert several.get("two.hello").module == "two.hello"
    single = Project(tmp_path, Config(snippets=("two",))).catalogue()
    assert single.names() == ["hello"]
    assert single.get(single.short("two.hello")).module == "two.hello"
