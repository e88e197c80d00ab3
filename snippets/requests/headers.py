"""Header fields, as a Struct: hyphens for underscores, lists, and what is missing."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

from jero import BaseApp, Endpoint


# --8<-- [start:headers]
class PrintHeaders(Struct):
    idempotency_key: UUID  # Idempotency-Key
    x_printer: Literal["thermal", "laser"] = "thermal"
    accept_language: list[str] = []


class Job(Struct):
    id: UUID
    printer: str
    languages: list[str]


class LabelsEndpoint(Endpoint, path="/labels"):
    async def post(self, headers: PrintHeaders) -> Job:
        return Job(headers.idempotency_key, headers.x_printer, headers.accept_language)


# --8<-- [end:headers]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(LabelsEndpoint())


app = App()
