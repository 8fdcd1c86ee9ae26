"""Wrong presentations, eyes and cares: each error names the field and what is accepted."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest

import cascade
from cascade.common.errors import InputError, ModelError
from cascade.patient.disease import Disease
from helpers.diseases import PLAIN, TEXTBOOK

DATA = tomllib.loads(TEXTBOOK.to_toml())
GONE = object()


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The textbook disease as data with another value somewhere; ``GONE``: without it."""
    data: Any = copy.deepcopy(DATA)
    at = data
    for step in path[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else at[step]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return data  # type: ignore[no-any-return]


SCREENING, CT, CARE = ("presentation", "screening", 0), ("eyes", 1), ("care", 0)
HORMONE = ("care", 1, "systemic", 0)
WAVE = ("care", 3, "systemic", 0)


def drug(**fields: Any) -> list[dict[str, Any]]:
    return [{"name": "drug", **fields}]


FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    ((*SCREENING, "from_age"), GONE, "presentation.screening[0].from_age", "required"),
    ((*SCREENING, "to_age"), GONE, "presentation.screening[0].to_age", "required"),
    ((*SCREENING, "to_age"), 40.0, "presentation.screening[0].to_age", "an age from 50, from_age, on"),
    ((*SCREENING, "every_years"), 0.0, "presentation.screening[0].every_years", ">= 0.25"),
    ((*SCREENING, "attends"), 1.1, "presentation.screening[0].attends", "<= 1"),
    ((*SCREENING, "eye"), "mamography", "presentation.screening[0].eye", "did you mean 'mammography'"),
    ((*SCREENING, "eye"), "bone scan", "presentation.screening[0].eye", "an eye that looks at the primary"),
    (("presentation", "primary", "per_year"), -0.1, "presentation.primary.per_year", ">= 0"),
    (("presentation", "primary", "exponent"), 2.5, "presentation.primary.exponent", "<= 2"),
    (("presentation", "primary", "least_mm"), 1e-4, "presentation.primary.least_mm", "a diameter that the tumour"),
    (("presentation", "lesions", "least_mm"), 0.5, "presentation.lesions.least_mm", "lesions.asleep_cells"),
    (("presentation", "organs", "bones"), {"per_year": 1.0}, "presentation.organs", "did you mean 'bone'"),
    (("presentation", "staging"), ["CT"], "presentation.staging", "the name of an eye"),
    (("presentation", "staging"), ["bone scan"] * 2, "presentation.staging", "each eye once"),
    (("presentation", "years"), 0, "presentation.years", "> 0"),
    ((*CT, "lesions", "most"), 1.01, "eyes[1].lesions.most", "<= 1"),
    ((*CT, "lesions", "most"), 0.0, "eyes[1].lesions.most", "> 0"),
    ((*CT, "lesions", "width"), 0.0, "eyes[1].lesions.width", ">= 0.01"),
    ((*CT, "lesions", "half_mm"), -1.0, "eyes[1].lesions.half_mm", ">"),
    ((*CT, "lesions", "looked_at"), -0.1, "eyes[1].lesions.looked_at", ">= 0"),
    ((*CT, "lesions", "only_with_symptoms"), "yes", "eyes[1].lesions.only_with_symptoms", "true or false"),
    ((*CT, "primary", "only_with_symptoms"), True, "eyes[1].primary.only_with_symptoms", "false"),
    ((*CT, "organs", "livr"), {"half_mm": 5.0}, "eyes[1].organs", "did you mean 'liver'"),
    ((*CT, "name"), "bone scan", "eyes[2].name", "names of their own"),
    (("eyes", 2, "organs"), {}, "eyes[2]", "somewhere to look"),
    (("autopsy",), "autopsies", "autopsy", "did you mean 'autopsy'"),
    (("pathologist", "removed"), 21, "pathologist.removed", "at most 20"),
    (("pathologist", "stations"), ["bone"], "pathologist.stations", "axillary nodes"),
    (("pathologist", "stations"), [], "pathologist.stations", "at least one entry"),
    (("pathologist", "stations"), ["axillary nodes"] * 2, "pathologist.stations", "each station once"),
    (("pathologist", "nodes"), 0, "pathologist.nodes", ">= 1"),
    (("pathologist",), GONE, "care[2].systemic[0].given_to", "a pathologist who counts nodes"),
    (("presentation",), GONE, "care[0]", "a disease with a presentation"),
    ((*CARE, "name"), "surgery+hormone", "care[1].name", "names of their own"),
    ((*CARE, "staging"), ["PET"], "care[0].staging", "the name of an eye"),
    ((*CARE, "restaging"), ["PET"], "care[0].restaging", "the name of an eye"),
    ((*CARE, "restaging"), ["bone scan"] * 2, "care[0].restaging", "each eye once"),
    ((*CARE, "restaging"), [], "care[0].restaging", "at least one entry"),
    ((*CARE, "surgery"), GONE, "care[0].radiotherapy", "a care with surgery"),
    ((*CARE, "surgery", "delay_days"), -1.0, "care[0].surgery.delay_days", ">= 0"),
    ((*CARE, "surgery", "local_recurrence"), 1.5, "care[0].surgery.local_recurrence", "<= 1"),
    ((*CARE, "surgery", "left_cells"), 0.5, "care[0].surgery.left_cells", ">= 1"),
    ((*CARE, "surgery", "left_cells"), 1e14, "care[0].surgery.left_cells", "fewer than the largest size"),
    ((*CARE, "radiotherapy", "local_factor"), 1.5, "care[0].radiotherapy.local_factor", "<= 1"),
    ((*CARE, "radiotherapy", "nodes"), ["bone"], "care[0].radiotherapy.nodes", "axillary nodes"),
    ((*CARE, "visits", 0, "eyes"), [], "care[0].visits[0].eyes", "at least one entry"),
    ((*CARE, "visits", 0, "eyes"), ["PET"], "care[0].visits[0].eyes", "the name of an eye"),
    ((*CARE, "visits", 0, "every_years"), 0.0, "care[0].visits[0].every_years", ">= 0.05"),
    ((*HORMONE, "after_days"), -1.0, "care[1].systemic[0].after_days", ">= 0"),
    ((*HORMONE, "for_years"), 0.0, "care[1].systemic[0].for_years", "> 0"),
    ((*HORMONE, "share"), 1.2, "care[1].systemic[0].share", "<= 1"),
    ((*HORMONE, "log_kill"), -1.0, "care[1].systemic[0].log_kill", ">= 0"),
    ((*HORMONE, "log_kill"), float("nan"), "care[1].systemic[0].log_kill", "number"),
    ((*HORMONE, "slows"), 0.0, "care[1].systemic[0].slows", ">= 0.01"),
    ((*HORMONE, "wakes"), 0.0, "care[1].systemic[0].wakes", ">= 0.01"),
    ((*HORMONE, "begins"), "birth", "care[1].systemic[0].begins", "'diagnosis'"),
    ((*HORMONE, "given_to"), "some", "care[1].systemic[0].given_to", "'none seen'"),
    ((*HORMONE, "treatment"), "hormones", "care[1].systemic[0].treatment", "did you mean 'hormone'"),
    ((*HORMONE, "effects"), [{"hazard": "*.shear", "factor": 2.0}], "care[1].systemic[0].effects", "not both"),
    ((*HORMONE, "subtypes"), ["ER-positive"], "care[1].systemic[0].subtypes[0]", "no subtypes"),
    ((*HORMONE, "resistant"), 1.1, "care[1].systemic[0].resistant", "<= 1"),
    ((*HORMONE, "subtypes"), [], "care[1].systemic[0].subtypes", "at least one entry"),
    ((*HORMONE, "subtypes"), "ER-positive", "care[1].systemic[0].subtypes", "list"),
    ((*WAVE, "effects", 0, "factor"), 0.0, "care[3].systemic[0].effects", "a factor above 0"),
    ((*WAVE, "effects", 0, "factor"), -1.0, "care[3].systemic[0].effects[0].factor", ">= 0"),
    ((*WAVE, "effects"), [{"hazard": "*.colony", "factor": 2.0}], "care[3].systemic[0].effects", "before they found"),
    ((*WAVE, "effects"), [{"hazard": "nothing.at all", "factor": 2.0}], "care[3].systemic[0].effects", "acts on"),
    ((*CARE, "systemic"), drug(slows=0.5) * 2, "care[0].systemic[1].name", "names of their own"),
    ((*HORMONE, "name"), "second surgery", "care[1].systemic[0].name", "are operations"),
    ((*CARE, "systemic"), drug(given_to="nodes", begins="diagnosis"), "care[0].systemic[0].begins", "'surgery'"),
    (
        (*CARE, "systemic"),
        drug(given_to="nodes", begins="metastasis seen"),
        "care[0].systemic[0].begins",
        "'surgery'",
    ),
    (
        (*CARE, "systemic"),
        drug(begins="metastasis seen", after_days=0.5),
        "care[0].systemic[0].after_days",
        "at least 1",
    ),
    (("care",), [{"name": "a", "systemic": drug(slows=0.5)}], "care[0].systemic[0].begins", "'diagnosis'"),
    (("care",), [{"name": "a", "surgry": {}}], "care[0].surgry", "surgery"),
]


