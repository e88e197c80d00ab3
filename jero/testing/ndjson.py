"""Reads newline-delimited JSON as a client does: typed items, each as soon as its line is complete."""

from collections.abc import AsyncGenerator, Generator
from typing import overload

import msgspec

from jero.custom_types import Codec, CustomTypes
from jero.testing.clients import AsyncStreamedResponse, StreamedResponse


@overload
def iter_ndjson[T](
    response: StreamedResponse, item: type[T], *, custom_types: CustomTypes = ()
) -> Generator[T]: ...
@overload
def iter_ndjson(
    response: StreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> Generator[object]: ...
def iter_ndjson(
    response: StreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> Generator[object]:
    """The items of a streamed response, each decoded to `item` as soon as its line is complete.

    `item` is any type that msgspec or one of the application's `custom_types` decodes. Type checkers see the items of
    a union such as `Row | Total`, or of an alias such as `type Line = Row | Total`, as `object`: use `match` to narrow
    them. Blank lines are skipped, and the last line may lack its line feed. Raises `msgspec.DecodeError` (or its
    subclass `ValidationError`), with the line and its number, for a line that is not a valid `item`, and `TypeError`
    for a type that msgspec cannot decode.
    """
    lines = _Lines(item, custom_types)
    for chunk in response.iter_bytes():
        yield from lines.feed(chunk)
    yield from lines.feed(b"\n")


@overload
def aiter_ndjson[T](
    response: AsyncStreamedResponse, item: type[T], *, custom_types: CustomTypes = ()
) -> AsyncGenerator[T]: ...
@overload
def aiter_ndjson(
    response: AsyncStreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> AsyncGenerator[object]: ...
async def aiter_ndjson(
    response: AsyncStreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> AsyncGenerator[object]:
    """`iter_ndjson`, for a response of an `AsyncClient`."""
    lines = _Lines(item, custom_types)
    async for chunk in response.aiter_bytes():
        for decoded in lines.feed(chunk):
            yield decoded
    for decoded in lines.feed(b"\n"):
        yield decoded


class _Lines:
    """Bytes → items. Lines end where line feeds are, wherever the chunks do."""

    def __init__(self, item: object, custom_types: CustomTypes) -> None:
        self._decode = Codec(custom_types).decoder(item).decode
        self._begun = bytearray()
        self._number = 0

    def feed(self, chunk: bytes) -> Generator[object]:
        first, *rest = chunk.split(b"\n")
        self._begun += first
        for following in rest:
            line, self._begun = self._begun, bytearray(following)
            self._number += 1
            if line.strip():
                yield self._decoded(line)

    def _decoded(self, line: bytearray) -> object:
        try:
            return self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            is_validation = isinstance(error, msgspec.ValidationError)
            kind = msgspec.ValidationError if is_validation else msgspec.DecodeError
            text = line.decode("utf-8", "backslashreplace")
            raise kind(f"line {self._number}: {error}: {text}") from error
