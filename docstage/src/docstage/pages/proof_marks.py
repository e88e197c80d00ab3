"""Proof marks: the name of a test in a page's source becomes a mark that opens the test.

    Teardown runs exactly once (`test_teardown_runs_once_when_the_stream_is_drained`).

In a sentence the names stand in parentheses; in a cell of a table they need none. Several names side by side
share a mark. A name that several files define is written `test_file.py::test_name`, with as much of the path
as it takes. A name that no file defines fails the build.

This is an extension of Python-Markdown. Its marks need no script: each is a button that opens a popover of HTML.
"""

import ast
import functools
import hashlib
import re
import textwrap
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from msgspec import Struct
from typing_extensions import override

from docstage.pages.fence import highlight
from docstage.snippet.project import Project

FILES: Final = "*tests/**/test_*.py"
"""Where tests are, below the root."""

_DEFINED: Final = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)
_REFERENCE: Final = re.compile(r"(?<=`)(?:[\w./-]+::)?test_\w+(?=`)")
_REFERENCES: Final = rf"`{_REFERENCE.pattern}`(?:,?\s+`{_REFERENCE.pattern}`)*"
_IN_PARENTHESES_OR_NOT: Final = rf"\s*\({_REFERENCES}\)|{_REFERENCES}"


class Proof(Struct, frozen=True):
    """A test, by its file (relative to the root) and its name."""

    path: str
    name: str

    @property
    def promise(self) -> str:
        """The name as words."""
        return self.name.removeprefix("test_").replace("_", " ")

    def source(self, root: Path) -> str:
        """The function's text, with its decorators."""
        text = (root / self.path).read_text("utf-8")
        functions = (
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == self.name
        )
        function = next(functions)
        first = min([function.lineno, *(at.lineno for at in function.decorator_list)])
        lines = text.split("\n")[first - 1 : function.end_lineno]
        return textwrap.dedent("\n".join(lines))


class Proofs:
    """The tests below `root`, found by name."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root = root or Project.find().root
        self._by_name: dict[str, list[Proof]] = {}
        for path in sorted(root.glob(FILES)):
            relative = path.relative_to(root).as_posix()
            for name in dict.fromkeys(_DEFINED.findall(path.read_text("utf-8"))):
                self._by_name.setdefault(name, []).append(Proof(relative, name))

    def get(self, reference: str) -> Proof:
        """The one test of that name, or of that name in the file whose path ends as given.

        Raises `ValueError` if there is none, or more than one.
        """
        path, _, name = reference.rpartition("::")
        there_are = self._by_name.get(name, [])
        found = [test for test in there_are if f"/{test.path}".endswith(path and f"/{path}")]
        if len(found) != 1:
            places = ", ".join(f"{test.path}::{name}" for test in there_are) or "no file"
            raise ValueError(
                f"a page refers to the test {reference!r}, which must name one test; it is defined in {places}"
            )
        return found[0]

    def files(self, name: str) -> list[Path]:
        """The files that define a test of that name."""
        return [self.root / test.path for test in self._by_name.get(name, [])]

    def named_in(self, text: str) -> list[Proof]:
        """The tests that a page refers to."""
        return [self.get(reference) for reference in _REFERENCE.findall(text)]


_proofs = functools.cache(Proofs)


class ProofMarks(Extension):
    """The extension: marks in the text, and at its end the popovers that they open."""

    def __init__(self, find: Callable[[], Proofs] = _proofs) -> None:
        super().__init__()
        self._find = find
        self._popovers: dict[str, str] = {}

    @override
    def extendMarkdown(self, md: Markdown) -> None:
        # Before `backtick`, which has 190.
        md.inlinePatterns.register(_Marks(md, self._find, self._popovers), "proof_marks", 195)
        # After `inline`, which has 20.
        md.treeprocessors.register(_Popovers(md, self._popovers), "proof_marks", 10)
        md.registerExtension(self)

    def reset(self) -> None:
        """Forget the last page's popovers."""
        self._popovers.clear()


def makeExtension() -> ProofMarks:  # noqa: N802 - the name that Python-Markdown looks for
    """The extension, as `docstage.pages.proof_marks` among a site's `markdown_extensions`."""
    return ProofMarks()


class _Marks(InlineProcessor):
    def __init__(self, md: Markdown, find: Callable[[], Proofs], popovers: dict[str, str]) -> None:
        super().__init__(_IN_PARENTHESES_OR_NOT, md)
        self._find = find
        self._popovers = popovers

    @override
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:  # pyright: ignore[reportIncompatibleMethodOverride] - typed for the class that it replaced
        tests = self._find()
        named = tests.named_in(m[0])
        identity = _identity(named)
        if identity not in self._popovers:
            self._popovers[identity] = _popover(identity, named, tests.root, self.md)
        more = f", and {len(named) - 1} more" if len(named) > 1 else ""
        mark = Element("button")
        mark.text = AtomicString("✓")
        mark.attrib = {
            "type": "button",
            "class": "proof",
            "popovertarget": identity,
            "aria-label": f"Tested by “{named[0].promise}”{more}",
            "title": f"Tested by {named[0].name}{more}",
            "data-tests": " ".join(f"{test.path}::{test.name}" for test in named),
        }
        around = Element("span", {"class": "proof-mark", "data-search-exclude": ""})
        around.append(mark)
        return around, m.start(0), m.end(0)


class _Popovers(Treeprocessor):
    def __init__(self, md: Markdown, popovers: dict[str, str]) -> None:
        super().__init__(md)
        self._popovers = popovers

    @override
    def run(self, root: Element) -> None:
        if self._popovers:
            popovers = "".join(self._popovers.values())
            html = f'<section class="proofs" data-search-exclude>{popovers}</section>'
            SubElement(root, "p").text = self.md.htmlStash.store(html)


def _identity(tests: Iterable[Proof]) -> str:
    named = "\n".join(f"{test.path}::{test.name}" for test in tests)
    return f"proof-{hashlib.sha256(named.encode()).hexdigest()[:8]}"


def _popover(identity: str, tests: list[Proof], root: Path, md: Markdown) -> str:
    shown = "".join(
        f"<details{' open' * (len(tests) == 1)}>"
        f"<summary>{escape(test.promise)}</summary>"
        f"<p><code>{escape(test.path)}</code></p>"
        f"{highlight(test.source(root), md)}</details>"
        for test in tests
    )
    return (
        f'<article class="proof-popover" popover id="{identity}" aria-label="Tested by">'
        f"<header><strong>Tested by</strong>"
        f'<button type="button" popovertarget="{identity}" popovertargetaction="hide" autofocus>Close</button>'
        f"</header>{shown}</article>"
    )
