"""The rows of a run: each log line, NDJSON line, SSE event or chunk is one row.

Pure functions from `RunEvent` to `Row`, no HTML and no I/O. `browser/src/output/rows.ts` is the same in
TypeScript, for runs in the page: the two must say the same of the same events; a test compares them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, Protocol, TypeAlias

from msgspec import Struct

from docstage.run.events import Chunk, Crash, Disconnect, End, Limit, Log, RunEvent, Start

Kind: TypeAlias = Literal[
    "stdout",
    "stderr",
    "log",
    "status",
    "ndjson",
    "blank",
    "sse",
    "comment",
    "chunk",
    "partial",
    "disconnect",
    "limit",
    "crash",
    "end",
]

_HEX_BYTES: Final = 256
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Row(Struct, frozen=True, omit_defaults=True):
    """One row: seconds since the request, and what came then.

    `fields` are those of an SSE event, in the order in which they were sent, consecutive `data` lines
    joined (WHATWG HTML § 9.2.6). `more` stands behind a disclosure: the headers of a `status`, or a
    traceback. `line` is the failing line of the snippet's module.
    """

    kind: Kind
    at: float
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    more: str = ""
    line: int | None = None


def rows(events: Iterable[RunEvent]) -> Iterator[Row]:
    """The rows of one run, in order."""
    body: _Body = _Chunks()
    for event in events:
        match event:
            case Log():
                yield _log_row(event)
            case Start():
                body = _body_of(event)
                content_type = _header(event, "content-type")
                more = "\n".join(f"{name}: {value}" for name, value in event.headers)
                yield Row("status", event.at, f"{event.status} {content_type}".rstrip(), more=more)
            case Chunk():
                yield from body.feed(event.at, event.body)
            case Disconnect():
                yield Row("disconnect", event.at, "client disconnected")
            case Limit():
                unit = "s" if event.what == "seconds" else event.what
                text = f"stopped after {event.limit:,.10g} {unit}"
                yield Row("limit", event.at, text)
            case Crash():
                more = event.traceback.rstrip()
                yield Row("crash", event.at, event.message, more=more, line=event.line)
            case End():
                if rest := body.rest():
                    yield Row("partial", event.at, rest)
                state = "complete" if event.complete else "incomplete"
                yield Row("end", event.at, f"response {state}")


def _log_row(event: Log) -> Row:
    if event.stream != "logging":
        return Row(event.stream, event.at, event.text)
    origin = " ".join(filter(None, (event.level, event.logger)))
    text = f"{origin}: {event.text}" if origin else event.text
    return Row("log", event.at, text, more=event.traceback.rstrip(), line=event.line)


class _Body(Protocol):
    def feed(self, at: float, body: bytes) -> Iterator[Row]:
        """The rows that this chunk completes."""
        ...

    def rest(self) -> str:
        """What no row has shown by the end."""
        ...


def _body_of(start: Start) -> _Body:
    match _header(start, "content-type").split(";")[0].strip().lower():
        case "application/x-ndjson" | "application/ndjson" | "application/jsonl":
            return _Lines()
        case "text/event-stream":
            return _Events()
        case _:
            return _Chunks()


def _header(start: Start, wanted: str) -> str:
    return next((value for name, value in start.headers if name.lower() == wanted), "")


class _Chunks:
    def feed(self, at: float, body: bytes) -> Iterator[Row]:
        yield Row("chunk", at, _legible(body))

    def rest(self) -> str:
        return ""


class _Lines:
    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, at: float, body: bytes) -> Iterator[Row]:
        first, *rest = body.split(b"\n")
        self._begun += first
        for following in rest:
            line, self._begun = self._begun, bytearray(following)
            text = line.decode("utf-8", "replace").removesuffix("\r")
            yield Row("ndjson", at, text) if text else Row("blank", at, "(blank line)")

    def rest(self) -> str:
        return _legible(bytes(self._begun))


class _Events:
    def __init__(self) -> None:
        self._begun = bytearray()
        self._lines: list[str] = []
        self._is_after_cr = False
        self._is_first = True

    def feed(self, at: float, body: bytes) -> Iterator[Row]:
        if self._is_after_cr:
            body = body.removeprefix(b"\n")
            self._is_after_cr = False
        if not body:
            return
        self._is_after_cr = body.endswith(b"\r")
        first, *rest = _LINE_END.split(body)
        self._begun += first
        for following in rest:
            line, self._begun = self._begun, bytearray(following)
            text = line.decode("utf-8", "replace")
            if self._is_first:
                text = text.removeprefix("\ufeff")
                self._is_first = False
            if text.startswith(":"):
                yield Row("comment", at, text[1:].removeprefix(" "))
            elif text:
                self._lines.append(text)
            elif self._lines:
                yield Row("sse", at, fields=_fields(self._lines))
                self._lines = []

    def rest(self) -> str:
        return "\n".join(filter(None, (*self._lines, _legible(bytes(self._begun)))))


def _fields(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, list[str]]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if not (name == "data" and fields and fields[-1][0] == name):
            fields.append((name, []))
        fields[-1][1].append(value.removeprefix(" "))
    return tuple((name, "\n".join(values)) for name, values in fields)


def _legible(body: bytes) -> str:
    """The text that the bytes are, or else their hexadecimal digits."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        pass
    else:
        if not _CONTROL.search(text):
            return text
    shown = body[:_HEX_BYTES].hex(" ")
    return shown if len(body) <= _HEX_BYTES else f"{shown} … {len(body):,} bytes"
