"""Promise 16: a producer that refuses to end is abandoned, by name, and holds up nobody.

What is told here of a server comes from one life of it. Of each producer it serves one whose client leaves, and one
whose client is still there when the server is told to stop.
"""

from dataclasses import dataclass

import pytest

from tests.servers.clients import ask
from tests.servers.servers import Server, served

PRODUCERS = {"/swallows": "Swallows", "/ignores": "Ignores"}
"""The one swallows `CancelledError`; the other ignores `GeneratorExit`, too."""


@dataclass(frozen=True)
class Life:
    server: Server
    reports_before_stop: int
    was_alive: bool
    stopped_in: float


@pytest.fixture(scope="module")
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    with served(request.param, tmp_path_factory.mktemp("life")) as server:
        for where in PRODUCERS:
            with ask(server, where) as client:
                client.wait_for(b"1")
                client.leave()
                server.wait("returned", where)
        with ask(server, "/small") as other:
            was_alive = other.drain() == "complete"
        server.count()
        so_far = len(server.reports)
        with ask(server, "/swallows") as one, ask(server, "/ignores") as two:
            one.wait_for(b"1")
            two.wait_for(b"1")
            began = server.terminate()
            return Life(server, so_far, was_alive, server.wait_until_gone() - began)


on_servers = pytest.mark.parametrize(
    "life", ["uvicorn", "granian", "hypercorn"], indirect=True, scope="module"
)
of_producers = pytest.mark.parametrize("where", PRODUCERS)


@of_producers
@on_servers
def test_a_producer_that_refuses_to_end_is_abandoned_after_the_disconnect(
    life: Life, where: str
) -> None:
    before_stop = life.server.reports[: life.reports_before_stop]
    assert [report.what for report in before_stop if report.where == where].count("returned") == 1


@of_producers
@on_servers
def test_a_producer_that_refuses_to_end_is_named_in_the_log(life: Life, where: str) -> None:
    assert [line for line in life.server.logged() if PRODUCERS[where] in line]


@of_producers
@on_servers
def test_teardown_runs_even_if_the_producer_refuses_to_stop(life: Life, where: str) -> None:
    assert len(life.server.all("torn down", where)) == 2


@on_servers
def test_a_producer_that_refuses_to_end_leaves_the_worker_to_others(life: Life) -> None:
    assert life.was_alive


@on_servers
def test_producers_that_refuse_to_end_do_not_hold_the_servers_exit(life: Life) -> None:
    print(f"{life.server.kind}: gone {life.stopped_in:.2f} s after SIGTERM")
    assert life.server.process.returncode is not None
