"""How long the model may be silent, on a clock on which nothing waits."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from openai import AsyncOpenAI

from demo_app.questions.client import Assistant
from demo_app.questions.errors import ModelSilentError
from demo_app.questions.messages import Footer, Text
from demo_app_tests.questions.scripted import PIECE
from demo_app_tests.questions.test_bounds import EMPTY, END

pytestmark = pytest.mark.anyio

TIMEOUT = 30.0


def assistant(*parts: bytes | float) -> Assistant:
    """One whose model sends these parts, and pauses for so many seconds between them."""

    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            if isinstance(part, bytes):
                yield part
            else:
                await asyncio.sleep(part)

    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body()))
    client = httpx2.AsyncClient(transport=transport)
    return Assistant(AsyncOpenAI(api_key="-", http_client=client), "m", TIMEOUT)


async def test_a_slow_answer_whose_text_keeps_coming_is_whole() -> None:
    answer = assistant(*[29.0, PIECE] * 10, 29.0, END).answer("?")
    lines = [line async for line in answer]
    assert lines[:-1] == [Text("piece")] * 10
    assert isinstance(lines[-1], Footer)


async def test_empty_chunks_and_comments_do_not_break_the_silence() -> None:
    answer = assistant(PIECE, *[29.0, EMPTY, b":\n\n"] * 10, END).answer("?")
    assert await anext(answer) == Text("piece")
    began = asyncio.get_running_loop().time()
    with pytest.raises(ModelSilentError):
        _ = [line async for line in answer]
    assert asyncio.get_running_loop().time() - began == pytest.approx(TIMEOUT)


async def test_the_time_that_the_reader_takes_does_not_count() -> None:
    answer = assistant(PIECE, 29.0, PIECE, 29.0, END).answer("?")
    async for _ in answer:
        await asyncio.sleep(10 * TIMEOUT)
