"""Saved runs recomputed: whether a file holds what its recipe makes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade.common.errors import InputError
from cascade.engine.executor import Progress
from cascade.model import Model
from cascade.runs.provenance import same_lives
from cascade.runs.result import Result
from cascade.runs.saved import open_result
from cascade.runs.simulation import simulate

WHOLE = 2_000_000
"""Cells up to which a run is recomputed as a whole."""

SPANS, SPAN = 8, 100_000
"""Of a larger run: random parts, and cells of each."""


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
        Whether all was: then every count was compared; else the cells that came to a watched state.
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
        return (
            f"{self.path}: {self.cells:,} of {self.of:,} cells, in {SPANS} random parts (chosen by {self.seed}), were"
            f" run again, and the {self.found:,} of them that came to a watched state are the same, cell by cell"
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
    if held.model.capacity is not None or not held.watched_is_complete:
        wanted = f"a run of at most {WHOLE} cells, or one whose watched cells are all listed"
        raise InputError("file", str(path), f"{wanted}: parts of this one cannot be compared")
    seed = secrets.randbits(32) if seed is None else seed
    rng, found, count = np.random.default_rng(seed), 0, 0
    listed = np.sort(held.watched)
    for _ in range(SPANS):
        start, stop = held.ranges[int(rng.integers(len(held.ranges)))]
        begin = int(rng.integers(start, max(start + 1, stop - SPAN + 1)))
        span = range(begin, min(begin + SPAN, stop))
        again = _run(held, held.model, span, progress)
        there = listed[(listed >= span.start) & (listed < span.stop)]
        if not np.array_equal(np.sort(again.watched), there):
            raise InputError("file", str(path), f"a run that comes to the same again: cells {begin}:{span.stop} differ")
        found, count = found + len(there), count + len(span)
    return Verified(str(path), count, held.founders, whole=False, found=found, seed=seed)


def _run(held: Result, model: Model, cells: range, progress: Progress) -> Result:
    return simulate(
        model, cells=cells, seed=held.seed, until=held.until, times=held.times, watch=held.watch, progress=progress
    )
