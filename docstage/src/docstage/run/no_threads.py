"""Replacements for worker threads where Python cannot start any, as in the browser.

A job for a pool of threads runs at once, in the event loop's own thread: that is enough for functions that a framework
runs aside, such as FastAPI's `def` handlers. Pyodide's event loop does the same for `asyncio.to_thread` and
`run_in_executor`. A thread that has to run beside the program cannot be had, and starting one fails with what to do.
"""

import asyncio
import importlib.util
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from logging import LogRecord
from logging.handlers import QueueHandler, QueueListener
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeAlias, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from anyio.abc import AsyncBackend

NO_THREAD: Final = (
    "Python in the browser cannot start threads: use a task, `asyncio.to_thread` or a `ThreadPoolExecutor` instead, or "
    "download the example as a project and run it on your machine"
)
NO_WAITING: Final = (
    "Python in the browser has no threads, so a function cannot wait for the event loop that calls it: declare it with "
    "`async def` and use `await` instead of `anyio.from_thread.run`"
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Ts = TypeVarTuple("_Ts")

_Queue: TypeAlias = Any  # whatever has `put_nowait`

_listeners: Final[WeakKeyDictionary[_Queue, QueueListener]] = WeakKeyDictionary()


def do_without_threads(replace: Callable[[object, str, object], object] = setattr) -> None:
    """Let thread pools and queues of log records of the standard library do without threads, from now on."""
    replace(Thread, "start", _refuse_to_start)
    replace(ThreadPoolExecutor, "submit", _submit)
    replace(QueueListener, "start", _listen)
    replace(QueueListener, "stop", _stop_listening)
    replace(QueueHandler, "enqueue", _enqueue)


def let_anyio_do_without_threads(
    replace: Callable[[object, str, object], object] = setattr,
) -> None:
    """Let anyio's `to_thread` and `from_thread` do so, if anyio is installed, and do nothing otherwise."""
    if importlib.util.find_spec("anyio") is None:
        return
    from anyio._backends._asyncio import AsyncIOBackend  # noqa: PLC0415 - it may be installed later than this module

    # There is no public way to replace anyio's worker threads.
    replace(AsyncIOBackend, "run_sync_in_worker_thread", classmethod(_run_anyio_job))
    replace(AsyncIOBackend, "run_async_from_thread", classmethod(_refuse_to_wait))
    replace(AsyncIOBackend, "run_sync_from_thread", classmethod(_call))


def _refuse_to_start(_: Thread) -> None:
    raise RuntimeError(NO_THREAD)


def _refuse_to_wait(_: "type[AsyncBackend]", job: object, args: object, token: object) -> None:  # noqa: ARG001
    raise RuntimeError(NO_WAITING)


def _submit(
    pool: ThreadPoolExecutor, job: Callable[_P, _R], /, *args: _P.args, **kwargs: _P.kwargs
) -> Future[_R]:
    if pool._shutdown:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]
        raise RuntimeError("cannot schedule new futures after shutdown")
    future: Future[_R] = Future()
    try:
        future.set_result(job(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - it is raised by `result`
        future.set_exception(error)
    return future


async def _run_anyio_job(
    backend: "type[AsyncBackend]",
    job: Callable[[*_Ts], _R],
    args: tuple[*_Ts],
    abandon_on_cancel: bool = False,  # noqa: ARG001, FBT001, FBT002 - the signature is anyio's
    limiter: "CapacityLimiter | None" = None,
) -> _R:
    from anyio._core._eventloop import claim_worker_thread, threadlocals  # noqa: PLC0415

    await backend.checkpoint()
    async with limiter or backend.current_default_thread_limiter():
        # What `anyio.from_thread` looks at: a job that runs at once cannot be cancelled meanwhile.
        threadlocals.current_cancel_scope = None
        with claim_worker_thread(backend, asyncio.get_running_loop()):
            return copy_context().run(job, *args)


def _call(
    _: "type[AsyncBackend]",
    job: Callable[[*_Ts], _R],
    args: tuple[*_Ts],
    token: object,  # noqa: ARG001 - the signature is anyio's
) -> _R:
    return job(*args)


def _listen(listener: QueueListener) -> None:
    _listeners[listener.queue] = listener


def _stop_listening(listener: QueueListener) -> None:
    _listeners.pop(listener.queue, None)


def _enqueue(handler: QueueHandler, record: LogRecord) -> None:
    if (listener := _listeners.get(handler.queue)) is None:
        handler.queue.put_nowait(record)
    else:
        listener.handle(record)
