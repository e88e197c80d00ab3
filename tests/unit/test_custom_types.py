"""Types that msgspec does not know, declared once: wherever they stand, they are sent, read and documented alike."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from jero import (
    BaseApp,
    CustomType,
    Endpoint,
    HTTPError,
    JSONResponse,
    NDJSONStreamingResponse,
    ServerSentEvent,
    SSEResponse,
)
from jero.testing import iter_events, iter_ndjson
from tests.support.asking import Answer, ask
from tests.support.documents import Document, client_of, fetch
from tests.support.validate import check
from tests.support.wiring import failure_of

JSON = ("content-type", "application/json")
NDJSON = ("content-type", "application/x-ndjson")


class InvalidIdError(Exception):
    """As database drivers raise it: a `ValueError` it is not."""


class ObjectId:
    """Twelve bytes, written in hexadecimal."""

    def __init__(self, text: str) -> None:
        if text == "0" * 24:
            raise InvalidIdError
        if len(bytes.fromhex(text)) != 12:
            raise ValueError(f"{text!r} is not an ObjectId")
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectId) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


class Float32(float):
    """As numpy's scalars are: a subclass of a type that msgspec encodes only itself."""


class Money(Decimal):
    pass


class Polar:
    def __init__(self, pair: tuple[float, float]) -> None:
        self.pair = pair

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polar) and other.pair == self.pair

    __hash__ = None  # pyright: ignore[reportAssignmentType] - values only


CUSTOM_TYPES = (
    CustomType(Path, str, encode=str, decode=Path),
    CustomType(
        ObjectId,
        str,
        encode=str,
        decode=ObjectId,
        meta=Meta(pattern="^[0-9a-f]*$", description="A document's id.", examples=["5" * 24]),
    ),
    CustomType(Float32, float, encode=float, decode=Float32),
    CustomType(Money, str, encode=str, decode=Money),
    CustomType(Polar, tuple[float, float], encode=lambda polar: polar.pair, decode=Polar),
    CustomType(complex, dict[str, float], encode=lambda z: {"re": z.real, "im": z.imag}),
)
ID, OTHER = ObjectId("ab" * 12), ObjectId("cd" * 12)


class File(Struct):
    path: Path
    id: ObjectId | None = None
    size: Float32 = Float32(1.5)
    price: Annotated[Money, Meta(description="In euros.")] = Money("1.10")
    at: Polar | UnsetType = UNSET
    by_id: dict[ObjectId, Path] = {}


FILE = File(Path("/a"), ID, Float32(2), Money("3.50"), Polar((1.0, 2.0)), {OTHER: Path("b")})
TEXT = f'{{"path":"/a","id":"{ID}","size":2.0,"price":"3.50","at":[1.0,2.0],"by_id":{{"{OTHER}":"b"}}}}'


class FilePath(Struct):
    id: ObjectId


class Search(Struct):
    under: Path | None = None
    ids: set[ObjectId] = set()
    sizes: list[Float32] = []
    most: Float32 | UnsetType = UNSET


class Given(Struct):
    x_id: ObjectId
    x_paths: list[Path] = []


class FileEndpoint(Endpoint, path="/files/{id}"):
    """Has custom types wherever a type can stand."""

    def __init__(self) -> None:
        self.given: list[object] = []

    async def get(
        self, path: FilePath, params: Search, headers: Given
    ) -> JSONResponse[list[File], Given]:
        self.given += (path, params, headers)
        return JSONResponse(content=[FILE], headers=headers)

    async def post(self, path: FilePath, json: File) -> File:
        self.given.append(json)
        return json

    async def put(
        self, path: FilePath, ndjson: AsyncIterator[File]
    ) -> NDJSONStreamingResponse[File]:
        async def items() -> AsyncIterator[File]:
            async for item in ndjson:
                yield item

        return NDJSONStreamingResponse(stream=items())

    async def patch(self, path: FilePath) -> complex:
        return 1 + 2j

    async def delete(self, path: FilePath) -> Path:
        raise HTTPError("no", members={"path": Path("/x"), "ids": [path.id]})


