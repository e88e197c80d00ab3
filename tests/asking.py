"""Asks an application in-process and says what came of it."""

from dataclasses import dataclass

import msgspec

from jero import BaseApp, Endpoint
from playground.events import Chunk, Crash, End, Log, Request, RunEvent, Start
from playground.recording import collect
from playground.runner import run


def app_of(*endpoints: Endpoint) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            for endpoint in endpoints:
                self._include_endpoint(endpoint)

    return App()


@dataclass(frozen=True)
class Answer:
    events: list[RunEvent]

    @property
    def status(self) -> int:
        return next(event.status for event in self.events if isinstance(event, Start))

    @property
    def headers(self) -> dict[str, str]:
        return dict(next(event.headers for event in self.events if isinstance(event, Start)))

    @property
    def chunks(self) -> list[bytes]:
        return [event.body for event in self.events if isinstance(event, Chunk)]

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json"
        return msgspec.json.decode(self.body)

    @property
    def printed(self) -> list[str]:
        return [
            event.text
            for event in self.events
            if isinstance(event, Log) and event.stream != "logging"
        ]

    @property
    def logged(self) -> list[Log]:
        return [
            event for event in self.events if isinstance(event, Log) and event.stream == "logging"
        ]

    @property
    def is_complete(self) -> bool:
        last = self.events[-1]
        return isinstance(last, End) and last.complete


async def ask(  # noqa: PLR0913 - a request, spelled out
    app: BaseApp,
    target: str,
    method: str = "GET",
    *,
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    leave_after: float | None = None,
) -> Answer:
    """Send a request, and leave after so many seconds if told to. Fails if the app lets an exception out."""
    events = await collect(run(app, Request(method, target, headers, body)), leave_after)
    assert not [event for event in events if isinstance(event, Crash)]
    return Answer(events)
