"""Whether a document is OpenAPI 3.2 or 3.1, by the schemas that the OpenAPI Initiative publishes.

The schemas and their dialects come with openapi-spec-validator and openapi-schema-validator, whose
hashes are locked. Those two look at much, yet not into `itemSchema` or `contentSchema`, which is
where a stream says what its items are. So the published schema is first applied whole: bound to
the dialect of Schema Objects, as OpenAPI's own `schema-base` does it.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS31_BASE_DIALECT_ID, OAS32_BASE_DIALECT_ID
from openapi_schema_validator._specifications import REGISTRY
from openapi_spec_validator import OpenAPIV31SpecValidator, OpenAPIV32SpecValidator
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

type Document = dict[str, Any]

VERSIONS: Final = {
    "3.1": (OpenAPIV31SpecValidator, OAS31_BASE_DIALECT_ID),
    "3.2": (OpenAPIV32SpecValidator, OAS32_BASE_DIALECT_ID),
}


class DocumentError(Exception):
    """The document is not what OpenAPI allows. The text has a line for each mistake."""


def check(document: Document) -> None:
    """Raise `DocumentError` unless the document keeps all the rules that can be checked.

    These are: the published schema, Schema Objects included; every reference leads somewhere in the
    document; and what no schema can say, such as that operation ids are unique, that path parameters
    are declared, and that a default is valid where it stands.
    """
    version = str(document.get("openapi", ""))[:3]
    if version not in VERSIONS:
        raise DocumentError(f"$.openapi: {document.get('openapi')!r} is neither 3.1 nor 3.2")
    validator, _ = VERSIONS[version]
    # The library gives up at a reference that leads nowhere, so it comes last.
    _refuse(_lines(_published(version).iter_errors(document)))  # pyright: ignore[reportUnknownMemberType] - the library's types leave an overload open
    _refuse(_dangling(document))
    _refuse(_lines(validator(document).iter_errors()))


def _refuse(mistakes: Iterator[str]) -> None:
    if lines := list(mistakes):
        raise DocumentError("\n".join(lines))


def _lines(errors: Iterable[ValidationError]) -> Iterator[str]:
    return (f"{error.json_path}: {error.message}" for error in errors)


@cache
def _published(version: str) -> Draft202012Validator:
    validator, dialect = VERSIONS[version]
    schema = cast("Document", validator.schema_validator.schema)
    base: Document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema["$id"].replace("/schema/", "/schema-base/"),
        "$ref": schema["$id"],
        "$defs": {"schema": {"$dynamicAnchor": "meta", "$ref": dialect}},
    }
    # Crawled once, or each anchor is looked for in all of it again.
    registry = REGISTRY.with_contents([(schema["$id"], schema)]).crawl()
    return Draft202012Validator(
        base, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _dangling(document: Document) -> Iterator[str]:
    resolver = REGISTRY.resolver_with_root(DRAFT202012.create_resource(document))
    for place, reference in _references(document, "$"):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            yield f"{place}: {reference!r} leads nowhere in the document"


def _references(node: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for index, item in enumerate(cast("list[object]", node)):
            yield from _references(item, f"{place}[{index}]")
    elif isinstance(node, dict):
        for key, value in cast("dict[str, object]", node).items():
            if key == "$ref" and isinstance(value, str):
                yield f"{place}.$ref", value
            elif key == "discriminator" and isinstance(value, dict):
                mapping = cast("dict[str, dict[str, str]]", value).get("mapping", {})
                for tag, reference in mapping.items():
                    yield f"{place}.discriminator.mapping.{tag}", reference
            else:
                yield from _references(value, f"{place}.{key}")
