"""An event stream as a client reads it: typed events, each as soon as it is whole (WHATWG HTML 9.2)."""

from collections.abc import AsyncGenerator, Generator
from typing import Any, Final, cast, overload

import msgspec

from jero.testing.clients import AsyncStreamedResponse, StreamedResponse
from jero.testing.event_stream import EventStreamParser, ReceivedEvent

CONTENT_TYPE: Final = "text/event-stream"


@overload
def iter_events(response: StreamedResponse) -> Generator[ReceivedEvent]: ...
@overload
def iter_events[T](  # pyright: ignore[reportOverlappingOverload] - the next is for what is no `type`
    response: StreamedResponse, item: type[T]
) -> Generator[ReceivedEvent[T]]: ...
@overload
def iter_events(response: StreamedResponse, item: object) -> Generator[ReceivedEvent[object]]: ...
def iter_events(
    response: StreamedResponse, item: object = str
) -> Generator[ReceivedEvent[Any]]:  # of what, the overloads say
    """The events of a streamed response, each as soon as it is whole. Comments, such as keepalives, are none.

    Their data is decoded from JSON to `item`, which is whatever msgspec decodes; with `str`, it is left as it is. To a
    type checker, the data of a union such as `Row | Total` is `object`, as is that of an alias such as
    `type Line = Row | Total`: tell its types apart by `match`. An event that the stream did not finish is dropped, as
    the specification has it.

    Raises `ValueError` for a response of another type than `text/event-stream`, `TypeError` for an `item` that msgspec
    cannot decode, such as Structs that no tag tells apart (read those as text, and decode each by its event's name),
    and, while it is read, `msgspec.DecodeError` (or its subclass `ValidationError`) with the data and the event's
    number for data that is no `item`.
    """
    return _read(response, _Events(response, item))


def _read(response: StreamedResponse, events: "_Events") -> Generator[ReceivedEvent[object]]:
    for chunk in response.iter_bytes():
        yield from events.feed(chunk)


@overload
def aiter_events(response: AsyncStreamedResponse) -> AsyncGenerator[ReceivedEvent]: ...
@overload
def aiter_events[T](  # pyright: ignore[reportOverlappingOverload] - the next is for what is no `type`
    response: AsyncStreamedResponse, item: type[T]
) -> AsyncGenerator[ReceivedEvent[T]]: ...
@overload
def aiter_events(
    response: AsyncStreamedResponse, item: object
) -> AsyncGenerator[ReceivedEvent[object]]: ...
def aiter_events(
    response: AsyncStreamedResponse, item: object = str
) -> AsyncGenerator[ReceivedEvent[Any]]:  # of what, the overloads say
    """`iter_events`, for a response of an `AsyncClient`."""
    return _aread(response, _Events(response, item))


async def _aread(
    response: AsyncStreamedResponse, events: "_Events"
) -> AsyncGenerator[ReceivedEvent[object]]:
    async for chunk in response.aiter_bytes():
        for event in events.feed(chunk):
            yield event


class _Events:
    """Bytes → typed events."""

    def __init__(self, response: StreamedResponse | AsyncStreamedResponse, item: object) -> None:
        given = response.headers.get("content-type", "no content type")
        if given.partition(";")[0].strip().lower() != CONTENT_TYPE:
            raise ValueError(
                f"expected {CONTENT_TYPE}, and the response has {given} (status {response.status_code})"
            )
        self._decode = None if item is str else msgspec.json.Decoder(cast("type[Any]", item)).decode
        self._parser = EventStreamParser()
        self._number = 0

    def feed(self, chunk: bytes) -> Generator[ReceivedEvent[object]]:
        for event in self._parser.feed(chunk):
            self._number += 1
            yield ReceivedEvent(
                data=self._decoded(event.data), event=event.event, id=event.id, retry=event.retry
            )

    def _decoded(self, data: str) -> object:
        if self._decode is None:
            return data
        try:
            return self._decode(data)
        except msgspec.DecodeError as error:
            raise type(error)(f"event {self._number}: {error}: {data}") from error
