"""The benchmarks page: its plot and its conclusion agree with the recorded figures."""

import asyncio
import re
import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.client import ITEM_END, MARK, STREAM_END, BrokenError, Connection, has_marks
from benchmarks.data import (
    CHUNKS,
    DISTINCT,
    READERS,
    RECORDS,
    RETRY,
    TOKENS,
    TRADES,
    FanOut,
    encode_data,
    encode_event,
    encode_line,
)
from benchmarks.machine import Machine
from benchmarks.report import Results, Sample, render_plot, render_table
from benchmarks.workloads import WORKLOADS, Plan

RECORDED = Path(__file__).parents[1] / "docs/assets/benchmarks"
RESULTS = msgspec.json.decode((RECORDED / "results.json").read_bytes(), type=Results)

PEERS = ["floor", "jero", "starlette", "falcon"]
MACHINE = Machine("CPython", "Linux", "a processor", 2, True, {})  # noqa: FBT003 - a record

SAMPLE = Sample("first", 1, "jero", {"first_item_us": 100})


def panels(plot: str) -> list[Tag]:
    return BeautifulSoup(plot, "html.parser").find_all("svg")


def bars(panel: Tag) -> list[tuple[float, float]]:
    """Of each bar, from the top: the figure printed after it, and how long it is."""
    found: list[tuple[float, float]] = []
    for rect in panel.find_all("rect"):
        text = rect.find_next_sibling("text")
        assert text is not None
        printed = text.get_text().rstrip("*").replace(",", "")
        found.append((float(printed), float(str(rect["width"]))))
    return found


def results(rounds: list[Mapping[str, float]], name: str) -> Results:
    """Results in which each figure of a workload has the value of its peer."""
    (workload,) = (workload for workload in WORKLOADS if workload.name == name)
    samples = [
        Sample(name, number, peer, {figure.key: value for figure in workload.figures})
        for number, values in enumerate(rounds, 1)
        for peer, value in values.items()
    ]
    return Results("2026-01-01", len(rounds), Plan(), MACHINE, PEERS, samples)


def assert_bars_show_what_is_printed(plot: str) -> None:
    for panel in panels(plot):
        title = panel.find_all("text")[1].get_text()
        shown = bars(panel)
        values = [value for value, _ in shown]
        assert values == sorted(values, reverse="more is better" in title)
        longest = max(shown)
        for value, length in shown:
            # Both are rounded, and no bar is shorter than one pixel.
            assert length == pytest.approx(max(1, longest[1] * value / longest[0]), rel=0.02, abs=1)


def test_the_bars_of_the_page_have_the_length_and_order_of_the_figures_beside_them() -> None:
    assert_bars_show_what_is_printed((RECORDED / "plot.html").read_text("utf-8"))


@given(
    st.lists(
        st.fixed_dictionaries({peer: st.floats(100, 1000) for peer in PEERS}),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["first", "json", "idle"]),
)
def test_bars_have_the_length_and_order_of_the_figures_beside_them(
    rounds: list[Mapping[str, float]], workload: str
) -> None:
    assert_bars_show_what_is_printed(render_plot(results(rounds, workload)))


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    rounds: list[Mapping[str, float]] = [
        {"floor": 100, "jero": 200},
        {"floor": 200, "jero": 300},
        {"floor": 400, "jero": 400},
    ]
    table = render_table(results(rounds, "first"))
    assert "| Time to first item ↓ | 200 µs | **1.50** |" in table


def test_without_the_floor_figures_are_shown_in_their_own_unit() -> None:
    measured = results([{"jero": 250.0, "falcon": 125.0}], "first")
    (panel,) = panels(render_plot(measured))
    assert "µs, less is better" in panel.get_text()
    assert [value for value, _ in bars(panel)] == [125, 250]
    assert "| Time to first item, µs ↓ |" in render_table(measured)


def test_a_peer_that_was_measured_in_no_round_with_the_floor_has_no_ratio() -> None:
    rounds: list[Mapping[str, float]] = [{"floor": 100, "jero": 200}, {"falcon": 150}]
    (panel,) = panels(render_plot(results(rounds, "first")))
    assert "no floor to compare with" in panel.get_text()
    assert len(bars(panel)) == 2


def test_peers_that_a_workload_does_not_fit_are_left_out_by_name() -> None:
    measured = Results("2026-01-01", 1, Plan(), MACHINE, ["jero", "ceiling"], [SAMPLE])
    assert render_table(measured).endswith("\nLeft out: `ceiling` of *Time to first item*.\n")


@pytest.mark.parametrize(
    "wire",
    [
        *map(encode_line, TRADES[:DISTINCT]),
        *map(encode_line, RECORDS[:DISTINCT]),
        *map(encode_data, TOKENS[:DISTINCT]),
        encode_event(TRADES[0], RETRY),
        CHUNKS[0],
    ][::97],
)
def test_every_item_has_one_mark_to_count_it_by(wire: bytes) -> None:
    assert wire.count(ITEM_END) == 1


def test_an_event_goes_to_all_readers_when_all_of_them_wait() -> None:
    async def fan_out_once() -> None:
        fan_out = FanOut()
        readers = [asyncio.create_task(fan_out.wait()) for _ in range(READERS - 1)]
        await asyncio.sleep(0)
        assert not any(reader.done() for reader in readers)
        await fan_out.wait()
        await asyncio.gather(*readers)

    asyncio.run(fan_out_once())


def test_a_low_water_mark_is_used_only_where_poll_heeds_it() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Connection(listener.getsockname()[1], mark=MARK) as connection,
        listener.accept()[0],
    ):
        mark = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)
        assert (mark == MARK) is has_marks()


@pytest.mark.parametrize("mark", [1, MARK])
def test_the_end_of_a_stream_arrives_however_little_it_is(mark: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Connection(listener.getsockname()[1], mark=mark) as connection,
        listener.accept()[0] as server,
    ):
        connection.ask("/")
        server.sendall(b"HTTP/1.1 200 OK\r\n\r\n2\r\n{}" + STREAM_END)
        assert connection.read_until(STREAM_END) == 1


def test_a_refused_request_is_no_answer() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Connection(listener.getsockname()[1]) as connection,
        listener.accept()[0] as server,
    ):
        connection.ask("/")
        server.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}")
        with pytest.raises(BrokenError, match="503"):
            connection.read_first()


def test_the_recorded_figures_can_be_read() -> None:
    assert {sample.peer for sample in RESULTS.samples} == set(RESULTS.peers)


def test_the_conclusion_of_the_page_is_true_of_the_figures() -> None:
    ready = ratios("NDJSON, items ready"), ratios("SSE, events ready")
    for figures in ready:
        best = max(value for peer, value in figures.items() if peer not in {"ceiling", "jero"})
        assert figures["jero"] > 8 * best
    for figures in (ratios("NDJSON, suspends per item"), ratios("SSE, suspends per event")):
        best = max(value for peer, value in figures.items() if peer != "jero")
        assert 0.85 * best <= figures["jero"] <= best


def ratios(title: str) -> dict[str, float]:
    """By peer, without the floor's, as the recorded table has them."""
    heads, _, *rows = (RECORDED / "table.txt").read_text("utf-8").splitlines()
    (row,) = (row for row in rows if row.startswith(f"| {title} "))
    cells = zip(heads.split("|")[2:], row.split("|")[2:], strict=True)
    numbers = {peer.strip(): re.fullmatch(r"\s*\**([\d.]+)\**\s*", shown) for peer, shown in cells}
    return {peer: float(number[1]) for peer, number in numbers.items() if number}
