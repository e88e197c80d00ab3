r"""`.http` files: the requests a reader can send, in the format of VS Code's REST Client and JetBrains' HTTP Client.

    @base = http://127.0.0.1:8000

    ### List orders
    # a comment
    GET {{base}}/orders
        ?open=true
        &page=2
    Accept: application/json

    ### Add an order
    # @disconnect-after 1.5
    POST {{base}}/orders
    Content-Type: application/json

    < ./order.json

Lines that begin with `###` separate the requests and name them, as does a comment `# @name orders`. A comment
`# @disconnect-after 1.5` makes the client leave after so many seconds. Of an address, path and query are read: they go
to the snippet's app, whatever the host. What an editor does with the response (`> {% … %}`, `>> file`) changes no
request and is skipped. What would change one and is not read, such as scripts before a request and variables that are
different in every run, is an `HTTPFileError`.
"""

import base64
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from msgspec import Struct

from docstage.run.events import Request

_USUAL: Final = {
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "QUERY",
    "TRACE",
    "CONNECT",
}
_WEBDAV: Final = {
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
}
METHODS: Final = _USUAL | _WEBDAV

LONGEST: Final = 1_048_576
"""How many characters a file's variables may come to: one that is made of others can grow without end."""

_VARIABLE: Final = re.compile(r"@([^\s=@]+)\s*=(.*)")
_USE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_DIRECTIVE: Final = re.compile(r"(?:#+|//)\s*@(name|disconnect-after)\b(.*)")
_HEADER: Final = re.compile(r"([\w!#$%&'*+.^`|~-]+)\s*:(.*)", re.ASCII | re.DOTALL)
_HOST: Final = re.compile(r"[\w.-]+(?::\d+)?(?=[/?#]|$)")
_VERSION: Final = re.compile(r"HTTP/[\d.]+", re.IGNORECASE)
_BODY_FILE: Final = re.compile(r"<(@\w*)?\s+(\S.*)")
_AFTER_BODY: Final = re.compile(r">\s*\{%|>\s+\S+\.m?[jt]s$|>>!?\s+\S+$|<>\s+\S+$")
_BASIC: Final = re.compile(r"Basic\s+([^\s:]+)(?:\s+|:)(\S+)", re.IGNORECASE)
_DIGEST: Final = re.compile(r"(?:Digest|AWS)\s+[^\s=,]+(?:\s+[^\s=,]+)+", re.IGNORECASE)
_SAFE: Final = "%!#$&'()*+,/:;=?@[]~\"<>\\^`{|}"
_EXPECTED: Final = "expected `METHOD URL`, such as `GET http://127.0.0.1:8000/`"


class HTTPFileError(ValueError):
    """The text is not a `.http` file. The message names the line, what was found and what was expected."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


class NamedRequest(Struct, frozen=True):
    """A request, what it is called, and when the client leaves (seconds), if it does so early."""

    name: str
    request: Request
    disconnect_after: float | None = None


class _Line(Struct, frozen=True):
    number: int
    text: str

    def error(self, message: str) -> HTTPFileError:
        return HTTPFileError(self.number, message)


def parse(text: str, folder: Path = Path()) -> tuple[NamedRequest, ...]:
    """The requests of a `.http` file, in its order. Files that it names are looked for in `folder`.

    Raises `HTTPFileError`.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = [_Block("", folder)]
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("###"):
            blocks.append(_Block(line.lstrip("#").strip(), folder))
        else:
            blocks[-1].add(_Line(number, line))
    variables = _Variables()
    for block in blocks:
        for line in block.variables:
            variables.define(line)
    requests: dict[str, NamedRequest] = {}
    for block in blocks:
        if block.first is not None:
            request = block.request(block.first, variables)
            if request.name in requests:
                raise block.first.error(
                    f"two requests are named {request.name!r}: give each its own name after `###`"
                )
            requests[request.name] = request
    return tuple(requests.values())


