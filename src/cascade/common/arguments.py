"""Checks of plain arguments that several functions take; each returns the plain value."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Set
from typing import Any, Protocol, runtime_checkable

import numpy as np

from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.types import Floats

MOST_CELLS = 1 << 62

LEAST_HOURS, MOST_HOURS = 1e-9, 1e12

MOST_CHUNK = 1 << 26


@runtime_checkable
class Labelled(Protocol):
    """What gives names and values as a mapping does, but is none: a pandas.Series."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Names and values in order."""


def as_mapping(value: Any) -> Any:
    """A pandas.Series with names that differ as a mapping; anything else as it is."""
    if isinstance(value, Mapping) or not isinstance(value, Labelled):
        return value
    pairs = list(value.items())
    named = {name: entry for name, entry in pairs if isinstance(name, str)}
    return named if len(named) == len(pairs) else value


def cell_range(cells: object) -> range:
    """The argument ``cells`` as a range of cell numbers."""
    if isinstance(cells, range) and cells.step == 1 and 0 <= cells.start < cells.stop <= MOST_CELLS:
        return cells
    if is_number(cells) and 1 <= cells <= MOST_CELLS and cells == int(cells):  # type: ignore[operator,call-overload]
        return range(int(cells))  # type: ignore[call-overload]
    wanted = "a whole number from 1 to 2^62, or a rising range of cell numbers with step 1"
    raise InputError("cells", cells, wanted)


def check_cells(cells: object) -> list[int]:
    """Cell numbers, in any order."""
    if not isinstance(cells, Iterable) or isinstance(cells, str | bytes | Mapping):
        raise InputError("cells", cells, "a sequence of cell numbers")
    numbers = list(cells)
    for cell in numbers:
        if not is_whole(cell) or not 0 <= cell < MOST_CELLS:
            raise InputError("cells", cell, "cell numbers from 0 to 2^62")
    return [int(cell) for cell in numbers]


def check_seed(seed: object) -> int:
    """A seed: a whole number >= 0."""
    if not is_whole(seed) or seed < 0:  # type: ignore[operator]
        raise InputError("seed", seed, "a whole number >= 0")
    return int(seed)  # type: ignore[call-overload,no-any-return]


def seed_of(seed: object) -> int:
    """The seed; where none is given, one is drawn from the system's entropy: the one place that asks for it."""
    return secrets.randbits(53) if seed is None else check_seed(seed)


def check_chunk(chunk: object) -> int:
    """Cells per task."""
    if not is_whole(chunk) or not 1 <= chunk <= MOST_CHUNK:  # type: ignore[operator]
        raise InputError("chunk", chunk, "a whole number from 1 to 2^26")
    return int(chunk)  # type: ignore[call-overload,no-any-return]


def hours_in_order(times: object) -> Floats:
    """Times in hours, one or several in an order: shape (n,)."""
    wanted = "a sequence of hours"
    if is_number(times):
        return np.array([float(times)])  # type: ignore[arg-type]
    if not isinstance(times, Iterable) or isinstance(times, str | bytes | Mapping | Set):
        raise InputError("times", times, wanted)
    try:
        values = list(times)
    except TypeError:  # an array of no dimension
        raise InputError("times", times, wanted) from None
    for value in values:
        if not is_number(value):
            raise InputError("times", value, wanted)
    return np.array(values, np.float64)


def check_moments(times: object) -> Floats:
    """Times in hours for exact curves: from 0 on, shape (n,)."""
    at = hours_in_order(times)
    wrong = at[~((at >= 0) & (at <= MOST_HOURS))]
    if wrong.size:
        raise InputError("times", float(wrong[0]), f"hours from 0 to {MOST_HOURS:g}")
    return at


def check_flag(value: object, name: str) -> bool:
    """True or False; a text is neither."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(name, value, "True or False")
    return bool(value)


def check_size(least_size: object) -> int:
    """A number of cells in a unit."""
    if not is_whole(least_size) or least_size < 1:  # type: ignore[operator]
        raise InputError("least_size", least_size, "a whole number of cells >= 1")
    return int(least_size)  # type: ignore[call-overload,no-any-return]


def check_amount(cells: object) -> float:
    """A number of cells that start."""
    if not is_number(cells) or not 0 < cells < 1e300:  # type: ignore[operator]
        raise InputError("cells", cells, "a number > 0")
    return cells  # type: ignore[return-value]
