"""Headers as a Struct: names with hyphens, dates, lists, and optional headers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from jero import BaseApp, Endpoint


# --8<-- [start:headers]
class PrintHeaders(Struct):
    idempotency_key: UUID  # Idempotency-Key
    x_printer: Literal["thermal", "laser"] = "thermal"
    x_print_after: datetime | None = None
    accept_language: list[str] = []


class Job(Struct):
    id: UUID
    printer: str
    print_after: datetime | None
    languages: list[str]


class LabelsEndpoint(Endpoint, path="/labels"):
    async def post(self, headers: PrintHeaders) -> Job:
        return Job(
            headers.idempotency_key,
            headers.x_printer,
            headers.x_print_after,
            headers.accept_language,
        )


# --8<-- [end:headers]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(LabelsEndpoint())


app = App()
