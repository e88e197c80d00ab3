"""A job that outlives those who watch it."""

import asyncio

import pytest

from snippets.how_to import progress
from snippets.how_to.progress import Done, Failed, Job, Progress, State
from tests.support.asking import ask

pytestmark = pytest.mark.anyio


async def _watch(job: Job) -> list[State]:
    return [state async for state in job.watch()]


async def test_a_job_goes_on_when_the_client_has_left() -> None:
    app, target = progress.App(), "/reports/2026-10/progress"
    await ask(app, target, leave_after=1.0)
    await asyncio.sleep(0.7)
    answer = await ask(app, target)
    assert answer.chunks[0] == b'data: {"type":"progress","page":4,"of":6}\n\n'
    assert answer.is_complete


async def test_all_who_watch_see_the_same_job() -> None:
    job = Job("2026-11")
    first, second = await asyncio.gather(_watch(job), _watch(job))
    assert first == second
    assert first[-1] == Done("/reports/2026-11")


async def test_who_comes_later_is_told_at_once_how_it_ended() -> None:
    job = Job("2026-11")
    await job.task
    assert await _watch(job) == [Done("/reports/2026-11")]


async def test_a_slow_watcher_is_told_the_newest_state_and_holds_up_nobody() -> None:
    job = Job("2026-11")
    states = job.watch()
    assert await anext(states) == Progress(0)
    await job.task
    assert await anext(states) == Done("/reports/2026-11")


async def test_a_job_that_fails_says_so_to_those_who_watch() -> None:
    assert (await _watch(Job("2026-02")))[-1] == Failed("there are no figures for page 3")
