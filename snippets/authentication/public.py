"""A path that everybody can read and only some can write."""

from msgspec import Struct

from jero import APIKeyAuthenticator, BaseApp, Endpoint, operation


class Opening(Struct):
    day: str
    hours: str


class Keeper(Struct):
    name: str


class KeeperAuthenticator(APIKeyAuthenticator[Keeper]):
    async def verify(self, key: str) -> Keeper | None:
        return Keeper("Mia") if key == "mias-key" else None


# --8<-- [start:public]
class OpeningsEndpoint(Endpoint, path="/openings"):
    @operation(is_public=True)
    async def get(self) -> list[Opening]:
        return [Opening("Monday", "8 to 18")]

    @operation(status_code=201)
    async def post(self, user: Keeper, json: Opening) -> Opening:
        print(f"{user.name} opens on {json.day}")
        return json


# --8<-- [end:public]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OpeningsEndpoint(), authenticator=KeeperAuthenticator())


app = App()
