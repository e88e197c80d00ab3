import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint, HTTPError, NDJSONStreamingResponse, SSEResponse, WiringError
from jero.asgi import Scope
from tests.asking import app_of, ask

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class OrdersEndpoint(Endpoint, path="/orders"):
    async def get(self) -> list[Order]:
        return [Order(1), Order(2)]

    async def post(self, json: Order) -> Order:
        return Order(json.id + 1)


class SoldOutError(HTTPError):
    status_code = 409
    title = "Sold out"


class FailingEndpoint(Endpoint, path="/failing"):
    async def get(self) -> Order:
        raise SoldOutError("no cup is left", raw_headers={"retry-after": "60"})

    async def delete(self) -> Order:
        raise ZeroDivisionError("the secret of the house")


async def live(app: BaseApp) -> list[dict[str, Any]]:
    """Start an app and shut it down, as a server does; what it answered."""
    sent: list[dict[str, Any]] = []
    inbox = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        return next(inbox)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    return sent


async def test_a_list_of_structs_is_sent_as_json_with_its_length() -> None:
    answer = await ask(app_of(OrdersEndpoint()), "/orders")
    assert (answer.status, answer.body) == (200, b'[{"id":1},{"id":2}]')
    assert answer.headers == {"content-type": "application/json", "content-length": "19"}


async def test_head_gives_the_headers_of_get_and_no_body() -> None:
    answer = await ask(app_of(OrdersEndpoint()), "/orders", "HEAD")
    assert (answer.headers["content-length"], answer.body) == ("19", b"")


async def test_options_says_what_is_allowed() -> None:
    answer = await ask(app_of(OrdersEndpoint()), "/orders", "OPTIONS")
    assert (answer.status, answer.headers) == (204, {"allow": "GET, HEAD, OPTIONS, POST"})


async def test_a_method_that_is_not_served_is_405_with_allow() -> None:
    answer = await ask(app_of(OrdersEndpoint()), "/orders", "DELETE")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.problem["status"] == 405


async def test_a_path_that_is_not_served_is_404() -> None:
    answer = await ask(app_of(OrdersEndpoint()), "/order")
    assert answer.problem == {
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing is served under /order",
    }


async def test_an_app_that_is_mounted_sees_the_path_below_its_root() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/shop/orders", "root_path": "/shop"}
    await app_of(OrdersEndpoint())(scope, receive, send)
    assert sent[0]["status"] == 200


async def test_an_http_error_is_answered_as_the_problem_it_declares() -> None:
    answer = await ask(app_of(FailingEndpoint()), "/failing")
    assert answer.headers["retry-after"] == "60"
    assert answer.problem == {"title": "Sold out", "status": 409, "detail": "no cup is left"}


async def test_an_unexpected_error_is_a_500_that_tells_nothing_and_a_traceback_in_the_log() -> None:
    answer = await ask(app_of(FailingEndpoint()), "/failing", "DELETE")
    assert answer.problem == {"title": "Internal Server Error", "status": 500}
    assert [line.text for line in answer.logged] == ["DELETE /failing failed"]
    assert "the secret of the house" in answer.logged[0].traceback


async def test_lifespan_wires_the_app_and_says_so() -> None:
    sent = await live(app_of(OrdersEndpoint()))
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_a_wiring_error_fails_the_start_with_its_text() -> None:
    sent = await live(app_of(OrdersEndpoint(), OrdersEndpoint()))
    assert sent == [
        {
            "type": "lifespan.startup.failed",
            "message": "OrdersEndpoint: '/orders' is served by OrdersEndpoint already:"
            " give one of them another path",
        }
    ]


async def test_any_error_in_wire_fails_the_start_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            raise OSError("no database")

    sent = await live(App())
    assert sent[0]["message"] == "App._wire failed: OSError: no database"
    assert caplog.record_tuples == [("jero", logging.ERROR, "App: startup failed")]


async def test_without_lifespan_the_first_request_wires_the_app_and_only_the_first() -> None:
    wired = 0

    class App(BaseApp):
        async def _wire(self) -> None:
            nonlocal wired
            await asyncio.sleep(0.1)
            wired += 1
            self._include_endpoint(OrdersEndpoint())

    app = App()
    answers = await asyncio.gather(ask(app, "/orders"), ask(app, "/orders"))
    assert ([answer.status for answer in answers], wired) == ([200, 200], 1)


async def test_a_new_start_wires_the_app_anew() -> None:
    app = app_of(OrdersEndpoint())
    await live(app)
    assert (await live(app))[0]["type"] == "lifespan.startup.complete"


