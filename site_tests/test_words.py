"""The pages, and the docstrings, comments and messages of jero, use the field's words.

A few habits that make prose hard to read are counted, and must stay rare. Run as a program, it prints the counts for
each habit and where they come from.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.root import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted((ROOT / "jero").rglob("*.py"))


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


def code_words(module: Path) -> str:
    """A module's docstrings, messages and comments, one a line, without the names in backquotes."""
    source = module.read_text("utf-8")
    texts = [
        " ".join(node.value.split())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    ]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    texts += (token.string for token in tokens if token.type == tokenize.COMMENT)
    return re.sub(r"`[^`]*`", " ", "\n".join(texts))


@dataclass(frozen=True)
class Corpus:
    """Files, and the function that reads the prose of one."""

    name: str
    files: list[Path]
    read: Callable[[Path], str]

    def found(self, habit: Habit) -> Iterator[str]:
        """Each occurrence, with its file and the words around it."""
        for file in self.files:
            text = self.read(file)
            for match in re.finditer(habit.pattern, text, re.MULTILINE | re.IGNORECASE):
                around = text[max(0, match.start() - 40) : match.end() + 40]
                yield f"{file.relative_to(ROOT)}: …{' '.join(around.split())}…"

    def per_10_000_words(self, occurrences: int) -> float:
        words = sum(len(re.findall(r"[A-Za-z][\w'-]*", self.read(file))) for file in self.files)
        return 10_000 * occurrences / words


CORPORA = [Corpus("pages", PAGES, prose), Corpus("jero", MODULES, code_words)]


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.name)
@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.instead)
def test_pages_and_code_are_written_in_the_fields_words(habit: Habit, corpus: Corpus) -> None:
    occurrences = list(corpus.found(habit))
    assert corpus.per_10_000_words(len(occurrences)) <= habit.most, (
        f"write {habit.instead} instead of most of these:\n" + "\n".join(occurrences)
    )


if __name__ == "__main__":
    for habit in HABITS:
        print(habit.pattern)
        for corpus in CORPORA:
            occurrences = list(corpus.found(habit))
            rate = corpus.per_10_000_words(len(occurrences))
            print(f"{rate:5.1f} per 10,000 words of {corpus.name}")
            print("".join(f"       {where}\n" for where in occurrences), end="")
