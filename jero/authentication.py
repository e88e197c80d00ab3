"""Authentication: reads a request's credentials from its headers, and finds their user."""

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
    """Authenticates the user of a request. Endpoints included with an authenticator serve only authenticated users.

    `U` is the type of the handlers' argument `user`. Runs before any other part of the request is read. For the common
    schemes use `BearerAuthenticator`, `BasicAuthenticator` and `APIKeyAuthenticator`; inherit from this class for any
    other.
    """

    challenge: ClassVar[str]
    """The value of `WWW-Authenticate` in a 401 (RFC 9110 § 11.6.1)."""

    security_scheme: ClassVar[Mapping[str, str]]
    """The Security Scheme Object in the OpenAPI document (OpenAPI 3.2)."""

    @abstractmethod
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        """Return the user, or `None` for a 401. `headers` has lower-case names. Can raise an `HTTPError`."""

    def refuse(self) -> UnauthorizedError:
        """The error for a request without valid credentials."""
        return UnauthorizedError(
            "This needs authentication.", raw_headers={"www-authenticate": self.challenge}
        )


class BearerAuthenticator[U](Authenticator[U]):
    """Authenticates by `Authorization: Bearer …` (RFC 6750)."""

    challenge = "Bearer"
    security_scheme: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"type": "http", "scheme": "bearer"}
    )

    @abstractmethod
    async def verify(self, token: str) -> U | None:
        """Return the user of this token, or `None` if it is invalid."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        token = _credentials(headers, "bearer")
        if not token:
            return None
        user = await self.verify(token)
        if user is None:  # an invalid token is distinguished from a missing one (RFC 6750 § 3.1)
            separator = ", " if " " in self.challenge else " "
            challenge = f'{self.challenge}{separator}error="invalid_token"'
            raise UnauthorizedError(
                "The token is not valid.", raw_headers={"www-authenticate": challenge}
            )
        return user


class BasicAuthenticator[U](Authenticator[U]):
    """Authenticates by `Authorization: Basic …`, a name and a password (RFC 7617). Use it only over TLS."""

    challenge = 'Basic realm="Restricted", charset="UTF-8"'
    security_scheme: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"type": "http", "scheme": "basic"}
    )

    @abstractmethod
    async def verify(self, username: str, password: str) -> U | None:
        """Return the user with this name, or `None` if the name is unknown or the password is wrong."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        try:
            decoded = base64.b64decode(_credentials(headers, "basic"), validate=True).decode()
        except ValueError:  # not base64, or not UTF-8 within
            return None
        username, colon, password = decoded.partition(":")
        return await self.verify(username, password) if colon else None


class APIKeyAuthenticator[U](Authenticator[U]):
    """Authenticates by a key in a header; `X-API-Key` by default."""

    header: ClassVar[str] = "X-API-Key"
    """The name of the header."""

    challenge = "APIKey"
    security_scheme: ClassVar[Mapping[str, str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        encode_pair(cls.header, "")  # to fail here for an invalid name
        cls.security_scheme = {"type": "apiKey", "in": "header", "name": cls.header}

    @abstractmethod
    async def verify(self, key: str) -> U | None:
        """Return the user of this key, or `None` if it is invalid."""

    @override
    async def authenticate(self, headers: Mapping[str, str]) -> U | None:
        key = headers.get(self.header.lower())
        return await self.verify(key) if key else None


def _credentials(headers: Mapping[str, str], scheme: str) -> str:
    found, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if found.lower() == scheme else ""


def user_type(authenticator: Authenticator[object]) -> object:
    """The annotated user type of an authenticator. Raises `TypeError` if the annotation is missing."""
    kind = type(authenticator)
    method = "verify" if hasattr(kind, "verify") else "authenticate"
    try:
        hints = hints_of(authenticator, method)
    except Exception as error:
        raise TypeError(
            f"{kind.__name__} has an annotation that cannot be evaluated: {error}"
        ) from error
    if "return" not in hints:
        name = getattr(getattr(kind, method), "__qualname__", kind.__name__)
        raise TypeError(f"{name} has no return annotation: add one, as in `-> User | None`")
    users = [part for part in parts_of(hints["return"]) if part is not NoneType]
    return Union[tuple(users)] if users else NoneType  # noqa: UP007 - the parts are known only at run time


def require_authenticator(authenticator: object, name: str) -> None:
    """Raises `WiringError`, naming the endpoint, for an invalid authenticator."""
    if isinstance(authenticator, type):
        given = authenticator.__name__
        raise WiringError(
            f"{name} is included with the class {given} as its authenticator: pass an instance, `{given}(…)`"
        )
    kind = type(authenticator).__name__
    if not isinstance(authenticator, Authenticator):
        raise WiringError(
            f"{name} is included with {kind} as its authenticator: inherit from `Authenticator`"
        )
    for method in ("verify", "authenticate"):
        call: object = getattr(cast("object", authenticator), method, None)
        if call is not None and not inspect.iscoroutinefunction(call):
            raise WiringError(
                f"{kind}.{method} is not a coroutine function: write it as `async def {method}(self, …)`"
            )
    challenge: str | None = getattr(cast("object", authenticator), "challenge", None)
    if challenge is None:
        raise WiringError(
            f"{kind} has no challenge: add the value of `WWW-Authenticate`, as in `challenge = 'Bearer'`"
        )
    try:
        encode_pair("www-authenticate", challenge)
    except ValueError as error:
        raise WiringError(f"{kind}: {error}") from None
