"""The benchmarks page: its plot and its conclusion agree with the recorded figures."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.machine import Machine
from benchmarks.report import Results, Sample, render_plot, render_table
from benchmarks.workloads import WORKLOADS, Plan

RECORDED = Path(__file__).parents[1] / "docs/assets/benchmarks"
RESULTS = msgspec.json.decode((RECORDED / "results.json").read_bytes(), type=Results)

PEERS = ["floor", "jero", "starlette", "falcon"]
MACHINE = Machine("CPython", "Linux", "a processor", 2, True, {})  # noqa: FBT003 - a record


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
