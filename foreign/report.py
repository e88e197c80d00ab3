"""What was measured: as JSON, as a table in Markdown, and as a plot."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import msgspec
from msgspec import Struct

from foreign.measure import Module, reasons

STAGES: Final = ("found", "application", "complete", "same")

_ROWS: Final[tuple[tuple[str, Callable[[Sequence[Module]], int]], ...]] = (
    ("modules", len),
    ("have an application to request", lambda modules: reached(modules, "application")),
    ("requests written for them", lambda modules: sum(module.requests for module in modules)),
    ("every run complete", lambda modules: reached(modules, "complete")),
    ("recorded the same twice", lambda modules: reached(modules, "same")),
)

# A bar's parts, from dark to light: what worked, what ran but differed, what failed, what is no example of its own.
_PARTS: Final = (
    ("same", "recorded the same twice", 1.0),
    ("complete", "complete, but different each time", 0.6),
    ("application", "has requests, but fails", 0.35),
    ("found", "no application to request", 0.12),
)
_WIDTH: Final = 640
_LABEL: Final = 120
_BAR: Final = 18
_STEP: Final = 28


class Results(Struct, frozen=True):
    """One run: the modules of each framework, by its name and version."""

    date: str
    python: str
    frameworks: dict[str, list[Module]]


def reached(modules: Sequence[Module], stage: str) -> int:
    """How many modules came at least as far as `stage`."""
    least = STAGES.index(stage)
    return sum(STAGES.index(module.stage) >= least for module in modules)


def table(results: Results) -> str:
    """A row for each count, a column for each framework, and below it the reasons with their counts."""
    frameworks = results.frameworks
    lines = [f"| | {' | '.join(frameworks)} |", "|---|" + "--:|" * len(frameworks)]
    for title, count in _ROWS:
        cells = [str(count(modules)) for modules in frameworks.values()]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    counted = {name: reasons(modules) for name, modules in frameworks.items()}
    order: dict[str, int] = {}
    for counts in counted.values():
        for reason, count in counts.items():
            order[reason] = order.get(reason, 0) + count
    for reason in sorted(order, key=lambda each: (-order[each], each)):
        cells = [str(counts[reason] or "") for counts in counted.values()]
        lines.append(f"| not: {reason} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plot(frameworks: Mapping[str, Sequence[Module]]) -> str:
    """An SVG: a bar for each framework, parted by how far its modules came."""
    parts: list[str] = []
    for index, (_, title, opacity) in enumerate(_PARTS):
        x, y = (index % 2) * _WIDTH // 2, 4 + index // 2 * 18
        parts.append(f'<rect x="{x}" y="{y}" width="11" height="11" fill-opacity="{opacity}"/>')
        parts.append(f'<text x="{x + 17}" y="{y + 10}">{escape(title)}</text>')
    y = 52
    for name, modules in frameworks.items():
        parts.append(f'<text x="{_LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        at = float(_LABEL)
        for stage, _, opacity in _PARTS:
            count = sum(module.stage == stage for module in modules)
            width = (_WIDTH - _LABEL) * count / (len(modules) or 1)
            if count:
                parts.append(
                    f'<rect x="{at:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}"'
                    f' fill-opacity="{opacity}"><title>{count}</title></rect>'
                )
            at += width
        y += _STEP
    style = "text { font: 12px system-ui, sans-serif; fill: #777; }"
    label = "How far the example modules of each framework came; the numbers are in the table."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img" aria-label="{label}"'
        f' fill="#00796b"><style>{style}</style>{"".join(parts)}</svg>\n'
    )


def publish(results: Results, folder: Path) -> None:
    """Write `results.json`, `table.md` and `plot.svg` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / "results.json").write_bytes(encoded + b"\n")
    (folder / "table.md").write_text(table(results), "utf-8")
    (folder / "plot.svg").write_text(plot(results.frameworks), "utf-8")
