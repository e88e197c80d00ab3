"""Clients that are in control of their connection: they read as much as they like, and leave as they like."""

import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Literal, Self, override

import h2.config
import h2.connection
import h2.errors
import h2.events
import h11

from tests.servers.servers import TIMEOUT, Address, Server

type Ending = Literal["complete", "cut off", "reset"]
"""How a response ended: whole; with the connection; by RST_STREAM (HTTP/2 only)."""

type Headers = Sequence[tuple[str, str]]

MUCH: Final = 1 << 20

_FRAME_HEAD: Final = 9
_GOAWAY: Final = 7


class _Client:
    """What both versions share: a socket, and reading from it step by step."""

    def __init__(self, address: Address, *, receive_buffer: int | None = None) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.ending: Ending | None = None
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def step(self, size: int = MUCH) -> None:
        """Read once."""
        raise NotImplementedError

    def wait_for_status(self) -> int:
        while not self.status:
            self._step_before_the_end("the response's start")
        return self.status

    def wait_for(self, text: bytes) -> float:
        """Read until the body holds `text`; the time."""
        while text not in self.body:
            self._step_before_the_end(repr(text))
        return time.monotonic()

    def read(self, size: int) -> None:
        """Read until the body is at least so long."""
        while len(self.body) < size:
            self._step_before_the_end(f"{size} bytes", min(size - len(self.body), MUCH))

    def drain(self) -> Ending:
        """Read to the end."""
        while self.ending is None:
            self.step()
        return self.ending

    def leave(self) -> float:
        """Want no more of it, in the ordinary way; the time."""
        self.socket.close()
        return time.monotonic()

    def reset(self) -> float:
        """Break the connection, with an RST; the time."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        return time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def _receive(self, size: int) -> bytes:
        try:
            return self.socket.recv(size)
        except ConnectionResetError:
            return b""

    def _step_before_the_end(self, wanted: str, size: int = MUCH) -> None:
        assert self.ending is None, (
            f"waited for {wanted}; {self.ending} after {bytes(self.body[-200:])!r}"
        )
        self.step(size)


class HTTP1(_Client):
    """A request over HTTP/1.1."""

    def __init__(  # noqa: PLR0913 - a request, spelled out
        self,
        address: Address,
        path: str,
        method: str = "GET",
        *,
        headers: Headers = (),
        body: bytes = b"",
        receive_buffer: int | None = None,
    ) -> None:
        super().__init__(address, receive_buffer=receive_buffer)
        self._state = h11.Connection(h11.CLIENT)
        fields = [("host", "faults"), *headers]
        if body:
            fields += [("content-length", str(len(body)))]
        request = h11.Request(method=method, target=path, headers=fields)
        self._send(request)
        if body:
            self._send(h11.Data(data=body))
        self._send(h11.EndOfMessage())

    @override
    def step(self, size: int = MUCH) -> None:
        received = self._receive(size)
        try:
            self._state.receive_data(received)
            while self._take(self._state.next_event()):
                pass
        except h11.RemoteProtocolError:
            self.ending = "cut off"

    def _take(self, event: object) -> bool:
        match event:
            case h11.Response():
                self.status = event.status_code
                self.headers = {name.decode(): value.decode() for name, value in event.headers}
            case h11.Data():
                self.body.extend(event.data)
            case h11.EndOfMessage():
                self.ending = "complete"
                return False
            case h11.ConnectionClosed():
                self.ending = "cut off"
                return False
            case _:
                return False
        return True

    def _send(self, event: h11.Event) -> None:
        sent = self._state.send(event)
        assert sent is not None
        self.socket.sendall(sent)


class HTTP2(_Client):
    """A request over HTTP/2, on a connection of its own, with prior knowledge (RFC 9113 § 3.3)."""

    def __init__(  # noqa: PLR0913 - a request, spelled out
        self,
        address: Address,
        path: str,
        method: str = "GET",
        *,
        headers: Headers = (),
        body: bytes = b"",
        receive_buffer: int | None = None,
    ) -> None:
        super().__init__(address, receive_buffer=receive_buffer)
        self._unread = b""
        self._state = h2.connection.H2Connection(h2.config.H2Configuration())
        self._state.initiate_connection()
        self._stream = self._state.get_next_available_stream_id()
        fields = [
            (":method", method),
            (":path", path),
            (":scheme", "http"),
            (":authority", "faults"),
            *headers,
        ]
        self._state.send_headers(self._stream, fields, end_stream=not body)
        if body:
            self._state.send_data(self._stream, body, end_stream=True)
        self._flush()

    @override
    def step(self, size: int = MUCH) -> None:
        received = self._receive(size)
        if not received:
            self.ending = "cut off"
            return
        for event in self._state.receive_data(self._without_goaway(received)):
            self._take(event)
        self._flush()

    def _without_goaway(self, received: bytes) -> bytes:
        """What came, but for GOAWAY: it asks for no more streams and lets the open ones go on (RFC 9113 § 6.8).

        h2 takes it for the end, and so does not answer the ping that servers then wait for.
        """
        frames = b""
        self._unread += received
        while len(self._unread) >= _FRAME_HEAD:
            size = _FRAME_HEAD + int.from_bytes(self._unread[:3])
            if len(self._unread) < size:
                break
            if self._unread[3] != _GOAWAY:
                frames += self._unread[:size]
            self._unread = self._unread[size:]
        return frames

    @override
    def leave(self) -> float:
        """RST_STREAM with CANCEL, as a browser does. The connection stays."""
        self._state.reset_stream(self._stream, h2.errors.ErrorCodes.CANCEL)
        self._flush()
        return time.monotonic()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.ResponseReceived():
                fields = {_text(name): _text(value) for name, value in event.headers or ()}
                self.status = int(fields.pop(":status"))
                self.headers = fields
            case h2.events.DataReceived():
                self.body.extend(event.data or b"")
                length = event.flow_controlled_length or 0
                self._state.acknowledge_received_data(length, self._stream)
            case h2.events.StreamEnded():
                self.ending = "complete"
            case h2.events.StreamReset():
                self.ending = "reset"
            case _:
                pass

    def _flush(self) -> None:
        if data := self._state.data_to_send():
            with suppress(OSError):  # gone; what it said before is read all the same
                self.socket.sendall(data)


def ask(  # noqa: PLR0913 - a request, spelled out
    server: Server,
    path: str,
    method: str = "GET",
    *,
    headers: Headers = (),
    body: bytes = b"",
    receive_buffer: int | None = None,
) -> HTTP1 | HTTP2:
    """Send a request in the version of HTTP that this server is here for."""
    client = HTTP2 if server.is_http2 else HTTP1
    return client(
        server.address, path, method, headers=headers, body=body, receive_buffer=receive_buffer
    )


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode()
