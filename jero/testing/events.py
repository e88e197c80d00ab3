"""Reads an event stream as a client does: typed events, each as soon as it is complete (WHATWG HTML 9.2)."""

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, Final, Union, overload

import msgspec

from jero.annotations import classes_of, parts_of
from jero.custom_types import Codec, CustomTypes
from jero.testing.clients import AsyncStreamedResponse, StreamedResponse
from jero.testing.event_stream import EventStreamParser, ReceivedEvent

CONTENT_TYPE: Final = "text/event-stream"


@overload
def iter_events(response: StreamedResponse) -> Generator[ReceivedEvent]: ...
@overload
def iter_events[T](  # pyright: ignore[reportOverlappingOverload] - the next is for unions and aliases
    response: StreamedResponse, item: type[T], *, custom_types: CustomTypes = ()
) -> Generator[ReceivedEvent[T]]: ...
@overload
def iter_events(
    response: StreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> Generator[ReceivedEvent[object]]: ...
def iter_events(
    response: StreamedResponse, item: object = str, *, custom_types: CustomTypes = ()
) -> Generator[ReceivedEvent[Any]]:  # see the overloads
    """The events of a streamed response, each as soon as it is complete. Comments, such as keepalives, are skipped.

    The data is decoded from JSON to `item`: any type that msgspec or one of the application's `custom_types` decodes.
    For `str`, and for a `Literal` or an `Enum` of strings, the data is the text itself. For a union of such types and
    others, the text is decoded as JSON if possible, and kept as text otherwise. Type checkers see the data of a union
    such as `Row | Total`, or of an alias such as `type Line = Row | Total`, as `object`: use `match` to narrow it. An
    unfinished event at the end of the stream is dropped, as the specification requires.

    Raises `ValueError` if the response's `Content-Type` is not `text/event-stream`, and `TypeError` for an `item` that
    msgspec cannot decode, such as a union of Structs without tags (use `str`, and decode the data according to the
    event's name). While reading, raises `msgspec.DecodeError` (or its subclass `ValidationError`), with the event's
    number and data, if the data is not a valid `item`.
    """
    return _read(response, _Events(response, item, custom_types))


def _read(response: StreamedResponse, events: "_Events") -> Generator[ReceivedEvent[object]]:
    for chunk in response.iter_bytes():
        yield from events.feed(chunk)


@overload
def aiter_events(response: AsyncStreamedResponse) -> AsyncGenerator[ReceivedEvent]: ...
@overload
def aiter_events[T](  # pyright: ignore[reportOverlappingOverload] - the next is for unions and aliases
    response: AsyncStreamedResponse, item: type[T], *, custom_types: CustomTypes = ()
) -> AsyncGenerator[ReceivedEvent[T]]: ...
@overload
def aiter_events(
    response: AsyncStreamedResponse, item: object, *, custom_types: CustomTypes = ()
) -> AsyncGenerator[ReceivedEvent[object]]: ...
def aiter_events(
    response: AsyncStreamedResponse, item: object = str, *, custom_types: CustomTypes = ()
) -> AsyncGenerator[ReceivedEvent[Any]]:  # see the overloads
    """Like `iter_events`, for a response of an `AsyncClient`."""
    return _aread(response, _Events(response, item, custom_types))


async def _aread(
    response: AsyncStreamedResponse, events: "_Events"
) -> AsyncGenerator[ReceivedEvent[object]]:
    async for chunk in response.aiter_bytes():
        for event in events.feed(chunk):
            yield event


class _Events:
    """Bytes → typed events."""

    def __init__(
        self,
        response: StreamedResponse | AsyncStreamedResponse,
        item: object,
        custom_types: CustomTypes,
    ) -> None:
        given = response.headers.get("content-type", "no content type")
        if given.partition(";")[0].strip().lower() != CONTENT_TYPE:
            raise ValueError(
                f"expected {CONTENT_TYPE}, but the response has {given} (status {response.status_code})"
            )
        self._decode = _compile_decode(item, Codec(custom_types))
        self._parser = EventStreamParser()
        self._number = 0

    def feed(self, chunk: bytes) -> Generator[ReceivedEvent[object]]:
        for event in self._parser.feed(chunk):
            self._number += 1
            yield ReceivedEvent(
                data=self._decoded(event.data), event=event.event, id=event.id, retry=event.retry
            )

    def _decoded(self, data: str) -> object:
        try:
            return self._decode(data)
        except msgspec.DecodeError as error:
            raise type(error)(f"event {self._number}: {error}: {data}") from error


def _compile_decode(item: object, codec: Codec) -> Callable[[str], object]:
    """The function that decodes an event's data to an item."""
    if item is str:
        return str
    texts = [
        part for part in parts_of(item) if all(issubclass(each, str) for each in classes_of(part))
    ]
    others = [part for part in parts_of(item) if part not in texts]
    text_type = Union[tuple(texts)] if texts else None  # noqa: UP007 - the parts are not known before
    decode = codec.decoder(item if not texts else Union[tuple(others)]).decode if others else None  # noqa: UP007 - see above

    def decode_data(data: str) -> object:
        if decode is None:
            return codec.convert(data, text_type)
        try:
            return decode(data)
        except msgspec.DecodeError:
            if text_type is None:
                raise
            return codec.convert(data, text_type)

    return decode_data
