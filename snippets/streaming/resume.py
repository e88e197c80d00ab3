"""An event stream that resumes where the client was cut off."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from jero import BaseApp, Endpoint, ServerSentEvent, SSEResponse


class Headline(Struct):
    text: str


HEADLINES = [
    "Roastery opens at dawn",
    "Beans delayed at sea",
    "Grinder beats own record",
    "Milk found in fridge",
    "Queue reaches the corner",
    "Last cup goes to poet",
]


# --8<-- [start:stream]
class NewsEndpoint(Endpoint, path="/news"):
    async def get(self, last_event_id: int | None) -> SSEResponse[Headline]:
        return SSEResponse(stream=self._headlines(after=last_event_id or 0))

    async def _headlines(self, after: int) -> AsyncIterator[ServerSentEvent[Headline]]:
        for number, text in enumerate(HEADLINES[after:], after + 1):
            yield ServerSentEvent(id=str(number), data=Headline(text), retry=1000)
            await asyncio.sleep(0.4)


# --8<-- [end:stream]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(NewsEndpoint())


app = App()
