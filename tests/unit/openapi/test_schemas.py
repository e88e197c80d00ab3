import dataclasses
import math
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from jero import Endpoint, NDJSONStreamingResponse, WiringError
from jero.custom_types import Codec
from jero.openapi.schemas import Schemas
from jero.testing import LifespanError
from tests.support.documents import Document, document_of, fetch
from tests.support.shop import app
from tests.support.validate import check


@pytest.fixture(scope="module")
def schemas() -> Document:
    return fetch(app)["components"]["schemas"]


def test_a_struct_is_a_component_described_by_its_docstring(schemas: Document) -> None:
    assert schemas["Bean"]["description"] == "What coffee is made of.\n\nIt comes in bags."


def test_a_field_has_its_constraints_description_and_examples(schemas: Document) -> None:
    properties = schemas["Bean"]["properties"]
    assert properties["id"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
        "description": "Its number in the shop.",
    }
    assert properties["name"]["examples"] == ["Yirgacheffe"]


def test_a_field_with_a_default_is_not_required(schemas: Document) -> None:
    assert schemas["Bean"]["required"] == ["type", "id", "name"]
    assert schemas["Bean"]["properties"]["grams"] == {"type": "integer", "default": 250}


def test_a_field_has_its_wire_name(schemas: Document) -> None:
    assert "giftFor" in schemas["Mug"]["properties"]


def test_a_type_that_holds_itself_refers_to_itself(schemas: Document) -> None:
    kinds = schemas["Box"]["properties"]["holds"]["items"]["anyOf"]
    assert {"$ref": "#/components/schemas/Box"} in kinds


def test_a_generic_type_is_a_component_for_each_argument(schemas: Document) -> None:
    assert schemas["Page_Item_"]["title"] == "Page[Item]"


class Cup(Struct):
    size: int


class Spoon(Struct):
    length: int


class DrawerEndpoint(Endpoint, path="/drawer"):
    async def get(self) -> Cup | Spoon:
        return Cup(1)

    async def post(self) -> NDJSONStreamingResponse[Cup | Spoon]:
        raise NotImplementedError


def test_an_untagged_union_is_documented_with_any_of() -> None:
    either = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Cup", "Spoon")]}
    operations = document_of(DrawerEndpoint())["paths"]["/drawer"]
    one = operations["get"]["responses"]["200"]["content"]["application/json"]
    many = operations["post"]["responses"]["200"]["content"]["application/x-ndjson"]
    assert (one, many) == ({"schema": either}, {"itemSchema": either})


class Waves(Struct):
    value: complex


class WavesEndpoint(Endpoint, path="/waves"):
    async def get(self) -> Waves:
        return Waves(1j)


def test_a_type_that_has_no_schema_is_a_wiring_error_that_names_the_handler_and_the_field() -> None:
    with pytest.raises(LifespanError, match=r"WavesEndpoint.get returns .*`Waves.value: complex`"):
        document_of(WavesEndpoint())


def answering(kind: Any, path: str) -> Endpoint:
    async def get(_self: Endpoint) -> None:
        raise NotImplementedError

    get.__annotations__["return"] = kind
    return type("Answering", (Endpoint,), {"get": get}, path=path)()


def component_names(*kinds: Any) -> list[str]:
    """What the components of these are called; those of a union of them, in its order."""
    document = document_of(*(answering(kind, f"/{n}") for n, kind in enumerate(kinds)))
    check(document)
    assert len(document["components"]["schemas"]) == len(kinds)
    answers = (document["paths"][f"/{n}"]["get"]["responses"]["200"] for n in range(len(kinds)))
    references = [each["content"]["application/json"]["schema"]["$ref"] for each in answers]
    return [reference.removeprefix("#/components/schemas/") for reference in references]


def named(name: str, module: str = "shop") -> type[Struct]:
    return msgspec.defstruct(name, [("size", int)], module=module)


def test_types_whose_names_are_beyond_ascii_are_components_of_their_own() -> None:
    names = component_names(*map(named, ("Ü", "Ö", "订单", "客户", "Café")))
    assert names == ["U", "O", "u8BA2u5355", "u5BA2u6237", "Cafe"]


