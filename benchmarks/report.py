"""What was measured, as raw figures, as a table and as a plot. `python -m benchmarks.report` draws the docs' anew."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

from benchmarks.machine import Machine
from benchmarks.workloads import LOAD_BUSY, WORKLOADS, Figure, Plan, Workload

BASE: Final = "floor"
"""The peer that ratios are to."""

_BUSY: Final = 0.9
"""A load that computes for more of the time than this may be what holds a server back."""


class Sample(Struct, frozen=True):
    """One measurement: its figures, or why there are none; and how much of a core others took meanwhile."""

    workload: str
    round: int
    peer: str
    figures: dict[str, float]
    failure: str | None = None
    others: float = 0


class Results(Struct, frozen=True):
    """One run."""

    date: str
    rounds: int
    plan: Plan
    machine: Machine
    peers: list[str]
    samples: list[Sample]


class _Cell(Struct, frozen=True):
    """What one peer's samples of one figure come to. `value` is what is printed, and what bars and their order show.

    No value: it gave none, in more than half of the rounds.
    """

    value: float | None
    failure: str | None = None
    is_held_back: bool = False


class _Comparison(Struct, frozen=True):
    """One figure of all peers that took part, by peer. `base` is the floor's, where the others are multiples of it."""

    figure: Figure
    cells: Mapping[str, _Cell]
    base: float | None


