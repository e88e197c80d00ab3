"""The description of an API as a whole: its Info Object and its servers (OpenAPI 3.2)."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict, cast

import msgspec
from msgspec import Struct

from jero.errors import WiringError
from jero.openapi.json_schema import Members
from jero.openapi.operations import Version, present

VERSIONS: Final = {"3.1": "3.1.1", "3.2": "3.2.0"}
"""The supported versions of OpenAPI."""


class Server(TypedDict):
    """Where the API is served (Server Object)."""

    url: str
    """Absolute, or relative to the document's own."""

    description: NotRequired[str]


class Contact(TypedDict, total=False):
    """Who is responsible for the API (Contact Object)."""

    name: str
    url: str
    email: str


class License(TypedDict):
    """The licence of the API (License Object). It has an `identifier` or a `url`, or neither."""

    name: str

    identifier: NotRequired[str]
    """An SPDX licence expression, as in `Apache-2.0`."""

    url: NotRequired[str]


class About(Struct, frozen=True):
    """The description of the whole API, and the version of OpenAPI to write it in."""

    title: str
    version: str = "0.1.0"
    description: str = ""
    openapi: Version = "3.2"
    servers: Sequence[Server] = ()
    contact: Contact | None = None
    license: License | None = None

    @staticmethod
    def of(app: object) -> "About":
        """The default description of an application: the name and the docstring of its class."""
        kind = type(app)
        return About(kind.__name__, description=inspect.cleandoc(kind.__doc__ or ""))

    def require_valid(self, name: str) -> None:
        """Raises `WiringError` for values that OpenAPI does not allow. `name` starts the message."""
        if self.openapi not in VERSIONS:
            raise WiringError(
                f"{name}: OpenAPI {self.openapi!r} is not supported: use one of {', '.join(VERSIONS)}"
            )
        if isinstance(self.servers, str | Mapping):
            raise WiringError(f"{name}: `servers` must be a list, as in `[{{'url': 'https://…'}}]`")
        for server in self.servers:
            _require(f"{name}: a server", server, Server)
        if self.contact is not None:
            _require(f"{name}: the contact", self.contact, Contact)
        if self.license is not None:
            _require(f"{name}: the license", self.license, License)
            if {"identifier", "url"} <= self.license.keys():
                raise WiringError(
                    f"{name}: the license has both an identifier and a url: OpenAPI allows one of them"
                )

    def members(self) -> Members:
        """The first members of the document."""
        info = {"title": self.title, "version": self.version}
        more = present(
            description=self.description, contact=self.contact or {}, license=self.license or {}
        )
        servers = present(servers=list(self.servers))
        return {"openapi": VERSIONS[self.openapi], "info": info | more} | servers


def _require(what: str, given: object, kind: type) -> None:
    known = kind.__annotations__
    if not isinstance(given, Mapping):
        raise WiringError(f"{what} is {given!r}: expected a dictionary of {', '.join(known)}")
    names = {str(name) for name in cast("Mapping[object, object]", given)}
    if unknown := names - known.keys():
        raise WiringError(f"{what} has {min(unknown)!r}: it can have {', '.join(known)}")
    try:
        msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise WiringError(f"{what} is not valid: {error}") from None
