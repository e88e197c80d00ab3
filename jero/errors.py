"""What can go wrong, and how it is said: at start-up a `WiringError`, at run time a problem detail (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

import msgspec
from msgspec import Struct

from jero.headers import RawHeaders, encode_raw


class WiringError(Exception):
    """The application cannot work as it is written.

    Raised while the application starts, never while it serves. The message names the class and the method, what
    was found, and how to mend it.
    """


class HTTPError(Exception):
    """Raise it from a handler, or from a stream before its first item, to answer with a problem detail.

    A subclass declares what kind of problem it is: `status_code`, and if need be a `title` (by default the
    status's own phrase) and a `type`, a URI that identifies the kind (RFC 9457 § 3.1). What happened this time is
    `detail`. `raw_headers` are sent along, such as `Retry-After`; one that cannot be is a `ValueError`.

        class SoldOutError(HTTPError):
            status_code = 409
            title = "Sold out"

        raise SoldOutError("no seat is left for this screening")
    """

    status_code: ClassVar[int] = 500
    title: ClassVar[str] = ""
    type: ClassVar[str] = "about:blank"

    def __init__(self, detail: str = "", *, raw_headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        encode_raw(raw_headers)  # what cannot be sent is better refused here
        self.raw_headers: RawHeaders = raw_headers or {}

    def problem(self) -> bytes:
        """The body of the answer, as `application/problem+json`."""
        is_known = self.status_code in HTTPStatus
        title = self.title or (HTTPStatus(self.status_code).phrase if is_known else "Error")
        detail = self.detail.encode("utf-8", "backslashreplace").decode()
        return msgspec.json.encode(_Problem(title, self.status_code, detail, self.type))


class ClientDisconnectedError(Exception):
    """The client left before its request, or its answer, was whole. Nobody is there to be answered."""


class BadRequestError(HTTPError):
    """The request is not well-formed (RFC 9110 § 15.5.1)."""

    status_code = 400


class NotFoundError(HTTPError):
    """Nothing is served under this path (RFC 9110 § 15.5.5)."""

    status_code = 404


class MethodNotAllowedError(HTTPError):
    """The path is served, but not with this method (RFC 9110 § 15.5.6)."""

    status_code = 405


class ContentTooLargeError(HTTPError):
    """The body is over the limit (RFC 9110 § 15.5.14)."""

    status_code = 413
    title = "Content Too Large"


class UnsupportedMediaTypeError(HTTPError):
    """The body is of another type than the handler takes (RFC 9110 § 15.5.16)."""

    status_code = 415


class UnprocessableContentError(HTTPError):
    """The body is well-formed, but not what the handler's type says (RFC 9110 § 15.5.21)."""

    status_code = 422
    title = "Unprocessable Content"


class _Problem(Struct, frozen=True, omit_defaults=True):
    """The members of a problem detail (RFC 9457 § 3.1); `about:blank` is what a missing `type` means."""

    title: str
    status: int
    detail: str = ""
    type: str = "about:blank"
