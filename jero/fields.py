"""The header fields of a request as RFC 9110 reads them: lines → one value, one value → its elements.

Pure functions of text. Each is linear in its input, which is a client's.
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
    "if-match": _ENTITY_TAGS,  # in which a backslash is a character like others (RFC 9110 § 8.8.3)
    "if-none-match": _ENTITY_TAGS,
    "link": _LINKS,  # RFC 8288 § 3
}
"""The fields whose lists have a syntax of their own."""


def first_line(scope: Scope, name: bytes) -> bytes | None:
    """The value of the first line of a field, by its lower-case name, or `None`."""
    lines: list[tuple[bytes, bytes]] = scope["headers"]
    for (
        found,
        value,
    ) in lines:  # a loop and no generator: each request with a body comes here thrice
        if found == name:
            return value
    return None


def lines_of(scope: Scope) -> Lines:
    """The lines of each field, in their order (RFC 9110 § 5.3)."""
    lines: dict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        lines[name.decode("latin-1")].append(value.decode("latin-1"))
    return lines


def combine(name: str, lines: Sequence[str]) -> str:
    """The one value that all lines of a field stand for (RFC 9110 § 5.3).

    HTTP/2 and HTTP/3 may send each cookie on a line of its own, which are joined as cookies are (RFC 9113 § 8.2.3,
    RFC 9114 § 4.2.1).
    """
    if len(lines) == 1:
        return lines[0]
    return ("; " if name == "cookie" else ", ").join(lines)


def elements(name: str, lines: Iterable[str]) -> list[str]:
    """The elements of a field that is a list, on however many lines it was sent (RFC 9110 § 5.6.1).

    What stands in quotes separates nothing (§ 5.6.4). Quotes that do not end reach to the end of the line.
    """
    syntax = _LISTS.get(name, _COMMAS)
    return [element for line in lines for element in _split(syntax, line)]


def weights(name: str, lines: Iterable[str]) -> Mapping[str, float]:
    """The weight of each element, in lower case, of a field of preferences such as `Accept-Encoding`.

    An element without a weight has 1, and one with a weight that is not valid has 0 (RFC 9110 § 12.4.2).
    """
    weighed: dict[str, float] = {}
    for element in elements(name, lines):
        parts = [*_split(_SEMICOLONS, element.lower())]
        if not parts:  # nothing but semicolons and blanks
            continue
        value, *parameters = parts
        given = next((each for each in parameters if each.startswith("q=")), "q=1")
        weighed[value] = float(given[2:]) if _WEIGHT.fullmatch(given) else 0
    return weighed


def parameters_of(value: str) -> tuple[str, Mapping[str, str]]:
    """What stands before the first semicolon, and the parameters behind it, unquoted (RFC 9110 § 5.6.6)."""
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
    """What stands between the separators, without blanks around it; where that is nothing it is left out."""
    start = 0
    for found in syntax.finditer(text):
        if found[1]:
            if element := text[start : found.start()].strip(" \t"):
                yield element
            start = found.end()
    if element := text[start:].strip(" \t"):
        yield element
