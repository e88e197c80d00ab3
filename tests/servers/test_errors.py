"""Promises 5 and 17: a broken stream never looks complete, and the worker lives on."""

import msgspec
import pytest

from tests.servers.clients import HTTP1, HTTP2, ask
from tests.servers.servers import HTTP1_KINDS, KINDS_THAT_TELL, Server, on


def assert_alive(server: Server) -> None:
    with ask(server, "/small") as client:
        assert (client.drain(), client.status) == ("complete", 200)


def problem(client: HTTP1 | HTTP2) -> dict[str, object]:
    assert client.drain() == "complete"
    assert client.headers["content-type"] == "application/problem+json"
    return msgspec.json.decode(client.body)


@on()
def test_an_error_in_set_up_is_a_real_500(server: Server) -> None:
    with ask(server, "/set-up-fails") as client:
        assert problem(client) == {"title": "Internal Server Error", "status": 500}
        assert client.status == 500
    assert "LookupError: no cursor" in server.wait("logged", "jero").note
    assert_alive(server)


@on()
def test_an_error_on_the_first_item_is_a_real_500(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "fail")
        assert problem(client)["status"] == 500
        assert client.status == 500
    assert "LookupError: row is missing" in server.wait("logged", "jero").note
    assert_alive(server)


@on()
def test_an_http_error_in_set_up_is_its_own_problem(server: Server) -> None:
    with ask(server, "/refused") as client:
        assert problem(client) == {
            "title": "Service Unavailable",
            "status": 503,
            "detail": "no cursor is free",
        }
        assert client.status == 503
        assert client.headers["retry-after"] == "7"
    assert "BusyError: no cursor is free" in server.wait("logged", "jero").note


@on()
def test_the_start_is_sent_when_the_first_item_keeps_it_waiting(server: Server) -> None:
    with ask(server, "/gated") as client:
        assert client.wait_for_status() == 200
        assert server.all("item") == []
        server.cue("/gated", "item", "end")
        assert client.drain() == "complete"


@on(*HTTP1_KINDS)
def test_an_error_after_the_first_byte_leaves_an_http_1_response_without_its_end(
    server: Server,
) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        server.cue("/gated", "fail")
        assert client.drain() == "cut off"
    assert client.body == b'{"number":1}\n'
    assert_alive(server)


@on("granian-h2")
def test_an_error_after_the_first_byte_resets_an_http_2_stream(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        server.cue("/gated", "fail")
        assert client.drain() == "reset"
    assert client.body == b'{"number":1}\n'
    assert_alive(server)


@on(*KINDS_THAT_TELL)
def test_an_error_right_after_ready_items_does_not_look_complete(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item", "item", "fail")
        ending = client.drain()
        # What was buffered before the error may have gone out or not; a response that looks whole may not.
        assert ending != "complete" or client.status == 500


@on()
def test_an_error_after_the_first_byte_is_logged_with_its_traceback(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        server.cue("/gated", "fail")
        server.wait("returned")
    (line,) = server.logged()
    assert "Gated.get" in line
    assert 'raise LookupError("row is missing")' in line


@on(*KINDS_THAT_TELL)
def test_an_item_of_the_wrong_type_is_not_sent_and_ends_the_stream_as_an_error(
    server: Server,
) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        server.cue("/gated", "wrong", "item", "end")
        assert client.drain() != "complete"
    assert client.body == b'{"number":1}\n'
    server.wait("returned")
    assert len(server.all("torn down")) == 1
    (line,) = server.logged()
    assert "Gated.get" in line
    assert "Item" in line
    assert "Other" in line
    assert_alive(server)


@pytest.mark.parametrize(
    ("where", "wire"), [("/gated", b'{"number":1}\n'), ("/events", b'data: {"number":1}\n\n')]
)
@on(*KINDS_THAT_TELL)
def test_not_a_byte_is_sent_of_an_item_that_cannot_be_encoded(
    server: Server, where: str, wire: bytes
) -> None:
    with ask(server, where) as client:
        server.cue(where, "item", "half")
        assert client.drain() != "complete"
    assert client.body == wire
    server.wait("returned")
    assert len(server.all("torn down")) == 1
    assert_alive(server)


@pytest.mark.parametrize("where", ["/gated", "/events"])
@on()
def test_a_first_item_that_cannot_be_encoded_is_a_real_500(server: Server, where: str) -> None:
    with ask(server, where) as client:
        server.cue(where, "half")
        assert problem(client)["status"] == 500
    assert "UnicodeEncodeError" in server.wait("logged", "jero").note


@pytest.mark.parametrize("where", ["/gated", "/events"])
@on()
def test_a_first_item_of_the_wrong_type_is_a_real_500(server: Server, where: str) -> None:
    with ask(server, where) as client:
        server.cue(where, "wrong")
        assert problem(client)["status"] == 500
    assert "Other" in server.wait("logged", "jero").note
