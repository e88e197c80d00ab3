"""A hostile upstream costs neither more time than `OPENAI_TIMEOUT` nor more memory than an event may take."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import msgspec
import pytest

from demo_app.questions.bounds import LARGEST
from demo_app.questions.messages import AnswerLine, Failure, Footer, Text
from demo_app_tests.questions.scripted import PIECE, SECRET
from demo_app_tests.serving import client_of

pytestmark = pytest.mark.anyio

type Answer = Callable[[], AsyncIterator[bytes]]

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
EMPTY = PIECE.replace(b'"piece"', b'""')
END = PIECE.replace(b'{"content":"piece"}', b"{}").replace(b"null", b'"stop"') + b"data: [DONE]\n\n"

TIMEOUT = 0.3
PAUSE, TIMES = 0.05, 60  # together 3 s


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # over a network, time is real


@asynccontextmanager
async def upstream(answer: Answer, patience: float = 30.0) -> AsyncGenerator[httpx.AsyncClient]:
    """The application, whose upstream sends `answer` to each question, as bytes on the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            (size,) = (
                int(line[15:])
                for line in head.lower().split(b"\r\n")
                if line[:15] == b"content-length:"
            )
            await reader.readexactly(size)
            async for part in answer():
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = {"openai_base_url": f"http://127.0.0.1:{port}/v1", "openai_api_key": SECRET}
        async with client_of(**settings, openai_timeout=patience) as client:
            yield client


async def ask(client: httpx.AsyncClient) -> list[AnswerLine] | int:
    """The lines of the answer, or the status of a failure."""
    lines: list[AnswerLine] = []
    async with client.stream("POST", "/questions", json={"question": "?"}) as response:
        if response.status_code != 200:
            return response.status_code
        with suppress(httpx.RemoteProtocolError):
            async for line in response.aiter_lines():
                lines += [msgspec.json.decode(line, type=AnswerLine)]
    return lines


async def trickle(before: bytes, piece: bytes, after: bytes) -> AsyncIterator[bytes]:
    """Something that comes piece by piece, and ends in a whole answer long after it must have been given up."""
    yield before
    for _ in range(TIMES):
        await asyncio.sleep(PAUSE)
        yield piece
    yield after


@pytest.mark.parametrize(
    "answer",
    [
        lambda: trickle(HEAD, b"x: y\r\n", b"\r\n" + PIECE + END),
        lambda: trickle(HEAD + b"x: ", b"y", b"\r\n\r\n" + PIECE + END),
        lambda: trickle(HEAD + b"\r\n", b": a comment\n\n", PIECE + END),
        lambda: trickle(HEAD + b"\r\n", EMPTY, PIECE + END),
        lambda: trickle(HEAD + b"\r\ndata: ", b" ", PIECE.removeprefix(b"data:") + END),
    ],
    ids=["headers", "a header", "comments", "empty chunks", "an event"],
)
async def test_only_text_breaks_the_models_silence(answer: Answer) -> None:
    async with upstream(answer, TIMEOUT) as client:
        silent = Failure(
            "The model is silent", "The model did not answer in time. Ask again later."
        )
        assert await ask(client) in (504, [silent])


async def forever(*parts: bytes) -> AsyncIterator[bytes]:
    """The parts, the last of them until the client closes the connection."""
    for part in parts:
        yield part
    while True:
        yield parts[-1]


async def once(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


LINE = b"data: " + b"x" * 65_536 + b"\n"
BOMB = gzip.compress(b"".join([PIECE, LINE * 1_000, b"\n"]))
UNAUTHORIZED = b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: once(HEAD + b"content-encoding: gzip\r\n\r\n", BOMB),
        lambda: once(HEAD + b"content-encoding: deflate\r\n\r\n", BOMB),
        lambda: once(HEAD + b"content-encoding: identity, gzip\r\n\r\n", BOMB),
        lambda: forever(HEAD + b"\r\n", b"x" * 65_536),
        lambda: forever(HEAD + b"\r\n", LINE),
        lambda: forever(HEAD + b"\r\n" + PIECE, LINE),
        lambda: forever(UNAUTHORIZED, b"x\n\n" * 20_000),
    ],
    ids=["gzip", "deflate", "both", "one line", "one event", "one event after text", "an error"],
)
async def test_a_response_out_of_bounds_is_a_failure(answer: Answer) -> None:
    async with upstream(answer) as client:
        lines = await ask(client)
    title = "The model failed"
    detail = "The model's service answered with something that is no answer."
    if isinstance(lines, list):
        lines = [line for line in lines if line != Text("piece")]
    assert lines in (502, [Failure(title, detail)])


COMMENT = b": " + b"x" * 1_000 + b"\n\n"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
async def test_an_answer_is_as_long_as_it_likes_wherever_the_network_cuts_it(
    line_end: bytes,
) -> None:
    events = (COMMENT * (2 * LARGEST // len(COMMENT))).replace(b"\n", line_end)
    step = 5 * len(COMMENT) - 1
    parts = [events[cut : cut + step] for cut in range(0, len(events), step)]
    async with upstream(lambda: once(HEAD + b"\r\n" + PIECE, *parts, END)) as client:
        lines = await ask(client)
    assert isinstance(lines, list)
    assert isinstance(lines[-1], Footer)


async def test_a_redirect_is_not_followed() -> None:
    async def moved() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 307 Moved\r\nlocation: /v1/chat/completions\r\ncontent-length: 0\r\n\r\n"

    async with upstream(moved) as client:
        assert await ask(client) == 502
