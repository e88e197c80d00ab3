"""A class that msgspec doesn't support, declared once and usable everywhere."""

from pathlib import PurePosixPath

from msgspec import Meta, Struct

from jero import BaseApp, CustomType, Endpoint


# --8<-- [start:types]
class Sku:
    """A stock-keeping unit, written as `TEA-0042`."""

    def __init__(self, text: str) -> None:
        self.kind, _, number = text.partition("-")
        self.number = int(number)
        if self.number == 0:
            raise ValueError("Numbers begin at 1")

    def __str__(self) -> str:
        return f"{self.kind}-{self.number:04}"


class ItemPath(Struct):
    sku: Sku


class Item(Struct):
    sku: Sku
    label: PurePosixPath


class ItemEndpoint(Endpoint, path="/items/{sku}"):
    async def get(self, path: ItemPath) -> Item:
        return Item(path.sku, PurePosixPath("labels") / f"{path.sku}.pdf")


class App(BaseApp):
    custom_types = (
        CustomType(Sku, str, encode=str, decode=Sku, meta=Meta(pattern="^[A-Z]{3}-[0-9]{4}$")),
        CustomType(PurePosixPath, str, encode=str, decode=PurePosixPath),
    )

    async def _wire(self) -> None:
        self._include_endpoint(ItemEndpoint())


# --8<-- [end:types]


app = App()