@pytest.mark.parametrize(
    ("path", "value", "where", "wanted"), FAULTS, ids=[f"{n} {f[2]}" for n, f in enumerate(FAULTS)]
)
def test_a_fault_of_a_presentation_an_eye_or_a_care(
    path: tuple[str | int, ...], value: Any, where: str, wanted: str
) -> None:
    with pytest.raises(ModelError) as error:
        Disease(**changed(path, value))
    found = {fault.path for fault in error.value.faults if wanted in fault.accepted}
    assert where in found, str(error.value)


def test_what_is_just_accepted() -> None:
    """The other side of the limits."""
    for path, value in (
        ((*SCREENING, "to_age"), 50.0),
        ((*CT, "lesions", "most"), 1.0),
        (("pathologist", "removed"), 20),
        (("pathologist", "removed"), 0),
        ((*CARE, "surgery", "delay_days"), 0.0),
        ((*HORMONE, "after_days"), 0.0),
        ((*HORMONE, "slows"), 0.01),
        ((*CARE, "systemic"), drug()),
        ((*CARE, "systemic"), drug(begins="metastasis seen", after_days=1.0)),
        (("care",), [{"name": "a", "systemic": drug(begins="metastasis seen")}]),
        (("care",), []),
    ):
        Disease(**changed(path, value))


@pytest.mark.parametrize("care", ["surgry", "", 3, b"none", ["none"]])
def test_a_care_that_is_not_there(care: Any) -> None:
    with pytest.raises(InputError, match="care") as error:
        cascade.cohort(TEXTBOOK, patients=2, seed=1, care=care)
    assert "'surgery'" in str(error.value)


def test_nobody_is_cared_for_who_is_never_diagnosed() -> None:
    with pytest.raises(InputError, match="presentation"):
        cascade.cohort(PLAIN, patients=2, seed=1, care="none")
    with pytest.raises(InputError, match="care"):
        cascade.cohort(TEXTBOOK, patients=2, seed=1).register()


@pytest.mark.parametrize("patients", [range(5, 15), 11, range(-1, 3), "all"])
def test_a_register_of_patients_that_are_not_there(patients: Any) -> None:
    some = cascade.cohort(TEXTBOOK, patients=10, seed=1, care="none")
    with pytest.raises(InputError, match="patients"):
        some.register(patients)
