"""A client that costs the server as little as it can: it is not woken before 64 KiB have come, and looks only for what
it must. That the bytes are the right ones was checked before (`benchmarks.check`).

Each time the kernel wakes a reader on another core, the one who sends pays for it, on a virtual machine several times
what the sending costs. A client on another machine costs the sender nothing. So a stream is read with a low-water mark
(`SO_RCVLOWAT`, heeded by `poll` since Linux 4.18), or, where the system has none, after a nap.
"""

import select
import socket
import time
from collections.abc import Callable
from functools import cache
from typing import Final, Self

MARK: Final = 65_536
"""How many bytes must have come before a reader of a long stream is woken."""

ITEM_END: Final = b"}"
"""Every item, in each of its forms, has exactly one of these, and nothing else on the wire has any."""

STREAM_END: Final = b"\r\n0\r\n\r\n"
"""The last chunk, after the one before it (RFC 9112 § 7.1)."""

_OK: Final = b"HTTP/1.1 200 "

_ROOM: Final = 4 << 20
"""What the kernel may keep for a reader with a mark. Many small segments take several times the size of their bytes."""

_NAP: Final = 2
"""How long a reader with a mark waits for it before it reads what there is, in milliseconds."""

_buffer: Final = bytearray(1 << 20)


class BrokenError(Exception):
    """The server ended the connection before the response, or refused the request."""


class Connection:
    """One connection, kept alive. Raises `TimeoutError` after `timeout` seconds without a byte.

    With a `mark`, reading waits until so many bytes have come, or for a moment.
    """

    def __init__(self, port: int, *, timeout: float = 30.0, mark: int = 1) -> None:
        self.socket: Final = socket.socket()
        self.wakeups = 0
        """How often bytes that came have ended a wait."""

        self._timeout: Final = timeout
        self._nap: Final = timeout * 1000 if mark == 1 else _NAP
        self._tail = b""
        self._is_begun = False
        if mark > 1:  # the size of the window is settled when the connection is made
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if mark > 1 and has_marks():
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, mark)
        self.socket.settimeout(0)
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        self._wait: Final[Callable[[float], object]] = (
            poll.poll if mark == 1 or has_marks() else _doze
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, path: str) -> None:
        """Send a request without a body."""
        self.send(encode_request(path))

    def send(self, request: bytes) -> None:
        """Send a request that `encode_request` made."""
        self._tail, self._is_begun = b"", False
        try:
            sent = self.socket.send(request)
        except BlockingIOError:
            sent = 0
        if sent < len(request):
            self.socket.settimeout(self._timeout)
            self.socket.sendall(memoryview(request)[sent:])
            self.socket.settimeout(0)

    def has_received(self, end: bytes) -> bool:
        """Whether this is the end of what came since the request."""
        return self._tail.endswith(end)

    @property
    def is_answered(self) -> bool:
        """Whether the response to the last request has begun."""
        return self._is_begun

    def drain(self) -> int:
        """Read what is there, without waiting, and say how many items ended in it."""
        try:
            return _buffer.count(ITEM_END, 0, self._receive())
        except BlockingIOError:
            return 0

    def read_until(self, end: bytes) -> int:
        """Read until this is the end of what came, and say how many items ended in it."""
        count = 0
        while not self.has_received(end):
            count += _buffer.count(ITEM_END, 0, self._wait_and_receive())
        return count

    def read_first(self) -> None:
        """Read until an item has ended."""
        while _buffer.find(ITEM_END, 0, self._wait_and_receive()) < 0:
            pass

    def _wait_and_receive(self) -> int:
        waited = 0.0
        while waited < self._timeout:
            if self._wait(self._nap):
                self.wakeups += 1
            try:
                return self._receive()
            except BlockingIOError:
                waited += self._nap / 1000
        raise TimeoutError(f"nothing for {self._timeout:g} s")

    def _receive(self) -> int:
        size = self.socket.recv_into(_buffer)
        if not size:
            raise BrokenError("the server hung up")
        if not self._is_begun:
            self._is_begun = True
            if not _buffer.startswith(_OK):
                raise BrokenError(_buffer[: _buffer.find(b"\r\n")].decode("latin-1"))
        keep = len(STREAM_END)
        self._tail = (self._tail + _buffer[max(0, size - keep) : size])[-keep:]
        return size


def encode_request(path: str, content_type: str = "", body: bytes = b"") -> bytes:
    """A GET, or a POST if there is a content type."""
    head = f"{'POST' if content_type else 'GET'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


@cache
def has_marks() -> bool:
    """Whether this system's `poll` heeds `SO_RCVLOWAT`: it says nothing of one byte where two are wanted."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as reader,
        listener.accept()[0] as writer,
    ):
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 2)
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        writer.send(b"1")
        is_woken_early = bool(poll.poll(50))
        writer.send(b"2")
        return not is_woken_early and bool(poll.poll(1000))


def _doze(milliseconds: float) -> None:
    time.sleep(milliseconds / 1000)
