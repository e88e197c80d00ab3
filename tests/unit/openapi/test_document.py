from typing import Any

import pytest
from msgspec import Struct

from jero import (
    APIKeyAuthenticator,
    Authenticator,
    BaseApp,
    BearerAuthenticator,
    Endpoint,
    operation,
)
from jero.testing import LifespanError
from tests.support.documents import client_of, document_of, fetch
from tests.support.shop import Shop, app
from tests.support.validate import check


class Cup(Struct):
    size: int


class CupsEndpoint(Endpoint, path="/cups"):
    async def get(self) -> list[Cup]:
        return []


class CupEndpoint(Endpoint, path="/cup"):
    @operation(operation_id="get_cups")
    async def get(self) -> Cup:
        return Cup(1)


@pytest.fixture(scope="module")
def shop() -> Any:
    return fetch(app)


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi-3.1.json"])
def test_the_document_of_a_rich_app_is_valid(path: str) -> None:
    check(fetch(app, path))


def test_the_document_has_its_openapi_version() -> None:
    assert [fetch(app, path)["openapi"] for path in ("/openapi.json", "/openapi-3.1.json")] == [
        "3.2.0",
        "3.1.1",
    ]


def test_by_default_an_api_is_called_and_described_as_its_class_is(shop: Any) -> None:
    assert shop["info"] == {
        "title": "Shop",
        "version": "2.1",
        "description": "Coffee, and what it takes.",
    }


def test_endpoints_included_after_the_document_are_in_it() -> None:
    class Late(Shop):
        async def _wire(self) -> None:
            await super()._wire()
            self._include_endpoint(CupsEndpoint())

    assert "/cups" in fetch(Late())["paths"]


def test_it_does_not_document_itself(shop: Any) -> None:
    assert [path for path in shop["paths"] if "openapi" in path or "docs" in path] == []


def test_head_and_options_are_left_out(shop: Any) -> None:
    methods = {method for item in shop["paths"].values() for method in item}
    assert methods == {"get", "post", "put", "delete"}


def test_an_operation_id_is_made_of_method_and_class() -> None:
    assert document_of(CupsEndpoint())["paths"]["/cups"]["get"]["operationId"] == "get_cups"


def test_an_operation_id_that_is_made_gives_way_to_one_that_is_declared() -> None:
    paths = document_of(CupsEndpoint(), CupEndpoint())["paths"]
    assert paths["/cup"]["get"]["operationId"] == "get_cups"
    assert paths["/cups"]["get"]["operationId"] == "get_cups_2"


def test_two_operations_that_declare_one_id_are_a_wiring_error() -> None:
    class OtherEndpoint(Endpoint, path="/other"):
        @operation(operation_id="get_cups")
        async def get(self) -> Cup:
            return Cup(1)

    with pytest.raises(
        LifespanError,
        match=r"OtherEndpoint\.get has the operation id 'get_cups', like CupEndpoint\.get",
    ):
        document_of(CupEndpoint(), OtherEndpoint())


def test_the_docstring_of_a_class_describes_its_tag(shop: Any) -> None:
    assert shop["tags"][0] == {"name": "Items", "description": "What the shop sells."}


def test_every_tag_that_is_used_is_listed_once(shop: Any) -> None:
    operations = [each for item in shop["paths"].values() for each in item.values()]
    used = {tag for each in operations for tag in each["tags"]}
    assert sorted(tag["name"] for tag in shop["tags"]) == sorted(used)


def test_an_authenticator_is_a_security_scheme_described_by_its_docstring(shop: Any) -> None:
    assert shop["components"]["securitySchemes"] == {
        "TokenAuthenticator": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from the till.",
        },
        "KeyAuthenticator": {"type": "apiKey", "in": "header", "name": "X-Shop-Key"},
    }


def test_endpoints_included_with_an_authenticator_require_it(shop: Any) -> None:
    assert shop["paths"]["/safe"]["get"]["security"] == [{"KeyAuthenticator": []}]
    assert "security" not in shop["paths"]["/shop/news"]["get"]


