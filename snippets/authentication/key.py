"""An API key in a header, checked before anything else in the request is read."""

from hmac import compare_digest

from msgspec import Struct

from jero import APIKeyAuthenticator, BaseApp, EmptyResponse, Endpoint


# --8<-- [start:key]
class Runner(Struct):
    name: str


class RunnerAuthenticator(APIKeyAuthenticator[Runner]):
    header = "X-Runner-Key"

    async def verify(self, key: str) -> Runner | None:
        return Runner("linux-2") if compare_digest(key.encode(), b"a long secret") else None


class Report(Struct):
    passed: int
    failed: int


class ReportsEndpoint(Endpoint, path="/reports"):
    async def post(self, user: Runner, json: Report) -> EmptyResponse:
        print(f"{user.name}: {json.passed} passed, {json.failed} failed")
        return EmptyResponse()


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(ReportsEndpoint(), authenticator=RunnerAuthenticator())


# --8<-- [end:key]


app = App()
