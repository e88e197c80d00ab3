"""A body that is whole before the handler is called: `json` and `content: bytes`."""

import asyncio
from decimal import Decimal
from typing import Any, Literal, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import BaseApp, Endpoint
from jero.faults import find_faults
from tests.support.asgi import client_of
from tests.support.asking import Answer, app_of, ask
from tests.support.documents import document_of
from tests.support.requests import Echo, echo_of, pieces, run

pytestmark = pytest.mark.anyio

JSON = (("content-type", "application/json"),)


class Cup(Struct):
    size: Literal["s", "m"]
    sugar: int = 0


class Order(Struct):
    id: int
    cups: list[Cup] = []
    notes: dict[str, int] = {}
    pair: tuple[int, str] = (0, "")


class Closed(Struct, forbid_unknown_fields=True):
    id: int
    cup: Cup | None = None


async def post(
    annotation: object, body: bytes, headers: tuple[tuple[str, str], ...] = JSON
) -> tuple[Answer, list[object]]:
    echo = echo_of("json", annotation, method="post")
    return await ask(app_of(echo), "/", "POST", headers=headers, body=body), echo.given


@pytest.mark.parametrize(
    ("annotation", "body", "expected"),
    [
        (Order, b'{"id": 1, "cups": [{"size": "s"}]}', Order(1, [Cup("s")])),
        (list[Order], b'[{"id": 1}]', [Order(1)]),
        (dict[str, Cup], b'{"a": {"size": "m"}}', {"a": Cup("m")}),
    ],
)
async def test_json_is_given_as_its_type(annotation: object, body: bytes, expected: object) -> None:
    _, given = await post(annotation, body)
    assert given == [expected]


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.order+json"],
)
async def test_json_may_be_called_by_any_of_its_names(media_type: str) -> None:
    _, given = await post(Order, b'{"id": 1}', (("content-type", media_type),))
    assert given == [Order(1)]


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        (b"", JSON, 400, "The body is empty"),
        (b" \n", JSON, 400, "The body is empty"),
        (b"[", JSON, 400, "not well-formed JSON"),
        (b"\xff", JSON, 400, "not well-formed JSON"),
        (b'[{"id": 1}] []', JSON, 400, "not well-formed JSON"),
        (b'[{"id": "1"}, [', JSON, 400, "not well-formed JSON"),
        (b'[{"id": "\xff"}]', JSON, 400, "not well-formed JSON"),
        (b'[{"id": 1, "more": ' + b"[" * 100_000, JSON, 400, "nested too deeply"),
        (b'[{"id": "1"}]', JSON, 422, "Expected `int`, got `str` - at `$[0].id` of the body"),
        (b"[]", (), 415, "Expected application/json, got no Content-Type."),
        (b"[]", (("content-type", "text/plain"),), 415, "got text/plain."),
        (b" " * 1_048_577, JSON, 413, "The body is over 1048576 bytes."),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused_and_the_handler_not_called(
    body: bytes, headers: tuple[tuple[str, str], ...], status: int, detail: str
) -> None:
    answer, given = await post(list[Order], body, headers)
    assert (answer.problem["status"], given) == (status, [])
    assert detail in str(answer.problem["detail"])


@pytest.mark.parametrize(
    ("annotation", "body", "errors"),
    [
        (
            Order,
            b'{"cups": [{"size": "x"}, {"sugar": "1"}], "notes": {"a": "1", "b c": 2.5}, "pair": [1, 2]}',
            [
                ("$.id", "Missing, and required"),
                ("$.cups[0].size", "Invalid enum value 'x'"),
                ("$.cups[1].size", "Missing, and required"),
                ("$.cups[1].sugar", "Expected `int`, got `str`"),
                ("$.notes.a", "Expected `int`, got `str`"),
                ("$.notes['b c']", "Expected `int`, got `float`"),
                ("$.pair[1]", "Expected `str`, got `int`"),
            ],
        ),
        (
            Closed,
            b'{"cup": {}, "it\'s": 1}',
            [
                ("$.id", "Missing, and required"),
                (r"$['it\'s']", "Unknown"),
                ("$.cup.size", "Missing, and required"),
            ],
        ),
        (Order, b"[]", [("$", "Expected `object`, got `array`")]),
        (Order, b'{"id": 1, "pair": [1]}', [("$.pair", "Expected `array` of length 2, got 1")]),
    ],
)
async def test_each_fault_has_its_json_path(
    annotation: object, body: bytes, errors: list[tuple[str, str]]
) -> None:
    answer, _ = await post(annotation, body)
    assert answer.status == 422
    assert answer.problem["errors"] == [
        {"in": "body", "path": path, "detail": detail} for path, detail in errors
    ]


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (BOM + b'{"id": 1}', 204),
        (BOM + b'\n{"id": 1}', 204),
        (BOM + b'{"id": "1"}', 422),
        (BOM + b"{", 400),
        (BOM, 400),
        (BOM + BOM + b'{"id": 1}', 400),
    ],
)
async def test_a_byte_order_mark_before_json_is_ignored(body: bytes, status: int) -> None:
    answer, given = await post(Order, body)
    assert (answer.status, given) == (status, [Order(1)] if status == 204 else [])