def test_an_authenticator_without_a_scheme_is_a_wiring_error() -> None:
    class OwnAuthenticator(Authenticator[Cup]):
        challenge = "Own"

        async def authenticate(self, headers: object) -> Cup | None:
            return None

    with pytest.raises(LifespanError, match="OwnAuthenticator has no `security_scheme`"):
        document_of(CupsEndpoint(), authenticator=OwnAuthenticator())


def bearer_door() -> Authenticator[Cup]:
    class Door(BearerAuthenticator[Cup]):
        async def verify(self, token: str) -> Cup | None:
            return None

    return Door()


def key_door() -> Authenticator[Cup]:
    class Door(APIKeyAuthenticator[Cup]):
        async def verify(self, key: str) -> Cup | None:
            return None

    return Door()


def test_two_authenticators_of_one_name_and_different_schemes_are_a_wiring_error() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_openapi()
            self._include_endpoint(CupEndpoint(), authenticator=bearer_door())
            self._include_endpoint(CupsEndpoint(), authenticator=key_door())

    with pytest.raises(LifespanError, match="two authenticators are called Door"):
        fetch(App())


class AboutApp(BaseApp):
    async def _wire(self) -> None:
        self._include_openapi(
            servers=[
                {"url": "https://api.example.com/v1", "description": "Production"},
                {"url": "/v1"},
            ],
            contact={"name": "Ada", "email": "ada@example.com"},
            license={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        )


def test_servers_contact_and_licence_are_in_the_document() -> None:
    document = fetch(AboutApp())
    check(document)
    assert document["servers"] == [
        {"url": "https://api.example.com/v1", "description": "Production"},
        {"url": "/v1"},
    ]
    assert document["info"]["contact"] == {"name": "Ada", "email": "ada@example.com"}
    assert document["info"]["license"] == {"name": "Apache 2.0", "identifier": "Apache-2.0"}


def test_without_them_a_document_has_none() -> None:
    document = document_of(CupsEndpoint())
    assert "servers" not in document
    assert document["info"].keys() == {"title", "version"}


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"servers": "https://a"}, "`servers` must be a list, as in `[{'url': 'https://…'}]`"),
        ({"servers": {"url": "https://a"}}, "`servers` must be a list, as in"),
        ({"servers": ["https://a"]}, "a server is 'https://a': expected a dictionary of url, desc"),
        ({"servers": [{"description": "a"}]}, "a server is not valid: Object missing required field"),
        ({"servers": [{"url": "/", "name": "a"}]}, "a server has 'name': it can have url, descript"),
        ({"contact": {"mail": "a@b"}}, "the contact has 'mail': it can have name, url, email"),
        ({"license": {"identifier": "MIT"}}, "the license is not valid: Object missing required fi"),
        ({"license": {"name": 1}}, "the license is not valid: Expected `str`, got `int` - at `$.name`"),
        (
            {"license": {"name": "MIT", "identifier": "MIT", "url": "https://a"}},
            "the license has both an identifier and a url: OpenAPI allows one of them",
        ),
    ],
)  # fmt: skip
def test_values_that_openapi_does_not_allow_are_a_wiring_error(said: Any, text: str) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_openapi(**said)

    with pytest.raises(LifespanError) as raised:
        fetch(App())
    assert f"App._include_openapi: {text}" in str(raised.value)


class HealthEndpoint(Endpoint, path="/health"):
    """Undocumented."""

    is_documented = False

    async def get(self) -> Cup:
        return Cup(1)


class PartlyEndpoint(Endpoint, path="/partly"):
    async def get(self) -> Cup:
        return Cup(2)

    @operation(is_documented=False, operation_id="get_partly")
    async def delete(self) -> Cup:
        return Cup(3)


def test_endpoints_and_operations_can_be_left_out_and_are_served() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_openapi()
            self._include_endpoint(HealthEndpoint())
            self._include_endpoint(PartlyEndpoint())

    document = fetch(App())
    assert {path: set(item) for path, item in document["paths"].items()} == {"/partly": {"get"}}
    assert document["paths"]["/partly"]["get"]["operationId"] == "get_partly"
    assert [tag["name"] for tag in document["tags"]] == ["Partly"]
    with client_of(App()) as client:
        assert client.get("/health").json() == {"size": 1}
        assert client.delete("/partly").json() == {"size": 3}
