"""`docstage import`: requests for modules that nobody wrote for it."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docstage.adopt.adopt import Report, adopt, package_of
from docstage.adopt.requests import from_document, from_routes, write
from docstage.adopt.values import Schemas
from docstage.pages.descriptions import write_in_a_process
from docstage.run.runner import run_on
from docstage.run.stage import Stage
from docstage.snippet import http_file
from docstage.snippet.project import ConfigError, Project

FASTAPI = """
from fastapi import FastAPI
from pydantic import BaseModel

class Item(BaseModel):
    name: str
    price: float

app = FastAPI()

@app.put("/items/{item_id}")
async def update(item_id: int, item: Item, loud: bool = False):
    return {"id": item_id, "name": item.name, "loud": loud}
"""

STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

async def home(request):
    return PlainTextResponse(str(request.path_params["name"]))

app = Starlette(routes=[Mount("/people", routes=[Route("/{name:int}", home, methods=["GET", "POST"])])])
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    yield tmp_path
    sys.modules.pop("docs_src", None)


def write_modules(root: Path, **modules: str) -> Path:
    folder = root / "docs_src"
    folder.mkdir()
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def adopt_all(folder: Path) -> dict[str, Report]:
    project, _ = package_of(Project(folder.parent), folder)
    return {report.module: report for report in adopt(project, folder)}


def test_each_module_gets_requests_or_a_reason(root: Path) -> None:
    folder = write_modules(
        root,
        fast=FASTAPI,
        star=STARLETTE,
        plain="async def app(scope, receive, send): ...",
        helper="VALUE = 1",
        missing="import a_module_that_nobody_has\napp = print",
        broken="app = 1 / 0",
        sockets=(
            "from starlette.applications import Starlette\n"
            "from starlette.routing import WebSocketRoute\n"
            "async def talk(socket): ...\n"
            "app = Starlette(routes=[WebSocketRoute('/', talk)])"
        ),
        ends="import os\nos._exit(3)",
    )
    reports = adopt_all(folder)

    assert {name: report.kind for name, report in reports.items()} == {
        "broken": "failed",
        "ends": "failed",
        "fast": "written",
        "helper": "no application",
        "missing": "not installed",
        "plain": "written",
        "sockets": "no route",
        "star": "written",
    }
    assert reports["missing"].why == "a_module_that_nobody_has"
    assert reports["ends"].why == "it ended its process with status 3"
    assert "ZeroDivisionError" in reports["broken"].why
    assert [reports[name].source for name in ("fast", "star", "plain")] == [
        "document",
        "routes",
        "nothing",
    ]
    assert {path.stem for path in folder.glob("*.http")} == {"fast", "star", "plain"}


def test_the_requests_fit_the_application(root: Path) -> None:
    folder = write_modules(root, fast=FASTAPI, star=STARLETTE)
    adopt_all(folder)
    project, _ = package_of(Project(root), folder)

    async def bodies(name: str) -> list[bytes]:
        snippet = project.catalogue().get(name)
        stage = Stage(snippet.module, snippet.path.read_text())
        found: list[bytes] = []
        for exchange in snippet.exchanges:
            async with run_on(stage, exchange.request) as run:
                found.append(b"".join([getattr(event, "body", b"") async for event in run]))
        await stage.aclose()
        return found

    project.enter()
    assert asyncio.run(bodies("fast")) == [b'{"id":1,"name":"string","loud":false}']
    assert asyncio.run(bodies("star")) == [b"1", b"1"]


def test_the_same_modules_give_the_same_bytes(root: Path) -> None:
    folder = write_modules(root, fast=FASTAPI, star=STARLETTE)
    adopt_all(folder)
    before = {path: path.read_bytes() for path in folder.glob("*.http")}
    for path in before:
        path.unlink()
    adopt_all(folder)

    assert {path: path.read_bytes() for path in folder.glob("*.http")} == before


def test_requests_that_are_there_are_kept(root: Path) -> None:
    folder = write_modules(root, fast=FASTAPI)
    (folder / "fast.http").write_text("GET http://127.0.0.1/mine\n")

    assert adopt_all(folder)["fast"].kind == "kept"
    assert (folder / "fast.http").read_text() == "GET http://127.0.0.1/mine\n"


def test_a_folder_outside_of_the_project_is_refused(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(ConfigError, match="copy it into the project"):
        package_of(Project(root), tmp_path_factory.mktemp("elsewhere"))


def test_a_request_panel_needs_no_function_of_the_package(root: Path) -> None:
    folder = write_modules(root, fast=FASTAPI, star=STARLETTE)
    adopt_all(folder)
    project, _ = package_of(Project(root), folder)
    descriptions = root / "descriptions"
    descriptions.mkdir()
    write_in_a_process(descriptions, project)

    assert b'"/items/{item_id}"' in (descriptions / "fast.json").read_bytes()
    assert (descriptions / "star.json").read_bytes() == b"null"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "minLength": 9}, "stringaaa"),
        ({"type": "string", "maxLength": 3}, "str"),
        ({"type": "string", "format": "email"}, "ada@example.com"),
        ({"type": "string", "pattern": "^fixedquery$"}, "fixedquery"),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "minimum": 4, "multipleOf": 5}, 5),
        ({"type": "number", "maximum": -2}, -2),
        ({"type": ["null", "integer"]}, 1),
        ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, True),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True}, [1, 2]),
        ({"enum": ["b", "a"]}, "b"),
        ({"examples": ["mine"], "type": "string"}, "mine"),
        ({"type": "string", "default": "d"}, "d"),
        ({"additionalProperties": {"type": "integer"}}, {"1": 1}),
        ({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "type": "array"}, [1, "string"]),
    ],
)  # fmt: skip
def test_a_value_fits_its_schema(schema: object, value: object) -> None:
    assert Schemas({}).value(schema) == value


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"properties": {"next": {"$ref": "#/node"}}, "required": ["next"]}

    Schemas({"node": node}).value({"$ref": "#/node"})


def test_every_kind_of_body_can_be_read_back() -> None:
    def operation(media_type: str, schema: object) -> object:
        return {"post": {"requestBody": {"content": {media_type: {"schema": schema}}}}}

    fields = {
        "properties": {"name": {"const": "a b"}, "file": {"type": "string", "format": "binary"}}
    }
    document = {
        "paths": {
            "/json": operation("application/json", {"const": {"text": "{{x}} é"}}),
            "/form": operation("application/x-www-form-urlencoded", fields),
            "/parts": operation("multipart/form-data", fields),
            "/text": operation("text/plain", {"const": "< a"}),
        }
    }
    text = write(from_document(document))
    bodies = [named.request.body for named in http_file.parse(text)]

    assert bodies[0].decode() == '{\n  "text": "{\\u007bx}} é"\n}'
    assert bodies[1] == b"name=a%20b&file=content"
    assert b'name="file"; filename="file.txt"\r\n' in bodies[2]
    assert bodies[2].endswith(b"\r\n--boundary--")
    assert bodies[3] == b" < a"


def test_requests_of_the_same_name_are_numbered() -> None:
    get = {"get": {"summary": "List"}}
    text = write(from_document({"paths": {"/a": get, "/b": get}}))

    assert [named.name for named in http_file.parse(text)] == ["List", "List (2)"]


def test_an_application_without_routes_has_no_requests() -> None:
    assert from_routes(object()) == []
