"""Saved fits: what was fitted to what, in JSON; reading one fits again, and says where that comes to anything else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.files import as_path, check_exists, write_atomically
from cascade.common.frozen import FrozenDict
from cascade.common.jsons import json_text
from cascade.common.version import package_version
from cascade.inference.counted import Count, Counts
from cascade.inference.data import Data, plain_rows
from cascade.inference.headed import HOURS_OF, right
from cascade.inference.panels import Look, Panel
from cascade.inference.seen import Found, Seen
from cascade.inference.timed import Time, Times
from cascade.model import Model
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.inference.cohorts.fitted import DiseaseFit
    from cascade.inference.fitted import Fit

FORMAT = 1
APART = 1e-4
"""Of a logarithm, in parts of its error and of 1: what another machine may find."""

ASKED = {"free", "shared", "by", "against", "spread", "dose", "vary", "starts"}

WHAT = "a fit, as fit.save(...) writes it"


def save_fit(fit: Fit, path: str | Path) -> Path:
    """What stands in ``Fit.save``."""
    kind = next(name for name, one in _OF_KIND.items() if type(fit.data) is one)
    told = {
        "fit": FORMAT,
        "made": f"metastatic-cascade {package_version()}",
        "models": {arm: json.loads(model.model_dump_json()) for arm, model in fit.likelihood.models.items()},
        "sha256": {arm: model.digest() for arm, model in fit.likelihood.models.items()},
        "kind": kind,
        kind: plain_rows(fit.data),
        "unit": fit.data.unit if isinstance(fit.data, Times) else "hours",
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


def open_fit(path: str | Path) -> Fit | DiseaseFit:
    """A saved fit: its models and data are read, and it is fitted again; the patients of a disease are simulated again.

    Parameters
    ----------
    path : str or Path
        Of a file that ``Fit.save`` or ``DiseaseFit.save`` wrote.

    Returns
    -------
    Fit or DiseaseFit

    Raises
    ------
    InputError
        When the file is none, or the fit comes to other numbers than it says.
    """
    from cascade.inference.fitted import UNTOLD
    from cascade.inference.fitting import fit

    told = _told(path)
    if told.get("kind") == "patients":
        from cascade.inference.cohorts.saved import opened

        return opened(told, path)
    try:
        models = {arm: Model(**_listed(fields)) for arm, fields in told["models"].items()}
        changed = [arm for arm, model in models.items() if model.digest() != told["sha256"].get(arm)]
        data = _data(told)
        asked: dict[str, Any] = {"vary": None} | told["asked"]
        wanted = np.array(told["logarithms"], float)
        if not np.isfinite(wanted).all() or set(asked) != ASKED:
            raise ValueError("logarithms or what was asked are not whole")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError("file", str(path), f"{WHAT} ({error})") from None
    if changed:
        raise InputError("file", str(path), f"{WHAT}, not changed since: the model of {changed[0]!r} is another")
    found = fit(models, data, asked.pop("free"), **asked)
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    if wanted.shape != found.best.theta.shape:
        raise InputError("file", str(path), f"{WHAT} (of other hazards)")
    # What the data do not tell may end anywhere.
    apart = (np.abs(found.best.theta - wanted) > APART * (1.0 + errors)) & (errors < UNTOLD / 2.0)
    if apart.any():
        names = [free.label for free, other in zip(found.free, apart, strict=True) if other]
        raise InputError("file", str(path), f"a fit that comes to the same again: {', '.join(names)} differ")
    return found


def _data(told: Mapping[str, Any]) -> Data:
    """What was fitted to, with numbers where numbers are and in their ranges."""
    kind = told.get("kind", "counts")
    rows = tuple(_row(kind, row) for row in told[kind])
    observables = FrozenDict({name: Observable(**fields) for name, fields in told["observables"].items()})
    source = str(told["source"])
    if not rows:
        raise ValueError("no rows")
    if kind == "times":
        if told["unit"] not in HOURS_OF:
            raise ValueError(f"unit {told['unit']!r}")
        return Times(rows, observables, source, told["unit"])
    made: Data = _OF_KIND[kind](rows, observables, source)
    return made


def _row(kind: str, fields: Mapping[str, Any]) -> Any:
    """A row of a kind of data."""
    if kind == "times" and fields["by"] is None:  # as JSON writes what is infinite
        fields = {**fields, "by": math.inf}
    row = _ROWS[kind](**fields)
    for what, number in vars(row).items():
        if what in _TEXTS:
            if not isinstance(number, str) or not (number or what in ("event", "experiment")):
                raise ValueError("names")
        elif not (what == "by" and number == math.inf) and not right(_RANGES.get(what, what), number):
            raise ValueError(f"{what} {number!r}")
    # Who came after the start and had it by a first look, such as '<10', was seen at no look without it.
    if kind == "times" and not (row.entry <= row.after <= row.by or (row.after == 0 and row.entry < row.by)):
        raise ValueError("times out of order")
    if kind == "seen" and row.found > row.of:
        raise ValueError(f"found {row.found!r} of {row.of!r}")
    return row


_ROWS: Mapping[str, Callable[..., Any]] = {"counts": Count, "times": Time, "seen": Found, "panel": Look}
_OF_KIND: Mapping[str, Callable[..., Any]] = {"counts": Counts, "times": Times, "seen": Seen, "panel": Panel}
_TEXTS = frozenset({"animal", "arm", "observable", "unit", "event", "state", "experiment"})
_RANGES = {"after": "hours", "by": "hours", "entry": "hours"}


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
