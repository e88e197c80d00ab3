"""One request against one ASGI app, as an asynchronous iterator of `RunEvent`.

The same code runs in the reader's browser, in the embedded server, in the tests and in a shell. It knows ASGI and
nothing of any framework. Time is the event loop's, so that a loop with a clock of its own decides what a second is.
"""

import asyncio
import logging
import re
import threading
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, Self, TypeAlias, TypeVarTuple
from urllib.parse import unquote_to_bytes

from msgspec import Struct

from docstage.run.asgi import ASGIApp, Message, Scope
from docstage.run.capture import Lines, captured_by
from docstage.run.events import (
    Chunk,
    Crash,
    Disconnect,
    End,
    Limit,
    Log,
    Request,
    RunEvent,
    Start,
)
from docstage.run.mistakes import with_advice
from docstage.run.portable import without_folders
from docstage.run.stage import Stage, StageError, summary

WINDOW: Final = 16
"""How many events may wait for the consumer before the app's `send()` does."""

TEARDOWN_EVENTS: Final = 100
"""How many lines the app may still print after it went over a limit."""

TEARDOWN_BYTES: Final = 65_536
"""How many bytes the app may still print and log after the client has left, however little its limit had left."""


class Limits(Struct, frozen=True):
    """What one run may take: seconds, events and bytes (of body, and of all that is printed and logged) until it
    is disconnected, and then `grace` seconds to return, once by itself and once more after its task was cancelled."""

    seconds: float = 30.0
    events: int = 2_000
    bytes: int = 1_048_576
    grace: float = 5.0


DEFAULT_LIMITS: Final = Limits()

_Stream: TypeAlias = Literal["stdout", "stderr"]
_Ts = TypeVarTuple("_Ts")

_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_TARGET: Final = re.compile(r"/[!-\"$-~]*")
_FIELD_VALUE: Final = re.compile(r"[\t -~\x80-\xff]*")


def run(app: ASGIApp, request: Request, limits: Limits = DEFAULT_LIMITS) -> "Run":
    """Ask an app that is already running (see `Run`). Its lifespan is not touched."""

    async def load() -> ASGIApp:
        return app

    return Run(load, request, limits)


def run_on(stage: Stage, request: Request, limits: Limits = DEFAULT_LIMITS) -> "Run":
    """Ask the app of `stage`, importing and starting it first if need be: a failure there is a `Crash` event."""
    return Run(
        stage.app,
        request,
        limits,
        state=stage.state,
        line_of=stage.line_of,
        advice=stage.advice,
    )


