"""Who a request is from, and who is let in."""

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero import (
    APIKeyAuthenticator,
    Authenticator,
    BaseApp,
    BasicAuthenticator,
    BearerAuthenticator,
    EmptyResponse,
    Endpoint,
    ForbiddenError,
    UnauthorizedError,
    operation,
)
from tests.support.asgi import client_of
from tests.support.asking import Answer, ask
from tests.support.requests import pieces, run
from tests.support.wiring import failure_of

pytestmark = pytest.mark.anyio


class User(Struct):
    name: str


class Admin(User):
    pass


class Bearer(BearerAuthenticator[User]):
    async def verify(self, token: str) -> User | None:
        if token == "banned":
            raise ForbiddenError("You may not come in.")
        return User(token) if token != "wrong" else None


class Basic(BasicAuthenticator[User]):
    async def verify(self, username: str, password: str) -> User | None:
        return User(f"{username}/{password}") if password != "wrong" else None


class Key(APIKeyAuthenticator[User]):
    async def verify(self, key: str) -> User | None:
        return User(key) if key != "wrong" else None


class OwnKey(Key):
    header = "X-Own"


class Me(Endpoint, path="/me"):
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def get(self, user: User) -> User:
        self.seen.append(user.name)
        return user


class Guarded(Endpoint, path="/guarded"):
    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    async def get(self) -> EmptyResponse:
        return EmptyResponse()

    async def post(self, content: bytes) -> EmptyResponse:
        self.chunks.append(content)
        return EmptyResponse()

    async def put(self, content: AsyncIterator[bytes]) -> EmptyResponse:
        self.chunks += [chunk async for chunk in content]
        return EmptyResponse()


def app_of(authenticator: Authenticator[Any], *endpoints: Endpoint) -> BaseApp:
    class App(BaseApp):
        async def _wire(self) -> None:
            for endpoint in endpoints:
                self._include_endpoint(endpoint, authenticator=authenticator)

    return App()


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


async def get_me(authenticator: Authenticator[Any], *headers: tuple[str, str]) -> Answer:
    return await ask(app_of(authenticator, Me()), "/me", headers=headers)


@pytest.mark.parametrize(
    ("authenticator", "header", "name"),
    [
        (Bearer(), ("authorization", "Bearer abc"), "abc"),
        (Bearer(), ("authorization", "bearer  abc "), "abc"),
        (Basic(), ("authorization", basic("ann:secret")), "ann/secret"),
        (Basic(), ("authorization", basic("änn:a:b")), "änn/a:b"),
        (Basic(), ("authorization", basic(":")), "/"),
        (Key(), ("x-api-key", "abc"), "abc"),
        (OwnKey(), ("x-own", "abc"), "abc"),
    ],
)
async def test_the_authenticated_user_is_passed_to_the_handler(
    authenticator: Authenticator[Any], header: tuple[str, str], name: str
) -> None:
    answer = await get_me(authenticator, header)
    assert answer.status == 200
    assert msgspec.json.decode(answer.body, type=User) == User(name)


@pytest.mark.parametrize(
    ("authenticator", "headers", "challenge"),
    [
        (Bearer(), [], "Bearer"),
        (Bearer(), [("authorization", "Bearer")], "Bearer"),
        (Bearer(), [("authorization", "Bearer ")], "Bearer"),
        (Bearer(), [("authorization", "Basic abc")], "Bearer"),
        (Basic(), [("authorization", basic("ann:wrong"))], Basic.challenge),
        (Basic(), [("authorization", basic("ann"))], Basic.challenge),
        (Basic(), [("authorization", "Basic %%%")], Basic.challenge),
        (Basic(), [("authorization", "Basic ä")], Basic.challenge),
        (Basic(), [("authorization", "Basic /w==")], Basic.challenge),
        (Key(), [("x-api-key", "wrong")], "APIKey"),
        (Key(), [("x-api-key", "")], "APIKey"),
    ],
)
async def test_a_request_without_valid_credentials_gets_a_401_with_a_challenge(
    authenticator: Authenticator[Any], headers: list[tuple[str, str]], challenge: str
) -> None:
    answer = await get_me(authenticator, *headers)
    assert answer.headers["www-authenticate"] == challenge
    assert answer.problem == {
        "title": "Unauthorized",
        "status": 401,
        "detail": "This needs authentication.",
    }


