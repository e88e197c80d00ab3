from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NewType

import pytest
from msgspec import Struct

from jero import BytesResponse, EmptyResponse, Endpoint
from tests.support.documents import Document, document_of, fetch
from tests.support.shop import app


@pytest.fixture(scope="module")
def shop() -> Document:
    return fetch(app)


def told(document: Document, method: str, path: str) -> Any:
    return document["paths"][path][method.lower()]


def parameter(operation: Any, name: str) -> Any:
    return next(each for each in operation["parameters"] if each["name"] == name)


def item_of(operation: Any, media_type: str) -> Any:
    return operation["responses"]["200"]["content"][media_type]["itemSchema"]


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


class Conditional(Struct):
    if_modified_since: datetime = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


class Dated(Struct):
    expires: datetime | None = None


class DatedEndpoint(Endpoint, path="/dated"):
    async def get(self, headers: Conditional) -> EmptyResponse[Dated]:
        raise NotImplementedError


def test_a_datetime_in_a_header_is_documented_as_an_http_date() -> None:
    get = told(document_of(DatedEndpoint()), "GET", "/dated")
    assert parameter(get, "if-modified-since")["schema"] == {
        "type": "string",
        "format": "http-date",
        "default": "Sun, 06 Nov 1994 08:49:37 GMT",
    }
    sent = get["responses"]["204"]["headers"]["expires"]
    assert sent["schema"] == {"type": "string", "format": "http-date"}


PROBLEM = {"application/problem+json": {"schema": ref("Problem")}}


# What a handler says of itself.


def test_the_first_paragraph_of_a_docstring_is_the_summary_and_the_rest_the_description(
    shop: Document,
) -> None:
    get = told(shop, "GET", "/shop/items")
    assert (get["summary"], get["description"]) == (
        "Find items, the newest first.",
        "An item is found by a part of its name.",
    )


def test_a_handler_without_a_docstring_has_no_summary(shop: Document) -> None:
    assert {"summary", "description"}.isdisjoint(told(shop, "POST", "/shop/items"))


def test_declared_ids_and_tags_replace_those_made_of_names(shop: Document) -> None:
    get = told(shop, "GET", "/shop/items/{item_id}")
    assert (get["operationId"], get["tags"]) == ("one", ["Items", "Stock"])


def test_a_deprecated_handler_is_documented_as_deprecated(shop: Document) -> None:
    assert told(shop, "PUT", "/shop/items/{item_id}")["deprecated"] is True


class HTTPLogEndpoint(Endpoint, path="/log"):
    async def get(self) -> list["Entry"]:
        return []


class Entry(Struct):
    text: str


def test_the_words_of_a_class_name_are_the_words_of_an_id() -> None:
    assert told(document_of(HTTPLogEndpoint()), "GET", "/log")["operationId"] == "get_http_log"


# Parameters.


def test_a_slot_is_a_required_path_parameter(shop: Document) -> None:
    assert parameter(told(shop, "DELETE", "/shop/items/{item_id}"), "item_id") == {
        "name": "item_id",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 100},
    }


def test_a_query_parameter_has_its_constraints_description_and_default(shop: Document) -> None:
    assert parameter(told(shop, "GET", "/shop/items"), "limit") == {
        "name": "limit",
        "in": "query",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": 50,
            "default": 10,
            "description": "How many at most.",
        },
    }


def test_a_parameter_that_may_be_none_is_optional_and_never_null(shop: Document) -> None:
    assert parameter(told(shop, "GET", "/shop/items"), "since") == {
        "name": "since",
        "in": "query",
        "schema": {"type": "string", "format": "date"},
    }


def test_a_parameter_that_is_a_list_is_an_array(shop: Document) -> None:
    schema = parameter(told(shop, "GET", "/shop/items"), "roast")["schema"]
    assert schema == {"type": "array", "items": ref("Roast")}


def test_a_header_has_its_wire_name(shop: Document) -> None:
    assert parameter(told(shop, "PUT", "/shop/items/{item_id}"), "x-request-id") == {
        "name": "x-request-id",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    }


def test_headers_that_openapi_ignores_are_left_out(shop: Document) -> None:
    names = [each["name"] for each in told(shop, "PUT", "/shop/items/{item_id}")["parameters"]]
    assert names == ["item_id", "x-request-id", "x-tags"]


