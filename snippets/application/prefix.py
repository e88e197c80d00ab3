"""Endpoints with a dependency, under a shared prefix with a path parameter."""

from msgspec import Struct

from jero import BaseApp, Endpoint, NotFoundError


class Level(Struct):
    item: str
    left: int


class Warehouse(Struct):
    name: str
    items: int


# --8<-- [start:endpoints]
class Stock:
    """Stands in for a repository over a database."""

    def __init__(self) -> None:
        self._levels = {"lisbon": {"kettle": 20, "grinder": 3}, "porto": {"kettle": 7}}

    async def levels(self, warehouse: str) -> dict[str, int]:
        if warehouse not in self._levels:
            raise NotFoundError(f"There is no warehouse {warehouse}.")
        return self._levels[warehouse]


class WarehousePath(Struct):
    warehouse: str


class WarehouseEndpoint(Endpoint, path="/"):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def get(self, path: WarehousePath) -> Warehouse:
        return Warehouse(path.warehouse, len(await self._stock.levels(path.warehouse)))


class LevelsEndpoint(Endpoint, path="/levels"):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    async def get(self, path: WarehousePath) -> list[Level]:
        levels = await self._stock.levels(path.warehouse)
        return [Level(item, left) for item, left in levels.items()]


class App(BaseApp):
    async def _wire(self) -> None:
        stock = Stock()
        self._include_endpoints(
            "/warehouses/{warehouse}", WarehouseEndpoint(stock), LevelsEndpoint(stock)
        )


# --8<-- [end:endpoints]


app = App()
