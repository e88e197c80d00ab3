"""Asks the model, through the official SDK, and gives its answer line by line."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from httpx2 import RequestError
from openai import APIStatusError, AsyncOpenAI, DefaultAsyncHttpxClient, OpenAIError, Timeout

from demo_app.questions.bounds import bound
from demo_app.questions.errors import ModelError, explain
from demo_app.questions.messages import AnswerLine, Failure, Footer, Text
from demo_app.settings import Settings

_logger: Final = logging.getLogger(__name__)

CONNECTING: Final = 5.0
"""How long the API may take to accept a connection, in seconds."""

GRACE: Final = 0.2
"""Up to when a failure is answered with a status of its own, in seconds. The start of a response waits for its first
line, but only for a quarter of a second; after that the failure is told in a line."""


class Assistant:
    """Answers questions with one model, which may be silent for `timeout` seconds."""

    def __init__(self, client: AsyncOpenAI, model: str, timeout: float) -> None:
        # Asked for here because the SDK loads this part of itself when it is first asked for, which takes a while.
        self._completions = client.chat.completions
        self._model = model
        self._timeout = timeout

    # --8<-- [start:answer]
    async def answer(self, question: str) -> AsyncGenerator[AnswerLine]:
        """Pieces of text as the model gives them, then a footer.

        A failure raises `ModelError`; once the answer has begun, a line tells of it first. The request to the model
        ends with this generator, also when it is cancelled or closed half-way.

        Only text breaks the model's silence: headers that trickle in, comments and empty chunks do not. The time that
        the reader takes does not count.
        """
        clock = asyncio.get_running_loop()
        is_answerable_until = clock.time() + GRACE
        silent_until = clock.time() + self._timeout
        is_begun = False
        finish_reason: str | None = None
        footer = Footer(self._model, "", 0, 0)
        try:
            async with asyncio.timeout_at(silent_until):
                chunks = await self._completions.create(
                    model=self._model,
                    messages=[{"role": "user", "content": question}],
                    stream=True,
                    stream_options={"include_usage": True},
                )
            async with chunks:
                while True:
                    async with asyncio.timeout_at(silent_until):
                        chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    for choice in chunk.choices:
                        finish_reason = choice.finish_reason or finish_reason
                        if choice.delta.content:
                            is_begun = True
                            yield Text(choice.delta.content)
                            silent_until = clock.time() + self._timeout
                    footer.model = chunk.model or footer.model
                    if chunk.usage is not None:
                        footer.prompt_tokens = chunk.usage.prompt_tokens
                        footer.completion_tokens = chunk.usage.completion_tokens
            footer.finish_reason = _require_end(finish_reason)
            yield footer
        except (OpenAIError, ModelError, RequestError, TimeoutError, ValueError) as error:
            problem = error if isinstance(error, ModelError) else explain(error)
            _log(error)
            if is_begun or clock.time() > is_answerable_until:
                yield Failure(problem.title, problem.detail, problem.retry_after)
            raise problem from None

    # --8<-- [end:answer]


def _require_end(finish_reason: str | None) -> str:
    if finish_reason is None:
        raise ModelError("The model's answer broke off.")
    return finish_reason


def _log(error: Exception) -> None:
    """For the operator: what failed, by name and number. The text of an API's error may quote a key."""
    fields: dict[str, object] = {"error": type(error).__name__}
    if error.__cause__ is not None:
        fields["cause"] = type(error.__cause__).__name__
    if isinstance(error, APIStatusError):
        fields |= {"upstream_status": error.status_code, "upstream_request_id": error.request_id}
    _logger.warning("the model's API failed", extra=fields)


@asynccontextmanager
async def open_assistant(settings: Settings) -> AsyncGenerator[Assistant]:
    """The assistant that the settings ask for."""
    async with _client(settings) as client:
        yield Assistant(client, settings.openai_model, settings.openai_timeout)


def _client(settings: Settings) -> AsyncOpenAI:
    timeout = Timeout(settings.openai_timeout, connect=CONNECTING)
    http_client = DefaultAsyncHttpxClient(
        timeout=timeout,
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [bound]},
        follow_redirects=False,  # the question is for this API and no other
    )
    # Without retries, because whoever asks is told when to ask again, and waits in a stream that can be stopped.
    return AsyncOpenAI(
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key or "none",
        timeout=timeout,
        max_retries=0,
        http_client=http_client,
    )