def test_a_last_event_id_is_a_header(shop: Document) -> None:
    assert told(shop, "GET", "/shop/prices")["parameters"] == [
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "integer"}}
    ]


# Bodies.


def test_a_json_body_has_its_schema(shop: Document) -> None:
    assert told(shop, "PUT", "/shop/items/{item_id}")["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": {"type": "array", "items": ref("Price")}}},
    }


def test_a_tagged_union_is_documented_with_its_discriminator(shop: Document) -> None:
    schema = told(shop, "POST", "/shop/items")["requestBody"]["content"]["application/json"]
    kinds = {name: f"#/components/schemas/{name.title()}" for name in ("bean", "mug", "box")}
    assert schema["schema"] == {
        "anyOf": [ref("Bean"), ref("Mug"), ref("Box")],
        "discriminator": {"propertyName": "type", "mapping": kinds},
    }


def test_an_ndjson_body_is_documented_with_the_schema_of_a_line(shop: Document) -> None:
    content = told(shop, "POST", "/shop/items/bulk")["requestBody"]["content"]
    assert content["application/x-ndjson"]["itemSchema"]["anyOf"][0] == ref("Bean")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_of_bytes_has_no_schema(shop: Document, method: str) -> None:
    body = told(shop, method, "/shop/picture")["requestBody"]
    assert body == {"content": {"application/octet-stream": {}}}


# Responses.


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/shop/items", "200"),
        ("POST", "/shop/items", "201"),
        ("PUT", "/shop/items/{item_id}", "2XX"),
        ("DELETE", "/shop/items/{item_id}", "204"),
        ("GET", "/shop", "303"),
        ("GET", "/shop/news", "200"),
        ("GET", "/shop/tape", "206"),
    ],
    ids=["a value", "declared", "a response", "empty", "redirect", "a stream", "declared stream"],
)
def test_a_response_is_under_the_status_it_can_have(
    shop: Document, method: str, path: str, status: str
) -> None:
    assert status in told(shop, method, path)["responses"]


@pytest.mark.parametrize(
    ("operation", "status", "content"),
    [
        ("GET /keeper", "200", {"application/json": {"schema": ref("Keeper")}}),
        ("PUT /shop/picture", "2XX", {"text/plain": {"schema": {"type": "string"}}}),
        ("POST /shop/picture", "2XX", {"text/html": {"schema": {"type": "string"}}}),
        ("GET /shop/picture", "2XX", {"application/octet-stream": {}}),
        ("GET /shop/tape", "206", {"application/octet-stream": {}}),
    ],
)
def test_a_response_has_its_media_type_and_schema(
    shop: Document, operation: str, status: str, content: object
) -> None:
    assert told(shop, *operation.split())["responses"][status]["content"] == content


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("DELETE", "/shop/items/{item_id}", "204"), ("GET", "/shop", "303")],
)
def test_a_response_without_a_body_has_no_content(
    shop: Document, method: str, path: str, status: str
) -> None:
    assert "content" not in told(shop, method, path)["responses"][status]


def test_typed_headers_are_required_unless_they_may_be_none(shop: Document) -> None:
    response = told(shop, "PUT", "/shop/items/{item_id}")["responses"]["2XX"]
    assert response["headers"] == {
        "x-count": {"required": True, "schema": {"type": "integer"}},
        "x-next": {"schema": {"type": "string"}},
    }


def test_a_redirect_has_its_location(shop: Document) -> None:
    response = told(shop, "GET", "/shop")["responses"]["303"]
    assert response["headers"]["Location"] == {
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }


# Streams.


def test_an_ndjson_stream_is_documented_with_the_schema_of_a_line(shop: Document) -> None:
    content = told(shop, "POST", "/shop/items/bulk")["responses"]["200"]["content"]
    assert content["application/x-ndjson"]["itemSchema"]["anyOf"][0] == ref("Bean")


def test_an_event_is_an_object_whose_data_is_text_that_holds_an_item(shop: Document) -> None:
    assert item_of(told(shop, "GET", "/shop/prices"), "text/event-stream") == {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "string",
                "description": "A Price, as JSON.",
                "contentMediaType": "application/json",
                "contentSchema": ref("Price"),
            },
            "event": {"type": "string"},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }


