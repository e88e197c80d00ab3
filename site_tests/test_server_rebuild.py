"""The embedded server follows edits: the site is built again, and the open pages hear of it."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from docstage.server.rebuild import Builder, BuildError
from docstage.server.serve import Options, serve
from docstage.server.sources import Sources
from docstage.snippet.project import Project

from site_tests.serving import HERE, served
from tests.support.root import ROOT

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
    (tmp_path / "snippets" / "pid.py").write_text((HERE / "server_snippets" / "pid.py").read_text())
    (tmp_path / "snippets" / "pid.http").write_text("GET http://127.0.0.1:8000/\n")
    return tmp_path


def project(root: Path) -> Options:
    return Options(project=Project(root), port=0, bundle=False)


@pytest.fixture
def client(root: Path) -> Generator[httpx.Client]:
    with served(project(root)) as client:
        yield client


@contextmanager
def listening(client: httpx.Client) -> Generator[Iterator[tuple[str, object]]]:
    """The events of `live/builds`, as they come."""

    def events(lines: Iterator[str]) -> Iterator[tuple[str, object]]:
        for line in lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
                yield name, msgspec.json.decode(next(lines).removeprefix("data: "))

    with client.stream("GET", "/live/builds") as response:
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
    assert Builder(Project(root), root / "site").is_current()


def test_an_edit_between_two_starts_is_noticed(root: Path) -> None:
    with served(project(root)):
        pass
    (root / "docs" / "index.md").write_text("# The second text\n")

    assert not Builder(Project(root), root / "site").is_current()


def built(root: Path) -> str:
    """Build as `docstage build` does, and read the site's first page."""
    builder = Builder(Project(root), root / "site", bundle=False)
    asyncio.run(builder.build()).release()
    return (root / "site" / "index.html").read_text()


def test_a_server_goes_on_serving_while_another_process_builds(
    root: Path, client: httpx.Client
) -> None:
    for number in range(3):
        (root / "docs" / "index.md").write_text(f"# Text number {number}\n")
        assert f"Text number {number}" in built(root)
        assert client.get("/").status_code == 200


def test_two_servers_of_one_checkout_both_follow_an_edit(root: Path) -> None:
    with served(project(root)) as one, served(project(root)) as other:
        with listening(one) as of_one, listening(other) as of_other:
            (root / "docs" / "index.md").write_text("# The second text\n")
            next(of_one)
            next(of_other)
        assert "The second text" in one.get("/").text
        assert "The second text" in other.get("/").text


def test_an_edit_is_in_the_site_folder_at_once(root: Path, client: httpx.Client) -> None:
    with listening(client) as events:
        (root / "docs" / "index.md").write_text("# The second text\n")
        next(events)

        assert "The second text" in (root / "site" / "index.html").read_text()


SERVE = """
import sys
from pathlib import Path
from docstage.server import Options, serve
from docstage.snippet.project import Project
root = Path(sys.argv[1])
sys.exit(serve(Options(project=Project(root), port=0, bundle=False)))
"""


