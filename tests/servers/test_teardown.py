"""Promises 1, 3, 16 and 18: whatever ends a stream, its teardown runs, to its end, and once.

That it does when the server is shut down, too, is shown in `test_shutdown`.
"""

import pytest

from tests.servers.clients import ask
from tests.servers.servers import KINDS_THAT_TELL, KINDS_WITH_BACKPRESSURE, Server, on

ONE_YIELD, ITEMS_ONLY, CONTEXT_MANAGER = "/gated", "/plain", "/managed"
FORMS = pytest.mark.parametrize("form", [ONE_YIELD, ITEMS_ONLY, CONTEXT_MANAGER])


def assert_torn_down_once(server: Server, where: str) -> None:
    """… and before the request was over."""
    returned = server.wait("returned", where)
    torn_down = server.all("torn down", where)
    assert len(torn_down) == 1, repr(server)
    assert torn_down[0].at <= returned.at


@FORMS
@on()
def test_teardown_runs_once_when_the_stream_is_drained(server: Server, form: str) -> None:
    with ask(server, form) as client:
        server.cue(form, "item", "item", "end")
        assert client.drain() == "complete"
        assert client.body == b'{"number":1}\n{"number":2}\n'
    assert_torn_down_once(server, form)


@FORMS
@on()
def test_teardown_runs_once_when_the_client_is_gone_while_idle(server: Server, form: str) -> None:
    with ask(server, form) as client:
        server.cue(form, "item")
        client.wait_for(b"1")
        client.leave()
        assert_torn_down_once(server, form)


@pytest.mark.parametrize("flood", ["/flood", "/endless"])
@on()
def test_teardown_runs_once_when_the_client_is_gone_while_busy(server: Server, flood: str) -> None:
    with ask(server, flood) as client:
        client.read(300_000)
        client.leave()
        assert_torn_down_once(server, flood)


@pytest.mark.parametrize("when", ["/gated", "/flood"], ids=["idle", "busy"])
@on()
def test_teardown_runs_once_when_the_connection_is_reset(server: Server, when: str) -> None:
    with ask(server, when) as client:
        server.cue(when, "item")
        client.read(10)
        client.reset()
        assert_torn_down_once(server, when)


@on()
def test_teardown_runs_once_when_the_client_is_gone_before_the_first_item(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.wait("opened")
        client.leave()
        assert_torn_down_once(server, "/gated")


@on()
def test_teardown_runs_once_when_the_client_leaves_while_it_runs(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        server.cue("/gated", "end")
        client.leave()
        assert_torn_down_once(server, "/gated")


@FORMS
@on()
def test_teardown_runs_once_after_an_error_in_the_stream(server: Server, form: str) -> None:
    with ask(server, form) as client:
        server.cue(form, "item")
        client.wait_for(b"1")
        server.cue(form, "fail")
        assert_torn_down_once(server, form)


@on()
def test_teardown_runs_once_when_it_raises_an_error_itself(server: Server) -> None:
    with ask(server, "/teardown-fails") as client:
        server.cue("/teardown-fails", "item")
        client.wait_for(b"1")
        server.cue("/teardown-fails", "end")
        assert_torn_down_once(server, "/teardown-fails")
    (line,) = server.logged()
    assert "FailingTeardown.get" in line
    assert "ConnectionError: commit failed" in line


@on()
def test_an_error_in_teardown_is_logged_when_the_client_is_gone_too(server: Server) -> None:
    with ask(server, "/teardown-fails") as client:
        server.cue("/teardown-fails", "item")
        client.wait_for(b"1")
        client.leave()
        assert_torn_down_once(server, "/teardown-fails")
    assert "ConnectionError: commit failed" in server.wait("logged", "jero").note


@FORMS
@on()
def test_teardown_runs_once_when_the_task_of_the_request_is_cancelled(
    server: Server, form: str
) -> None:
    with ask(server, form) as client:
        server.cue(form, "item")
        client.wait_for(b"1")
        server.cancel(form)
        assert_torn_down_once(server, form)
        assert server.wait("returned", form).note == "CancelledError"


@on(*KINDS_THAT_TELL)
def test_an_error_in_teardown_does_not_look_complete(server: Server) -> None:
    with ask(server, "/teardown-fails") as client:
        server.cue("/teardown-fails", "item")
        client.wait_for(b"1")
        server.cue("/teardown-fails", "end")
        assert client.drain() != "complete"


@on()
def test_a_generator_that_yields_twice_is_closed_and_named_in_the_log(server: Server) -> None:
    with ask(server, "/yields-twice") as client:
        server.cue("/yields-twice", "item")
        client.wait_for(b"1")
        server.cue("/yields-twice", "end")
        assert_torn_down_once(server, "/yields-twice")
    (line,) = server.logged()
    assert "_greedy" in line


@on()
def test_a_context_manager_is_committed_when_the_stream_is_drained(server: Server) -> None:
    with ask(server, "/managed") as client:
        server.cue("/managed", "item", "end")
        client.drain()
    assert server.wait("torn down").note == "committed"


@on()
def test_a_context_manager_is_given_the_error_of_its_stream(server: Server) -> None:
    with ask(server, "/managed"):
        server.cue("/managed", "item", "fail")
        assert server.wait("torn down").note == "LookupError"


@on()
def test_a_context_manager_is_not_committed_when_the_client_is_gone(server: Server) -> None:
    with ask(server, "/managed") as client:
        server.cue("/managed", "item")
        client.wait_for(b"1")
        client.leave()
        assert server.wait("torn down").note == "CancelledError"


@on(*KINDS_WITH_BACKPRESSURE)
def test_a_client_that_stops_reading_and_then_leaves_is_torn_down_like_any_other(
    server: Server,
) -> None:
    with ask(server, "/flood", receive_buffer=4096) as client:
        client.read(1)
        server.wait("stuck")
        client.leave()
        assert_torn_down_once(server, "/flood")


@pytest.mark.parametrize("how", ["leave", "reset"])
@on(*KINDS_WITH_BACKPRESSURE)
def test_an_endless_stream_behind_a_full_socket_is_torn_down_when_the_client_leaves(
    server: Server, how: str
) -> None:
    with ask(server, "/endless", receive_buffer=4096) as client:
        client.read(1)
        server.wait("stuck")
        getattr(client, how)()
        assert_torn_down_once(server, "/endless")
