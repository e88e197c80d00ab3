"""What cannot work is found at start-up, and told with its mend."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import pytest
from msgspec import Struct
from msgspec.msgpack import Ext

from jero import (
    BaseApp,
    BytesResponse,
    EmptyResponse,
    Endpoint,
    JSONResponse,
    NDJSONStreamingResponse,
    NotFoundError,
    RedirectResponse,
    ServerSentEvent,
    SSEResponse,
    StreamingResponse,
    TextResponse,
    WiringError,
    operation,
)
from jero.asgi import Receive, Scope, Send
from tests.support.asking import app_of
from tests.support.requests import echo_of
from tests.support.wiring import failure_of, live

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Other(Struct):
    name: str


class Array(Struct, array_like=True):
    id: int


class WithOrder(Struct):
    x_order: Order


class WithPath(Struct):
    file: Path


type Endless = list[Endless] | int


class WithEndless(Struct):
    value: Endless


Variable = TypeVar("Variable")
VARIABLES: Any = list[Variable]  # pyright: ignore[reportGeneralTypeIssues] - what is tested


class Lost(Struct):
    value: "Missing"  # noqa: F821 # pyright: ignore - what is tested


class Unfinished(JSONResponse[int]):
    value: "Missing"  # noqa: F821 # pyright: ignore - what is tested


class OddName(Struct):
    name: str = msgspec.field(name="x order")


class Framing(Struct):
    content_length: int


class OwnEvent(ServerSentEvent[Order], frozen=True):
    pass


def returning(annotation: object, method: str = "get") -> Endpoint:
    """An endpoint whose only handler is annotated so."""

    async def handle(self: Endpoint) -> None:
        raise NotImplementedError

    handle.__annotations__["return"] = annotation
    return type("Returning", (Endpoint,), {method: handle}, path="/")()


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (returning(bytes), "Returning.get returns bytes: return a `BytesResponse`, or for base64 in JSON a `"),
        (returning(AsyncIterator[Order]), "return a streaming response instead, such as"),
        (returning(None), "Returning.get returns None: return an `EmptyResponse` instead"),
        (returning(Order | TextResponse), "Returning.get returns a union of responses: return one kind, and raise an"),
        (returning(Order | None), "leave out the `None`, and raise a `NotFoundError` if there is no value; to send"),
        (returning(Order | None), "and raise a `NotFoundError` if there is no value; to send `null`, return a"),
        (returning(list[TextResponse]), "expected a value, or a single response such as `JSONResponse[Order]`"),
        (returning(JSONResponse[TextResponse]), "returns a JSONResponse of jero.responses.TextResponse[H]: a"),
        (returning(SSEResponse[ServerSentEvent[Order]]), "Returning.get returns SSEResponse[jero.streaming.events."),
        (returning(SSEResponse[ServerSentEvent[Order]]), "return an `SSEResponse[Order]`, whose stream can yield"),
        (returning(SSEResponse[Other | ServerSentEvent[Order]]), "which would send each event as JSON: return an"),
        (returning(SSEResponse[ServerSentEvent]), "which would send each event as JSON: return an `SSERes"),
        (returning(SSEResponse[OwnEvent]), "which would send each event as JSON: return an `SSERes"),
        (returning(NDJSONStreamingResponse[ServerSentEvent[Order]]), "return an `SSEResponse[Order]`, whose"),
        (returning(ServerSentEvent[Order]), "events can only be sent in an event stream, so return an"),
        (returning(list[ServerSentEvent[Order]]), "events can only be sent in an event stream, so return an"),
        (returning(SSEResponse[Order], "post"), "Returning.post returns an SSEResponse: only `get` can return it"),
        (returning(NDJSONStreamingResponse), "returns NDJSONStreamingResponse without a type: add one, as in"),
        (returning(NDJSONStreamingResponse[Path]), "Returning.get streams Path, which cannot be sent: `Path` has no"),
        (returning(SSEResponse[list[Path]]), "`CustomType(Path, str, encode=str, decode=Path)`"),
        (returning(WithPath), "Returning.get returns WithPath, which cannot be sent: the field `WithPath.file:"),
        (returning(list[Iterator[int]]), "`list[collections.abc.Iterator[int]]` has no JSON form: use a `list`,"),
        (returning(Endless), "Returning.get has an annotation that cannot be evaluated: the type alias Endless"),
        (returning(WithEndless), "WithEndless contains a type alias that refers to itself: use `Any`, or a Struct,"),
        (returning(VARIABLES), "Returning.get has the type variable ~Variable, which is not bound to a type:"),
        (returning(Lost), "Returning.get returns Lost, which cannot be sent: Lost cannot be evaluated: name 'Missing'"),
        (returning(Literal[1.5]), "Returning.get returns typing.Literal[1.5], which cannot be sent: "),
        (returning(list[Ext]), "`list[msgspec.msgpack.Ext]` has no JSON form"),
        (returning(Unfinished), "returns Unfinished, which cannot be evaluated: name 'Missing' is not defined"),
        (echo_of("json", Callable[[int], str], method="put"), "Echoing.put has an invalid argument `json`: "),
        (returning(JSONResponse), "Returning.get returns JSONResponse without a type: add one, as in"),
        (returning(TextResponse[WithOrder]), "header field `x_order: Order` has no text form: use str"),
        (returning(TextResponse[OddName]), "Returning.get: 'x order' is not a valid header name: use"),
        (returning(StreamingResponse[Framing]), "Returning.get: content-length cannot be set, because the server"),
        (returning(BytesResponse[dict[str, str]]), "headers of dict[str, str]: expected a Struct"),
        (echo_of("database", str), "Echoing.get has an unknown argument `database`: a handler can take `user`,"),
        (echo_of("id", int, "/{id}"), "Path parameters are in `path`, a Struct with the field `id`"),
        (echo_of("body", Order, method="post"), "`content` and `ndjson`. Take `json` instead"),
        (echo_of("query", Order), "`content` and `ndjson`. Take `params` instead"),
        (echo_of("request", object), "There is no request object: take the parts of the request that you need"),
        (echo_of("page", int), "For a query parameter `page`, take `params`, a Struct with that field"),
        (echo_of("json", AsyncIterator[Order], method="put"), "annotate it with the type of the value, as in `json:"),
        (echo_of("json", WithPath, method="put"), "Echoing.put has an invalid argument `json`: the field"),
        (echo_of("json", Order), "Echoing.get takes `json`, but the body of a GET has no meaning (RFC 9110 § 9.3):"),
        (echo_of("content", bytes, method="delete"), "takes `content`, but the body of a DELETE has no meaning (RFC"),
        (echo_of("content", str, method="post"), "annotate it with `bytes`, or with `AsyncIterator[by"),
        (echo_of("ndjson", list[Order], method="post"), "annotate it with an async iterator of its items, as in"),
        (echo_of("ndjson", AsyncIterator, method="post"), "annotate it with an async iterator of its items, as in"),
        (echo_of("ndjson", AsyncIterator[WithPath], method="post"), "the field `WithPath.file: Path` has no"),
        (echo_of("json", Order | Other, method="post"), "Echoing.post has an invalid argument `json`: If a type"),
        (echo_of("path", dict[str, str], "/{id}"), "annotate it with a Struct that has a field for"),
        (echo_of("path", Order, "/{name}"), "Order has the fields id, but the path has the parameters name: they"),
        (echo_of("path", Order), "but the path has the parameters none: they must match"),
        (echo_of("params", Order, "/{id}"), "does not take the parameters of its path '/{id}': add an argument"),
        (echo_of("params", WithPath), "the query field `file: Path` has no text form: use str, int, float"),
        (echo_of("last_event_id", Path | None), "annotate it with the type of the ids or `None`, as in"),
        (echo_of("params", WithOrder), "the query field `x_order: Order` has no text form"),
        (echo_of("params", Array), "Echoing.get has an invalid argument `params`: Array is `array_like`, but"),
        (echo_of("headers", WithOrder), "the header field `x_order: Order` has no text form"),
        (echo_of("headers", OddName), "has an invalid argument `headers`: 'x order' is not a valid header name"),
        (echo_of("last_event_id", int), "annotate it with the type of the ids or `None`, as in `last_event_id: int |"),
        (echo_of("user", Order), "there is no authenticator: include the endpoint with `authenticator=…`, and do not"),
    ],
)  # fmt: skip
async def test_unsupported_types_are_a_wiring_error_that_names_them_and_the_fix(
    endpoint: Endpoint, text: str
) -> None:
    assert text in await failure_of(app_of(endpoint))


class NoReturnType(Endpoint, path="/"):
    async def get(self):  # noqa: ANN201 # pyright: ignore[reportUnknownParameterType] - what is tested
        raise NotImplementedError


class NotACoroutine(Endpoint, path="/"):
    def get(self) -> list[Order]:
        return []


class AGenerator(Endpoint, path="/"):
    async def get(self) -> AsyncIterator[Order]:
        yield Order(1)


class UntypedBody(Endpoint, path="/"):
    async def post(self, json) -> Order:  # noqa: ANN001 # pyright: ignore - what is tested
        raise NotImplementedError


class TwoBodies(Endpoint, path="/"):
    async def post(self, json: Order, content: bytes) -> Order:
        raise NotImplementedError


class ByPosition(Endpoint, path="/"):
    async def post(self, json: Order, /) -> Order:
        raise NotImplementedError


class DefaultParams(Endpoint, path="/"):
    async def get(self, params: Order = Order(7)) -> Order:  # noqa: B008 - the mistake
        raise NotImplementedError


class DefaultBody(Endpoint, path="/"):
    async def post(self, json: list[int] = [7]) -> Order:  # noqa: B006 - the mistake
        raise NotImplementedError


class DefaultContent(Endpoint, path="/"):
    async def post(self, *, content: bytes = b"") -> Order:
        raise NotImplementedError


class DefaultId(Endpoint, path="/"):
    async def get(self, last_event_id: int | None = 0) -> Order:
        raise NotImplementedError


class DefaultUser(Endpoint, path="/"):
    async def get(self, user: str = "guest") -> Order:
        raise NotImplementedError


class NoneOfABody(Endpoint, path="/"):
    async def post(self, json: Order = None) -> Order:  # type: ignore[assignment] - the mistake
        raise NotImplementedError


class ManyParams(Endpoint, path="/"):
    async def get(self, **params: Order) -> Order:
        raise NotImplementedError


class Anything(Endpoint, path="/"):
    async def post(self, **given: object) -> Order:
        raise NotImplementedError


class ServesNothing(Endpoint, path="/"):
    pass


class WithoutPath(Endpoint):
    async def get(self) -> list[Order]:
        return []


class Unreadable(Endpoint, path="/"):
    async def get(self) -> "Missing":  # noqa: F821 # pyright: ignore - what is tested
        raise NotImplementedError


class OwnHead(Endpoint, path="/"):
    async def get(self) -> Order:
        raise NotImplementedError

    async def head(self) -> Order:
        raise NotImplementedError


class Bodiless(Endpoint, path="/"):
    @operation(status_code=204)
    async def get(self) -> Order:
        raise NotImplementedError


class NoRedirect(Endpoint, path="/"):
    @operation(status_code=201)
    async def get(self) -> RedirectResponse:
        raise NotImplementedError


class PublicUser(Endpoint, path="/"):
    @operation(is_public=True)
    async def get(self, user: Order) -> Order:
        raise NotImplementedError


class BodilessText(Endpoint, path="/"):
    @operation(status_code=304)
    async def get(self) -> TextResponse:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        (NoReturnType, "NoReturnType.get has no return annotation: add one, as in `-> list[Order]`"),
        (NotACoroutine, "NotACoroutine.get is not a coroutine function: write it as `async def get(self)`;"),
        (AGenerator, "return a streaming response whose `stream` is a generator"),
        (UntypedBody, "UntypedBody.post takes `json` with a missing or unsupported type: annotate it with"),
        (TwoBodies, "TwoBodies.post takes json and content: a request has only one body, so take one"),
        (ByPosition, "ByPosition.post has positional-only arguments, but arguments are passed by name:"),
        (DefaultParams, "DefaultParams.get takes `params` with the default Order(id=7), which would never be "),
        (DefaultParams, "remove the default, and give the fields of Order defaults instead"),
        (DefaultBody, "allow `None` in its annotation, and replace the `None` in the handler"),
        (DefaultContent, "takes `content` with the default b'', which would never be used: remove the default"),
        (DefaultId, "takes `last_event_id` with the default 0, which would never be used"),
        (DefaultUser, "with the default 'guest', which would never be used: remove the default, and return it from"),
        (NoneOfABody, "default None, which would never be used: remove the default, and allow `None` in"),
        (ManyParams, "takes `**params`, but arguments are passed by name: write it as `params`"),
        (Anything, "Anything.post has an unknown argument `given`: a handler can take `user`, `path`,"),
        (ServesNothing, "ServesNothing has no handler: define one of get, post, put, patch, delete as `async"),
        (WithoutPath, "WithoutPath has no path: declare it as `class WithoutPath(Endpoint, path='/…')"),
        (Unreadable, "Unreadable.get has an annotation that cannot be evaluated: name 'Missing' is not"),
        (OwnHead, "OwnHead defines `head`, which jero answers itself: remove the method"),
        (Bodiless, "Bodiless.get declares the status 204 and returns Order: a response with status 204 c"),
        (NoRedirect, "NoRedirect.get declares the status 201 and returns RedirectResponse: 201 does not red"),
        (PublicUser, "there is no authenticator: include the endpoint with `authenticator=…`, and do not"),
        (BodilessText, "BodilessText.get declares the status 304 and returns TextResponse: a response with"),
    ],
)  # fmt: skip
async def test_an_invalid_handler_is_a_wiring_error_that_names_it_and_the_fix(
    endpoint: type[Endpoint], text: str
) -> None:
    assert text in await failure_of(app_of(endpoint()))


class Empty(Endpoint, path="/"):
    @operation(status_code=205)
    async def get(self) -> EmptyResponse:
        raise NotImplementedError

    @operation(status_code=303)
    async def post(self) -> RedirectResponse:
        raise NotImplementedError


type Orders = list[Order]


class Odd(Struct):
    kind: Literal["a"]
    value: "Orders | None" = None


@pytest.mark.parametrize(
    "endpoint",
    [
        Empty(),
        returning(Orders),
        returning(dict[str, Order]),
        returning(tuple[Order, ...]),
        returning(JSONResponse[Odd | Order]),
        returning(SSEResponse[str]),
        echo_of("last_event_id", str | None),
        echo_of("json", Orders, method="patch"),
    ],
)
async def test_supported_types_are_wired(endpoint: Endpoint) -> None:
    assert (await live(app_of(endpoint)))[0] == {"type": "lifespan.startup.complete"}


@pytest.mark.parametrize(
    "path", ["orders", "/orders?all", "/orders/{id", "/orders/a{id}", "/{a b}", "/{}", "/my orders",
             "/a%20b", "/a#b", "/{id}/{id}"]
)  # fmt: skip
def test_an_invalid_path_is_a_wiring_error(path: str) -> None:
    kinds = r"is not a valid path: expected|has an invalid path parameter|has two path parameters with the same name"
    with pytest.raises(WiringError, match=rf"Bad: .* ({kinds})"):
        type("Bad", (Endpoint,), {}, path=path)


class A(Endpoint, path="/{id}"):
    async def get(self, path: Order) -> Order:
        return path


class B(Endpoint, path="/{name}"):
    async def post(self, path: Other) -> Other:
        return path


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing is served")


def missing(error: KeyError) -> NotFoundError:
    return NotFoundError(str(error))


class Including(BaseApp):
    """Calls what it is told to call while it is wired."""

    def __init__(self, *calls: tuple[Any, ...]) -> None:
        super().__init__()
        self._calls = calls

    async def _wire(self) -> None:
        for name, *arguments in self._calls:
            getattr(self, name)(*arguments)


@pytest.mark.parametrize(
    ("calls", "text"),
    [
        ([("_include_endpoint", A)], "A is a class: include an instance, `A()`"),
        ([("_include_endpoint", 3)], "int is not an endpoint: include instances of subclasses of `Endpoint`, one by"),
        ([("_include_endpoint", A()), ("_include_endpoint", B())],
         "B: '/{name}' is already served by A: define all methods of a path in one class, or"),
        ([("_include_endpoints", "api", A())], "Including._include_endpoints: 'api' is not a valid path: expe"),
        ([("_include_endpoints", A(), A())], "is not a valid path: expected one that starts with `/`"),
        ([("_include_endpoints", "/api", [A()])], "list is not an endpoint: include instances of subclasses of"),
        ([("_map_error", KeyError, missing)] * 2, "Including maps KeyError twice: remove one of the mappings"),
        ([("_include_endpoints", "/api/", A())], "endpoints under '/api/': leave out the `/` at its"),
        ([("_include_endpoints", "/{id}", A())], "A: '/{id}/{id}' has two path parameters with the same name"),
        ([("_mount", "/a/", asgi)], "Including mounts under '/a/': write the path without parameters and"),
        ([("_mount", "/{a}", asgi)], "Including mounts under '/{a}': write the path without parameters and"),
        ([("_mount", "a", asgi)], "Including._mount: 'a' is not a valid path: expected one that starts with `"),
        ([("_mount", "/a", asgi), ("_mount", "/a", asgi)],
         "Including mounts two applications under '/a': move one of them"),
    ],
)  # fmt: skip
async def test_invalid_endpoints_and_mounts_are_a_wiring_error(
    calls: list[tuple[Any, ...]], text: str
) -> None:
    assert text in await failure_of(Including(*calls))


async def test_a_wire_method_that_is_not_a_coroutine_function_is_a_wiring_error() -> None:
    class App(BaseApp):
        def _wire(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    text = "App._wire is not a coroutine function, but overrides `BaseApp._wire`: write it as `async def"
    assert text in await failure_of(App())


async def test_an_endpoint_that_sets_its_path_on_its_instance_is_a_wiring_error() -> None:
    class Moved(Endpoint, path="/"):
        def __init__(self) -> None:
            setattr(self, "path", "/moved")  # noqa: B010 - a type checker refuses it

        async def get(self) -> list[Order]:
            return []

    assert "Moved sets `path` on its instance" in await failure_of(app_of(Moved()))
