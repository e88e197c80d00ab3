from datetime import date
from enum import Enum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from jero.headers import compile_encoder, encode_pair, encode_raw, merge


class Colour(Enum):
    RED = "red"


class Headers(Struct):
    x_name: str
    x_count: int = 3
    x_is_fresh: bool = True
    x_on: date = date(2026, 11, 22)
    x_colour: Colour = Colour.RED
    x_id: UUID = UUID(int=1)
    x_mode: Literal["fast", "slow"] = "fast"
    x_score: Annotated[float, msgspec.Meta(ge=0)] = 0.5
    x_note: str | None = None
    link: list[str] = []
    own: str = msgspec.field(default="kept", name="X-Own_Name")


def test_a_struct_becomes_pairs_named_by_its_fields() -> None:
    assert compile_encoder(Headers)(Headers("n", link=["<a>", "<b>"])) == [
        (b"x-name", b"n"),
        (b"x-count", b"3"),
        (b"x-is-fresh", b"true"),
        (b"x-on", b"2026-11-22"),
        (b"x-colour", b"red"),
        (b"x-id", b"00000000-0000-0000-0000-000000000001"),
        (b"x-mode", b"fast"),
        (b"x-score", b"0.5"),
        (b"link", b"<a>"),
        (b"link", b"<b>"),
        (b"x-own_name", b"kept"),
    ]


def test_a_later_layer_replaces_every_field_of_the_same_name() -> None:
    defaults = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert merge(defaults, [(b"a", b"4"), (b"a", b"5")]) == [
        (b"b", b"2"),
        (b"a", b"4"),
        (b"a", b"5"),
    ]


latin_1 = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"))


@given(latin_1, st.sampled_from("\r\n\0"), latin_1)
def test_a_value_with_a_line_break_or_nul_is_refused(before: str, forger: str, after: str) -> None:
    value = before + forger + after
    with pytest.raises(ValueError, match="cannot have the value"):
        encode_pair("x", value)


@given(latin_1)
def test_any_other_latin_1_value_is_sent_as_it_is(value: str) -> None:
    assert encode_raw({"X-Any": value}) == [(b"x-any", value.encode("latin-1"))]


@pytest.mark.parametrize("name", ["", "a b", "a:b", "ä", "a\n"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no header name"):
        encode_pair(name, "")
