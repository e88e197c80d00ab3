"""Content codings of a request (RFC 9110 § 8.4.1): gzip and deflate, decoded piece by piece with zlib."""

import zlib
from collections.abc import Iterator
from typing import Final, Literal, cast

from jero.asgi import Scope
from jero.errors import BadRequestError, UnsupportedMediaTypeError
from jero.fields import elements, lines_of

type Coding = Literal["gzip", "deflate"]

CODINGS: Final = "gzip, deflate"
"""What is decoded, as `Accept-Encoding` names it."""

PIECE: Final = 65_536
"""How much is decoded at once at most, in bytes: others get their turn in between."""

_FED: Final = 1_024
"""How much zlib is given at once, in bytes. What it does not take is copied, so this bounds how often anything is."""

_NAMES: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


def coding_of(scope: Scope) -> Coding | None:
    """How the body is coded; `None` where it is not.

    Raises `UnsupportedMediaTypeError` with `Accept-Encoding` (RFC 9110 § 12.5.3) for any other coding, and for more
    than one.
    """
    given = elements("content-encoding", lines_of(scope).get("content-encoding", ()))
    codings = [each.lower() for each in given if each.lower() != "identity"]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _NAMES:
        raise UnsupportedMediaTypeError(
            f"Expected the Content-Encoding gzip or deflate, or none, got {', '.join(codings)}.",
            raw_headers={"accept-encoding": CODINGS},
        )
    return cast("Coding", _NAMES[codings[0]])


class Inflater:
    """Decodes one body. The work is linear in what goes in and comes out.

    gzip may have several members (RFC 1952 § 2.2) and zeros after them; deflate is read with the zlib header that it
    should have (RFC 9110 § 8.4.1.2) and without, as some clients send it.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._zlib = zlib.decompressobj()
        self._has_begun = False
        self._is_between = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What comes of the next part, in pieces. Raises `BadRequestError` for data that is not of the coding."""
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
        """What is left. Raises `BadRequestError` if the coded data has not come to its end."""
        if self._is_between:
            return
        try:
            rest = self._zlib.flush()
        except zlib.error as error:
            raise self._invalid() from error
        if not self._zlib.eof:
            raise BadRequestError(f"The body breaks off within its {self._coding} coding.")
        if rest:
            yield rest

    def pieces_of(self, data: bytes) -> Iterator[bytes]:
        """What comes of all of the data, in pieces. Raises as `feed` and `end` do."""
        yield from self.feed(data)
        yield from self.end()

    def _begin(self, fed: bytes) -> bytes:
        """Make ready for what begins here; what of it is to be decoded."""
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
        return BadRequestError(f"The body is not {self._coding}, which its Content-Encoding says.")
