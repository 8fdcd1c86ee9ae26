"""Two arms of a lesson: the very same cells under another model, who is saved and who is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cascade.common.errors import InputError
from cascade.engine.executor import Progress
from cascade.lessons.knobs import patch_of
from cascade.model import Model
from cascade.model.treatments import Treatment
from cascade.runs.pairing import compare
from cascade.solution.answer import exact
from cascade.web.page import payload

FOUNDERS = 100
"""So many cells that found a colony are wanted; where they are rare there are fewer among the most that are run."""

MOST_CELLS = 120_000_000
"""Looked at for them, in each arm: some seconds of work."""

FEW = 1000


def cells_for(chance: float) -> int:
    """So many cells that some hundred of them found a colony, with two figures; never more than can be looked at.

    Examples
    --------
    >>> cells_for(0.002), cells_for(1e-6), cells_for(1e-12), cells_for(0.0)
    (50000, 100000000, 120000000, 1000)
    """
    if chance <= 0:
        return FEW
    wanted = max(FEW, FOUNDERS / chance)
    return min(MOST_CELLS, int(float(f"{wanted:.1e}")))


def arm_of(
    model: Model, other: Model, *, name: str, about: str, seed: int, until: float | None, base: dict[str, Any],
    progress: Progress = False,
) -> dict[str, Any]:  # fmt: skip
    """Another arm as a page reads it: what is other in it, and what becomes of the founders of both.

    Raises
    ------
    InputError
        When its steps are others, so that no cell can be paired.
    """
    if other.stages != model.stages:
        wanted = f"one with the same steps as {model.name}: {', '.join(model.stages)}"
        raise InputError("--beside", other.name, wanted)
    cells = cells_for(_chance(model, until) or _chance(other, until))
    pairs = compare(model, other, cells=cells, seed=seed, until=until, progress=progress)
    theirs = payload(other, seed=seed, until=until)
    alike = all(theirs[key] == base[key] for key in ("states", "exit_source", "exit_target"))
    return {
        "name": name,
        "about": about,
        "patch": patch_of(base, theirs) if alike else None,
        "beside": None if alike else theirs,
        "cells": cells,
        "founders": founders_of(pairs),
        "lost": list(pairs.lost_cells),
        "saved": list(pairs.saved_cells),
    }


def founders_of(pairs: Any) -> int:
    """Cells that found a colony in the first arm."""
    return int(pairs.furthest[-1].sum())


def change_most(model: Model, acting: Sequence[Treatment], until: float | None, number: int) -> list[Treatment]:
    """Of treatments those that change the number of colonies most."""
    untreated = _chance(model, until)
    if untreated <= 0:
        return []
    changed = {t.name: _chance(model.with_treatments(t), until) / untreated for t in acting}
    return sorted(acting, key=lambda t: min(changed[t.name], 1 / max(changed[t.name], 1e-9)))[:number]


def _chance(model: Model, until: float | None) -> float:
    """Share of the cells that found a colony."""
    return exact(model, until=until).funnel().rows[-1].fraction_of_all