class Numbers(Struct):
    whole: int = 0
    real: float = 0
    price: Decimal = Decimal(0)
    more: list[dict[str, int]] = []
    any: Any = None


HUGE_INT, HUGE_FLOAT = b"1" + b"0" * 5_000, b"-1e999"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (b'{"whole": %b}' % HUGE_INT, [("$.whole", "Expected `int`, got `number out of range`")]),
        (b'{"real": %b}' % HUGE_INT, [("$.real", "Expected `float`, got `number out of range`")]),
        (
            b'{"more": [{"a": 1}, {"b c": %b}], "real": %b}' % (HUGE_INT, HUGE_FLOAT),
            [
                ("$.real", "Expected `float`, got `number out of range`"),
                ("$.more[1]['b c']", "Expected `int`, got `number out of range`"),
            ],
        ),
        (b'{"real": 1%b}' % (b"0" * 400), [("$.real", "Number out of range")]),
        (b'{"price": 1e999, "whole": "1"}', [("$.whole", "Expected `int`, got `str`")]),
        (b'{"any": -1e999}', [("$.any", "Number out of range")]),
    ],
)
async def test_a_number_out_of_range_is_a_422_that_names_it(
    body: bytes, errors: list[tuple[str, str]]
) -> None:
    answer, given = await post(Numbers, body)
    assert (answer.status, given) == (422, [])
    assert answer.problem["errors"] == [
        {"in": "body", "path": path, "detail": detail} for path, detail in errors
    ]


@pytest.mark.parametrize(
    "rest", [b"", b", ", b', "more": [}', b', "a": NaN}', b', "a": "\xff"}', b', "\\ud800": 1}']
)
async def test_malformed_json_is_a_400_also_behind_a_number_out_of_range(rest: bytes) -> None:
    answer, given = await post(Numbers, b'{"whole": ' + HUGE_INT + rest)
    assert (answer.status, given) == (400, [])


async def test_a_number_out_of_range_in_an_unknown_member_is_ignored_with_it() -> None:
    _, given = await post(Numbers, b'{"other": %b, "whole": 1}' % HUGE_INT)
    assert given == [Numbers(1)]


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "-nan123", "Infinity", "-inf", " N_aN ", "\\u004e\\u0061n", "i_nf"]
)
async def test_a_decimal_that_json_has_no_number_for_is_a_422(text: str) -> None:
    answer, given = await post(list[Numbers], b'[{}, {"price": "%b"}]' % text.encode())
    assert (answer.status, given) == (422, [])
    assert answer.problem["errors"] == [
        {"in": "body", "path": "$[1].price", "detail": "Expected a finite number"}
    ]


@pytest.mark.parametrize("text", ["1.50", "1E+999", "0E-50"])
async def test_a_decimal_may_be_of_any_size(text: str) -> None:
    body = b'{"price": "%b", "any": "NaN, inf and information"}' % text.encode()
    _, given = await post(Numbers, body)
    assert given == [Numbers(price=Decimal(text), any="NaN, inf and information")]


async def test_no_more_than_twenty_faults_are_listed() -> None:
    answer, _ = await post(list[Order], b"[" + b",".join([b"{}"] * 1_000) + b"]")
    errors = answer.problem["errors"]
    assert isinstance(errors, list)
    assert [error["path"] for error in msgspec.to_builtins(errors)] == [
        f"$[{number}].id" for number in range(20)
    ]


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    name: str


@pytest.mark.parametrize(
    "body",
    [
        b'{"size": "%b"}' % (b" - at `$.sugar`" * 50_000),
        b'{"size": "s", "%b": 1, "sugar": ""}' % (b"k" * 500_000),
    ],
)
async def test_an_error_response_is_small_however_large_the_request(body: bytes) -> None:
    answer, _ = await post(Cup, body)
    assert answer.status == 422
    assert len(answer.body) < 2_000


