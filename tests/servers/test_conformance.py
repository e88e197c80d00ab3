"""That an app does what its document says, as Schemathesis tells from requests it makes up."""

from typing import Any, cast

import msgspec
import schemathesis
from hypothesis import settings

from tests.support.documents import fetch
from tests.support.shop import app

# What is made up is the same in every run, so that a failure is the change's that brought it.
made_up = settings(max_examples=15, derandomize=True, database=None, deadline=None)

# Schemathesis reads no `itemSchema` of a request, and makes its items of the schema that 3.1 has there.
LINES = "/shop/items/bulk"


@schemathesis.serializer("application/x-ndjson")
def one_line(_context: object, value: Any) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def whole_numbers(value: Any) -> Any:
    """JSON Schema has 1.0 for an integer, which msgspec does not, and no schema can say so."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: whole_numbers(each) for name, each in members.items()}
    return value


def schema_of(path: str) -> Any:
    schema: Any = schemathesis.openapi.from_dict(fetch(app, path))
    schema.app = app

    def map_body(_context: object, body: Any) -> Any:
        return whole_numbers(body)

    schema.hook(map_body)
    return schema


api = schema_of("/openapi.json")
api_3_1 = schema_of("/openapi-3.1.json")


@api.exclude(path=LINES).parametrize()
@made_up
def test_responses_match_the_document(case: Any) -> None:
    case.call_and_validate()


@api_3_1.include(path=LINES).parametrize()
@made_up
def test_ndjson_responses_match_the_document(case: Any) -> None:
    case.call_and_validate()
