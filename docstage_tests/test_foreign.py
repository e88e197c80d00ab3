"""What `nox -s foreign` counts."""

from xml.etree import ElementTree as ET

from docstage.snippet.fresh import Outcome

from foreign.measure import Module, judge, reasons
from foreign.report import Results, plot, reached, table
from foreign.sources import blocks

WHOLE = "### One\n\n0.000  start      200\n0.000  chunk      1\n0.000  end        complete\n"
CRASHED = "### One\n\n0.000  crash      request line 3\n                | ValueError\n0.000  end        incomplete\n"

MODULES = [
    Module("a", "same", requests=2),
    Module("b", "complete", "differs", requests=1),
    Module("c", "application", "crash (request)", requests=1),
    Module("d", "found", "not installed", "flask"),
    Module("e", "found", "no application"),
]


def test_a_module_is_judged_by_two_recordings() -> None:
    def judged(first: str, second: str) -> tuple[str, str]:
        module = judge("a", 1, Outcome("a", first), Outcome("a", second))
        return module.stage, module.why

    assert judged(WHOLE, WHOLE) == ("same", "")
    assert judged(WHOLE, WHOLE.replace("1\n", "2\n")) == ("complete", "differs")
    assert judged(CRASHED, CRASHED) == ("application", "crash (request)")
    assert judged(WHOLE.replace("complete", "incomplete"), WHOLE)[1] == "incomplete response"


def test_a_recording_that_failed_is_not_a_run() -> None:
    module = judge("a", 1, Outcome("a", error="It had not ended."), Outcome("a", WHOLE))

    assert (module.stage, module.detail) == ("application", "It had not ended.")


def test_each_stage_counts_those_beyond_it() -> None:
    assert [reached(MODULES, stage) for stage in ("found", "application", "complete", "same")] == [
        5,
        3,
        2,
        1,
    ]


def test_reasons_name_what_is_not_installed() -> None:
    assert reasons(MODULES) == {
        "differs": 1,
        "crash (request)": 1,
        "not installed: flask": 1,
        "no application": 1,
    }


def test_the_table_has_every_module_once_in_its_last_row_or_in_a_reason() -> None:
    rows = [
        line.split(" | ")
        for line in table(Results("2026-01-01", "3.13", {"x": MODULES})).splitlines()
    ]
    counts = {row[0].removeprefix("| "): row[1].removesuffix(" |") for row in rows if len(row) > 1}
    given = [int(count) for title, count in counts.items() if title.startswith("not: ")]

    assert int(counts["recorded the same twice"]) + sum(given) == int(counts["modules"])


def test_the_plot_shows_every_module() -> None:
    drawn = ET.fromstring(plot({"x": MODULES}))
    titles = [int(each.text or "") for each in drawn.iter("{http://www.w3.org/2000/svg}title")]

    assert sum(titles) == len(MODULES)


def test_blocks_of_a_page_lose_their_indentation() -> None:
    page = "text\n```python title='x'\na = 1\n```\n    ```python\n    if a:\n        b\n    ```\n```sh\nls\n```\n"

    assert list(blocks(page)) == ["a = 1\n", "if a:\n    b\n"]
