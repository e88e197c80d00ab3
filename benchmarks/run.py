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
from benchmarks.server import SERVERS, Peer, Server, served
from benchmarks.workloads import FAILURES, WORKLOADS, Plan, Workload, load_seconds

PEERS: Final = tuple(
    Peer(app.replace("_", "-"), app)
    for app in (
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
)

_ON_GRANIAN: Final = (
    {"floor", "jero", "starlette", "litestar"},
    {"ndjson_suspended", "sse_suspended", "ndjson_ready", "short", "json"},
)
"""The peers and workloads that a run for the docs measures on granian as well."""

_DISTURBED: Final = 0.1
"""How much of a core other processes may take before a measurement is repeated."""

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs" / "assets" / "benchmarks"
SCRATCH: Final = ROOT / "build" / "benchmarks"


def main() -> None:
    """Run what the command line asks for. A run of everything goes into the docs, any other into build/."""
    options = _parse()
    # As Ctrl-C does: no server is to outlive this process.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    allow_many_files()
    server = options.server or SERVERS[0]
    plan = (
        Plan(seconds=0.1, idle=200, server=server, tries=1)
        if options.quick
        else Plan(server=server)
    )
    rounds = options.rounds or (1 if options.quick else 5)
    peers = [peer for peer in PEERS if not options.peers or peer.name in options.peers]
    workloads = [w for w in WORKLOADS if not options.workloads or w.name in options.workloads]
    is_for_docs = not (
        options.quick or options.peers or options.workloads or options.checkouts or options.server
    )
    folder = DOCS if is_for_docs else SCRATCH
    _publish(run([*peers, *options.checkouts], workloads, rounds, plan), folder)
    if is_for_docs:
        names, few = _ON_GRANIAN
        peers = [peer for peer in PEERS if peer.name in names]
        workloads = [workload for workload in WORKLOADS if workload.name in few]
        _publish(run(peers, workloads, rounds, Plan(server="granian")), folder / "granian")


def _publish(results: Results, folder: Path) -> None:
    report.publish(results, folder)
    print(report.render_table(results))


def run(peers: Sequence[Peer], workloads: Sequence[Workload], rounds: int, plan: Plan) -> Results:
    """Measure every workload `rounds` times with each of `peers`, one peer after the other within a round."""
    cores = choose_cores()
    for peer in peers:
        _say(f"checking {peer.name}")
        fitting = [workload for workload in workloads if peer.app not in workload.left_out]
        check(peer, plan, cores, fitting)
    turns = [
        (workload, number, peer)
        for workload in workloads
        for number in range(1, rounds + 1)
        for peer in peers
        if peer.app not in workload.left_out
    ]
    samples: list[Sample] = []
    began = time.monotonic()
    for done, (workload, number, peer) in enumerate(turns, 1):
        tries = (_measure(workload, number, peer, plan, cores) for _ in range(plan.tries))
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
            f"{done}/{len(turns)}, {left / 60:.0f} min left: {workload.name} {number}, {peer.name}: {shown}"
        )
    names = [peer.name for peer in peers]
    names = [peer.name for peer in peers]
    return Results(time.strftime("%Y-%m-%d"), rounds, plan, describe(cores), names, samples)


def _measure(workload: Workload, number: int, peer: Peer, plan: Plan, cores: Cores) -> Sample:
    figures: Mapping[str, float] = {}
    failure = None
    with served(peer, plan.server, cores) as server:
        before, began = _others_seconds(server, cores), time.monotonic()
        try:
            figures = workload.measure(server, plan)
        except FAILURES as error:
            failure = str(error) or type(error).__name__
        others = (_others_seconds(server, cores) - before) / (time.monotonic() - began)
    return Sample(
        workload.name, number, peer.name, dict(figures), failure, round(max(0, others), 3)
    )


def _others_seconds(server: Server, cores: Cores) -> float:
    both, served = cores_seconds(cores), server.cpu_seconds()
    return 0 if both is None or served is None else both - served - load_seconds()


class _Options(argparse.Namespace):
    rounds: int | None
    peers: list[str] | None
    workloads: list[str] | None
    checkouts: list[Peer]
    server: str | None
    quick: bool


def _parse() -> _Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [peer.name for peer in PEERS]
    parser.add_argument("--rounds", type=int, help="how often each is measured (5)")
    parser.add_argument("--peers", nargs="+", choices=names, help="not all, but these")
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--workloads", nargs="+", choices=names, help="not all, but these")
    parser.add_argument(
        "--checkout",
        action="append",
        type=_read_checkout,
        default=[],
        dest="checkouts",
        metavar="LABEL=PATH",
        help="measure the jero of another checkout, too, in the same rounds; can be repeated",
    )
    parser.add_argument("--server", choices=SERVERS, help=f"what serves the peers ({SERVERS[0]})")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, to see that it works"
    )
    return parser.parse_args(namespace=_Options())


def _read_checkout(text: str) -> Peer:
    label, _, path = text.partition("=")
    folder = Path(path).expanduser().resolve()
    if not label or not path or not (folder / "jero").is_dir():
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected LABEL=PATH, PATH being a folder with jero in it"
        )
    if label in {peer.name for peer in PEERS}:
        raise argparse.ArgumentTypeError(f"{label!r} is a peer already: choose another label")
    return Peer(label, "jero", str(folder))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
