"""Declared media types: sent, required, documented."""

import gzip
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import (
    BytesResponse,
    EmptyResponse,
    Endpoint,
    HTMLResponse,
    JSONResponse,
    MediaType,
    NDJSONStreamingResponse,
    SSEResponse,
    StreamingResponse,
    TextResponse,
)
from jero.media_types import parse_media_type
from tests.support.asgi import client_of
from tests.support.asking import app_of, ask
from tests.support.documents import document_of
from tests.support.requests import echo_of
from tests.support.validate import check
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio

CSV: Final = MediaType("text/csv; charset=utf-8")


class Row(Struct):
    number: int


async def chunks() -> AsyncIterator[bytes]:
    yield b"a,b"


async def rows() -> AsyncIterator[Row]:
    yield Row(1)


def returning(annotation: object, result: Any) -> Endpoint:
    """An endpoint whose only handler returns this, and is annotated so."""

    async def get(self: Endpoint) -> Any:
        return result

    get.__annotations__["return"] = annotation
    return type("ReturningEndpoint", (Endpoint,), {"get": get}, path="/")()


RESPONSES: Final[list[tuple[object, Any, str]]] = [
    (Annotated[BytesResponse, MediaType("application/pdf")], BytesResponse(b"%PDF"), "application/pdf"),
    (Annotated[StreamingResponse, CSV], StreamingResponse(stream=chunks()), "text/csv; charset=utf-8"),
    (Annotated[TextResponse, MediaType("text/markdown")], TextResponse("# a"), "text/markdown"),
    (Annotated[Row, MediaType("application/vnd.row+json")], Row(1), "application/vnd.row+json"),
    (
        Annotated[JSONResponse[Row], MediaType("application/hal+json")],
        JSONResponse(Row(1)),
        "application/hal+json",
    ),
    (
        Annotated[NDJSONStreamingResponse[Row], MediaType("application/jsonl")],
        NDJSONStreamingResponse(stream=rows()),
        "application/jsonl",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "result", "content_type"), RESPONSES)
async def test_a_response_is_sent_with_the_media_type_that_its_handler_declares(
    annotation: object, result: Any, content_type: str
) -> None:
    answer = await ask(app_of(returning(annotation, result)), "/")
    assert (answer.status, answer.headers["content-type"]) == (200, content_type)


@pytest.mark.parametrize(("annotation", "result", "content_type"), RESPONSES)
def test_a_response_is_documented_with_the_media_type_that_its_handler_declares(
    annotation: object, result: Any, content_type: str
) -> None:
    document = document_of(returning(annotation, result))
    check(document)
    (response,) = (
        each
        for status, each in document["paths"]["/"]["get"]["responses"].items()
        if status[0] == "2"
    )
    assert list(response["content"]) == [content_type.partition(";")[0]]


async def test_raw_headers_go_before_a_declared_media_type() -> None:
    response = BytesResponse(b"", raw_headers={"Content-Type": "image/png"})
    endpoint = returning(Annotated[BytesResponse, MediaType("image/jpeg")], response)
    answer = await ask(app_of(endpoint), "/")
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Annotated[BytesResponse, MediaType("image/*")], "a response has one media type"),
        (Annotated[BytesResponse, MediaType("image/png", "image/gif")], "a response has one media type"),
        (Annotated[Row, CSV], "expected application/json or a media type that ends in +json"),
        (Annotated[JSONResponse[Row], CSV], "expected application/json or a media type that ends in +json"),
        (Annotated[NDJSONStreamingResponse[Row], CSV], "expected application/x-ndjson, application/n"),
        (Annotated[TextResponse, MediaType("text/csv; charset=latin1")], "expected the charset utf-8"),
        (Annotated[HTMLResponse, CSV], "expected none, because HTMLResponse is always text/html; chars"),
        (Annotated[SSEResponse[Row], CSV], "expected none, because SSEResponse is always text/event"),
        (Annotated[EmptyResponse, CSV], "expected none, because EmptyResponse is always without a body"),
    ],
)  # fmt: skip
async def test_a_media_type_that_a_response_cannot_have_is_a_wiring_error(
    annotation: object, text: str
) -> None:
    failure = await failure_of(app_of(returning(annotation, None)))
    assert failure.startswith("ReturningEndpoint.get returns a ")
    assert text in failure


async def test_a_media_type_on_another_argument_is_a_wiring_error() -> None:
    echo = echo_of("json", Annotated[Row, MediaType("application/vnd.row+json")], method="post")
    assert "takes `json` as MediaType(" in await failure_of(app_of(echo))


