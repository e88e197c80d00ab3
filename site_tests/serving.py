"""The embedded server, really serving: the front in a thread of its own, the worker in its process."""

import asyncio
import queue
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
from docstage.run.events import Chunk, Request, RunEvent
from docstage.server.serve import Options, run
from docstage.snippet.project import Config, Project
from msgspec.structs import replace

HERE: Final = Path(__file__).parent
PROJECT: Final = Project(HERE, Config(snippets=("server_snippets",)))

type Post = dict[str, object]


@contextmanager
def served(options: Options) -> Generator[httpx.Client]:
    """A client of a server with these options, which has stopped when the block is left."""
    news: queue.SimpleQueue[str | BaseException] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    task = loop.create_task(run(options, news.put))

    def serve() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the test instead
            news.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        url = news.get(timeout=60)
        if isinstance(url, BaseException):
            raise url
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            yield client
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
        thread.join(60)
    assert not thread.is_alive()


def options(site: Path, project: Project = PROJECT) -> Options:
    """A server on a free port that serves `site` as it is."""
    return Options(project=project, port=0, site=site, build=False)


def configured(**changes: object) -> Project:
    """The project, with another configuration."""
    return replace(PROJECT, config=replace(PROJECT.config, **changes))


def job(snippet: str, path: str = "/", run_id: str | None = None) -> Post:
    """The body of a `live/runs` request."""
    request = Request("GET", path)
    return {
        "id": run_id or str(uuid.uuid4()),
        "snippet": snippet,
        "request": msgspec.to_builtins(request),
    }


@contextmanager
def running(client: httpx.Client, posted: Post) -> Generator[Iterator[RunEvent]]:
    """The events of a run, as they come. To leave the block closes the connection."""
    with client.stream("POST", "/live/runs", json=posted) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "application/x-ndjson"
        yield (msgspec.json.decode(line, type=RunEvent) for line in response.iter_lines())


def run_all(client: httpx.Client, posted: Post) -> list[RunEvent]:
    """All the events of a run."""
    with running(client, posted) as events:
        return list(events)


def first_chunk(events: Iterator[RunEvent]) -> bytes:
    """The body of the next `Chunk`."""
    return next(event.body for event in events if isinstance(event, Chunk))
