"""Modules brought to life, where they are imported and where they do not start."""

import asyncio
import importlib
import sys
from pathlib import Path

import pytest
from docstage.run import mistakes
from docstage.run.events import Crash, End, Log, Request, Start
from docstage.run.runner import Limits, run_on
from docstage.run.stage import Stage, StageError
from docstage.snippet.recording import collect

from jero.testing import VirtualClock

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
    await stage.aclose(grace=2)
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


async def message_of(source: str) -> str:
    """What is reported when `source` is run in the module's place."""
    events = await collect(run_on(Stage("troupe.actor", source), GET))
    (crash,) = (event for event in events if isinstance(event, Crash))
    return crash.message


MISTAKES = {
    "WSGI": (
        "def app(environ, start_response): return []",
        (
            "`app` takes two arguments, as WSGI applications do, and an example is an ASGI application: "
            "wrap it, for example with `app = a2wsgi.WSGIMiddleware(app)`."
        ),
    ),
    "a WSGI object": (
        "class Flask:\n def __call__(self, environ, start_response): return []\napp = Flask()",
        "`app` takes two arguments, as WSGI",
    ),
    "ASGI 2": (
        "class app:\n def __init__(self, scope): pass\n async def __call__(self, receive, send): pass",
        (
            "`app` takes the scope only, as ASGI 2 applications do, and an example is an ASGI 3 application: "
            "wrap it with `app = asgiref.compatibility.guarantee_single_callable(app)`."
        ),
    ),
    "an ASGI 2 function": (
        "def app(scope):\n async def serve(receive, send): pass\n return serve",
        "`app` takes the scope only",
    ),
    "a class": (
        "from starlette.applications import Starlette as app",
        "`app` is a class: create an instance, as in `app = Starlette()`.",
    ),
    "a factory": (
        "def app(): pass",
        "`app` is a function without arguments: if it creates the application, write `app = create_app()`.",
    ),
    "too many arguments": ("def app(a, b, c, d): pass", "cannot be called with `(scope, receive"),
    "a function that is not async": (
        "def app(scope, receive, send): pass",
        (
            "TypeError: object NoneType can't be used in 'await' expression. "
            "Calling `app` did not return an awaitable: declare it with `async def`, and without `yield`."
        ),
    ),
    "sys.exit": (
        "import sys\nsys.exit(3)",
        (
            "SystemExit: 3. The code called `sys.exit`, and examples share their process: "
            "raise another exception, or exit below `if __name__ == '__main__':`."
        ),
    ),
    "exit in a handler": (
        "async def app(scope, receive, send): raise SystemExit('no configuration')",
        "SystemExit: no configuration. The code called `sys.exit`",
    ),
    "asyncio.run": (
        "import asyncio\nasync def main(): pass\nasyncio.run(main())",
        (
            "The event loop that serves `app` is running already: "
            "start servers and event loops of your own below `if __name__ == '__main__':`."
        ),
    ),
}


@pytest.mark.filterwarnings("ignore:coroutine 'main' was never awaited")
@pytest.mark.parametrize(("source", "expected"), MISTAKES.values(), ids=MISTAKES)
async def test_a_common_mistake_is_reported_with_what_to_do(source: str, expected: str) -> None:
    assert expected in await message_of(source)


APPS = {
    "a class that is awaited": (
        "class app:\n def __init__(self, scope, receive, send): pass\n def __await__(self): yield"
    ),
    "any arguments": "async def app(*arguments): pass",
    "defaults": "async def app(scope, receive, send, more=None): pass",
    "a partial": "import functools\nasync def of(a, *_): pass\napp = functools.partial(of, 1)",
    "a wrapper": (
        "import functools\ndef made(): pass\n@functools.wraps(made)\nasync def app(scope, receive, send): pass"
    ),
}


@pytest.mark.parametrize("source", APPS.values(), ids=APPS)
async def test_whatever_can_be_called_as_asgi_has_it_is_an_application(source: str) -> None:
    events = await collect(run_on(Stage("troupe.actor", source), GET))
    assert events == [End(0, complete=False)]


READS = "from pathlib import Path\napp = print\nopen({path}).close()\n"


@pytest.mark.parametrize("source", [None, READS.format(path="Path(__file__).parent / 'rows.csv'")])
async def test_a_file_beside_an_example_is_found_by_the_original_and_by_edited_code(
    troupe: Path, source: str | None
) -> None:
    (troupe / "rows.csv").touch()
    (troupe / "actor.py").write_text(READS.format(path="Path(__file__).parent / 'rows.csv'"))
    assert await Stage("troupe.actor", source).app() is print


