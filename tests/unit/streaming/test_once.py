"""A stream is sent once: a second request for it is an error, never an empty response that looks complete."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest

from jero import Endpoint, NDJSONStreamingResponse
from tests.support.asking import app_of, ask

pytestmark = pytest.mark.anyio


async def numbers() -> AsyncIterator[int]:
    for number in range(3):
        await asyncio.sleep(0.1)
        yield number


class Numbers:
    """An iterator that is not a generator."""

    def __init__(self) -> None:
        self.items = numbers()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        return await anext(self.items)


async def held() -> AsyncGenerator[AsyncIterator[int]]:
    yield numbers()


@asynccontextmanager
async def managed() -> AsyncGenerator[AsyncIterator[int]]:
    yield numbers()


class Same(Endpoint, path="/"):
    """Returns one response to everybody."""

    def __init__(self, stream: Any) -> None:
        self.response = NDJSONStreamingResponse[int](stream=stream)

    async def get(self) -> NDJSONStreamingResponse[int]:
        return self.response


class SameStream(Endpoint, path="/"):
    """Returns a response of its own to everybody, and all of them have one stream."""

    def __init__(self, stream: Any) -> None:
        self.responses = [NDJSONStreamingResponse[int](stream=stream) for _ in range(2)]

    async def get(self) -> NDJSONStreamingResponse[int]:
        return self.responses.pop()


@pytest.mark.parametrize("make", [numbers, Numbers, held, managed])
async def test_a_response_that_is_returned_again_is_a_logged_500(make: Callable[[], Any]) -> None:
    app = app_of(Same(make()))
    first, second = await ask(app, "/"), await ask(app, "/")
    assert (first.status, first.body) == (200, b"0\n1\n2\n")
    assert second.status == 500
    assert "the stream of this response was sent already" in second.logged[0].text


@pytest.mark.parametrize("make", [numbers, held])
async def test_a_generator_in_two_responses_is_a_logged_500_for_the_second(
    make: Callable[[], Any],
) -> None:
    app = app_of(SameStream(make()))
    first, second = await ask(app, "/"), await ask(app, "/")
    assert (first.status, first.body) == (200, b"0\n1\n2\n")
    assert second.status == 500
    text = f"the generator {make.__name__} was streamed already: call its function again for each"
    assert text in second.logged[0].text


@pytest.mark.parametrize("endpoint", [Same, SameStream])
async def test_two_requests_at_once_do_not_share_the_items_of_one_generator(
    endpoint: Callable[[Any], Endpoint],
) -> None:
    app = app_of(endpoint(numbers()))
    answers = await asyncio.gather(ask(app, "/"), ask(app, "/"))
    assert sorted(answer.status for answer in answers) == [200, 500]
    (whole,) = (answer for answer in answers if answer.status == 200)
    assert whole.body == b"0\n1\n2\n"


async def test_a_generator_whose_first_item_was_taken_by_the_handler_is_streamed() -> None:
    class Rest(Endpoint, path="/"):
        async def get(self) -> NDJSONStreamingResponse[int]:
            items = numbers()
            await anext(items)
            return NDJSONStreamingResponse(stream=items)

    assert (await ask(app_of(Rest()), "/")).body == b"1\n2\n"


async def test_a_response_to_head_leaves_its_stream_for_the_next_request() -> None:
    app = app_of(Same(numbers()))
    assert (await ask(app, "/", "HEAD")).status == 200
    assert (await ask(app, "/")).body == b"0\n1\n2\n"