def test_types_of_one_name_in_two_modules_are_called_by_their_modules_too() -> None:
    assert component_names(named("Cup"), named("Cup", "bar")) == ["shop.Cup", "bar.Cup"]


def test_types_of_one_name_in_one_module_are_numbered() -> None:
    names = component_names(named("Cup"), named("Cup"), named("Spoon"), named("Cup"))
    assert names == ["shop.Cup", "shop.Cup_2", "Spoon", "shop.Cup_3"]


def test_a_name_that_differs_only_in_its_accents_is_not_taken_for_the_other() -> None:
    assert component_names(named("U"), named("Ü")) == ["shop.U", "shop.U_2"]


def test_types_of_one_name_may_be_held_by_one_type() -> None:
    cup, other = named("Cup"), named("Cup")
    pair = msgspec.defstruct("Pair", [("a", cup), ("b", other), ("c", Literal["x"])])
    schemas = document_of(answering(pair, "/"))["components"]["schemas"]
    properties = schemas["Pair"]["properties"]
    assert properties["a"] != properties["b"]


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (datetime, {"type": "string", "format": "date-time"}),
        (Annotated[datetime, Meta(tz=True)], {"type": "string", "format": "date-time"}),
        (Annotated[datetime, Meta(tz=False)], {"type": "string"}),
        (time, {"type": "string", "format": "time"}),
        (date, {"type": "string", "format": "date"}),
    ],
)
def test_a_date_and_time_is_documented_by_its_format(kind: Any, schema: Document) -> None:
    document = document_of(answering(kind, "/"))
    answer = document["paths"]["/"]["get"]["responses"]["200"]["content"]["application/json"]
    assert answer["schema"] == schema


class Defaults(Struct):
    limit: float = math.inf
    ratio: float = math.nan
    sizes: tuple[float, ...] = (1.0, -math.inf)
    count: int | UnsetType = UNSET
    half: float = 0.5
    none: int | None = None
    many: list[int] = []


class DefaultsEndpoint(Endpoint, path="/"):
    async def get(self, params: Defaults) -> Defaults:
        return params


def test_a_default_that_json_does_not_have_is_left_out_of_the_document() -> None:
    document = document_of(DefaultsEndpoint())
    check(document)
    properties = document["components"]["schemas"]["Defaults"]["properties"]
    defaults: Document = {"half": 0.5, "none": None, "many": []}
    assert {k: v["default"] for k, v in properties.items() if "default" in v} == defaults
    parameters = document["paths"]["/"]["get"]["parameters"]
    documented = {p["name"]: p["schema"]["default"] for p in parameters if "default" in p["schema"]}
    assert documented == {"half": 0.5}


class Cutlery(TypedDict):
    item: Cup | Spoon


@dataclasses.dataclass
class Kitchen:
    items: list[Cup | Spoon] = dataclasses.field(default_factory=list[Cup | Spoon])


class Tags(list[str]):
    pass


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (tuple[Cup | Spoon, int], {"type": "array", "minItems": 2, "maxItems": 2}),
        (Cutlery, {"type": "object", "required": ["item"]}),
        (Kitchen, {"type": "object", "required": []}),
        (Tags, {"type": "array"}),
    ],
)
def test_a_type_that_can_only_be_sent_is_documented(kind: Any, schema: Document) -> None:
    document = document_of(answering(kind, "/"))
    answer = document["paths"]["/"]["get"]["responses"]["200"]["content"]["application/json"]
    documented = answer["schema"]
    if "$ref" in documented:
        documented = document["components"]["schemas"][kind.__name__]
    assert documented | schema == documented


type Endless = list[Endless]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Endless, "Orders.get cannot be documented: .* refers to itself"),
        (complex, "Orders.get cannot be documented: complex has no JSON form"),
        (msgspec.msgpack.Ext, "Orders.get cannot be documented: ExtType has no JSON Schema"),
    ],
)
def test_an_annotation_without_a_schema_is_a_wiring_error_that_names_its_owner(
    kind: Any, text: str
) -> None:
    def document() -> None:
        schemas = Schemas(Codec())
        schemas.of(kind, "Orders.get")
        schemas.complete()

    with pytest.raises(WiringError, match=text):
        document()
