"""The pages use the field's words: a few habits that make prose hard to read are counted, and must stay rare.

Run as a program, it prints the counts for each habit and where they come from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.root import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@dataclass(frozen=True)
class Habit:
    """A pattern, the most often that it may occur per 10,000 words, and what to write instead."""

    pattern: str
    most: float
    instead: str


HABITS = [
    Habit(r"\b(?:is|are|was|were) (?:no|none)\b", 5, "“is not a”, “missing”, “invalid”, “has no”"),
    Habit(
        r"\b(?:tells?|told|(?:is|are|be) said|says? so|said so)\b",
        5,
        "“return”, “report”, “raise”, “log”, “show”",
    ),
    Habit(r"\bwhoever\b", 0, "who it is: “the client”, “the caller”, “contributors”"),
    Habit(
        r"(?:^|[.:;] )What (?!\w+ (?:does|do|is|are) .*\?)(?:is|are|was|cannot|has) ", 2, "a noun"
    ),
    Habit(r"\b(?:mend(?:s|ed|ing)?|anew|for ever)\b", 0, "“fix”, “again”, “forever”"),
    Habit(
        r"\b(?:half-way|in earnest|as it comes|and nothing but|all the same)\b", 2, "plain words"
    ),
    Habit(r"\b(?:slots?|patience)\b", 0, "“path parameter”, “timeout”"),
    Habit(r"\b(?:client|reader)s? (?:leaves?|is gone|has left)\b", 1, "“the client disconnects”"),
]


def prose(page: Path) -> str:
    """A page's text without front matter, code, API entries and HTML, one paragraph a line."""
    text = page.read_text("utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^:::.*?(?=^\S|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)", " ", text)
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def found(habit: Habit) -> Iterator[str]:
    """Each occurrence, with its page and the words around it."""
    for page in PAGES:
        text = prose(page)
        for match in re.finditer(habit.pattern, text, re.MULTILINE | re.IGNORECASE):
            around = text[max(0, match.start() - 40) : match.end() + 40]
            yield f"{page.name}: …{' '.join(around.split())}…"


def per_10_000_words(occurrences: int) -> float:
    words = sum(len(re.findall(r"[A-Za-z][\w'-]*", prose(page))) for page in PAGES)
    return 10_000 * occurrences / words


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.instead)
def test_pages_are_written_in_the_fields_words(habit: Habit) -> None:
    occurrences = list(found(habit))
    assert per_10_000_words(len(occurrences)) <= habit.most, (
        f"write {habit.instead} instead of most of these:\n" + "\n".join(occurrences)
    )


if __name__ == "__main__":
    for habit in HABITS:
        occurrences = list(found(habit))
        print(f"{per_10_000_words(len(occurrences)):5.1f} per 10,000 words  {habit.pattern}")
        print("".join(f"       {where}\n" for where in occurrences), end="")