def publish(results: Results, folder: Path) -> None:
    """Write `results.json`, `table.txt`, `machine.txt` and `plot.html` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_bytes(msgspec.json.encode(results) + b"\n")
    (folder / "table.txt").write_text(render_table(results), "utf-8")
    (folder / "machine.txt").write_text(render_machine(results), "utf-8")
    (folder / "plot.html").write_text(render_plot(results), "utf-8")


def render_table(results: Results) -> str:
    """A Markdown table: a row a figure, a column a peer."""
    lines = [
        f"| Workload | {' | '.join(results.peers)} |",
        "|---|" + "--:|" * len(results.peers),
    ]
    for comparison in _comparisons(results):
        figure = comparison.figure
        unit = "" if comparison.base is not None else f", {figure.unit}"
        row = [f"{figure.title}{unit} {'↑' if figure.is_more_better else '↓'}"]
        for peer in results.peers:
            cell = comparison.cells.get(peer)
            shown = _show(cell, comparison) if cell else ""
            if peer == BASE and comparison.base is not None:
                shown = f"{format_number(comparison.base)} {figure.unit}"
            row.append(f"**{shown}**" if peer == "jero" and shown else shown)
        lines.append(f"| {' | '.join(row)} |")
    left_out = _left_out(results)
    return "\n".join(lines) + "\n" + (f"\nLeft out: {left_out}.\n" if left_out else "")


def _left_out(results: Results) -> str:
    """By name, the peers that some of the workloads do not fit."""
    measured = {sample.workload for sample in results.samples}
    workloads = [workload for workload in WORKLOADS if workload.name in measured]
    parts: list[str] = []
    for peer in results.peers:
        of = [w.figures[0].title for w in workloads if peer.replace("-", "_") in w.left_out]
        if of:
            parts.append(f"`{peer}` of {', '.join(f'*{title}*' for title in of)}")
    return "; ".join(parts)


def render_machine(results: Results) -> str:
    """What the figures were made with, as a Markdown list."""
    machine = results.machine
    pinned = "one for the server, one for the load" if machine.is_pinned else "not pinned"
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    others = median(sample.others for sample in results.samples)
    load = "woken once per 64 KiB (`SO_RCVLOWAT`)" if machine.has_marks else "napping between reads"
    return (
        f"- **When**: {results.date}; {results.rounds} rounds of {results.plan.seconds:g} s, medians\n"
        f"- **Served by**: {results.plan.server}, to a load generator {load}\n"
        f"- **Where**: {machine.processor}, {machine.cores} cores ({pinned}), {machine.system}\n"
        f"- **With**: {machine.python}, {packages}\n"
        f"- **Disturbed by**: other processes, which took {others:.0%} of a core in the median measurement\n"
    )


# The plot is put into the page rather than linked from it, so that it takes the colours of the site's two schemes.
# Each panel is a picture of its own, so that they wrap on a narrow screen and their text keeps its size.
_WIDTH: Final = 320
_LABEL: Final = 92
_ROOM: Final = 84  # for what stands after a bar
_BAR: Final = 13
_STEP: Final = 18
_HEAD: Final = 38

_STYLE: Final = """
.bench { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 1rem 2rem; }
.bench svg { width: 100%; max-width: 420px; height: auto; fill: currentColor; }
.bench text { font: 12px var(--md-text-font-family, system-ui, sans-serif); }
.bench .title { font-weight: 700; font-size: 11.5px; }
.bench .bar { fill: currentColor; opacity: .38; }
.bench .bound { opacity: .18; }
.bench .jero { fill: var(--md-accent-fg-color, #00897b); opacity: 1; }
.bench .none { font-style: italic; }
"""


def render_plot(results: Results) -> str:
    """A piece of HTML: a panel a figure, a bar a peer, best first."""
    panels = "\n".join(map(_panel, _comparisons(results)))
    return f'<div class="bench">\n<style>{_STYLE}</style>\n{panels}\n</div>\n'


def _panel(comparison: _Comparison) -> str:
    figure, cells = comparison.figure, comparison.cells

    def rank(entry: tuple[str, _Cell]) -> tuple[bool, float]:
        value = entry[1].value
        return value is None, 0 if value is None else value * (-1 if figure.is_more_better else 1)

    most = max((cell.value for cell in cells.values() if cell.value is not None), default=0)
    unit = figure.unit if comparison.base is None else f"multiple of the {BASE}'s"
    better = "more" if figure.is_more_better else "less"
    parts = [
        f'<text class="title" y="14">{escape(figure.title)}</text>',
        f'<text y="29">{escape(unit)}, {better} is better</text>',
    ]
    y = _HEAD
    for peer, cell in sorted(cells.items(), key=rank):
        middle = y + _BAR - 2
        parts.append(f'<text x="{_LABEL - 6}" y="{middle}" text-anchor="end">{escape(peer)}</text>')
        length = 0.0
        if cell.value is not None:
            length = max(1, (_WIDTH - _LABEL - _ROOM) * cell.value / (most or 1))
            kind = {"jero": " jero", "floor": " bound", "ceiling": " bound"}.get(peer, "")
            parts.append(
                f'<rect class="bar{kind}" x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>'
            )
        kind = ' class="none"' if cell.value is None else ""
        shown = escape(_show(cell, comparison))
        parts.append(f'<text{kind} x="{_LABEL + length + 5:.1f}" y="{middle}">{shown}</text>')
        y += _STEP
    label = escape(f"{figure.title}: the figures of the table below, as bars", {'"': "&quot;"})
    return f'<svg viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _comparisons(results: Results) -> Iterable[_Comparison]:
    measured = {sample.workload for sample in results.samples}
    for workload in WORKLOADS:
        if workload.name in measured:
            for figure in workload.figures:
                yield _compare(results, workload, figure)


def _compare(results: Results, workload: Workload, figure: Figure) -> _Comparison:
    """Each peer's median; of a ratio, the median of the rounds' own, where the floor took part."""
    by_peer: dict[str, list[Sample]] = {peer: [] for peer in results.peers}
    for sample in results.samples:
        if sample.workload == workload.name:
            by_peer[sample.peer].append(sample)
    floor = {s.round: s.figures[figure.key] for s in by_peer.get(BASE, []) if s.figures}
    base = floor if figure.is_ratio and all(floor.values()) else {}
    cells = {peer: _cell(samples, figure, base) for peer, samples in by_peer.items() if samples}
    return _Comparison(figure, cells, median(base.values()) if base else None)


def _cell(samples: Sequence[Sample], figure: Figure, base: Mapping[int, float]) -> _Cell:
    good = [sample for sample in samples if sample.figures]
    if len(good) * 2 <= len(samples):
        return _Cell(None, next(sample.failure for sample in samples if sample.failure))
    values = [s.figures[figure.key] for s in good]
    if base:
        values = [s.figures[figure.key] / base[s.round] for s in good if s.round in base]
    if not values:
        return _Cell(None, f"no {BASE} to compare with")
    busy = [s.figures[LOAD_BUSY] for s in good if LOAD_BUSY in s.figures]
    return _Cell(median(values), is_held_back=bool(busy) and median(busy) > _BUSY)


def _show(cell: _Cell, comparison: _Comparison) -> str:
    if cell.value is None:
        return cell.failure or "no answer"
    star = "*" if cell.is_held_back else ""
    if comparison.base is not None:
        return f"{cell.value:.2f}{star}"
    return format_number(cell.value) + star


def format_number(value: float) -> str:
    """Three digits that count, and no more of them than stand before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    docs = Path(__file__).resolve().parent.parent / "docs" / "assets" / "benchmarks"
    for results in docs.glob("**/results.json"):
        publish(msgspec.json.decode(results.read_bytes(), type=Results), results.parent)
