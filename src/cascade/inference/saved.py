"""Saved fits: what was fitted to what, in JSON; reading one fits again, and says where that comes to anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.files import as_path, check_exists, write_atomically
from cascade.common.frozen import FrozenDict
from cascade.common.jsons import json_text
from cascade.common.version import package_version
from cascade.inference.counted import Count
from cascade.inference.data import Data
from cascade.inference.reading import right
from cascade.model import Model
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

FORMAT = 1
APART = 1e-4
"""Of a logarithm, in parts of its error and of 1: what another machine may find."""

ASKED = {"free", "shared", "by", "against", "spread", "dose", "starts"}

WHAT = "a fit, as fit.save(...) writes it"


def save_fit(fit: Fit, path: str | Path) -> Path:
    """What stands in ``Fit.save``."""
    told = {
        "fit": FORMAT,
        "made": f"metastatic-cascade {package_version()}",
        "models": {arm: json.loads(model.model_dump_json()) for arm, model in fit.likelihood.models.items()},
        "sha256": {arm: model.digest() for arm, model in fit.likelihood.models.items()},
        "counts": fit.data.to_dicts(),
        "observables": {name: json.loads(one.model_dump_json()) for name, one in fit.data.observables.items()},
        "source": fit.data.name,
        "asked": dict(fit.asked),
        "logarithms": fit.best.theta.tolist(),
        "spreads": fit.spreads,
        "log_likelihood": fit.log_likelihood,
        "table": fit.table().to_dicts(),
        "for": "research and teaching, never for decisions about a patient",
    }
    found = as_path(path)
    write_atomically(found, json_text(told).encode())
    return found


def open_fit(path: str | Path) -> Fit:
    """A saved fit: its models and counts are read, and it is fitted again.

    Parameters
    ----------
    path : str or Path
        Of a file that ``Fit.save`` wrote.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        When the file is none, or the fit comes to other hazards than it says.
    """
    from cascade.inference.fitting import fit

    told = _told(path)
    try:
        models = {arm: Model(**_listed(fields)) for arm, fields in told["models"].items()}
        changed = [arm for arm, model in models.items() if model.digest() != told["sha256"].get(arm)]
        rows = tuple(_count(row) for row in told["counts"])
        observables = {name: Observable(**fields) for name, fields in told["observables"].items()}
        asked, wanted = dict(told["asked"]), np.array(told["logarithms"], float)
        data = Data(rows, FrozenDict(observables), str(told["source"]))
        if not rows or not np.isfinite(wanted).all() or set(asked) != ASKED:
            raise ValueError("counts, logarithms or what was asked are not whole")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("file", str(path), f"{WHAT} ({error})") from None
    if changed:
        raise InputError("file", str(path), f"{WHAT}, not changed since: the model of {changed[0]!r} is another")
    found = fit(models, data, asked.pop("free"), **asked)
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    if wanted.shape != found.best.theta.shape:
        raise InputError("file", str(path), f"{WHAT} (of other hazards)")
    apart = np.abs(found.best.theta - wanted) > APART * (1.0 + errors)
    if apart.any():
        names = [free.label for free, other in zip(found.free, apart, strict=True) if other]
        raise InputError("file", str(path), f"a fit that comes to the same again: {', '.join(names)} differ")
    return found


def _count(row: Mapping[str, Any]) -> Count:
    """A row, with numbers where numbers are and in their ranges."""
    count = Count(**row)
    numbers = {"hours": count.hours, "count": count.count, "cells": count.cells,
               "fraction": count.fraction, "limit": count.limit}  # fmt: skip
    for what, number in numbers.items():
        if not right(what, number):
            raise ValueError(f"{what} {number!r}")
    if not all(isinstance(text, str) and text for text in (count.animal, count.arm, count.observable)):
        raise ValueError("names")
    return count


def _told(path: str | Path) -> dict[str, Any]:
    try:
        told = json.loads(check_exists(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("file", str(path), f"{WHAT} ({error})") from None
    if not isinstance(told, Mapping) or told.get("fit") != FORMAT:
        raise InputError("file", str(path), WHAT)
    return dict(told)


def _listed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields without those that are not given."""
    return {name: value for name, value in fields.items() if value is not None}
