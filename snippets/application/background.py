"""Background tasks: one that keeps running and one that fails. Both end with the application."""

import asyncio

from msgspec import Struct

from jero import BackgroundTasks, BaseApp, Endpoint
from jero.asgi import Receive, Scope, Send


# --8<-- [start:background]
class Mail(Struct):
    to: str


class MailsEndpoint(Endpoint, path="/mails"):
    def __init__(self, tasks: BackgroundTasks) -> None:
        self._tasks = tasks

    async def post(self, json: Mail) -> Mail:
        self._tasks.start(self._deliver(json), name=f"mail to {json.to}")
        return json  # immediately, while delivery continues

    async def _deliver(self, mail: Mail) -> None:
        await asyncio.sleep(0.2)
        if "@" not in mail.to:
            raise ValueError(f"{mail.to} is not an address")
        print("delivered to", mail.to)


class App(BaseApp):
    async def _wire(self) -> None:
        tasks = await self._enter(BackgroundTasks())
        tasks.start(self._refresh_prices())
        self._include_endpoint(MailsEndpoint(tasks))

    async def _refresh_prices(self) -> None:
        try:
            while True:
                print("prices refreshed")
                await asyncio.sleep(0.2)
        finally:
            print("refreshing ended")


# --8<-- [end:background]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Runs the application for half a second per request, where a server starts and stops it only once."""
    if scope["type"] != "http":
        raise NotImplementedError
    served = App()
    async with served.lifespan():
        await served(scope, receive, send)
        await asyncio.sleep(0.5)
