"""Endpoints that are generic, and what makes them concrete."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Generic, TypeVar

import pytest
from msgspec import Meta, Struct

from jero import (
    BaseApp,
    BearerAuthenticator,
    Endpoint,
    JSONResponse,
    NDJSONStreamingResponse,
    SSEResponse,
)
from tests.support.asking import app_of, ask
from tests.support.documents import document_of
from tests.support.validate import check
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio

JSON = ("content-type", "application/json")
NDJSON = ("content-type", "application/x-ndjson")

type Page[T] = dict[str, list[T]]


class Order(Struct):
    id: int


class User(Struct):
    name: str


class ByNumber(Struct):
    id: int


class Box[T](Struct):
    value: T


class Store[T](Endpoint):
    """Keeps items."""

    def __init__(self, *items: T) -> None:
        self.items = list(items)

    async def get(self) -> list[T]:
        return self.items

    async def post(self, json: T) -> JSONResponse[Page[T]]:
        self.items.append(json)
        return JSONResponse(content={"items": self.items})

    async def put(self, ndjson: AsyncIterator[T]) -> NDJSONStreamingResponse[Box[T]]:
        async def boxes() -> AsyncIterator[Box[T]]:
            async for item in ndjson:
                yield Box(item)

        return NDJSONStreamingResponse(stream=boxes())

    async def patch(
        self, json: Annotated[list[T], Meta(max_length=1)]
    ) -> Annotated[int, Meta(ge=0)]:
        return len(json)


class OrderStore(Store[Order], path="/"):
    pass


class BoxStore[T](Store[Box[T]]):
    async def delete(self) -> Box[T]:
        return self.items[0]


class UserBoxes(BoxStore[User], path="/"):
    pass


class Keyed[K, T = User](Endpoint):
    def __init__(self, *given: T) -> None:
        self.given = given

    async def get(self, path: K) -> tuple[K, T]:
        return path, self.given[0]


class ByOrder(Keyed[ByNumber], path="/{id}"):
    pass


Row = TypeVar("Row")


class Feed(Endpoint, Generic[Row]):  # noqa: UP046 - what is tested
    def __init__(self, row: Row) -> None:
        self.row = row

    async def get(self) -> SSEResponse[Row]:
        async def rows() -> AsyncIterator[Row]:
            yield self.row

        return SSEResponse(stream=rows())


class Both(Feed[Order], Generic[Row]):  # noqa: UP046 - what is tested
    async def post(self, json: Row) -> list[Row]:
        return [json]


class OrdersAndUsers(Both[User], path="/"):
    pass


async def test_a_subclass_that_names_the_type_makes_a_generic_endpoint_concrete() -> None:
    app = app_of(OrderStore(Order(1)))
    assert (await ask(app, "/")).body == b'[{"id":1}]'
    answer = await ask(app, "/", "POST", headers=(JSON,), body=b'{"id":2}')
    assert answer.body == b'{"items":[{"id":1},{"id":2}]}'
    assert (await ask(app, "/", "POST", headers=(JSON,), body=b'{"id":"2"}')).status == 422
    answer = await ask(app, "/", "PUT", headers=(NDJSON,), body=b'{"id":3}\n{"id":4}')
    assert answer.body == b'{"value":{"id":3}}\n{"value":{"id":4}}\n'
    assert (await ask(app, "/", "PATCH", headers=(JSON,), body=b'[{"id":3}]')).body == b"1"
    assert (await ask(app, "/", "PATCH", headers=(JSON,), body=b"[{},{}]")).status == 422


async def test_a_type_goes_through_several_generic_endpoints() -> None:
    app = app_of(UserBoxes())
    answer = await ask(app, "/", "POST", headers=(JSON,), body=b'{"value":{"name":"a"}}')
    assert answer.body == b'{"items":[{"value":{"name":"a"}}]}'
    assert (await ask(app, "/", "DELETE")).body == b'{"value":{"name":"a"}}'
    assert (await ask(app, "/", "POST", headers=(JSON,), body=b'{"value":1}')).status == 422


async def test_an_endpoint_can_have_several_type_parameters_and_defaults_of_them() -> None:
    assert (await ask(app_of(ByOrder(User("a"))), "/7")).body == b'[{"id":7},{"name":"a"}]'


async def test_a_type_variable_shared_by_two_generic_classes_is_bound_separately() -> None:
    app = app_of(OrdersAndUsers(Order(1)))
    assert (await ask(app, "/")).body == b'data: {"id":1}\n\n'
    answer = await ask(app, "/", "POST", headers=(JSON,), body=b'{"name":"a"}')
    assert answer.body == b'[{"name":"a"}]'


class Items[T](Store[T], path="/items"):
    pass


class Shop(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoints("/orders", Items[Order](Order(1)))
        self._include_endpoints("/users", Items[User]())
        self._include_openapi()


async def test_a_generic_endpoint_can_be_made_concrete_where_it_is_included() -> None:
    app = Shop()
    assert (await ask(app, "/orders/items")).body == b'[{"id":1}]'
    answer = await ask(app, "/users/items", "POST", headers=(JSON,), body=b'{"id":1}')
    assert answer.problem["detail"] == "Missing, and required - at `$.name` of the body"


async def test_the_document_has_the_types_that_a_generic_endpoint_was_given() -> None:
    document = document_of(OrderStore())
    check(document)
    operations = document["paths"]["/"]
    body = operations["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Order"}
    page = operations["post"]["responses"]["2XX"]["content"]["application/json"]["schema"]
    items = {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
    assert page == {"type": "object", "additionalProperties": items}
    assert operations["get"]["operationId"] == "get_order_store"


class Bare(Store, path="/"):  # pyright: ignore[reportMissingTypeArgument] - what is tested
    pass


@pytest.mark.parametrize("endpoint", [type(Items[Any]())(), Bare()])
async def test_an_unbound_type_parameter_is_a_wiring_error_that_names_it(
    endpoint: Endpoint,
) -> None:
    text = await failure_of(app_of(endpoint))
    assert (
        f"{type(endpoint).__name__}.get has the type variable T, which is not bound to a type"
        in text
    )
    assert text.endswith(("Store[Order], path='/orders')`", "Items[Order], path='/orders')`"))


class Tokens[U](BearerAuthenticator[U]):
    """Knows one user."""

    def __init__(self, user: U) -> None:
        self.user = user

    async def verify(self, token: str) -> U | None:
        return self.user if token == "key" else None


class UserTokens(Tokens[User]):
    pass


class Me(Endpoint, path="/me"):
    async def get(self, user: User) -> User:
        return user


@pytest.mark.parametrize("authenticator", [UserTokens(User("a")), Tokens[User](User("a"))])
async def test_a_generic_authenticator_gives_the_users_that_it_was_made_concrete_for(
    authenticator: Tokens[User],
) -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Me(), authenticator=authenticator)

    answer = await ask(App(), "/me", headers=(("authorization", "Bearer key"),))
    assert answer.body == b'{"name":"a"}'


class Counters[T = int](Endpoint):
    async def get(self) -> list[T]:
        return []

    async def post(self, json: T) -> JSONResponse[T]:
        return JSONResponse(content=json)


class DefaultCounters(Counters, path="/counters"):  # pyright: ignore[reportMissingTypeArgument] - the default is tested
    pass


async def test_a_type_variable_that_is_not_bound_has_its_default() -> None:
    app = app_of(DefaultCounters())
    answer = await ask(app, "/counters", "POST", headers=(JSON,), body=b"7")
    assert answer.body == b"7"
    assert (await ask(app, "/counters", "POST", headers=(JSON,), body=b'"a"')).status == 422
