"""Cells in transit while care changes their hazards, twice: founders by time against the equations of all cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import solve_ivp
from scipy.sparse import csr_matrix

import cascade
from cascade.lowering.lower import lower
from cascade.patient.clinic.cells import treated, treatment_of
from cascade.patient.disease import Disease
from cascade.patient.founding import foundings
from cascade.patient.kernel.inputs import FOUNDED
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers.budget import ALPHA
from helpers.diseases import PLAIN

HOURS = 24.0 * DAYS_PER_YEAR
SEED, PATIENTS = 23, 12_000
FOUND_AT = 20.0
"""Millimetres at which all are diagnosed: symptoms come at once."""

EFFECTS: dict[str, list[tuple[str, float]]] = {
    "wakes": [("*: dormant.*: micrometastasis", 8.0), ("*: deeply dormant.*: micrometastasis", 20.0)],
    "holds": [("*: dormant.*: micrometastasis", 0.2), ("*: extravasated.*: micrometastasis", 0.3)],
    "mixed": [
        ("*: dormant.*: micrometastasis", 6.0),
        ("*: arrested.immune killing", 3.0),
        ("*.bone: arrested", 0.4),
        ("*: extravasated.*: micrometastasis", 0.5),
    ],
}


def deaths_alone(disease: Disease) -> list[tuple[str, float]]:
    """Factors on all deaths of sleeping cells."""
    model = foundings(disease.cancer)[0].model
    ways = [f"{s.name}.{d.cause}" for s in model.states for d in s.deaths if "dormant" in s.name]
    return [(way, 4.0) for way in ways]


def changing(effects: list[tuple[str, float]]) -> Disease:
    """Alike patients, diagnosed at one size, with a treatment of their cells from diagnosis on for two years."""
    return PLAIN.with_(
        name="changing",
        efficiency=6e-3,
        shedding=[PLAIN.shedding[0].model_copy(update={"exponent": 0.5})],
        death={"burden_cells": 9e12},
        presentation={"primary": {"per_year": 1e12, "at_mm": FOUND_AT, "exponent": 0.0, "least_mm": FOUND_AT}},
        care=[
            {
                "name": "drug",
                "surgery": {"delay_days": 200.0},
                "systemic": [
                    {
                        "name": "drug",
                        "begins": "diagnosis",
                        "after_days": 0.0,
                        "for_years": 2.0,
                        "effects": [{"hazard": hazard, "factor": factor} for hazard, factor in effects],
                    }
                ],
            }
        ],
    )


def expected(disease: Disease, times: list[float], *, changes: bool = True) -> dict[str, np.ndarray[Any, Any]]:
    """Mean numbers of founders by site and time: the equations of the numbers of cells in every state."""
    founding, rule, growth = foundings(disease.cancer)[0], disease.shedding[0], disease.tumour.growth
    drug = treatment_of(disease, disease.care[0].systemic[0])
    assert drug is not None
    day = float(growth.days(disease.cells_of(FOUND_AT))[0])
    end = day + 2.0 * DAYS_PER_YEAR
    models = [lower(founding.model), lower(treated(founding.model, (drug,))) if changes else lower(founding.model)]
    matrices = []
    for one in models:
        hazard = one.exit_hazard * one.multipliers[0, one.exit_transition]
        flow = np.zeros((one.size, one.size))
        np.add.at(flow, (one.exit_source, one.exit_source), -hazard)
        moves = one.exit_target >= 0
        np.add.at(flow, (one.exit_source[moves], one.exit_target[moves]), hazard[moves])
        matrices.append(csr_matrix(flow.T))
    start = np.zeros(models[0].size)
    start[models[0].start_state] = models[0].start_share / models[0].start_share.sum()

    def shed(hours: float) -> float:
        cells = float(growth.size([hours / 24.0])[0])
        return rule.per_day / 24.0 * (cells / rule.at_cells) ** rule.exponent if cells >= rule.onset_cells else 0.0

    onset, surgery = float(growth.days(rule.onset_cells)[0]), day + 200.0
    cuts = sorted({onset, day, surgery, end, *(t * DAYS_PER_YEAR for t in times)})
    cuts = [cut for cut in cuts if cut >= onset]
    number, found = np.zeros(models[0].size), {}
    for begin, until in zip([onset, *cuts], cuts, strict=False):
        if until > begin:
            matrix = matrices[1 if day <= begin < end else 0]
            on = begin < surgery
            solved = solve_ivp(
                lambda t, x, m=matrix, on=on: m @ x + (shed(t) if on else 0.0) * start,
                (begin * 24.0, until * 24.0), number, method="BDF", jac=matrix, rtol=1e-7, atol=1e-9,
            )  # fmt: skip
            number = solved.y[:, -1]
        found[until] = number.copy()
    by_site = {}
    for site in disease.sites:
        colony = [
            models[0].states[b] in {s.name for s in founding.model.states if s.landmark == "colony" and s.site == site}
            for b in models[0].base
        ]
        by_site[site] = np.array(
            [found[t * DAYS_PER_YEAR][colony].sum() * disease.efficiency if t * DAYS_PER_YEAR > onset else 0.0
             for t in times]
        )  # fmt: skip
    return by_site


def p_value(disease: Disease, times: list[float], means: dict[str, np.ndarray[Any, Any]]) -> float:
    """Of the numbers of founders between times, all distant sites together, which are Poisson."""
    found = cascade.cohort(disease, patients=PATIENTS, seed=SEED, care="drug", until_years=times[-1], times=times)
    total = np.array([found.counts.total[g, FOUNDED] for g in range(len(disease.sites))]).sum(axis=0)
    assert (np.array(found.alive) == PATIENTS).all(), "nobody dies meanwhile"
    counted = np.diff(np.concatenate([[0], total]))
    wanted = np.diff(np.concatenate([[0.0], sum(means.values())])) * PATIENTS
    some = wanted > 5.0
    assert some.sum() > 8
    square = float((((counted - wanted) ** 2) / np.maximum(wanted, 1e-9))[some].sum())
    return float(stats.chi2.sf(square, int(some.sum())))


TIMES = [7.0, 8.0, 8.6, 9.0, 9.2, 9.4, 9.6, 9.8, 10.0, 10.2, 10.5, 10.8, 11.0, 11.1, 11.3, 11.6, 12.0, 13.0, 14.0, 15.0]


@pytest.mark.parametrize("name", ["wakes", "holds", "mixed", "kills"])
def test_founders_of_cells_in_transit_come_as_the_equations_say(name: str) -> None:
    effects = deaths_alone(PLAIN) if name == "kills" else EFFECTS[name]
    disease = changing(effects)
    assert p_value(disease, TIMES, expected(disease, TIMES)) > ALPHA
    # Without a change for those in transit it would be seen.
    assert p_value(disease, TIMES, expected(disease, TIMES, changes=False)) < ALPHA