class _Variables:
    """What `@name = value` defines and `{{name}}` uses."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._left = LONGEST

    def define(self, line: _Line) -> None:
        match = _VARIABLE.fullmatch(line.text.strip())
        assert match is not None
        name = match[1]
        if name in self._values:
            raise line.error(f"the variable {name!r} is defined twice: give one another name")
        self._values[name] = self.fill(line, match[2].strip())

    def fill(self, line: _Line, text: str) -> str:
        """The text, which stands in `line`, with its variables replaced by their values."""

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name not in self._values:
                raise line.error(
                    f"the variable {name!r} changes with every run and is not supported: write a value instead"
                    if name.startswith("$")
                    else f"the variable {name!r} is not defined: define it in a line of its own, `@{name} = value`,"
                    " above the request that uses it"
                )
            self._left -= len(self._values[name])
            if self._left < 0:
                raise line.error(f"the variables come to more than {LONGEST} characters")
            return self._values[name]

        return _USE.sub(value, text)


class _Block:
    """The lines between two `###`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.variables: list[_Line] = []
        self.first: _Line | None = None  # the request line
        self.rest: list[_Line] = []
        self.disconnect_after: float | None = None

    def add(self, line: _Line) -> None:
        text = line.text.strip()
        if self.first is not None:
            self.rest.append(line)
        elif text.startswith(("#", "//")):
            if directive := _DIRECTIVE.fullmatch(text):
                self._direct(line, directive[1], directive[2].strip())
        elif _VARIABLE.fullmatch(text):
            self.variables.append(line)
        elif text.startswith("<"):
            raise line.error(
                "scripts before a request are not supported: write the values they set instead"
            )
        elif text:
            self.first = line

    def _direct(self, line: _Line, directive: str, value: str) -> None:
        if directive == "name":
            self.name = self.name or value
            return
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            raise line.error(f"@disconnect-after takes a number of seconds, not {value!r}")
        self.disconnect_after = seconds

    def request(self, first: _Line, variables: _Variables) -> NamedRequest:
        rest: Iterator[_Line] = iter(self.rest)
        pieces = [variables.fill(first, first.text.strip())]
        headers: list[tuple[str, str]] = []
        for line in rest:
            text = variables.fill(line, line.text.strip())
            if not text:
                break
            if _AFTER_BODY.match(text):
                rest = chain([line], rest)
                break
            if text.startswith(("#", "//")):
                if _DIRECTIVE.fullmatch(text):
                    raise line.error(
                        f"{text!r} comes after the request line: move it above the request line"
                    )
            elif not headers and text.startswith(("?", "&")):
                pieces.append(text)
            elif match := _HEADER.fullmatch(text):
                headers.append((match[1], _credentials(line, match[1], match[2].strip())))
            elif not line.text.startswith((" ", "\t")):
                expected = "expected `Name: value`, and an empty line before a body"
                raise line.error(f"{text!r} is not a header: {expected}")
            elif headers:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {text}")
            else:
                pieces.append(text)
        method, target = _method_and_target(first, "".join(pieces))
        body = _Body(self.folder, variables, _content_type(first, headers)).read(rest)
        request = Request(method, target, tuple(headers), body)
        return NamedRequest(self.name or f"{method} {target}", request, self.disconnect_after)


def _method_and_target(line: _Line, text: str) -> tuple[str, str]:
    words = text.split(None, 1) or [""]
    has_method = words[0].upper() in METHODS
    method = words[0].upper() if has_method else "GET"
    url = (words[1] if len(words) > 1 else "") if has_method else text
    if (parts := url.rsplit(None, 1)) and _VERSION.fullmatch(parts[-1]):
        url = parts[0] if len(parts) > 1 else ""
    if not url or (not has_method and len(url.split(None, 1)) > 1):
        raise line.error(f"{text!r} is not a request line: {_EXPECTED}")
    if has_method and _HOST.match(url) and "://" not in url.partition("?")[0]:
        url = f"http://{url}"  # as JetBrains' client has it
    try:
        split = urlsplit(url)
    except ValueError as error:
        raise line.error(f"{url!r} is not a URL: {error}") from None
    if not url.startswith("/") and (split.scheme not in {"http", "https"} or not split.netloc):
        expected = "expected one such as `http://127.0.0.1:8000/`, or a path that begins with `/`"
        raise line.error(f"{url!r} is not a URL: {expected}")
    target = url.partition("#")[0]
    if not target.startswith("/"):
        target = re.sub(r"^[^/]+//[^/?]*", "", target)
    return method, quote(target if target.startswith("/") else f"/{target}", safe=_SAFE)


