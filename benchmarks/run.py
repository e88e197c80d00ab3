"""The command: checks every peer, measures them in turns, and reports."""

import argparse
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.check import check
from benchmarks.machine import Cores, allow_many_files, choose_cores, cores_seconds, describe
from benchmarks.report import Results, Sample
from benchmarks.server import Server, served
from benchmarks.workloads import FAILURES, WORKLOADS, Plan, Workload, load_seconds

PEERS: Final = (
    "floor",
    "ceiling",
    "jero",
    "starlette",
    "fastapi",
    "litestar",
    "blacksheep",
    "falcon",
    "quart",
    "sse_starlette",
)

_EVENTS_ONLY: Final = {"sse_ready", "sse_suspended", "beside", "idle"}

_DISTURBED: Final = 0.1
"""How much of a core other processes may take before a measurement is repeated."""

_TRIES: Final = 3
"""How often it is made at most; the least disturbed counts."""

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs" / "assets" / "benchmarks"
SCRATCH: Final = ROOT / "build" / "benchmarks"


def main() -> None:
    """Run what the command line asks for. A run of everything goes into the docs, any other into build/."""
    options = _parse()
    peers = options.peers or list(PEERS)
    workloads = [w for w in WORKLOADS if not options.workloads or w.name in options.workloads]
    plan = Plan(seconds=0.2, idle=200) if options.quick else Plan()
    rounds = options.rounds or (1 if options.quick else 5)
    is_whole = len(peers) == len(PEERS) and len(workloads) == len(WORKLOADS) and not options.quick
    results = run(peers, workloads, rounds, plan)
    report.publish(results, DOCS if is_whole else SCRATCH)
    print(report.render_table(results))


def run(peers: Sequence[str], workloads: Sequence[Workload], rounds: int, plan: Plan) -> Results:
    """Measure every workload `rounds` times with each of `peers`, one peer after the other within a round."""
    # As Ctrl-C does: no server is to outlive this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    allow_many_files()
    cores = choose_cores()
    for peer in peers:
        _say(f"checking {peer}")
        with served(peer, cores.server) as server:
            check(server, [workload for workload in workloads if _takes_part(peer, workload)])
    turns = [
        (workload, number, peer)
        for workload in workloads
        for number in range(1, rounds + 1)
        for peer in peers
        if _takes_part(peer, workload)
    ]
    samples: list[Sample] = []
    began = time.monotonic()
    for done, (workload, number, peer) in enumerate(turns, 1):
        tries = (_measure(workload, number, peer, plan, cores) for _ in range(_TRIES))
        best = next(tries)
        while best.figures and best.others > _DISTURBED and (again := next(tries, None)):
            best = min(best, again, key=lambda sample: sample.others)
        samples.append(best)
        left = (time.monotonic() - began) / done * (len(turns) - done)
        shown = best.failure or ", ".join(
            f"{report.format_number(best.figures[figure.key])} {figure.unit}"
            for figure in workload.figures
        )
        _say(
            f"{done}/{len(turns)}, {left / 60:.0f} min left: {workload.name} {number}, {peer}: {shown}"
        )
    return Results(time.strftime("%Y-%m-%d"), rounds, plan, describe(cores), list(peers), samples)


def _measure(workload: Workload, number: int, peer: str, plan: Plan, cores: Cores) -> Sample:
    figures: Mapping[str, float] = {}
    failure = None
    with served(peer, cores.server) as server:
        before, began = _others_seconds(server, cores), time.monotonic()
        try:
            figures = workload.measure(server, plan)
        except FAILURES as error:
            failure = str(error) or type(error).__name__
        others = (_others_seconds(server, cores) - before) / (time.monotonic() - began)
    return Sample(workload.name, number, peer, dict(figures), failure, round(max(0, others), 3))


def _others_seconds(server: Server, cores: Cores) -> float:
    both, served = cores_seconds(cores), server.cpu_seconds()
    return 0 if both is None or served is None else both - served - load_seconds()


def _takes_part(peer: str, workload: Workload) -> bool:
    if peer == "ceiling":
        return workload.is_always_ready
    return peer != "sse_starlette" or workload.name in _EVENTS_ONLY


class _Options(argparse.Namespace):
    rounds: int | None
    peers: list[str] | None
    workloads: list[str] | None
    quick: bool


def _parse() -> _Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, help="how often each is measured (5)")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help="not all, but these")
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workloads", nargs="+", choices=names, help="not all, but these")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, to see that it works"
    )
    return parser.parse_args(namespace=_Options())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
