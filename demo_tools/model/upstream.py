"""The model's application: it speaks the OpenAI API's streaming chat completions, and answers from documents.

So demo_app can be tried and tested offline, over the same HTTP and through the same SDK.
"""

import asyncio
import hmac
import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Final, Literal, override

import msgspec
from msgspec import Struct

from demo_tools.model.search import Library
from jero import (
    BadRequestError,
    BaseApp,
    BearerAuthenticator,
    Endpoint,
    StreamingResponse,
    operation,
)

MODEL: Final = "documents"

PACE: Final = 0.02
"""How long a word takes, in seconds, so that an answer can be seen to grow."""

ENOUGH: Final = 150
"""How long an answer is before it tells of another section, in characters."""

LONGEST: Final = 450
"""How much of a section is told, in characters."""

_EVENT_STREAM: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
}


class Message(Struct):
    """A message of the conversation."""

    role: str
    content: str


class StreamOptions(Struct):
    """What a stream has beside its text."""

    include_usage: bool = False


class ChatRequest(Struct):
    """The part of a request for chat completions that is understood here."""

    model: str
    messages: list[Message]
    stream: bool = False
    stream_options: StreamOptions | None = None


class Delta(Struct, omit_defaults=True):
    """What a chunk adds to the message."""

    role: str | None = None
    content: str | None = None


class Choice(Struct):
    """The one choice that there is."""

    delta: Delta
    finish_reason: Literal["stop"] | None = None
    index: int = 0


class Usage(Struct):
    """How much was read and written, here in words."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Chunk(Struct):
    """One event of the stream."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = None
    object: str = "chat.completion.chunk"


class KeyHolder(Struct):
    """Whoever has the key."""


class KeyAuthenticator(BearerAuthenticator[KeyHolder]):
    """Lets in whoever has the key."""

    def __init__(self, key: str) -> None:
        self._key = key

    @override
    async def verify(self, token: str) -> KeyHolder | None:
        return KeyHolder() if hmac.compare_digest(token.encode(), self._key.encode()) else None


class ChatCompletionsEndpoint(Endpoint, path="/v1/chat/completions"):
    """Answers the last message of a conversation."""

    def __init__(self, library: Library, pace: float) -> None:
        self._library = library
        self._pace = pace

    @operation(errors=[BadRequestError])
    async def post(self, json: ChatRequest) -> StreamingResponse:
        """Stream the answer as server-sent events, the last of which is `[DONE]`."""
        if not json.stream:
            raise BadRequestError("Only streams are served here: ask with `stream: true`.")
        # The API answers a POST with an event stream, which browsers cannot open and `SSEResponse` is not for.
        return StreamingResponse(stream=self._events(json), raw_headers=_EVENT_STREAM)

    async def _events(self, request: ChatRequest) -> AsyncIterator[bytes]:
        answer_id, created = f"chatcmpl-{secrets.token_hex(8)}", int(time.time())
        question = request.messages[-1].content if request.messages else ""
        words = re.findall(r"\S+\s*", compose(self._library, question))

        def event(choices: list[Choice], usage: Usage | None = None) -> bytes:
            chunk = Chunk(answer_id, created, request.model, choices, usage)
            return b"data: " + msgspec.json.encode(chunk) + b"\n\n"

        yield event([Choice(Delta(role="assistant", content=""))])
        for word in words:
            yield event([Choice(Delta(content=word))])
            await asyncio.sleep(self._pace)
        yield event([Choice(Delta(), finish_reason="stop")])
        if request.stream_options is not None and request.stream_options.include_usage:
            asked = len(question.split())
            yield event([], Usage(asked, len(words), asked + len(words)))
        yield b"data: [DONE]\n\n"


def compose(library: Library, question: str) -> str:
    """An answer in the documents' own words."""
    if library.is_empty:
        return (
            "There are no documents to answer from: set DOCUMENTS to a folder of Markdown files, or OPENAI_API_KEY to"
            " ask a model."
        )
    found = library.find(question)
    if not found:
        return "The documents say nothing about that. Ask about streams, keepalive, disconnects or testing."
    told: list[str] = []
    while found and len(" ".join(told)) < ENOUGH:
        section, *found = found
        told.append(f"{_shorten(section.text)}\n(“{section.title}” in {section.page})")
    answer = "\n\n".join(told)
    if found:
        more = " and ".join(f"“{each.title}” in {each.page}" for each in found)
        answer += f"\n\nSee also {more}."
    return answer


def _shorten(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    end = text.rfind(". ", 0, LONGEST) + 1
    return text[: end or LONGEST] + " …"


class Upstream(BaseApp):
    """The upstream as an application of its own."""

    def __init__(self, library: Library, key: str, pace: float = PACE) -> None:
        super().__init__()
        self._library = library
        self._key = key
        self._pace = pace

    @override
    async def _wire(self) -> None:
        self._include_endpoint(
            ChatCompletionsEndpoint(self._library, self._pace),
            authenticator=KeyAuthenticator(self._key),
        )
