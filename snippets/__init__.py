"""The examples of the documentation: each module is one, and each can be run, tested and edited on its own."""

from typing import Any, cast

import msgspec

from jero import BaseApp, document_of


def describe(app: object) -> bytes | None:
    """The OpenAPI document of an example's application that has been started; `None` where it has none.

    As with `python -m jero openapi`, an application of jero is described whether or not it serves its document.
    """
    if isinstance(app, BaseApp):
        return document_of(app)
    other = cast(
        "Any", app
    )  # told by its name: what only some examples need is not imported for all
    match type(app).__module__.partition(".")[0]:
        case "fastapi":
            return msgspec.json.encode(other.openapi())
        case "litestar":
            return msgspec.json.encode(other.openapi_schema.to_schema())
        case _:
            return None
