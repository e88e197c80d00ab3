"""A handler that takes a user of another type than its authenticator gives: said when the application starts."""

from msgspec import Struct

from jero import BaseApp, BearerAuthenticator, Endpoint


class Member(Struct):
    name: str


class Guest(Struct):
    name: str


class TokenAuthenticator(BearerAuthenticator[Member]):
    async def verify(self, token: str) -> Member | None:
        return Member("Ada") if token == "ada-s-token" else None  # noqa: S105 - nobody's token


# --8<-- [start:mistake]
class ProfileEndpoint(Endpoint, path="/me"):
    async def get(self, user: Guest) -> Guest:
        return user


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ProfileEndpoint(), authenticator=TokenAuthenticator())


# --8<-- [end:mistake]


app = App()
