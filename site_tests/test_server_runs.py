"""Runs through the embedded server: front, proxy and worker over real sockets."""

from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from docstage.run.events import Chunk, Crash, Disconnect, End, Limit, Log, Start
from docstage.run.runner import Limits
from docstage.snippet.project import Server

from site_tests.serving import (
    PROJECT,
    configured,
    first_chunk,
    job,
    options,
    run_all,
    running,
    served,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text("<h1>Home</h1>")
    return site


@pytest.fixture(scope="module")
def client(site: Path) -> Generator[httpx.Client]:
    with served(options(site)) as client:
        yield client


@pytest.fixture(scope="module")
def strict(site: Path) -> Generator[httpx.Client]:
    """A server that allows very little."""
    limits = Limits(seconds=0.3, events=20, bytes=5_000)
    with served(options(site, configured(limits=limits))) as client:
        yield client


def test_the_first_row_arrives_before_the_last_is_produced(client: httpx.Client) -> None:
    with running(client, job("gate")) as events:
        assert first_chunk(events) == b"first\n"
        client.get("/live/app/gate/open")
        assert first_chunk(events) == b"last\n"


def test_a_run_is_told_from_start_to_end(client: httpx.Client) -> None:
    start, chunk, end = run_all(client, job("crash", "/fine"))

    assert isinstance(start, Start)
    assert start.status == 200
    assert isinstance(chunk, Chunk)
    assert chunk.body == b"fine\n"
    assert isinstance(end, End)
    assert end.complete


def test_after_a_disconnect_by_control_the_events_go_on_to_the_teardown(
    client: httpx.Client,
) -> None:
    posted = job("endless")
    with running(client, posted) as events:
        first_chunk(events)
        answer = client.post("/live/disconnect", json={"id": posted["id"]})
        disconnect, closed, end = events

    assert answer.json() == {"found": True}
    assert isinstance(disconnect, Disconnect)
    assert isinstance(closed, Log)
    assert closed.text == "cursor closed"
    assert isinstance(end, End)
    assert not end.complete


def test_disconnecting_a_run_that_is_not_there_says_so(client: httpx.Client) -> None:
    assert client.post("/live/disconnect", json={"id": "nobody"}).json() == {"found": False}


def test_closing_the_connection_disconnects_the_run(client: httpx.Client) -> None:
    with running(client, job("endless")) as events:
        first_chunk(events)

    assert client.get("/live/app/endless/closed").text == "cursor closed\n"


def test_an_import_that_fails_is_told_as_a_crash(client: httpx.Client) -> None:
    crash, end = run_all(client, job("broken"))

    assert isinstance(crash, Crash)
    assert crash.phase == "import"
    assert "no such luck" in crash.message
    assert isinstance(end, End)


def test_an_unknown_snippet_is_a_problem_that_names_those_there_are(client: httpx.Client) -> None:
    answer = client.post("/live/runs", json=job("nonsense"))

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "gate" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["../serving", "os", "server_snippets.gate", "", "gate/../gate"])
def test_only_what_the_catalogue_lists_runs(client: httpx.Client, name: str) -> None:
    assert client.post("/live/runs", json=job(name)).status_code == 404


def test_code_in_a_request_is_refused(client: httpx.Client) -> None:
    answer = client.post("/live/runs", json=job("gate") | {"source": "app = print"})

    assert answer.status_code == 422


def test_an_id_that_is_taken_is_refused(client: httpx.Client) -> None:
    posted = job("endless")
    with running(client, posted) as events:
        first_chunk(events)
        assert client.post("/live/runs", json=posted).status_code == 409


@pytest.mark.parametrize(
    ("snippet", "path", "what"),
    [("endless", "/", "seconds"), ("chatty", "/lines", "events"), ("chatty", "/", "bytes")],
)
def test_a_run_over_a_limit_says_which(
    strict: httpx.Client, snippet: str, path: str, what: str
) -> None:
    events = run_all(strict, job(snippet, path))

    assert [event.what for event in events if isinstance(event, Limit)] == [what]
    assert isinstance(events[-1], End)


def test_one_run_too_many_is_refused_until_another_ends(site: Path) -> None:
    posted = job("endless")
    with served(options(site, configured(server=Server(runs=1)))) as client:
        with running(client, posted) as events:
            first_chunk(events)
            refused = client.post("/live/runs", json=job("crash", "/fine"))
            client.post("/live/disconnect", json={"id": posted["id"]})
            assert isinstance(list(events)[-1], End)
        accepted = client.post("/live/runs", json=job("crash", "/fine"))

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "2"
    assert refused.json()["detail"].startswith("The limit of 1 concurrent runs is reached")
    assert accepted.status_code == 200


def test_a_request_that_is_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post("/live/runs", content=b"x" * (PROJECT.config.server.body + 1))

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_request_that_grows_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post("/live/runs", content=(b"x" * 65_536 for _ in range(17)))

    assert answer.status_code == 413


def test_the_routes_of_a_snippet_stream_under_a_url_of_their_own(client: httpx.Client) -> None:
    with client.stream("GET", "/live/app/gate/") as response:
        lines = response.iter_lines()
        assert next(lines) == "first"
        client.get("/live/app/gate/open")
        assert next(lines) == "last"


def test_a_reader_who_leaves_a_route_disconnects_its_app(client: httpx.Client) -> None:
    with client.stream("GET", "/live/app/endless/") as response:
        assert next(response.iter_lines()) == "row"

    assert client.get("/live/app/endless/closed").text == "cursor closed\n"


def test_a_route_has_its_mount_as_root_path_as_under_uvicorn(client: httpx.Client) -> None:
    told = client.get("/live/app/echo/some/pa%74h?q=a%20b").json()

    assert told["root_path"] == "/live/app/echo"
    assert told["path"] == "/live/app/echo/some/path"
    assert told["raw_path"] == "/live/app/echo/some/pa%74h"
    assert told["query"] == "q=a%20b"


def test_a_route_over_a_limit_is_cut_off(strict: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        strict.get("/live/app/chatty/")


def test_a_route_of_an_unknown_snippet_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/live/app/nonsense/")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_route_of_a_snippet_that_cannot_be_imported_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/live/app/broken/")

    assert answer.status_code == 500
    assert "no such luck" in answer.json()["detail"]


def test_requests_and_answers_pass_whole_but_for_hop_by_hop_fields(client: httpx.Client) -> None:
    headers = {"connection": "x-private", "x-private": "yes", "te": "trailers", "x-public": "yes"}
    answer = client.put("/live/app/echo/", content=b"body", headers=headers)
    told = answer.json()

    assert answer.status_code == 418
    assert answer.headers.get_list("x-snippet") == ["echo", "again"]
    assert "x-hop" not in answer.headers
    assert (told["method"], told["body"]) == ("PUT", "body")
    assert told["headers"]["host"] == client.base_url.netloc.decode()
    assert told["headers"]["x-public"] == "yes"
    assert not {"x-private", "te"} & told["headers"].keys()
