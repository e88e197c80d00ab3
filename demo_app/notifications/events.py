"""What readers of notifications are told."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


# --8<-- [start:events]
class Message(Struct, frozen=True, tag="message"):
    """Somebody says something to everybody."""

    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    sender: Annotated[str, Meta(min_length=1, max_length=80)] = "somebody"


class Deployment(Struct, frozen=True, tag="deployment"):
    """A version of something goes live."""

    service: Annotated[str, Meta(min_length=1, max_length=80)]
    version: Annotated[str, Meta(min_length=1, max_length=80)]
    state: Literal["started", "finished", "failed"]


class Missed(Struct, frozen=True, tag="missed"):
    """Of what was published after this place, something is no longer kept."""

    after: str


type Event = Message | Deployment
"""What can be published."""

type Notification = Message | Deployment | Missed
"""What a reader can get."""
# --8<-- [end:events]
