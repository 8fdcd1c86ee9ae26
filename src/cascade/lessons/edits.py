"""What is other in one piece of plain data than in another, as small as it gets; ``web/js/edits.js`` applies it.

An edit is one of

- ``{"to": value}``: another value;
- ``{"keys": {key: edit}}``: a dictionary, some of whose values are other;
- ``{"columns": {key: edit}}``: a list of dictionaries that have the same keys, as one list for each key;
- ``{"each": {place: edit}}``: a list in some places;
- ``{"cuts": [[from, until, values], ...]}``: a list, of which pieces are replaced by others;
- ``{"steps": [...]}``: a list of whole numbers, whose differences from one to the next are cut.  Where states are taken
  out, the numbers of all later ones shift: their differences stay as they are.

Parts that are equal have no edit: None.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import Any

MOST_PAIRS = 4_000_000
"""Of values compared with each other to find what two lists share; beyond that a list is sent whole."""


def edit_of(base: Any, other: Any) -> dict[str, Any] | None:
    """What makes ``other`` of ``base``, both of plain data; None where they are equal.

    Examples
    --------
    >>> edit_of({"a": [*range(99)], "b": 4}, {"a": [*range(98), 5], "b": 4})
    {'keys': {'a': {'cuts': [[98, 99, [5]]]}}}
    >>> edit_of(list(range(1000)), list(range(10, 1010)))
    {'steps': [[0, 1, [10]]]}
    """
    # As text: of Python's own equality True is 1.
    if _text(base) == _text(other):
        return None
    return min([{"to": other}, *_ways(base, other)], key=size_of)


def size_of(data: Any) -> int:
    """Characters of data as a page has it."""
    return len(_text(data))


def _text(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _ways(base: Any, other: Any) -> Iterator[dict[str, Any]]:
    """Edits that are possible, but for the whole value."""
    if isinstance(base, dict) and isinstance(other, dict) and base.keys() == other.keys():
        yield {"keys": _parts(base, other)}
    if not (isinstance(base, (list, tuple)) and isinstance(other, (list, tuple)) and base and other):
        return
    keys = _columns(base)
    if keys and keys == _columns(other):
        columns = ({key: [row[key] for row in rows] for key in keys} for rows in (base, other))
        yield {"columns": _parts(*columns)}
    elif any(isinstance(value, (list, tuple, dict)) for value in (*base, *other)):
        if len(base) == len(other):
            yield {"each": _parts(*({str(k): value for k, value in enumerate(values)} for values in (base, other)))}
    else:
        yield from _cut(base, other)


def _parts(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Edits of the values that are other."""
    edits = {key: edit_of(value, other[key]) for key, value in base.items()}
    return {key: edit for key, edit in edits.items() if edit is not None}


def _columns(rows: Sequence[Any]) -> tuple[str, ...]:
    """The keys of dictionaries that all have the same ones."""
    first = rows[0]
    if not isinstance(first, dict) or not all(isinstance(row, dict) and row.keys() == first.keys() for row in rows):
        return ()
    return tuple(first)


def _cut(base: Sequence[Any], other: Sequence[Any]) -> Iterator[dict[str, Any]]:
    cuts = _cuts(base, other)
    if cuts is not None:
        yield {"cuts": cuts}
    if all(type(value) is int for value in (*base, *other)):
        cuts = _cuts(*([values[0], *(b - a for a, b in pairwise(values))] for values in (base, other)))
        if cuts is not None:
            yield {"steps": cuts}


def _cuts(base: Sequence[Any], other: Sequence[Any]) -> list[list[Any]] | None:
    """Pieces of a list with what stands there in another; None where it would take long to find them."""
    old, new = ([_text(value) for value in values] for values in (base, other))
    if len(old) == len(new):
        runs = groupby(range(len(old)), lambda k: old[k] == new[k])
        places = [list(run) for alike, run in runs if not alike]
        return [[run[0], run[-1] + 1, list(other[run[0] : run[-1] + 1])] for run in places]
    shortest = min(len(old), len(new))
    first = next((k for k in range(shortest) if old[k] != new[k]), shortest)
    last = next((k for k in range(shortest - first) if old[-1 - k] != new[-1 - k]), shortest - first)
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    if len(old) * len(new) > MOST_PAIRS:
        return None
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [[first + i, first + j, list(other[first + k : first + n])] for kind, i, j, k, n in found if kind != "equal"]
