"""Patients who are diagnosed and treated: the kernel against a slow simulator on the same draws."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from cascade.patient.disease import Disease
from cascade.patient.kernel.clinic_inputs import NUMBERS
from cascade.patient.known import one_known
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers.diseases import TEXTBOOK
from helpers.reference_clinic import Clinics, Row

CLOSE = 2e-9
"""Relative difference of days, as in the tests of patients whom nobody looks at."""

SEED, YEARS = 11, 25.0
RICH = TEXTBOOK.with_(efficiency=4e-4)
"""With more metastases than the textbook disease."""

VISITS = [{"eyes": ["computed tomography", "bone scan"], "every_years": 0.7, "for_years": 10.0}]
OPERATED: dict[str, Any] = {
    "surgery": {"delay_days": 30.0, "local_recurrence": 0.8, "left_cells": 1e6},
    "radiotherapy": {"local_factor": 0.7},
    "visits": VISITS,
}


def under(disease: Disease = RICH, *systemic: dict[str, Any], **fields: Any) -> Disease:
    """A disease with one care, "this"."""
    given = [{"name": f"drug {i}", **one} for i, one in enumerate(systemic)]
    return disease.with_(care=[{"name": "this", **OPERATED, "systemic": given, **fields}])


def effects(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"hazard": hazard, "factor": factor} for hazard, factor in pairs]


def looks(**fields: Any) -> Disease:
    """Eyes that are worse than those of the textbook."""
    return RICH.with_(
        eyes=tuple(
            eye.model_copy(
                update={
                    "primary": eye.primary and eye.primary.model_copy(update=fields),
                    "lesions": eye.lesions and eye.lesions.model_copy(update=fields),
                }
            )
            for eye in RICH.eyes
        )
    )


WAKES = effects(("*: dormant.*: micrometastasis", 3.0), ("*: deeply dormant.*: micrometastasis", 3.0))
HELPS = {"effects": WAKES, "begins": "diagnosis", "after_days": 5.0, "for_years": 3.0}
SYMPTOMS = {
    "primary": {"per_year": 0.05},
    "lesions": {"per_year": 5.0, "at_mm": 10.0, "least_mm": 2.0},
    "organs": {},
    "screening": [],
}
SHARP = looks(half_mm=1.0).with_(lesions={"growth_ratio": 3.0})
"""Of which many metastases are seen at diagnosis."""
OF_TWO = RICH.with_(
    subtypes=(
        {"name": "slow", "share": 0.6, "growth": 0.7, "soil": {"bone": 3.0}},
        {"name": "fast", "share": 0.4, "growth": 1.6, "shedding": {"lymph": 4.0}},
    )
)
"""Of two subtypes."""

KINDS: dict[str, tuple[Disease, str, list[str]]] = {
    "nothing done": (SHARP, "none", ["symptoms", "screened", "seen at diagnosis"]),
    "metastasis first": (under(SHARP.with_(presentation=SYMPTOMS)), "this", ["surfaced", "seen at diagnosis"]),
    "surgery": (under(), "this", ["local", "positive nodes", "operated", "distant"]),
    "operated again": (
        under(surgery=OPERATED["surgery"] | {"again": True}),
        "this",
        ["local", "operated again", "local alone", "distant"],
    ),
    "operated again, and treated": (
        under(
            looks(half_mm=4.0),
            {"slows": 0.6, "begins": "metastasis seen"},
            surgery=OPERATED["surgery"] | {"again": True, "if_seen": True, "delay_days": 0.0},
            visits=[],
            restaging=["computed tomography"],
        ),
        "this",
        ["local", "operated again", "distant", "treated", "seen at diagnosis"],
    ),
    "surgery if seen": (
        under(SHARP.with_(presentation=SYMPTOMS), surgery={"delay_days": 5.0, "if_seen": True}, radiotherapy=None),
        "this",
        ["operated", "seen at diagnosis"],
    ),
    "nodes irradiated": (
        under(SHARP, radiotherapy={"local_factor": 0.5, "nodes": ["axillary nodes", "supraclavicular nodes"]}),
        "this",
        ["operated", "positive nodes"],
    ),
    "slows": (under(RICH, {"slows": 0.3, "after_days": 0.0, "for_years": 4.0}), "this", ["treated", "distant"]),
    "hastens": (under(RICH, {"slows": 3.0, "begins": "diagnosis", "for_years": 2.0}), "this", ["treated"]),
    "kills": (
        under(SHARP, {"log_kill": 4.0, "kill_below_mm": 8.0, "for_years": 0.5, "given_to": "none seen"}),
        "this",
        ["treated", "killed", "not given"],
    ),
    "kills few": (
        under(RICH, {"log_kill": 0.4, "kill_below_mm": 30.0, "begins": "diagnosis", "after_days": 0.0}),
        "this",
        ["treated", "killed"],
    ),
    "kills of some lesions none": (
        under(
            RICH, {"log_kill": 1.0, "kill_below_mm": 30.0, "resistant": 0.4, "begins": "diagnosis", "after_days": 0.0}
        ),
        "this",
        ["treated", "killed"],
    ),
    "lesions of their own pace": (
        under(
            RICH.with_(lesions={"secondary": 0.5, "growth_spread": 0.9, "organs": {"bone": {"growth_spread": 0.0}}}),
            {"slows": 0.5, "log_kill": 1.0, "kill_below_mm": 30.0, "for_years": 4.0},
        ),
        "this",
        ["treated", "killed", "distant"],
    ),
    "nodes": (under(RICH, {"log_kill": 2.0, "given_to": "nodes"}), "this", ["treated", "not given", "killed"]),
    "those with metastases": (
        under(SHARP, {"log_kill": 2.0, "given_to": "metastasis seen", "begins": "diagnosis", "slows": 0.5}),
        "this",
        ["treated", "not given"],
    ),
    "once a metastasis is seen": (
        under(RICH, {"begins": "metastasis seen", "slows": 0.3, "log_kill": 1.0, "kill_below_mm": 30.0, "share": 0.7}),
        "this",
        ["treated", "not given", "killed", "distant", "seen at diagnosis"],
    ),
    "all on the day of diagnosis": (
        under(
            SHARP,
            {"log_kill": 3.0, "begins": "diagnosis", "after_days": 0.0, "kill_below_mm": 300.0},
            {"slows": 0.3, "begins": "metastasis seen"},
        ),
        "this",
        ["treated", "killed", "seen at diagnosis"],
    ),
    "once one comes back": (
        under(
            SHARP,
            {"log_kill": 1.0, "given_to": "none seen", "for_years": 2.0},
            HELPS | {"begins": "metastasis seen", "given_to": "none seen", "after_days": 1.0},
        ),
        "this",
        ["treated", "not given", "distant"],
    ),
    "half of them": (under(RICH, {"wakes": 20.0, "share": 0.5}), "this", ["treated", "not given", "slept"]),
    "wakes none": (under(RICH, {"wakes": 0.01, "slows": 0.8}), "this", ["treated", "slept"]),
    "two at once": (
        under(
            RICH,
            {"slows": 0.5, "wakes": 3.0, "for_years": 3.0, "log_kill": 1.0, "begins": "diagnosis"},
            {"slows": 0.7, "after_days": 365.0, "for_years": 1.0, "log_kill": 3.0, "treatment": "hormone"},
        ),
        "this",
        ["treated", "killed", "slept"],
    ),
    "hormone": (under(RICH, {"treatment": "hormone"}), "this", ["treated", "distant"]),
    "natural killers": (
        under(RICH, {"treatment": "nk-boost", "begins": "diagnosis", "after_days": 0.0}),
        "this",
        ["treated"],
    ),
    "protease": (under(RICH, {"treatment": "mmp-inhibitor", "begins": "diagnosis"}), "this", ["treated"]),
    "helps cells": (under(RICH, HELPS), "this", ["treated", "strips"]),
    "helps and kills cells": (
        under(
            RICH,
            HELPS,
            {"treatment": "nk-boost", "begins": "diagnosis", "after_days": 400.0, "for_years": 4.0},
        ),
        "this",
        ["treated", "strips"],
    ),
    "subtypes": (under(OF_TWO, {"slows": 0.5}), "this", ["treated", "symptoms"]),
    "given to one of two subtypes": (
        under(
            OF_TWO,
            {"slows": 0.5, "log_kill": 1.0, "subtypes": ["fast"], "share": 0.8},
            {"slows": 2.0, "subtypes": ["slow"]},
        ),
        "this",
        ["treated", "not given", "killed"],
    ),
    "organs kill": (
        under(RICH.with_(death={"organs": {"liver": 1e9, "brain": 1e8}, "primary_cells": 1e11}), {"slows": 0.8}),
        "this",
        ["dies of the tumour"],
    ),
    "lesions that do not count": (
        under(RICH.with_(death={"burden_cells": 1e10, "not_counted": ["bone", "axillary nodes"]}), {"slows": 0.8}),
        "this",
        ["dies of the tumour"],
    ),
    "felt when larger than what kills elsewhere": (
        under(
            RICH.with_(
                death={"burden_cells": 5e9, "not_counted": ["bone", "axillary nodes"]},
                lesions={"secondary": 0.0, "growth_ratio": 3.0},
                presentation={"organs": {n: {"per_year": 0.02, "exponent": 1.5} for n in ("bone", "axillary nodes")}},
            )
        ),
        "this",
        ["dies of the tumour", "distant"],
    ),
    "eyes that miss": (under(looks(most=0.7, looked_at=0.5)), "this", ["distant", "operated"]),
    "nothing but symptoms": (under(staging=[], visits=[]), "this", ["distant", "local"]),
    "restaged": (
        under(looks(half_mm=4.0), visits=[], restaging=["computed tomography", "bone scan"]),
        "this",
        ["restaged", "distant", "local"],
    ),
    "restaged after visits": (
        under(restaging=["computed tomography"], visits=[{"eyes": ["bone scan"]}]),
        "this",
        ["restaged", "distant"],
    ),
    "metastases shed": (
        under(RICH.with_(lesions={"secondary": 1.0, "asleep": 0.6}), {"slows": 0.5, "wakes": 4.0}),
        "this",
        ["treated", "secondary", "slept"],
    ),
    "no sharing": (
        under(RICH.with_(shedding=tuple(s.model_copy(update={"per_division": 0.0}) for s in RICH.shedding)), HELPS),
        "this",
        ["treated", "strips"],
    ),
}


def branches(row: Row, last: float) -> Counter[str]:
    """What happened to a patient."""
    modes = {1: "symptoms", 2: "screened", 3: "surfaced"}
    seen = Counter[str]()
    seen[modes.get(row.mode, "never")] += 1
    seen["seen at diagnosis"] += row.seen
    seen["operated"] += row.surgery < math.inf
    seen["positive nodes"] += row.positive > 0
    seen["local"] += row.local < math.inf
    again = row.surgery < row.lesions[0].gone < math.inf
    seen["operated again"] += again
    seen["local alone"] += row.local < math.inf and not again
    seen["distant"] += row.diagnosed < row.distant < math.inf
    seen["restaged"] += row.diagnosed < row.distant < math.inf and sum(d == row.distant for d in row.seen_at) > 1
    seen["dies of the tumour"] += row.cause == 1
    given = bool(row.mode) and len(row.given) > 0
    seen["treated"] += given
    seen["not given"] += bool(row.mode) and not given
    seen["killed"] += sum(lesion.killed for lesion in row.lesions)
    seen["slept"] += sum(lesion.slept > 0 for lesion in row.lesions)
    seen["strips"] += row.strips
    identities = {lesion.identity for lesion in row.lesions[1:]}
    seen["secondary"] += sum(lesion.parent in identities for lesion in row.lesions[1:] if lesion.shed < last)
    return seen


def close(mine: float, its: float) -> bool:
    return mine == its or (math.isfinite(mine) and math.isclose(mine, its, rel_tol=CLOSE))


def differences(slow: Clinics, disease: Disease, care: str, number: int, row: Row) -> list[str]:
    """What the kernel and the reference tell differently of a patient."""
    its = one_known(disease, care, YEARS, slow.seed, number)
    kernel = dict(zip(NUMBERS, its.row.tolist(), strict=True))
    mine = {
        "age": row.age, "diagnosed": row.diagnosed, "mode": row.mode, "negative_screens": row.screens,
        "visible": row.visible, "surgery": row.surgery, "nodes_removed": row.removed, "nodes_positive": row.positive,
        "metastasis_seen": row.seen, "seeded": row.seeded, "seeded_early": row.seeded_early, "local": row.local,
        "distant": row.distant, "distant_true": row.truly, "death": row.death, "cause": row.cause,
    }  # fmt: skip
    told = [f"{name}: {kernel[name]}, not {value}" for name, value in mine.items() if not close(value, kernel[name])]
    if row.mode and not math.isclose(math.exp(kernel["log_cells"]), row.cells, rel_tol=1e-6):
        told.append("cells")
    if its.traits.tolist() != pytest.approx(row.traits, rel=1e-11):
        told.append("traits")
    if its.there.tolist() != row.there:
        told.append(f"there: {its.there}, not {row.there}")
    for site, one, other in zip(disease.sites, row.seen_at, its.seen.tolist(), strict=True):
        if not close(one, other):
            told.append(f"seen in {site}: {other}, not {one}")
    # Of what comes after death nobody asks.
    last = min(row.death, YEARS * DAYS_PER_YEAR)
    founders = {int(n): i for i, n in enumerate(its.lesions.identity) if its.lesions.shed[i] <= last}
    lesions = {lesion.identity: lesion for lesion in row.lesions if lesion.shed <= last}
    if set(founders) != set(lesions) or len(founders) < (its.lesions.shed <= last).sum():
        return [*told, f"founders: {len(set(founders) - set(lesions))} more, {len(set(lesions) - set(founders))} less"]
    for identity, i in founders.items():
        lesion = lesions[identity]
        same = close(lesion.shed, its.lesions.shed[i]) and close(lesion.founded, its.lesions.founded[i])
        if not same or lesion.early != its.lesions.early[i]:
            told.append(f"lesion {i}: shed, founded or early")
        gone = float(its.pieces.gone[i])
        if lesion.early and min(lesion.gone, gone) < last and not close(lesion.gone, gone):
            told.append(f"lesion {i}: gone {gone}, not {lesion.gone}")
    return told


def alike(name: str, seed: int, numbers: range) -> Counter[str]:
    """Patients of both; returns what happened in them."""
    disease, care, _ = KINDS[name]
    slow, visited = Clinics(disease, seed, YEARS, care), Counter[str]()
    for number in numbers:
        row = slow.patient(number)
        assert differences(slow, disease, care, number, row) == [], number
        visited += branches(row, min(row.death, YEARS * DAYS_PER_YEAR))
    return visited


@pytest.mark.sampled(2, 3)
@pytest.mark.parametrize("name", KINDS)
def test_all_of_a_patient_under_a_care_is_what_the_rules_say(name: str) -> None:
    visited = alike(name, SEED, range(60))
    for branch in KINDS[name][2]:
        assert visited[branch] > 0, (branch, visited)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_hundreds_of_patients_under_a_care(name: str) -> None:
    alike(name, 12, range(1 << 40, (1 << 40) + 300))


FAULTS: dict[str, tuple[Disease, Disease]] = {
    "sensitivity": (under(looks(most=0.9)), under(looks(most=0.9 * 0.98))),
    "symptoms": (under(), under(RICH.with_(presentation={"primary": {"per_year": 0.4 * 1.02}}))),
    "kill": (
        under(RICH, {"log_kill": 1.0, "kill_below_mm": 50.0}),
        under(RICH, {"log_kill": 1.0 - math.log10(1.02), "kill_below_mm": 50.0}),
    ),
    "resistance": (
        under(RICH, {"log_kill": 1.0, "kill_below_mm": 50.0, "resistant": 0.30}),
        under(RICH, {"log_kill": 1.0, "kill_below_mm": 50.0, "resistant": 0.32}),
    ),
    "slowing": (under(RICH, {"slows": 0.5}), under(RICH, {"slows": 0.51})),
    "growth": (under(), under(RICH.with_(lesions={"growth_ratio": 1.53}))),
    "share given": (under(RICH, {"slows": 0.5, "share": 0.50}), under(RICH, {"slows": 0.5, "share": 0.52})),
    "who is given it": (
        under(OF_TWO, {"slows": 0.5, "subtypes": ["slow"]}),
        under(OF_TWO, {"slows": 0.5}),
    ),
    "second surgery": (
        under(surgery=OPERATED["surgery"] | {"again": True}),
        under(surgery=OPERATED["surgery"] | {"again": True, "delay_days": 30.6}),
    ),
    "no second surgery": (under(surgery=OPERATED["surgery"] | {"again": True}), under()),
    "waking": (under(RICH, {"wakes": 2.0}), under(RICH, {"wakes": 2.04})),
    "helped cells": (under(RICH, HELPS), under(RICH, HELPS | {"effects": effects((WAKES[0]["hazard"], 3.06))})),
}


@pytest.mark.sampled(1, 3)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "share given" else name for name in FAULTS]
)
def test_a_fault_of_two_per_cent_is_seen(name: str) -> None:
    """Of a disease that is changed as little, the reference tells another patient."""
    right, wrong = FAULTS[name]
    slow = Clinics(wrong, SEED, YEARS, "this")
    assert any(differences(slow, right, "this", n, slow.patient(n)) for n in range(150)), name


def test_days_are_not_compared_loosely() -> None:
    assert close(1e3, 1e3 * (1 + 1e-9))
    assert not close(1e3, 1e3 * (1 + 1e-8))
    assert not close(math.inf, 1e300)
    assert not close(float(np.nan), 1.0)
