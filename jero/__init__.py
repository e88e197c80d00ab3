"""A msgspec-first ASGI framework for typed streaming. This module exports every public name except `jero.testing`."""

from jero.app import BaseApp
from jero.authentication import (
    APIKeyAuthenticator,
    Authenticator,
    BasicAuthenticator,
    BearerAuthenticator,
)
from jero.background import BackgroundTasks
from jero.custom_types import CustomType
from jero.description import document_of
from jero.endpoint import Endpoint, operation
from jero.errors import (
    BadRequestError,
    ClientDisconnectedError,
    ConflictError,
    ForbiddenError,
    HTTPError,
    NotFoundError,
    UnauthorizedError,
    UnprocessableContentError,
    WiringError,
)
from jero.media_types import MediaType
from jero.responses import (
    BytesResponse,
    EmptyResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from jero.streaming.ending import StreamEnding, stream_ending
from jero.streaming.events import ServerSentEvent
from jero.streaming.responses import NDJSONStreamingResponse, SSEResponse, Stream, StreamingResponse

__all__ = [
    "APIKeyAuthenticator",
    "Authenticator",
    "BackgroundTasks",
    "BadRequestError",
    "BaseApp",
    "BasicAuthenticator",
    "BearerAuthenticator",
    "BytesResponse",
    "ClientDisconnectedError",
    "ConflictError",
    "CustomType",
    "EmptyResponse",
    "Endpoint",
    "ForbiddenError",
    "HTMLResponse",
    "HTTPError",
    "JSONResponse",
    "MediaType",
    "NDJSONStreamingResponse",
    "NotFoundError",
    "RedirectResponse",
    "Response",
    "SSEResponse",
    "ServerSentEvent",
    "Stream",
    "StreamEnding",
    "StreamingResponse",
    "TextResponse",
    "UnauthorizedError",
    "UnprocessableContentError",
    "WiringError",
    "document_of",
    "operation",
    "stream_ending",
]
