"""Bytes as a network may cut them."""

from itertools import pairwise

from hypothesis import strategies as st


def chunked(wire: bytes) -> st.SearchStrategy[list[bytes]]:
    """`wire` in pieces, some of them empty; among others byte by byte."""

    def cut(places: list[int]) -> list[bytes]:
        return [wire[begin:end] for begin, end in pairwise([0, *sorted(places), len(wire)])]

    everywhere = st.just([place for place in range(len(wire)) for _ in range(2)])
    return (everywhere | st.lists(st.integers(0, len(wire)), max_size=12)).map(cut)
