"""Runs every example of a project: imports it, and records it twice, each time in a fresh interpreter."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from docstage.adopt.adopt import adopt, package_of
from docstage.run.events import Crash, End, Limit, RunEvent
from docstage.snippet import transcript
from docstage.snippet.fresh import Outcome, each
from docstage.snippet.project import Project
from msgspec import Struct

TIMEOUT: Final = 60.0
"""Seconds that one recording of one module may take."""

RECORD: Final = "docstage.snippet.recording:recorded"


class Module(Struct, frozen=True):
    """What became of one module. `why` is empty if everything worked.

    `stage` is the last of these that it reached: `found` (a file), `application` (with requests), `complete`
    (each run ends with a whole response and without a crash), `same` (two recordings are equal).
    """

    name: str
    stage: str
    why: str = ""
    detail: str = ""
    requests: int = 0


def measure(project: Project, package: Path, names: Iterable[str] = ()) -> Iterator[Module]:
    """Import and record the modules in `package` (or those of `names`). In their order."""
    single, _ = package_of(project, package)
    reports = list(adopt(single, package, names))
    written = [report.module for report in reports if report.kind == "written"]
    first = {outcome.name: outcome for outcome in each(single, RECORD, written, TIMEOUT)}
    second = {outcome.name: outcome for outcome in each(single, RECORD, written, TIMEOUT)}
    for report in reports:
        if report.kind != "written":
            yield Module(report.module, "found", report.kind, report.why)
        else:
            name = report.module
            yield judge(name, report.requests, first[name], second[name])


def judge(name: str, requests: int, first: Outcome, second: Outcome) -> Module:
    """What two recordings of the same snippet come to."""
    if first.text is None:
        return Module(name, "application", "not recorded", first.error, requests)
    for request, events in transcript.load(first.text).items():
        if why := _incomplete(events):
            return Module(name, "application", why[0], f"{request}: {why[1]}", requests)
    if second.text != first.text:
        return Module(name, "complete", "differs", _difference(first.text, second), requests)
    return Module(name, "same", requests=requests)


def _incomplete(events: Iterable[RunEvent]) -> tuple[str, str] | None:
    found = list(events)
    for event in found:
        if isinstance(event, Crash):
            return f"crash ({event.phase})", event.message.splitlines()[0]
        if isinstance(event, Limit):
            return f"over the limit of {event.what}", f"{event.limit:g}"
    if not found or not isinstance(found[-1], End) or not found[-1].complete:
        return "incomplete response", ""
    return None


def _difference(first: str, second: Outcome) -> str:
    if second.text is None:
        return second.error
    pairs = zip(first.splitlines(), second.text.splitlines(), strict=False)
    return next((f"{a.strip()} / {b.strip()}" for a, b in pairs if a != b), "length")


def reasons(modules: Iterable[Module]) -> Counter[str]:
    """How often each reason occurs, with what is missing by its name."""
    return Counter(
        f"{module.why}: {module.detail}" if module.why == "not installed" else module.why
        for module in modules
        if module.why
    )
