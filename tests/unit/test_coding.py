"""Bodies with a `Content-Encoding`."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import BadRequestError, BaseApp, Endpoint
from jero.coding import PIECE, Coding, Inflater
from tests.support.asgi import client_of
from tests.support.asking import app_of
from tests.support.chunks import chunked
from tests.support.growth import HOSTILE, assert_linear
from tests.support.requests import echo_of, pieces

pytestmark = pytest.mark.anyio


class Row(Struct):
    number: int


class Rows(Endpoint, path="/rows"):
    """Reads rows until there are none left, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    async def post(self, ndjson: AsyncIterator[Row]) -> Row:
        async for _ in ndjson:
            self.count += 1
        return Row(self.count)


class RowEndpoint(Endpoint, path="/row"):
    async def post(self, json: Row) -> Row:
        return json


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return coder.compress(data) + coder.flush()


ENCODERS: Final[list[tuple[Coding, Callable[[bytes], bytes]]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
]
MEDIA_TYPES: Final = {"/row": "application/json", "/rows": "application/x-ndjson"}


async def post(path: str, body: bytes, coding: str, app: BaseApp | None = None) -> httpx.Response:
    headers = {"content-type": MEDIA_TYPES[path], "content-encoding": coding}
    async with client_of(app or app_of(Rows(), RowEndpoint())) as client:
        return await client.post(path, content=body, headers=headers)


@pytest.mark.parametrize(("coding", "encode"), ENCODERS)
async def test_coded_json_is_decoded(coding: str, encode: Callable[[bytes], bytes]) -> None:
    response = await post("/row", encode(b'{"number":7}'), coding)
    assert (response.status_code, response.content) == (200, b'{"number":7}')


@pytest.mark.parametrize(("coding", "encode"), ENCODERS)
async def test_coded_lines_are_decoded(coding: str, encode: Callable[[bytes], bytes]) -> None:
    lines = b"".join(b'{"number":%d}\n' % number for number in range(10_000))
    response = await post("/rows", encode(lines), coding)
    assert (response.status_code, response.content) == (200, b'{"number":10000}')


async def test_an_item_is_read_as_soon_as_its_line_is_complete() -> None:
    rows = Rows()
    counts: list[int] = []

    async def count() -> None:
        await asyncio.sleep(1)
        counts.append(rows.count)

    coder = zlib.compressobj(wbits=31)
    first = coder.compress(b'{"number":1}\n{"numb') + coder.flush(zlib.Z_SYNC_FLUSH)
    rest = coder.compress(b'er":2}') + coder.flush()
    headers = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
    async with client_of(app_of(rows)) as client:
        await client.post("/rows", content=pieces([first, count, rest]), headers=headers)
    assert (counts, rows.count) == ([1], 2)


@pytest.mark.parametrize("coding", ["identity", "", "Identity, identity", " , "])
async def test_a_body_can_declare_the_identity_coding(coding: str) -> None:
    assert (await post("/row", b'{"number":7}', coding)).status_code == 200


@pytest.mark.parametrize("coding", ["GZIP", "x-gzip", "gzip, identity"])
async def test_gzip_may_be_called_by_any_of_its_names(coding: str) -> None:
    assert (await post("/row", gzip.compress(b'{"number":7}'), coding)).status_code == 200


@pytest.mark.parametrize("path", ["/row", "/rows"])
@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress"])
async def test_another_coding_is_a_415_that_names_it_and_lists_what_is_accepted(
    path: str, coding: str
) -> None:
    response = await post(path, b"{}", coding)
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip, deflate")
    assert response.json()["detail"] == (
        f"Expected Content-Encoding gzip, deflate or none, got {coding}."
    )


async def test_codings_on_two_lines_are_one_list() -> None:
    headers = [
        ("content-type", "application/json"),
        ("content-encoding", "identity"),
        ("content-encoding", "br"),
    ]
    async with client_of(app_of(RowEndpoint())) as client:
        response = await client.post("/row", content=b"{}", headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize("path", ["/row", "/rows"])
@pytest.mark.parametrize(
    ("body", "coding", "detail"),
    [
        (b'{"number":7}', "gzip", "The body is not valid gzip, although its Content-Encoding is."),
        (
            b'{"number":7}',
            "deflate",
            "The body is not valid deflate, although its Content-Encoding is.",
        ),
        (
            zlib.compress(b"{}"),
            "gzip",
            "The body is not valid gzip, although its Content-Encoding is.",
        ),
        (gzip.compress(b"{}", mtime=0)[:-1], "gzip", "The body is truncated within its gzip data."),
        (
            gzip.compress(b"{}", mtime=0) + b"{}",
            "gzip",
            "The body is not valid gzip, although its Co",
        ),
        (zlib.compress(b"{}") * 2, "deflate", "The body is not valid deflate, although its Co"),
    ],
)
async def test_a_body_that_is_not_in_its_coding_is_a_400(
    path: str, body: bytes, coding: str, detail: str
) -> None:
    async with client_of(app_of(Rows(), echo_of("json", object, "/row", "post"))) as client:
        headers = {"content-type": MEDIA_TYPES[path], "content-encoding": coding}
        response = await client.post(path, content=body, headers=headers)
    if (
        path == "/rows" and response.status_code == 422
    ):  # what came first is an item, and a wrong one
        assert response.json()["errors"][0]["line"] == 1
    else:
        assert (response.status_code, response.json()["detail"][: len(detail)]) == (400, detail)


async def test_content_is_given_with_its_coding_as_it_was_sent() -> None:
    echo = echo_of("content", bytes, method="post")
    body = gzip.compress(b"a,b")
    async with client_of(app_of(echo)) as client:
        await client.post("/", content=body, headers={"content-encoding": "gzip"})
    assert echo.given == [body]


# What a coded body may come to.


@pytest.mark.parametrize("size", [1_048_576, 1_048_577])
async def test_the_limit_of_a_body_applies_after_decoding(size: int) -> None:
    body = b'{"number":7}'.ljust(size)
    response = await post("/row", gzip.compress(body), "gzip")
    assert response.status_code == (200 if size == 1_048_576 else 413)


async def test_a_line_may_not_be_longer_than_the_limit_when_decoded() -> None:
    response = await post("/rows", gzip.compress(b'{"number":7}'.ljust(1_048_577)), "gzip")
    assert response.status_code == 413


async def test_an_upload_that_grows_out_of_proportion_is_a_413_early() -> None:
    rows = Rows()
    bomb = gzip.compress(b'{"number":1}\n' * 500_000)
    assert len(bomb) < 25_000
    response = await post("/rows", bomb, "gzip", app_of(rows))
    assert response.status_code == 413
    assert response.json()["detail"] == (
        "The body grows to more than 200 times its size when decoded."
    )
    assert rows.count < 250_000


async def test_an_upload_that_grows_much_but_not_out_of_proportion_is_read() -> None:
    lines = b"".join(b'{"number":%d}\n' % (number * 7_919 % 9_000) for number in range(100_000))
    coded = gzip.compress(lines)
    assert 1_048_576 < len(lines) < 200 * len(coded)
    assert (await post("/rows", coded, "gzip")).json() == {"number": 100_000}


async def test_others_get_their_turn_while_one_chunk_is_decoded_to_many_pieces() -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(take_turns())
    before = turns
    await post("/rows", gzip.compress(b"\n" * 1_000_000), "gzip")
    other.cancel()
    with suppress(asyncio.CancelledError):
        await other
    assert turns - before >= 1_000_000 // PIECE


coded = st.sampled_from(ENCODERS)
parts = st.lists(
    st.binary(max_size=300) | st.integers(0, 200_000).map(lambda n: b"x" * n),
    min_size=1,
    max_size=4,
)


@given(coded, parts, st.data())
def test_a_coded_body_is_decoded_in_any_chunks(
    coder: tuple[Coding, Callable[[bytes], bytes]], contents: list[bytes], data: st.DataObject
) -> None:
    coding, encode = coder
    if coding == "gzip":  # which may have many members, and zeros after them
        body = b"".join(map(encode, contents)) + bytes(data.draw(st.integers(0, 3)))
    else:
        body = encode(b"".join(contents))
    inflater = Inflater(coding)
    out = [piece for chunk in data.draw(chunked(body)) for piece in inflater.feed(chunk)]
    out += inflater.end()
    assert b"".join(out) == b"".join(contents)
    assert all(0 < len(piece) <= PIECE for piece in out)


@given(coded, st.binary(min_size=1), st.data())
def test_a_body_that_is_cut_off_is_never_taken_for_a_whole_one(
    coder: tuple[Coding, Callable[[bytes], bytes]], content: bytes, data: st.DataObject
) -> None:
    coding, encode = coder
    body = encode(content)
    cut = body[: data.draw(st.integers(1, len(body) - 1))]
    with pytest.raises(BadRequestError):
        list(Inflater(coding).pieces_of(cut))


@given(st.sampled_from(["gzip", "deflate"]), st.binary(), st.booleans())
def test_no_bytes_raise_anything_but_a_400(coding: Coding, body: bytes, begins_well: bool) -> None:  # noqa: FBT001 - as hypothesis gives it
    if begins_well:
        body = gzip.compress(b"abc")[:10] + body
    with suppress(BadRequestError):
        list(Inflater(coding).pieces_of(body))


@pytest.mark.parametrize("piece", [*HOSTILE, gzip.compress(b"", mtime=0), b"\0\0\0\xff\xff"])
def test_decoding_costs_the_size_of_what_goes_in_and_comes_out(piece: bytes) -> None:
    def work(text: bytes) -> None:
        for body in (text, gzip.compress(text), b"\x78\x9c" + text):
            for coding in ("gzip", "deflate"):
                with suppress(BadRequestError):
                    for _ in Inflater(coding).pieces_of(body):
                        pass

    assert_linear(work, piece)


@pytest.mark.parametrize("size", [PIECE, PIECE + 1, PIECE + 2, PIECE + 258])
async def test_deflate_without_a_header_is_read_to_its_last_byte(size: int) -> None:
    coder = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    coded = coder.compress(b" " * size) + coder.flush()
    inflater = Inflater("deflate")
    assert b"".join([*inflater.feed(coded), *inflater.end()]) == b" " * size
