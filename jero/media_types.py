"""Media types (RFC 9110 § 8.3.1): those that handlers declare, and those of requests."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, final, get_args, get_origin, override

from jero.fields import parameters_of

_NAME: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED: Final = r'"(?:[\t !#-\[\]-~]|\\[\t -~])*"'
_VALID: Final = re.compile(rf"{_NAME}/{_NAME}(?:[ \t]*;[ \t]*{_NAME}=(?:{_NAME}|{_QUOTED}))*")


@final
class MediaType:
    """The media type of a body that jero does not interpret, such as CSV or an image. Put it into `Annotated`:

        CSV = MediaType("text/csv; charset=utf-8")

        class OrdersEndpoint(Endpoint, path="/orders.csv"):
            async def get(self) -> Annotated[StreamingResponse, CSV]: ...
            async def put(self, content: Annotated[AsyncIterator[bytes], CSV]) -> Imported: ...

    It becomes the `Content-Type` of a response, unless typed headers or `raw_headers` set another. A request with
    another media type is answered with a 415. A body with the `Content-Encoding` gzip or deflate is decoded, while a
    `content` without a declared media type is passed on as it was sent. Both are in the OpenAPI document.

    A request can have one of several media types, `MediaType("image/png", "image/jpeg")`, or any in a range,
    `MediaType("image/*")`. A parameter is compared if the request has it, too: `charset=utf-8` rejects other charsets.
    Raises `ValueError` for a name that is not a media type.
    """

    def __init__(self, name: str, *others: str) -> None:
        self.names: Final[tuple[str, ...]] = (name, *others)
        """The names, as given. A response has exactly one."""
        for each in self.names:
            if not isinstance(each, str) or not _VALID.fullmatch(each):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
                raise ValueError(
                    f"{each!r} is not a media type: write it as a type and a subtype, as in 'text/csv; charset=utf-8'"
                )
        self._accepted = [parse_media_type(each) for each in self.names]

    @override
    def __repr__(self) -> str:
        return f"MediaType({', '.join(map(repr, self.names))})"

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, MediaType) and other.names == self.names

    @override
    def __hash__(self) -> int:
        return hash(self.names)

    def accepts(self, content_type: str) -> bool:
        """Whether a request with this `Content-Type` matches one of the names."""
        essence, parameters = parse_media_type(content_type)
        main, _, _ = essence.partition("/")
        return any(
            name in {essence, f"{main}/*", "*/*"}
            and all(parameters.get(key, value) == value for key, value in wanted.items())
            for name, wanted in self._accepted
            if essence
        )


def media_type_of(annotation: object) -> MediaType | None:
    """The media type that an annotation declares."""
    if get_origin(annotation) is not Annotated:
        return None
    metadata = get_args(annotation)[1:]
    return next((each for each in metadata if isinstance(each, MediaType)), None)


def parse_media_type(text: str) -> tuple[str, Mapping[str, str]]:
    """The type and subtype, and the parameters, in lower case. Few parameter values are case-sensitive."""
    return parameters_of(text.lower())
