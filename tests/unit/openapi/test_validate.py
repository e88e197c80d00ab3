import copy
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.support.validate import Document, DocumentError, check

type Change = Callable[[Any], object]

PART = {"$ref": "#/components/schemas/Part"}
DOCUMENT: Document = {
    "openapi": "3.2.0",
    "info": {"title": "Parts", "version": "1"},
    "paths": {
        "/parts": {
            "get": {
                "operationId": "list_parts",
                "responses": {
                    "200": {
                        "description": "Every part, one a line.",
                        "content": {"application/x-ndjson": {"itemSchema": PART}},
                    }
                },
            }
        },
        "/parts/{id}": {
            "get": {
                "operationId": "get_part",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {"description": "It.", "content": {"application/json": {"schema": PART}}}
                },
            }
        },
        "/prices": {
            "get": {
                "operationId": "watch_prices",
                "responses": {
                    "200": {
                        "description": "An event a change.",
                        "content": {
                            "text/event-stream": {
                                "itemSchema": {
                                    "type": "object",
                                    "required": ["data"],
                                    "properties": {
                                        "data": {
                                            "type": "string",
                                            "contentMediaType": "application/json",
                                            "contentSchema": PART,
                                        }
                                    },
                                }
                            }
                        },
                    }
                },
            }
        },
    },
    "components": {
        "schemas": {
            "Part": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "default": 0},
                    "made_of": {"type": "array", "items": PART},
                },
            },
            "Bolt": {"type": "object", "properties": {"type": {"const": "bolt"}}},
            "Any": {
                "oneOf": [{"$ref": "#/components/schemas/Bolt"}],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {"bolt": "#/components/schemas/Bolt"},
                },
            },
        }
    },
}


def changed(change: Change) -> Document:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


def response(document: Any, path: str, media_type: str) -> Any:
    return document["paths"][path]["get"]["responses"]["200"]["content"][media_type]


def test_a_valid_document_passes() -> None:
    check(DOCUMENT)


def test_a_valid_3_1_document_passes() -> None:
    document = changed(lambda it: it.update(openapi="3.1.1"))
    for path, media_type in (("/parts", "application/x-ndjson"), ("/prices", "text/event-stream")):
        media = response(document, path, media_type)
        media["schema"] = media.pop("itemSchema")
    check(document)


def mistake(name: str, change: Change, told: str) -> ParameterSet:
    return pytest.param(change, told, id=name)


MISTAKES = [
    mistake(
        "a field that OpenAPI does not have",
        lambda it: it["paths"]["/parts"]["get"].update(bogus=1),
        r"\$\.paths\['/parts'\]\.get: .*'bogus' was unexpected",
    ),
    mistake(
        "a required field that is missing",
        lambda it: it["info"].pop("version"),
        r"\$\.info: 'version' is a required property",
    ),
    mistake(
        "a field of 3.2 in a document of 3.1",
        lambda it: it.update(openapi="3.1.1"),
        r"'itemSchema' was unexpected",
    ),
    mistake(
        "another version",
        lambda it: it.update(openapi="3.0.4"),
        r"\$\.openapi: '3\.0\.4' is neither",
    ),
    mistake(
        "a mistake in a component's schema",
        lambda it: it["components"]["schemas"]["Part"].update(type="objekt"),
        r"\$\.components\.schemas\.Part\.type: 'objekt'",
    ),
    mistake(
        "a mistake in the schema of a stream's items",
        lambda it: response(it, "/parts", "application/x-ndjson").update(
            itemSchema={"type": "object", "required": "id"}
        ),
        r"itemSchema\.required: 'id' is not of type 'array'",
    ),
    mistake(
        "a pattern that is no regular expression",
        lambda it: it["components"]["schemas"]["Bolt"].update(pattern="("),
        r"\$\.components\.schemas\.Bolt\.pattern: '\(' is not a 'regex'",
    ),
    mistake(
        "a mistake in what OpenAPI adds to JSON Schema",
        lambda it: it["components"]["schemas"]["Any"]["discriminator"].update(by="type"),
        r"discriminator: .*'by' was unexpected",
    ),
    mistake(
        "a reference that leads nowhere",
        lambda it: it["components"]["schemas"].pop("Bolt"),
        r"(?s)\$\.components\.schemas\.Any\.oneOf\[0\]\.\$ref: .*mapping\.bolt: .* leads nowhere",
    ),
    mistake(
        "a dangling reference in the data of events",
        lambda it: response(it, "/prices", "text/event-stream")["itemSchema"]["properties"][
            "data"
        ].update(contentSchema={"$ref": "#/components/schemas/Gone"}),
        r"contentSchema\.\$ref: '#/components/schemas/Gone' leads nowhere",
    ),
    mistake(
        "an operation id that is used twice",
        lambda it: it["paths"]["/prices"]["get"].update(operationId="get_part"),
        r"Operation ID 'get_part' .* is not unique",
    ),
    mistake(
        "a path parameter that is not declared",
        lambda it: it["paths"]["/parts/{id}"]["get"].pop("parameters"),
        r"Path parameter 'id' .* was not resolved",
    ),
    mistake(
        "a default that its own schema refuses",
        lambda it: it["components"]["schemas"]["Part"]["properties"]["id"].update(default="x"),
        r"'x' is not of type 'integer'",
    ),
]


@pytest.mark.parametrize(("change", "told"), MISTAKES)
def test_a_validation_error_of_the_document_has_its_path(change: Change, told: str) -> None:
    with pytest.raises(DocumentError, match=told):
        check(changed(change))
