"""Saved sweeps recomputed: whether the points of a file hold what comes out at their factors."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade.common.arguments import check_seed
from cascade.common.errors import CascadeError, InputError
from cascade.engine.executor import Progress, reporter
from cascade.inference.kept import Answer
from cascade.inference.ranges import ranges_of
from cascade.inference.sweeping import VISITS, Asked
from cascade.inference.swept import open_sweep
from cascade.runs.provenance import same_lives

SOME = 32
"""Points that are answered again; of a smaller sweep all are."""

CLOSE, ESTIMATE = 1e-9, 0.5
"""Of an exact answer: how far another machine may round it, and by which part its estimated error may differ."""


@dataclass(frozen=True)
class VerifiedSweep:
    """What was recomputed of a saved sweep.

    Attributes
    ----------
    path : str
    points : int
        That were answered again.
    of : int
        That the file holds.
    design : int
        Points of the whole sweep.
    seed : int
        Of the choice of the points.
    """

    path: str
    points: int
    of: int
    design: int
    seed: int

    def __str__(self) -> str:
        part = "" if self.of == self.design else f" (of a sweep of {self.design:,}: it is not whole)"
        if self.points == self.of:
            return f"{self.path}: all {self.of:,} points{part} were answered again, and every answer is the same"
        chosen = f"{self.points:,} of {self.of:,} points{part}, chosen at random (by {self.seed}),"
        return f"{self.path}: {chosen} were answered again, and every answer is the same"


def verify_sweep(path: str | Path, *, seed: int | None = None, progress: Progress = None) -> VerifiedSweep:
    """Answer points of a saved sweep again, and say that their answers are the same.

    Parameters
    ----------
    path : str or Path
        Of a sweep.
    seed : int, optional
        Which points of a large one; drawn if not given.
    progress : bool or callable, optional
        As for ``simulate``.

    Raises
    ------
    InputError
        When what is recomputed is not what the file holds, or cannot be compared with it.
    """
    held = open_sweep(path)
    recipe = held.recipe
    if recipe.cells is not None and not same_lives(recipe.model, recipe.version[1]):
        wanted = f"a sweep whose cells live the same lives here; it is of streams {recipe.version[1]}"
        raise InputError("file", str(path), wanted)
    seed = secrets.randbits(32) if seed is None else check_seed(seed)
    rng, there = np.random.default_rng(seed), held.points
    chosen = sorted(rng.choice(there, min(SOME, len(there)), replace=False).tolist())
    rows = {number: [row for row in held.rows if row.point == number] for number in chosen}
    factors = np.array([[rows[number][0].factors[name] for name in held.hazards] for number in chosen])
    try:
        asked = Asked(recipe, ranges_of(recipe.model, dict.fromkeys(held.hazards, (0.5, 2.0))))
    except CascadeError as error:
        raise InputError("file", str(path), f"a sweep of hazards that its model has ({error})") from None
    with reporter(progress, len(chosen), VISITS, "points") as report:
        for number, answers in zip(chosen, asked.answers(factors), strict=True):
            for row, again in zip(rows[number], answers, strict=True):
                here: Answer = (row.what, row.hours, row.value, row.low, row.high)
                if not _same(here, again, counted=recipe.cells is not None):
                    what = row.what if row.hours is None else f"{row.what} at {row.hours:g} h"
                    now, then = (f"{one[2]:.9g} ({one[3]:.9g} to {one[4]:.9g})" for one in (again, here))
                    wanted = f"a sweep that comes to the same again: at point {number} {what} is {now}"
                    raise InputError("file", str(path), f"{wanted}, not {then}")
            report(1)
    return VerifiedSweep(str(path), len(chosen), len(there), recipe.points, seed)


def _same(one: Answer, two: Answer, *, counted: bool) -> bool:
    """Whether two answers are the same: of counted cells to the bit."""
    if counted:
        return one == two
    # The error of an exact answer is an estimate, which another machine may round otherwise than the answer.
    room = [1e-300, *[max(1e-300, ESTIMATE * (one[4] - one[3]))] * 2]
    numbers = zip(one[2:], two[2:], room, strict=True)
    return one[:2] == two[:2] and all(math.isclose(a, b, rel_tol=CLOSE, abs_tol=most) for a, b, most in numbers)
