"""The pytest plugin: with `--docstage`, each request of each snippet is a test.

It passes if the run is what the transcript says, and fails with the difference. `--docstage-over=process,server` says
where it runs: in this process (the default), in a `fresh` interpreter for each snippet, as `docstage record` has, both
in virtual time; or under uvicorn, over a socket. Each is a test of its own, with the marker `docstage(over=…)`.

pytest imports this module in every project that has docstage installed, so it imports the rest only for `--docstage`.
"""

# pytest makes nodes with keywords that have no types.
# pyright: reportUnknownMemberType=false

import difflib
import os
import sys
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _pytest._code.code import TerminalRepr, TracebackStyle

    from docstage.run.events import RunEvent
    from docstage.snippet.catalogue import Exchange, Snippet
    from docstage.snippet.project import Project

PLACES: Final = ("process", "fresh", "server")
"""Where a test can run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("docstage", "live examples")
    group.addoption(
        "--docstage",
        action="store_true",
        help="test each request of the project's snippets against its transcript",
    )
    group.addoption(
        "--docstage-over",
        metavar="PLACES",
        default="process",
        help="where the snippets run, separated by commas: process (default), fresh, server",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find the project, and have its snippets collected."""
    if not config.getoption("docstage"):
        return
    config.addinivalue_line(
        "markers", "docstage(over): a request of a snippet, run over `process`, `fresh` or `server`"
    )
    config.pluginmanager.register(_Collection(config), "docstage-collection")


class _Collection:
    """Collects the `.http` files of the project that the session belongs to."""

    def __init__(self, config: pytest.Config) -> None:
        from docstage.snippet.project import ConfigError, Project

        self.places = _places(str(config.getoption("docstage_over")))
        try:
            self.project = Project.find(config.rootpath)
            self.catalogue = self.project.catalogue()
            names = self.catalogue.names()
        except ConfigError as error:
            raise pytest.UsageError(f"--docstage: {error}") from None
        self.names = {self.catalogue.request_file(name): name for name in names}
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            config.args += self._outside(config.args, config.invocation_params.dir)

    def _outside(self, arguments: list[str], start: Path) -> list[str]:
        """The files that collecting these arguments would not come to."""
        folders = [(start / argument.partition("::")[0]).resolve() for argument in arguments]
        return [
            str(path)
            for path in self.names
            if not any(path.is_relative_to(folder) for folder in folders)
        ]

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> "RequestFile | None":
        """Take the file if it is a snippet's."""
        name = self.names.get(file_path.resolve().with_suffix(".http"))
        if name is None or file_path.suffix != ".http":
            return None
        return RequestFile.from_parent(parent, path=file_path, collection=self, snippet=name)


class RequestFile(pytest.File):
    """The requests of one snippet."""

    def __init__(self, *, collection: _Collection, snippet: str, **others: object) -> None:
        super().__init__(**others)  # pyright: ignore[reportArgumentType] - pytest's own
        self._collection = collection
        self._snippet = snippet
        self._runs: dict[str, Mapping[str, Sequence[RunEvent]]] = {}

    def collect(self) -> Iterator[pytest.Item]:
        """One test a request, and one for each that only the transcript has."""
        from docstage.snippet import transcript
        from docstage.snippet.catalogue import BrokenSnippetError

        try:
            snippet = self._collection.catalogue.get(self._snippet)
        except BrokenSnippetError as error:
            raise self.CollectError(str(error)) from None
        for over in self._collection.places:
            for exchange in snippet.exchanges:
                name = exchange.name if over == "process" else f"{exchange.name}[{over}]"
                yield RequestItem.from_parent(
                    self, name=name, snippet=snippet, exchange=exchange, over=over
                )
        known = {exchange.name for exchange in snippet.exchanges}
        if snippet.transcript_path.is_file():
            for name in transcript.load(snippet.transcript_path.read_text("utf-8")):
                if name not in known:
                    yield StaleItem.from_parent(self, name=name, snippet=snippet)

    def events(self, snippet: "Snippet", exchange: "Exchange", over: str) -> "Sequence[RunEvent]":
        """What came of the request. All requests of a snippet run once, in order, as in a recording."""
        if over not in self._runs:
            project = self._collection.project
            with _as_recorded(project):
                runs = _run(project, snippet, over)
            masks = project.masks()
            self._runs[over] = {name: masks.events(events) for name, events in runs.items()}
        return self._runs[over][exchange.name]


