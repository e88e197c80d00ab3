import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from jero import BaseApp, Endpoint, JSONResponse
from jero.__main__ import main


class Seat(Struct):
    number: int


class Ticket(Struct):
    x_ticket: str


class SeatPath(Struct):
    number: int


class SeatEndpoint(Endpoint, path="/seats/{number}"):
    async def get(self, path: SeatPath) -> list[Seat]:
        return [Seat(path.number)]

    async def put(self, path: SeatPath, json: Seat) -> JSONResponse[Seat, Ticket]:
        return JSONResponse(json)


class BrokenEndpoint(Endpoint, path="/broken"):
    async def get(self):  # type: ignore[no-untyped-def]  # noqa: ANN201 - what is tested
        return None


@asynccontextmanager
async def hall() -> AsyncGenerator[None]:
    print("opened", file=sys.stderr)
    try:
        yield
    finally:
        print("closed", file=sys.stderr)


async def legacy(scope: Any, receive: Any, send: Any) -> None:
    """Without lifespan."""
    assert scope["type"] == "http"


class App(BaseApp):
    async def _wire(self) -> None:
        await self._enter(hall())
        self._include_endpoint(SeatEndpoint())


class MountingApp(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(SeatEndpoint())
        self._mount("/legacy", legacy)
        self._mount("/", legacy)


class TitledApp(BaseApp):
    async def _wire(self) -> None:
        self._include_openapi(title="Seats")
        self._include_endpoint(SeatEndpoint())


class BrokenApp(BaseApp):
    async def _wire(self) -> None:
        await self._enter(hall())
        self._include_endpoint(BrokenEndpoint())


app, mounting, titled, broken = App(), MountingApp(), TitledApp(), BrokenApp()
HERE = "tests.unit.test_main"
REPO = Path(__file__).parents[2]


def test_openapi_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi", f"{HERE}:app"]) == 0
    assert "/seats/{number}" in json.loads(capsys.readouterr().out)["paths"]


def test_openapi_prints_the_document_with_the_apps_own_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["openapi", f"{HERE}:titled"])
    document = json.loads(capsys.readouterr().out)
    assert (document["info"]["title"], list(document["paths"])) == ("Seats", ["/seats/{number}"])


def test_openapi_writes_the_version_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["openapi", f"{HERE}:titled", "--openapi", "3.1"])
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.1"


def test_openapi_writes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "openapi.json"
    main(["openapi", f"{HERE}:titled", "-o", str(file)])
    assert json.loads(file.read_text())["info"]["title"] == "Seats"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["app", "broken"])
def test_resources_of_the_app_are_closed_again(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["openapi", f"{HERE}:{name}"])
    assert capsys.readouterr().err.splitlines()[:2] == ["opened", "closed"]


def test_routes_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["routes", f"{HERE}:mounting"]) == 0
    assert capsys.readouterr().out == (
        "METHOD  PATH             HANDLER           TAKES                       RETURNS\n"
        "GET     /seats/{number}  SeatEndpoint.get  path: SeatPath              list[Seat]\n"
        "PUT     /seats/{number}  SeatEndpoint.put  path: SeatPath, json: Seat  JSONResponse[Seat, Ticket]\n"
        "*       /legacy/*        legacy            -                           -\n"
        "*       /*               legacy            -                           -\n"
    )


@pytest.mark.parametrize("command", ["openapi", "routes"])
@pytest.mark.parametrize(
    ("target", "told"),
    [
        (f"{HERE}:broken", "BrokenEndpoint.get has no return annotation"),
        (f"{HERE}:nothing", f"{HERE} has no 'nothing'"),
        (f"{HERE}:App", f"{HERE}:App is a type: expected an instance of BaseApp"),
        ("no.such:app", "no.such cannot be imported: No module named 'no'"),
        (HERE, f"'{HERE}' is not an application: write it as `package.module:app`"),
    ],
    ids=["wiring", "name", "class", "module", "no name"],
)
def test_a_mistake_is_reported_on_stderr_with_exit_status_1(
    command: str, target: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, target]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"jero: {told}" in captured.err


MODULE = """
from jero import BaseApp, Endpoint


class SeatEndpoint(Endpoint, path="/seats"):
    async def put(self) -> int:
        return 1


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(SeatEndpoint())


app = App()
"""


def test_it_is_run_as_a_module_from_the_folder_of_the_app(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(MODULE)
    done = subprocess.run(
        [sys.executable, "-m", "jero", "routes", "shop:app"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "SeatEndpoint.put" in done.stdout
