"""`.http` files: the requests a reader can send, in the format that the REST clients of editors read.

Requests are separated by lines that begin with `###`, the rest of such a line being the next request's name. Each
is a request line, header lines, and after an empty line a body. Lines that begin with `#` or `//` are comments; one
of the form `# @disconnect-after 1.5` says that the client leaves after so many seconds.
"""

import re
from urllib.parse import urlsplit

from msgspec import Struct

from playground.events import Request

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
_REQUEST_LINE = re.compile(rf"(?:(?P<method>{_METHODS})\s+)?(?P<url>\S+)(?:\s+HTTP/[\d.]+)?")
_SEPARATOR = re.compile(r"^###(.*)$", re.MULTILINE)
_DIRECTIVE = re.compile(r"(?:#|//)\s*@disconnect-after\b(?P<seconds>.*)")


class HTTPFileError(ValueError):
    """The text is not a `.http` file. The message says what was found and what was expected."""


class NamedRequest(Struct, frozen=True):
    """A request, what it is called, and when the client leaves (seconds), if it does so early."""

    name: str
    request: Request
    disconnect_after: float | None = None


def parse(text: str) -> tuple[NamedRequest, ...]:
    """The requests of a `.http` file, in its order. Raises `HTTPFileError`."""
    before, *rest = _SEPARATOR.split(text)
    blocks = [("", before), *zip(rest[::2], rest[1::2], strict=True)]
    requests = [_parse_one(name.strip(), block) for name, block in blocks if _has_request(block)]
    names = [request.name for request in requests]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise HTTPFileError(f"two requests are named {twice!r}: give each its own name after `###`")
    return tuple(requests)


def _is_comment(line: str) -> bool:
    return line.startswith(("#", "//"))


def _has_request(block: str) -> bool:
    return any(line.strip() and not _is_comment(line) for line in block.split("\n"))


def _parse_one(name: str, block: str) -> NamedRequest:
    lines = block.strip("\n").split("\n")
    disconnect_after = None
    while not lines[0].strip() or _is_comment(lines[0]):
        if directive := _DIRECTIVE.match(lines.pop(0)):
            disconnect_after = _seconds(directive["seconds"].strip())
    line = lines.pop(0).strip()
    if (match := _REQUEST_LINE.fullmatch(line)) is None:
        raise HTTPFileError(
            f"{line!r} is no request line: expected `METHOD URL`, such as `GET http://127.0.0.1:8000/`"
        )
    target = _target(match["url"])
    headers: list[tuple[str, str]] = []
    while lines and (line := lines.pop(0).strip()):
        if _DIRECTIVE.match(line):
            raise HTTPFileError(f"{line!r} comes too late: it belongs before the request line")
        if _is_comment(line):
            continue
        field, colon, value = line.partition(":")
        if not colon or not field or " " in field:
            raise HTTPFileError(
                f"{line!r} is no header: expected `Name: value`, and an empty line before a body"
            )
        headers.append((field, value.strip()))
    method = match["method"] or "GET"
    body = "\n".join(lines).strip("\n").encode()
    request = Request(method, target, tuple(headers), body)
    return NamedRequest(name or f"{method} {target}", request, disconnect_after)


def _target(text: str) -> str:
    try:
        url = urlsplit(text)
    except ValueError as error:
        raise HTTPFileError(f"{text!r} is no URL: {error}") from None
    if not text.startswith("/") and (url.scheme not in {"http", "https"} or not url.netloc):
        raise HTTPFileError(
            f"{text!r} is no URL: expected one such as `http://127.0.0.1:8000/`, or a path that begins with `/`"
        )
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise HTTPFileError(f"@disconnect-after takes a number of seconds, and {text!r} is none")
    return seconds