@contextmanager
def server_process(root: Path, temporary: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """The server as a process of its own, with its temporary files in a folder; its URL."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[1]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_a_server_the_next_start_sees_what_was_edited(
    root: Path, tmp_path_factory: pytest.TempPathFactory, number: signal.Signals
) -> None:
    temporary = tmp_path_factory.mktemp("t")
    with (
        server_process(root, temporary) as (process, url),
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        worker = os.pidfd_open(int(client.get("/live/app/pid/").text))
        with listening(client) as events:
            (root / "docs" / "index.md").write_text("# The second text\n")
            next(events)
        process.send_signal(number)
        assert process.wait(timeout=60) == (-number if number == signal.SIGKILL else 0)
        assert select.select([worker], [], [], 60)[0]  # the worker has ended
        os.close(worker)
    assert list(temporary.iterdir()) == []
    assert "The second text" in (root / "site" / "index.html").read_text()

    (root / "docs" / "index.md").write_text("# The third text\n")
    with served(project(root)) as client:
        assert "The third text" in client.get("/").text


def test_a_build_that_is_killed_leaves_the_last_good_site_and_nothing_else(root: Path) -> None:
    assert "The first text" in built(root)
    # MkDocs kills the process that builds, and goes on itself until it is done with its hooks.
    (root / "kill.py").write_text(
        "import os, signal\n"
        "def on_post_build(**_):\n"
        "    if os.environ.get('KILL'):\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
    )
    config = (root / "mkdocs.yml").read_text()
    (root / "mkdocs.yml").write_text(config + "hooks: [kill.py]\n")
    (root / "docs" / "index.md").write_text("# The second text\n")
    code = (
        "import asyncio, sys; from pathlib import Path; from docstage.server.rebuild import Builder\n"
        "from docstage.snippet.project import Project\n"
        "root = Path(sys.argv[1])\n"
        "asyncio.run(Builder(Project(root), root / 'site', bundle=False).build())"
    )
    command = [sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, env=os.environ | {"KILL": "1"}, check=False)

    assert done.returncode == -signal.SIGKILL
    assert "The first text" in (root / "site" / "index.html").read_text()
    assert not Builder(Project(root), root / "site").is_current()
    assert "The second text" in built(root)
    assert not list(Project(root).cache.glob("sites/*/partial-*"))


def test_processes_that_build_at_once_take_turns_and_agree(root: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from docstage.server.rebuild import Builder\n"
        "from docstage.snippet.project import Project\n"
        "root = Path(sys.argv[1])\n"
        "asyncio.run(Builder(Project(root), root / 'site', bundle=False).build())"
    )
    command = [sys.executable, "-c", code, str(root)]
    processes = [subprocess.Popen(command) for _ in range(3)]

    assert [process.wait(500) for process in processes] == [0, 0, 0]
    assert len([path for path in Project(root).cache.glob("sites/*/*") if path.is_dir()]) == 1
    assert "The first text" in (root / "site" / "index.html").read_text()


def test_a_folder_that_is_not_a_site_is_not_replaced(root: Path) -> None:
    (root / "site").mkdir()
    (root / "site" / "thesis.tex").touch()
    with pytest.raises(BuildError, match="is a folder and not a built site: move it away"):
        built(root)
    assert (root / "site" / "thesis.tex").exists()


def test_a_site_folder_of_an_earlier_version_is_replaced(root: Path) -> None:
    (root / "site").mkdir()
    (root / "site" / "index.html").write_text("old")
    assert "The first text" in built(root)


def test_a_checkout_that_cannot_be_written_to_is_one_clear_sentence(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = Project(root).cache
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text("a file where a folder belongs")

    assert serve(project(root)) == 1
    assert "inside the checkout, which must be writable" in capsys.readouterr().err


def current(root: Path) -> bool:
    return Builder(Project(root), root / "site").is_current()


def test_what_the_configuration_reads_from_the_environment_is_a_source(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (root / "mkdocs.yml").open("a") as config:
        config.write("site_url: !ENV [SITE_URL, 'http://127.0.0.1/']\n")
    built(root)
    assert current(root)
    monkeypatch.setenv("SITE_URL", "https://docs.example/")
    assert not current(root)


def test_a_file_that_a_page_includes_is_a_source(root: Path) -> None:
    (root / "docs" / "index.md").write_text('# Code\n\n--8<-- "shop/app.py:all"\n')
    (root / "shop").mkdir()
    built(root)
    (root / "shop" / "app.py").write_text("app = 1\n")
    assert not current(root)


def test_a_test_that_a_page_names_is_a_source(root: Path) -> None:
    (root / "docs" / "index.md").write_text("# Code\n\nIt works (`test_it`).\n")
    (root / "tests").mkdir()
    (root / "tests" / "test_all.py").write_text("def test_it(): ...\n")
    built(root)
    assert current(root)
    (root / "tests" / "test_all.py").write_text("def test_it(): pass\n")
    assert not current(root)


def test_a_file_that_is_written_again_as_it_was_is_no_news(root: Path) -> None:
    built(root)
    (root / "docs" / "index.md").write_text("# The first text\n")
    assert current(root)


@pytest.mark.timeout(60)
def test_what_is_not_a_file_does_not_end_the_server(root: Path, client: httpx.Client) -> None:
    (root / "only_files.py").write_text(
        (ROOT / "docstage/src/docstage/pages" / "only_files.py").read_text()
    )
    with listening(client) as events:
        (root / "docs" / "dangling.md").symlink_to(root / "nothing")
        (root / "docs" / "circle").symlink_to(root / "docs")
        os.mkfifo(root / "docs" / "pipe")
        with (root / "mkdocs.yml").open("a") as config:
            config.write("hooks: [only_files.py]\n")
        (root / "docs" / "index.md").write_text("# The second text\n")
        while "The second text" not in client.get("/").text:
            next(events)


def test_a_file_that_vanishes_while_it_is_read_is_no_failure(root: Path) -> None:
    sources = Sources(Project(root))
    before = sources.fingerprint()
    stop = threading.Event()

    def flicker() -> None:
        while not stop.is_set():
            (root / "docs" / "flicker.md").touch()
            (root / "docs" / "flicker.md").unlink()

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        for _ in range(200):
            sources.fingerprint()
    finally:
        stop.set()
        thread.join()
    assert sources.fingerprint() == before


def test_a_failed_build_is_told_without_escape_codes_and_without_the_themes_advertisement(
    root: Path, client: httpx.Client
) -> None:
    with listening(client) as events:
        (root / "loud.py").write_text(
            "import mkdocs.exceptions, material.templates\n"
            "def on_config(config):\n"
            "    link = '\\x1b]8;;http://x\\x07link\\x1b]8;;\\x07'\n"
            "    raise mkdocs.exceptions.PluginError(f'\\x1b[31mred\\x1b[0m 10 %\\r\\x1b[2K{link}')\n"
        )
        (root / "mkdocs.yml").write_text("site_name: Test\nhooks: [loud.py]\n")
        name, data = next(events)

    assert (name, data) == ("failed", {"message": "link\n\nAborted with a BuildError!"})
