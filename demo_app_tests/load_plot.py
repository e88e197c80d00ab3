"""What a measurement of the load gave, and its plot: which share of all deliveries had arrived after how long."""

from typing import Final

from msgspec import Struct


class Machine(Struct, frozen=True):
    """Where figures come from."""

    processor: str
    cores: int
    system: str
    python: str
    programs: dict[str, str]


class Figures(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    machine: Machine
    readers: int
    workers: int
    events: int
    events_per_second: float
    deliveries: int
    idle_worker_mib: float
    reader_kib: float
    milliseconds: list[float]
    """From publishing to reading: the 0th to the 100th percentile."""
    worker_busy: list[float]
    """How much of a core each worker took while events were published."""
    load_busy: float
    """How much of a core the readers took."""
    load_average_before: float
    """What the machine had to do besides."""


def render_table(figures: Figures) -> str:
    """A Markdown table of the figures."""
    times, busy = figures.milliseconds, max(figures.worker_busy)
    rows = {
        "Readers, each with a stream of its own": f"{figures.readers:,} on {figures.workers} workers",
        "Memory a reader": f"{figures.reader_kib:g} KiB",
        "Memory of a worker without readers": f"{figures.idle_worker_mib:g} MiB",
        "Events published": f"{figures.events}, {figures.events_per_second:g} a second",
        "Deliveries": f"{figures.deliveries:,} of {figures.readers * figures.events:,}",
        "Publish → read, median": f"{times[50]:.3g} ms",
        "Publish → read, 99th percentile": f"{times[99]:.3g} ms",
        "A worker's core was busy": f"{busy:.0%} of the time",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| Figure | Value |", "|---|--:|", *lines]) + "\n"


def render_machine(figures: Figures) -> str:
    """Where the figures come from, as a Markdown list."""
    machine = figures.machine
    programs = ", ".join(f"{name} {version}" for name, version in machine.programs.items())
    others = f"{figures.load_average_before:g}"
    return (
        f"- **When**: {figures.date}\n"
        f"- **Where**: {machine.processor}, {machine.cores} cores for the readers, the workers, Redis and nginx"
        f" together, {machine.system}\n"
        f"- **With**: Python {machine.python}, {programs}\n"
        f"- **Beside**: other work on the same machine; its load average was {others} before the run\n"
    )


_WIDTH: Final = 720
_HEIGHT: Final = 320
_LEFT: Final = 56
_RIGHT: Final = 24
_TOP: Final = 24
_BOTTOM: Final = 48

_STYLE: Final = """
@media (prefers-color-scheme: dark) { .load:root { color: #ddd; } }
.load { font: 12px var(--md-text-font-family, system-ui, sans-serif); fill: currentColor; }
.load { max-width: 100%; height: auto; }
.load .line { fill: none; stroke: var(--md-accent-fg-color, #00897b); stroke-width: 2.5; }
.load .grid { stroke: currentColor; opacity: .18; }
.load .mark { fill: var(--md-accent-fg-color, #00897b); }
"""


def render_plot(figures: Figures) -> str:
    """An SVG for both colour schemes: it takes its colours from the page, or asks for the scheme where it is alone."""
    times = figures.milliseconds
    step = _nice_step(times[99])
    most = step * (int(times[99] * 1.15 / step) + 1)

    def x(time: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(time, most) / most

    def y(percent: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - percent / 100)

    parts = [
        f'<path class="grid" d="M{_LEFT} {y(percent):.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT - 8}" y="{y(percent) + 4:.1f}" text-anchor="end">{percent} %</text>'
        for percent in range(0, 101, 25)
    ]
    for tick in range(round(most / step) + 1):
        at = x(tick * step)
        parts.append(
            f'<path class="grid" d="M{at:.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>'
            f'<text x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{tick * step:g}</text>'
        )
    points = " ".join(f"{x(time):.1f},{y(percent):.1f}" for percent, time in enumerate(times[:100]))
    parts.append(f'<polyline class="line" points="{points}"/>')
    for percent in (50, 99):
        at, level = x(times[percent]), y(percent)
        anchor, shift = ("start", 10) if percent == 50 else ("end", -10)
        parts.append(
            f'<circle class="mark" cx="{at:.1f}" cy="{level:.1f}" r="4"/>'
            f'<text x="{at + shift:.1f}" y="{level + 18:.1f}" text-anchor="{anchor}">'
            f"p{percent}: {times[percent]:.3g} ms</text>"
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">milliseconds from publishing to reading</text>'
    )
    label = (
        f"Of {figures.deliveries} deliveries, the share that had arrived after so many milliseconds"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" class="load" role="img" aria-label="{label}">\n'
        f"<style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _nice_step(most: float) -> float:
    """The distance of about five ticks up to there: 1, 2 or 5 times a power of ten."""
    steps = [factor * 10.0**power for power in range(-2, 5) for factor in (1, 2, 5)]
    return next(step for step in steps if step * 6 >= most)
