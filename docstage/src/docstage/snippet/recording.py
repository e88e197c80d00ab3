"""Runs a snippet's requests as they are recorded: each on a fresh app, in virtual time."""

import asyncio
from collections.abc import Mapping

from docstage.run.events import RunEvent
from docstage.run.runner import Run, run_on
from docstage.run.stage import Stage
from docstage.snippet.catalogue import Exchange, Snippet
from docstage.snippet.clock import VirtualClock
from docstage.snippet.project import Project
from docstage.snippet.transcript import dump, joined


def record(snippet: Snippet) -> Mapping[str, list[RunEvent]]:
    """Send every request of the snippet; its events, by the request's name. Time is virtual, so nothing waits."""
    runs: dict[str, list[RunEvent]] = {}
    for exchange in snippet.exchanges:
        with asyncio.Runner(loop_factory=VirtualClock) as runner:
            runs[exchange.name] = runner.run(_record_one(snippet, exchange))
    return runs


def recorded(project: Project, name: str) -> str:
    """The transcript of the snippet, recorded now."""
    masks = project.masks()
    runs = record(project.catalogue().get(name, is_recorded=False))
    return dump({request: masks.events(events) for request, events in runs.items()})


async def _record_one(snippet: Snippet, exchange: Exchange) -> list[RunEvent]:
    stage = Stage(snippet.module, names=snippet.app)
    try:
        async with run_on(stage, exchange.request) as run:
            return joined(await collect(run, exchange.disconnect_after))
    finally:
        await stage.aclose()


async def collect(run: Run, disconnect_after: float | None = None) -> list[RunEvent]:
    """All events of a run, whose client disconnects after `disconnect_after` seconds if that is not `None`."""
    if disconnect_after is not None:
        asyncio.get_running_loop().call_later(disconnect_after, run.disconnect)
    return [event async for event in run]