async def test_a_websocket_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    await app_of()({"type": "websocket", "path": "/"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]


async def items() -> AsyncIterator[Order]:
    yield Order(1)


class NoReturnType(Endpoint, path="/"):
    async def get(self):  # noqa: ANN201 # pyright: ignore[reportUnknownParameterType] - what is tested
        raise NotImplementedError


class NotACoroutine(Endpoint, path="/"):
    def get(self) -> list[Order]:
        return []


class ReturnsText(Endpoint, path="/"):
    async def get(self) -> str:
        return ""


class EventsOnPost(Endpoint, path="/"):
    async def post(self) -> SSEResponse[Order]:
        return SSEResponse(stream=items())


class StreamOfNothing(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse:  # pyright: ignore - what is tested
        return NDJSONStreamingResponse(stream=items())


class StreamOfText(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse[int]:
        raise NotImplementedError


class BadHeaders(Struct):
    x_order: Order


class HeadersWithoutTextForm(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse[Order, BadHeaders]:
        return NDJSONStreamingResponse(stream=items())


class HeadersThatAreNoStruct(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse[Order, dict[str, str]]:
        return NDJSONStreamingResponse(stream=items())


class UnknownArgument(Endpoint, path="/"):
    async def get(self, database: str) -> list[Order]:
        raise NotImplementedError


class UntypedBody(Endpoint, path="/"):
    async def post(self, json: object) -> list[Order]:
        raise NotImplementedError


class ServesNothing(Endpoint, path="/"):
    pass


class WithoutPath(Endpoint):
    async def get(self) -> list[Order]:
        return []


class UnreadableAnnotation(Endpoint, path="/"):
    async def get(self) -> "Missing":  # noqa: F821 # pyright: ignore - what is tested
        raise NotImplementedError


class OwnHead(Endpoint, path="/"):
    async def get(self) -> Order:
        raise NotImplementedError

    async def head(self) -> Order:
        raise NotImplementedError


class OwnResponse(NDJSONStreamingResponse[Order]):
    pass


class ReturnsOwnResponse(Endpoint, path="/"):
    async def get(self) -> OwnResponse:
        raise NotImplementedError


class ReturnsEither(Endpoint, path="/"):
    async def get(self) -> Order | NDJSONStreamingResponse[Order]:
        raise NotImplementedError


class ByPosition(Endpoint, path="/"):
    async def post(self, json: Order, /) -> Order:
        raise NotImplementedError


class Other(Struct):
    name: str


class CannotBeTold(Endpoint, path="/"):
    async def post(self, json: Order | Other) -> Order:
        raise NotImplementedError


class BadHeaderName(Struct):
    name: str = msgspec.field(name="x order")


class HeaderNameThatIsNone(Endpoint, path="/"):
    async def get(self) -> NDJSONStreamingResponse[Order, BadHeaderName]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (OwnHead, "OwnHead defines `head`, which is answered for it: remove the method"),
        (ReturnsOwnResponse, "ReturnsOwnResponse.get returns OwnResponse: expected a Struct"),
        (ReturnsEither, "expected a Struct, a list of Structs, or a response, such as"),
        (ByPosition, "ByPosition.post takes arguments by position only"),
        (CannotBeTold, "CannotBeTold.post takes `json`, which cannot work: If a type union"),
        (HeaderNameThatIsNone, "HeaderNameThatIsNone.get: 'x order' is no header name"),
        (NoReturnType, "NoReturnType.get does not say what it returns: annotate it"),
        (NotACoroutine, "NotACoroutine.get is no coroutine function: write it as `async def get"),
        (
            ReturnsText,
            "ReturnsText.get returns str: expected a Struct, a list of Structs, or a resp",
        ),
        (EventsOnPost, "EventsOnPost.post returns an SSEResponse, which only `get` can"),
        (
            StreamOfNothing,
            "StreamOfNothing.get returns NDJSONStreamingResponse of nothing: name what",
        ),
        (StreamOfText, "StreamOfText.get streams int: expected a Struct or a union of Structs"),
        (
            HeadersWithoutTextForm,
            "the header field `x_order: Order` has no text form: use str, int",
        ),
        (HeadersThatAreNoStruct, "has headers of the type dict[str, str]: expected a Struct"),
        (UnknownArgument, "UnknownArgument.get takes `database`: a handler can take `user`"),
        (
            UntypedBody,
            "UntypedBody.post takes `json` as no type it can have: annotate it with a Struct",
        ),
        (
            ServesNothing,
            "ServesNothing serves nothing: define one of get, post, put, patch, delete",
        ),
        (WithoutPath, "WithoutPath has no path: declare it as `class WithoutPath(Endpoint, path="),
        (UnreadableAnnotation, "UnreadableAnnotation.get has an annotation that cannot be read"),
    ],
)
async def test_what_cannot_work_is_a_wiring_error_that_names_it_and_the_mend(
    endpoint: type[Endpoint], text: str
) -> None:
    (message,) = await live(app_of(endpoint()))
    assert text in message["message"]


@pytest.mark.parametrize("path", ["orders", "/orders?all", "/orders/{id", "/my orders"])
def test_a_path_that_is_none_is_a_wiring_error(path: str) -> None:
    with pytest.raises(
        WiringError,
        match=r"Bad: .* (is no path: expected|has a slot that is none)",
    ):
        type("Bad", (Endpoint,), {}, path=path)


class Late(Endpoint, path="/late"):
    async def get(self) -> list[Order]:
        raise asyncio.CancelledError


async def test_a_cancellation_of_the_handlers_own_making_is_a_500() -> None:
    answer = await ask(app_of(Late()), "/late")
    assert answer.problem["status"] == 500


async def test_a_problem_of_a_status_without_a_name_and_with_a_detail_that_no_encoding_has() -> (
    None
):
    class OddError(HTTPError):
        status_code = 499

    class Odd(Endpoint, path="/"):
        async def get(self) -> list[Order]:
            raise OddError("\ud800")

    answer = await ask(app_of(Odd()), "/")
    assert answer.problem == {"title": "Error", "status": 499, "detail": r"\ud800"}


async def test_a_client_that_is_gone_before_its_answer_is_not_answered_again() -> None:
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            raise OSError("gone")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope: Scope = {"type": "http", "method": "GET", "path": "/orders", "headers": []}
    await app_of(OrdersEndpoint())(scope, receive, send)
    assert sent == ["http.response.start", "http.response.body"]


async def test_headers_of_a_type_that_the_annotation_does_not_name_are_a_500_and_not_dropped() -> (
    None
):
    class Unnamed(Endpoint, path="/"):
        async def get(self) -> NDJSONStreamingResponse[Order]:
            return NDJSONStreamingResponse(stream=items(), headers=Order(1))  # pyright: ignore[reportReturnType, reportArgumentType]

    answer = await ask(app_of(Unnamed()), "/")
    assert answer.problem["status"] == 500
    assert "names no type of headers, and returned Order" in answer.logged[0].traceback


class Careless(Endpoint, path="/"):
    async def get(self) -> Order:
        return self.load()  # pyright: ignore[reportReturnType]

    async def load(self) -> Order:
        raise NotImplementedError


@pytest.mark.filterwarnings("ignore:coroutine 'Careless.load' was never awaited")
async def test_a_result_of_another_type_is_a_500_and_both_types_are_logged() -> None:
    answer = await ask(app_of(Careless()), "/")
    assert answer.problem["status"] == 500
    assert (
        "Careless.get says that it returns Order, and returned coroutine (an `await` is missing)"
        in answer.logged[0].traceback
    )


@pytest.mark.parametrize(
    ("included", "text"),
    [(OrdersEndpoint, "OrdersEndpoint is a class: include an instance"), (3, "int is no endpoint")],
)
async def test_only_an_instance_of_endpoint_can_be_included(included: Any, text: str) -> None:
    (message,) = await live(app_of(included))
    assert text in message["message"]


async def test_an_init_of_ones_own_need_not_call_the_apps() -> None:
    class App(BaseApp):
        def __init__(self) -> None:  # pyright: ignore[reportMissingSuperCall]
            self.endpoint = OrdersEndpoint()

        async def _wire(self) -> None:
            self._include_endpoint(self.endpoint)

    assert (await ask(App(), "/orders")).status == 200


async def test_a_wire_that_is_no_coroutine_function_is_a_wiring_error() -> None:
    class App(BaseApp):
        def _wire(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    (message,) = await live(App())
    assert (
        "App._wire is no coroutine function: write it as `async def _wire(self)`"
        in message["message"]
    )


async def test_an_app_that_serves_nothing_says_so(caplog: pytest.LogCaptureFixture) -> None:
    await live(app_of())
    assert caplog.messages == ["App serves nothing: include endpoints in `_wire`"]
