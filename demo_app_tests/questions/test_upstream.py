"""The stand-in for the model speaks to the official SDK, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI

from demo_app_tests.serving import beside
from demo_tools.model.serving import serve_model

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # over a network, time is real


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncOpenAI]:
    (tmp_path / "milk.md").write_text("# Milk\n\nMilk is steamed.")
    async with (
        beside(serve_model(tmp_path)) as upstream,
        AsyncOpenAI(base_url=upstream.base_url, api_key=upstream.key, max_retries=0) as client,
    ):
        yield client


async def test_the_sdk_reads_an_answer_with_its_usage(client: AsyncOpenAI) -> None:
    chunks = await client.chat.completions.create(
        model="documents",
        messages=[{"role": "user", "content": "How is milk made hot?"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    seen = [chunk async for chunk in chunks]
    text = "".join(choice.delta.content or "" for chunk in seen for choice in chunk.choices)
    assert text == "Milk is steamed.\n(“Milk” in milk.md)"
    assert seen[-2].choices[0].finish_reason == "stop"
    assert seen[-1].usage is not None
    assert seen[-1].usage.completion_tokens == len(text.split())


async def test_usage_is_only_told_to_who_asks_for_it(client: AsyncOpenAI) -> None:
    chunks = await client.chat.completions.create(
        model="documents", messages=[{"role": "user", "content": "milk"}], stream=True
    )
    assert [chunk.usage async for chunk in chunks if chunk.usage] == []


async def test_another_key_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(api_key="another").chat.completions.create(
            model="documents", messages=[], stream=True
        )


async def test_what_is_not_streamed_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await client.chat.completions.create(model="documents", messages=[])
    assert "stream: true" in raised.value.response.text


async def test_without_documents_the_answer_says_how_to_mend_it() -> None:
    async with (
        beside(serve_model("/nowhere")) as upstream,
        AsyncOpenAI(base_url=upstream.base_url, api_key=upstream.key) as client,
    ):
        chunks = await client.chat.completions.create(
            model="documents", messages=[{"role": "user", "content": "milk"}], stream=True
        )
        text = "".join([c.choices[0].delta.content or "" async for c in chunks if c.choices])
    assert "set DOCUMENTS" in text
