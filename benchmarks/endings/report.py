"""What was seen, written down: all of it as JSON, and as the table of the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.endings.client import TIMEOUT, Endings, Failure, Teardown

ASSETS: Final = Path(__file__).resolve().parents[2] / "docs/assets/endings"

NAMES: Final = {
    "jero": "jero",
    "starlette": "Starlette",
    "fastapi": "FastAPI",
    "fastapi_dependency": "FastAPI, in a dependency",
    "litestar": "Litestar",
}
"""Who takes part, and what the page calls each."""

_HEAD: Final = """\
| Framework | Disconnect while idle | Disconnect between rows | Error before the first row \
| Error after it | SIGTERM |
| --- | --- | --- | --- | --- | --- |
"""


_TIMEOUT: Final = f"{TIMEOUT:g}\N{NO-BREAK SPACE}s"


def write(found: Sequence[Endings]) -> tuple[Path, Path]:
    """Write both files, and say which."""
    data, page = ASSETS / "results.json", ASSETS / "table.txt"
    ASSETS.mkdir(exist_ok=True)
    data.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    page.write_text(table(found), "utf-8")
    return data, page


def read() -> list[Endings]:
    """What was written."""
    return msgspec.json.decode((ASSETS / "results.json").read_bytes(), type=list[Endings])


def table(found: Sequence[Endings]) -> str:
    """A row for each, in Markdown."""
    return _HEAD + "".join(map(_row, found))


def _row(endings: Endings) -> str:
    cells = (
        f"**{NAMES[endings.name]}** {endings.version}".strip(),
        _teardown(endings.leaves_while_idle),
        _teardown(endings.leaves_while_busy),
        _failure(endings.fails_before_the_first_row),
        _failure(endings.fails_after_the_first_row),
        "ends" if endings.ends_on_sigterm else f"still there after {_TIMEOUT}",
    )
    return f"| {' | '.join(cells)} |\n"


def _teardown(teardown: Teardown) -> str:
    if not teardown.is_begun:
        return f"not closed within {_TIMEOUT}"
    return "closed" if teardown.is_finished else "cut short"


def _failure(failure: Failure) -> str:
    told = str(failure.status or "no response")
    if failure.status == 200:
        told += ", looks whole" if failure.is_taken_for_whole else ", broken off"
    return told if failure.is_logged else f"{told}, not logged"