class RequestItem(pytest.Item):
    """One request to a snippet."""

    def __init__(
        self, *, snippet: "Snippet", exchange: "Exchange", over: str, **others: object
    ) -> None:
        super().__init__(**others)  # pyright: ignore[reportArgumentType] - pytest's own
        self._snippet = snippet
        self._exchange = exchange
        self._over = over
        self.add_marker(pytest.mark.docstage(over=over))

    def runtest(self) -> None:
        """Run it and compare."""
        from docstage.snippet import over_socket, transcript

        snippet, exchange = self._snippet, self._exchange
        if not exchange.recorded:
            raise DifferentError(
                f"{exchange.name!r} has no recorded output: run `docstage record {snippet.name}`,"
                " and read what it wrote."
            )
        if self._over == "server" and not over_socket.can_connect(exchange):
            pytest.skip("the application does not start, so there is no server to connect to")
        assert isinstance(self.parent, RequestFile)
        events = self.parent.events(snippet, exchange, self._over)
        expected = list(exchange.recorded)
        if self._over == "server":
            expected = over_socket.seen(exchange.request, expected)
        old = transcript.dump({exchange.name: expected})
        new = transcript.dump({exchange.name: events})
        if old != new:
            name = snippet.transcript_path.name
            raise DifferentError(_difference(old, new, name, f"run over {self._over}"))

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: "TracebackStyle | None" = None,
    ) -> "str | TerminalRepr":
        """The difference alone, and a traceback only for other failures."""
        if isinstance(excinfo.value, DifferentError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is, and what it is called."""
        return self.path, None, f"{self._snippet.name}: {self.name}"


class StaleItem(pytest.Item):
    """A section of a transcript whose request is gone."""

    def __init__(self, *, snippet: "Snippet", **others: object) -> None:
        super().__init__(**others)  # pyright: ignore[reportArgumentType] - pytest's own
        self._snippet = snippet

    def runtest(self) -> None:
        """Fail."""
        snippet = self._snippet
        raise DifferentError(
            f"{snippet.transcript_path.name} has {self.name!r}, which {self.path.name} does not have:"
            f" run `docstage record {snippet.name}`."
        )

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: "TracebackStyle | None" = None,  # noqa: ARG002 - pytest's own
    ) -> "str | TerminalRepr":
        """The message alone."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is, and what it is called."""
        return self.path, None, f"{self._snippet.name}: {self.name}"


class DifferentError(Exception):
    """A snippet does not do what its transcript says. The message is the difference."""


def _places(given: str) -> list[str]:
    places = list(dict.fromkeys(place.strip() for place in given.split(",")))
    if unknown := [place for place in places if place not in PLACES]:
        raise pytest.UsageError(
            f"--docstage-over: {unknown[0]!r} is not a place where snippets can be tested;"
            f" expected one or more of {', '.join(PLACES)}, separated by commas"
        )
    return places


def _run(project: "Project", snippet: "Snippet", over: str) -> "Mapping[str, Sequence[RunEvent]]":
    match over:
        case "fresh":
            from docstage.snippet import fresh, transcript

            (outcome,) = fresh.each(project, "docstage.snippet.recording:recorded", [snippet.name])
            if outcome.text is None:
                raise DifferentError(f"{snippet.name}: {outcome.error}")
            return transcript.load(outcome.text)
        case "server":
            from docstage.run.stage import StageError
            from docstage.snippet.over_socket import ask

            try:
                return ask(snippet)
            except StageError as error:
                raise DifferentError(f"{snippet.module}: {error}") from None
        case _:
            from docstage.snippet.recording import record

            return record(snippet)


def _difference(old: str, new: str, name: str, run: str) -> str:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, run, lineterm="")
    return "\n".join(lines)


@contextmanager
def _as_recorded(project: "Project") -> Generator[None]:
    """The import path, the environment and the handling of warnings that a recording has."""
    path, environment = sys.path.copy(), os.environ.copy()
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for category in (
            DeprecationWarning,
            PendingDeprecationWarning,
            ImportWarning,
            ResourceWarning,
        ):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = _show
        project.enter()
        try:
            yield
        finally:
            sys.path[:] = path
            os.environ.clear()
            os.environ.update(environment)


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object
) -> None:
    """As Python does: pytest would collect it."""
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))
