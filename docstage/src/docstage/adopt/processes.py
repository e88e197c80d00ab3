"""Calls a function in a fresh interpreter for each argument, a few at a time, each within a time limit."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from msgspec import Struct


class Ending(Struct, frozen=True):
    """What became of one call: the text that it returned, or why there is none."""

    argument: str
    text: str | None
    error: str = ""


class _Call(Struct):
    index: int
    process: BaseProcess
    deadline: float


def each(  # noqa: PLR0913 - the rest are options
    function: Callable[[str, str], str],
    shared: str,
    arguments: Sequence[str],
    *,
    timeout: float,
    at_once: int = 2,
    preload: Iterable[str] = (),
) -> Iterator[Ending]:
    """Call `function(shared, argument)` for each of the arguments; the endings come in their order.

    What one call does to its interpreter, no other one sees. Interpreters are forked, where the system can do that,
    from one that has imported the modules of `preload`. What a call prints is discarded. A call that ends its process,
    raises, or takes longer than `timeout` seconds has an `error`.
    """
    has_forks = "forkserver" in multiprocessing.get_all_start_methods()
    context: ForkServerContext | SpawnContext = (
        multiprocessing.get_context("forkserver")
        if has_forks
        else multiprocessing.get_context("spawn")
    )
    # Each interpreter imports the main module again, which is the command's as a rule.
    context.set_forkserver_preload(["docstage.__main__", *preload])
    waiting = list(enumerate(arguments))[::-1]
    running: dict[Connection, _Call] = {}
    done: dict[int, Ending] = {}
    given = 0
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                index, argument = waiting.pop()
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_call, args=(theirs, function, shared, argument))
                process.start()
                theirs.close()
                running[ours] = _Call(index, process, time.monotonic() + timeout)
            soonest = min(call.deadline for call in running.values())
            ready = wait(list(running), max(0, soonest - time.monotonic()))
            for connection, call in list(running.items()):
                if connection in ready:
                    done[call.index] = _received(connection, call, arguments[call.index])
                elif time.monotonic() > call.deadline:
                    message = f"it had not ended after {timeout:g} s"
                    done[call.index] = Ending(arguments[call.index], None, message)
                else:
                    continue
                del running[connection]
                connection.close()
                _end(call.process)
            while given in done:
                yield done.pop(given)
                given += 1
    finally:
        for connection, call in running.items():
            connection.close()
            _end(call.process)


def _received(connection: Connection, call: _Call, argument: str) -> Ending:
    try:
        is_well, text = connection.recv()
    except EOFError:
        call.process.join(5)
        return Ending(argument, None, _ending(call.process.exitcode))
    return Ending(argument, text) if is_well else Ending(argument, None, text)


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return f"it ended its process by {signal.Signals(-status).name}"
    return f"it ended its process with status {status}"


def _end(process: BaseProcess) -> None:
    process.kill()
    process.join()
    process.close()


def _call(
    connection: Connection, function: Callable[[str, str], str], shared: str, argument: str
) -> None:
    with open(os.devnull, "r+b") as nowhere:  # noqa: PTH123 - it is not a path of ours
        for number in (0, 1, 2):
            os.dup2(nowhere.fileno(), number)
    try:
        answer = True, function(shared, argument)
    except Exception as error:  # noqa: BLE001 - the caller reports it
        answer = False, f"{type(error).__name__}: {error}"
    with suppress(OSError):
        connection.send(answer)
    sys.stdout.flush()
    os._exit(0)  # whatever threads are left
