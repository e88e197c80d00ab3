"""Who a request is from: what says so in its headers, and who is asked whether it is true."""

import base64
import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import ClassVar, Union, cast, override

from jero.annotations import parts_of
from jero.errors import UnauthorizedError, WiringError
from jero.generics import hints_of
from jero.headers import encode_pair


class Authenticator[U](ABC):
    """Finds the user that a request is from. Endpoints that are included with one serve nobody else.

    Its `U` is what handlers take as `user`. It is asked before anything else of the request is read. For the usual
    schemes there are `BearerAuthenticator`, `BasicAuthenticator` and `APIKeyAuthenticator`; inherit from this one for
    any other.
    """

    challenge: ClassVar[str]
    """What a 401 says about how to authenticate: the value of `WWW-Authenticate` (RFC 9110 § 11.6.1)."""

    security_scheme: ClassVar[Mapping[str, str]]
    """The Security Scheme Object by which OpenAPI 3.2 documents it."""

    @abstractmethod
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        """The user, or `None` for a 401. `headers` is by lower-case names. Raises what handlers may raise."""

    def refuse(self) -> UnauthorizedError:
        """The answer to whoever is not let in."""
        return UnauthorizedError(
            "This needs authentication.", raw_headers={"www-authenticate": self.challenge}
        )


class BearerAuthenticator[U](Authenticator[U]):
    """By `Authorization: Bearer …` (RFC 6750)."""

    challenge = "Bearer"
    security_scheme: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"type": "http", "scheme": "bearer"}
    )

    @abstractmethod
    async def verify(self, token: str) -> U | None:
        """The user whose token this is, or `None`."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        token = _credentials(headers, "bearer")
        if not token:
            return None
        user = await self.verify(token)
        if user is None:  # which is told apart from that there is none (RFC 6750 § 3.1)
            separator = ", " if " " in self.challenge else " "
            challenge = f'{self.challenge}{separator}error="invalid_token"'
            raise UnauthorizedError(
                "The token is not valid.", raw_headers={"www-authenticate": challenge}
            )
        return user


class BasicAuthenticator[U](Authenticator[U]):
    """By `Authorization: Basic …`, a name and a password (RFC 7617). Only over TLS."""

    challenge = 'Basic realm="Restricted", charset="UTF-8"'
    security_scheme: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"type": "http", "scheme": "basic"}
    )

    @abstractmethod
    async def verify(self, username: str, password: str) -> U | None:
        """The user by this name, or `None` if there is none or the password is wrong."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        try:
            decoded = base64.b64decode(_credentials(headers, "basic"), validate=True).decode()
        except ValueError:  # of what is no base64, and of what is no UTF-8 in it
            return None
        username, colon, password = decoded.partition(":")
        return await self.verify(username, password) if colon else None


class APIKeyAuthenticator[U](Authenticator[U]):
    """By a key in a header of its own, `X-API-Key` unless a subclass says otherwise."""

    header: ClassVar[str] = "X-API-Key"
    """The name of the header."""

    challenge = "APIKey"
    security_scheme: ClassVar[Mapping[str, str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        encode_pair(cls.header, "")  # what is no name for a header is better refused here
        cls.security_scheme = {"type": "apiKey", "in": "header", "name": cls.header}

    @abstractmethod
    async def verify(self, key: str) -> U | None:
        """The user whose key this is, or `None`."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        key = headers.get(self.header.lower())
        return await self.verify(key) if key else None


def _credentials(headers: Mapping[str, str], scheme: str) -> str:
    found, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if found.lower() == scheme else ""


def user_type(authenticator: Authenticator[object]) -> object:
    """What an authenticator says that its users are. Raises `TypeError` if it does not say."""
    kind = type(authenticator)
    method = "verify" if hasattr(kind, "verify") else "authenticate"
    try:
        hints = hints_of(authenticator, method)
    except Exception as error:
        raise TypeError(
            f"{kind.__name__} has an annotation that cannot be read: {error}"
        ) from error
    if "return" not in hints:
        name = getattr(getattr(kind, method), "__qualname__", kind.__name__)
        raise TypeError(f"{name} does not say what it returns: annotate it, as in `-> User | None`")
    users = [part for part in parts_of(hints["return"]) if part is not NoneType]
    return Union[tuple(users)] if users else NoneType  # noqa: UP007 - the parts are not known before


def require_authenticator(authenticator: object, name: str) -> None:
    """Raises `WiringError` for what cannot authenticate, on behalf of the endpoint of this name."""
    if isinstance(authenticator, type):
        given = authenticator.__name__
        raise WiringError(
            f"{name} is included with the class {given} as its authenticator: give an instance, `{given}(…)`"
        )
    kind = type(authenticator).__name__
    if not isinstance(authenticator, Authenticator):
        raise WiringError(
            f"{name} is included with {kind} as its authenticator: let it inherit from `Authenticator`"
        )
    for method in ("verify", "authenticate"):
        call: object = getattr(cast("object", authenticator), method, None)
        if call is not None and not inspect.iscoroutinefunction(call):
            raise WiringError(
                f"{kind}.{method} is no coroutine function: write it as `async def {method}(self, …)`"
            )
    challenge: str | None = getattr(cast("object", authenticator), "challenge", None)
    if challenge is None:
        raise WiringError(
            f"{kind} has no challenge: say how to authenticate, as in `challenge = 'Bearer'`"
        )
    try:
        encode_pair("www-authenticate", challenge)
    except ValueError as error:
        raise WiringError(f"{kind}: {error}") from None
