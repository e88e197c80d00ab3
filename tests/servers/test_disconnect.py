"""Promise 4: a disconnect is noticed at once when the stream is idle, before the next send when it is busy.

An idle stream sends nothing, so nothing but the disconnect can end it. How long that takes is printed and not tested.
"""

import pytest

from tests.servers.clients import ask
from tests.servers.servers import Server, on


@pytest.mark.parametrize("where", ["/gated", "/events"])
@on()
def test_an_idle_disconnect_is_noticed_at_once(server: Server, where: str) -> None:
    took: list[float] = []
    for many in range(1, 11):
        with ask(server, where) as client:
            server.cue(where, "item")
            client.wait_for(b"1")
            left = client.leave()
            took.append(server.wait("torn down", where, count=many).at - left)
    print(f"{server.kind}: torn down (20 ms of its own) after {_figures(took)}")
    assert server.logged() == []


@on()
def test_a_disconnect_before_the_first_item_is_noticed_at_once(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.wait("opened")
        left = client.leave()
        took = server.wait("torn down").at - left
    print(f"{server.kind}: torn down (20 ms of its own) after {_figures([took])}")
    assert server.logged() == []


@on()
def test_an_idle_disconnect_is_noticed_when_the_request_had_a_body(server: Server) -> None:
    json = (("content-type", "application/json"),)
    with ask(server, "/gated", "POST", headers=json, body=b'{"number":1}') as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        client.leave()
        server.wait("torn down")
    assert server.logged() == []


@on()
def test_no_item_is_pulled_after_an_idle_disconnect(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", "item")
        client.wait_for(b"1")
        client.leave()
        server.wait("torn down")
        server.cue("/gated", "item", "item")
        server.wait("returned")
    assert server.sent("/gated").items == 1


@pytest.mark.parametrize("where", ["/flood", "/endless"])
@on()
def test_no_more_than_one_further_item_is_pulled_after_a_busy_disconnect(
    server: Server, where: str
) -> None:
    with ask(server, where) as client:
        client.read(300_000)
        client.leave()
        server.wait("returned")
    noticed = server.wait("disconnect", where).number
    assert server.sent(where).items - noticed <= 1


def _figures(took: list[float]) -> str:
    return f"{max(took) * 1000:.1f} ms at most, of {len(took)}"