@pytest.mark.parametrize(
    ("path", "found"), [("rows.csv", "rows.csv"), ("troupe/data/rows.csv", "data/rows.csv")]
)
async def test_a_relative_path_that_misses_a_file_beside_the_example_is_reported_with_the_right_one(
    troupe: Path, path: str, found: str
) -> None:
    (troupe / found).parent.mkdir(exist_ok=True)
    (troupe / found).touch()
    assert (await message_of(READS.format(path=repr(path)))).endswith(
        f"open `Path(__file__).parent / {found!r}`."
    )


async def test_a_file_that_is_nowhere_is_reported_as_python_does() -> None:
    message = await message_of(READS.format(path="'/nowhere.csv'"))
    assert message == "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere.csv'"


async def test_in_the_browser_a_missing_file_is_reported_with_where_to_put_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mistakes, "BROWSER", True)
    assert "put it beside the example" in await message_of(READS.format(path="'/nowhere.csv'"))


LIFESPAN = """
from contextlib import asynccontextmanager
from starlette.applications import Starlette

@asynccontextmanager
async def lifespan(app):
    {before}
    yield
    {after}

app = Starlette(lifespan=lifespan)
"""
FAILS = "raise OSError('no database')"


async def test_a_lifespan_that_refuses_to_start_is_reported_with_its_exception_and_line() -> None:
    stage = Stage("troupe.actor", LIFESPAN.format(before=FAILS, after=""))
    events = await collect(run_on(stage, GET))
    (crash,) = (event for event in events if isinstance(event, Crash))
    assert crash.message == "The app could not be started: OSError: no database"
    assert (crash.phase, crash.line) == ("startup", 7)
    assert "no database" in crash.traceback


async def test_a_refusal_to_start_without_an_exception_is_reported_by_the_last_line_of_its_message() -> (
    None
):
    source = """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": %r})
"""
    traceback = "Traceback (most recent call last):\n  File '/home/me/x.py'\nOSError: no database\n"
    assert (
        await message_of(source % traceback) == "The app could not be started: OSError: no database"
    )
    assert await message_of(source % "no database") == "no database"
    assert await message_of(source % "") == "The app refused to start."


RAISES = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        {started}
        raise OSError("no database")
    await send({{"type": "http.response.start", "status": 200}})
    await send({{"type": "http.response.body"}})
"""


async def test_a_lifespan_that_raises_is_logged_and_the_app_is_served_without_it() -> None:
    stage = Stage("troupe.actor", RAISES.format(started=""))
    log, start, *_ = await collect(run_on(stage, GET))
    assert isinstance(log, Log)
    assert log.text.startswith("The app's lifespan failed at startup. The app is served without")
    assert (log.level, log.line) == ("ERROR", 6)
    assert isinstance(start, Start)


async def test_an_app_without_a_lifespan_is_served_and_nothing_is_logged() -> None:
    source = "async def app(scope, receive, send):\n assert scope['type'] == 'http'\n"
    assert await collect(run_on(Stage("troupe.actor", source), GET)) == [End(0, complete=False)]


async def test_a_lifespan_that_fails_at_shutdown_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    started = "await send({'type': 'lifespan.startup.complete'}); await receive()"
    stage = Stage("troupe.actor", RAISES.format(started=started))
    assert [type(event) for event in await collect(run_on(stage, GET))] == [Start, End]
    await stage.aclose()
    assert caplog.messages == ["The app's lifespan failed at shutdown."]


async def test_a_line_is_the_modules_own_and_not_that_of_another_of_its_name(
    troupe: Path,
) -> None:
    (troupe / "actor.py").write_text("\ndef app(*_):\n    import stand_in.troupe.actor\n")
    other = troupe.parent / "stand_in" / "troupe"
    other.mkdir(parents=True)
    (other / "actor.py").write_text("1 / 0")
    stage = Stage("troupe.actor")
    app = importlib.import_module("troupe.actor").app
    await stage.app()
    with pytest.raises(ZeroDivisionError) as caught:
        app()
    assert stage.line_of(caught.value) == 3


WRITES_PATHS = """
import logging
import sys
import traceback
import warnings

async def app(scope, receive, send):
    assert scope["type"] == "http"
    print(warnings.formatwarning("old", UserWarning, __file__, 7), file=sys.stderr)
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger("a").exception(traceback.format_exc())
        raise
"""


async def test_what_is_shown_names_files_without_the_folders_of_this_machine(troupe: Path) -> None:
    (troupe / "actor.py").write_text(WRITES_PATHS)
    shown = repr(await collect(run_on(Stage("troupe.actor"), GET)))
    assert str(troupe.parent) not in shown
    assert "troupe/actor.py:7: UserWarning: old" in shown
    assert shown.count('File "troupe/actor.py", line 11') == 3
