"""Modules brought to life, where they are imported and where they do not start."""

import asyncio
import importlib
import sys
from pathlib import Path

import pytest

from jero.testing import VirtualClock
from playground.events import Crash, End, Request
from playground.recording import collect
from playground.runner import Limits, run_on
from playground.stage import Stage, StageError

pytestmark = pytest.mark.anyio
GET = Request("GET", "/")

HANGS = """
import asyncio

async def app(scope, receive, send):
    await asyncio.sleep(1_000_000)
"""

REFUSES = """
import asyncio

async def app(scope, receive, send):
    for _ in range(10):
        try:
            await asyncio.sleep(1_000)
        except asyncio.CancelledError:
            pass
"""


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": VirtualClock}


@pytest.fixture(autouse=True)
def troupe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a module `actor`."""
    folder = tmp_path / "troupe"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "actor.py").write_text("app = print\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("troupe", "troupe.actor"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    return folder


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_a_start_up_that_hangs_is_cancelled_with_the_run_that_waits_for_it() -> None:
    before = others()
    stage = Stage("troupe.actor", HANGS)
    events = await collect(run_on(stage, GET, Limits(seconds=1, grace=1)))
    assert [type(event) for event in events[-2:]] == [Crash, End]
    assert others() == before


@pytest.mark.parametrize("source", [HANGS, REFUSES])
async def test_a_stage_closes_in_time_though_its_start_up_hangs(source: str) -> None:
    stage = Stage("troupe.actor", source)
    waiting = [asyncio.create_task(stage.app()) for _ in range(2)]
    await asyncio.sleep(1)
    await stage.aclose(patience=2)
    assert asyncio.get_running_loop().time() < 10
    for error in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(error, StageError)


async def test_edited_source_is_what_every_import_of_it_finds() -> None:
    unedited = importlib.import_module("troupe.actor")
    source = """
async def app(scope, receive, send):
    from . import actor as relative
    from troupe import actor as absolute
    import troupe.actor as dotted
    assert relative.app is absolute.app is dotted.app is app
"""
    stage = Stage("troupe.actor", source)
    app = await stage.app()
    await app({}, asyncio.Queue[dict[str, object]]().get, asyncio.Queue[object]().put)
    await stage.aclose()
    assert importlib.import_module("troupe").actor is unedited


async def test_edited_source_that_fails_leaves_the_module_that_was_there() -> None:
    unedited = importlib.import_module("troupe.actor")
    with pytest.raises(StageError):
        await Stage("troupe.actor", "1 / 0").app()
    assert importlib.import_module("troupe").actor is unedited


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "BaseException"])
async def test_whatever_an_import_raises_is_told(error: str, troupe: Path) -> None:
    (troupe / "actor.py").write_text(f"raise {error}")
    with pytest.raises(StageError, match=error):
        await Stage("troupe.actor").app()


async def test_a_line_is_the_modules_own_and_not_that_of_another_of_its_name(
    troupe: Path,
) -> None:
    (troupe / "actor.py").write_text("\ndef app():\n    import stand_in.troupe.actor\n")
    other = troupe.parent / "stand_in" / "troupe"
    other.mkdir(parents=True)
    (other / "actor.py").write_text("1 / 0")
    stage = Stage("troupe.actor")
    app = importlib.import_module("troupe.actor").app
    await stage.app()
    with pytest.raises(ZeroDivisionError) as caught:
        app()
    assert stage.line_of(caught.value) == 3
