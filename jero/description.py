"""What an application that has started says of itself."""

from msgspec.structs import replace

from jero.app import BaseApp, assembly_of
from jero.openapi.about import About
from jero.openapi.document import encode_document
from jero.openapi.operations import Version
from jero.openapi.serving import handlers_of


def document_of(app: BaseApp, *, openapi: Version | None = None) -> bytes:
    """The OpenAPI document of an application that has started, as JSON.

    It is the one that the application serves with `_include_openapi`, or one with the class's name as its title if it
    serves none. `openapi` asks for a version of OpenAPI other than its own. Raises `RuntimeError` before it has
    started, and `WiringError` for types that cannot be documented.
    """
    assembly = assembly_of(app)
    if not assembly.is_wired:
        raise RuntimeError(
            f"{type(app).__name__} has not started: ask for its document within its lifespan"
        )
    publications = assembly.publications
    about = publications[0].about if publications else About.of(app)
    if openapi is not None:
        about = replace(about, openapi=openapi)
    dispatcher = assembly.dispatcher
    return encode_document(handlers_of(dispatcher.routes), about, dispatcher.codec)
