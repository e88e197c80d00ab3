"""What a handler returns, and what of it is on the wire."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import (
    BaseApp,
    BytesResponse,
    EmptyResponse,
    Endpoint,
    HTMLResponse,
    JSONResponse,
    NDJSONStreamingResponse,
    NotFoundError,
    RedirectResponse,
    SSEResponse,
    StreamingResponse,
    TextResponse,
    operation,
)
from jero.responses import Response, encode_location
from tests.support.asking import Answer, app_of, ask

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Headers(Struct):
    x_on: date = date(2026, 11, 22)
    x_count: int = 3
    x_none: str | None = None


async def rows() -> AsyncIterator[Order]:
    yield Order(1)


async def texts() -> AsyncIterator[bytes]:
    yield b"text"


def answering(annotation: object, give: Callable[[], object]) -> Endpoint:
    """An endpoint whose `get` is annotated so, and returns that."""

    async def get(self: Endpoint) -> object:
        return give()

    get.__annotations__["return"] = annotation
    return type("Answering", (Endpoint,), {"get": get}, path="/")()


async def answer_of(annotation: object, give: Callable[[], object], method: str = "GET") -> Answer:
    return await ask(app_of(answering(annotation, give)), "/", method)


def stream(**more: Any) -> object:
    return StreamingResponse(stream=texts(), **more)


def lines(**more: Any) -> object:
    return NDJSONStreamingResponse(stream=rows(), **more)


def events(**more: Any) -> object:
    return SSEResponse(stream=rows(), **more)


def redirect(**more: Any) -> object:
    return RedirectResponse(location="/", **more)


KINDS: list[tuple[object, Callable[..., object], str, bytes]] = [
    (JSONResponse[Order, Headers], partial(JSONResponse, content=Order(1)),
     "application/json", b'{"id":1}'),
    (TextResponse[Headers], partial(TextResponse, content="tëxt"),
     "text/plain; charset=utf-8", "tëxt".encode()),
    (HTMLResponse[Headers], partial(HTMLResponse, content="<p>"),
     "text/html; charset=utf-8", b"<p>"),
    (BytesResponse[Headers], partial(BytesResponse, content=b"\xff"),
     "application/octet-stream", b"\xff"),
    (StreamingResponse[Headers], stream, "application/octet-stream", b"text"),
    (NDJSONStreamingResponse[Order, Headers], lines, "application/x-ndjson", b'{"id":1}\n'),
    (SSEResponse[Order, Headers], events, "text/event-stream", b'data: {"id":1}\n\n'),
]  # fmt: skip
each_kind = pytest.mark.parametrize(("annotation", "make", "media_type", "body"), KINDS)


@each_kind
async def test_each_kind_has_its_media_type_status_and_both_sorts_of_headers(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    def give() -> object:
        return make(status_code=202, headers=Headers(), raw_headers={"X-Raw": "r"})

    answer = await answer_of(annotation, give)
    assert (answer.status, answer.body) == (202, body)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-on"] == "2026-11-22"
    assert answer.headers["x-raw"] == "r"
    assert "x-none" not in answer.headers


@each_kind
async def test_headers_that_are_promised_and_not_given_are_a_500_that_is_logged(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    answer = await answer_of(annotation, make)
    assert answer.problem["status"] == 500
    (log,) = answer.logged
    assert "declares headers of type Headers but returned none" in log.text


@each_kind
async def test_raw_headers_have_the_last_word(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    raw = {"Content-Type": "text/x-own", "X-ON": "today"}
    answer = await answer_of(annotation, lambda: make(headers=Headers(), raw_headers=raw))
    assert (answer.headers["content-type"], answer.headers["x-on"]) == ("text/x-own", "today")


@each_kind
async def test_head_gives_the_headers_of_get_and_no_body(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    give = partial(make, headers=Headers())
    get, head = [await answer_of(annotation, give, method) for method in ("GET", "HEAD")]
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")
    assert head.is_complete


@each_kind
async def test_a_known_length_is_sent_as_content_length(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    answer = await answer_of(annotation, partial(make, headers=Headers()))
    is_known = make not in {stream, lines, events}
    assert answer.headers.get("content-length") == (str(len(body)) if is_known else None)


@each_kind
@pytest.mark.parametrize("status", [100, 199, 204, 205, 304, 600])
def test_a_status_that_cannot_have_a_body_is_refused_where_it_is_made(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes, status: int
) -> None:
    with pytest.raises(ValueError, match=f"status {status} cannot carry a body"):
        make(status_code=status)


ALL: list[Callable[..., object]] = [*(make for _, make, _, _ in KINDS), EmptyResponse, redirect]


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("name", ["content-length", "Transfer-Encoding"])
def test_a_header_that_frames_the_body_is_refused_when_it_is_set(
    make: Callable[..., object], name: str
) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be set"):
        make(raw_headers={name: "1"})


@pytest.mark.parametrize("make", ALL)
def test_a_header_that_cannot_be_sent_is_refused_where_it_is_made(
    make: Callable[..., object],
) -> None:
    with pytest.raises(ValueError, match="cannot have the value"):
        make(raw_headers={"x-name": "a\r\nset-cookie: b=c"})


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"raw_headers": [("a", "b")]}, "raw_headers is a list: expected a mapping of names to"),
        ({"raw_headers": {"a": 1}}, "header 'a' has the value 1: expected a str"),
        ({"raw_headers": {1: "a"}}, "a header has the name 1: expected a str"),
        ({"status_code": "303"}, "303"),
    ],
)
def test_a_status_or_headers_of_another_type_are_refused_where_the_response_is_made(
    make: Callable[..., object], arguments: Any, text: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(text)):
        make(**arguments)


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b=c", "a\n", "\0", "☕"])
@pytest.mark.parametrize("kind", range(len(KINDS)))
async def test_a_header_that_cannot_be_sent_is_a_500_that_is_logged_and_nothing_of_it_is_sent(
    kind: int, value: str
) -> None:
    annotation, make, _, _ = KINDS[kind]
    answer = await answer_of(annotation, lambda: make(raw_headers={"x-name": value}))
    assert answer.problem == {"title": "Internal Server Error", "status": 500}
    assert "x-name" not in answer.headers
    assert "cannot have the value" in answer.logged[0].traceback


@pytest.mark.parametrize(("status", "length"), [(204, None), (304, None), (205, "0"), (200, "0")])
async def test_an_empty_response_has_no_body_and_a_length_only_where_it_may(
    status: int, length: str | None
) -> None:
    answer = await answer_of(EmptyResponse, lambda: EmptyResponse(status_code=status))
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers == ({} if length is None else {"content-length": length})


async def test_an_empty_response_is_a_204_by_default() -> None:
    answer = await answer_of(EmptyResponse[Headers], lambda: EmptyResponse(headers=Headers()))
    assert (answer.status, answer.headers["x-on"]) == (204, "2026-11-22")


@pytest.mark.parametrize("status", [101, 600])
def test_an_empty_response_has_a_final_status(status: int) -> None:
    with pytest.raises(ValueError, match=f"{status} is not the status of a final response"):
        EmptyResponse(status_code=status)


async def test_a_redirect_keeps_the_method_by_default() -> None:
    answer = await answer_of(RedirectResponse, lambda: RedirectResponse(location="/a?b=c#d"))
    assert (answer.status, answer.headers["location"]) == (307, "/a?b=c#d")
    assert (answer.headers["content-length"], answer.body) == ("0", b"")


@pytest.mark.parametrize("status", [200, 300, 304, 306, 404])
def test_a_status_that_does_not_redirect_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match=f"{status} does not redirect"):
        RedirectResponse(location="/", status_code=status)


@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/tëa ☕", "/t%C3%ABa%20%E2%98%95"),
        ("/a%20b%2Fc", "/a%20b%2Fc"),
        ("/100%", "/100%25"),
        ("/%zz%4", "/%25zz%254"),
        ("https://[::1]:8000/?a=[1]&b='x'~", "https://[::1]:8000/?a=[1]&b='x'~"),
        ("/a\r\nset-cookie: b=c", "/a%0D%0Aset-cookie:%20b=c"),
        ("", ""),
    ],
)
def test_characters_not_allowed_in_a_uri_are_percent_encoded_in_a_location(
    location: str, sent: str
) -> None:
    assert encode_location(location) == sent.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_location_forges_a_header_or_loses_a_character(location: str) -> None:
    sent = encode_location(location)
    assert all(0x21 <= byte <= 0x7E for byte in sent)
    assert unquote(sent.decode()) == unquote(location)


class Other(Struct):
    id: int


@pytest.mark.parametrize(
    ("annotation", "given_back", "text"),
    [
        (Order, Other(1), "Answering.get declares that it returns Order but returned Other"),
        (Order, None, "declares that it returns Order but returned NoneType"),
        (list[Order], Order(1), "declares that it returns list[tests.unit.test_responses.Order] but"),
        (Order, JSONResponse(content=Order(1)), "returns Order but returned JSONResponse"),
        (JSONResponse[Order], Order(1), "returns JSONResponse but returned Order"),
        (JSONResponse[Order], JSONResponse(content=Other(1)), "JSONResponse of Order but returned"),
        (TextResponse, TextResponse(content=b"x"), "TextResponse of str but returned bytes"),  # pyright: ignore[reportArgumentType]
        (BytesResponse, BytesResponse(content="x"), "but returned str"),  # pyright: ignore[reportArgumentType]
        (EmptyResponse, TextResponse(content=""), "EmptyResponse but returned TextResponse"),
        (TextResponse, HTMLResponse(content=""), "TextResponse but returned HTMLResponse"),
        (NDJSONStreamingResponse[Order], StreamingResponse(stream=texts()),
         "returns NDJSONStreamingResponse but returned StreamingResponse"),
    ],
)  # fmt: skip
async def test_a_result_of_another_type_is_a_500_with_a_log_that_names_both(
    annotation: object, given_back: object, text: str
) -> None:
    answer = await answer_of(annotation, lambda: given_back)
    assert answer.problem == {"title": "Internal Server Error", "status": 500}
    assert text in answer.logged[0].traceback


async def test_typed_headers_that_are_not_named_are_a_500_and_not_dropped() -> None:
    def give() -> Response[Any]:
        return TextResponse(content="", headers=Headers())

    answer = await answer_of(TextResponse, give)
    assert answer.status == 500
    text = "without declaring the type: add it to the annotation, as in `TextResponse[…, Headers]`"
    assert text in answer.logged[0].traceback


class Raw(Struct):
    value: object


@pytest.mark.parametrize("value", [object(), "\ud800", {1, object()}])
async def test_a_value_that_json_has_no_form_for_is_a_500_that_is_logged(value: object) -> None:
    answer = await answer_of(Raw, lambda: Raw(value))
    assert answer.problem["status"] == 500
    assert len(answer.logged) == 1


async def test_a_value_is_sent_with_the_status_of_its_operation() -> None:
    class Made(Endpoint, path="/"):
        @operation(status_code=201)
        async def post(self) -> Order:
            return Order(1)

    assert (await ask(app_of(Made()), "/", "POST")).status == 201


def declaring(status: int, annotation: object, give: Callable[[], object]) -> BaseApp:
    endpoint = answering(annotation, give)
    operation(status_code=status)(type(endpoint).get)  # type: ignore[attr-defined]
    return app_of(endpoint)


@each_kind
async def test_a_response_is_sent_with_the_status_of_its_operation(
    annotation: object, make: Callable[..., object], media_type: str, body: bytes
) -> None:
    app = declaring(201, annotation, partial(make, headers=Headers()))
    assert (await ask(app, "/")).status == 201


@pytest.mark.parametrize(
    ("kind", "give", "status"),
    [(EmptyResponse, EmptyResponse, 205), (RedirectResponse, redirect, 303)],
)
async def test_so_is_one_without_a_body(
    kind: object, give: Callable[[], object], status: int
) -> None:
    assert (await ask(declaring(status, kind, give), "/")).status == status


async def test_a_status_of_the_responses_own_goes_before_that_of_its_operation() -> None:
    app = declaring(201, TextResponse, lambda: TextResponse(content="", status_code=202))
    assert (await ask(app, "/")).status == 202


def test_an_error_of_an_operation_is_a_class() -> None:
    with pytest.raises(TypeError, match="is not a subclass of `HTTPError`: list the class"):
        operation(errors=[NotFoundError("none")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"errors": NotFoundError}, "expected a list, as in `errors=[…]`"),
        ({"tags": "orders"}, "tags is 'orders': expected a list, as in `tags=[…]`"),
        ({"status_code": "201"}, "status_code is '201': expected an int, such as 201"),
    ],
)
def test_arguments_of_an_operation_that_are_of_another_type_are_refused(
    arguments: Any, text: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(text)):
        operation(**arguments)


def test_a_location_is_text() -> None:
    with pytest.raises(TypeError, match=r"location is 303: expected a str, as in `str\(url\)`"):
        RedirectResponse(303)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("status", [100, 400, 500])
def test_an_operation_has_the_status_of_a_success(status: int) -> None:
    with pytest.raises(ValueError, match=f"{status} is not a success status"):
        operation(status_code=status)


class User(Struct):
    name: str
    score: float = 0


class UserRow(User):
    password_hash: str = "secret"


class Users(Endpoint, path="/users"):
    def __init__(self, user: User) -> None:
        self._user = user

    async def get(self) -> User:
        return self._user

    async def post(self) -> NDJSONStreamingResponse[User]:
        return NDJSONStreamingResponse(stream=self._users())

    async def _users(self) -> AsyncIterator[User]:
        yield self._user


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_subclass_of_the_declared_struct_is_sent_with_all_its_fields(method: str) -> None:
    answer = await ask(app_of(Users(UserRow("ada"))), "/users", method)
    assert answer.body.strip() == b'{"name":"ada","score":0,"password_hash":"secret"}'


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_float_that_json_has_no_number_for_is_sent_as_null(
    method: str, number: str
) -> None:
    answer = await ask(app_of(Users(User("ada", float(number)))), "/users", method)
    assert answer.body.strip() == b'{"name":"ada","score":null}'


class Tagged(Struct):
    x_tags: set[str]


async def test_a_set_in_a_header_is_sent_in_the_same_order_by_every_process() -> None:
    class TaggedEndpoint(Endpoint, path="/"):
        async def get(self) -> EmptyResponse[Tagged]:
            return EmptyResponse(headers=Tagged({"c", "a", "b"}))

    start = (await ask(app_of(TaggedEndpoint()), "/")).start
    assert start is not None
    assert [value for name, value in start.headers if name == "x-tags"] == ["a", "b", "c"]
