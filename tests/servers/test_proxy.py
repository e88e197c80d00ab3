"""Promise 12: a stream passes through an nginx that is configured for nothing, item by item."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.servers.clients import HTTP1
from tests.servers.servers import Address, Server, nginx_before, on

BEHIND = ("uvicorn", "granian", "hypercorn")


@pytest.fixture
def nginx(server: Server, tmp_path: Path) -> Generator[Address]:
    with nginx_before(server.address, tmp_path) as address:
        yield address


@pytest.mark.parametrize("where", ["/gated", "/events"])
@on(*BEHIND)
def test_the_first_item_passes_nginx_before_the_second_is_produced(
    server: Server, nginx: Address, where: str
) -> None:
    with HTTP1(nginx, where) as client:
        server.cue(where, "item")
        client.wait_for(b'{"number":1}')
        server.cue(where, "item")  # not before
        client.wait_for(b'{"number":2}')
        server.cue(where, "end")
        assert client.drain() == "complete"


@on(*BEHIND)
def test_a_client_that_leaves_nginx_tears_its_stream_down(server: Server, nginx: Address) -> None:
    with HTTP1(nginx, "/events") as client:
        server.cue("/events", "item")
        client.wait_for(b'{"number":1}')
        client.leave()
        server.wait("returned")
    assert len(server.all("torn down")) == 1


@on(*BEHIND)
def test_keepalive_passes_nginx(server: Server, nginx: Address) -> None:
    with HTTP1(nginx, "/kept") as client:
        client.wait_for(b": ping\n\n: ping\n\n")
