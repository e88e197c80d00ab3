"""The embedded server follows edits: the site is built again, and the open pages hear of it."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from playground.server.rebuild import Builder
from playground.server.serve import Options
from playground.server.settings import Settings
from site_tests.serving import served

SNIPPET = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"VERSION"})
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one page and one snippet."""
    (tmp_path / "mkdocs.yml").write_text("site_name: Test\ntheme:\n  name: mkdocs\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# The first text\n")
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "__init__.py").touch()
    (tmp_path / "snippets" / "hello.py").write_text(SNIPPET.replace("VERSION", "one"))
    (tmp_path / "snippets" / "hello.http").write_text("GET http://127.0.0.1:8000/\n")
    return tmp_path


def project(root: Path) -> Options:
    settings = Settings(root=str(root))
    return Options(port=0, root=root, site=root / "site", bundle=False, settings=settings)


@pytest.fixture
def client(root: Path) -> Generator[httpx.Client]:
    with served(project(root)) as client:
        yield client


@contextmanager
def listening(client: httpx.Client) -> Generator[Iterator[tuple[str, object]]]:
    """The events of `live/changes`, as they come."""

    def events(lines: Iterator[str]) -> Iterator[tuple[str, object]]:
        for line in lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                yield name, msgspec.json.decode(next(lines).removeprefix("data: "))

    with client.stream("GET", "/live/changes") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"
        yield events(lines)


def test_the_site_is_built_before_it_is_served(client: httpx.Client) -> None:
    assert "The first text" in client.get("/").text


def test_an_edited_page_is_built_and_announced(root: Path, client: httpx.Client) -> None:
    with listening(client) as events:
        (root / "docs" / "index.md").write_text("# The second text\n")

        assert next(events)[0] == "built"
        assert "The second text" in client.get("/").text


def test_an_edited_snippet_runs_as_edited(root: Path, client: httpx.Client) -> None:
    before = client.get("/live/app/hello/").text
    with listening(client) as events:
        (root / "snippets" / "hello.py").write_text(SNIPPET.replace("VERSION", "two"))
        next(events)

        assert (before, client.get("/live/app/hello/").text) == ("one", "two")


def test_a_build_that_fails_is_announced_and_the_site_stays(
    root: Path, client: httpx.Client
) -> None:
    with listening(client) as events:
        (root / "mkdocs.yml").write_text("site_name: [")
        name, data = next(events)

        assert name == "failed"
        assert isinstance(data, dict)
        assert "mkdocs.yml" in data["message"]
        assert "The first text" in client.get("/").text


def test_what_was_built_while_serving_is_not_built_again_at_the_next_start(root: Path) -> None:
    with served(project(root)) as client, listening(client) as events:
        (root / "docs" / "index.md").write_text("# The second text\n")
        next(events)

    assert "The second text" in (root / "site" / "index.html").read_text()
    assert Builder(root, root / "snippets", root / "site").is_current()


def test_an_edit_between_two_starts_is_noticed(root: Path) -> None:
    with served(project(root)):
        pass
    (root / "docs" / "index.md").write_text("# The second text\n")

    assert not Builder(root, root / "snippets", root / "site").is_current()
