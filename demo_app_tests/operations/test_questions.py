"""Answers are streamed line by line; whatever fails is told, and nothing of it leaks."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from demo_app.questions.messages import AnswerLine, Failure, Footer, Text
from demo_app_tests.questions.scripted import SECRET, Scripted, served
from demo_app_tests.serving import answering_client, client_of
from jero.testing import VirtualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def clock() -> VirtualClock:
    """Stands still while the network does its work, so that no slow machine makes anybody late."""
    clock = asyncio.get_running_loop()
    assert isinstance(clock, VirtualClock)
    clock.pause()
    return clock


QUESTION = {"question": "What happens when the client leaves?"}

decode = msgspec.json.Decoder(AnswerLine).decode


@pytest.fixture
async def scripted() -> AsyncIterator[tuple[Scripted, dict[str, str]]]:
    upstream = Scripted()
    async with served(upstream) as settings:
        yield upstream, settings


async def resume_when_asked(upstream: Scripted, clock: VirtualClock) -> None:
    """Let time pass once the question has reached the upstream."""
    await asyncio.to_thread(upstream.asked.wait, 10)
    clock.resume()


async def answer_of(client: httpx.AsyncClient) -> tuple[list[AnswerLine], bool]:
    """The lines of an answer, and whether the response was whole."""
    async with client.stream("POST", "/questions", json=QUESTION) as response:
        return await read_lines(response)


async def read_lines(response: httpx.Response) -> tuple[list[AnswerLine], bool]:
    assert response.headers["content-type"] == "application/x-ndjson"
    lines: list[AnswerLine] = []
    try:
        async for line in response.aiter_lines():
            assert SECRET not in line
            lines.append(decode(line))
    except httpx.RemoteProtocolError:
        return lines, False
    return lines, True


async def test_an_answer_is_its_text_in_pieces_and_a_footer() -> None:
    async with answering_client() as client:
        lines, is_whole = await answer_of(client)
    assert is_whole
    *pieces, footer = lines
    text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
    assert "leave" in text
    assert ".md)" in text
    assert footer == Footer("documents", "stop", len(QUESTION["question"].split()), len(pieces))


async def test_a_browser_can_ask_in_the_address() -> None:
    async with answering_client() as client:
        response = await client.get("/questions", params=QUESTION)
    assert isinstance(decode(response.text.splitlines()[-1]), Footer)


BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "curl/8.0"},
        {"user-agent": BROWSER, "sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        {"user-agent": BROWSER, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"},
    ],
)
async def test_a_person_a_program_and_our_own_page_can_ask(headers: dict[str, str]) -> None:
    async with answering_client() as client:
        response = await client.get("/questions", params=QUESTION, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-user": "?1"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "user-agent": "curl/8.0"},
        {"sec-fetch-site": "anything"},
        {"sec-fetch-site": ""},
        {},
    ],
)
async def test_another_sites_page_cannot_ask(
    scripted: tuple[Scripted, dict[str, str]], headers: dict[str, str]
) -> None:
    upstream, settings = scripted
    async with client_of(**settings, openai_model="endless") as client:
        response = await client.get(
            "/questions", params=QUESTION, headers={"user-agent": BROWSER} | headers
        )
    assert (response.status_code, response.json()["title"]) == (403, "Only from this site")
    assert not upstream.asked.is_set()


@pytest.mark.parametrize("question", ["", "x" * 4001])
async def test_a_question_has_a_length(question: str) -> None:
    async with answering_client() as client:
        posted = await client.post("/questions", json={"question": question})
        got = await client.get("/questions", params={"question": question})
    assert (posted.status_code, got.status_code) == (422, 422)


async def test_when_the_reader_leaves_the_upstream_request_is_cancelled(
    scripted: tuple[Scripted, dict[str, str]],
) -> None:
    upstream, settings = scripted
    async with client_of(**settings, openai_model="endless") as client:
        async with client.stream("POST", "/questions", json=QUESTION) as response:
            assert decode(await anext(response.aiter_lines())) == Text("piece")
            assert not upstream.left.is_set()
        assert await asyncio.to_thread(upstream.left.wait, 5)


async def test_when_the_reader_leaves_before_the_model_has_said_anything_the_upstream_request_is_cancelled(
    scripted: tuple[Scripted, dict[str, str]], clock: VirtualClock
) -> None:
    upstream, settings = scripted
    async with client_of(**settings, openai_model="silent") as client:
        resuming = asyncio.create_task(resume_when_asked(upstream, clock))
        # The response begins without the model after a quarter of a second, and is left then.
        async with client.stream("POST", "/questions", json=QUESTION) as response:
            clock.pause()
            assert response.status_code == 200
        await resuming
        assert await asyncio.to_thread(upstream.left.wait, 5)


@pytest.mark.parametrize(
    ("model", "status", "title"),
    [
        ("busy", 429, "The model is busy"),
        ("locked", 502, "The model failed"),
        ("broken", 502, "The model failed"),
        ("garbage", 502, "The model failed"),
    ],
)
async def test_a_failure_before_the_answer_is_a_problem_detail(
    scripted: tuple[Scripted, dict[str, str]], model: str, status: int, title: str
) -> None:
    async with client_of(**scripted[1], openai_model=model) as client:
        response = await client.post("/questions", json=QUESTION)
    assert (response.status_code, response.json()["title"]) == (status, title)
    assert response.headers["content-type"] == "application/problem+json"
    assert SECRET not in response.text


async def test_when_to_ask_again_is_passed_on(scripted: tuple[Scripted, dict[str, str]]) -> None:
    async with client_of(**scripted[1], openai_model="busy") as client:
        response = await client.post("/questions", json=QUESTION)
    assert response.headers["retry-after"] == "17"


async def test_a_model_that_says_nothing_in_time_is_a_problem_detail(
    scripted: tuple[Scripted, dict[str, str]], clock: VirtualClock
) -> None:
    upstream, settings = scripted
    async with client_of(**settings, openai_model="silent", openai_timeout=0.1) as client:
        resuming = asyncio.create_task(resume_when_asked(upstream, clock))
        response = await client.post("/questions", json=QUESTION)
        await resuming
        clock.pause()
    assert (response.status_code, response.json()["title"]) == (504, "The model is silent")


async def test_a_failure_after_the_response_has_begun_is_a_line(
    scripted: tuple[Scripted, dict[str, str]], clock: VirtualClock
) -> None:
    upstream, settings = scripted
    async with client_of(**settings, openai_model="late-busy") as client:
        resuming = asyncio.create_task(resume_when_asked(upstream, clock))
        async with client.stream("POST", "/questions", json=QUESTION) as response:
            clock.pause()
            await resuming
            upstream.go_on.set()
            lines, is_whole = await read_lines(response)
    failure = Failure("The model is busy", "Too many questions are asked right now.", 17)
    assert (lines, is_whole) == ([failure], False)


@pytest.mark.parametrize("model", ["dies", "short", "error-event"])
async def test_an_answer_that_breaks_off_ends_with_a_failure_and_a_response_that_is_not_whole(
    scripted: tuple[Scripted, dict[str, str]], model: str
) -> None:
    async with client_of(**scripted[1], openai_model=model) as client:
        lines, is_whole = await answer_of(client)
    assert lines[0] == Text("piece")
    assert isinstance(lines[-1], Failure)
    assert len(lines) == 2
    assert not is_whole


async def test_an_upstream_that_is_not_there_is_a_problem_detail() -> None:
    settings = {"openai_api_key": SECRET, "openai_base_url": "http://127.0.0.1:9"}
    async with client_of(**settings) as client:
        response = await client.post("/questions", json=QUESTION)
    assert response.status_code == 502
    assert "127.0.0.1" not in response.text


async def test_no_log_tells_the_key_or_what_the_upstream_said(
    scripted: tuple[Scripted, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(**scripted[1], openai_model="locked") as client:
        await client.post("/questions", json=QUESTION)
    async with client_of(**scripted[1], openai_model="error-event") as client:
        await answer_of(client)
    assert SECRET not in caplog.text
    assert "the model's API failed" in caplog.text
