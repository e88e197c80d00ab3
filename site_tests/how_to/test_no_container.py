"""The code of the page on wiring: an endpoint is tested with a fake that is given by hand."""

# --8<-- [start:test]
import pytest

from snippets.explanation.no_container import Bill, NotOnTheListError, Order, OrdersEndpoint

pytestmark = pytest.mark.anyio


class TeaOnly:
    async def find(self, item: str) -> int | None:
        return 190 if item == "tea" else None


async def test_a_bill_is_the_price_times_the_cups() -> None:
    endpoint = OrdersEndpoint(TeaOnly())
    assert await endpoint.post(Order("tea", 3)) == Bill(570)


async def test_what_is_not_on_the_list_is_refused() -> None:
    endpoint = OrdersEndpoint(TeaOnly())
    with pytest.raises(NotOnTheListError):
        await endpoint.post(Order("espresso", 1))


# --8<-- [end:test]
