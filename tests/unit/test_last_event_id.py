"""`last_event_id`, as its types are."""

import pytest
from msgspec import Struct

from jero import Endpoint, JSONResponse
from tests.support.asking import app_of, ask

pytestmark = pytest.mark.anyio


class Order(Struct):
    id: int


class Feed(Endpoint, path="/feed"):
    async def get(self, last_event_id: int | None) -> list[Order]:
        return [Order(0 if last_event_id is None else last_event_id + 1)]


class Texts(Endpoint, path="/texts"):
    async def get(self, last_event_id: str | None) -> JSONResponse[list["Text"]]:
        return JSONResponse(content=[Text(last_event_id)])


class Text(Struct):
    text: str | None


@pytest.mark.parametrize(
    ("path", "value", "body"),
    [
        ("/feed", None, b'[{"id":0}]'),
        ("/feed", "41", b'[{"id":42}]'),
        ("/texts", None, b'[{"text":null}]'),
        ("/texts", "41", b'[{"text":"41"}]'),
        ("/texts", "", b'[{"text":""}]'),
        ("/texts", "ü☕".encode().decode("latin-1"), '[{"text":"ü☕"}]'.encode()),
    ],
)
async def test_last_event_id_is_given_as_its_type(
    path: str, value: str | None, body: bytes
) -> None:
    headers = () if value is None else (("last-event-id", value),)
    answer = await ask(app_of(Feed(), Texts()), path, headers=headers)
    assert answer.body == body


@pytest.mark.parametrize("value", ["last", "", "null"])
async def test_a_last_event_id_of_another_type_is_a_422_that_names_it(value: str) -> None:
    answer = await ask(app_of(Feed()), "/feed", headers=(("last-event-id", value),))
    assert answer.problem["status"] == 422
    assert answer.problem["errors"] == [
        {"in": "header", "path": "$.last-event-id", "detail": "Expected `int`, got `str`"}
    ]


async def test_a_last_event_id_that_is_not_utf_8_is_a_400() -> None:
    answer = await ask(app_of(Texts()), "/texts", headers=(("last-event-id", "\xff"),))
    assert answer.problem["status"] == 400
    assert answer.problem["detail"] == "Last-Event-ID is not UTF-8."
