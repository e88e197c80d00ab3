"""Compares how work grows with its input: a text at once beside the same amount of text in small parts."""

from collections.abc import Callable
from time import thread_time
from typing import Final

LARGE: Final = 1 << 15
"""The size of the text that is given at once, in bytes."""

PARTS: Final = 16
"""How many parts it is given in beside that. Work that is quadratic costs that many times as much at once."""

_MOST: Final = 5
"""How many times as much it may cost at once: between what caches make of a large text, and what is quadratic."""

_GRAIN: Final = 0.01
"""What the garbage collector and the like may cost in either, in seconds of this thread."""

HOSTILE: Final = (
    *(b" - at `", b"` - at `key` in `$.a`", b"`", b"a", b"0", b"9.", b"-", b"_", b" ", b"\t"),
    *(b",", b", ", b";", b"; ", b"=", b"&", b"a=b&", b"a=1; ", b":", b"::", b"/", b"//", b"a/"),
    *(b'"', b'\\"', b"\\", b'"a",', b'W/"a", ', b'"a, ', b"'", b"%", b"%2F", b"%e2%82", b"+"),
    *(b"{", b"[", b"}{", b"[[1],", b'{"a":', b'"a":1,', b"1,", b"null,", b"\\u00", b"\\ud83d"),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"data: a\n", b"data\n\n", b"id: 1\r", b": \n", b"{}\n"),
    *(b"*/*,", b"a/b;q=0.1,", b";q=", b"gzip, ", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xff", b"\x00"),
    *(b"2026-", b"00:", b"Mon, 01 ", b"GMT ", b"Bearer ", b"Basic ", b"QQ==", b"~", b"(a+", b")"),
)
"""Pieces that parsers stumble over when they come by the thousand."""


def assert_linear(work: Callable[[bytes], object], piece: bytes) -> None:
    """Fails if `work` costs more than its share on a text that repeats `piece` many times."""
    text = (piece * (LARGE // len(piece) + 1))[:LARGE]
    part = text[: LARGE // PARTS]
    costs = list[tuple[float, float]]()
    while len(costs) < 3:  # for the processor has other work as well
        at_once = _cost(work, text, 1)
        if at_once <= _GRAIN:  # whatever the parts cost
            return
        in_parts = _cost(work, part, PARTS)
        if at_once <= _MOST * in_parts + _GRAIN:
            return
        costs.append((at_once, in_parts))
    raise AssertionError(f"{LARGE} bytes of {piece!r}, at once and in {PARTS} parts, cost {costs}")


def _cost(work: Callable[[bytes], object], text: bytes, times: int) -> float:
    start = thread_time()
    for _ in range(times):
        work(text)
    return thread_time() - start
