"""Content codings of a request (RFC 9110 § 8.4.1): gzip and deflate, decoded piece by piece with zlib."""

import zlib
from collections.abc import Iterator
from typing import Final, Literal, cast

from jero.asgi import Scope
from jero.errors import BadRequestError, UnsupportedMediaTypeError
from jero.fields import elements, lines_of

type Coding = Literal["gzip", "deflate"]

CODINGS: Final = "gzip, deflate"
"""The supported codings, as in `Accept-Encoding`."""

PIECE: Final = 65_536
"""The most bytes that are decoded at once, so that other tasks can run in between."""

_FED: Final = 1_024
"""The most bytes that zlib gets at once. The unconsumed rest is copied, so this bounds how often a byte is copied."""

_NAMES: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


def coding_of(scope: Scope) -> Coding | None:
    """The content coding of the body; `None` if it has none.

    Raises `UnsupportedMediaTypeError` with `Accept-Encoding` (RFC 9110 § 12.5.3) for any other coding, and for more
    than one.
    """
    given = elements("content-encoding", lines_of(scope).get("content-encoding", ()))
    codings = [each.lower() for each in given if each.lower() != "identity"]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _NAMES:
        raise UnsupportedMediaTypeError(
            f"Expected Content-Encoding gzip, deflate or none, got {', '.join(codings)}.",
            raw_headers={"accept-encoding": CODINGS},
        )
    return cast("Coding", _NAMES[codings[0]])


class Inflater:
    """Decodes one body. The work is linear in the size of the input and the output.

    gzip data can have several members (RFC 1952 § 2.2) and trailing zeros. deflate data can have the required zlib
    header (RFC 9110 § 8.4.1.2) or, as some clients send it, none.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._zlib = zlib.decompressobj()
        self._has_begun = False
        self._is_between = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode the next part, in pieces. Raises `BadRequestError` for invalid data."""
        view = memoryview(data)
        for start in range(0, len(view), _FED):
            fed: bytes | memoryview = view[start : start + _FED]
            while fed:
                if self._is_between:
                    fed = self._begin(bytes(fed))
                    continue
                try:
                    piece = self._zlib.decompress(fed, PIECE)
                except zlib.error as error:
                    raise self._invalid() from error
                fed = self._zlib.unconsumed_tail
                if self._zlib.eof:
                    fed = self._zlib.unused_data
                    self._is_between = True
                if piece:
                    yield piece

    def end(self) -> Iterator[bytes]:
        """Decode the rest, in pieces. Raises `BadRequestError` if the data is truncated."""
        if self._is_between:
            return
        try:
            rest = self._zlib.flush()
        except zlib.error as error:  # pragma: no cover - no data is known that is invalid only here
            raise self._invalid() from error
        if not self._zlib.eof:
            raise BadRequestError(f"The body is truncated within its {self._coding} data.")
        if rest:
            yield rest

    def pieces_of(self, data: bytes) -> Iterator[bytes]:
        """Decode a whole body, in pieces. Raises the errors of `feed` and `end`."""
        yield from self.feed(data)
        yield from self.end()

    def _begin(self, fed: bytes) -> bytes:
        """Start decoding a member or the first one; the part of the data to decode."""
        if not self._has_begun:
            self._has_begun = True
        elif self._coding == "deflate":
            raise self._invalid()
        else:
            fed = fed.lstrip(b"\0")
            if not fed:
                return fed
        window = zlib.MAX_WBITS
        if self._coding == "gzip":
            window += 16
        elif fed[0] & 0x0F != zlib.DEFLATED:
            window = -window
        self._zlib = zlib.decompressobj(window)
        self._is_between = False
        return fed

    def _invalid(self) -> BadRequestError:
        return BadRequestError(
            f"The body is not valid {self._coding}, although its Content-Encoding is."
        )
