"""The types of an API → JSON Schema, which is what Schema Objects are (OpenAPI 3.2)."""

from typing import Final

import msgspec

from jero.annotations import parts_of
from jero.errors import WiringError

type Members = dict[str, object]
"""An object of an OpenAPI document."""

_TEMPLATE: Final = "#/components/schemas/{name}"


class _Wanted(msgspec.Struct, frozen=True):
    owner: str
    annotation: object
    schema: Members
    more: Members


class Schemas:
    """Makes the schemas of types. They are empty until `complete` fills them all.

    What a component is called depends on what others are, so all types must be known before the first is named.
    """

    def __init__(self) -> None:
        self._wanted: list[_Wanted] = []

    def of(self, annotation: object, owner: str, **more: object) -> Members:
        """The schema of a type, which is a reference where it is a component, with `more` keywords or other ones.

        `owner` is named in the error if there is no schema.
        """
        parts = parts_of(annotation)
        if len(parts) > 1 and not _can_be_told_apart(annotation):
            return {"anyOf": [self.of(part, owner) for part in parts]}
        schema: Members = {}
        self._wanted.append(_Wanted(owner, annotation, schema, more))
        return schema

    def complete(self) -> Members:
        """Fill all schemas, and give the components that they refer to. Raises `WiringError`."""
        try:
            schemas, components = msgspec.json.schema_components(
                [each.annotation for each in self._wanted], ref_template=_TEMPLATE
            )
        except TypeError as error:
            raise WiringError(f"{self._culprit()} cannot be documented: {error}") from error
        except (
            KeyError
        ) as error:  # how msgspec says that names are taken, however long they are made
            name = getattr(error.args[0], "__qualname__", error.args[0])
            raise WiringError(
                f"two types are called {name} in one module, so they cannot be documented: rename one of them"
            ) from error
        for wanted, schema in zip(self._wanted, schemas, strict=True):
            wanted.schema.update(schema | wanted.more)
        return dict(components)

    def _culprit(self) -> str:
        for each in self._wanted:
            try:
                msgspec.json.schema(each.annotation)
            except TypeError:
                return each.owner
        return "the application"


def _can_be_told_apart(union: object) -> bool:
    """Whether msgspec can decode this union, and so has a schema for it. What is only sent need not be like that."""
    try:
        msgspec.json.Decoder(union)
    except TypeError:
        return False
    return True
