"""What is answered where something goes wrong, and what is logged."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from typing import Any

import pytest
from msgspec import Struct

from jero import (
    BadRequestError,
    BaseApp,
    ClientDisconnectedError,
    ConflictError,
    Endpoint,
    ForbiddenError,
    HTTPError,
    NDJSONStreamingResponse,
    NotFoundError,
    UnauthorizedError,
    UnprocessableContentError,
)
from jero.asgi import Scope
from tests.support.asking import Answer, ask

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class SoldOutError(HTTPError):
    status_code = 409
    title = "Sold out"
    type = "https://example.com/sold-out"


class StockError(LookupError):
    pass


class Failing(Endpoint, path="/failing/{name}"):
    """Fails with what it is made with: from the handler, or from a stream before or after its first item."""

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self.notes: list[str] = []

    async def get(self, path: "Name") -> Order:
        raise self._error

    async def post(self, path: "Name") -> NDJSONStreamingResponse[Order]:
        return NDJSONStreamingResponse(stream=self._held(path.name))

    async def _held(self, name: str) -> AsyncGenerator[AsyncIterable[Order]]:
        yield self._rows(name)
        self.notes.append("torn down")

    async def _rows(self, name: str) -> AsyncIterator[Order]:
        if name == "late":
            yield Order(1)
            await asyncio.sleep(1)
        raise self._error


class Name(Struct):
    name: str


async def fail(
    error: BaseException,
    method: str = "GET",
    *mappings: tuple[type[Exception], Callable[[Any], Any]],
    name: str = "early",
    request_id: str = "",
) -> Answer:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Failing(error))
            for kind, to in mappings:
                self._map_error(kind, to)

    headers = (("x-request-id", request_id),) if request_id else ()
    return await ask(App(), f"/failing/{name}", method, headers=headers)


either = pytest.mark.parametrize("method", ["GET", "POST"])
INTERNAL = {"title": "Internal Server Error", "status": 500}


@either
async def test_an_http_error_is_answered_as_the_problem_that_it_declares(method: str) -> None:
    error = SoldOutError("none left", members={"cup": Order(7)}, raw_headers={"Retry-After": "60"})
    answer = await fail(error, method)
    assert answer.status == 409
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.problem == {
        "title": "Sold out",
        "status": 409,
        "detail": "none left",
        "type": "https://example.com/sold-out",
        "cup": {"id": 7},
    }
    assert answer.logged == []


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        (BadRequestError, 400, "Bad Request"),
        (UnauthorizedError, 401, "Unauthorized"),
        (ForbiddenError, 403, "Forbidden"),
        (NotFoundError, 404, "Not Found"),
        (ConflictError, 409, "Conflict"),
        (UnprocessableContentError, 422, "Unprocessable Content"),
        (type("OddError", (HTTPError,), {"status_code": 499}), 499, "Error"),
        (HTTPError, 500, "Internal Server Error"),
    ],
)
async def test_an_error_without_a_title_has_the_phrase_of_its_status(
    kind: type[HTTPError], status: int, title: str
) -> None:
    answer = await fail(kind())
    assert (answer.status, answer.problem) == (status, {"title": title, "status": status})


@pytest.mark.parametrize("detail", ["\ud800", "a\r\nb", "☕"])
async def test_a_detail_may_be_any_text(detail: str) -> None:
    expected = r"\ud800" if detail == "\ud800" else detail
    assert (await fail(NotFoundError(detail))).problem["detail"] == expected


@pytest.mark.parametrize("status", [200, 204, 304, 399, 600])
def test_an_error_has_the_status_of_one(status: int) -> None:
    with pytest.raises(ValueError, match=f"OddError has the status {status}"):
        type("OddError", (HTTPError,), {"status_code": status})


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"members": {"status": 1}}, "'status' is a standard member"),
        ({"raw_headers": {"a": "b\r\nc: d"}}, "cannot have the value"),
        ({"raw_headers": {"a b": ""}}, "is not a valid header name"),
        ({"raw_headers": {"Content-Length": "0"}}, "Content-Length cannot be set"),
    ],
)
def test_invalid_headers_and_members_are_refused_when_the_error_is_created(
    arguments: Any, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        NotFoundError(**arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((404, "no"), "HTTPError(404, 'no') passes a status as the detail, but each status has its own class:"),
        ((404, "no"), "raise `NotFoundError('no')`, or a subclass of `HTTPError` with `status_code = 404`"),
        ((404,), "raise `NotFoundError()`, or a subclass of `HTTPError` with `status_code = 404`"),
        ((418, "no"), "has its own class: raise a subclass of `HTTPError` with `status_code = 418`"),
        (("no", {"seat": 7}), "passes more than the detail by position: pass `members` and `raw_headers` by name"),
        ((LookupError("no"),), "HTTPError(LookupError('no')) has a detail that is not a str: pass a str, and"),
        ((b"no",), "has a detail that is not a str: pass a str, and put other data into `members`"),
    ],
)  # fmt: skip
def test_arguments_of_another_type_are_refused_with_the_fix(arguments: Any, text: str) -> None:
    with pytest.raises(TypeError, match=re.escape(text)):
        HTTPError(*arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"members": ["seat"]}, "members is ['seat']: expected a mapping of names to values"),
        ({"raw_headers": [("a", "b")]}, "raw_headers is a list: expected a mapping of names to values, such as"),
        ({"raw_headers": {b"a": "b"}}, "a header has the name b'a': expected a str"),
        ({"raw_headers": {"a": 1}}, "header 'a' has the value 1: expected a str"),
    ],
)  # fmt: skip
def test_members_and_headers_that_are_not_mappings_of_text_are_refused(
    arguments: Any, text: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(text)):
        NotFoundError(**arguments)


def test_an_error_whose_status_is_not_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match="OddError has the status '404': expected an int"):
        type("OddError", (HTTPError,), {"status_code": "404"})


@either
async def test_an_unexpected_error_is_a_500_without_internal_details(method: str) -> None:
    answer = await fail(ZeroDivisionError("the secret of the house"), method)
    assert answer.problem == INTERNAL


@either
async def test_an_unexpected_error_is_logged_with_its_route_its_request_and_its_traceback(
    method: str,
) -> None:
    answer = await fail(ZeroDivisionError("the secret"), method, request_id="7f/a=")
    assert answer.problem == {**INTERNAL, "request_id": "7f/a="}
    (record,) = answer.logged
    assert (record.logger, record.level) == ("jero", logging.getLevelName(logging.ERROR))
    assert (
        record.text
        == f"{method} /failing/{{name}} failed (request 7f/a=): ZeroDivisionError: the secret"
    )
    assert "ZeroDivisionError: the secret" in record.traceback


@pytest.mark.parametrize("request_id", ["a b", "ä", "a" * 129, "%0a"])
async def test_an_id_that_could_not_be_logged_as_it_is_is_not(request_id: str) -> None:
    answer = await fail(ZeroDivisionError(), request_id=request_id)
    assert (answer.problem, answer.logged[0].text) == (
        INTERNAL,
        "GET /failing/{name} failed: ZeroDivisionError",
    )


async def test_an_error_after_the_first_item_is_logged_and_the_answer_left_without_its_end() -> (
    None
):
    answer = await fail(ConflictError("too late"), "POST", name="late")
    assert (answer.status, answer.body, answer.is_complete) == (200, b'{"id":1}\n', False)
    assert "the stream broke off: ConflictError: too late" in answer.logged[0].text


async def test_a_cancellation_of_the_handlers_own_making_is_a_500() -> None:
    assert (await fail(asyncio.CancelledError())).problem == INTERNAL


# Errors that are mapped.


def to_not_found(error: Exception) -> HTTPError:
    return NotFoundError(f"no {error}")


def to_conflict(error: Exception) -> HTTPError:
    return ConflictError(f"taken {error}")


@either
@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (StockError("cup"), "taken cup"),
        (KeyError("cup"), "no 'cup'"),
        (IndexError("cup"), "no cup"),
    ],
)
async def test_an_error_is_answered_by_the_mapping_of_its_nearest_class(
    method: str, error: Exception, detail: str
) -> None:
    mappings = [(LookupError, to_not_found), (StockError, to_conflict)]
    answer = await fail(error, method, *mappings)
    assert (answer.problem["detail"], answer.logged) == (detail, [])


class BadGatewayError(HTTPError):
    status_code = 502


def to_bad_gateway(_: Exception) -> HTTPError:
    return BadGatewayError("later")


@either
@pytest.mark.parametrize(
    ("error", "mappings", "status", "detail"),
    [
        (HTTPError("no route to db"), [], 500, "no route to db"),
        (BadGatewayError("no route to db"), [], 502, "no route to db"),
        (LookupError("no route to db"), [(LookupError, to_bad_gateway)], 502, "later"),
    ],
)  # fmt: skip
async def test_every_answer_of_500_or_above_is_logged_with_its_traceback(
    method: str, error: Exception, mappings: list[Any], status: int, detail: str
) -> None:
    answer = await fail(error, method, *mappings)
    assert (answer.status, answer.problem["detail"]) == (status, detail)
    (record,) = answer.logged
    assert record.text.endswith(f"failed: {type(error).__name__}: no route to db")
    assert f"{type(error).__name__}: no route to db" in record.traceback


async def test_an_http_error_can_be_mapped_as_well() -> None:
    answer = await fail(SoldOutError("cup"), "GET", (SoldOutError, to_not_found))
    assert answer.problem["detail"] == "no cup"


async def test_an_error_without_a_mapping_is_a_500_as_ever() -> None:
    answer = await fail(ValueError(), "GET", (LookupError, to_not_found))
    assert (answer.problem, len(answer.logged)) == (INTERNAL, 1)


@either
async def test_a_mapping_that_fails_itself_is_a_500_and_both_errors_are_logged(method: str) -> None:
    def to(error: Exception) -> HTTPError:
        raise ZeroDivisionError("in the mapping")

    answer = await fail(StockError("of the house"), method, (LookupError, to))
    assert answer.problem == INTERNAL
    assert "in the mapping" in answer.logged[0].traceback
    assert "of the house" in answer.logged[0].traceback


async def test_a_mapping_that_gives_no_http_error_is_a_500_and_the_error_is_logged() -> None:
    answer = await fail(StockError("of the house"), "GET", (LookupError, lambda _: None))
    assert answer.problem == INTERNAL
    assert "of the house" in answer.logged[0].traceback


async def test_members_that_json_has_no_form_for_are_a_500_that_is_logged() -> None:
    answer = await fail(NotFoundError(members={"it": object()}))
    assert answer.problem == INTERNAL
    assert "NotFoundError" in answer.logged[0].traceback


# Clients that have left.


@pytest.mark.parametrize("path", ["/failing/a", "/nothing"])
async def test_a_client_that_is_gone_before_its_answer_is_not_answered_again(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Failing(SoldOutError()))

    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            raise OSError("gone")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope: Scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    await App()(scope, receive, send)
    assert sent == ["http.response.start", "http.response.body"]
    assert caplog.messages == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_disconnect_is_not_an_error_of_the_app(
    method: str, *, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Streaming(Endpoint, path="/"):
        async def get(self) -> NDJSONStreamingResponse[Order]:
            return NDJSONStreamingResponse(stream=self._rows())

        async def _rows(self) -> AsyncIterator[Order]:
            yield Order(1)

    class Whole(Endpoint, path="/"):
        async def get(self) -> Order:
            return Order(1)

    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Streaming() if stream else Whole())

    async def send(_: Any) -> None:
        raise OSError("gone")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await App()({"type": "http", "method": method, "path": "/", "headers": []}, receive, send)
    assert caplog.messages == []


async def test_a_client_disconnected_error_of_a_handler_is_not_answered() -> None:
    answer = await fail(ClientDisconnectedError())
    assert (answer.body, answer.is_complete, answer.logged) == (b"", False, [])
