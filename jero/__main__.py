"""`python -m jero`: print an application's OpenAPI document or its routes, without serving it."""

import argparse
import asyncio
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from jero.app import BaseApp, assembly_of
from jero.description import document_of
from jero.errors import WiringError
from jero.lifespan import Lifespan, LifespanError
from jero.openapi.about import VERSIONS
from jero.openapi.operations import show_short
from jero.responses import TYPED
from jero.returns import Returned

type Row = tuple[str, ...]


class _CommandError(Exception):
    """The command line names an application that cannot be found. The text gives the reason."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 0 for success."""
    arguments = _parser().parse_args(argv)
    try:
        text = asyncio.run(_ask(_load(arguments.app), arguments))
    except (_CommandError, LifespanError, WiringError) as error:
        print(f"jero: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 1
    output: Path | None = getattr(arguments, "output", None)
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jero", description=__doc__)
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    openapi = commands.add_parser("openapi", help="print the OpenAPI document")
    openapi.add_argument("--openapi", choices=VERSIONS, help="the version of OpenAPI")
    openapi.add_argument("-o", "--output", type=Path, help="the file to write it to")
    routes = commands.add_parser("routes", help="print a table of all routes")
    for command in (openapi, routes):
        command.add_argument("app", help="the application, as in `package.module:app`")
    return parser


def _load(target: str) -> BaseApp:
    module, _, name = target.partition(":")
    if not module or not name:
        raise _CommandError(f"{target!r} is not an application: write it as `package.module:app`")
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        raise _CommandError(f"{module} cannot be imported: {error}") from error
    found: object = getattr(imported, name, None)
    if found is None:
        raise _CommandError(f"{module} has no {name!r}")
    if not isinstance(found, BaseApp):
        raise _CommandError(
            f"{target} is a {type(found).__name__}: expected an instance of BaseApp"
        )
    return found


async def _ask(app: BaseApp, arguments: argparse.Namespace) -> str:
    # Started as a server starts it, so that its resources are closed again.
    lifespan = Lifespan(app)
    await lifespan.start()
    try:
        return (
            _routes(app)
            if arguments.command == "routes"
            else document_of(app, openapi=arguments.openapi).decode()
        )
    finally:
        await lifespan.stop()


def _routes(app: BaseApp) -> str:
    rows = [("METHOD", "PATH", "HANDLER", "TAKES", "RETURNS"), *_rows(app)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _rows(app: BaseApp) -> Iterator[Row]:
    dispatcher = assembly_of(app).dispatcher
    for handler in (route.handler for route in dispatcher.routes):
        taken = (f"{name}: {show_short(each)}" for name, each in handler.arguments.items())
        yield (
            handler.method,
            handler.path,
            handler.name,
            ", ".join(taken) or "-",
            _returned(handler.returned),
        )
    for path, mounted in dispatcher.mounts.items():
        yield (
            "*",
            f"{path.rstrip('/')}/*",
            getattr(mounted, "__name__", type(mounted).__name__),
            "-",
            "-",
        )


def _returned(returned: Returned) -> str:
    content = show_short(returned.content) if returned.kind.documented_as in TYPED else ""
    if returned.is_bare:
        return content
    headers = "" if returned.headers is None else show_short(returned.headers)
    inside = ", ".join(filter(None, (content, headers)))
    return returned.kind.__name__ + (f"[{inside}]" if inside else "")


if __name__ == "__main__":
    sys.exit(main())
