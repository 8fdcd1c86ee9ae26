"""How far hazards may be from where a model has them: ranges that are given, or as wide as their sources are weak."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.common.errors import InputError, is_number, nearest
from cascade.common.places import number_in, put_in
from cascade.common.types import Floats
from cascade.inference.profiles import normal_quantile
from cascade.model import Conditioned, Model
from cascade.model.parts import Death, Move

PRIOR_SPREAD: Mapping[str, float] = {"A": 0.5, "B": 0.7, "C": 1.0, "D": 1.5, "illustrative": 2.0, "": 2.0}
"""Of the logarithm of a hazard, by the grade of its source."""


@dataclass(frozen=True)
class Range:
    """Of the factor on some hazards: 95 % of a log-normal law, all of a log-uniform one, or a law of its own.

    Attributes
    ----------
    hazard : str
        A name, or a pattern of several that are multiplied together; or the place of another number of the model, such
        as ``frailties.adhesion.cv``.
    numbers : tuple of int
        Of the hazards in the model; none of another number.
    low, high : float
        Factors; of a law of its own those between which 95 % of it lie.
    even : bool
        Log-uniform between the two; else log-normal.
    quantile : callable, optional
        Of a law of its own: the factors below which such shares of it lie.
    """

    hazard: str
    numbers: tuple[int, ...]
    low: float
    high: float
    even: bool
    quantile: Callable[[Floats], Floats] | None = None


def logs_at(ranges: Sequence[Range], shares: Floats) -> Floats:
    """Logarithms of factors (N, P) below which such shares of the laws lie."""
    from scipy.special import ndtri

    inside = np.clip(shares, 1e-12, 1.0 - 1e-12)
    columns = []
    for one, share in zip(ranges, inside.T, strict=True):
        if one.quantile is not None:
            columns.append(np.log(one.quantile(share)))
            continue
        low, high = math.log(one.low), math.log(one.high)
        normal = (low + high) / 2.0 + (high - low) / (2.0 * normal_quantile(0.975)) * ndtri(share)
        columns.append(low + share * (high - low) if one.even else normal)
    return np.array(columns).T


def ranges_of(model: Model, given: Mapping[str, object] | Sequence[str] | None) -> list[Range]:
    """Ranges of factors.

    Parameters
    ----------
    model : Model
    given : mapping of str to (float, float) or to a law, sequence of str, or None
        Factors for each hazard or pattern, or other number by its place in the file (``frailties.adhesion.cv``,
        ``treatments.chemotherapy.effects.0.factor``): a range, in which they are log-uniform, or a law of
        ``scipy.stats``, such as ``lognorm(0.5)``; names alone, or None for all hazards, have the range that the source
        states, or one by the weakest grade of their sources.

    Raises
    ------
    InputError
        For a name that means no hazard, one that is meant twice, or a range that is none.
    """
    if given is None:
        given = [row.name for row in model.hazard_table if row.part is not None and row.part.hazard > 0]
    if isinstance(given, str) or not isinstance(given, Mapping | Sequence):
        raise InputError("ranges", given, "hazards with the low and the high factor, or names of hazards")
    found: list[Range] = []
    meant: dict[int, str] = {}
    for name in given:
        numbers = _numbers(model, name)
        if not numbers and not isinstance(given, Mapping):
            raise InputError("ranges", name, "a range of factors with it: what is no hazard has none of its own")
        for number in numbers:
            if number in meant:
                wanted = f"names that do not overlap: {model.hazard_table.names[number]} is meant by {meant[number]!r}"
                raise InputError("ranges", name, wanted)
            meant[number] = name
        if isinstance(given, Mapping):
            quantile = getattr(given[name], "ppf", None)
            ends = _ends(name, given[name]) if quantile is None else _ends_of_law(name, given[name])
            found.append(Range(name, numbers, *ends, even=quantile is None, quantile=quantile))
        else:
            found.append(Range(name, numbers, *stated_range(model, numbers), even=False))
    if not found:
        raise InputError("ranges", [], f"at least one hazard; {nearest('', model.hazard_names())}")
    return found


def _numbers(model: Model, name: object) -> tuple[int, ...]:
    """Of the hazards of that name; none of the place of another number."""
    try:
        return tuple(model.hazard_table.named(name, "ranges"))
    except InputError:
        if isinstance(name, str) and name.split(".")[0] in type(model).model_fields:
            number_in(model.model_dump(mode="json", exclude_none=True), name, "model")
            return ()
        raise


def model_at(model: Model, ranges: Sequence[Range], log: Floats) -> Model:
    """The model with its hazards, and other numbers, multiplied.

    Raises
    ------
    ModelError
        For numbers that it cannot have.
    """
    factors = dict(zip((one.hazard for one in ranges), np.exp(log).tolist(), strict=True))
    other = model.with_(scale={one.hazard: factors[one.hazard] for one in ranges if one.numbers})
    places = [one.hazard for one in ranges if not one.numbers]
    if not places:
        return other
    whole = other.model_dump(mode="json", exclude_none=True)
    for where in places:
        put_in(whole, where, factors[where] * number_in(whole, where, "model"), "model")
    fields = {where.split(".")[0] for where in places}
    data = {field: getattr(other, field) for field in type(other).model_fields}
    return type(other)(**{**data, **{field: whole[field] for field in fields}})


def together(model: Model, ranges: Sequence[Range]) -> bool:
    """Whether all points are answered by one model made ready once: hazards alone differ, and none with time."""
    hazards_alone = all(one.numbers for one in ranges) and not isinstance(model, Conditioned)
    return hazards_alone and not model.treatments and model.capacity is None


def stated_range(model: Model, numbers: Sequence[int]) -> tuple[float, float]:
    """Factors between which 95 % of a log-normal law lies: as the source of a hazard states, or by its grade."""
    one = model.hazard_table.rows[numbers[0]].part if len(numbers) == 1 else None
    if isinstance(one, Move | Death) and one.low is not None and one.high is not None and one.hazard > 0:
        return one.low / one.hazard, one.high / one.hazard
    return spread_of(model, numbers)


def spread_of(model: Model, numbers: Sequence[int]) -> tuple[float, float]:
    """Factors around 1, as far as the weakest grade of some hazards says."""
    reach = math.exp(normal_quantile(0.975) * PRIOR_SPREAD[_weakest(model, numbers)])
    return 1.0 / reach, reach


def _ends(name: str, ends: object) -> tuple[float, float]:
    pair = isinstance(ends, tuple | list) and len(ends) == 2 and all(map(is_number, ends))
    if not pair or not 0 < ends[0] < ends[1] < math.inf:  # type: ignore[index]
        wanted = "two factors above 0, the lower first, such as (0.5, 2), or a law such as scipy.stats.lognorm(0.5)"
        raise InputError(f"ranges[{name!r}]", ends, wanted)
    return float(ends[0]), float(ends[1])  # type: ignore[index]


def _ends_of_law(name: str, law: Any) -> tuple[float, float]:
    """Between which 95 % of a law lie."""
    least, low, middle, high, most = np.asarray(law.ppf([1e-12, 0.025, 0.5, 0.975, 1.0 - 1e-12]), np.float64).tolist()
    if not (0.0 < least <= low < middle < high <= most < math.inf):
        raise InputError(f"ranges[{name!r}]", law, "a law of factors above 0, at least two of them apart")
    return low, high


def _weakest(model: Model, numbers: Sequence[int]) -> str:
    parts = [model.hazard_table.rows[n].part for n in numbers]
    grades = [model.grade_of(part.source) for part in parts if part is not None]
    return max(grades, key=lambda grade: PRIOR_SPREAD[grade])
