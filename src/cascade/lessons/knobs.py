"""What can be turned in a lesson: the cloak, clusters, the phenotype, the day, an organ's soil, a treatment.

A knob is a row of models, each lowered by the package; a page is given what is other in their payloads. So each position
is to the bit what the package has for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cascade.catalog import treatment, treatments
from cascade.common.errors import InputError
from cascade.lowering.lower import lower
from cascade.model import Conditioned, Model
from cascade.model.factors import Clusters, Factor
from cascade.model.treatments import Treatment
from cascade.web.page import payload

PLACES = ("name", "title", "description", "limits", "cast", "version")
"""Of a payload what is about the model and not in it."""

MOST_STATES = 40
"""Of a model for which hazards that change with time are solved at once in a page."""

FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
SHARES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
CLUSTERED = (0.0, 1.0, 3.0, 10.0, 30.0)
DAYS = (1.0, 3.0, 13.0, 60.0)


class Knob(NamedTuple):
    """A knob: its name, where it stands at first, and its positions, each a model until an hour."""

    id: str
    at: int
    stops: tuple[tuple[str, Model, float | None], ...]


def knobs_of(model: Model, until: float | None) -> list[Knob]:
    """The knobs of a model, at most one of each kind."""
    if isinstance(model, Conditioned):
        return []
    found = [*_of_factors(model, until), *_of_clusters(model, until)]
    if lower(model).size <= MOST_STATES:
        found.append(_of_days(model, until))
    return found


def _of_factors(model: Model, until: float | None) -> Iterator[Knob]:
    for factor in model.factors[:1]:
        begin, first, last = dict(factor.begin), factor.levels[0], factor.levels[-1]
        if set(begin) - {first}:
            now = begin.get(last, 0.0)
            shares = sorted({*SHARES, now})
            changed = [factor.model_copy(update={"begin": type(factor.begin)({first: 1 - s, last: s})}) for s in shares]
            labels, at = [f"{100 * s:g} %" for s in shares], shares.index(now)
        else:
            changed, labels, at = [_scaled(factor, x) for x in FACTORS], [f"{100 * x:g} %" for x in FACTORS], 3
        models = [model.with_(factors=[one, *model.factors[1:]]) for one in changed]
        models[at] = model
        yield Knob("".join(filter(str.isalpha, factor.name)), at, tuple((a, m, until) for a, m in zip(labels, models, strict=True)))


def _scaled(factor: Factor, by: float) -> Factor:
    """The factor with its switches away from the first levels times ``by``."""
    up = factor.levels.index
    switches = [s.model_copy(update={"hazard": s.hazard * by}) if up(s.to) > up(s.level) else s for s in factor.switches]
    return factor.model_copy(update={"switches": tuple(s for s in switches if s.hazard > 0)})


def _of_clusters(model: Model, until: float | None) -> Iterator[Knob]:
    if model.clusters is None:
        return
    for_many = [_many(model.clusters, by) for by in CLUSTERED]
    models = [model.with_(clusters=one) for one in for_many]
    models[1] = model
    labels = [f"× {by:g}" for by in CLUSTERED]
    yield Knob("clusters", 1, tuple((a, m, until) for a, m in zip(labels, models, strict=True)))


def _many(clusters: Clusters, by: float) -> Clusters:
    """The clusters with ``by`` times as many units of more than one cell for each single one."""
    sizes = [s.model_copy(update={"share": s.share * (by if s.size > 1 else 1.0)}) for s in clusters.sizes]
    whole = sum(s.share for s in sizes)
    kept = [s.model_copy(update={"share": s.share / whole}) for s in sizes if s.share > 0]
    return clusters.model_copy(update={"sizes": tuple(kept)})


def _of_days(model: Model, until: float | None) -> Knob:
    """The day on which the cells are looked at."""
    hours = sorted({24.0 * day for day in DAYS} | ({until} if until is not None else set()))
    stops = [(f"{h / 24:g} d", model, h) for h in hours] + [("∞", model, None)]
    at = len(hours) if until is None else hours.index(until)
    return Knob("day", at, tuple(stops))


def patch_of(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What is other in a payload."""
    return {key: value for key, value in other.items() if key not in PLACES and value != base[key]}


def stops_of(knob: Knob, base: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """The positions of a knob, as a page reads them; a position that a page has no rule for is left out."""
    stops = []
    for label, model, until in knob.stops:
        stops.append({"label": label, "patch": patch_of(base, payload(model, seed=seed, until=until))})
    return stops


def usable(model: Model, names: tuple[str, ...] = ()) -> list[Treatment]:
    """The treatments of the catalogue that act on a model."""
    found = []
    for name in names or [t.name for t in treatments()]:
        one = treatment(name)
        try:
            treated = model.with_treatments(one)
        except InputError:
            continue
        if (lower(treated).multipliers != 1.0).any():
            found.append(one)
    return found


def factors_of(model: Model, treated: Treatment, seed: int) -> list[float]:
    """What a treatment multiplies each transition by while it lasts."""
    always = treated.model_copy(update={"start_hours": 0.0, "end_hours": None})
    factors: list[float] = payload(model.with_treatments(always), seed=seed)["multipliers"][0]
    return factors
