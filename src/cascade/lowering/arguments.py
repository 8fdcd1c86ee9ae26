"""Checks of the arguments that several functions take; each returns the plain value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cascade.common.errors import InputError, is_number, is_whole, nearest
from cascade.engine.prepare import LAST_OCTAVE
from cascade.lowering.lower import Lowered
from cascade.model import Model

MOST_CELLS = 1 << 62
LEAST_HOURS, MOST_HOURS = 1e-9, 1e12
MOST_GRID_HOURS = 2.0 ** (LAST_OCTAVE - 1)
MOST_CHUNK = 1 << 26


def check_model(model: object) -> Model:
    """A model; a name is not one."""
    if not isinstance(model, Model):
        raise InputError("model", model, "a Model, e.g. from cascade.load('textbook')")
    return model


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
    if not isinstance(cells, Iterable) or isinstance(cells, str | bytes):
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


def check_chunk(chunk: object) -> int:
    """Cells per task."""
    if not is_whole(chunk) or not 1 <= chunk <= MOST_CHUNK:  # type: ignore[operator]
        raise InputError("chunk", chunk, "a whole number of cells from 1 to 2^26")
    return int(chunk)  # type: ignore[call-overload,no-any-return]


def check_grid(times: object) -> tuple[float, ...]:
    """Times in hours for exact edges of the histograms: sorted, each once."""
    if not isinstance(times, Iterable) or isinstance(times, str | bytes):
        raise InputError("times", times, "a sequence of hours > 0")
    values = list(times)
    for value in values:
        if not is_number(value) or not 0.0 < value < MOST_GRID_HOURS:
            raise InputError("times", value, f"hours > 0, below {MOST_GRID_HOURS:g}")
    return tuple(sorted({float(value) for value in values}))


def check_moments(times: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Times in hours for exact curves: from 0 on, shape (n,)."""
    try:
        at = np.atleast_1d(np.asarray(times, np.float64))
    except (TypeError, ValueError, OverflowError):
        raise InputError("times", times, "a sequence of hours >= 0") from None
    wrong = at[~((at >= 0) & (at <= MOST_HOURS))]
    if at.ndim != 1 or wrong.size:
        raise InputError("times", float(wrong[0]) if wrong.size else times, f"hours from 0 to {MOST_HOURS:g}")
    return at.reshape(-1)


def check_until(lowered: Lowered, until: object) -> float | None:
    """The end of a run in hours; needed where cells could otherwise circle for ever."""
    if until is None:
        if lowered.has_endless_cycle():
            wanted = "an end in hours: with hazards of 0 on every way out, cells of this model circle for ever"
            raise InputError("until", None, wanted)
        return None
    if not is_number(until) or not LEAST_HOURS <= until <= MOST_HOURS:  # type: ignore[operator]
        raise InputError("until", until, f"hours from {LEAST_HOURS:g} to {MOST_HOURS:g}, or None")
    return float(until)  # type: ignore[arg-type]


def watched_states(lowered: Lowered, names: object) -> list[int]:
    """Indices of the states to watch."""
    if not isinstance(names, Sequence) or isinstance(names, str | bytes):
        raise InputError("watch", names, "a sequence of names of states")
    starts = {lowered.states[s] for s in lowered.base[lowered.start_state]}
    for name in names:
        if name not in lowered.states:
            raise InputError("watch", name, f"the name of a state; {nearest(name, lowered.states)}")
        if name in starts:
            raise InputError("watch", name, "a state in which no cell starts")
    return [lowered.states.index(name) for name in names]
