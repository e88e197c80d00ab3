"""Attributes standard output, standard error and `logging` to the run that caused them.

A context variable names the run that the current code belongs to. Tasks inherit it; a new thread and a job of a thread
pool do not (`asyncio.to_thread` and anyio's aside), so while something is captured, both are given it. What is written
outside every run goes where it always went. Capturing lasts as long as some run does.
"""

import logging
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from io import RawIOBase, TextIOBase, UnsupportedOperation
from threading import Thread, current_thread
from typing import Any, BinaryIO, Final, Literal, Protocol, TextIO
from weakref import WeakKeyDictionary, ref

LONGEST_LINE: Final = 65_536
"""How many characters one line may have: a longer one is cut into several."""

NO_INPUT: Final = (
    "an example has no standard input to read: take what it needs from the request instead"
)


class Sink(Protocol):
    """Where the output of one run goes. It may come from any thread."""

    is_open: bool

    def write(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        """Take what was written to a standard stream: any part of a line, or several."""
        ...

    def log(self, record: logging.LogRecord) -> None:
        """Take what was logged."""
        ...


_current: ContextVar[Sink | None] = ContextVar("run")


_started_by: Final[WeakKeyDictionary[Thread, ref[Sink]]] = WeakKeyDictionary()
"""The run that started a thread. Jobs of a pool belong to the run that submits them, not to the threads' own."""


def _sink() -> Sink | None:
    try:
        sink = _current.get()
    except LookupError:
        started_by = _started_by.get(current_thread())
        sink = started_by and started_by()
    return sink if sink is not None and sink.is_open else None


class Lines:
    """Makes lines of text that comes in parts of any size."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def add(self, text: str) -> Generator[str]:
        """Take a part, and give the lines that it ends."""
        *lines, begun = text.split("\n")
        for line in lines:
            yield from self._extend(line)
            yield self.take()
        yield from self._extend(begun)

    def take(self) -> str:
        """Return and clear the unfinished line."""
        line = "".join(self._parts)
        self._parts.clear()
        self._length = 0
        return line

    def _extend(self, text: str) -> Generator[str]:
        while len(text) > (room := LONGEST_LINE - self._length):
            self._parts.append(text[:room])
            yield self.take()
            text = text[room:]
        if text:
            self._parts.append(text)
            self._length += len(text)


class _Output(TextIOBase):
    """A standard stream that gives each run its own text, and the real stream the rest."""

    def __init__(self, name: Literal["stdout", "stderr"], real: TextIO) -> None:
        self.real = real
        self._name: Literal["stdout", "stderr"] = name

    @property
    def buffer(self) -> "_Bytes":
        """Where bytes can be written."""
        return _Bytes(self)

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] - read-only where it is
        return self.real.encoding

    @property
    def errors(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.real.errors

    def fileno(self) -> int:
        return self.real.fileno()

    def write(self, text: str, /) -> int:
        if (sink := _sink()) is None:
            return self.real.write(text)
        sink.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        if _sink() is None:
            self.real.flush()

    def writable(self) -> bool:
        return True


class _Bytes(RawIOBase):
    """The `buffer` of an `_Output`. Each write must end with a whole character."""

    def __init__(self, output: _Output) -> None:
        self._output = output

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - `Buffer` is Python 3.12's
        content = bytes(data)
        self._output.write(content.decode("utf-8", "backslashreplace"))
        return len(content)

    def writable(self) -> bool:
        return True


class _LogHandler(logging.Handler):
    """Gives each run its own records, and the handler that was there before the rest."""

    def __init__(self, before: logging.Handler | None) -> None:
        super().__init__(logging.NOTSET if before is None else before.level)
        self._before = before

    def emit(self, record: logging.LogRecord) -> None:
        if (sink := _sink()) is not None:
            try:
                sink.log(record)
            except Exception:  # noqa: BLE001 - such as a message that does not fit its arguments
                self.handleError(record)
        elif self._before is not None:
            self._before.handle(record)


class _Input(TextIOBase):
    """Standard input, which a run does not have: the terminal belongs to whoever started the process."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def _input(self) -> TextIO:
        if _sink() is not None:
            raise EOFError(NO_INPUT)
        return self._real

    @property
    def buffer(self) -> BinaryIO:
        """Where bytes can be read."""
        return self._input().buffer

    def fileno(self) -> int:
        if _sink() is not None:  # `input` would go to the terminal past this object
            raise UnsupportedOperation(NO_INPUT)
        return self._real.fileno()

    def read(self, size: int | None = -1, /) -> str:
        return self._input().read(-1 if size is None else size)

    def readline(self, size: int = -1, /) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] - typeshed has two forms of it
        return self._input().readline(size)

    def readable(self) -> bool:
        return True


