"""`BackgroundTasks`: supervised tasks that run beside requests and end with the application."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, override

_logger: Final = logging.getLogger("jero")


class BackgroundTasks:
    """Runs tasks beside requests: a poller, the consumer of a queue, work that must outlive a response.

        class App(BaseApp):
            async def _wire(self) -> None:
                pool = await self._enter(open_pool())
                tasks = await self._enter(BackgroundTasks())
                tasks.start(refresh_prices(pool))
                self._include_endpoint(OrdersEndpoint(pool, tasks))

    A task that fails is logged immediately, with its name and traceback. Requests and other tasks continue.

    On exit all tasks are cancelled. A task that is still running `timeout` seconds later is logged and abandoned, so
    that the application always shuts down. Enter this after the resources that the tasks use, so that it exits first.
    """

    def __init__(self, *, timeout: float = 10.0) -> None:
        self._timeout: Final = timeout
        self._running: dict[asyncio.Task[object], _Abandonable[object]] = {}
        self._is_open = False

    async def __aenter__(self) -> Self:
        if self._is_open:
            raise RuntimeError("BackgroundTasks is already entered: create another instance")
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        for task in tuple(self._running):
            task.cancel()
        try:
            if self._running:
                await asyncio.wait(tuple(self._running), timeout=self._timeout)
        finally:
            for task, work in tuple(self._running.items()):
                _logger.error(
                    "background task %s did not end within %g s of being cancelled, and was abandoned",
                    task.get_name(),
                    self._timeout,
                )
                work.is_abandoned = True
                task.cancel()

    def start[T](
        self, work: Coroutine[object, object, T], *, name: str | None = None
    ) -> asyncio.Task[T]:
        """Run `work`, a coroutine, in a task of this name; by default that of its function.

        Returns the task, which can be awaited or cancelled, or checked with `done()`, for example in a readiness check.
        Raises `TypeError` for anything but a coroutine, and `RuntimeError` unless this is entered.
        """
        if not asyncio.iscoroutine(work):
            fix = "call it, as in `start(poll())`" if callable(work) else "expected a coroutine"
            raise TypeError(f"BackgroundTasks.start got {work!r}: {fix}")
        name = name or getattr(work, "__qualname__", type(work).__name__)
        if not self._is_open:
            work.close()
            raise RuntimeError(
                f"background task {name} cannot start: enter its BackgroundTasks first, as in `await"
                " self._enter(BackgroundTasks())`; it accepts no tasks once its exit has begun"
            )
        abandonable = _Abandonable(work)
        task = asyncio.get_running_loop().create_task(abandonable, name=name)
        self._running[task] = abandonable
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[object]) -> None:
        del self._running[task]
        if task.cancelled():
            # Nobody cancelled the task itself; it may have awaited a future that was cancelled.
            if not task.cancelling():
                _logger.error("background task %s ended: cancelled from within", task.get_name())
        elif error := task.exception():
            reason = f"{type(error).__name__}: {error}".removesuffix(": ")
            _logger.error("background task %s failed: %s", task.get_name(), reason, exc_info=error)


class _Abandonable[T](Coroutine[object, object, T]):
    """A coroutine that, once abandoned, ends when it is cancelled, even if its code suppresses the cancellation.

    Debuggers see it as the coroutine itself.
    """

    def __init__(self, work: Coroutine[object, object, T]) -> None:
        self.is_abandoned = False
        self._work: Final = work
        self.__name__ = getattr(work, "__name__", type(work).__name__)
        self.__qualname__ = getattr(work, "__qualname__", self.__name__)

    def __getattr__(self, name: str) -> object:
        return getattr(self._work, name)  # `cr_await`, `cr_frame` and so on

    @override
    def __await__(self) -> Generator[object, object, T]:
        return self._work.__await__()

    @override
    def send(self, value: object, /) -> object:
        return _step(self._work.send, value)

    @override
    def throw(
        self,
        error: type[BaseException] | BaseException,
        value: object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> object:
        if self.is_abandoned:
            self.close()
            raise asyncio.CancelledError
        if not isinstance(error, BaseException):
            error = value if isinstance(value, BaseException) else error()
        return _step(self._work.throw, error)

    @override
    def close(self) -> None:
        with suppress(RuntimeError):  # it may ignore `GeneratorExit` as well
            self._work.close()


def _step[V](step: Callable[[V], object], value: V) -> object:
    try:
        return step(value)
    except SystemExit as error:
        # A `SystemExit` would stop the event loop and everything in it without any teardown.
        raise RuntimeError(f"called sys.exit({error.code!r})") from error
