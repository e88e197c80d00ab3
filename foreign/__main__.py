"""Measure how many example modules of other frameworks docstage runs, unchanged: `python -m foreign`."""

import argparse
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from docstage.snippet.project import Project

from foreign.measure import Module, measure
from foreign.report import Results, publish, table
from foreign.sources import FRAMEWORKS, ROOT, fetch, lay_out, versions

BUILD: Final = ROOT / "build" / "foreign"


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="foreign", description=__doc__)
    names = [framework.name for framework in FRAMEWORKS]
    parser.add_argument("frameworks", nargs="*", metavar="FRAMEWORK", help=", ".join(names))
    parser.add_argument("--publish", type=Path, default=BUILD, help="the folder of the results")
    arguments = parser.parse_args()
    chosen = [each for each in FRAMEWORKS if each.name in (arguments.frameworks or names)]
    if not chosen:
        parser.error(f"no such framework: expected some of {', '.join(names)}")
    sources = fetch(BUILD / "sources")
    measured: dict[str, list[Module]] = {}
    for framework in chosen:
        folder = BUILD / framework.name
        package = lay_out(framework, sources[framework.name], folder)
        title = f"{framework.name} {versions()[framework.name]}"
        print(f"{title} …", file=sys.stderr, flush=True)
        measured[title] = list(measure(Project.find(folder), package))
    date = datetime.now(UTC).date().isoformat()
    results = Results(date, platform.python_version(), measured)
    publish(results, arguments.publish)
    print(table(results), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
