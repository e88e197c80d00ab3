"""A server of each kind for all the tests, and for those that end it one of their own."""

from collections.abc import Callable, Generator
from contextlib import ExitStack

import pytest

from tests.servers.servers import Server, served
from tests.support.browser import chromium, page

__all__ = ["chromium", "page"]

type Serve = Callable[[str], Server]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Serve]:
    running: dict[str, Server] = {}
    with ExitStack() as stack:

        def serve(kind: str) -> Server:
            if kind not in running or running[kind].process.poll() is not None:
                folder = tmp_path_factory.mktemp(kind)
                running[kind] = stack.enter_context(served(kind, folder))
            return running[kind]

        yield serve


@pytest.fixture
def server(request: pytest.FixtureRequest, servers: Serve) -> Generator[Server]:
    """A running server of the kind that the test asks for by `@on(…)`, with an app that did nothing yet.

    Whatever the test was about, it has left no request behind that still runs, and nothing to the garbage collector.
    """
    server = servers(request.param)
    server.begin()
    try:
        yield server
        server.count()  # collects; and whatever was reported before is here now
        if asked := server.all("asked"):
            server.wait("returned", count=len(asked))
        assert [*server.all("collected"), *server.all("unraisable")] == []
    finally:
        if len(server.all("returned")) < len(server.all("asked")):
            server.kill()  # the next test gets another


@pytest.fixture
def own_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Server]:
    """A server that the test may end."""
    with served(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server
