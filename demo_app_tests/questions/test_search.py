"""The library finds the sections of Markdown files that fit a question."""

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo_tools.model.search import WORDS, Library, Section, split_sections

PAGE = """---
description: not for readers
---

# Coffee

Beans are [roasted](roast.md) *slowly*.

``` sh
# no heading
```

## Grinding { #grind }

A `grinder`
grinds (`tests/test_it.py::test_it`):

- coarse
- fine

| a | table |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "coffee.md").write_text(PAGE)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "milk.md").write_text("# Milk\n\nMilk is steamed. It grinds nothing.")
    return tmp_path


def test_a_page_is_split_at_its_headings_and_what_is_no_prose_is_left_out() -> None:
    assert list(split_sections("coffee.md", PAGE)) == [
        Section("coffee.md", "Coffee", "Beans are roasted slowly."),
        Section("coffee.md", "Grinding", "A grinder grinds:\n- coarse\n- fine"),
    ]


def test_the_section_whose_title_fits_comes_first(folder: Path) -> None:
    with closing(Library(folder)) as library:
        found = library.find("What about grinding?")
    assert [section.page for section in found] == ["coffee.md", "deep/milk.md"]


def test_words_that_every_question_has_find_nothing(folder: Path) -> None:
    with closing(Library(folder)) as library:
        assert library.find("What is it that you do?") == []


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    with closing(Library(tmp_path / "none")) as library:
        assert library.is_empty


@given(st.text())
def test_any_question_can_be_asked(question: str) -> None:
    with closing(Library(Path("none"))) as library:
        assert library.find(question) == []


@given(st.text())
def test_any_text_can_be_split(text: str) -> None:
    assert all(section.text for section in split_sections("any.md", text))


@pytest.mark.parametrize(
    "piece", ["milk ", "milk#", "NEAR(", '"', "w{} ", "title:milk OR ", "\0", "x"]
)
def test_a_question_costs_one_search_for_a_few_words_however_long_it_is(
    folder: Path, piece: str
) -> None:
    searches: list[str] = []
    question = "".join(piece.format(number) for number in range(1_000_000 // len(piece)))
    with closing(Library(folder)) as library:
        library._database.set_trace_callback(searches.append)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the search itself is what costs
        found = library.find("grind " + question)
    assert [section.page for section in found if section.title == "Grinding"] == ["coffee.md"]
    expression = searches[0].split("'")[1]  # FTS5 asks its own tables after that
    words = expression.split(" OR ")
    assert len(set(words)) == len(words) <= WORDS


@pytest.mark.parametrize(
    "piece", ["(`", ":`", "![", "[", "[](", "<", "{", "# ", "#", " ", "\t", "\n ", "```\n", "a::`"]
)
def test_a_text_of_nothing_but_beginnings_is_split_in_one_pass(piece: str) -> None:
    """By the square of its length it would take longer than a test may."""
    assert len(list(split_sections("any.md", "# x " + piece * (500_000 // len(piece))))) <= 1
