"""What a line of the CSV export says, as spreadsheets and `csv` read it."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from snippets.how_to.export_csv import line

VALUES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.integers())


def _read(values: list[str | int]) -> list[str]:
    (row,) = csv.reader(io.StringIO(line(values).decode(), newline=""))
    return row


@given(VALUES)
def test_what_is_written_is_read_again_but_for_the_mark_of_text(values: list[str | int]) -> None:
    for value, cell in zip(values, _read(values), strict=True):
        assert cell in (str(value), f"'{value}")


@given(VALUES)
def test_no_text_is_a_formula(values: list[str | int]) -> None:
    for value, cell in zip(values, _read(values), strict=True):
        assert isinstance(value, int) or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_negative_number_stays_a_number() -> None:
    assert line([-310]) == b"-310\r\n"
