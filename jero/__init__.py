"""A msgspec-first ASGI framework whose heart is typed streaming. These are its public names, and all of them."""

from jero.app import BaseApp
from jero.endpoint import Endpoint
from jero.errors import HTTPError, WiringError
from jero.streaming.events import ServerSentEvent
from jero.streaming.responses import NDJSONStreamingResponse, SSEResponse, Stream, StreamingResponse

__all__ = [
    "BaseApp",
    "Endpoint",
    "HTTPError",
    "NDJSONStreamingResponse",
    "SSEResponse",
    "ServerSentEvent",
    "Stream",
    "StreamingResponse",
    "WiringError",
]