@pytest.mark.parametrize(
    ("expected", "content_type"),
    [
        (CSV, "text/csv"),
        (CSV, 'Text/CSV ;charset="UTF-8"; header=present'),
        (MediaType("image/png", "image/jpeg"), "image/jpeg"),
        (MediaType("image/*"), "image/webp"),
        (MediaType("*/*"), "a/b"),
    ],
)
async def test_a_request_of_a_declared_media_type_is_taken(
    expected: MediaType, content_type: str
) -> None:
    echo = echo_of("content", Annotated[bytes, expected], method="post")
    await ask(app_of(echo), "/", "POST", headers=(("content-type", content_type),), body=b"a,b")
    assert echo.given == [b"a,b"]


@pytest.mark.parametrize(
    ("expected", "headers", "detail"),
    [
        (CSV, (), "Expected text/csv; charset=utf-8, got no Content-Type."),
        (
            CSV,
            (("content-type", "text/plain"),),
            "Expected text/csv; charset=utf-8, got text/plain.",
        ),
        (
            CSV,
            (("content-type", "text/csv; charset=latin1"),),
            "Expected text/csv; charset=utf-8, got text/csv; charset=latin1.",
        ),
        (
            MediaType("image/png", "image/jpeg"),
            (("content-type", "image/gif"),),
            "Expected image/png or image/jpeg, got image/gif.",
        ),
        (MediaType("*/*"), (), "Expected */*, got no Content-Type."),
    ],
)
@pytest.mark.parametrize("kind", [bytes, AsyncIterator[bytes]])
async def test_a_request_of_another_media_type_is_a_415(
    kind: Any, expected: MediaType, headers: tuple[tuple[str, str], ...], detail: str
) -> None:
    echo = echo_of("content", Annotated[kind, expected], method="post")
    answer = await ask(app_of(echo), "/", "POST", headers=headers, body=b"a,b")
    assert (answer.status, answer.problem["detail"], echo.given) == (415, detail, [])


class Import(Endpoint, path="/import"):
    async def post(self, content: Annotated[AsyncIterator[bytes], CSV]) -> TextResponse:
        return TextResponse(b"".join([chunk async for chunk in content]).decode())

    async def put(self, content: Annotated[bytes, CSV]) -> TextResponse:
        return TextResponse(content.decode())


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_content_of_a_declared_media_type_is_decoded(method: str) -> None:
    headers = {"content-type": "text/csv", "content-encoding": "gzip"}
    async with client_of(app_of(Import())) as client:
        sent = gzip.compress(b"a,b")
        response = await client.request(method, "/import", content=sent, headers=headers)
    assert response.content == b"a,b"


def test_the_media_types_of_a_request_are_documented_and_so_is_the_415() -> None:
    images = Annotated[bytes, MediaType("image/png", "image/*; q=1")]
    document = document_of(echo_of("content", images, method="post"))
    check(document)
    post = document["paths"]["/"]["post"]
    assert post["requestBody"]["content"] == {"image/png": {}, "image/*": {}}
    assert {"400", "408", "413", "415"} <= post["responses"].keys()


@pytest.mark.parametrize(
    "name",
    ["", "csv", "text/", "/csv", "text/csv;", "text/csv; a", "text /csv", "a/b\r\nc: d", 'a/b;c="\n"', "a/ü"],
)  # fmt: skip
def test_an_invalid_media_type_is_refused_where_it_is_written(name: str) -> None:
    with pytest.raises(ValueError, match="is not a media type: write it as a type and a subtype"):
        MediaType(name)


names = st.from_regex(r"\A[!#-'*+.^_`|~0-9a-z-]+\Z")
values = names | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)).map(str.lower)


@given(
    names, names, st.dictionaries(names, values, max_size=4), st.sampled_from([";", " ; ", ";\t"])
)
def test_parameters_are_read_as_they_were_quoted(
    main: str, sub: str, parameters: dict[str, str], separator: str
) -> None:
    quoted = {
        name: '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for name, value in parameters.items()
    }
    text = separator.join([f"{main}/{sub}", *(f"{name}={value}" for name, value in quoted.items())])
    assert parse_media_type(text) == (f"{main}/{sub}", parameters)
    assert MediaType(text).accepts(text)


@given(st.text())
def test_no_content_type_raises(text: str) -> None:
    CSV.accepts(text)
