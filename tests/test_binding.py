import pytest
from msgspec import Struct

from jero import Endpoint
from tests.asking import Answer, app_of, ask

pytestmark = pytest.mark.anyio

JSON = (("content-type", "application/json"),)


class Order(Struct):
    id: int


class OrdersEndpoint(Endpoint, path="/orders"):
    async def post(self, json: list[Order]) -> list[Order]:
        print("called")
        return json


async def post(body: bytes, headers: tuple[tuple[str, str], ...] = JSON) -> Answer:
    return await ask(app_of(OrdersEndpoint()), "/orders", "POST", headers=headers, body=body)


async def test_a_json_body_is_given_as_its_type() -> None:
    assert (await post(b'[{"id": 1}]')).body == b'[{"id":1}]'


@pytest.mark.parametrize(
    ("body", "headers", "status", "detail"),
    [
        (b"[", JSON, 400, "not well-formed JSON"),
        (b"\xff", JSON, 400, "not well-formed JSON"),
        (b'[{"id": "1"}]', JSON, 422, "Expected `int`, got `str` - at `$[0].id`"),
        (
            b"[]",
            (("content-type", "text/plain"),),
            415,
            "Expected application/json, got text/plain.",
        ),
        (b'[{"id": 1, "more": ' + b"[" * 100_000, JSON, 400, "nested too deeply"),
        (b"[]", (), 415, "got no Content-Type"),
        (b" " * 1_048_577, JSON, 413, "over 1048576 bytes"),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused_and_the_handler_not_called(
    body: bytes, headers: tuple[tuple[str, str], ...], status: int, detail: str
) -> None:
    answer = await post(body, headers)
    assert (answer.problem["status"], answer.printed) == (status, [])
    assert detail in str(answer.problem["detail"])


class FeedEndpoint(Endpoint, path="/feed"):
    async def get(self, last_event_id: int | None) -> list[Order]:
        return [Order(0 if last_event_id is None else last_event_id + 1)]


async def test_last_event_id_is_given_as_its_type() -> None:
    answer = await ask(app_of(FeedEndpoint()), "/feed", headers=(("last-event-id", "41"),))
    assert answer.body == b'[{"id":42}]'


async def test_without_last_event_id_it_is_none() -> None:
    assert (await ask(app_of(FeedEndpoint()), "/feed")).body == b'[{"id":0}]'


async def test_a_last_event_id_of_another_type_is_a_400_that_says_so() -> None:
    answer = await ask(app_of(FeedEndpoint()), "/feed", headers=(("last-event-id", "last"),))
    assert answer.problem["status"] == 400
    assert answer.problem["detail"] == "Last-Event-ID: Expected `int | null`, got `str`"
