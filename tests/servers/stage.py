"""The app's end of the line to the test: what happens is reported on it, and cues for what shall happen come over it.

A line of JSON each way over a Unix socket, so that a test waits for what happens and never sleeps. The cues do not
come over HTTP: they would change the very connections that are tested, and a server that shuts down would not
take them. Times are of the monotonic clock, which all processes share.
"""

import asyncio
import gc
import logging
import os
import socket
import sys
import time
import types
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, override

import msgspec
import psutil
from msgspec import Struct

from jero.asgi import Message, Receive, Scope, Send

SOCKET: Final = "FAULTS_SOCKET"
"""The environment variable that says where the test listens."""

STUCK: Final = 0.2
"""How long a send takes before it is reported as `stuck`, in seconds."""


class Report(Struct, frozen=True, omit_defaults=True):
    """Something happened: `what`, on which path or in which logger, and what else there is to say."""

    what: str
    where: str
    note: str
    number: int
    at: float


class Counts(Struct, frozen=True):
    """What there is in the process, for a test to find that nothing was left behind."""

    tasks: int
    generators: int
    descriptors: int
    memory: int


class Sent(Struct, frozen=True):
    """What the app sent on a path: how many items were produced, the writes, and the size of the largest."""

    items: int
    writes: int
    largest: int


class Cue(Struct, frozen=True, omit_defaults=True):
    """The test wants something: `begin`, `cue` (with `words`), `cancel`, `count` or `sent`."""

    do: str
    where: str = ""
    words: list[str] = []


class Stage:
    """One a process."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(os.environ[SOCKET])
        self._pending = b""
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Cue).decode
        self._queues: defaultdict[str, asyncio.Queue[str]] = defaultdict(asyncio.Queue)
        self._items: defaultdict[str, int] = defaultdict(int)
        self._writes: defaultdict[str, list[int]] = defaultdict(list)
        self._requests: dict[str, asyncio.Task[object]] = {}

    def attach(self) -> None:
        """Take cues in the running loop, and report what it finds left to the garbage collector."""
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        gc.freeze()  # what is there now stays, and need not be looked through at every count
        finalize = sys.get_asyncgen_hooks().finalizer
        assert finalize is not None

        def finalizer(generator: AsyncGenerator[object]) -> None:
            self.report("collected", getattr(generator, "__qualname__", ""))
            finalize(generator)

        sys.set_asyncgen_hooks(finalizer=finalizer)
        sys.unraisablehook = lambda found: self.report("unraisable", note=repr(found.exc_value))
        logging.getLogger().addHandler(_Reporter(self))

    def report(self, what: str, where: str = "", note: str = "", number: int = 0) -> None:
        report = Report(what, where, note, number, time.monotonic())
        # It blocks if the test reads slowly, which keeps the order of things.
        self._socket.setblocking(True)  # noqa: FBT003 - the socket's own signature
        self._socket.sendall(self._encode(report) + b"\n")

    async def cue(self, where: str) -> str:
        """The next word for this path. Does not suspend if it came already."""
        return await self._queues[where].get()

    def produced(self, where: str) -> int:
        """Count an item. Its number."""
        self._items[where] += 1
        return self._items[where]

    def items(self, where: str) -> int:
        return self._items[where]

    def wrote(self, where: str, size: int) -> None:
        self._writes[where].append(size)

    def written(self, where: str) -> int:
        """How many bytes of bodies were sent."""
        return sum(self._writes[where])

    def playing(self, where: str, task: asyncio.Task[object]) -> None:
        self._requests[where] = task

    def _read(self) -> None:
        received = self._socket.recv(65536, socket.MSG_DONTWAIT)
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._act(self._decode(line))
        if not received:  # the test is over
            asyncio.get_running_loop().remove_reader(self._socket)

    def _act(self, cue: Cue) -> None:
        match cue.do:
            case "begin":
                self._queues.clear()
                self._items.clear()
                self._writes.clear()
                self._requests.clear()
                self.report("begun")
            case "cue":
                for word in cue.words:
                    self._queues[cue.where].put_nowait(word)
            case "cancel":
                self._requests[cue.where].cancel()
            case "count":
                self.report("counts", note=_json(_count()))
            case "sent":
                writes = self._writes[cue.where]
                sent = Sent(self._items[cue.where], len(writes), max(writes, default=0))
                self.report("sent", cue.where, _json(sent))
            case _:
                raise ValueError(cue.do)


class Watched:
    """An ASGI application that is served as it is, and whose every connection is reported."""

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], stage: Stage
    ) -> None:
        self._app = app
        self._stage = stage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._watch(scope, receive, send)
        else:
            await self._live(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def reported_send(message: Message) -> None:
            self._stage.report(message["type"])
            await send(message)

        self._stage.attach()
        await self._app(scope, receive, reported_send)

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        stage, where = self._stage, scope["path"]
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None

        async def reported_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                stage.report("disconnect", where, number=stage.items(where))
            return message

        async def reported_send(message: Message) -> None:
            stage.wrote(where, len(message.get("body", b"")))
            stuck = loop.call_later(STUCK, stage.report, "stuck", where)
            try:
                await send(message)
            finally:
                stuck.cancel()

        stage.playing(where, task)
        stage.report("asked", where, scope["method"])
        try:
            await self._app(scope, reported_receive, reported_send)
        except BaseException as error:
            stage.report("returned", where, type(error).__name__)
            raise
        stage.report("returned", where)


class _Reporter(logging.Handler):
    def __init__(self, stage: Stage) -> None:
        super().__init__(logging.WARNING)
        self._stage = stage

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._stage.report("logged", record.name, self.format(record))


def _count() -> Counts:
    gc.collect()
    process = psutil.Process()
    generators = sum(isinstance(found, types.AsyncGeneratorType) for found in gc.get_objects())
    return Counts(
        len(asyncio.all_tasks()),
        generators,
        process.num_fds(),
        process.memory_info().rss,
    )


def _json(value: Struct) -> str:
    return msgspec.json.encode(value).decode()
