"""`docstage`: build and serve a site with live examples; create, run, record and check its snippets."""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from docstage.adopt.adopt import adopt, configuration, package_of
from docstage.bundle.bundle import BundleError, bundle
from docstage.bundle.from_source import check_types
from docstage.run.runner import run_on
from docstage.run.stage import Stage
from docstage.server.rebuild import Builder, BuildError
from docstage.server.serve import Options, serve
from docstage.server.signals import cancel_at_signals
from docstage.snippet import transcript
from docstage.snippet.catalogue import (
    Exchange,
    Snippet,
    UnknownSnippetError,
)
from docstage.snippet.fresh import each
from docstage.snippet.new import create
from docstage.snippet.project import Project
from docstage.start import init


def main() -> int:
    """Run the command; returns the exit status."""
    arguments = _parser().parse_args()
    try:
        return arguments.command(arguments)
    except (BuildError, BundleError, UnknownSnippetError, ValueError) as error:
        print(f"docstage: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docstage", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("init", help="add docstage to the project in this folder")
    command.add_argument("--yes", action="store_true", help="write without asking")
    command.set_defaults(command=_init)

    command = commands.add_parser("serve", help="serve the built site, and run snippets for it")
    command.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)"
    )
    command.add_argument("--port", type=int, default=8000, help="the port (default: %(default)s)")
    command.add_argument(
        "--name",
        action="append",
        default=[],
        help="another host name that the server accepts",
    )
    command.set_defaults(command=_serve)

    command = commands.add_parser("build", help="build the site, unless it is up to date")
    command.add_argument("--site", type=Path, help="output folder (default: the project's, site/)")
    command.add_argument(
        "--with",
        dest="generator",
        choices=("mkdocs", "zensical"),
        default="mkdocs",
        help="the site generator (default: %(default)s)",
    )
    command.set_defaults(command=_build)

    command = commands.add_parser("run", help="run a snippet and print its events as they happen")
    command.add_argument("snippet", help="such as streaming.ndjson, or snippets.streaming.ndjson")
    command.add_argument("--request", help="the name of the request to send (default: the first)")
    command.set_defaults(command=_run)

    command = commands.add_parser(
        "new", help="create a working snippet, with its requests and its transcript"
    )
    command.add_argument("snippet", help="such as streaming.my_example")
    command.set_defaults(command=_new)

    command = commands.add_parser(
        "import",
        help="make snippets of existing modules: write requests beside each, and change none",
    )
    command.add_argument("path", type=Path, help="the folder of the modules, such as docs_src")
    command.add_argument(
        "--http",
        choices=("auto",),
        default="auto",
        help="where requests come from: the application's OpenAPI document, else its routes",
    )
    command.set_defaults(command=_import)

    for name, function, text in (
        ("record", _record, "record the transcripts of snippets again"),
        ("check", _check, "compare snippets with their transcripts; exit status 1 if any differs"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("snippets", nargs="*", help="names (default: all)")
        command.set_defaults(command=function)

    command = commands.add_parser(
        "bundle", help="build what the site needs to run snippets in the browser"
    )
    command.add_argument(
        "--check-types", action="store_true", help="only type-check the TypeScript of a checkout"
    )
    command.set_defaults(command=_bundle)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    options = Options(
        project=Project.find(),
        host=arguments.host,
        port=arguments.port,
        names=tuple(arguments.name),
    )
    return serve(options)


def _build(arguments: argparse.Namespace) -> int:
    project = Project.find()
    site = arguments.site or project.root / project.config.site
    builder = Builder(project, site, generator=arguments.generator)
    if builder.is_current():
        print(f"{site} is up to date.")
        return 0
    asyncio.run(_build_until_current(builder))
    print(f"The site is in {site}.")
    return 0


async def _build_until_current(builder: Builder) -> None:
    cancel_at_signals()
    while not builder.is_current():  # somebody may edit meanwhile
        (await builder.build(is_shown=True)).release()


def _run(arguments: argparse.Namespace) -> int:
    catalogue = _enter().catalogue()
    snippet = catalogue.get(catalogue.short(arguments.snippet))
    return asyncio.run(_print_run(snippet, _exchange(snippet, arguments.request)))


async def _print_run(snippet: Snippet, exchange: Exchange) -> int:
    stage = Stage(snippet.module, names=snippet.app)
    is_complete = False
    out = sys.stdout  # while the run lasts, `print` belongs to the snippet
    try:
        async with run_on(stage, exchange.request) as run:
            if exchange.disconnect_after is not None:
                asyncio.get_running_loop().call_later(exchange.disconnect_after, run.disconnect)
            async for event in run:
                out.write(transcript.write(event) + "\n")
                out.flush()
                is_complete = getattr(event, "complete", False)
    finally:
        await stage.aclose()
    return 0 if is_complete or exchange.disconnect_after is not None else 1


_AFTER_INIT = """Written. Next:
    docstage check    compare the examples with their recorded output
    docstage serve    build the site, and serve it while you write
    docstage build    build the site, for any static host
"""


def _init(arguments: argparse.Namespace) -> int:
    plan = init.plan(Path.cwd())
    if not plan.changes:
        print("docstage is set up here already: nothing to write.")
        return 0
    print(plan.shown())
    files = f"{len(plan.changes)} file{'s' if len(plan.changes) > 1 else ''}"
    if not arguments.yes:
        if not sys.stdin.isatty():
            print("Nothing was written: `docstage init --yes` writes it.", file=sys.stderr)
            return 1
        if input(f"Write {files}? [y/N] ").strip().lower() not in {"y", "yes"}:
            print("Nothing was written.")
            return 1
    plan.write()
    print("".join([_AFTER_INIT, *(f"{hint}\n" for hint in plan.hints)]), end="")
    return 0


_NEXT = """Created {path}, with its requests (.http) and their recorded output (.transcript).

Edit it, and run it at any time:
    docstage run {name}
Record its output when it does what it should:
    docstage record {name}
Show it on a page, all of it or one section, with three lines of Markdown:
    ```live
    {name}:stream
    ```
"""


def _new(arguments: argparse.Namespace) -> int:
    project = _enter()
    catalogue = project.catalogue()
    snippet = create(catalogue.short(arguments.snippet), catalogue)
    path = snippet.path.relative_to(project.root)
    print(_NEXT.format(path=path, name=snippet.name), end="")
    return 0


def _import(arguments: argparse.Namespace) -> int:
    project = Project.find()
    single, entry = package_of(project, arguments.path)
    kinds: Counter[str] = Counter()
    for report in adopt(single, arguments.path):
        print(f"{report.module}  {report}", flush=True)
        kinds[report.kind] += 1
    print("\n" + (", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no modules"))
    if entry and kinds["written"] + kinds["kept"]:
        print(f"\n{configuration(project, entry)}", end="")
    return 0 if kinds["written"] + kinds["kept"] else 1


def _record(arguments: argparse.Namespace) -> int:
    def write(snippet: Snippet, text: str) -> bool:
        path = snippet.transcript_path
        is_new = not path.is_file() or path.read_bytes() != text.encode()
        if is_new:
            path.write_text(text, "utf-8")
        print("recorded" if is_new else "unchanged", flush=True)
        return True

    return _with_each(arguments.snippets, write)


def _check(arguments: argparse.Namespace) -> int:
    def compare(snippet: Snippet, text: str) -> bool:
        path = snippet.transcript_path
        is_same = path.is_file() and path.read_bytes() == text.encode()
        print("same" if is_same else f"DIFFERS\n{text}", flush=True)
        return is_same

    return _with_each(arguments.snippets, compare)


def _with_each(names: list[str], act: Callable[[Snippet, str], bool]) -> int:
    """Call `act` with each of the snippets (default: all) and its recording.

    Returns 0 if all succeed and none is broken.
    """
    project = Project.find()
    catalogue = project.catalogue()
    is_well = True
    names = [catalogue.short(name) for name in names] or catalogue.names()
    for outcome in each(project, "docstage.snippet.recording:recorded", names):
        print(outcome.name, end="  ")
        if outcome.text is None:
            print(f"BROKEN\n{outcome.error}", flush=True)
            is_well = False
        else:
            is_well &= act(catalogue.get(outcome.name, is_recorded=False), outcome.text)
    return 0 if is_well else 1


def _bundle(arguments: argparse.Namespace) -> int:
    if arguments.check_types:
        check_types()
    else:
        bundle(Project.find())
    return 0


def _enter() -> Project:
    project = Project.find()
    project.enter()
    return project


def _exchange(snippet: Snippet, name: str | None) -> Exchange:
    if name is None:
        return snippet.exchanges[0]
    for exchange in snippet.exchanges:
        if exchange.name == name:
            return exchange
    names = ", ".join(repr(exchange.name) for exchange in snippet.exchanges)
    raise ValueError(f"{snippet.name} has no request {name!r}; it has: {names}")


if __name__ == "__main__":
    sys.exit(main())
