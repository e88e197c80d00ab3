"""Does something with each of many snippets, each in a process of its own.

What one example does to its interpreter, such as to define a table of the same name in a registry that all share, no
other one sees. The processes are forked from one that has imported the libraries, so that it costs no more than one.
"""

import ast
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec import Struct

from docstage.snippet.catalogue import Snippet
from docstage.snippet.project import Project

TIMEOUT: Final = 120.0
"""Seconds that one snippet may take, of real time."""

_PAUSE: Final = 0.01
"""Seconds between two looks at the processes."""


class Outcome(Struct, frozen=True):
    """What became of one snippet: the text that was made of it, or why there is none."""

    name: str
    text: str | None = None
    error: str = ""


def each(
    project: Project, task: str, names: list[str], timeout: float = TIMEOUT
) -> Iterator[Outcome]:
    """Call a function with the project and each of these names, and give what it returns, in the order of the names.

    `task` is the function's place, as in `docstage.snippet.recording:recorded`. Raises
    `subprocess.CalledProcessError` if that cannot be done at all.
    """
    with TemporaryDirectory(prefix="docstage-") as folder:
        command = [sys.executable, "-m", "docstage.snippet.fresh", project.dump(), task, folder]
        command += [f"{timeout:g}", *names]
        with subprocess.Popen(command, cwd=project.root, start_new_session=True) as process:  # noqa: S603 - it is this module
            try:
                for name in names:
                    yield _outcome(Path(folder) / name, process, command)
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise


def _outcome(path: Path, process: subprocess.Popen[bytes], command: list[str]) -> Outcome:
    while not path.exists():
        status = process.poll()
        if status is not None and not path.exists():
            raise subprocess.CalledProcessError(status, command[:3])
        time.sleep(_PAUSE)
    return msgspec.json.decode(path.read_bytes(), type=Outcome)


class _Forks:
    """The processes of the snippets, as many at a time as there are processors."""

    def __init__(self, folder: Path, timeout: float) -> None:
        self._folder = folder
        self._timeout = timeout
        self._running: dict[int, tuple[str, float]] = {}

    def run(self, names: list[str], call: Callable[[str], Outcome]) -> None:
        waiting = deque(names)
        at_once = max(os.cpu_count() or 1, 1)
        while waiting or self._running:
            while waiting and len(self._running) < at_once:
                self._start(waiting.popleft(), call)
            if not self._reap():
                time.sleep(_PAUSE)

    def _start(self, name: str, call: Callable[[str], Outcome]) -> None:
        process = os.fork()
        if process == 0:
            os.setpgid(0, 0)
            self._write(call(name))
            sys.stdout.flush()
            os._exit(0)  # without what the parent has registered for its own exit
        self._running[process] = name, time.monotonic() + self._timeout

    def _reap(self) -> bool:
        """Write what became of processes that have ended. Whether there were any."""
        found = False
        for process, (name, deadline) in list(self._running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                found = True
                del self._running[process]
                if not (self._folder / name).exists():
                    self._write(Outcome(name, error=f"{_ending(status)}."))
            elif time.monotonic() > deadline:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                message = f"It had not ended after {self._timeout:g} s, and was killed."
                self._write(Outcome(name, error=message))
        return found

    def _write(self, outcome: Outcome) -> None:
        path = self._folder / outcome.name
        if path.exists():
            return
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(msgspec.json.encode(outcome))
        partial.replace(path)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"It ended its process by {signal.Signals(-code).name}"
    return f"It ended its process with status {code}"


def _import_libraries(project: Project, snippets: list[Snippet]) -> None:
    """Import what the snippets import, but no snippet."""
    own = {package.name.partition(".")[0] for package in project.packages}
    found: set[str] = set()
    for snippet in snippets:
        with suppress(OSError, ValueError, SyntaxError):
            found.update(imported(ast.walk(ast.parse(snippet.path.read_bytes()))))
    for name in sorted(found):
        if name.partition(".")[0] not in own:
            with suppress(BaseException):  # the snippet that needs it will say so
                importlib.import_module(name)


def imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The modules that those of the nodes that are absolute imports name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def main() -> None:
    """Run as `python -m docstage.snippet.fresh PROJECT TASK FOLDER TIMEOUT NAME…`."""
    dumped, task, folder, timeout, *names = sys.argv[1:]
    project = Project.load(dumped)
    project.enter()
    function: Callable[[Project, str], str] = pkgutil.resolve_name(task)
    catalogue = project.catalogue()
    known: list[Snippet] = []
    for name in names:
        with suppress(ValueError, LookupError):
            known.append(catalogue.get(name, is_recorded=False))
    _import_libraries(project, known)

    def call(name: str) -> Outcome:
        try:
            return Outcome(name, function(project, name))
        except (ValueError, LookupError) as error:
            return Outcome(name, error=str(error))

    _Forks(Path(folder), float(timeout)).run(names, call)


if __name__ == "__main__":
    main()
