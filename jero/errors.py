"""Errors: `WiringError` at startup, and `HTTPError`, sent as a problem detail (RFC 9457), while serving."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final, Literal, Never

import msgspec
from msgspec import Struct

from jero.headers import RawHeaders, encode_raw, require_no_framing

_STANDARD = frozenset({"type", "title", "status", "detail", "instance"})


type Place = Literal["path", "query", "header", "body"]
"""A part of a request, by its OpenAPI name."""


class Fault(Struct, frozen=True, rename={"place": "in"}, omit_defaults=True):
    """One fault of a request: its location as a JSON path, and a description.

    `line` is the line number in an NDJSON body, counted from 1.
    """

    place: Place
    path: str
    detail: str
    line: int | None = None


class WiringError(Exception):
    """The application has a mistake that would keep it from working.

    Raised during startup, never while serving. The message names the class and the method, what was found, and how to
    fix it.
    """


class HTTPError(Exception):
    """An error that is sent as a problem detail. Raise it in a handler, or in a stream before its first item.

    A subclass declares the kind of problem: `status_code`, and optionally `title` (default: the status's reason
    phrase) and `type`, a URI that identifies the kind (RFC 9457 § 3.1). `detail` describes this occurrence, `members`
    are extension members (§ 3.2) with any values that have a JSON form, and `raw_headers` are sent with the response,
    such as `Retry-After`.

    Defining a subclass raises `ValueError` for a status outside 400 to 599. Creating an instance raises `ValueError`
    for an invalid header or for a member named like a standard one, and `TypeError` if `detail` is not a `str`.

        class SoldOutError(HTTPError):
            status_code = 409
            title = "Sold out"

        raise SoldOutError("no seat is left for this screening", members={"screening": 7})
    """

    status_code: ClassVar[int] = 500
    """The status of the response, from 400 to 599."""

    title: ClassVar[str] = ""
    """A short name for this kind of problem; by default the reason phrase of its status."""

    type: ClassVar[str] = "about:blank"
    """A URI that identifies this kind of problem (RFC 9457 § 3.1.1)."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not isinstance(cls.status_code, int):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(
                f"{cls.__name__} has the status {cls.status_code!r}: expected an int, such as 404"
            )
        if not 400 <= cls.status_code <= 599:
            raise ValueError(
                f"{cls.__name__} has the status {cls.status_code}: expected an error status, from 400 to 599"
            )

    def __init__(
        self,
        detail: str = "",
        *others: Never,
        members: Mapping[str, object] | None = None,
        raw_headers: Mapping[str, str] | None = None,
    ) -> None:
        if others or not isinstance(detail, str):  # pyright: ignore[reportUnnecessaryIsInstance] - not everybody checks types
            raise TypeError(_fix_arguments(type(self).__name__, detail, others))
        super().__init__(detail)
        self.detail: str = detail
        """Describes this occurrence."""
        encode_raw(raw_headers)  # to fail here rather than while sending
        require_no_framing(raw_headers or ())
        self.raw_headers: RawHeaders = raw_headers or {}
        """Headers sent with the response."""
        if members and not isinstance(members, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise TypeError(f"members is {members!r}: expected a mapping of names to values")
        if members and (taken := _STANDARD & members.keys()):
            raise ValueError(
                f"{min(taken)!r} is a standard member of a problem detail: use another name"
            )
        self.members: Mapping[str, object] = members or {}
        """Extension members of the problem detail."""

    def problem(self, encode: Callable[[object], bytes] = msgspec.json.encode) -> bytes:
        """The response body (`application/problem+json`). `encode` encodes its members as JSON."""
        members: dict[str, object] = {"title": title_of(type(self)), "status": self.status_code}
        if self.detail:
            members["detail"] = self.detail.encode("utf-8", "backslashreplace").decode()
        if self.type != "about:blank":  # the default for a missing type
            members["type"] = self.type
        return encode(members | dict(self.members))


def title_of(kind: type[HTTPError]) -> str:
    """The title of this kind of problem: its own, or the reason phrase of its status."""
    is_known = kind.status_code in HTTPStatus
    return kind.title or (HTTPStatus(kind.status_code).phrase if is_known else "Error")


def _fix_arguments(name: str, detail: object, others: Sequence[object]) -> str:
    """The message for invalid positional arguments of the error `name`, with the most likely fix."""
    given = ", ".join(map(repr, (detail, *others)))
    shown = f"{name}({given})"
    if isinstance(detail, int):
        text = ", ".join(repr(other) for other in others if isinstance(other, str))
        own = f"a subclass of `HTTPError` with `status_code = {int(detail)}`"
        standard = _STANDARD_ERRORS.get(int(detail))
        fix = f"raise `{standard}({text})`, or {own}" if standard else f"raise {own}"
        return f"{shown} passes a status as the detail, but each status has its own class: {fix}"
    if others:
        return f"{shown} passes more than the detail by position: pass `members` and `raw_headers` by name"
    return f"{shown} has a detail that is not a str: pass a str, and put other data into `members`"


_STANDARD_ERRORS: Final[Mapping[int, str]] = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableContentError",
}
"""The names of the public classes below, by status."""


class ClientDisconnectedError(Exception):
    """The client disconnected before its request was complete, or before the response was sent. No response is sent."""


class BadRequestError(HTTPError):
    """The request is not well-formed (RFC 9110 § 15.5.1)."""

    status_code = 400


class UnauthorizedError(HTTPError):
    """Credentials are missing or invalid (RFC 9110 § 15.5.2).

    Sent with the challenge of the endpoint's authenticator, if it has one and `raw_headers` has no `WWW-Authenticate`.
    """

    status_code = 401

    def challenge(self, challenge: str) -> None:
        """Add `WWW-Authenticate` (RFC 9110 § 11.6.1), unless the error already has one."""
        if "www-authenticate" not in map(str.lower, self.raw_headers):
            self.raw_headers: RawHeaders = {**self.raw_headers, "www-authenticate": challenge}


class ForbiddenError(HTTPError):
    """The user is not allowed to do this (RFC 9110 § 15.5.4)."""

    status_code = 403


class NotFoundError(HTTPError):
    """The resource does not exist (RFC 9110 § 15.5.5)."""

    status_code = 404


class MethodNotAllowedError(HTTPError):
    """The path does not support this method (RFC 9110 § 15.5.6)."""

    status_code = 405


class RequestTimeoutError(HTTPError):
    """The body did not arrive in time (RFC 9110 § 15.5.9)."""

    status_code = 408


class ConflictError(HTTPError):
    """The request conflicts with the current state of the resource (RFC 9110 § 15.5.10)."""

    status_code = 409


class ContentTooLargeError(HTTPError):
    """The body exceeds the limit (RFC 9110 § 15.5.14)."""

    status_code = 413
    title = "Content Too Large"


class UnsupportedMediaTypeError(HTTPError):
    """The body's media type or content coding is not supported (RFC 9110 § 15.5.16)."""

    status_code = 415


class UnprocessableContentError(HTTPError):
    """The request is well-formed, but its content is invalid (RFC 9110 § 15.5.21)."""

    status_code = 422
    title = "Unprocessable Content"


class InvalidRequestError(UnprocessableContentError):
    """A part of the request does not match the handler's type. The member `errors` lists every fault, with its path."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        line = f"line {first.line}, " if first.line else ""
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(
            f"{first.detail} - at {line}`{first.path}` of the {first.place}{more}",
            members={"errors": faults},
        )
