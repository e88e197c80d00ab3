import asyncio
from collections.abc import AsyncIterator

import pytest

from jero.asgi import Receive, Scope, Send
from tests.support.asgi import END, chunk, client_of, http, start

pytestmark = pytest.mark.anyio


async def test_an_app_is_one_chunk_ahead_of_its_reader_and_no_more() -> None:
    sent: list[int] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        for number in range(4):
            await send(chunk(b"%d" % number))
            sent.append(number)
        await send(END)

    async with client_of(app) as client, client.stream("GET", "/") as response:
        chunks = response.aiter_raw()
        for number in range(3):
            assert await anext(chunks) == b"%d" % number
            await asyncio.sleep(1)
            assert sent == list(range(number + 2))


async def test_a_waiting_send_ends_when_the_response_is_closed() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        for _ in range(3):
            await send(chunk(b"x"))
        notes.append("sent")

    async with client_of(app) as client:
        async with client.stream("GET", "/"):
            await asyncio.sleep(1)
            assert notes == []
        assert notes == ["sent"]


async def test_a_send_after_the_client_has_left_does_nothing_in_asgi_2_3() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        while (await receive())["type"] != "http.disconnect":
            pass
        await send(chunk(b"x"))
        notes.append(scope["asgi"]["spec_version"])

    async with client_of(app) as client, client.stream("GET", "/"):
        pass
    assert notes == ["2.3"]


async def test_a_send_after_the_client_has_left_is_an_oserror_in_asgi_2_4() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        try:
            while True:
                await send(chunk(b"x"))
        except OSError:
            notes.append(scope["asgi"]["spec_version"])
            raise

    async with client_of(app, spec_version="2.4") as client, client.stream("GET", "/"):
        pass
    assert notes == ["2.4"]


async def test_an_app_gets_a_disconnect_after_its_response_even_if_it_was_not_read() -> None:
    notes: list[str] = []

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(start())
        await send({"type": "http.response.body", "body": b"unread"})
        notes.append((await receive())["type"])

    async with client_of(app) as client, client.stream("GET", "/"):
        await asyncio.sleep(1)
        assert notes == ["http.disconnect"]


async def test_a_streamed_request_is_pulled_only_as_the_app_receives_it() -> None:
    pulled: list[bytes] = []
    next_one = asyncio.Semaphore(0)

    async def body() -> AsyncIterator[bytes]:
        for part in (b"a", b"b", b"c"):
            pulled.append(part)
            yield part

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        has_more = True
        while has_more:
            await next_one.acquire()
            message = await receive()
            has_more = message["more_body"]
            await send(chunk(message["body"] or b"end"))
        await send(END)

    async with client_of(app) as client, client.stream("POST", "/", content=body()) as response:
        chunks = response.aiter_raw()
        for seen in (b"a", b"b", b"c"):
            await asyncio.sleep(1)
            assert pulled == [b"a", b"b", b"c"][: len(pulled)]
            before = len(pulled)
            next_one.release()
            assert await anext(chunks) == seen
            assert len(pulled) == before + 1
        next_one.release()
        assert await anext(chunks) == b"end"


async def test_an_app_that_gives_up_on_a_receive_loses_nothing_of_the_request() -> None:
    pulled: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for part in (b"late", b"later"):
            await asyncio.sleep(2)
            pulled.append(part)
            yield part

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await receive()
        await asyncio.sleep(10)
        message = await receive()
        await asyncio.sleep(10)
        await send(start())
        await send({"type": "http.response.body", "body": message["body"]})

    async with client_of(app) as client:
        assert (await client.post("/", content=body())).content == b"late"
    assert pulled == [b"late"]


async def test_a_request_whose_body_fails_raises_that_and_the_app_sees_its_client_leave() -> None:
    notes: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("no more")

    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            pass
        notes.append(message["type"])

    async with client_of(app) as client:
        with pytest.raises(LookupError, match="no more"):
            await client.post("/", content=body())
    assert notes == ["http.disconnect"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_a_response_without_a_body_has_none_even_if_the_app_sends_one(
    method: str, status: int
) -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(status, (b"content-length", b"3")))
        await send({"type": "http.response.body", "body": b"abc"})

    async with client_of(app) as client:
        response = await client.request(method, "/")
    assert (response.status_code, response.content) == (status, b"")
    assert response.headers["content-length"] == "3"


async def test_a_message_out_of_place_is_an_error_in_the_app() -> None:
    @http
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(chunk(b"x"))

    async with client_of(app) as client:
        with pytest.raises(RuntimeError, match=r"'http\.response\.body', which is not valid"):
            await client.get("/")
