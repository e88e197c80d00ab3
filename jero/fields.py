"""Parses the header fields of a request (RFC 9110): lines → one value, one value → its elements.

Pure functions of text. Each is linear in the size of its input, which comes from clients.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from jero.asgi import Scope

type Lines = Mapping[str, Sequence[str]]
"""The value of each line, by the field's name."""

_COMMAS: Final = re.compile(r'(,)|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[^",]++', re.DOTALL)
_ENTITY_TAGS: Final = re.compile(r'(,)|"[^"]*+(?:"|\Z)|[^",]++')
_LINKS: Final = re.compile(r'(,)|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|<[^>]*+(?:>|\Z)|[^",<]++', re.DOTALL)
_SEMICOLONS: Final = re.compile(r'(;)|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[^";]++', re.DOTALL)
_COOKIES: Final = re.compile(r"(;)|[^;]++")

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_WEIGHT: Final = re.compile(r"q=(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")

_LISTS: Final[Mapping[str, re.Pattern[str]]] = {
    "cookie": _COOKIES,  # RFC 6265 § 4.2.1
    "if-match": _ENTITY_TAGS,  # a backslash does not escape in an entity tag (RFC 9110 § 8.8.3)
    "if-none-match": _ENTITY_TAGS,
    "link": _LINKS,  # RFC 8288 § 3
}
"""The fields whose lists have their own syntax."""


def first_line(scope: Scope, name: bytes) -> bytes | None:
    """The value of the first line of a field, by its lower-case name, or `None`."""
    lines: list[tuple[bytes, bytes]] = scope["headers"]
    # A loop, not a generator: called three times for each request with a body.
    for found, value in lines:
        if found == name:
            return value
    return None


def lines_of(scope: Scope) -> Lines:
    """The lines of each field, in order (RFC 9110 § 5.3)."""
    lines: dict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        lines[name.decode("latin-1")].append(value.decode("latin-1"))
    return lines


def combine(name: str, lines: Sequence[str]) -> str:
    """The combined value of all lines of a field (RFC 9110 § 5.3).

    HTTP/2 and HTTP/3 clients can send each cookie as a separate field; those are joined with `; ` (RFC 9113 § 8.2.3,
    RFC 9114 § 4.2.1).
    """
    if len(lines) == 1:
        return lines[0]
    return ("; " if name == "cookie" else ", ").join(lines)


def elements(name: str, lines: Iterable[str]) -> list[str]:
    """The elements of a field whose value is a list, from all of its lines (RFC 9110 § 5.6.1).

    Separators within quotes do not count (§ 5.6.4). An unterminated quote extends to the end of the line.
    """
    syntax = _LISTS.get(name, _COMMAS)
    return [element for line in lines for element in _split(syntax, line)]


def weights(name: str, lines: Iterable[str]) -> Mapping[str, float]:
    """The weight of each element (in lower case) of a field such as `Accept-Encoding` (RFC 9110 § 12.4.2).

    The default weight is 1. An invalid weight counts as 0.
    """
    weighed: dict[str, float] = {}
    for element in elements(name, lines):
        parts = [*_split(_SEMICOLONS, element.lower())]
        if not parts:  # only semicolons and whitespace
            continue
        value, *parameters = parts
        given = next((each for each in parameters if each.startswith("q=")), "q=1")
        weighed[value] = float(given[2:]) if _WEIGHT.fullmatch(given) else 0
    return weighed


def parameters_of(value: str) -> tuple[str, Mapping[str, str]]:
    """The value before the first semicolon, and the parameters after it, unquoted (RFC 9110 § 5.6.6)."""
    first, *others = [*_split(_SEMICOLONS, value)] or [""]
    parameters: dict[str, str] = {}
    for other in others:
        name, _, given = other.partition("=")
        if len(given) > 1 and given[0] == given[-1] == '"':
            given = _ESCAPED.sub(r"\1", given[1:-1])
        parameters.setdefault(name, given)
    return first, parameters


def has_entity_tag(tag: str, lines: Iterable[str]) -> bool:
    """Whether the lines of `If-None-Match` name this entity tag, by weak comparison (RFC 9110 § 8.8.3.2, § 13.1.2)."""
    named = elements("if-none-match", lines)
    return "*" in named or tag.removeprefix("W/") in {each.removeprefix("W/") for each in named}


def _split(syntax: re.Pattern[str], text: str) -> Iterator[str]:
    """The elements between separators, without surrounding whitespace. Empty elements are left out."""
    start = 0
    for found in syntax.finditer(text):
        if found[1]:
            if element := text[start : found.start()].strip(" \t"):
                yield element
            start = found.end()
    if element := text[start:].strip(" \t"):
        yield element
