"""Cohorts that might have been: simulated patients as a table, with what a registry would know of them."""

from __future__ import annotations

import numpy as np

from cascade.inference.cohorts.reading import read_patients
from cascade.inference.cohorts.rows import Patients
from cascade.patient.blood import tubes
from cascade.patient.disease import Disease
from cascade.patient.known import diameters, register_for


def patients_drawn(
    disease: Disease, care: str, patients: range, *, seed: int, followed: float = 10.0, tube: bool = False
) -> Patients:
    """Patients of a disease, those who are diagnosed, as data.

    Parameters
    ----------
    disease : Disease
    care : str
    patients : range
        Of the disease: more than are diagnosed.
    seed : int
    followed : float
        Years from diagnosis that the last of them is followed; the first half as long, those between evenly.
    tube : bool
        Whether cells are counted in a tube of blood.

    Returns
    -------
    Patients
    """
    r = register_for(
        disease,
        care,
        patients,
        years=disease.years if disease.presentation is None else disease.presentation.years,
        seed=seed,
    )
    r = r[r.mode > 0]
    rng = np.random.default_rng(seed)
    until = np.minimum(followed * rng.uniform(0.5, 1.0, len(r)), np.minimum(r.death, r.end) - r.diagnosed)
    distant = r.distant - r.diagnosed
    table: dict[str, list[object]] = {
        "mm": diameters(disease, r).tolist(),
        "nodes": [int(n) if n >= 0 else None for n in r.nodes_positive],
        "metastasis": ["yes" if seen else "no" for seen in r.metastasis_seen],
        "years": np.minimum(distant, until).tolist(),
        "event": ["yes" if yes else "no" for yes in (distant <= until) & (r.metastasis_seen == 0)],
    }
    if tube:
        table["tube"] = rng.poisson(tubes(disease, r)).tolist()
    return read_patients(table, None, None, dict.fromkeys(("mm", "nodes", "tube", "years")), ())
