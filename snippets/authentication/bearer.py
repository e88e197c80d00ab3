"""A protected prefix: requests need a token, and handlers get its user."""

from collections.abc import Mapping
from hashlib import sha256

from msgspec import Struct

from jero import BaseApp, BearerAuthenticator, EmptyResponse, Endpoint, ForbiddenError


class Release(Struct):
    version: str
    by: str


# --8<-- [start:bearer]
class Member(Struct):
    name: str
    is_admin: bool = False


class TokenAuthenticator(BearerAuthenticator[Member]):
    def __init__(self, members: Mapping[str, Member]) -> None:
        self._members = members  # by hashed token, so a leaked table is useless

    async def verify(self, token: str) -> Member | None:
        return self._members.get(sha256(token.encode()).hexdigest())


class ReleasesEndpoint(Endpoint, path="/releases"):
    async def get(self) -> list[Release]:
        return [Release("1.4.2", by="Ada")]

    async def post(self, user: Member, json: Release) -> Release:
        if not user.is_admin:
            raise ForbiddenError("Only admins release.")
        return Release(json.version, by=user.name)


# --8<-- [end:bearer]


class HealthEndpoint(Endpoint, path="/health"):
    async def get(self) -> EmptyResponse:
        return EmptyResponse()


# --8<-- [start:wire]
class App(BaseApp):
    async def _wire(self) -> None:
        members = {
            sha256(b"ada-s-token").hexdigest(): Member("Ada", is_admin=True),
            sha256(b"bob-s-token").hexdigest(): Member("Bob"),
        }
        self._include_endpoint(HealthEndpoint())
        self._include_endpoints(
            "/api", ReleasesEndpoint(), authenticator=TokenAuthenticator(members)
        )


# --8<-- [end:wire]


app = App()