async def test_a_fault_beyond_the_values_that_are_looked_at_has_its_path() -> None:
    body = b'{"id": 1, "cups": [%b{"size": "x"}]}' % (b'{"size": "s"},' * 20_000)
    answer, _ = await post(Order, body)
    assert answer.problem["errors"] == [
        {"in": "body", "path": "$.cups[20000].size", "detail": "Invalid enum value 'x'"}
    ]


async def test_the_faults_of_a_tagged_struct_are_those_of_the_one_it_names() -> None:
    answer, _ = await post(list[Cat | Dog], b'[{"type": "dog"}, {"type": "cow"}, {"lives": 9}]')
    assert answer.problem["errors"] == [
        {"in": "body", "path": "$[0].name", "detail": "Missing, and required"},
        {"in": "body", "path": "$[1].type", "detail": "Invalid value 'cow'"},
        {"in": "body", "path": "$[2]", "detail": "Object missing required field `type`"},
    ]


class Even(Struct):
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("an even number, please")


async def test_an_error_raised_by_a_struct_is_a_422_with_its_message() -> None:
    answer, _ = await post(list[Even], b'[{"number": 2}, {"number": 3}]')
    assert answer.problem["errors"] == [
        {"in": "body", "path": "$[1]", "detail": "an even number, please"}
    ]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "cups", "size", "notes", "pair", "a b"]), inner)
    ),
    max_leaves=12,
)


@given(plain)
def test_the_path_of_a_fault_leads_to_a_value_or_to_a_missing_one(value: object) -> None:
    try:
        msgspec.convert(value, list[Order])
    except msgspec.ValidationError:
        faults = find_faults("body", value, list[Order])
        assert faults
    else:
        faults = find_faults("body", value, list[Order])
        assert not faults
    for fault in faults:
        path = fault.path
        parent = path[: max(path.rfind("."), path.rfind("["))] if path != "$" else path
        is_missing = fault.detail.startswith("Missing")
        assert is_missing != (path in paths_in(value))
        assert parent in paths_in(value)


