"""The OpenAPI document of an application that has started."""

from msgspec.structs import replace

from jero.app import BaseApp, assembly_of
from jero.openapi.about import About
from jero.openapi.document import encode_document
from jero.openapi.operations import Version
from jero.openapi.serving import handlers_of


def document_of(app: BaseApp, *, openapi: Version | None = None) -> bytes:
    """The OpenAPI document of an application that has started, as JSON.

    Returns the document that the application serves with `_include_openapi`; if it serves none, one with the name of
    its class as title. `openapi` selects a version of OpenAPI other than the application's. Raises `RuntimeError`
    before the application has started, and `WiringError` for types that cannot be documented.
    """
    assembly = assembly_of(app)
    if not assembly.is_wired:
        raise RuntimeError(
            f"{type(app).__name__} has not started: call `document_of` within its lifespan"
        )
    publications = assembly.publications
    about = publications[0].about if publications else About.of(app)
    if openapi is not None:
        about = replace(about, openapi=openapi)
    dispatcher = assembly.dispatcher
    return encode_document(handlers_of(dispatcher.routes), about, dispatcher.codec)
