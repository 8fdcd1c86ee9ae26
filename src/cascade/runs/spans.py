"""Spans of numbers, of cells or of patients, that are not there yet."""

from __future__ import annotations

from collections.abc import Sequence

SPANS = 64
"""Of a run, at most."""


def missing_spans(wanted: range, held: Sequence[tuple[int, int]], least: int) -> list[range]:
    """Spans of what is wanted and not held, in order: 64 of the whole, but none smaller than ``least``.

    Examples
    --------
    >>> missing_spans(range(0, 10), [(2, 5)], 4)
    [range(0, 2), range(5, 9), range(9, 10)]
    """
    size = max(least, -(-len(wanted) // SPANS))
    start, gaps = wanted.start, []
    for begin, end in [*sorted(held), (wanted.stop, wanted.stop)]:
        if begin > start:
            gaps.append((start, begin))
        start = max(start, end)
    return [range(at, min(at + size, end)) for begin, end in gaps for at in range(begin, end, size)]