class Run:
    """One request and its events. Iterate it once; the last event is always `End`.

    The app starts with the first step of the iteration. It waits in `send()` while `WINDOW` events are unread, so a
    consumer that stops reading holds the app back. `disconnect()` makes the client leave: the app's `receive()`
    gives `http.disconnect`, later sends go nowhere, and events go on until the app has returned. An app that has
    not returned `limits.grace` seconds after that is cancelled, and after as long again abandoned, with a `Crash`.

    As an asynchronous context manager it disconnects on exit and waits until the app has returned.
    """

    def __init__(  # noqa: PLR0913 - the rest are options
        self,
        load: Callable[[], Awaitable[ASGIApp]],
        request: Request,
        limits: Limits = DEFAULT_LIMITS,
        *,
        state: Callable[[], dict[str, Any]] = dict,
        line_of: Callable[[BaseException], int | None] = lambda _: None,
        advice: Callable[[BaseException], str] = lambda _: "",
    ) -> None:
        self._load = load
        self._request = request
        self._limits = limits
        self._state = state
        self._line_of = line_of
        self._advice = advice
        self._events: deque[RunEvent] = deque()
        self._arrived = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._gone = asyncio.Event()
        self._is_over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._printed: dict[_Stream, Lines] = {"stdout": Lines(), "stderr": Lines()}
        self._events_left = limits.events
        self._bytes_left = limits.bytes
        self._is_started = False
        self._is_complete = False
        self._is_limited = False
        self._is_asked_to_leave = False
        self._is_cancelled = False
        self.is_open = True

    # What the consumer does.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RunEvent:
        if self._task is None and self.is_open:
            self._begin()
        while not self._events:
            if not self.is_open:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        event = self._events.popleft()
        if len(self._events) < WINDOW:
            self._has_room.set()
        return event

    def disconnect(self) -> None:
        """Disconnect the client. Does nothing if it has disconnected already, or the app has returned."""
        if self._gone.is_set() or not self.is_open:
            return
        self._is_asked_to_leave = True
        if self._task is not None:
            self._leave()

    async def aclose(self) -> None:
        """Disconnect and wait until the app has returned or was abandoned. What was not read is dropped."""
        if self._task is None:
            self.is_open = False
            return
        self.disconnect()
        async for _ in self:
            pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # What the app does.

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._thread = threading.get_ident()
        self._zero = loop.time()
        self._timers.append(loop.call_later(self._limits.seconds, self._over_limit, "seconds"))
        if self._is_asked_to_leave:
            self._leave()
        self._task = asyncio.create_task(self._main())

    async def _main(self) -> None:
        with captured_by(self):
            try:
                if refusal := _refusal(self._request):
                    self._crash("request", refusal)
                    return
                app = await self._load()
                await app(self._scope(), self._receive, self._send)
            except StageError as error:
                self._crash(error.phase, str(error), error.__cause__)
            except BaseException as error:  # noqa: BLE001 - the run's news, not ours
                self._fail(error)
            finally:
                self._finish()

    def _scope(self) -> Scope:
        request = self._request
        path, _, query = request.target.partition("?")
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in request.headers
        ]
        names = {name for name, _ in headers}
        if b"host" not in names:
            headers.insert(0, (b"host", b"127.0.0.1:8000"))
        if request.body and b"content-length" not in names:
            headers.append((b"content-length", str(len(request.body)).encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": self._state(),
        }

    async def _receive(self) -> Message:
        if not self._is_started:
            self._is_started = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        # After the response is complete, `receive` returns a disconnect (ASGI HTTP).
        await self._is_over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._gone.is_set():
            # Nobody is listening. Yield, so that an app that only ever sends can still be cancelled.
            await asyncio.sleep(0)
            return
        body = bytes(message.get("body", b""))
        if message["type"] == "http.response.start":
            headers = tuple(
                (_text(name), _text(value)) for name, value in message.get("headers", ())
            )
            self._emit(Start(self._at(), message["status"], headers))
        elif message["type"] == "http.response.body":
            if body:
                if not self._may_show(len(body)):
                    return
                self._emit(Chunk(self._at(), body))
            if not message.get("more_body", False):
                self._is_complete = True
                self._is_over.set()
        if not body:
            # Without a body the window never fills. Yield here, too.
            await asyncio.sleep(0)
        await self._has_room.wait()

    # What the app prints and logs (see `capture.Sink`).

    def write(self, stream: _Stream, text: str) -> None:
        """Take what the app printed; whole lines become events."""
        shown = without_folders(text) if stream == "stderr" else text  # which is where warnings go
        self._in_loop(self._print, self._at(), stream, _sendable(shown))

    def _print(self, at: float, stream: _Stream, text: str) -> None:
        if self._may_show(len(text.encode())):
            for line in self._printed[stream].add(text):
                if self._events_left < -TEARDOWN_EVENTS:
                    break  # Nothing more will be shown.
                self._emit(Log(at, stream, line))

    def log(self, record: logging.LogRecord) -> None:
        """Take what the app logged."""
        error = record.exc_info[1] if record.exc_info else None
        log = Log(
            self._at(),
            "logging",
            without_folders(
                _sendable(with_advice(record.getMessage(), self._advice(error) if error else ""))
            ),
            level=_sendable(record.levelname),
            logger=_sendable(record.name),
            traceback=_format(error),
            line=self._line_of(error) if error else None,
        )
        self._in_loop(self._log, log)

    def _log(self, log: Log) -> None:
        if self._may_show(len(log.text.encode()) + len(log.traceback.encode())):
            self._emit(log)

    def _in_loop(self, take: Callable[[*_Ts], None], *arguments: *_Ts) -> None:
        """Call it now, or, in another thread than the loop's, as soon as the loop can."""
        if threading.get_ident() == self._thread:
            take(*arguments)
        else:
            self._loop.call_soon_threadsafe(take, *arguments)

    # How it ends.

    def _at(self) -> float:
        return self._loop.time() - self._zero

    def _emit(self, event: RunEvent) -> None:
        if not self.is_open:
            return
        if isinstance(event, Log | Chunk):
            self._events_left -= 1
            if self._events_left < 0:
                if not self._is_limited:
                    self._over_limit("events")
                if self._events_left < -TEARDOWN_EVENTS:
                    return
        self._events.append(event)
        self._arrived.set()
        if len(self._events) >= WINDOW:
            self._has_room.clear()

    def _may_show(self, size: int) -> bool:
        """Whether so many bytes are within the limit. If they are not, the client leaves."""
        if size > self._bytes_left:
            self._over_limit("bytes")
            return False
        self._bytes_left -= size
        return True

    def _over_limit(self, what: Literal["seconds", "events", "bytes"]) -> None:
        if self._gone.is_set() or not self.is_open:
            return
        self._is_limited = True
        self._emit(Limit(self._at(), what, getattr(self._limits, what)))
        self._leave()

    def _leave(self) -> None:
        self._gone.set()
        self._is_over.set()
        self._has_room.set()
        self._bytes_left = max(self._bytes_left, TEARDOWN_BYTES)
        self._emit(Disconnect(self._at()))
        self._timers.append(self._loop.call_later(self._limits.grace, self._cancel))

    def _cancel(self) -> None:
        if self._task is not None:
            self._is_cancelled = True
            self._task.cancel()
        self._timers.append(self._loop.call_later(self._limits.grace, self._abandon))

    def _abandon(self) -> None:
        waited = f"{2 * self._limits.grace:g} s after the client disconnected"
        self._crash(
            "teardown",
            f"The app had not returned {waited}, ignored cancellation, and was abandoned.",
        )
        self._finish()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError) and self._is_cancelled:
            waited = f"{self._limits.grace:g} s after the client disconnected"
            self._crash("teardown", f"The app had not returned {waited} and was cancelled.")
        else:
            message = with_advice(summary(error), self._advice(error))
            self._crash("teardown" if self._gone.is_set() else "request", message, error)

    def _crash(
        self,
        phase: Literal["import", "startup", "request", "teardown"],
        message: str,
        error: BaseException | None = None,
    ) -> None:
        self._flush()
        line = self._line_of(error) if error else None
        self._emit(
            Crash(self._at(), phase, without_folders(_sendable(message)), _format(error), line)
        )

    def _flush(self) -> None:
        for stream, lines in self._printed.items():
            if begun := lines.take():
                self._emit(Log(self._at(), stream, begun))

    def _finish(self) -> None:
        self._flush()
        for timer in self._timers:
            timer.cancel()
        self._emit(End(self._at(), self._is_complete))
        self.is_open = False
        self._arrived.set()