def _starting(start: Callable[[Thread], None]) -> Callable[[Thread], None]:
    def start_in_run(self: Thread) -> None:
        if (sink := _sink()) is not None:
            _started_by[self] = ref(sink)
        start(self)

    return start_in_run


def _submitting(submit: Callable[..., Future[Any]]) -> Callable[..., Future[Any]]:
    def submit_in_run(
        self: ThreadPoolExecutor, job: Callable[..., object], /, *args: object, **kwargs: object
    ) -> Future[Any]:
        sink = _sink()

        def job_in_run(*args: object, **kwargs: object) -> object:
            token = _current.set(sink)
            try:
                return job(*args, **kwargs)
            finally:
                _current.reset(token)

        return submit(self, job_in_run, *args, **kwargs)

    return submit_in_run


class _Capture:
    """Puts the captured streams in place for the first run and the real ones back after the last."""

    def __init__(self) -> None:
        self._runs = 0

    def acquire(self) -> None:
        self._runs += 1
        if self._runs > 1:
            return
        self._start, self._submit = Thread.start, ThreadPoolExecutor.submit
        self._start_in_run = _starting(self._start)
        Thread.start = self._start_in_run  # pyright: ignore[reportAttributeAccessIssue] - nobody names `self`
        self._submit_in_run = ThreadPoolExecutor.submit = _submitting(self._submit)
        self._stdin, self._stdout, self._stderr = sys.stdin, sys.stdout, sys.stderr
        sys.stdin = _Input(sys.stdin)
        sys.stdout = _Output("stdout", sys.stdout)
        sys.stderr = _Output("stderr", sys.stderr)
        self._last_resort = logging.lastResort
        # A handler on the root logger would turn a snippet's own `basicConfig` into a no-op, so where nobody
        # has configured logging yet, stand in for the handler of last resort instead. One that `basicConfig` left
        # from an earlier run is a snippet's own: it writes to its captured stream.
        self._on_root = any(
            not isinstance(getattr(handler, "stream", None), _Output)
            for handler in logging.root.handlers
        )
        self._handler = _LogHandler(None if self._on_root else self._last_resort)
        if self._on_root:
            logging.root.addHandler(self._handler)
        else:
            logging.lastResort = self._handler

    def release(self) -> None:
        self._runs -= 1
        if self._runs:
            return
        # Unless a library that was imported meanwhile has put its own in their place, which then call ours.
        if Thread.start is self._start_in_run:
            Thread.start = self._start
        if ThreadPoolExecutor.submit is self._submit_in_run:
            ThreadPoolExecutor.submit = self._submit
        if isinstance(sys.stdin, _Input):
            sys.stdin = self._stdin
        if isinstance(sys.stdout, _Output):
            sys.stdout = self._stdout
        if isinstance(sys.stderr, _Output):
            sys.stderr = self._stderr
        if self._on_root:
            logging.root.removeHandler(self._handler)
        else:
            logging.lastResort = self._last_resort


_capture = _Capture()


@contextmanager
def captured_by(sink: Sink) -> Generator[None]:
    """Give `sink` what the code inside prints and logs, and what the tasks it starts do, while `sink.is_open`."""
    _capture.acquire()
    token = _current.set(sink)
    try:
        yield
    finally:
        _current.reset(token)
        _capture.release()
