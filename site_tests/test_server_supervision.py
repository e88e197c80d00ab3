"""A worker that crashes or hangs: the reader is told, and the next run works."""

from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec
import pytest
from docstage.run.events import Crash, End, RunEvent
from docstage.server.supervisor import Timeouts

from site_tests.serving import first_chunk, job, options, run_all, running, served


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
def impatient(site: Path) -> Generator[httpx.Client]:
    """A client of a server that soon takes a worker for one that hangs: on a busy machine one that does not, too."""
    timeouts = Timeouts(between_pings=0.1, answer=1.0)
    with served(msgspec.structs.replace(options(site), timeouts=timeouts)) as client:
        yield client


def run_on_a_worker(client: httpx.Client, path: str = "/") -> list[RunEvent]:
    """What comes of a run of `hang`, which is refused while another worker starts."""
    while (answer := client.post("/live/runs", json=job("hang", path))).status_code == 503:
        assert "try again in a moment" in answer.json()["detail"]
    return [msgspec.json.decode(line, type=RunEvent) for line in answer.iter_lines()]


def assert_crashed(events: list[RunEvent], expected: str) -> None:
    crash, end = events
    assert isinstance(crash, Crash)
    assert crash.phase == "process"
    assert expected in crash.message
    assert isinstance(end, End)
    assert not end.complete


def test_a_run_that_ends_the_worker_ends_in_a_crash(client: httpx.Client) -> None:
    assert_crashed(run_all(client, job("crash")), "exited with status 7")


def test_the_run_after_a_crash_works(client: httpx.Client) -> None:
    run_all(client, job("crash"))

    assert isinstance(run_all(client, job("crash", "/fine"))[-1], End)


def test_a_bystander_of_a_crash_is_told_after_what_it_got(client: httpx.Client) -> None:
    with running(client, job("gate")) as events:
        assert first_chunk(events) == b"first\n"
        run_all(client, job("crash"))
        assert_crashed(list(events), "exited with status 7")


def test_a_run_that_never_gives_way_is_found_and_ended(impatient: httpx.Client) -> None:
    assert_crashed(run_on_a_worker(impatient), "did not respond for 1 s")


def test_the_run_after_a_hang_works(impatient: httpx.Client) -> None:
    run_on_a_worker(impatient)

    assert isinstance(run_on_a_worker(impatient, "/fine")[-1], End)


def test_the_site_is_served_while_the_worker_hangs(impatient: httpx.Client) -> None:
    with impatient.stream("POST", "/live/runs", json=job("hang")) as response:
        assert impatient.get("/").text == "<h1>Home</h1>"
        response.read()


def test_a_route_that_ends_the_worker_is_a_problem(client: httpx.Client) -> None:
    answer = client.get("/live/app/crash/")

    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert "exited with status 7" in answer.json()["detail"]


def test_a_route_whose_worker_is_gone_breaks_off(client: httpx.Client) -> None:
    with client.stream("GET", "/live/app/gate/") as response:
        lines = response.iter_lines()
        assert next(lines) == "first"
        client.get("/live/app/crash/")
        with pytest.raises(httpx.RemoteProtocolError):
            next(lines)


def test_a_worker_that_does_not_come_up_is_a_problem(site: Path) -> None:
    hopeless = msgspec.structs.replace(options(site), timeouts=Timeouts(boot=0.01, request=0.2))
    with served(hopeless) as client:
        answer = client.post("/live/runs", json=job("gate"))

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "did not start within 0.01 s" in answer.json()["detail"]
