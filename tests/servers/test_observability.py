"""`scope["route"]` beside others: what OpenTelemetry measures, and what a mounted FastAPI says."""

import pytest
from fastapi import FastAPI
from msgspec import Struct
from opentelemetry.instrumentation.asgi import (  # pyright: ignore[reportMissingTypeStubs] - it has none
    OpenTelemetryMiddleware,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from starlette.applications import Starlette
from starlette.routing import Mount

from jero import BaseApp, Endpoint
from tests.support.asgi import client_of

pytestmark = pytest.mark.anyio


class OrderPath(Struct):
    order_id: int


class Order(Struct):
    id: int


class OrderEndpoint(Endpoint, path="/orders/{order_id}"):
    async def get(self, path: OrderPath) -> Order:
        return Order(path.order_id)


class Orders(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrderEndpoint())


fast = FastAPI(openapi_url=None)


@fast.get("/cups/{cup_id}")
async def get_cup(cup_id: int) -> int:
    return cup_id


class Shop(BaseApp):
    async def _wire(self) -> None:
        self._include_endpoint(OrderEndpoint())
        self._mount("/jero", Orders())
        self._mount("/fast", fast)
        self._mount("/nested", Starlette(routes=[Mount("/inner", Orders())]))


@pytest.mark.parametrize("root_path", ["", "/shop"])
@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/orders/", "/orders/{order_id}"),
        ("/jero/orders/", "/jero/orders/{order_id}"),
        ("/nested/inner/orders/", "/nested/inner/orders/{order_id}"),
        ("/fast/cups/", "/fast/cups/{cup_id}"),
    ],
)
async def test_opentelemetry_measures_requests_by_their_template(
    path: str, template: str, root_path: str
) -> None:
    reader = InMemoryMetricReader()

    class Measured(Shop):
        async def _wire(self) -> None:
            self._wrap(OpenTelemetryMiddleware, meter_provider=MeterProvider([reader]))
            await super()._wire()

    async with client_of(Measured(), root_path=root_path) as client:
        for number in range(1, 4):
            assert (await client.get(f"{path}{number}")).status_code == 200
    assert targets_of(reader) == {(f"{root_path}{template}", 3)}


def targets_of(reader: InMemoryMetricReader) -> set[tuple[object, int]]:
    """The target of each data point of the requests' duration, and how many requests it is of."""
    data = reader.get_metrics_data()
    assert data is not None
    points = [
        point
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.duration"
        for point in metric.data.data_points
    ]
    return {
        ((point.attributes or {}).get("http.target"), point.count)
        for point in points
        if isinstance(point, HistogramDataPoint)
    }
