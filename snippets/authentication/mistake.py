"""A handler whose user type doesn't match its authenticator, which fails at startup."""

from msgspec import Struct

from jero import BaseApp, BearerAuthenticator, Endpoint


class Member(Struct):
    name: str


class Guest(Struct):
    name: str


class TokenAuthenticator(BearerAuthenticator[Member]):
    async def verify(self, token: str) -> Member | None:
        return Member("Ada") if token == "ada-s-token" else None  # noqa: S105 - an example


# --8<-- [start:mistake]
class ProfileEndpoint(Endpoint, path="/me"):
    async def get(self, user: Guest) -> Guest:
        return user


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ProfileEndpoint(), authenticator=TokenAuthenticator())


# --8<-- [end:mistake]


app = App()
