from collections.abc import AsyncIterator

import pytest

from jero import SSEResponse, StreamingResponse


async def nothing() -> AsyncIterator[bytes]:
    for item in ():
        yield item


@pytest.mark.parametrize("status_code", [100, 204, 205, 304, 600])
def test_a_status_that_has_no_body_cannot_carry_a_stream(status_code: int) -> None:
    with pytest.raises(ValueError, match=f"status {status_code} cannot carry a stream"):
        StreamingResponse(stream=nothing(), status_code=status_code)


@pytest.mark.parametrize("keepalive", [0, -1.0, float("nan")])
def test_keepalive_is_a_time_above_zero(keepalive: float) -> None:
    with pytest.raises(ValueError, match="time in seconds above zero"):
        SSEResponse[bytes](stream=nothing(), keepalive=keepalive)
