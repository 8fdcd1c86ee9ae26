r"""Saved runs recomputed: whether a file holds what its recipe makes.

A run of up to two million cells is run again, and every count compared.  Of a larger one random parts are: which cells
came to a watched state is compared cell by cell, and every count by chance.  Where K of all N cells ended somehow,
n K / N are expected among n that are run again; with cells in clusters of up to m, by Bernstein's inequality,

    P(|x - n K / N| >= t) <= 2 exp(-t^2 / (2 m (n K / N + t / 3))),

and a difference is a fault where, over all counts, its chance is below one in a million.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Ints
from cascade.engine.counts import Totals
from cascade.engine.executor import Progress
from cascade.engine.prepare import rows_of
from cascade.model import Model
from cascade.runs.provenance import same_lives
from cascade.runs.result import Result
from cascade.runs.saved import open_result
from cascade.runs.simulation import simulate

WHOLE = 2_000_000
"""Cells up to which a run is recomputed as a whole."""

SPANS, SPAN = 8, 100_000
"""Of a larger run: random parts, and cells of each."""

AROUND, NEAR = 4, 1_000
"""Parts around cells that are listed as having come to a watched state, and cells of each."""

BY_CHANCE = 1e-6
"""Of a right file: that any count is a fault."""


@dataclass(frozen=True)
class Verified:
    """What was recomputed of a saved run.

    Attributes
    ----------
    path : str
    cells : int
        That were run again.
    of : int
    whole : bool
        Whether all was: then every count was compared; else the cells that came to a watched state, and by chance the
        counts.
    found : int
        Cells in the parts that came to one.
    seed : int
        Of the choice of the parts.
    """

    path: str
    cells: int
    of: int
    whole: bool
    found: int
    seed: int

    def __str__(self) -> str:
        if self.whole:
            return f"{self.path}: all {self.of:,} cells were run again, and every count is the same"
        watched = "none of them came to a watched state, as the file says"
        if self.found:
            watched = f"the {self.found:,} of them that came to a watched state are the same, cell by cell"
        return (
            f"{self.path}: {self.cells:,} of {self.of:,} cells, in {SPANS} random parts (chosen by {self.seed}) and"
            f" around cells that are listed, were run again: {watched}, and no count of the file is more or less than"
            f" chance allows by what was counted there"
        )


def verify(path: str | Path, *, seed: int | None = None, progress: Progress = None) -> Verified:
    """Recompute a saved run, as a whole or in random parts, and say that it is the same.

    Parameters
    ----------
    path : str or Path
        Of a result.
    seed : int, optional
        Which parts of a large run; drawn if not given.
    progress : bool or callable, optional
        As for ``simulate``.

    Raises
    ------
    InputError
        When what is recomputed is not what the file holds, or cannot be compared with it.
    """
    held = open_result(path)
    streams = held.versions["streams"]
    if not same_lives(held.model, streams, until=held.until):
        raise InputError("file", str(path), f"a run whose cells live the same lives here; it is of streams {streams}")
    if held.model.capacity is not None and len(held.ranges) > 1:
        raise InputError("file", str(path), "a run in one piece: its cells share a capacity")
    if held.founders <= WHOLE:
        again = None
        for start, stop in held.ranges:
            part = _run(held, held.model, range(start, stop), progress)
            again = part if again is None else again.merge(part)
        assert again is not None
        if again.totals != held.totals:
            raise InputError("file", str(path), "a run that comes to the same again: its counts differ")
        return Verified(str(path), held.founders, held.founders, whole=True, found=len(again.watched), seed=0)
    if held.model.capacity is not None:
        wanted = f"a run of at most {WHOLE} cells, since its cells share a capacity"
        raise InputError("file", str(path), f"{wanted}: parts of this one cannot be compared")
    seed = secrets.randbits(32) if seed is None else seed
    rng = np.random.default_rng(seed)
    parts = [_same_watched(held, span, path, progress) for span in _spans(held, rng)]
    unlike = _unlike(held, Totals.gathered(part.totals for part in parts), sum(part.founders for part in parts))
    if unlike:
        raise InputError("file", str(path), f"a run that comes to the same again: {unlike}")
    parts += [_same_watched(held, span, path, progress) for span in _around(held, rng)]
    found, count = sum(len(part.watched) for part in parts), sum(part.founders for part in parts)
    return Verified(str(path), count, held.founders, whole=False, found=found, seed=seed)


def _spans(held: Result, rng: np.random.Generator) -> list[range]:
    """Random parts of a run, no cell in two of them."""
    every = [range(begin, min(begin + SPAN, stop)) for start, stop in held.ranges for begin in range(start, stop, SPAN)]
    return [every[i] for i in rng.choice(len(every), min(SPANS, len(every)), replace=False).tolist()]


def _around(held: Result, rng: np.random.Generator) -> list[range]:
    """Parts around some of the cells that are listed."""
    some = rng.choice(held.watched, min(AROUND, len(held.watched)), replace=False).tolist()
    inside = [(start, stop, cell) for cell in map(int, some) for start, stop in held.ranges if start <= cell < stop]
    return [range(max(start, cell - NEAR // 2), min(stop, cell + NEAR // 2)) for start, stop, cell in inside]


def _same_watched(held: Result, span: range, path: str | Path, progress: Progress) -> Result:
    """A part run again, in which the cells that are listed came to a watched state, and no others.

    Raises
    ------
    InputError
        Where it differs.
    """
    again = _run(held, held.model, span, progress)
    listed, found = np.sort(held.watched), np.sort(again.watched)
    listed_to = span.stop if held.watched_is_complete else min(int(listed[-1]) + 1, span.stop)
    there = listed[(listed >= span.start) & (listed < listed_to)]
    if not np.array_equal(found[found < listed_to], there):
        wanted = f"a run that comes to the same again: cells {span.start}:{span.stop} differ"
        raise InputError("file", str(path), wanted)
    return again


def _unlike(held: Result, again: Totals, founders: int) -> str:
    """Where more or fewer cells ended than chance allows, if anywhere: the least likely of all counts."""
    lowered, rows = held.lowered, rows_of(held.lowered)
    # What a cell does once: die, be somewhere at the end, come to a step or a milestone for the first time.
    once = [t for t, transition in enumerate(lowered.transitions) if transition.is_death]
    names = [lowered.transitions[t].name for t in once]
    once += [*range(rows.stay, rows.inner), *range(rows.reach, rows.returns)]
    names += [f"in {state!r} at the end" for state in lowered.states]
    names += [f"came to {stage!r}" for stage in lowered.stages] + ["came to a milestone"] * len(lowered.milestones)
    share, size = founders / held.founders, float(lowered.size_of.max())
    pairs = [(held.totals.counts[once].sum(axis=1), again.counts[once].sum(axis=1), names)]
    pairs += [(held.totals.counts[once], again.counts[once], [f"{name}, by time" for name in names])]
    pairs += [(held.totals.overtaken, again.overtaken, ["furthest step"] * len(again.overtaken))]
    pairs += [(held.totals.started, again.started, ["start"] * len(again.started))]
    least, where = 0.0, ""
    for whole, part, told in pairs:
        chance = log_chances(whole, part, share, size)
        if whole.size and chance.min() < least:
            least, at = float(chance.min()), np.unravel_index(int(np.argmin(chance)), whole.shape)
            counted = f"{part[at]:,} in {founders:,} that were run again, {whole[at]:,} in all {held.founders:,}"
            where = f"{told[int(at[0])]}: {counted}"
    tests = 2.0 * sum(whole.size for whole, _, _ in pairs)
    return where if math.log(tests) + least < math.log(BY_CHANCE) else ""


def log_chances(whole: Ints, part: Ints, share: float, size: float) -> Floats:
    """Logarithms of half the chances that a part lies as far from its share of the whole; none has more than all."""
    expected = share * whole
    apart = np.abs(part - expected)
    chance = -(apart**2) / (2.0 * size * (expected + apart / 3.0) + 1e-300)
    return np.where(part > whole, -np.inf, chance)


def _run(held: Result, model: Model, cells: range, progress: Progress) -> Result:
    return simulate(
        model, cells=cells, seed=held.seed, until=held.until, times=held.times, watch=held.watch, progress=progress
    )
