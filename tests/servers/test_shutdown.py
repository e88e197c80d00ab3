"""Promises 1 and 13: a server that is told to stop stops, and every stream is torn down before the app is shut down.

What is told here of a server comes from one stop of it, with streams open.
"""

import signal
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.servers.clients import ask
from tests.servers.servers import (
    HTTP1_KINDS,
    KINDS,
    KINDS_THAT_TELL,
    KINDS_WITH_BACKPRESSURE,
    Server,
    on_its_own,
    served,
)

STREAMS = 50

EXIT_CODES = {
    "uvicorn": -signal.SIGTERM,
    "uvicorn-asyncio": -signal.SIGTERM,
    "granian": 0,
    "hypercorn": 0,
}


@dataclass(frozen=True)
class Stop:
    """A server that was stopped, by SIGTERM, and how long that took, in seconds."""

    server: Server
    took: float


@pytest.fixture(scope="module")
def stop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stop:
    with served(request.param, tmp_path_factory.mktemp("stop")) as server, ExitStack() as stack:
        clients = [stack.enter_context(ask(server, "/idle")) for _ in range(STREAMS)]
        for client in clients:
            client.wait_for(b'{"number":1}')
        began = server.terminate()
        # Clients read on; in HTTP/2 a server waits for their answer to its ping (RFC 9113 § 6.8).
        for client in clients if server.kind in KINDS_THAT_TELL else ():
            client.drain()
        return Stop(server, server.wait_until_gone() - began)


def stopped(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stop", kinds or KINDS, indirect=True, scope="module")


@stopped()
def test_sigterm_with_50_open_event_streams_ends_the_process(stop: Stop) -> None:
    print(f"{stop.server.kind}: gone {stop.took:.2f} s after SIGTERM")
    assert stop.server.process.returncode is not None


@stopped()
def test_teardown_runs_once_when_the_server_shuts_down(stop: Stop) -> None:
    assert len(stop.server.all("opened")) == STREAMS
    assert len(stop.server.all("torn down")) == STREAMS


@stopped()
def test_every_stream_is_torn_down_before_the_app_is_shut_down(stop: Stop) -> None:
    (shut_down,) = stop.server.all("lifespan.shutdown.complete")
    assert max(report.at for report in stop.server.all("torn down")) <= shut_down.at


@stopped()
def test_nothing_is_left_to_the_garbage_collector_when_the_server_shuts_down(stop: Stop) -> None:
    assert [*stop.server.all("collected"), *stop.server.all("unraisable")] == []


@stopped()
def test_a_server_shutdown_is_not_an_error(stop: Stop) -> None:
    assert stop.server.logged() == []


@stopped(*HTTP1_KINDS)
def test_the_servers_own_handling_of_sigterm_stays_as_it_is(stop: Stop) -> None:
    assert stop.server.process.returncode == EXIT_CODES[stop.server.kind]


@on_its_own(*KINDS_WITH_BACKPRESSURE)
def test_sigterm_tears_down_streams_that_are_busy_and_whose_clients_do_not_read(
    own_server: Server,
) -> None:
    """The server then waits until such a client has taken what was written, or has left."""
    with (
        ask(own_server, "/flood", receive_buffer=4096) as one,
        ask(own_server, "/endless", receive_buffer=4096) as two,
    ):
        one.read(1)
        two.read(1)
        own_server.wait("stuck", "/flood")
        own_server.wait("stuck", "/endless")
        own_server.terminate()
        own_server.wait("torn down", count=2)
        one.reset()
        two.reset()
        own_server.wait_until_gone()
