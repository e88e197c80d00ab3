"""Tests any ASGI application in its own process through httpx or httpx2, streams included.

Needs one of them: the extra `jero[testing]` brings httpx, and `jero[testing-httpx2]` brings httpx2.
"""

from jero.lifespan import LifespanError
from jero.testing.clock import VirtualClock
from jero.testing.event_stream import ReceivedEvent
from jero.testing.events import aiter_events, iter_events
from jero.testing.ndjson import aiter_ndjson, iter_ndjson
from jero.testing.sync import SyncASGITransport
from jero.testing.transport import ASGITransport

__all__ = [
    "ASGITransport",
    "LifespanError",
    "ReceivedEvent",
    "SyncASGITransport",
    "VirtualClock",
    "aiter_events",
    "aiter_ndjson",
    "iter_events",
    "iter_ndjson",
]
