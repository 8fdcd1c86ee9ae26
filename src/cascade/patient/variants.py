"""A disease with other numbers: of a variant, or drawn from what its calibration leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from cascade.common.arguments import seed_of
from cascade.common.errors import Fault, InputError, ModelError, nearest
from cascade.common.places import number_in, put_in
from cascade.patient.calibration import Calibration, back, there

if TYPE_CHECKING:
    from cascade.patient.disease import Disease


def changed(disease: Disease, values: Mapping[str, float]) -> Disease:
    """The disease with other numbers, each named by its place.

    Parameters
    ----------
    disease : Disease
    values : mapping of str to float
        By place: steps parted by dots, entries of lists by their name, route or number, such as
        ``traits.pace.spread``, ``shedding.blood.per_day``, ``correlations.0.value``, ``efficiency``.

    Raises
    ------
    InputError
        For a place that is none, or where no number stands.
    ModelError
        For numbers that the disease cannot have.
    """
    whole = disease.model_dump(mode="json", exclude={"variants", "calibration"}, exclude_none=True)
    for where, value in values.items():
        put_in(whole, where, value, "disease")
    data = {field: getattr(disease, field) for field in type(disease).model_fields}
    touched = {where.split(".")[0] for where in values}
    return type(disease)(**{**data, "variants": (), "calibration": None, **{field: whole[field] for field in touched}})


def number_at(disease: Disease, where: str) -> float:
    """The number at a place of a disease."""
    whole = disease.model_dump(mode="json", exclude={"variants", "calibration"}, exclude_none=True)
    return number_in(whole, where, "disease")


def variant_of(disease: Disease, name: str) -> Disease:
    """The disease with the numbers of one of its variants.

    Raises
    ------
    InputError
        For a name that no variant has.
    """
    known = {variant.name: variant for variant in disease.variants}
    if name not in known:
        has = nearest(name, list(known)) if known else "it has none"
        raise InputError("disease", f"{disease.name}:{name}", f"a variant of {disease.name}; {has}")
    chosen = known[name]
    told = {
        "name": f"{disease.name}:{name}",
        "title": f"{disease.title or disease.name}, {chosen.title or name}",
        "calibration": chosen.calibration,
    }
    return changed(disease, chosen.changes).with_(**told)


def faults_of_fits(disease: Disease) -> Iterator[Fault]:
    """Places that are none, numbers that cannot be, in the calibration and the variants of a disease."""
    bare = disease.model_copy(update={"variants": (), "calibration": None})
    for i, variant in enumerate(disease.variants):
        if variant.name in [other.name for other in disease.variants[:i]] or ":" in variant.name:
            yield Fault(f"variants[{i}].name", variant.name, "names of their own, without a colon")
        try:
            other = changed(bare, variant.changes)
        except (InputError, ModelError) as error:
            yield Fault(f"variants[{i}].changes", dict(variant.changes), f"numbers of the disease ({error})")
            continue
        if variant.calibration is not None:
            yield from _faults_of(other, variant.calibration, f"variants[{i}].calibration")
    if disease.calibration is not None:
        yield from _faults_of(bare, disease.calibration, "calibration")


def _faults_of(disease: Disease, calibration: Calibration, path: str) -> Iterator[Fault]:
    if calibration.digest != disease.digest():
        wanted = (
            f"that of this disease, {disease.digest()}: numbers were changed after the fit; take the calibration out"
        )
        yield Fault(f"{path}.digest", calibration.digest, wanted)
    for k, free in enumerate(calibration.free):
        try:
            value = number_at(disease, free.where)
        except InputError as error:
            yield Fault(f"{path}.free[{k}].where", free.where, f"the place of a number ({error.accepted})")
            continue
        low, high = {"log": (0.0, np.inf), "logit": (0.0, 1.0), "atanh": (-1.0, 1.0)}[free.scale]
        if not low < value < high:
            yield Fault(f"{path}.free[{k}].scale", free.scale, f"a scale on which {value:g} is a number")


def draws(disease: Disease, number: int, seed: int = 1) -> tuple[Disease, ...]:
    """Diseases that the targets leave open: parameters drawn together from what the fit knows of them.

    Parameters
    ----------
    disease : Disease
        With a calibration.
    number : int
    seed : int

    Returns
    -------
    tuple of Disease

    Raises
    ------
    InputError
        For a disease that was not fitted.

    Notes
    -----
    Normal on the scales of the parameters, with the covariance of the fit: linear theory, near the fit.
    """
    calibration = disease.calibration
    if calibration is None:
        raise InputError("disease", disease.name, "a disease that was fitted: one with a calibration")
    middle = [there(number_at(disease, free.where), free.scale) for free in calibration.free]
    spread = np.array(calibration.covariance)
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    normal = np.random.default_rng(seed_of(seed)).standard_normal((number, len(middle)))
    found = []
    for x in np.array(middle) + normal @ root.T:
        at = {free.where: back(float(v), free.scale) for free, v in zip(calibration.free, x, strict=True)}
        found.append(changed(disease, at))
    return tuple(found)
