"""What is asked, and the lines that answer it."""

from typing import Annotated

from msgspec import Meta, Struct


# --8<-- [start:messages]
class Question(Struct):
    """What somebody wants to know."""

    question: Annotated[str, Meta(min_length=1, max_length=4000)]


class Text(Struct, tag="text"):
    """A piece of the answer."""

    text: str


class Footer(Struct, tag="footer"):
    """The answer is whole. Nothing follows."""

    model: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int


class Failure(Struct, tag="failure"):
    """The answer breaks off here, and so does the response. `retry_after` is in seconds, if that is known."""

    title: str
    detail: str
    retry_after: int | None = None


type AnswerLine = Text | Footer | Failure
# --8<-- [end:messages]
