"""Opens and closes a stream in one way, whether it is a plain iterable, a one-yield generator or a context manager."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import AsyncGeneratorType
from typing import Final, Never, cast, override

from jero.streaming.responses import Stream


class Source[T]:
    """A stream that can be opened and closed, both in the caller's task.

    After `open`, `ready` holds the items that opening it produced (none or one), and `rest` iterates over the others.
    The first value that a generator yields shows what kind it is: if that is an asynchronous iterable, it is the
    stream; otherwise it is the first item.
    """

    _manager: AbstractAsyncContextManager[AsyncIterable[T]] | None = None
    _generator: AsyncGenerator[object] | None = None
    _is_claimed: bool = False
    ready: tuple[object, ...] = ()

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream
        self.rest: AsyncIterator[object] = _NEVER

    @property
    def has_teardown(self) -> bool:
        """Whether closing runs code beside the items' own generator, which has finished when they are drained."""
        return self._manager is not None or self._generator is not None

    async def open(self) -> None:
        """Set up. Call `close` afterwards, even if this raises."""
        stream = self._stream
        if stream is ALREADY_SENT:
            raise RuntimeError(
                "the stream of this response was sent already: for each request, create a new response with a new"
                " stream"
            )
        # Checked first because it is the usual case, and `isinstance` is slower for abstract classes.
        if not isinstance(stream, AsyncGeneratorType):
            if isinstance(stream, AbstractAsyncContextManager):
                items = await stream.__aenter__()
                self._manager = stream
                self.rest = aiter(items)
                return
            if not isinstance(stream, AsyncGenerator):
                self.rest = aiter(stream)
                return
        elif stream in _streaming or stream.ag_frame is None:
            raise RuntimeError(
                f"the generator {stream.__qualname__} was streamed already: call its function again for each response"
            )
        generator = cast("AsyncGenerator[object]", stream)
        self.rest = generator
        # The annotation doesn't decide what it is: the first value does.
        async for first in generator:
            if hasattr(first, "__aiter__"):
                self._generator = generator
                self.rest = aiter(cast("AsyncIterable[T]", first))
            else:
                self.ready = (first,)
            break

    def claim(self) -> None:
        """Keep other responses from streaming the same generator until `release`."""
        stream: object = self._stream
        if isinstance(stream, AsyncGeneratorType):
            self._is_claimed = True
            _streaming.add(cast("object", stream))

    def release(self) -> None:
        """Remove the stream from those that are being streamed, however it ended."""
        if self._is_claimed:
            _streaming.discard(self._stream)

    async def close(self, error: BaseException | None) -> None:
        """Tear down what `open` set up. `error` is what ended the stream, or `None` if it was drained.

        The items' own generator is closed first. Then a context manager is exited with the error, as by `async with`,
        and a one-yield generator is resumed, so that the code after its `yield` runs. Raises what they raise, and
        `RuntimeError` for a generator that yields a second time.
        """
        rest = self.rest
        if getattr(rest, "ag_frame", rest) is not None:  # or it is a generator that has finished
            try:
                await _close(rest)
            except BaseException as also:
                await self.exit(error or also)
                raise
        await self.exit(error)

    async def exit(self, error: BaseException | None) -> None:
        """Tear down the context manager or one-yield generator around the items, without closing the items."""
        if self._manager is not None:
            kind, traceback = (type(error), error.__traceback__) if error else (None, None)
            await self._manager.__aexit__(kind, error, traceback)
        elif self._generator is not None:
            await _resume(self._generator)


async def _resume(generator: AsyncGenerator[object]) -> None:
    async for _ in generator:
        await generator.aclose()
        name = getattr(generator, "__qualname__", type(generator).__name__)
        raise RuntimeError(f"{name} yielded twice: yield the stream once, then clean up")


async def _close(items: object) -> None:
    # Not only generators: any iterator with `aclose` is closed.
    aclose: Callable[[], Awaitable[object]] | None = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()


class _Never(AsyncIterator[Never]):
    """The items of a stream that could not be opened: none."""

    @override
    async def __anext__(self) -> Never:
        raise StopAsyncIteration


_NEVER: Final = _Never()
ALREADY_SENT: Final[AsyncIterable[Never]] = _Never()
"""Replaces a response's stream once sending starts, so that a second use is noticed."""

_streaming: Final[set[object]] = set()
"""The generators that are being streamed. A second response with the same generator would take items from the first."""
