"""Full-text search in a folder of Markdown files, section by section, with SQLite's FTS5."""

import re
import sqlite3
from collections.abc import Generator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

_FRONT_MATTER: Final = re.compile(r"\A---\n.*?^---$", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"#{1,6}\s+(\S.*)")
_FENCE: Final = re.compile(r"^\s*(```|~~~)")

WORDS: Final = 32
"""How many different words of a question are looked for, at most."""

_WORD: Final = re.compile(r"\w+")

# What Markdown says beside the text: names of tests, links and their targets, HTML, attributes, emphasis, code marks.
# Each part has a greatest length, or a text of nothing but beginnings would take time by the square of its length.
_MARKUP: Final = (
    (
        re.compile(r"\s{0,9}\(`[^`:]{0,200}::[^`]{0,200}`\)|:?\s{0,9}`[^`:]{0,200}::[^`]{0,200}`"),
        "",
    ),
    (re.compile(r"!\[[^]]{0,300}\]\([^)]{0,300}\)|<[^>]{1,300}>|\{[^}]{0,300}\}"), ""),
    (re.compile(r"\[([^]]{1,300})\]\([^)]{0,300}\)"), r"\1"),
    (re.compile(r"[*`]+"), ""),
)
_BLOCK: Final = re.compile(r"\n\s*\n|\n(?=\s*- )")

# Words of questions, which stand in every section and so tell nothing.
_COMMON: Final = frozenset(
    """a about an and are as be by can could do does for from happen happens has have how i if in into is it its
    me my not of on one or please should so tell than that the their them then there these they this to was we
    what when where which who why will with would you your""".split()  # noqa: SIM905 - words read best as a sentence
)


class Section(Struct, frozen=True):
    """A part of a page that has a heading of its own."""

    page: str
    title: str
    text: str


class Library:
    """The sections of every Markdown file below a folder. A folder that is not there has none."""

    def __init__(self, folder: Path) -> None:
        # It is made in one thread and asked in another, and never in two at once.
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(
            "CREATE VIRTUAL TABLE sections USING fts5(page UNINDEXED, title, text, tokenize='porter')"
        )
        for path in sorted(folder.rglob("*.md")):
            page = path.relative_to(folder).as_posix()
            for section in split_sections(page, path.read_text("utf-8")):
                row = (section.page, section.title, section.text)
                self._database.execute("INSERT INTO sections VALUES (?, ?, ?)", row)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to find."""
        return self._database.execute("SELECT 1 FROM sections").fetchone() is None

    def find(self, question: str, limit: int = 3) -> Sequence[Section]:
        """The sections that fit the question's words best, where words of a title count more than those of a text."""
        said = (found[0] for found in _WORD.finditer(question.lower()))
        words = list(islice(dict.fromkeys(word for word in said if word not in _COMMON), WORDS))
        if not words:
            return []
        rows = self._database.execute(
            "SELECT page, title, text FROM sections WHERE sections MATCH ?"
            " ORDER BY bm25(sections, 0, 4, 1) LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), limit),
        )
        return [Section(*row) for row in rows]

    def close(self) -> None:
        """Let go of what was read."""
        self._database.close()


def split_sections(page: str, text: str) -> Generator[Section]:
    """The sections of a Markdown text that say something, as plain text. Front matter, code and tables are left out."""
    title, lines, is_code = page, list[str](), False
    for line in [*_FRONT_MATTER.sub("", text).splitlines(), "# "]:
        if _FENCE.match(line):
            is_code = not is_code
        heading = None if is_code else _HEADING.match(line)
        if heading or line == "# ":
            if plain := _plain(lines):
                yield Section(page, title, plain)
            lines = []
            title = _plain([heading[1].rstrip().rstrip("#")]) if heading else title
        elif not is_code and not line.lstrip().startswith(("|", "```", "~~~", "---", "--8<--")):
            lines.append(line)


def _plain(lines: Sequence[str]) -> str:
    """The lines without markup: a line a paragraph, and a line an item of a list."""
    text = "\n".join(lines)
    for markup, replacement in _MARKUP:
        text = markup.sub(replacement, text)
    return "\n".join(filter(None, (" ".join(block.split()) for block in _BLOCK.split(text))))
