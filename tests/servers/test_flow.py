"""Promises 6, 7, 8 and 9: nothing waits that is ready, nobody starves, nothing piles up, silence is kept alive."""

import re
import socket
import threading
import time
from statistics import median

from tests.servers.clients import HTTP1, HTTP2, ask
from tests.servers.servers import KINDS_WITH_BACKPRESSURE, Server, on

WRITE = 64 * 1024


@on()
def test_an_item_is_on_the_wire_before_the_producer_is_awaited_again(server: Server) -> None:
    with ask(server, "/gated") as client:
        for number in range(1, 6):
            server.cue("/gated", "item")  # and the next cue comes only when this item has arrived
            client.wait_for(b'{"number":%d}\n' % number)
        server.cue("/gated", "end")
        assert client.drain() == "complete"


@on()
def test_items_that_are_ready_together_arrive_before_the_producer_waits(server: Server) -> None:
    with ask(server, "/gated") as client:
        server.cue("/gated", *["item"] * 100)
        client.wait_for(b'{"number":100}\n')
        server.cue("/gated", "end")
        assert client.drain() == "complete"
    print(f"{server.kind}: 100 items in {server.sent('/gated').writes - 2} writes")


@on()
def test_a_write_is_never_much_larger_than_its_bound(server: Server) -> None:
    with ask(server, "/ready") as client:
        assert client.drain() == "complete"
        assert client.body.count(b"\n") == 100_000
    sent = server.sent("/ready")
    print(f"{server.kind}: 100,000 items in {sent.writes} writes, {sent.largest} bytes at most")
    assert sent.largest <= WRITE + len(b'{"number":99999}\n')


@on()
def test_a_slow_producer_that_never_suspends_is_not_held_back(server: Server) -> None:
    with ask(server, "/blocking") as client:
        assert client.drain() == "complete"
    sent = {report.number: int(report.note) for report in server.all("item")}
    # An item takes longer than one may be held back: it has been sent before the second after it is produced.
    assert [number for number in range(1, 7) if sent[number + 2] < number] == []


@on()
def test_endless_streams_that_never_suspend_leave_others_their_turn(server: Server) -> None:
    took: list[float] = []
    with ask(server, "/endless") as one, ask(server, "/endless") as two:
        readers = [threading.Thread(target=_read_on, args=[client]) for client in (one, two)]
        for reader in readers:
            reader.start()
        try:
            for _ in range(20):
                began = time.monotonic()
                with ask(server, "/small") as client:
                    assert client.drain() == "complete"
                took.append(time.monotonic() - began)
            assert (one.ending, two.ending) == (None, None)
        finally:
            for client in (one, two):
                client.socket.shutdown(socket.SHUT_RDWR)
            for reader in readers:
                reader.join()
    print(f"{server.kind}: {median(took) * 1000:.1f} ms, {max(took) * 1000:.1f} ms at most")


@on(*KINDS_WITH_BACKPRESSURE)
def test_a_slow_client_on_an_endless_stream_costs_constant_memory(server: Server) -> None:
    with ask(server, "/endless", receive_buffer=4096) as client:
        client.read(1024)
        server.wait("stuck")
        before = server.count().memory
        for many in range(2, 513):
            client.read(many * 1024)
        after = server.count().memory
        ahead = server.sent("/endless").items * 1024 - len(client.body)
    print(
        f"{server.kind}: {(after - before) / 1024:.0f} KiB more, {ahead / 1024:.0f} KiB in flight"
    )
    assert after - before < 8 << 20
    assert ahead < 16 << 20


@on()
def test_keepalive_sends_comments_in_a_silence(server: Server) -> None:
    with ask(server, "/kept") as client:
        server.cue("/kept", "item")
        client.wait_for(b'data: {"number":1}\n\n: ping\n\n: ping\n\n')
        server.cue("/kept", "item", "end")
        assert client.drain() == "complete"
    assert re.fullmatch(
        rb'(: ping\n\n)*data: {"number":1}\n\n(: ping\n\n){2,}data: {"number":2}\n\n(: ping\n\n)*',
        client.body,
    )


@on()
def test_keepalive_sends_comments_before_the_first_event(server: Server) -> None:
    with ask(server, "/kept") as client:
        client.wait_for(b": ping\n\n: ping\n\n")
        client.leave()


@on("uvicorn", "uvicorn-asyncio", "hypercorn")  # the others take some megabytes before they wait
def test_keepalive_never_comes_inside_an_event(server: Server) -> None:
    with ask(server, "/large", receive_buffer=4096) as client:
        client.read(1)
        server.wait("stuck")
        assert client.drain() == "complete"
    events = client.body.replace(b": ping\n\n", b"").split(b"\n\n")
    assert [(event[:7], len(event)) for event in events] == [
        *((b"data: %d" % number, 6 + 4_000_000) for number in range(4)),
        (b"", 0),
    ]


@on()
def test_keepalive_ends_with_its_stream(server: Server) -> None:
    before = server.count().tasks
    with ask(server, "/kept") as client:
        server.cue("/kept", "item")
        client.wait_for(b": ping")
        client.leave()
        server.wait("returned")
    assert server.settle(lambda counts: counts.tasks <= before).tasks == before


def _read_on(client: HTTP1 | HTTP2) -> None:
    while client.ending is None:
        client.step()
        client.body.clear()