class Events(Endpoint, path="/events"):
    async def get(self, last_event_id: ObjectId | None) -> SSEResponse[File | ObjectId]:
        async def events() -> AsyncIterator[File | ObjectId | ServerSentEvent[File | ObjectId]]:
            yield ServerSentEvent(data=FILE, id=str(last_event_id))
            yield ID

        return SSEResponse(stream=events())


class App(BaseApp):
    custom_types = CUSTOM_TYPES

    def __init__(self) -> None:
        super().__init__()
        self.files = FileEndpoint()

    async def _wire(self) -> None:
        self._include_endpoint(self.files)
        self._include_endpoint(Events())
        self._include_openapi()


def faults_of(answer: Answer) -> list[tuple[object, object]]:
    assert answer.status == 422
    errors: Any = answer.problem["errors"]
    return [(error["path"], error["detail"]) for error in errors]


@pytest.mark.anyio
async def test_a_custom_type_is_read_in_a_body_and_sent_in_a_response() -> None:
    app = App()
    answer = await ask(app, f"/files/{ID}", "POST", headers=(JSON,), body=TEXT.encode())
    assert (app.files.given, answer.body.decode()) == ([FILE], TEXT)
    given: Any = app.files.given[0]
    assert (type(given.size), type(given.price)) == (Float32, Money)


@pytest.mark.anyio
async def test_a_custom_type_is_read_in_path_parameters_queries_and_headers_and_sent_in_headers() -> (
    None
):
    app = App()
    headers = (("x-id", str(ID)), ("x-paths", "/a, b"))
    target = f"/files/{ID}?under=%2Ftmp&ids={ID}&ids={OTHER}&ids={ID}&sizes=1.5&sizes=2&most=0.5"
    answer = await ask(app, target, headers=headers)
    search = Search(Path("/tmp"), {ID, OTHER}, [Float32(1.5), Float32(2)], Float32(0.5))
    assert app.files.given == [FilePath(ID), search, Given(ID, [Path("/a"), Path("b")])]
    assert answer.headers["x-id"] == str(ID)
    assert answer.body.decode() == f"[{TEXT}]"


@pytest.mark.anyio
async def test_a_custom_type_is_read_and_sent_in_lines_and_events_and_event_ids() -> None:
    app = App()
    body = f"{TEXT}\n{TEXT}\n".encode()
    answer = await ask(app, f"/files/{ID}", "PUT", headers=(NDJSON,), body=body)
    assert answer.body == body
    answer = await ask(app, "/events", headers=(("last-event-id", str(OTHER)),))
    assert answer.body.decode() == f'id: {OTHER}\ndata: {TEXT}\n\ndata: "{ID}"\n\n'


@pytest.mark.anyio
async def test_a_custom_type_is_sent_in_the_members_of_a_problem() -> None:
    answer = await ask(App(), f"/files/{ID}", "DELETE")
    assert (answer.problem["path"], answer.problem["ids"]) == ("/x", [str(ID)])


@pytest.mark.anyio
async def test_a_custom_type_without_a_decoder_can_be_sent() -> None:
    assert (await ask(App(), f"/files/{ID}", "PATCH")).body == b'{"re":1.0,"im":2.0}'


@pytest.mark.anyio
async def test_each_value_that_a_custom_type_refuses_is_a_fault_with_its_path() -> None:
    body = b'{"path":5,"id":"abc","price":"x","at":[1]}'
    answer = await ask(App(), f"/files/{ID}", "POST", headers=(JSON,), body=body)
    assert faults_of(answer) == [
        ("$.path", "Expected `str`, got `int`"),
        ("$.id", "non-hexadecimal number found in fromhex() arg at position 3"),
        ("$.price", "Invalid `Money`"),
        ("$.at", "Expected `array` of length 2, got 1"),
    ]
    body = b'{"path":"a","by_id":{"ab":"x"}}'
    answer = await ask(App(), f"/files/{ID}", "POST", headers=(JSON,), body=body)
    assert faults_of(answer) == [("$.by_id", "'ab' is not an ObjectId as a key")]