def _credentials(line: _Line, name: str, value: str) -> str:
    """The header's value: of `Authorization: Basic user password`, what a server understands (RFC 7617)."""
    if name.lower() != "authorization":
        return value
    if match := _BASIC.fullmatch(value):
        return "Basic " + base64.b64encode(f"{match[1]}:{match[2]}".encode()).decode()
    if _DIGEST.fullmatch(value):
        raise line.error(
            f"{value.split(None, 1)[0]} credentials are not supported: write the whole header"
        )
    return value


def _content_type(line: _Line, headers: list[tuple[str, str]]) -> str:
    for name, value in headers:
        if name.lower() == "x-request-type" and value.lower() == "graphql":
            raise line.error("GraphQL requests are not supported: write the JSON that they send")
    types = (value for name, value in headers if name.lower() == "content-type")
    return next(types, "").partition(";")[0].strip().lower()


class _Body:
    def __init__(self, folder: Path, variables: _Variables, content_type: str) -> None:
        self._folder = folder
        self._variables = variables
        self._is_form = content_type == "application/x-www-form-urlencoded"
        # RFC 2046 § 4.1.1: the lines of a multipart body end with CRLF.
        self._line_end = b"\r\n" if content_type.startswith("multipart/") else b"\n"

    def read(self, rest: Iterator[_Line]) -> bytes:
        lines = [line for line in rest if not self._skip(line, rest)]
        while lines and not lines[-1].text:
            lines.pop()
        begin = next((index for index, line in enumerate(lines) if line.text), 0)
        parts = [self._part(line) for line in lines[begin:]]
        body = self._line_end.join(parts)
        return _form(body) if self._is_form else body

    def _skip(self, line: _Line, rest: Iterator[_Line]) -> bool:
        """Skip what an editor does with the response, to the end of the block. Whether there was such."""
        if not _AFTER_BODY.match(line.text.rstrip()):
            return False
        at: _Line | None = line
        while at is not None:
            text = at.text.strip()
            if text.startswith(">") and "{%" in text:
                script = at
                while "%}" not in at.text:
                    if (at := next(rest, None)) is None:
                        raise script.error("the script has no end: expected `%}`")
            elif text and not text.startswith(("#", "//")) and not _AFTER_BODY.match(text):
                raise at.error(f"{text!r} comes after what an editor does with the response")
            at = next(rest, None)
        return True

    def _part(self, line: _Line) -> bytes:
        if (match := _BODY_FILE.fullmatch(line.text)) is None:
            return self._variables.fill(line, line.text).encode()
        path = self._folder / self._variables.fill(line, match[2].strip())
        try:
            content = path.read_bytes()
            if match[1] is None:
                return content
            text = content.decode(match[1].removeprefix("@") or "utf-8")
        except (OSError, LookupError, ValueError) as error:
            raise line.error(f"{match[2].strip()!r} cannot be read: {error}") from None
        return self._variables.fill(line, text).encode()


def _form(text: bytes) -> bytes:
    """A form's fields, which may stand in several lines and with blanks around `=` and `&`."""
    fields = (field.split("=", 1) for field in text.decode("utf-8", "replace").split("&"))
    joined = "&".join("=".join(part.strip() for part in field) for field in fields)
    return quote(joined, safe=_SAFE).encode()