def _refusal(request: Request) -> str:
    """Why no client could send it, if so (RFC 9110 § 5.5, 5.6.2 and 9.1, RFC 9112 § 3.2.1)."""
    a_word = "expected letters, digits and !#$%&'*+-.^_`|~"
    if not _TOKEN.fullmatch(request.method):
        return f"{request.method!r} is not a valid method: {a_word}."
    if not _TARGET.fullmatch(request.target):
        expected = "expected a path that begins with `/`, all but visible ASCII percent-encoded"
        return f"{request.target!r} is not a valid request target: {expected}."
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name):
            return f"{name!r} is not a valid header name: {a_word}."
        if not _FIELD_VALUE.fullmatch(value):
            expected = "expected ISO 8859-1 without line breaks and other controls"
            return f"{value!r} is not a valid value for the header {name}: {expected}."
    return ""


def _text(header: bytes) -> str:
    return header.decode("latin-1")


def _sendable(text: str) -> str:
    """The text with its lone surrogates, which no encoding can carry, written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _format(error: BaseException | None) -> str:
    """The traceback as Python prints it, less the frames of the machinery that called the app."""
    if error is None:
        return ""
    frames = error.__traceback__
    while (
        frames is not None
        and frames.tb_next is not None
        and _is_ours(frames.tb_frame.f_code.co_filename)
    ):
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    return without_folders(_sendable(text))


def _is_ours(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename.endswith(
        ("docstage/run/runner.py", "docstage/run/stage.py", "importlib/__init__.py")
    )
