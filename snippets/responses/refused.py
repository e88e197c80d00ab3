"""A rejected response: a header value that would inject another header."""

from msgspec import Struct

from jero import BaseApp, BytesResponse, Endpoint


# --8<-- [start:refused]
class Download(Struct):
    name: str = "invoice"


class InvoiceEndpoint(Endpoint, path="/invoice.pdf"):
    async def get(self, params: Download) -> BytesResponse:
        return BytesResponse(
            content=b"%PDF-1.7 ...",
            raw_headers={
                "content-type": "application/pdf",
                "content-disposition": f"attachment; filename={params.name}.pdf",
            },
        )


# --8<-- [end:refused]


class App(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(InvoiceEndpoint())


app = App()
