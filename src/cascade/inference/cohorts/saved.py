"""Saved fits of diseases, in JSON; reading one simulates its patients again and says where that comes to anything else.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.errors import InputError, ModelError
from cascade.common.files import as_path, write_atomically
from cascade.common.jsons import json_text, plain_data
from cascade.common.version import package_version
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.inference.cohorts.rows import Classes, Patient, Patients
from cascade.inference.data import plain_rows
from cascade.inference.saved import FORMAT, WHAT
from cascade.patient.calibration import Free
from cascade.patient.disease import Disease

if TYPE_CHECKING:
    from cascade.common.types import Floats

CONTENT = "content"
"""Where the fingerprint of the file stands."""

APART = 1e-6
"""Of a number, relative: what another machine may find."""

UNKNOWN = {"mm_to": math.inf, "nodes_to": math.inf, "years": math.nan}
"""What JSON has no word for."""


def save_fit(fit: DiseaseFit, path: str | Path) -> Path:
    """What stands in ``DiseaseFit.save``."""
    told = {
        "fit": FORMAT,
        "made": f"metastatic-cascade {package_version()}",
        "kind": "patients",
        "disease": fit.begun.model_dump(mode="json", exclude_none=True),
        "sha256": fit.begun.digest(),
        "patients": plain_rows(fit.data),
        "classes": asdict(fit.data.classes),
        "given": list(fit.data.given),
        "source": fit.data.name,
        "asked": dict(fit.asked),
        "free": [one.model_dump() for one in fit.free],
        "numbers": fit.x.tolist(),
        "information": fit.information.tolist(),
        "noise": fit.noise.tolist(),
        "starts": list(fit.starts),
        "seconds": fit.seconds,
        "deviance": fit.deviance,
        "table": fit.table().to_dicts(),
        "for": "research and teaching, never for decisions about a patient",
    }
    found = as_path(path)
    write_atomically(found, json_text({**told, CONTENT: content_of(told)}).encode())
    return found


def content_of(told: Mapping[str, Any]) -> str:
    """Fingerprint of all that a file says but itself."""
    rest = {name: value for name, value in told.items() if name != CONTENT}
    return hashlib.sha256(json_text(rest, indent=None).encode()).hexdigest()


def opened(told: Mapping[str, Any], path: str | Path) -> DiseaseFit:
    """A saved fit; its patients are simulated again at its numbers, nothing is searched anew.

    Raises
    ------
    InputError
        When the file is none, or the fit comes to other numbers than it says.
    """
    if told.get(CONTENT) != content_of(told):
        raise InputError("file", str(path), f"{WHAT}, not changed since")
    try:
        fit = _made(told)
        if fit.begun.digest() != told["sha256"]:
            raise ValueError("the disease is another")
        same = math.isclose(fit.deviance, told["deviance"], rel_tol=APART) and _alike(
            plain_data(fit.table().to_dicts()), told["table"]
        )
    except (InputError, KeyError, TypeError, ValueError, AttributeError, IndexError, ModelError) as error:
        raise InputError("file", str(path), f"{WHAT} ({error})") from None
    if not same:
        made = f"it was made by {told.get('made')}, this is {package_version()}"
        raise InputError("file", str(path), f"a fit that comes to the same again: counts or table differ ({made})")
    return fit


def _made(told: Mapping[str, Any]) -> DiseaseFit:
    """The fit, with what the disease says to each group counted anew."""
    from cascade.inference.cohorts.fitting import Search, check_patients

    begun = Disease(**told["disease"])
    rows = tuple(
        Patient(**dict[str, Any]({name: UNKNOWN[name] if value is None else value for name, value in row.items()}))
        for row in told["patients"]
    )
    classes = Classes(**{name: tuple(borders) for name, borders in told["classes"].items()})
    data = Patients(rows, classes, tuple(told["given"]), str(told["source"]))
    free, asked = tuple(Free(**one) for one in told["free"]), dict(told["asked"])
    size = len(free)
    x, information, noise = (
        _floats(told[name], shape)
        for name, shape in (("numbers", (size,)), ("information", (size, size)), ("noise", (size, size)))
    )
    check_patients(asked["patients"])
    search = Search(begun, data, free, asked["care"], asked["patients"], asked["seed"])
    said = tuple(search.said(search.at(x)))
    starts = tuple(float(one) for one in told["starts"])
    return DiseaseFit(
        begun, data, free, x, information, noise, search.groups, said, float(told["seconds"]), asked, starts
    )


def _floats(told: Any, shape: tuple[int, ...]) -> Floats:
    found = np.array(told, np.float64)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError("numbers are not whole")
    return found


def _alike(one: Any, other: Any) -> bool:
    """Whether two tables have the same texts, and numbers that are as good as the same."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=APART)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)
