"""The items as Pydantic models, for peers whose documentation recommends those."""

from typing import Annotated

from pydantic import BaseModel, Field

from benchmarks import data
from benchmarks.data import as_row, each


class Trade(BaseModel):
    id: int
    symbol: Annotated[str, Field(max_length=8)]
    price: float
    quantity: Annotated[int, Field(ge=1)]
    venue: str
    levels: list[list[float]]


class Token(BaseModel):
    text: str


class Record(BaseModel):
    id: int
    title: str
    tags: list[str]
    text: str


class Order(BaseModel):
    account: str
    trades: list[Trade]


class Totals(BaseModel):
    count: int
    quantity: int


TRADES = each(data.TRADES, lambda trade: Trade.model_validate(as_row(trade)))
TOKENS = each(data.TOKENS, lambda token: Token.model_validate(as_row(token)))
RECORDS = each(data.RECORDS, lambda record: Record.model_validate(as_row(record)))