def test_an_event_of_a_union_has_a_branch_for_each_kind(shop: Document) -> None:
    branches = item_of(told(shop, "GET", "/shop/parcel"), "text/event-stream")["anyOf"]
    assert [(each["title"], each["properties"]["data"]["contentSchema"]) for each in branches] == [
        ("Delivered", ref("Delivered")),
        ("Lost", ref("Lost")),
    ]


def test_an_event_of_text_has_plain_data(shop: Document) -> None:
    event = item_of(told(shop, "GET", "/shop/news"), "text/event-stream")
    assert event["properties"]["data"] == {"type": "string"}


@pytest.mark.parametrize(
    ("method", "path", "media_type"),
    [
        ("GET", "/shop/prices", "text/event-stream"),
        ("POST", "/shop/items/bulk", "application/x-ndjson"),
    ],
)
def test_in_3_1_what_an_item_is_stands_in_the_schema(
    shop: Document, method: str, path: str, media_type: str
) -> None:
    older = told(fetch(app, "/openapi-3.1.json"), method, path)["responses"]["200"]["content"]
    assert older[media_type] == {"schema": item_of(told(shop, method, path), media_type)}


# Errors.


def test_errors_of_one_status_are_described_by_docstring_or_title(shop: Document) -> None:
    assert told(shop, "POST", "/shop/items")["responses"]["409"] == {
        "description": "Nothing of it is left.\n\nTaken",
        "content": PROBLEM,
    }


class Line(Struct):
    text: str


class LinePath(Struct):
    name: str


class BareEndpoint(Endpoint, path="/bare"):
    async def get(self) -> Line:
        return Line("")

    async def post(self, json: Line) -> Line:
        return json

    async def put(self, content: bytes) -> Line:
        return Line(str(content))

    async def patch(self, ndjson: AsyncIterator[Line]) -> Line:
        return await anext(ndjson)


class AskedEndpoint(Endpoint, path="/asked"):
    async def get(self, params: Line) -> Line:
        return params

    async def post(self, headers: Line) -> Line:
        return headers


class NamedEndpoint(Endpoint, path="/named/{name}"):
    async def get(self, path: LinePath) -> Line:
        return Line(path.name)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("GET", "/bare", []),
        ("POST", "/bare", ["400", "408", "413", "415", "422"]),
        ("PUT", "/bare", ["408", "413"]),
        ("PATCH", "/bare", ["400", "408", "413", "415", "422"]),
        ("GET", "/asked", ["400", "422"]),
        ("POST", "/asked", ["422"]),
        ("GET", "/named/{name}", ["400", "422"]),
    ],
)
def test_errors_that_jero_answers_for_a_handler_are_documented(
    method: str, path: str, statuses: list[str]
) -> None:
    document = document_of(BareEndpoint(), AskedEndpoint(), NamedEndpoint())
    assert list(told(document, method, path)["responses"]) == ["200", *statuses]


def test_behind_an_authenticator_a_401_is_documented(shop: Document) -> None:
    assert told(shop, "GET", "/safe")["responses"]["401"] == {
        "description": "Unauthorized",
        "content": PROBLEM,
    }


def test_a_problem_has_the_members_that_errors_are_answered_with(shop: Document) -> None:
    schemas = shop["components"]["schemas"]
    assert list(schemas["Problem"]["properties"]) == ["title", "status", "detail", "type", "errors"]
    assert list(schemas["Fault"]["properties"]) == ["in", "path", "detail", "line"]


PageNumber = NewType("PageNumber", int)
type Limit = int | None


class Paging(Struct):
    page: PageNumber
    limit: Limit = None


class Typed(Struct):
    content_type: str
    x_total: int


class PagesEndpoint(Endpoint, path="/pages"):
    async def get(self, params: Paging) -> BytesResponse[Typed]:
        raise NotImplementedError


def test_parameters_of_a_new_type_or_an_alias_are_documented_as_its_value() -> None:
    parameters = document_of(PagesEndpoint())["paths"]["/pages"]["get"]["parameters"]
    assert [(each["name"], each["schema"]["type"]) for each in parameters] == [
        ("page", "integer"),
        ("limit", "integer"),
    ]


def test_a_typed_content_type_is_not_among_the_documented_headers() -> None:
    (response, *_) = document_of(PagesEndpoint())["paths"]["/pages"]["get"]["responses"].values()
    assert list(response["headers"]) == ["x-total"]
