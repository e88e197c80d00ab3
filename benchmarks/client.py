"""A client that costs as little as it can: it reads large blocks from a blocking socket and looks only for what it
must. That the bytes are the right ones was checked before (`benchmarks.check`)."""

import socket
import time
from typing import Final, Self

ITEM_END: Final = b"}"
"""Every item, in each of its forms, has exactly one of these, and nothing else on the wire has any."""

_STREAM_END: Final = b"\r\n0\r\n\r\n"  # the last chunk, after the one before it (RFC 9112 § 7.1)

_LITTLE: Final = 65_536
_DOZE: Final = 0.0002

_buffer: Final = bytearray(1 << 20)


class BrokenError(Exception):
    """The server ended the connection before the response."""


class Connection:
    """One connection, kept alive. Raises `TimeoutError` after `timeout` seconds without a byte."""

    def __init__(self, port: int, *, timeout: float = 30.0) -> None:
        self.socket: Final = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str) -> None:
        """Send a request."""
        self._tail = b""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def read_block(self) -> int:
        """Read what is there, and say how many items ended in it."""
        return _buffer.count(ITEM_END, 0, self._receive())

    def read_first(self) -> None:
        """Read until an item has ended."""
        while _buffer.find(ITEM_END, 0, self._receive()) < 0:
            pass

    def read_rest(self) -> None:
        """Read until the streamed response has ended.

        It dozes when there is little to read. A client that waits in `recv` is woken by every send, at the cost of
        the sender, and how much that is depends on chance; a client on another machine costs the sender nothing.
        """
        while self._tail != _STREAM_END:
            if self._receive() < _LITTLE and self._tail != _STREAM_END:
                time.sleep(_DOZE)

    def _receive(self) -> int:
        size = self.socket.recv_into(_buffer)
        if not size:
            raise BrokenError
        keep = len(_STREAM_END)
        self._tail = (self._tail + _buffer[max(0, size - keep) : size])[-keep:]
        return size