class Front(Endpoint, path="/me"):
    @operation(is_public=True)
    async def get(self) -> User:
        return User("anybody")

    async def post(self, user: User) -> User:
        return user


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("GET", (), 200), ("POST", (), 401), ("POST", (("authorization", "Bearer ann"),), 200)],
)
async def test_of_a_guarded_endpoint_a_public_handler_is_served_to_everybody(
    method: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    answer = await ask(app_of(Bearer(), Front()), "/me", method, headers=headers)
    assert answer.status == status


@pytest.mark.parametrize("name", ["verify", "authenticate"])
async def test_an_authenticator_that_cannot_be_awaited_is_a_wiring_error(name: str) -> None:
    def plain(*_: object) -> None: ...

    kind = type("Plain", (Bearer,), {name: plain})
    text = await failure_of(app_of(kind(), Me()))
    assert (
        f"Plain.{name} is not a coroutine function: write it as `async def {name}(self, …)`" in text
    )


async def test_an_invalid_token_is_distinguished_from_a_missing_one() -> None:
    answer = await get_me(Bearer(), ("authorization", "Bearer wrong"))
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.problem["detail"] == "The token is not valid."


async def test_the_error_of_an_invalid_token_is_added_to_a_custom_challenge() -> None:
    class Realm(Bearer):
        challenge = 'Bearer realm="orders"'

    answer = await get_me(Realm(), ("authorization", "Bearer wrong"))
    assert answer.headers["www-authenticate"] == 'Bearer realm="orders", error="invalid_token"'


@given(st.text(st.characters(max_codepoint=0xFF, min_codepoint=0x20, exclude_characters="\x7f")))
def test_no_authorization_at_all_is_an_error_of_the_servers(text: str) -> None:
    for authenticator in (Bearer(), Basic()):
        answer = run(get_me(authenticator, ("authorization", f"{authenticator.challenge} {text}")))
        assert answer.status in {200, 401}


async def test_an_http_error_of_an_authenticator_is_answered() -> None:
    answer = await get_me(Bearer(), ("authorization", "Bearer banned"))
    assert (answer.problem["status"], answer.problem["detail"]) == (403, "You may not come in.")


class Stale(Endpoint, path="/stale"):
    def __init__(self, raw_headers: dict[str, str] | None) -> None:
        self._raw_headers = raw_headers

    async def get(self) -> EmptyResponse:
        raise UnauthorizedError("Log in anew.", raw_headers=self._raw_headers)


@pytest.mark.parametrize(
    ("raw_headers", "challenge"),
    [(None, "Bearer"), ({"WWW-Authenticate": "Bearer error=stale"}, "Bearer error=stale")],
)
async def test_a_401_raised_by_a_handler_has_a_challenge(
    raw_headers: dict[str, str] | None, challenge: str
) -> None:
    app = app_of(Bearer(), Stale(raw_headers))
    answer = await ask(app, "/stale", headers=(("authorization", "Bearer abc"),))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, challenge)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
async def test_an_endpoint_that_does_not_take_the_user_is_guarded_all_the_same(method: str) -> None:
    app = app_of(Bearer(), Guarded())
    refused = await ask(app, "/guarded", method)
    let_in = await ask(app, "/guarded", method, headers=(("authorization", "Bearer a"),))
    assert (refused.status, let_in.status) == (401, 204)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_authentication_runs_before_the_body_is_read(method: str) -> None:
    guarded, sent = Guarded(), list[bytes]()
    async with client_of(app_of(Bearer(), guarded)) as client:
        response = await client.request(method, "/guarded", content=pieces([b"1", b"2"], sent))
    assert (response.status_code, sent, guarded.chunks) == (401, [], [])


async def test_an_unauthenticated_request_gets_no_other_errors() -> None:
    class Page(Struct):
        size: int

    class Pages(Endpoint, path="/pages"):
        async def get(self, params: Page, user: User) -> Page:
            raise NotImplementedError

    answer = await ask(app_of(Bearer(), Pages()), "/pages")
    assert answer.status == 401


class Cookie(Authenticator[Admin]):
    """A scheme of one's own."""

    challenge = "Cookie"

    async def authenticate(self, headers: Mapping[str, str]) -> Admin | None:
        return Admin(headers["cookie"]) if "cookie" in headers else None


async def test_a_scheme_of_ones_own_sees_the_headers_by_lower_case_names() -> None:
    answer = await get_me(Cookie(), ("cookie", "a=1"), ("cookie", "b=2"))
    assert answer.body == b'{"name":"a=1; b=2"}'


async def test_a_handler_may_take_a_base_class_of_the_authenticators_user() -> None:
    class App(BaseApp):
        async def _wire(self) -> None:
            self._include_endpoint(Me(), authenticator=Cookie())

    assert (await ask(App(), "/me", headers=(("cookie", "a"),))).status == 200


class Takes(Endpoint, path="/"):
    async def get(self, user: Admin) -> User:
        return user


class Untyped(BearerAuthenticator[User]):
    async def verify(self, token: str):  # noqa: ANN201 - what is tested
        return User(token)


class Unreadable(BearerAuthenticator[User]):
    async def verify(self, token: str) -> "Missing | None":  # noqa: F821 # pyright: ignore - what is tested
        return None


class Unchallenging(Authenticator[User]):
    async def authenticate(self, headers: Mapping[str, str]) -> User | None:
        return None


class Forging(Bearer):
    challenge = "Bearer\r\nset-cookie: a=b"


@pytest.mark.parametrize(
    ("authenticator", "endpoint", "text"),
    [
        (Bearer(), Takes(), "Takes.get has an invalid argument `user`: Bearer returns User: annotate `user` with"),
        (None, Me(), "there is no authenticator: include the endpoint with `authenticator=…`, and do not"),
        (Untyped(), Me(), "Untyped.verify has no return annotation: add one, as in `-> User"),
        (Unreadable(), Me(), "Unreadable has an annotation that cannot be evaluated: name 'Missing'"),
        (Unchallenging(), Guarded(), "Unchallenging has no challenge: add the value of `WWW-Authenticate`, as in"),
        (Forging(), Guarded(), "Forging: header 'www-authenticate' cannot have the value"),
        (Bearer, Guarded(), "Guarded is included with the class Bearer as its authenticator: pass an"),
        ("Bearer", Guarded(), "Guarded is included with str as its authenticator: inherit from `"),
    ],
)  # fmt: skip
async def test_an_invalid_authenticator_is_a_wiring_error(
    authenticator: Any, endpoint: Endpoint, text: str
) -> None:
    assert text in await failure_of(app_of(authenticator, endpoint))


def test_an_invalid_header_name_for_an_api_key_is_refused_in_the_class() -> None:
    with pytest.raises(ValueError, match="'X Own' is not a valid header name"):
        type("Bad", (Key,), {"header": "X Own"})
