"""What can go wrong, and how it is said: at start-up a `WiringError`, at run time a problem detail (RFC 9457)."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final, Literal, Never

import msgspec
from msgspec import Struct

from jero.headers import RawHeaders, encode_raw, require_no_framing

_STANDARD = frozenset({"type", "title", "status", "detail", "instance"})


type Place = Literal["path", "query", "header", "body"]
"""A part of a request, by the name that OpenAPI has for it."""


class Fault(Struct, frozen=True, rename={"place": "in"}, omit_defaults=True):
    """One thing that is wrong with a request: where, as a JSON path, and what.

    `line` is that of an NDJSON body, from 1.
    """

    place: Place
    path: str
    detail: str
    line: int | None = None


class WiringError(Exception):
    """The application cannot work as it is written.

    Raised while the application starts, never while it serves. The message names the class and the method, what
    was found, and how to mend it.
    """


class HTTPError(Exception):
    """Raise it from a handler, or from a stream before its first item, to answer with a problem detail.

    A subclass declares what kind of problem it is: `status_code`, and if need be a `title` (by default the
    status's own phrase) and a `type`, a URI that identifies the kind (RFC 9457 § 3.1); declaring a status that is
    no error's raises `ValueError`. What happened this time is
    `detail`. `members` are further members of the problem detail (§ 3.2), of whatever msgspec encodes as JSON.
    `raw_headers` are sent along, such as `Retry-After`. Raises `ValueError` for a header that cannot be sent and
    for a member by the name of a standard one, and `TypeError` for a `detail` that is not text.

        class SoldOutError(HTTPError):
            status_code = 409
            title = "Sold out"

        raise SoldOutError("no seat is left for this screening", members={"screening": 7})
    """

    status_code: ClassVar[int] = 500
    """The status of the answer, between 400 and 599."""

    title: ClassVar[str] = ""
    """What this kind of problem is called; by default its status's phrase."""

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
                f"{cls.__name__} has the status {cls.status_code}: that of an error is between 400 and 599"
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
        """What happened this time."""
        encode_raw(raw_headers)  # what cannot be sent is better refused here
        require_no_framing(raw_headers or ())
        self.raw_headers: RawHeaders = raw_headers or {}
        """What is sent along."""
        if members and not isinstance(members, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - see above
            raise TypeError(f"members is {members!r}: expected a mapping of their names to values")
        if members and (taken := _STANDARD & members.keys()):
            raise ValueError(f"{min(taken)!r} is a standard member of a problem detail")
        self.members: Mapping[str, object] = members or {}
        """Further members of the problem detail."""

    def problem(self, encode: Callable[[object], bytes] = msgspec.json.encode) -> bytes:
        """The body of the answer, as `application/problem+json`. `encode` makes JSON of its members."""
        members: dict[str, object] = {"title": title_of(type(self)), "status": self.status_code}
        if self.detail:
            members["detail"] = self.detail.encode("utf-8", "backslashreplace").decode()
        if self.type != "about:blank":  # which is what a missing type means
            members["type"] = self.type
        return encode(members | dict(self.members))


def title_of(kind: type[HTTPError]) -> str:
    """The title of this kind of problem: its own, or its status's phrase."""
    is_known = kind.status_code in HTTPStatus
    return kind.title or (HTTPStatus(kind.status_code).phrase if is_known else "Error")


def _fix_arguments(name: str, detail: object, others: Sequence[object]) -> str:
    """What someone who gave these arguments by position to the error `name` most likely meant."""
    given = ", ".join(map(repr, (detail, *others)))
    shown = f"{name}({given})"
    if isinstance(detail, int):
        text = ", ".join(repr(other) for other in others if isinstance(other, str))
        own = f"a subclass of `HTTPError` with `status_code = {int(detail)}`"
        standard = _STANDARD_ERRORS.get(int(detail))
        fix = f"raise `{standard}({text})`, or {own}" if standard else f"raise {own}"
        return (
            f"{shown} gives the status as the detail, and each status has a class of its own: {fix}"
        )
    if others:
        return f"{shown} gives more than the detail by position: give `members` and `raw_headers` by name"
    return (
        f"{shown} has a detail that is not a str: write it as one, and give other data in `members`"
    )


_STANDARD_ERRORS: Final[Mapping[int, str]] = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableContentError",
}
"""The public classes below, by status."""


class ClientDisconnectedError(Exception):
    """The client left before its request, or its answer, was whole. Nobody is there to be answered."""


class BadRequestError(HTTPError):
    """The request is not well-formed (RFC 9110 § 15.5.1)."""

    status_code = 400


class UnauthorizedError(HTTPError):
    """Nobody has said, or proved, who they are (RFC 9110 § 15.5.2).

    It is sent with the challenge of the endpoint's authenticator, if there is one and `raw_headers` has none.
    """

    status_code = 401

    def challenge(self, challenge: str) -> None:
        """Say how to authenticate, unless it is said already (RFC 9110 § 11.6.1)."""
        if "www-authenticate" not in map(str.lower, self.raw_headers):
            self.raw_headers: RawHeaders = {**self.raw_headers, "www-authenticate": challenge}


class ForbiddenError(HTTPError):
    """Whoever it is may not do this (RFC 9110 § 15.5.4)."""

    status_code = 403


class NotFoundError(HTTPError):
    """There is nothing under this path (RFC 9110 § 15.5.5)."""

    status_code = 404


class MethodNotAllowedError(HTTPError):
    """The path is served, but not with this method (RFC 9110 § 15.5.6)."""

    status_code = 405


class RequestTimeoutError(HTTPError):
    """The body did not arrive in time (RFC 9110 § 15.5.9)."""

    status_code = 408


class ConflictError(HTTPError):
    """It is not possible in the state that things are in (RFC 9110 § 15.5.10)."""

    status_code = 409


class ContentTooLargeError(HTTPError):
    """The body is over the limit (RFC 9110 § 15.5.14)."""

    status_code = 413
    title = "Content Too Large"


class UnsupportedMediaTypeError(HTTPError):
    """The body is of another type than the handler takes (RFC 9110 § 15.5.16)."""

    status_code = 415


class UnprocessableContentError(HTTPError):
    """The request is well-formed, but not what the handler's types say (RFC 9110 § 15.5.21)."""

    status_code = 422
    title = "Unprocessable Content"


class InvalidRequestError(UnprocessableContentError):
    """A part of the request is not what the handler's type says. `errors` lists each fault, with its place and path."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        line = f"line {first.line}, " if first.line else ""
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(
            f"{first.detail} - at {line}`{first.path}` of the {first.place}{more}",
            members={"errors": faults},
        )