@pytest.mark.anyio
async def test_any_error_of_a_decoder_is_a_422_without_internal_details() -> None:
    answer = await ask(App(), f"/files/{'0' * 24}", "PATCH")
    assert faults_of(answer) == [("$.id", "Invalid `ObjectId`")]
    answer = await ask(App(), "/files/XY", "PATCH")
    assert faults_of(answer) == [("$.id", "Expected `str` matching regex '^[0-9a-f]*$'")]


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["null", "nan", "-inf", "x", ""])
async def test_text_that_does_not_match_the_json_type_of_a_custom_type_is_a_fault(
    text: str,
) -> None:
    answer = await ask(App(), f"/files/{ID}?most={text}", headers=(("x-id", str(ID)),))
    assert faults_of(answer) == [("$.most", "Expected `float`, got `str`")]


@pytest.fixture(scope="module")
def document() -> Document:
    return fetch(App())


def test_a_document_with_custom_types_is_valid(document: Document) -> None:
    check(document)


def test_a_custom_type_is_documented_as_its_json_type(document: Document) -> None:
    identifier = {
        "type": "string",
        "pattern": "^[0-9a-f]*$",
        "description": "A document's id.",
        "examples": ["5" * 24],
    }
    properties = document["components"]["schemas"]["File"]["properties"]
    assert properties["path"] == {"type": "string"}
    assert properties["id"]["anyOf"] == [identifier, {"type": "null"}]
    assert properties["price"] == {
        "type": "string",
        "description": "In euros.",
        "default": "1.10",
    }
    assert properties["size"] == {"type": "number", "default": 1.5}
    operation = document["paths"]["/files/{id}"]["get"]
    schemas = {each["name"]: each["schema"] for each in operation["parameters"]}
    assert schemas["id"] == schemas["x-id"] == identifier
    assert schemas["ids"] == {
        "type": "array",
        "items": identifier,
        "uniqueItems": True,
    }
    assert schemas["most"] == {"type": "number"}


def test_a_client_in_a_test_reads_custom_types_when_it_is_given_them() -> None:
    with client_of(App()) as client:
        body = f"{TEXT}\n"
        with client.stream("PUT", f"/files/{ID}", content=body, headers=[NDJSON]) as response:
            assert list(iter_ndjson(response, File, custom_types=App.custom_types)) == [FILE]
        with client.stream("GET", "/events") as response:
            first = next(iter_events(response, File, custom_types=App.custom_types))
            assert first.data == FILE


def test_reading_a_custom_type_without_its_declaration_names_the_type() -> None:
    with (
        client_of(App()) as client,
        client.stream("GET", "/events") as response,
        pytest.raises(TypeError, match=r"the field `File\.path: Path` has no JSON form"),
    ):
        list(iter_events(response, File))


class Sending(Endpoint, path="/"):
    """Sends values of a type that nothing declares, where no type says so."""

    async def get(self) -> dict[str, Any]:
        return {"path": PurePosixPath("/x")}


@pytest.mark.anyio
async def test_a_value_of_an_undeclared_type_is_a_500_whose_log_has_the_fix() -> None:
    class Plain(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Sending())

    answer = await ask(Plain(), "/")
    assert answer.status == 500
    (log,) = answer.logged
    assert (
        "PurePosixPath has no JSON form: declare it in the application's `custom_types`" in log.text
    )


def app_with(*custom_types: Any, endpoint: Endpoint | None = None) -> BaseApp:
    class Declaring(BaseApp):
        async def _wire(self) -> None:
            if endpoint is not None:
                self._include_endpoint(endpoint)

    Declaring.custom_types = custom_types
    return Declaring()


