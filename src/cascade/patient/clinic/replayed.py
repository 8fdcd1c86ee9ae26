"""Lives of founders whose hazards care has changed: state by state, as the kernel of patients lived them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade import kernel
from cascade.common.compiled import cached
from cascade.common.frozen import FrozenDict
from cascade.kernel.streams import key_of
from cascade.patient import kernel as patient_kernel
from cascade.patient.clinic.lowered import clinic_of
from cascade.patient.kernel import clinic_inputs as at
from cascade.patient.kernel.transit import path_of
from cascade.runs.histories import History, Stay

if TYPE_CHECKING:
    from cascade.patient.disease import Disease
    from cascade.patient.known import OneKnown
    from cascade.patient.origins import Way

ROOM = 1 << 16
"""States that a founder may come to."""


def lives_under(
    disease: Disease,
    care: str,
    years: float,
    seed: int,
    found: OneKnown,
    kept: Sequence[int],
    ways: Sequence[Way | None],
) -> Mapping[int, History]:
    """Lives of the founders of a patient, by number, where a treatment of cells was given; else none."""
    rules, clinic = clinic_of(disease, care, years, (years,), ())
    pieces = int(found.timeline.state[at.PIECES])
    if not found.timeline.regime[:pieces].any():
        return FrozenDict({})
    run, path = cached(path_of, kernel, patient_kernel), np.zeros((ROOM, 2))
    lives = {}
    for number, (i, way) in enumerate(zip(kept, ways, strict=True)):
        if way is None:
            continue
        path[:, 0] = -1.0
        cell, shed = found.lesions.identity[i], float(found.lesions.shed[i])
        base = int(rules.ways.life[found.lesions.way[i]])
        run(rules.lives, clinic.regimes, found.timeline, base, cell, shed, key_of(seed), path)
        states = path[: int((path[:, 0] >= 0).sum())]
        names = [way.lowered.states[way.lowered.base[int(x)]] for x in states[:, 0]]
        hours = states[:, 1].tolist()
        stays = [
            Stay(name, entered, left, to, False)
            for name, entered, left, to in zip(names, hours, [*hours[1:], np.inf], [*names[1:], ""], strict=True)
        ]
        lives[number] = History(int(cell), tuple(stays))
    return FrozenDict(lives)
