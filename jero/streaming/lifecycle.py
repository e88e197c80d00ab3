"""A plain stream, a one-yield generator, a context manager → one way to open a stream and to close it."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import AsyncGeneratorType
from typing import Final, Never, cast, override

from jero.streaming.responses import Stream

_NOTHING: Final = object()


class Source[T]:
    """A stream with what it takes to open and to close it, both in the task that calls.

    Once open, `ready` holds the item that opening it gave, if it did, and `rest` gives all others. What kind of
    generator one is shows in what it yields first: an asynchronous iterable is the stream itself, and anything
    else its first item.
    """

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream
        self._manager: AbstractAsyncContextManager[AsyncIterable[T]] | None = None
        self._generator: AsyncGenerator[object] | None = None
        self._is_claimed = False
        self.ready: tuple[T, ...] = ()
        self.rest: AsyncIterator[T] = _NEVER

    @property
    def has_teardown(self) -> bool:
        """Whether closing runs more than the end of the items' own generator, which is over when they are."""
        return self._manager is not None or self._generator is not None

    async def open(self) -> None:
        """Set up. `close` is due afterwards, even if this raises."""
        stream = self._stream
        if stream is USED:
            raise RuntimeError(
                "the stream of this response was sent already: create a response, and call the function that makes its"
                " stream, for each request"
            )
        # Asked first because it mostly is one, and because an abstract class takes longer to ask.
        if not isinstance(stream, AsyncGeneratorType):
            if isinstance(stream, AbstractAsyncContextManager):
                items = await stream.__aenter__()
                self._manager = stream
                self.rest = aiter(items)
                return
            if not isinstance(stream, AsyncGenerator):
                self.rest = aiter(stream)
                return
        else:
            if stream in _streaming or stream.ag_frame is None:
                raise RuntimeError(
                    f"the generator {stream.__qualname__} was streamed already: call its function for each response"
                )
            _streaming.add(cast("object", stream))
            self._is_claimed = True
        generator = cast("AsyncGenerator[T | AsyncIterable[T]]", stream)
        # What it yields decides what it is, which no annotation can tell.
        first = await anext(generator, _NOTHING)
        if hasattr(first, "__aiter__"):
            self._generator = generator
            self.rest = aiter(cast("AsyncIterable[T]", first))
        else:
            self.rest = cast("AsyncIterator[T]", generator)
            self.ready = () if first is _NOTHING else (cast("T", first),)

    def release(self) -> None:
        """Forget the stream, however it ended."""
        if self._is_claimed:
            _streaming.discard(self._stream)

    async def close(self, error: BaseException | None) -> None:
        """Tear down what was set up, after `error` or after all went well.

        The items' own generator is closed first. Then a context manager is exited with the error, as `async with`
        would, and a one-yield generator is resumed, so that what stands after its `yield` runs. Raises what that
        raises, and `RuntimeError` for a generator that yields a second time.
        """
        try:
            await _close(self.rest)
        except BaseException as also:
            await self.exit(error or also)
            raise
        await self.exit(error)

    async def exit(self, error: BaseException | None) -> None:
        """Tear down what holds the stream, and leave its items as they are."""
        if self._manager is not None:
            kind, traceback = (type(error), error.__traceback__) if error else (None, None)
            await self._manager.__aexit__(kind, error, traceback)
        elif self._generator is not None:
            await _resume(self._generator)


async def _resume(generator: AsyncGenerator[object]) -> None:
    async for _ in generator:
        await generator.aclose()
        name = getattr(generator, "__qualname__", type(generator).__name__)
        raise RuntimeError(f"{name} yielded twice: it yields its stream once, and then tears down")


async def _close(items: object) -> None:
    # Not only generators: an iterator that can be closed wants to be.
    aclose: Callable[[], Awaitable[object]] | None = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()


class _Never(AsyncIterator[Never]):
    """What comes of a stream that could not be opened."""

    @override
    async def __anext__(self) -> Never:
        raise StopAsyncIteration


_NEVER: Final = _Never()
USED: Final[AsyncIterable[Never]] = _Never()
"""What stands in a response for its stream as soon as that is being sent."""

_streaming: Final[set[object]] = set()
"""The generators that are being streamed. A second response would share their items with the first."""
