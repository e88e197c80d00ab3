"""Kinds of responses that an application defines: a class describes how it is sent and documented."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, ClassVar, override

import msgspec
import pytest
from msgspec import Struct

from jero import (
    EmptyResponse,
    Endpoint,
    JSONResponse,
    NDJSONStreamingResponse,
    RedirectResponse,
    Response,
    SSEResponse,
    StreamingResponse,
)
from tests.support.asking import Answer, app_of, ask
from tests.support.documents import document_of
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio

type Encode = Callable[[object], bytes]


class Order(Struct):
    number: int


class Trace(Struct):
    x_trace: str


class Created[T, H = None](JSONResponse[T, H]):
    default_status = 201
    documented_status = "201"


class Page[T](JSONResponse[list[T]]):
    pass


class Traced[T](JSONResponse[T, Trace]):
    pass


class Problem(JSONResponse[Order]):
    media_type = "application/vnd.order+json"


class Download(StreamingResponse):
    media_type = "text/csv"
    default_headers: ClassVar = {"content-disposition": "attachment"}


class MsgpackResponse[T, H = None](Response[H]):
    media_type = "application/msgpack"
    content: T

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return msgspec.msgpack.encode


class SequenceResponse[T, H = None](NDJSONStreamingResponse[T, H]):
    """RFC 7464."""

    media_type = "application/json-seq"

    @override
    @classmethod
    def encoder(cls, content: object, to_json: Encode) -> Encode:
        return lambda item: b"\x1e" + to_json(item) + b"\n"


class Tokens(SSEResponse[Order]):
    pass


class Gone(EmptyResponse):
    default_status = 205


class SeeOther(RedirectResponse):
    default_status = 303


class AcceptedAt[H = None](EmptyResponse[H]):
    default_status = 202
    documented_headers: ClassVar = {"Operation-Location": {"type": "string"}}
    job: str = ""

    @override
    def own_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"operation-location", f"/jobs/{self.job}".encode())]


async def orders() -> AsyncIterator[Order]:
    yield Order(1)
    yield Order(2)


async def lines() -> AsyncIterator[bytes]:
    yield b"a,b\n"


def returning(annotation: object, make: Callable[[], object] = object) -> Endpoint:
    """An endpoint whose only handler returns what `make` does, and is annotated so."""

    async def get(self: Endpoint) -> Any:
        return make()

    get.__annotations__["return"] = annotation
    return type("ReturningEndpoint", (Endpoint,), {"get": get}, path="/")()


async def answer_of(annotation: object, make: Callable[[], object]) -> Answer:
    return await ask(app_of(returning(annotation, make)), "/")


@pytest.mark.parametrize(
    ("annotation", "make", "status", "media_type", "body"),
    [
        (Created[Order], lambda: Created(Order(1)), 201, "application/json", b'{"number":1}'),
        (Page[Order], lambda: Page([Order(1)]), 200, "application/json", b'[{"number":1}]'),
        (Problem, lambda: Problem(Order(1)), 200, "application/vnd.order+json", b'{"number":1}'),
        (Download, lambda: Download(lines()), 200, "text/csv", b"a,b\n"),
        (MsgpackResponse[Order], lambda: MsgpackResponse(Order(1)), 200, "application/msgpack", b"\x81\xa6number\x01"),
        (
            SequenceResponse[Order],
            lambda: SequenceResponse(orders()),
            200,
            "application/json-seq",
            b'\x1e{"number":1}\n\x1e{"number":2}\n',
        ),
        (Tokens, lambda: Tokens(orders()), 200, "text/event-stream", b'data: {"number":1}\n\ndata: {"number":2}\n\n'),
        (Gone, Gone, 205, None, b""),
        (SeeOther, lambda: SeeOther("/there"), 303, None, b""),
    ],
)  # fmt: skip
async def test_a_custom_response_kind_is_sent_as_its_class_declares(
    annotation: object, make: Callable[[], object], status: int, media_type: str | None, body: bytes
) -> None:
    answer = await answer_of(annotation, make)
    assert (answer.status, answer.headers.get("content-type"), answer.body) == (
        status,
        media_type,
        body,
    )


async def test_a_kind_has_default_headers_that_a_response_replaces() -> None:
    def make() -> Download:
        return Download(lines(), raw_headers={"Content-Disposition": "inline"})

    first = await answer_of(Download, lambda: Download(lines()))
    second = await answer_of(Download, make)
    assert first.headers["content-disposition"] == "attachment"
    assert second.headers["content-disposition"] == "inline"


async def test_a_kind_makes_headers_of_its_own_fields() -> None:
    answer = await answer_of(AcceptedAt, lambda: AcceptedAt(job="7"))
    assert (answer.status, answer.headers["operation-location"]) == (202, "/jobs/7")


async def test_a_kind_that_fixes_the_type_of_its_headers_requires_them() -> None:
    def make() -> Traced[Order]:
        return Traced(Order(1), headers=Trace("a"))

    assert (await answer_of(Traced[Order], make)).headers["x-trace"] == "a"
    assert (await answer_of(Traced[Order], lambda: Traced(Order(1)))).status == 500


async def test_content_of_another_type_is_an_error_in_every_kind() -> None:
    assert (await answer_of(MsgpackResponse[Order], lambda: MsgpackResponse("a"))).status == 500
    assert (await answer_of(Page[Order], lambda: Page("a"))).status == 500  # pyright: ignore[reportUnknownLambdaType, reportArgumentType] - which is the point


def documented(annotation: object) -> tuple[str, Any]:
    """The status and the response that OpenAPI has of a handler that returns this."""
    document = document_of(returning(annotation))
    responses: dict[str, Any] = document["paths"]["/"]["get"]["responses"]
    (status, response), *_ = responses.items()
    return status, response


def test_a_response_kind_is_documented_as_its_class_declares() -> None:
    order = {"$ref": "#/components/schemas/Order"}
    json = {"application/json": {"schema": order}}
    assert documented(Created[Order]) == ("201", {"description": "Created", "content": json})
    assert documented(Page[Order])[1]["content"] == {
        "application/json": {"schema": {"type": "array", "items": order}}
    }
    assert documented(SequenceResponse[Order])[1]["content"] == {
        "application/json-seq": {"itemSchema": order}
    }
    assert documented(Download)[1]["content"] == {"text/csv": {}}
    assert documented(MsgpackResponse[Order])[1]["content"] == {"application/msgpack": {}}
    assert documented(AcceptedAt)[1]["headers"] == {
        "Operation-Location": {"required": True, "schema": {"type": "string"}}
    }


class WithoutEncoder[H = None](Response[H]):
    media_type = "application/yaml"
    content: str


class WithoutMediaType[H = None](Response[H]):
    content: str


class WithoutContent[H = None](Response[H]):
    media_type = "application/yaml"
    text: str


class BadMediaType(JSONResponse[Order]):
    media_type = "json"


class Framed(JSONResponse[Order]):
    default_headers: ClassVar = {"Content-Length": "5"}


class Timeless(JSONResponse[complex]):
    pass


@pytest.mark.parametrize(
    ("annotation", "texts"),
    [
        (WithoutEncoder, ["ReturningEndpoint.get", "WithoutEncoder", "define the class method `encoder`"]),
        (WithoutMediaType, ["WithoutMediaType, whose class has no valid `media_type`", "type and a subtype"]),
        (WithoutContent, ["WithoutContent, whose class has no field `content` or `stream`"]),
        (BadMediaType, ["BadMediaType, whose class has no valid `media_type`: 'json'"]),
        (Framed, ["Framed, whose class has invalid `default_headers`: Content-Length cannot be set"]),
        (Timeless, ["complex, which cannot be sent: `complex` has no JSON form: declare it in the"]),
        (Page, ["returns Page without a type: add one, as in `Page[Order]`"]),
        (MsgpackResponse, ["returns MsgpackResponse without a type: add one, as in `MsgpackResponse[Order]`"]),
        (Response[None], ["expected a value, or a single response such as `JSONResponse[Order]`"]),
    ],
)  # fmt: skip
async def test_a_kind_that_does_not_describe_itself_fails_at_startup(
    annotation: object, texts: Iterable[str]
) -> None:
    failure = await failure_of(app_of(returning(annotation)))
    for text in texts:
        assert text in failure