def paths_in(value: object, path: str = "$") -> set[str]:
    """The path of everything that a value holds."""
    found = {path}
    if isinstance(value, dict):
        for name, inner in msgspec.convert(value, dict[str, object]).items():
            found |= paths_in(inner, f"{path}['{name}']" if " " in name else f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(msgspec.convert(value, list[object])):
            found |= paths_in(inner, f"{path}[{number}]")
    return found


class Text(Struct):
    text: str


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_json(text: str) -> None:
    _, given = run(post(Text, msgspec.json.encode({"text": text})))
    assert given == [Text(text)]


def limited(max_body: int | None = None, body_timeout: float | None = None) -> tuple[BaseApp, Echo]:
    """An app whose limits these are, and its endpoint."""
    echo = echo_of("content", bytes, method="post")
    app = app_of(echo)
    kind = type("Limited", (type(app),), {"max_body": max_body, "body_timeout": body_timeout})
    return kind(), echo


async def test_content_is_passed_on_unchanged_with_any_content_type() -> None:
    app, echo = limited()
    async with client_of(app) as client:
        await client.post("/", content=pieces([b"a\xff", b"\0b"]))
    assert echo.given == [b"a\xff\0b"]


async def test_a_body_of_exactly_the_limit_is_taken() -> None:
    app, echo = limited(max_body=4)
    async with client_of(app) as client:
        await client.post("/", content=b"1234")
        await client.post("/", content=pieces([b"12", b"34"]))
    assert echo.given == [b"1234", b"1234"]


async def test_a_body_over_the_limit_is_refused_while_it_is_read_and_not_after() -> None:
    app, echo = limited(max_body=4)
    sent: list[bytes] = []
    async with client_of(app) as client:
        response = await client.post("/", content=pieces([b"123", b"45", b"6", b"7"], sent))
    assert (response.status_code, sent, echo.given) == (413, [b"123", b"45"], [])
    assert response.headers["connection"] == "close"


async def test_a_content_length_over_the_limit_is_refused_before_the_body_is_read() -> None:
    app, echo = limited(max_body=4)
    sent: list[bytes] = []
    headers = {"content-length": "5"}
    async with client_of(app) as client:
        response = await client.post("/", content=pieces([b"12345"], sent), headers=headers)
    assert (response.status_code, sent, echo.given) == (413, [], [])
    assert response.headers["connection"] == "close"


async def test_a_body_that_is_too_slow_as_a_whole_is_a_408_when_the_time_is_over() -> None:
    app, echo = limited(body_timeout=10.0)
    async with client_of(app) as client:
        response = await client.post("/", content=pieces([b"1", 6.0, b"2", 6.0, b"3"]))
        assert asyncio.get_running_loop().time() == 10
    assert (response.status_code, response.headers["connection"]) == (408, "close")
    assert response.json()["detail"] == "The body did not arrive within 10 seconds."
    assert echo.given == []


async def test_without_a_timeout_a_body_can_take_any_time() -> None:
    app, echo = limited()
    async with client_of(app) as client:
        await client.post("/", content=pieces([b"1", 1e6, b"2"]))
    assert echo.given == [b"12"]


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize(("chunks", "status"), [([b"12345"], 413), ([99.0], 408)])
async def test_a_connection_is_closed_by_name_over_http_1_only(
    version: str, chunks: list[bytes | float], status: int
) -> None:
    app, _ = limited(4, 10.0)
    async with client_of(app, http_version=version) as client:
        response = await client.post("/", content=pieces(chunks))
    assert response.status_code == status
    assert "connection" not in response.headers


class Small(Endpoint, path="/small"):
    max_body = 4
    body_timeout = 1.0

    async def post(self, json: list[Order]) -> list[Order]:
        return json


async def test_an_endpoints_own_limits_go_before_the_apps() -> None:
    async with client_of(app_of(Small())) as client:
        headers = {"content-type": "application/json"}
        large = await client.post("/small", content=b"[    ]", headers=headers)
        slow = await client.post("/small", content=pieces([2.0, b"[]"]), headers=headers)
    assert (large.status_code, slow.status_code) == (413, 408)


async def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one() -> None:
    app, echo = limited()

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    async def send(message: object) -> None:
        pytest.fail(f"nobody is there to be sent {message}")

    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b"whole?", "more_body": True},
        {"type": "http.disconnect"},
    ]
    await app({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)
    assert echo.given == []


class Patch(Struct):
    name: str | None = None


OPTIONAL = (
    (b"", (), None),
    (b"", (("content-type", "application/json"),), None),
    (b"", (("content-type", "application/x-www-form-urlencoded"),), None),
    (b"null", (("content-type", "application/json"),), None),
    (b'{"name":"a"}', (("content-type", "application/json"),), Patch("a")),
    (b"{}", (("content-type", "application/json"),), Patch()),
)


@pytest.mark.parametrize(("body", "headers", "given"), OPTIONAL)
async def test_a_body_whose_type_may_be_none_can_be_left_out(
    body: bytes, headers: tuple[tuple[str, str], ...], given: object
) -> None:
    echo = echo_of("json", Patch | None, method="patch")
    answer = await ask(app_of(echo), "/", "PATCH", headers=headers, body=body)
    assert (answer.status, echo.given) == (204, [given])


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", (), 415),
        (b"{}", (("content-type", "text/plain"),), 415),
        (b" ", (("content-type", "application/json"),), 400),
        (b'{"name":1}', (("content-type", "application/json"),), 422),
    ],
)
async def test_an_optional_body_that_is_present_must_match_its_type(
    body: bytes, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    app = app_of(echo_of("json", Patch | None, method="patch"))
    assert (await ask(app, "/", "PATCH", headers=headers, body=body)).status == status


class PatchEndpoint(Endpoint, path="/"):
    async def patch(self, json: Patch | None = None) -> list[Patch]:
        return [] if json is None else [json]


async def test_an_optional_body_can_have_the_default_none() -> None:
    app = app_of(PatchEndpoint())
    assert (await ask(app, "/", "PATCH")).body == b"[]"


def test_an_optional_body_is_documented_as_one() -> None:
    document = document_of(PatchEndpoint())
    body = document["paths"]["/"]["patch"]["requestBody"]
    reference = {"$ref": "#/components/schemas/Patch"}
    assert body == {"content": {"application/json": {"schema": reference}}}


class Tree(Struct):
    number: int = 0
    children: "list[Tree]" = []


async def test_a_fault_below_the_deepest_level_that_is_searched_is_one_fault() -> None:
    body = b'{"children":[' * 200 + b'{"number":"x"}' + b"]}" * 200
    headers = (("content-type", "application/json"),)
    answer = await ask(
        app_of(echo_of("json", Tree, method="post")), "/", "POST", headers=headers, body=body
    )
    assert answer.status == 422
    assert len(cast("list[object]", answer.problem["errors"])) == 1
