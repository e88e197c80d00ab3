"""Promise 14: HEAD, HTTP/1.0, closed and half-closed connections, and pipelining are as RFC 9112 has them."""

import re
import socket
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.servers.clients import ask
from tests.servers.servers import HTTP1_KINDS, TIMEOUT, Server, on

ITEMS = b'{"number":1}\n{"number":2}\n'


@contextmanager
def talking(server: Server, *requests: str) -> Generator[socket.socket]:
    with socket.create_connection(server.address) as connection:
        connection.settimeout(TIMEOUT)
        text = "".join(request.replace("\n", "\r\n") + "\r\n" for request in requests)
        connection.sendall(text.encode())
        yield connection


def read_all(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head and the rest, until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    head, _, rest = received.partition(b"\r\n\r\n")
    return head.lower(), rest


def read_until(connection: socket.socket, text: bytes) -> bytes:
    received = b""
    while text not in received:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


@pytest.mark.parametrize("where", ["/gated", "/plain", "/managed", "/events", "/set-up-fails"])
@on()
def test_head_never_starts_the_stream(server: Server, where: str) -> None:
    with ask(server, where, "HEAD") as client:
        assert client.wait_for_status() == 200
        assert client.headers["cache-control"] == "no-store"
        server.wait("returned")
        assert (client.body, server.all("opened")) == (b"", [])


@pytest.mark.parametrize(
    "lines",
    [
        ["theme=dark; session=ada"],
        ["theme=dark", "session=ada"],  # one each, which is better compressed (RFC 9113 § 8.2.3)
        ["session=ada", "theme=dark", "lang=en"],
    ],
)
@on()
def test_a_session_cookie_is_read_on_however_many_lines_cookies_are_sent(
    server: Server, lines: list[str]
) -> None:
    with ask(server, "/me", headers=[("cookie", line) for line in lines]) as client:
        client.drain()
    assert (client.status, client.body) == (200, b'{"name":"ada"}')


@on(*HTTP1_KINDS)
def test_a_connection_goes_on_after_head_and_after_a_stream(server: Server) -> None:
    server.cue("/gated", "item", "item", "end")
    with talking(
        server,
        "HEAD /gated HTTP/1.1\nHost: faults\n",
        "GET /gated HTTP/1.1\nHost: faults\n",
        "GET /small HTTP/1.1\nHost: faults\nConnection: close\n",
    ) as connection:
        head, rest = read_all(connection)
    assert head.startswith(b"http/1.1 200")
    assert rest.count(b"HTTP/1.1 200") == 2
    assert rest.endswith(b'{"number":1}')


# uvicorn 0.54 with httptools sends chunks to an HTTP/1.0 client (RFC 9112 § 6.1 forbids it), whatever the app does.
@on("uvicorn-asyncio", "granian", "hypercorn")
def test_http_1_0_gets_a_body_without_chunks_that_ends_with_the_connection(server: Server) -> None:
    server.cue("/gated", "item", "item", "end")
    with talking(server, "GET /gated HTTP/1.0\n") as connection:
        head, body = read_all(connection)
    assert b"transfer-encoding" not in head
    assert body == ITEMS


@on(*HTTP1_KINDS)
def test_http_1_0_gets_each_item_when_it_is_there_and_is_torn_down_when_it_leaves(
    server: Server,
) -> None:
    with talking(server, "GET /gated HTTP/1.0\n") as connection:
        server.cue("/gated", "item")
        read_until(connection, b'{"number":1}\n')
        connection.close()
        server.wait("returned")
    assert len(server.all("torn down")) == 1


@on(*HTTP1_KINDS)
def test_connection_close_is_honoured_after_the_last_item(server: Server) -> None:
    server.cue("/gated", "item", "item", "end")
    with talking(server, "GET /gated HTTP/1.1\nHost: faults\nConnection: close\n") as connection:
        head, rest = read_all(connection)
    assert b"connection: close" in head
    assert rest.endswith(b"0\r\n\r\n")
    assert unchunked(rest) == ITEMS


@on(*HTTP1_KINDS)
def test_a_half_closed_client_gets_a_whole_response_or_sees_that_it_is_cut_off(
    server: Server,
) -> None:
    """RFC 9112 leaves it to the server whether it goes on. What it must not do is pretend, or hang."""
    with talking(server, "GET /gated HTTP/1.1\nHost: faults\nConnection: close\n") as connection:
        server.cue("/gated", "item")
        received = read_until(connection, b'{"number":1}\n')
        connection.shutdown(socket.SHUT_WR)
        server.cue("/gated", "item", "end")
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    server.wait("returned")
    assert len(server.all("torn down")) == 1
    body = (received + rest).partition(b"\r\n\r\n")[2]
    is_whole = body.endswith(b"0\r\n\r\n")
    print(f"{server.kind}: {'goes on' if is_whole else 'is cut off'}")
    assert not is_whole or unchunked(body) == ITEMS


@on(*HTTP1_KINDS)
def test_pipelined_requests_are_answered_whole_and_one_after_the_other(server: Server) -> None:
    server.cue("/gated", "item", "item", "end", "item", "item", "end")
    with talking(
        server,
        "GET /gated HTTP/1.1\nHost: faults\n",
        "GET /gated HTTP/1.1\nHost: faults\nConnection: close\n",
    ) as connection:
        _, rest = read_all(connection)
    first, _, second = rest.partition(b"HTTP/1.1 200")
    assert unchunked(first) == ITEMS
    assert unchunked(second.partition(b"\r\n\r\n")[2]) == ITEMS
    assert server.wait("torn down").at <= server.wait("opened", count=2).at


@on(*HTTP1_KINDS)
def test_a_client_that_has_pipelined_a_request_and_leaves_is_torn_down(server: Server) -> None:
    """Servers stop reading behind a pipelined request, so they notice only by writing: keepalive does."""
    with talking(
        server,
        "GET /kept HTTP/1.1\nHost: faults\n",
        "GET /small HTTP/1.1\nHost: faults\n",
    ) as connection:
        server.cue("/kept", "item")
        read_until(connection, b'{"number":1}\n')
        connection.close()
        server.wait("returned", "/kept")
    assert len(server.all("torn down")) == 1


def unchunked(body: bytes) -> bytes:
    """The data of a chunked body (RFC 9112 § 7.1)."""
    data = b""
    while found := re.match(rb"([0-9a-fA-F]+)\r\n", body):
        size, begin = int(found[1], 16), found.end()
        data += body[begin : begin + size]
        body = body[begin + size + 2 :]
        if size == 0:
            break
    return data
