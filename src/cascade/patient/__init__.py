"""Patients: a tumour that grows and sheds cells into the cascade, whose few survivors grow and shed in their turn.

A disease is data (``disease``); cohorts are simulated patient by patient (``cohort``, ``kernel``), one of them is told
whole (``course``), and the same questions are answered exactly (``laws``).  Founding and its delay are those of the
cells (``founding``, ``origins``), so that nothing is said twice.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cascade.patient.calibration import Calibration, Free, Row, Variant
    from cascade.patient.clinic.blood_tests import BloodTests, CellTest, DnaTest, Marker
    from cascade.patient.clinic.care import Care, Radiotherapy, Surgery, Systemic, Visits
    from cascade.patient.clinic.eyes import Eye, Pathologist, Sight
    from cascade.patient.clinic.leads import lead_times
    from cascade.patient.clinic.presentation import Presentation, Screening, Symptoms
    from cascade.patient.cohort import Cohort
    from cascade.patient.continuing import resume_cohort
    from cascade.patient.course import Course
    from cascade.patient.disease import Disease
    from cascade.patient.early import BirthDeath
    from cascade.patient.founding import Founding, foundings
    from cascade.patient.growth import Growth
    from cascade.patient.lesions import Lesion
    from cascade.patient.over_draws import uncertain
    from cascade.patient.parts import Death, Lesions, Mortality, OrganLesions, Shedding, Subtype, Trait, Tumour

__all__ = [
    "BirthDeath",
    "BloodTests",
    "Calibration",
    "Care",
    "CellTest",
    "Cohort",
    "Course",
    "Death",
    "Disease",
    "DnaTest",
    "Eye",
    "Founding",
    "Free",
    "Growth",
    "Lesion",
    "Lesions",
    "Marker",
    "Mortality",
    "OrganLesions",
    "Pathologist",
    "Presentation",
    "Radiotherapy",
    "Row",
    "Screening",
    "Shedding",
    "Sight",
    "Subtype",
    "Surgery",
    "Symptoms",
    "Systemic",
    "Trait",
    "Tumour",
    "Variant",
    "Visits",
    "foundings",
    "lead_times",
    "resume_cohort",
    "uncertain",
]

_LATER = {
    name: f"cascade.patient.{module}"
    for module, names in {
        "calibration": "Calibration Free Row Variant",
        "clinic.care": "Care Radiotherapy Surgery Systemic Visits",
        "clinic.eyes": "Eye Pathologist Sight",
        "clinic.presentation": "Presentation Screening Symptoms",
        "clinic.blood_tests": "BloodTests CellTest DnaTest Marker",
        "clinic.leads": "lead_times",
        "continuing": "resume_cohort",
        "cohort": "Cohort",
        "course": "Course",
        "lesions": "Lesion",
        "disease": "Disease",
        "early": "BirthDeath",
        "founding": "Founding foundings",
        "growth": "Growth",
        "over_draws": "uncertain",
        "parts": "Death Lesions Mortality OrganLesions Shedding Subtype Trait Tumour",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'cascade.patient' has no attribute {name!r}")
    value = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = value
    return value
