"""The two streams: answers to questions, and notifications."""

from collections.abc import AsyncIterator

from msgspec import Struct

from demo_app.notifications.events import Event, Notification
from demo_app.notifications.feed import EventID, Feed, FeedUnavailableError
from demo_app.operations.fetch_metadata import (
    FetchMetadata,
    ForeignSiteError,
    require_own_site,
)
from demo_app.questions.client import Assistant
from demo_app.questions.errors import MODEL_ERRORS
from demo_app.questions.messages import AnswerLine, Question
from jero import (
    Endpoint,
    JSONResponse,
    NDJSONStreamingResponse,
    ServerSentEvent,
    SSEResponse,
    operation,
)

RECONNECTING = 1000
"""After how long a reader of notifications that was cut off comes back, in milliseconds."""


# --8<-- [start:questions]
class QuestionsEndpoint(Endpoint, path="/questions"):
    """Answers questions, line by line."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    @operation(errors=MODEL_ERRORS)
    async def post(self, json: Question) -> NDJSONStreamingResponse[AnswerLine]:
        """Ask. When the reader leaves, the model is stopped."""
        return NDJSONStreamingResponse(stream=self._assistant.answer(json.question))

    @operation(errors=[*MODEL_ERRORS, ForeignSiteError])
    async def get(
        self, params: Question, headers: FetchMetadata
    ) -> NDJSONStreamingResponse[AnswerLine]:
        """Ask from the address line of a browser. Pages of other sites cannot: an answer costs tokens."""
        require_own_site(headers)
        return NDJSONStreamingResponse(stream=self._assistant.answer(params.question))


# --8<-- [end:questions]
class Place(Struct):
    """Where to read notifications from, for who cannot say it as `Last-Event-ID`; `0-0` is the beginning."""

    after: str | None = None


class Published(Struct):
    """The event is in the feed, under this id."""

    id: str


# --8<-- [start:notifications]
class NotificationsEndpoint(Endpoint, path="/notifications"):
    """Tells everybody what anybody publishes."""

    def __init__(self, feed: Feed, keepalive: float) -> None:
        self._feed = feed
        self._keepalive = keepalive

    async def get(self, params: Place, last_event_id: str | None) -> SSEResponse[Notification]:
        """Read: from where the reader was cut off, or else what is published from now on."""
        place = params.after if last_event_id is None else last_event_id
        after = None if place is None else EventID.parse(place)
        return SSEResponse(stream=self._events(after), keepalive=self._keepalive)

    @operation(status_code=201, errors=[FeedUnavailableError])
    async def post(self, json: Event) -> JSONResponse[Published]:
        """Publish."""
        event_id = await self._feed.publish(json)
        return JSONResponse(content=Published(str(event_id)), status_code=201)

    async def _events(self, after: EventID | None) -> AsyncIterator[ServerSentEvent[Notification]]:
        retry: int | None = RECONNECTING
        async for entry in self._feed.read(after):
            kind = None if entry.event is None else str(entry.event.__struct_config__.tag)
            yield ServerSentEvent(id=str(entry.id), event=kind, data=entry.event, retry=retry)
            retry = None


# --8<-- [end:notifications]