class Unfinished(Struct):
    value: "Missing"  # noqa: F821 # pyright: ignore - what is tested


class Reading(Endpoint, path="/"):
    async def post(self, json: list[complex]) -> int:
        return len(json)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("app", "text"),
    [
        (app_with(Path), "Declaring.custom_types: <class 'pathlib._local.Path'> is not a `CustomType`: write it as"),
        (app_with(CustomType(int, str, encode=str)), "msgspec encodes and decodes int itself, so a custom type has"),
        (app_with(CustomType(File, str, encode=str)), "msgspec encodes and decodes File itself, so a custom type has"),
        (app_with(CustomType("Path", str, encode=str)), "Declaring.custom_types: 'Path' is not a class: name a class"),  # pyright: ignore[reportArgumentType]
        (app_with(CustomType(Unfinished, str, encode=str)), "msgspec encodes and decodes Unfinished itself"),
        (app_with(*[CustomType(Path, str, encode=str)] * 2), "Path is declared twice: leave one of them out"),
        (app_with(CustomType(Path, complex, encode=lambda _: 1j)), "Path is sent as complex, but `complex` has no"),
        (app_with(CUSTOM_TYPES[-1], endpoint=Reading()), "`list[complex]` can only be sent: give its `CustomType` a"),
    ],
)  # fmt: skip
async def test_an_invalid_custom_type_is_a_wiring_error(app: BaseApp, text: str) -> None:
    assert text in await failure_of(app)


@pytest.mark.anyio
async def test_a_custom_type_may_be_sent_as_another() -> None:
    class Folder:
        def __init__(self, path: Path) -> None:
            self.path = path

    class Folders(Endpoint, path="/"):
        async def post(self, json: Any) -> Any:
            return [json.path.name, json]

    Folders.post.__annotations__["json"] = Folder
    folder = CustomType(Folder, Path, encode=lambda each: each.path, decode=Folder)
    app = app_with(folder, *CUSTOM_TYPES, endpoint=Folders())
    answer = await ask(app, "/", "POST", headers=(JSON,), body=b'"/a/b"')
    assert answer.body == b'["b","/a/b"]'


class Price:
    def __init__(self, amount: Decimal) -> None:
        self.amount = amount


class Priced(Struct):
    price: Price


@pytest.mark.anyio
async def test_a_custom_type_that_stands_for_a_decimal_is_given_no_nan() -> None:
    class Prices(Endpoint, path="/prices"):
        async def post(self, json: Priced) -> Priced:
            return json

    class Shop(BaseApp):
        custom_types = (
            CustomType(Price, Decimal, encode=lambda price: price.amount, decode=Price),
        )

        async def _wire(self) -> None:
            self._include_endpoint(Prices())

    whole = await ask(Shop(), "/prices", "POST", headers=(JSON,), body=b'{"price":"1.50"}')
    assert whole.body == b'{"price":"1.50"}'
    answer = await ask(Shop(), "/prices", "POST", headers=(JSON,), body=b'{"price":"sNaN"}')
    assert answer.problem["errors"] == [
        {"in": "body", "path": "$.price", "detail": "Expected a finite number"}
    ]


class Bounded(Struct):
    size: Annotated[complex, Meta(extra_json_schema={"additionalProperties": {"minimum": 0}})]


class BoundedEndpoint(Endpoint, path="/"):
    async def get(self) -> Bounded:
        raise NotImplementedError


def test_keywords_of_a_field_are_merged_into_the_schema_of_its_custom_type() -> None:
    class Documented(BaseApp):
        custom_types = CUSTOM_TYPES

        async def _wire(self) -> None:
            self._include_endpoint(BoundedEndpoint())
            self._include_openapi()

    properties = fetch(Documented())["components"]["schemas"]["Bounded"]["properties"]
    assert properties["size"] == {
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0},
    }
