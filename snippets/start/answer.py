"""An answer that arrives word by word, from a model that is loaded before and released after."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, NDJSONStreamingResponse


class Word(Struct, tag="word"):
    text: str


class Total(Struct, tag="total"):
    words: int


# --8<-- [start:stream]
class AnswerEndpoint(Endpoint, path="/answer"):
    async def get(self) -> NDJSONStreamingResponse[Word | Total]:
        return NDJSONStreamingResponse(stream=self._answer())

    async def _answer(self) -> AsyncGenerator[AsyncIterable[Word | Total]]:
        print("model loaded")
        yield self._words()
        print("model released")  # after the last word, an error, or Stop

    async def _words(self) -> AsyncIterator[Word | Total]:
        answer = "Whatever is opened for a stream is closed with it .".split()
        for text in answer:
            await asyncio.sleep(0.25)
            yield Word(text)
        yield Total(len(answer))


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(AnswerEndpoint())


app = App()
