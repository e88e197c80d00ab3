r"""`.transcript` files: what each request of a snippet came to, written down to be read and compared.

A transcript has one section a request, headed as in the `.http` file, and in it one event a line: seconds since the
request, kind, content. What does not fit one line goes on in lines that begin with `|`.

    ### All movies

    0.000  stdout     cursor opened
    0.000  start      200
                    | content-type: application/x-ndjson
    0.300  chunk      {"title":"Alien"}\n
    0.300  end        complete

Line ends, control characters, unusual blanks and bytes that are no UTF-8 are written as Python's escapes, so that a
transcript can be read, compared line by line, and turned back into the very same events. Tracebacks differ from one
Python to the next and are left out: what remains of them is the message and the line.
"""

import re
from collections.abc import Iterable, Mapping

from msgspec import convert
from msgspec.structs import replace

from docstage.run.events import Chunk, Crash, Disconnect, End, Limit, Log, RunEvent, Start

_KIND_WIDTH = 11
_SPECIAL = re.compile(
    r"[\\\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\udc80-\udcff]| $"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([nrt\\]))")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\"}
_LONG = {short[1]: char.encode() for char, short in _SHORT.items()}
_EVENT = re.compile(r"(\d+\.\d{3})  ([a-z]+)")
_LOGGING = re.compile(r"([^ ]*)(?: ([^ ]*))?(?: line (\d+))?")
_CRASH = re.compile(r"(import|startup|request|teardown|process)(?: line (\d+))?")


class TranscriptError(ValueError):
    """The text is not a transcript. The message names the line."""


def dump(runs: Mapping[str, Iterable[RunEvent]]) -> str:
    """Write down the runs of a snippet, by the names of their requests."""
    sections = (
        "\n".join((f"### {name}", "", *map(write, events), "")) for name, events in runs.items()
    )
    return "\n".join(sections)


def load(text: str) -> dict[str, tuple[RunEvent, ...]]:
    """Read what `dump` wrote. Raises `TranscriptError`."""
    runs: dict[str, list[list[str]]] = {}
    section: list[list[str]] = []
    for line in filter(str.strip, text.split("\n")):
        if line.startswith("### "):
            section = runs.setdefault(line[4:], [])
        elif line.startswith(" ") and section:
            section[-1].append(line.lstrip()[2:])
        elif runs:
            section.append([line])
        else:
            raise TranscriptError(f"expected `### name of a request`, got {line!r}")
    return {name: tuple(map(_read, events)) for name, events in runs.items()}


def comparable(event: RunEvent) -> RunEvent:
    """The event as a transcript keeps it: its time in whole milliseconds, and no traceback."""
    event = replace(event, at=round(event.at, 3))
    return replace(event, traceback="") if isinstance(event, Log | Crash) else event


def joined(events: Iterable[RunEvent]) -> list[RunEvent]:
    """The events with chunks that follow one another at the same time joined: how they were cut is chance."""
    whole: list[RunEvent] = []
    for event in events:
        last = whole[-1] if whole else None
        if isinstance(event, Chunk) and isinstance(last, Chunk) and last.at == event.at:
            whole[-1] = replace(last, body=last.body + event.body)
        else:
            whole.append(event)
    return whole


def write(event: RunEvent) -> str:
    """One event as it stands in a transcript: a line, and the lines that it goes on in."""
    kind = event.stream if isinstance(event, Log) else type(event).__name__.lower()
    head, *more = _content(event)
    at = f"{event.at:.3f}  "
    lines = [
        f"{at}{kind:<{_KIND_WIDTH}}{head}".rstrip(" "),
        *(f"{'':{len(at) + _KIND_WIDTH - 2}}| {line}" for line in more),
    ]
    return "\n".join(lines)


def _content(event: RunEvent) -> list[str]:
    match event:
        case Log(stream="logging"):
            return [
                f"{_word(event.level)} {_word(event.logger)}{_at_line(event.line)}",
                *_escape(event.text.encode()),
            ]
        case Log():
            return _escape(event.text.encode()) or [""]
        case Start():
            return [
                str(event.status),
                *(_line(f"{name}: {value}") for name, value in event.headers),
            ]
        case Chunk():
            return _escape(event.body)
        case Limit():
            return [f"{event.what} {str(event.limit).removesuffix('.0')}"]
        case Crash():
            return [f"{event.phase}{_at_line(event.line)}", *_escape(event.message.encode())]
        case End():
            return ["complete" if event.complete else "incomplete"]
        case Disconnect():
            return [""]


def _read(lines: list[str]) -> RunEvent:
    first, *more = lines
    if (match := _EVENT.match(first)) is None:
        raise TranscriptError(f"expected `seconds  kind  content`, got {first!r}")
    at, kind = float(match[1]), match[2]
    head = first[match.start(2) + _KIND_WIDTH :]
    match kind:
        case "stdout" | "stderr":
            return Log(at, kind, _unescape([head, *more]).decode())
        case "logging" if found := _LOGGING.fullmatch(head):
            text = _unescape(more).decode()
            level, logger = (_unescape([word or ""]).decode() for word in found.group(1, 2))
            return Log(at, kind, text, level, logger, line=_int(found[3]))
        case "start" if head.isdecimal():
            pairs = (_unescape([line]).decode().split(": ", 1) for line in more)
            return Start(at, int(head), tuple((name, value) for name, value in pairs))
        case "chunk":
            return Chunk(at, _unescape([head, *more]))
        case "disconnect":
            return Disconnect(at)
        case "limit" if (what := head.partition(" "))[0] in {"seconds", "events", "bytes"}:
            return convert(
                {"kind": kind, "at": at, "what": what[0], "limit": float(what[2])}, Limit
            )
        case "crash" if found := _CRASH.fullmatch(head):
            message = _unescape(more).decode()
            return convert(
                {
                    "kind": kind,
                    "at": at,
                    "phase": found[1],
                    "message": message,
                    "line": _int(found[2]),
                },
                Crash,
            )
        case "end" if head in {"complete", "incomplete"}:
            return End(at, head == "complete")
        case _:
            raise TranscriptError(f"not an event: {first!r}")


def _at_line(line: int | None) -> str:
    return "" if line is None else f" line {line}"


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)


def _escape(data: bytes) -> list[str]:
    """One string a line of `data`, its line end included."""
    text = data.decode("utf-8", "surrogateescape")
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    return [_SPECIAL.sub(_escape_one, line) for line in lines]


def _line(text: str) -> str:
    return "".join(_escape(text.encode()))


def _word(text: str) -> str:
    return _line(text).replace(" ", r"\x20")


def _escape_one(match: re.Match[str]) -> str:
    char = match[0]
    if short := _SHORT.get(char):
        return short
    code = ord(char)
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF:
        return rf"\x{code & 0xFF:02x}"
    return rf"\u{code:04x}"


def _unescape(lines: list[str]) -> bytes:
    text = "".join(lines)
    parts: list[bytes] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[end : match.start()].encode())
        byte, unit, short = match.groups()
        parts.append(
            bytes([int(byte, 16)])
            if byte
            else chr(int(unit, 16)).encode()
            if unit
            else _LONG[short]
        )
        end = match.end()
    return b"".join(parts) + text[end:].encode()
