import dataclasses
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero.finite import find_nonfinite, holds_decimals, is_finite, may_be_nonfinite


class Line(Struct, rename="camel"):
    unit_price: Decimal
    count: int = 1


class Row(Struct, array_like=True):
    name: str
    price: Decimal


@dataclasses.dataclass
class Total:
    net: Decimal


@attrs.define
class Tax:
    rate: Decimal


class Order(Struct):
    id: int
    lines: list[Line] = []
    parts: "list[Order]" = []
    rates: dict[str, Decimal] = {}
    by_rate: dict[Decimal, int] = {}
    row: Row | None = None
    total: Total | None = None
    tax: Tax | None = None


class Plain(Struct):
    id: int
    parts: "list[Plain]" = []
    more: Any = None


@pytest.mark.parametrize(
    ("annotation", "holds"),
    [
        (Decimal, True),
        (Order, True),
        (list[dict[str, tuple[int, Decimal | None]]], True),
        (Total, True),
        (Plain, False),
        (dict[str, float], False),
        (object, False),
    ],
)
def test_it_is_known_which_types_can_hold_a_decimal(annotation: object, *, holds: bool) -> None:
    assert holds_decimals(annotation) is holds


NAN, INFINITY, ONE = Decimal("sNaN"), Decimal("-Infinity"), Decimal(1)


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (NAN, ["$"]),
        (ONE, []),
        (Order(1, [Line(ONE), Line(NAN)]), ["$.lines[1].unitPrice"]),
        (Order(1, parts=[Order(2, rates={"a b": INFINITY})]), ["$.parts[0].rates['a b']"]),
        (Order(1, by_rate={Decimal("Infinity"): 1}), ["$.by_rate.Infinity"]),
        (Order(1, row=Row("a", NAN), total=Total(ONE)), ["$.row[1]"]),
        (Order(1, row=Row("a", ONE), total=Total(NAN)), ["$.total.net"]),
        (Order(1, tax=Tax(NAN)), ["$.tax.rate"]),
        ([(1, NAN), {"nan": "NaN"}], ["$[0][1]"]),
    ],
)  # fmt: skip
def test_each_decimal_that_is_not_finite_is_found_with_its_path(
    value: object, paths: list[str]
) -> None:
    assert list(find_nonfinite(value)) == paths


def test_a_value_may_be_nested_deeper_than_calls_may() -> None:
    value: object = NAN
    for _ in range(10_000):
        value = [value]
    assert len(list(find_nonfinite(value))) == 1


@given(st.decimals() | st.floats())
def test_a_number_is_finite_if_json_can_hold_it(number: Decimal | float) -> None:
    assert is_finite(number) == (str(number).strip("-+.0123456789eE") == "")


words = st.from_regex(
    r"\A[ \t]*[+-]?_*([sS]?_*[nN]_*[aA]_*[nN][0-9_]*|[iI]_*[nN]_*[fF]_*([iI]nity)?)[ _]*\Z"
) | st.text("+-sSnNaAiIfFtTyY_ 0", max_size=12)


@given(words, st.data())
def test_no_spelling_of_nan_or_infinity_goes_unnoticed(word: str, data: st.DataObject) -> None:
    try:
        is_real = Decimal(word).is_finite()
    except InvalidOperation:
        is_real = True
    escaped = "".join(
        data.draw(st.sampled_from([char, f"\\u{ord(char):04x}", f"\\u{ord(char):04X}"]))
        if char > " "
        else f"\\u{ord(char):04x}"
        for char in word
    )
    text = f'{{"price": "{escaped}"}}'.encode()
    assert msgspec.json.decode(text) == {"price": word}
    assert is_real or may_be_nonfinite(text)
