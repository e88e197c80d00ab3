import pytest
from msgspec import Struct

from jero import Endpoint, NDJSONStreamingResponse
from jero.testing import LifespanError
from tests.openapi.asking import Document, document_of, fetch
from tests.openapi.shop import app


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


def test_a_union_that_nothing_tells_apart_is_one_of_its_kinds() -> None:
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


def test_a_type_that_has_no_schema_is_a_wiring_error_that_names_the_handler() -> None:
    with pytest.raises(
        LifespanError, match=r"(?s)WavesEndpoint.get cannot be documented: .*complex"
    ):
        document_of(WavesEndpoint())


def made(name: str) -> type[Endpoint]:
    class Cup(Struct):
        size: int

    class CupEndpoint(Endpoint, path=f"/{name}"):
        async def get(self) -> Cup:
            return Cup(1)

    CupEndpoint.get.__annotations__["return"] = Cup
    return CupEndpoint


def test_two_types_of_one_name_in_one_module_are_a_wiring_error() -> None:
    with pytest.raises(LifespanError, match=r"two types are called .*Cup in one module"):
        document_of(made("a")(), made("b")())
