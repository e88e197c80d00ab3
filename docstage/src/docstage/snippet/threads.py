"""Which threads are working. One that waits until another hands it something is not: it does nothing by itself."""

import dis
import sys
import threading
from collections.abc import Iterable
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from types import CodeType, FrameType
from typing import Final
from weakref import WeakSet

_LOADS: Final = ("LOAD_ATTR", "LOAD_DEREF", "LOAD_FAST", "LOAD_GLOBAL", "LOAD_NAME")


class Threads:
    """The threads that may call an event loop, apart from its own.

    A thread that was working before the loop was made is left out until it waits for the first time, or calls the loop:
    it may be a debugger's, or that of a test runner.
    """

    def __init__(self) -> None:
        self._left_out = WeakSet(_working(threading.enumerate()))

    def called_by(self, thread: Thread) -> None:
        """From now on, `thread` is one of them. May be called in any thread."""
        self._left_out.discard(thread)

    def are_there(self) -> bool:
        """Whether there are any. To be called in the loop's own thread."""
        return any(thread not in self._left_out for thread in _all_but_this())

    def are_working(self) -> bool:
        """Whether one of them is working. To be called in the loop's own thread.

        They go on while they are looked at, so "no" is certain only if a second look, after a pause in which they could
        run, finds the same.
        """
        threads = _all_but_this()
        working = _working(threads) if threads else []
        for thread in threads:
            if thread not in working:
                self._left_out.discard(thread)
        return any(thread not in self._left_out for thread in working)


def _all_but_this() -> list[Thread]:
    this = threading.current_thread()
    return [thread for thread in threading.enumerate() if thread is not this]


def _working(threads: Iterable[Thread]) -> list[Thread]:
    frames = sys._current_frames()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - nothing else shows what threads do
    return [
        thread
        for thread in threads
        if thread.ident is None  # it is just starting
        or (
            (frame := frames.get(thread.ident)) is not None
            and not (_is_waiting(frame) and _is_asleep(thread))
        )
    ]


def _is_asleep(thread: Thread) -> bool:
    """Whether the system does not run `thread`, nor is about to. `True` where that cannot be known.

    Python does not show that `SimpleQueue.put` has handed something to a thread before that thread has run.
    """
    try:
        stat = Path(f"/proc/self/task/{thread.native_id}/stat").read_bytes()  # Linux: proc(5)
    except OSError:
        return True
    return stat.rpartition(b") ")[2][:1] != b"R"


def _is_waiting(frame: FrameType) -> bool:
    """Whether a thread waits for another one, without a timeout, and has not yet been handed what it waits for."""
    local = frame.f_locals
    if frame.f_code is Condition.wait.__code__:  # and so `Queue.get`, `Event.wait`, `Future.result`
        return local["timeout"] is None and local.get("waiter") in local["self"]._waiters  # noqa: SLF001 - `notify` removes it there
    if frame.f_code is Thread.join.__code__:
        return local["timeout"] is None and local["self"].is_alive()
    path = _queue_of_get(frame.f_code, frame.f_lasti)
    if path is None:
        return False
    name, *attributes = path
    queue = local.get(name, frame.f_globals.get(name))
    for attribute in attributes:
        queue = getattr(queue, attribute, None)
    return isinstance(queue, SimpleQueue) and queue.empty()


@lru_cache
def _queue_of_get(code: CodeType, offset: int) -> tuple[str, ...] | None:
    """`("a", "b")` if the instruction at `offset` is the call `a.b.get()`, without a timeout.

    `SimpleQueue.get` is not written in Python and so has no frame of its own. `ThreadPoolExecutor` waits in it, and so
    does aiosqlite.
    """
    *before, call = takewhile(lambda each: each.offset <= offset, dis.get_instructions(code))
    if not call.opname.startswith("CALL") or (call.arg or 0) > 1 or call.positions is None:
        return None
    if before and before[-1].argval == ("timeout",):
        return None
    begin = call.positions[0], call.positions[2]
    names: list[str] = []
    for each in reversed(before):
        if each.positions is None or (each.positions[0], each.positions[2]) != begin:
            continue
        if each.opname.startswith(_LOADS):
            names.append(str(each.argval))
            if each.opname != "LOAD_ATTR":
                break
    return tuple(reversed(names[1:])) if len(names) > 1 and names[0] == "get" else None
