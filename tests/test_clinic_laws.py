"""What must hold of patients under a care, whatever the disease."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.patient.disease import Disease
from cascade.patient.follow.register import Register
from cascade.patient.kernel.clinic_inputs import DIAGNOSED
from cascade.patient.known import one_known
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers.diseases import TEXTBOOK

SEED, YEARS = 31, 25.0
RICH = TEXTBOOK.with_(efficiency=4e-4)
SURGERY: dict[str, Any] = {"surgery": {"delay_days": 30.0, "local_recurrence": 0.0}}


def under(*systemic: dict[str, Any], disease: Disease = RICH, **fields: Any) -> Disease:
    """A disease with one care, "this"."""
    given = [{"name": f"drug {i}", **one} for i, one in enumerate(systemic)]
    return disease.with_(care=[{"name": "this", "systemic": given, **fields}])


def same_but_for_rounding(one: Register, other: Register) -> None:
    """Counts exactly; days to rounding."""
    for name in one.columns():
        a, b = np.asarray(getattr(one, name)), np.asarray(getattr(other, name))
        if a.dtype.kind == "i":
            assert (a == b).all(), name
        else:
            assert a == pytest.approx(b, rel=1e-9), name


IDLE = [
    {"begins": "diagnosis", "after_days": 0.0, "for_years": 2.0},
    {"begins": "diagnosis", "after_days": 90.0, "wakes": 1.0, "slows": 1.0, "log_kill": 0.0, "kill_below_mm": 100.0},
]


def test_a_drug_that_does_nothing_changes_nothing() -> None:
    asked: dict[str, Any] = {"patients": 2_000, "seed": SEED}
    none = cascade.cohort(under(*IDLE), care="none", **asked)
    idle = cascade.cohort(under(*IDLE), care="this", **asked)
    same_but_for_rounding(none.register(), idle.register())
    for name in ("total", "made"):
        assert (np.asarray(getattr(none.counts, name)) == np.asarray(getattr(idle.counts, name))).all()
    busy = cascade.cohort(under({**IDLE[0], "slows": 0.999}), care="this", **asked)
    with pytest.raises(AssertionError):
        same_but_for_rounding(none.register(), busy.register())


def test_factors_of_one_on_cells_change_nothing() -> None:
    """Cells of which a hazard is multiplied by 1 + 1e-12 go another way through the kernel, to the same places."""
    hair = [{"hazard": "*: dormant.*: micrometastasis", "factor": 1.0 + 1e-12}]
    disease = under({**IDLE[0], "effects": hair})
    asked: dict[str, Any] = {"patients": 1_000, "seed": SEED}
    none, idle = (cascade.cohort(disease, care=care, **asked).register() for care in ("none", "this"))
    same_but_for_rounding(none, idle)


BITS = under(
    {"slows": 0.6, "wakes": 3.0, "log_kill": 1.0, "begins": "diagnosis", "for_years": 3.0},
    {"effects": [{"hazard": "*: dormant.*: micrometastasis", "factor": 3.0}], "share": 0.5},
    **SURGERY,
    visits=[{"eyes": ["computed tomography"]}],
)


def test_chunks_threads_and_processes_give_the_same_bits(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"patients": 600, "seed": SEED, "care": "this"}
    whole = cascade.cohort(BITS, **asked)
    assert cascade.cohort(BITS, **asked, chunk=37) == whole
    with ThreadPoolExecutor(2) as threads:
        assert cascade.cohort(BITS, **asked, executor=threads, chunk=100) == whole
    with ProcessPoolExecutor(2) as processes:
        assert cascade.cohort(BITS, **asked, executor=processes, chunk=211) == whole
    parts = [cascade.cohort(BITS, **{**asked, "patients": part}) for part in (range(250), range(250, 600))]
    merged = parts[0].merge(parts[1])
    assert merged == whole
    assert cascade.open_cohort(merged.save(tmp_path / "a.cascade")) == whole
    assert whole.register(range(100, 140)) == cascade.cohort(BITS, **{**asked, "patients": range(100, 140)}).register()
    assert cascade.cohort(BITS, **{**asked, "seed": SEED + 1}) != whole


# Treatment that only takes away never adds.


def founders(disease: Disease, care: str, patient: int) -> tuple[dict[int, float], float]:
    """Days of founding by identity, and that of death."""
    one = one_known(disease, care, YEARS, SEED, patient)
    assert len(set(one.lesions.identity.tolist())) == len(one.lesions.identity), "each has a name of its own"
    death = min(float(one.course[1]), YEARS * DAYS_PER_YEAR)
    first = one.lesions.founded[1:]
    return dict(zip(one.lesions.identity[1:].tolist(), first.tolist(), strict=True)), death


def added_and_lost(disease: Disease, patients: int = 250) -> tuple[int, int]:
    """Founders that come by care, or come earlier, by the first of both deaths; and those who do not come any more."""
    added = lost = 0
    for patient in range(patients):
        without, one = founders(disease, "none", patient)
        given, other = founders(disease, "this", patient)
        by = min(one, other) * (1 - 1e-9)
        added += sum(day < by and day < without.get(n, math.inf) * (1 - 1e-9) for n, day in given.items())
        lost += sum(day < by <= given.get(n, math.inf) for n, day in without.items())
    return added, lost


def deaths(factor: float) -> list[dict[str, Any]]:
    return [{"hazard": hazard, "factor": factor} for hazard in ("*.shear", "*.immune killing")]


TAKES: dict[str, Disease] = {
    "surgery": under(**SURGERY),
    "surgery at once": under(surgery={"delay_days": 0.0, "if_seen": True}),
    "kills lesions": under({"log_kill": 3.0, "kill_below_mm": 10.0, "begins": "diagnosis", "after_days": 0.0}),
    "slows": under({"slows": 0.5, "begins": "diagnosis", "after_days": 0.0}),
    "kills cells": under({"effects": deaths(5.0), "begins": "diagnosis", "after_days": 0.0}),
    "natural killers after surgery": under({"treatment": "nk-boost", "log_kill": 2.0}, **SURGERY),
}

ADDS: dict[str, Disease] = {
    "wakes cells": under(
        {
            "effects": [{"hazard": "*: dormant.*: micrometastasis", "factor": 10.0}],
            "begins": "diagnosis",
            "after_days": 0.0,
        }
    ),
    "spares cells": under({"effects": deaths(0.1), "begins": "diagnosis", "after_days": 0.0}),
    "hastens": under({"slows": 2.0, "begins": "diagnosis", "after_days": 0.0}),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", TAKES)
def test_what_only_takes_away_never_adds_a_founder(name: str) -> None:
    added, lost = added_and_lost(TAKES[name])
    assert added == 0
    assert lost > 10


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ADDS)
def test_what_helps_adds_founders(name: str) -> None:
    """So that the law could fail."""
    assert added_and_lost(ADDS[name])[0] > 10


@pytest.mark.sampled(2)
def test_cells_that_divide_first_under_a_treatment_die_of_it_as_all_cells_do() -> None:
    """Of founders while it is given one in ten is left; of those before and after it every one."""
    given = {"log_kill": 1.0, "begins": "diagnosis", "after_days": 0.0, "for_years": 2.0, "kill_below_mm": 0.03}
    disease = under(given)
    without, treated = Counter[str](), Counter[str]()
    for patient in range(400):
        natural, _ = founders(disease, "none", patient)
        left, _ = founders(disease, "this", patient)
        told = one_known(disease, "none", YEARS, SEED, patient)
        known, ends = float(told.row[DIAGNOSED]), min(float(told.course[1]), YEARS * DAYS_PER_YEAR)
        # What the primary sheds: of metastases those that are killed shed nothing.
        for name in told.lesions.identity[1:][told.lesions.parent[1:] == 0].tolist():
            if known < natural[name] < ends * (1 - 1e-9):
                when = "during" if natural[name] < known + 2.0 * DAYS_PER_YEAR else "after"
                without[when] += 1
                treated[when] += name in left
    assert min(without.values()) > 200
    assert treated["after"] == without["after"]
    assert stats.binomtest(treated["during"], without["during"], 0.1).pvalue > 1e-6


def test_what_waits_for_a_metastasis_changes_nothing_before_it_is_seen() -> None:
    asked: dict[str, Any] = {"patients": 16_000, "seed": SEED}
    visits = {"visits": [{"eyes": ["computed tomography"]}]}
    waits = {"begins": "metastasis seen", "slows": 0.3}
    one = cascade.cohort(under(**SURGERY, **visits), care="this", **asked).register()
    two = cascade.cohort(under(waits, **SURGERY, **visits), care="this", **asked).register()
    for name in ("diagnosed", "surgery", "nodes_positive", "metastasis_seen", "distant", "distant_true", "there"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist(), name
    seen = np.isfinite(one.distant)
    assert (one.death[~seen] == two.death[~seen]).all()
    assert (two.death[seen] >= one.death[seen] * (1 - 1e-7)).all()
    died = seen & (one.cause == 1)
    assert (two.death[died] > one.death[died] * (1 + 1e-7)).mean() > 0.9
    # Those who come back are treated as well as those in whom one was seen at diagnosis.
    for at_diagnosis in (0, 1):
        assert (died & (one.metastasis_seen == at_diagnosis)).sum() > 20


# Eyes.


def visited(every: float = 0.25, number: int = 1) -> Disease:
    visits = {"eyes": ["computed tomography"], "every_years": every, "for_years": 5.0}
    return under(**SURGERY, visits=[visits] * number)


def test_two_looks_on_one_day_see_what_one_sees() -> None:
    """A lesion has one threshold for an eye, for good."""
    asked: dict[str, Any] = {"patients": 2_000, "seed": SEED, "care": "this"}
    once, twice = (cascade.cohort(visited(number=n), **asked).register() for n in (1, 2))
    assert once.seen_at.tolist() == twice.seen_at.tolist()
    assert once.distant.tolist() == twice.distant.tolist()
    assert (once.distant < math.inf).sum() > 100


def test_what_was_seen_is_seen_again_while_it_grows() -> None:
    """By any eye and place: nothing is taken from distant lesions here, so that the number seen never falls."""
    made, compared = cascade.cohort(visited(), patients=400, seed=SEED, care="this"), 0
    for patient in range(400):
        told = made.patient(patient).clinical
        assert told is not None
        before: dict[tuple[str, str], tuple[int, float]] = {}
        for row in told.visits:
            if row.occasion != "follow-up" or RICH.kinds.get(row.place) != "distant":
                continue
            known, mm = before.get((row.eye, row.place), (0, 0.0))
            if row.place != "brain":  # which is looked at with symptoms alone
                assert row.seen >= known
                assert row.seen_mm >= mm * (1 - 1e-9)
                compared += known > 0
            before[row.eye, row.place] = row.seen, row.seen_mm
    assert compared > 100


def test_an_eye_that_sees_nobody_is_no_eye() -> None:
    """Of a share 0 of the patients looked at."""
    blind = tuple(
        eye.model_copy(update={"lesions": eye.lesions.model_copy(update={"looked_at": 0.0}), "organs": {}})
        if eye.lesions
        else eye
        for eye in RICH.eyes
    )
    asked: dict[str, Any] = {"patients": 1_000, "seed": SEED, "care": "this"}
    care: dict[str, Any] = {**SURGERY, "staging": ["computed tomography"]}
    found = cascade.cohort(under(disease=RICH.with_(eyes=blind), **care), **asked).register()
    nobody = cascade.cohort(under(**{**care, "staging": []}), **asked).register()
    for name in ("metastasis_seen", "mode", "surgery", "distant", "death"):
        assert getattr(found, name).tolist() == getattr(nobody, name).tolist()


def test_screening_finds_the_slow_ones() -> None:
    """Length bias: the mean log pace of the screened is lower, by 5 standard errors (by chance 1 in 10^6)."""
    found = cascade.cohort(TEXTBOOK, patients=20_000, seed=SEED, care="none").register()
    pace = np.log(found.traits[:, [trait.name for trait in TEXTBOOK.traits].index("pace")])
    symptoms, screened = pace[found.mode == 1], pace[found.mode == 2]
    assert min(len(symptoms), len(screened)) > 1_000
    error = math.sqrt(symptoms.var() / len(symptoms) + screened.var() / len(screened))
    assert symptoms.mean() - screened.mean() > 5.0 * error


# A fault of two per cent is found by counting.


def test_sensitivity_less_by_two_per_cent_is_counted() -> None:
    """Of the same patients: each lesion that is missed more is a patient less with a metastasis seen, and none more."""

    def seen(most: float) -> Register:
        eyes = tuple(
            eye.model_copy(
                update={
                    "lesions": eye.lesions and eye.lesions.model_copy(update={"most": most}),
                    "organs": {},
                }
            )
            if eye.name == "computed tomography"
            else eye
            for eye in RICH.eyes
        )
        return cascade.cohort(
            under(disease=RICH.with_(eyes=eyes), staging=["computed tomography"]),
            patients=5_000,
            seed=SEED,
            care="this",
        ).register()

    right, less = seen(0.95), seen(0.95 * 0.98)
    assert (less.metastasis_seen <= right.metastasis_seen).all()
    assert right.metastasis_seen.sum() > less.metastasis_seen.sum() > 0
