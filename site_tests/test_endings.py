"""The page that compares how streams end shows what was seen, of the locked versions, and jero still does it."""

import re

import pytest

from benchmarks.endings.client import Endings, watch
from benchmarks.endings.report import ASSETS, read, table
from tests.support.root import ROOT

FOUND = {endings.name: endings for endings in read()}


def test_the_table_is_of_the_data() -> None:
    assert (ASSETS / "table.txt").read_text("utf-8") == table(list(FOUND.values()))


def test_the_versions_are_those_that_are_locked() -> None:
    locked = dict(
        re.findall(
            r"^([\w-]+)==(\S+)", (ROOT / "requirements/bench.txt").read_text("utf-8"), re.MULTILINE
        )
    )
    for name, endings in FOUND.items():
        assert name == "jero" or endings.version == locked[name.partition("_")[0]]


# Of its peers the tests have Starlette, too, on which the site's own server stands.
@pytest.mark.parametrize("name", ["jero", "starlette"])
def test_what_the_page_says_is_what_happens(name: str) -> None:
    def but_the_version(endings: Endings) -> tuple[object, ...]:
        return (
            endings.leaves_while_idle,
            endings.leaves_while_busy,
            endings.fails_before_the_first_row,
            endings.fails_after_the_first_row,
            endings.ends_on_sigterm,
        )

    # Of what happens, the test waits for as long as it takes.
    expected = FOUND[name]
    is_finished = expected.leaves_while_idle.is_finished and expected.leaves_while_busy.is_finished
    seen = watch(name, patience=60, teardown=60 if is_finished else 2)
    assert but_the_version(seen) == but_the_version(FOUND[name])
