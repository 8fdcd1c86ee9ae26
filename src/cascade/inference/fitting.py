"""Fitting: from a model or a disease and data to the highest point of their likelihood."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from cascade.catalog import load
from cascade.common.errors import InputError, is_whole, nearest
from cascade.common.notices import notice
from cascade.inference.chances import likelihood_of_seen, likelihood_of_times
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.inference.cohorts.fitting import fit_disease
from cascade.inference.cohorts.rows import Patients
from cascade.inference.counted import Counts
from cascade.inference.data import Data, data_of
from cascade.inference.fitted import Fit
from cascade.inference.free import Free, free_of
from cascade.inference.likelihood import Likelihood
from cascade.inference.likely import FARTHEST, Likely
from cascade.inference.looks import likelihood_of_panel
from cascade.inference.maximum import FIRST_SPREAD, Maximum, highest, restricted
from cascade.inference.meeting import check_names, say_if_counted_twice
from cascade.inference.nested import Nested
from cascade.inference.panels import Panel
from cascade.inference.seen import Seen
from cascade.inference.timed import Times
from cascade.inference.varying import Varying, varied
from cascade.inference.varying_two import VaryingTwo
from cascade.model import Model, check_model
from cascade.patient.disease import Disease

EXTRA_STARTS = 4
FAR = 1.0
"""Spread of the logarithms of the extra starts."""

FLAT, WORTH = 0.01, 0.5
"""Information about a logarithm below which it is looked for farther off, and what it has to gain there."""

FAR_STEPS = tuple(float(step) for step in range(-24, 25) if step)

LONG = 0.2
"""Seconds of the curves of a model from which on is said that a fit takes long."""

SPREADS = ("one", "each", "none")


ONE_FREE = {"shared": (), "by": None, "against": None, "spread": "one", "dose": None, "vary": None}
"""Arguments of a fit of hazards alone, as they are where they are left out."""


@overload
def fit(
    model: Model | str | Mapping[str, Model | str],
    data: Data,
    free: Sequence[str],
    *,
    shared: Sequence[str] = (),
    by: str | None = None,
    against: str | None = None,
    spread: str = "one",
    dose: bool | None = None,
    vary: str | Sequence[str] | None = None,
    starts: int | None = None,
) -> Fit: ...
@overload
def fit(
    model: Disease,
    data: Data,
    free: Sequence[str],
    *,
    starts: int | None = None,
    care: str | Mapping[str, str] | None = None,
    patients: int | None = None,
    seed: int | None = None,
    progress: bool | None = None,
) -> DiseaseFit: ...
def fit(
    model: Model | str | Mapping[str, Model | str] | Disease,
    data: Data,
    free: Sequence[str],
    *,
    shared: Sequence[str] = (),
    by: str | None = None,
    against: str | None = None,
    spread: str = "one",
    dose: bool | None = None,
    vary: str | Sequence[str] | None = None,
    starts: int | None = None,
    care: str | Mapping[str, str] | None = None,
    patients: int | None = None,
    seed: int | None = None,
    progress: bool | None = None,
) -> Fit | DiseaseFit:
    """Fit hazards of a model, or numbers of a disease, to data of one's own.

    Parameters
    ----------
    model : Model, str, mapping of str to either, or Disease
        For each arm of the data its own, such as a treated one; or one for all.  A text is read by ``cascade.load``.
    data : Data
        Of a disease: ``Data.patients``.
    free : sequence of str
        Hazards, as ``state.way``; a pattern such as ``*.immune killing`` is one factor on all that it means.  Of a
        disease: places of numbers, such as ``efficiency``, ``shedding.lymph.per_day``, ``traits.pace.spread``.
    shared, by, against : optional
        ``by="arm"``: each arm has free hazards of its own, but for those that all have ``shared``; ``against`` an arm,
        what is told of the others is the factor on its hazards, with an interval of its own.
    spread : str
        What log counts vary by, each alone: 'one' spread for all, 'each' observable its own, or 'none'.
    dose : bool, optional
        Whether all counts of an animal share a part of it, as by an error of the dose; default: where it has several.
    vary, starts : optional
        A free hazard, or two, whose logarithms vary normally between animals, with the curve solved for each; and how
        many starts the search has besides the model itself: 4, with ``vary`` 1, of a disease (minutes each) 0.
    care, patients, seed, progress : optional
        Of a disease: the patients' care, or that of each arm (default: its first); how many are simulated at each point
        (default 20,000), with which seed; whether a bar is shown.

    Returns
    -------
    Fit or DiseaseFit
        Hazards of the median animal, with intervals that hold with few animals; or numbers of a disease.

    Raises
    ------
    InputError
        For a name that the model does not know; for a count where the model has no cell.
    ModelError
        For several names in the data that the model does not know, all at once.
    """
    told: dict[str, Any] = {"shared": shared, "by": by, "against": against, "spread": spread}
    told |= {"dose": dose, "vary": vary}
    of_patients = {"care": care, "patients": patients, "seed": seed, "progress": progress}
    if isinstance(model, Disease) or isinstance(data, Patients):
        return _of_patients(model, data, free, told, of_patients | {"starts": starts})
    return _of_hazards(model, data_of(data), free, of_patients, starts=starts, **told)


def _of_hazards(
    model: Model | str | Mapping[str, Model | str],
    data: Data,
    free: Sequence[str],
    of_patients: Mapping[str, Any],
    *,
    shared: Sequence[str],
    by: str | None,
    against: str | None,
    spread: str,
    dose: bool | None,
    vary: str | Sequence[str] | None,
    starts: int | None,
) -> Fit:
    """Hazards fitted, after what belongs to patients alone was left out."""
    for name, value in of_patients.items():
        if value is not None:
            raise InputError(name, value, "left out: it is of a disease and its patients")
    models, shares_dose = _models(model, data), _dose(data, spread, dose)
    starts = _starts(starts, vary)
    parameters = free_of(models, free, shared, by, against)
    check_names(data, models)
    say_if_counted_twice(data, models)
    likelihood = _likelihood(models, data, parameters, spread, vary, shared=shares_dose)
    _say_if_long(likelihood)
    _say_if_many(data)
    best, values = _best(likelihood, starts)
    highest_plain = best.value
    best, reference = restricted(likelihood, best)
    asked: dict[str, Any] = {"free": list(free), "shared": list(shared), "by": by, "against": against}
    asked |= {"spread": spread, "dose": shares_dose, "vary": _plain(vary), "starts": starts}
    return Fit(data, tuple(parameters), likelihood, best, reference, highest_plain, tuple(values), asked)


def _of_patients(
    disease: object, data: object, free: Sequence[str], told: Mapping[str, Any], asked: Mapping[str, Any]
) -> DiseaseFit:
    """A disease fitted, after what belongs to hazards alone was left out."""
    if not isinstance(disease, Disease):
        raise InputError("model", type(disease).__name__, "a disease, cascade.disease(...): the data are of patients")
    if not isinstance(data, Patients):
        raise InputError("data", type(data).__name__, "cascade.Data.patients(table): a disease is fitted to patients")
    for name, value in told.items():
        if value != ONE_FREE[name]:
            raise InputError(name, value, "left out: it is of the hazards of a model")
    return fit_disease(disease, data, free, **asked)


def _likelihood(
    models: Mapping[str, Model],
    data: Data,
    free: Sequence[Free],
    spread: str,
    vary: str | Sequence[str] | None,
    *,
    shared: bool,
) -> Likely:
    """The likelihood of a kind of data."""
    names = varied(vary)
    nested = isinstance(data, Counts) and any(row.experiment for row in data.rows) and spread != "none"
    if nested and names:
        raise InputError("vary", vary, "None, where animals stand in experiments: columns={...} without 'experiment'")
    if isinstance(data, Counts) and names:
        kind = Varying if len(names) == 1 else VaryingTwo
        return kind(models, data, free, spread=spread, shared=shared, vary=names)
    if names:
        raise InputError("vary", vary, "None: of counts alone a hazard may differ between animals")
    if isinstance(data, Counts) and nested:
        return Nested(models, data, free, spread=spread, shared=shared)
    if isinstance(data, Counts):
        return Likelihood(models, data, free, spread=spread, shared=shared)
    if isinstance(data, Times):
        return likelihood_of_times(models, data, free)
    if isinstance(data, Seen):
        return likelihood_of_seen(models, data, free)
    assert isinstance(data, Panel)
    return likelihood_of_panel(models, data, free)


def _plain(vary: str | Sequence[str] | None) -> str | list[str] | None:
    """What differs, as a file tells it: one name as text."""
    names = list(varied(vary))
    return names if len(names) > 1 else names[0] if names else None


def _starts(starts: int | None, vary: str | Sequence[str] | None) -> int:
    """How many starts besides the model: fewer where each point takes long."""
    if starts is None:
        return EXTRA_STARTS if vary is None else 1
    if not is_whole(starts) or not 0 <= starts <= 1000:
        raise InputError("starts", starts, "a whole number from 0 to 1000")
    return int(starts)


def _best(likelihood: Likely, starts: int) -> tuple[Maximum, list[float]]:
    """The highest of what several starts come to, by the plain likelihood."""
    rng = np.random.default_rng(1)
    size = len(likelihood.free)
    spreads = np.full(len(likelihood.spreads), FIRST_SPREAD)
    best = highest(likelihood, np.zeros(size), spreads)
    values = [best.value]
    for _ in range(starts):
        try:
            other = highest(likelihood, rng.normal(0.0, FAR, size), spreads)
        except InputError:  # no cell where one was counted, that far from the model
            continue
        values.append(other.value)
        if other.value > best.value:
            best = other
    far = _far(likelihood, best)
    if far is not None:
        values.append(far.value)
        best = max(best, far, key=lambda one: one.value)
    return best, values


def _far(likelihood: Likely, best: Maximum) -> Maximum | None:
    """From farther off, where a hazard moves no count that far from the others: it may be flat here and steep there."""
    information, _ = likelihood.information(likelihood.reference(best.expected), best.spreads)
    begin, highest_there = None, best.value + WORTH
    for p in np.flatnonzero(np.diag(information) < FLAT):
        for step in FAR_STEPS:
            theta = best.theta.copy()
            theta[p] = np.clip(theta[p] + step, -FARTHEST, FARTHEST)
            expected = likelihood.expected(theta, slopes=False)
            if not likelihood.possible(expected):
                continue
            value = likelihood.of(expected, np.maximum(best.spreads, FIRST_SPREAD)).value
            if value > highest_there:
                begin, highest_there = theta, value
    if begin is None:
        return None
    return highest(likelihood, begin, np.maximum(best.spreads, FIRST_SPREAD))


def _say_if_long(likelihood: Likely) -> None:
    """What is waited for, before it is: some hundreds of evaluations."""
    spreads = np.full(len(likelihood.spreads), FIRST_SPREAD)
    begun = time.perf_counter()
    likelihood.of(likelihood.expected(np.zeros(len(likelihood.free))), spreads)
    begun, first = time.perf_counter(), time.perf_counter() - begun
    if first > LONG:
        likelihood.of(likelihood.expected(np.full(len(likelihood.free), 0.01)), spreads)
        again = time.perf_counter() - begun
        if again > LONG:
            notice(f"the curves of this model take {again:.1f} s at each of some hundred points of a fit", waiting=True)


def _say_if_many(data: Data) -> None:
    """Counts of more cells than there were: no cell becomes two here."""
    if not isinstance(data, Counts):
        return
    many = [row for row in data.rows if row.count > row.cells * row.fraction]
    if many:
        one, share = many[0], "" if many[0].fraction == 1.0 else f" times {many[0].fraction:g}"
        notice(
            f"{len(many)} of {len(data)} counts are larger than the cells given, the first {one.count:,.0f} of"
            f" {one.cells:,.0f}{share} (animal {one.animal!r}): are cells, and the fraction looked at, right?"
        )


def _dose(data: Data, spread: str, dose: bool | None) -> bool:
    """Whether all counts of an animal share something."""
    if spread not in SPREADS:
        raise InputError("spread", spread, f"one of {', '.join(map(repr, SPREADS))}")
    if not isinstance(dose, bool | None):
        raise InputError("dose", dose, "True, False or None")
    if not isinstance(data, Counts):
        if spread != "one" or dose:
            field, value = ("spread", spread) if spread != "one" else ("dose", dose)
            raise InputError(field, value, "left out: only counts vary by a spread")
        return False
    several = len(data) > len(data.begin) - 1
    if dose and not several and spread != "none":
        wanted = "None or False: each animal has one count, of which two spreads cannot be told apart"
        raise InputError("dose", dose, wanted)
    return several and spread != "none" if dose is None else bool(dose)


def _models(model: Model | str | Mapping[str, Model | str], data: Data) -> dict[str, Model]:
    """The model of each arm."""
    if not isinstance(model, Mapping):
        return dict.fromkeys(data.arms, _loaded(model))
    for arm in data.arms:
        if arm not in model:
            raise InputError("model", list(model), f"a model for the arm {arm!r}; {nearest(arm, model)}")
    for arm in model:
        if arm not in data.arms:
            raise InputError("model", arm, f"an arm of the data; {nearest(arm, data.arms)}")
    found: dict[str, Model] = {}
    for arm in data.arms:
        try:
            found[arm] = _loaded(model[arm])
        except InputError as error:
            raise error.renamed(f"model[{arm!r}]") from None
    return found


def _loaded(model: Model | str) -> Model:
    """A model, or that of a name or a file as the command line takes them."""
    return load(model) if isinstance(model, str) else check_model(model)
