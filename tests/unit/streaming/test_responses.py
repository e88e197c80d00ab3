import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jero import NDJSONStreamingResponse, SSEResponse, StreamingResponse

pytestmark = pytest.mark.anyio


async def nothing() -> AsyncIterator[bytes]:
    for item in ():
        yield item


@pytest.mark.parametrize("status_code", [100, 204, 205, 304, 600])
def test_a_status_that_has_no_body_cannot_carry_a_stream(status_code: int) -> None:
    with pytest.raises(ValueError, match=f"status {status_code} cannot carry a body"):
        StreamingResponse(stream=nothing(), status_code=status_code)


@pytest.mark.parametrize("keepalive", [0, -1.0, float("nan")])
def test_keepalive_is_a_time_above_zero(keepalive: float) -> None:
    with pytest.raises(ValueError, match="time in seconds above zero"):
        SSEResponse[bytes](stream=nothing(), keepalive=keepalive)


def test_keepalive_is_a_number() -> None:
    given: Any = "15"
    with pytest.raises(TypeError, match="keepalive is '15': expected a number of seconds"):
        SSEResponse[bytes](stream=nothing(), keepalive=given)


@pytest.mark.parametrize("kind", [StreamingResponse, NDJSONStreamingResponse, SSEResponse])
def test_the_stream_may_be_given_by_position(kind: Any) -> None:
    stream = nothing()
    assert kind(stream).stream is stream


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_how_a_stream_is_framed_cannot_be_set(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be set"):
        StreamingResponse(stream=nothing(), raw_headers={name: "1"})


async def test_a_generator_is_streamed_only_once() -> None:
    stream = nothing()
    assert [item async for item in stream] == []
    with pytest.raises(ValueError, match="already streamed: call its function again"):
        StreamingResponse(stream=stream)


async def no_stream() -> list[bytes]:
    return []


@pytest.mark.parametrize(
    ("stream", "mend"),
    [
        ([b""], "stream is a list: yield its items from an `async def` instead"),
        ((item for item in (b"",)), "stream is a generator: yield its items from an `async def`"),
        (nothing, "stream is a function: call it"),
        (no_stream(), "stream is a coroutine: its function has no `yield`"),
        (None, "stream is a NoneType: expected an asynchronous iterable"),
    ],
)
def test_an_invalid_stream_is_refused_with_the_fix(stream: Any, mend: str) -> None:
    with pytest.raises(TypeError, match=re.escape(mend)):
        StreamingResponse(stream=stream)
