"""A request → the handler that answers it, whatever its path and its method."""

from typing import Any

import pytest
from msgspec import Struct

from jero import Endpoint
from jero.asgi import Scope
from tests.support.asking import app_of, ask

pytestmark = pytest.mark.anyio


class Found(Struct):
    by: str
    slots: list[str] = []


class One(Struct):
    one: str


class Two(Struct):
    one: str
    two: str


class Root(Endpoint, path="/"):
    async def get(self) -> Found:
        return Found("/")


class Orders(Endpoint, path="/orders"):
    async def get(self) -> Found:
        return Found("/orders")

    async def post(self) -> Found:
        return Found("/orders")


class Order(Endpoint, path="/orders/{one}"):
    async def get(self, path: One) -> Found:
        return Found("/orders/{one}", [path.one])


class Slash(Endpoint, path="/orders/{one}/"):
    async def get(self, path: One) -> Found:
        return Found("/orders/{one}/", [path.one])


class Latest(Endpoint, path="/orders/latest"):
    async def get(self) -> Found:
        return Found("/orders/latest")


class Umlaut(Endpoint, path="/ü/{one}/{two}"):
    async def get(self, path: Two) -> Found:
        return Found("/ü", [path.one, path.two])


APP = app_of(Root(), Orders(), Order(), Slash(), Latest(), Umlaut())


async def found(target: str, method: str = "GET") -> tuple[int, bytes]:
    answer = await ask(APP, target, method)
    return answer.status, answer.body


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/", b'{"by":"/","slots":[]}'),
        ("/?a=/orders", b'{"by":"/","slots":[]}'),
        ("/orders", b'{"by":"/orders","slots":[]}'),
        ("/%6Frders", b'{"by":"/orders","slots":[]}'),
        ("/orders/latest", b'{"by":"/orders/latest","slots":[]}'),
        ("/orders/l%61test", b'{"by":"/orders/latest","slots":[]}'),
        ("/orders/7", b'{"by":"/orders/{one}","slots":["7"]}'),
        ("/orders/a%2Fb", b'{"by":"/orders/{one}","slots":["a/b"]}'),
        ("/orders/%252F", b'{"by":"/orders/{one}","slots":["%2F"]}'),
        ("/orders/%3Fa%23", b'{"by":"/orders/{one}","slots":["?a#"]}'),
        ("/orders/a+b%20c", b'{"by":"/orders/{one}","slots":["a+b c"]}'),
        ("/orders/..", b'{"by":"/orders/{one}","slots":[".."]}'),
        ("/orders/7/", b'{"by":"/orders/{one}/","slots":["7"]}'),
        ("/orders/%00", b'{"by":"/orders/{one}","slots":["\\u0000"]}'),
        ("/%C3%BC/1/2", '{"by":"/ü","slots":["1","2"]}'.encode()),
    ],
)
async def test_a_path_is_decoded_segment_by_segment(target: str, body: bytes) -> None:
    assert await found(target) == (200, body)


@pytest.mark.parametrize(
    "target",
    ["/orders%2F7", "/orders/", "//orders", "/orders//", "/orders/7//", "/ORDERS", "/orders/7/8",
     "//", "/%2F", "/%C3%BC/1/", "/%C3%BC//2"],
)  # fmt: skip
async def test_a_path_that_no_template_is_of_is_a_404(target: str) -> None:
    assert (await found(target))[0] == 404


@pytest.mark.parametrize("target", ["/%FF", "/orders/%ff", "/orders/%C3", "/orders/%ED%A0%80"])
async def test_a_path_that_is_not_utf_8_is_a_400(target: str) -> None:
    answer = await ask(APP, target)
    assert answer.problem == {
        "title": "Bad Request",
        "status": 400,
        "detail": "The path is not UTF-8.",
    }


async def test_an_unknown_path_is_named_in_the_404() -> None:
    answer = await ask(APP, "/order")
    assert answer.problem["detail"] == "Nothing is served under /order"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "get", "TRACE", "BREW"])
async def test_a_method_that_is_not_served_is_a_405_with_allow(method: str) -> None:
    answer = await ask(APP, "/orders", method)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (answer.status, answer.problem["status"]) == (405, 405)
    assert answer.problem["detail"] == "/orders serves GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    ("target", "allow"),
    [("/orders", "GET, HEAD, OPTIONS, POST"), ("/orders/7", "GET, HEAD, OPTIONS")],
)
async def test_options_returns_only_the_allowed_methods(target: str, allow: str) -> None:
    answer = await ask(APP, target, "OPTIONS")
    assert (answer.status, answer.headers, answer.body) == (204, {"allow": allow}, b"")


async def test_options_of_an_unknown_path_is_a_404() -> None:
    assert (await found("/order", "OPTIONS"))[0] == 404


@pytest.mark.parametrize(("target", "status"), [("/nothing", 404), ("/orders/%ff", 400)])
async def test_head_of_a_problem_has_its_headers_and_no_body(target: str, status: int) -> None:
    get, head = await ask(APP, target), await ask(APP, target, "HEAD")
    assert (head.status, head.body, head.headers) == (status, b"", get.headers)


async def serve(scope: Scope) -> int:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await APP({"type": "http", "method": "GET", "headers": [], **scope}, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("path", "raw_path", "root_path", "status"),
    [
        ("/shop/orders", b"/shop/orders", "/shop", 200),
        ("/shop/orders", b"/shop/orders", "/shop/", 200),
        ("/shop/orders", b"/shop/%6Frders", "/shop", 200),
        ("/shop/orders", b"/sh%6Fp/orders", "/shop", 200),
        ("/shöp/orders", b"/sh%C3%B6p/orders", "/shöp", 200),
        ("/shop/orders", None, "/shop", 200),
        ("/shop", b"/shop", "/shop", 200),
        ("/shop", b"/sh%6Fp", "/shop", 200),
        ("/shop/", b"/shop/", "/shop", 200),
        ("/orders", b"/orders", "/shop", 200),  # as of servers that leave it out of the path
        ("/orders", b"/%6Frders", "/shop", 200),
        ("/shop/orders/a/b", b"/shop/orders/a%2Fb", "/shop", 200),
        ("/shop/orders/a/b", None, "/shop", 404),  # without `raw_path` nobody can tell
        ("/shopping", b"/shopping", "/shop", 404),
        ("/shop/shop/orders", b"/shop/shop/orders", "/shop", 404),
    ],
)
async def test_the_path_is_relative_to_the_root_path_of_a_mount(
    path: str, raw_path: bytes | None, root_path: str, status: int
) -> None:
    scope: Scope = {"path": path, "root_path": root_path}
    if raw_path is not None:
        scope["raw_path"] = raw_path
    assert await serve(scope) == status


async def test_the_query_is_not_part_of_the_raw_path() -> None:
    assert await serve({"path": "/orders/a/b", "raw_path": b"/orders/a%2Fb?c=d/e"}) == 200


async def test_a_websocket_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    await APP({"type": "websocket", "path": "/"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]


async def nobody(*_: object) -> Any:
    raise NotImplementedError


async def test_a_connection_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="does not support ASGI connections of the type 'quic'"):
        await APP({"type": "quic"}, nobody, nobody)
