"""A plain stream and a one-yield generator → one way to open a stream and to close it.

Which of the two a generator is shows in what it yields first: an asynchronous iterable is the stream itself, anything
else its first item.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import Never, cast

from msgspec import Struct

from jero.streaming.responses import Stream


class Source[T](Struct, frozen=True):
    """An open stream: the items that opening it gave already, and the rest."""

    ready: tuple[T, ...]
    rest: AsyncIterator[T]


@asynccontextmanager
async def opened[T](stream: Stream[T]) -> AsyncGenerator[Source[T]]:
    """Open `stream`, and close it on the way out whatever happened: everything in the task that calls.

    On the way out the items' own generator is closed, and a one-yield generator is resumed, so that what stands
    after its `yield` runs after an error or a cancellation too. Raises what set-up or teardown raises, and
    `RuntimeError` for a generator that yields a second time.
    """
    if not isinstance(stream, AsyncGenerator):
        async with _closing(aiter(stream)) as items:
            yield Source((), items)
        return
    # From here on what the generator yields decides what it is, which no annotation can tell.
    generator = cast("AsyncGenerator[T | AsyncIterable[T]]", stream)
    async with _closing(generator):
        try:
            first = await anext(generator)
        except StopAsyncIteration:
            yield Source((), _nothing())
            return
        if not isinstance(first, AsyncIterable):
            yield Source((first,), cast("AsyncIterator[T]", generator))
            return
        try:
            async with _closing(aiter(cast("AsyncIterable[T]", first))) as items:
                yield Source((), items)
        finally:
            await _resume(generator)


async def _nothing() -> AsyncGenerator[Never]:
    for nothing in ():
        yield nothing


@asynccontextmanager
async def _closing[T](items: AsyncIterator[T]) -> AsyncGenerator[AsyncIterator[T]]:
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


async def _resume(generator: AsyncGenerator[object]) -> None:
    async for _ in generator:
        name = getattr(generator, "__qualname__", type(generator).__name__)
        raise RuntimeError(
            f"{name} yielded twice: a one-yield generator yields its stream once, then tears down"
        )
