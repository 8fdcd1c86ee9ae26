"""What can be turned in a lesson: the cloak, clusters, the phenotype, the day, an organ's soil, a treatment.

A knob is a row of models, each lowered by the package; a page is given what is other in their payloads. So each
position is to the bit what the package has for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cascade.catalog import treatment, treatments
from cascade.common.errors import CascadeError, InputError
from cascade.common.frozen import FrozenDict
from cascade.common.shares import plain_percent
from cascade.lessons.edits import edit_of
from cascade.lessons.soils import by_other_vessels, cancer_of, hazards_by_way, with_other_soil
from cascade.lowering.lower import lower
from cascade.model import Conditioned, Model
from cascade.model.factors import Clusters, Factor
from cascade.model.treatments import Treatment
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed
from cascade.web.anatomy import anatomy
from cascade.web.page import few_along, payload

PLACES = ("name", "cast")
"""Of a payload what is about the model and not in it."""

MOST_STATES = 40
"""Of a model that may be looked at on any day: each is solved when the page is written, too."""

FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
SHARES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
CLUSTERED = (0.0, 1.0, 3.0, 10.0, 30.0)
MOMENTS = {
    "10 s": 1 / 360, "1 min": 1 / 60, "5 min": 1 / 12, "1 h": 1.0, "6 h": 6.0, "1 d": 24.0, "3 d": 72.0, "13 d": 312.0,
    "60 d": 1440.0, "1 y": 8766.0,
}  # fmt: skip
"""When cells may be looked at, in hours."""

TOLD = 0.02
"""A moment is offered where the share that passes some step is other than at last, by this part."""


class Knob(NamedTuple):
    """A knob: its name, where it stands at first, and its positions, each a model until an hour.

    Of an ``organ`` it turns hazards alone, which are told by name: so that they hold whatever another knob has made of
    the states.
    """

    id: str
    at: int
    stops: tuple[tuple[str, Model, float | None], ...]
    organ: str = ""


def knobs_of(model: Model, until: float | None) -> list[Knob]:
    """The knobs of a model, at most one of each kind."""
    if isinstance(model, Conditioned):
        return []
    found = [*_of_factors(model, until), *_of_clusters(model, until), *_of_cancer(model, until)]
    # Of lives without end there is no last day.
    if changes_told(model) and _fits(model, None):
        found.append(_of_days(model, until))
    return found


def changes_told(model: Model) -> bool:
    """Whether a page tells at once what is seen when cells are looked at before they have come to an end."""
    return lower(model).size <= MOST_STATES and _fits(model, 1.0)


def for_a_time(model: Model) -> bool:
    """Whether a treatment may begin and end in a page: cells enter at once, and the answer takes about a second."""
    lowered = lower(model)
    begin, end = lowered.entry_hours
    alone = len(lowered.window_start) == 1 and begin == end
    return alone and (few_along(lowered.size, len(fixed(lowered).weights)) or changes_told(model))


def _fits(model: Model, until: float | None) -> bool:
    """Whether a page can hold a model that is looked at then."""
    try:
        payload(model, seed=0, until=until)
    except InputError:
        return False
    return True


def _of_factors(model: Model, until: float | None) -> Iterator[Knob]:
    """The first factor of a model: the share of cells that begin at its last level, or how fast it is come to."""
    for factor in model.factors[:1]:
        begin, first, last = dict(factor.begin), factor.levels[0], factor.levels[-1]
        if set(begin) - {first}:
            now = begin.get(last, 0.0)
            shares = sorted({*SHARES, now})
            changed = [factor.model_copy(update={"begin": FrozenDict({first: 1 - s, last: s})}) for s in shares]
            labels, at = [plain_percent(s) for s in shares], shares.index(now)
        else:
            changed, at = [_scaled(factor, x) for x in FACTORS], FACTORS.index(1.0)
            labels = [plain_percent(x) for x in FACTORS]
        models = [model.with_(factors=[one, *model.factors[1:]]) for one in changed]
        models[at] = model
        yield _knob("".join(filter(str.isalpha, factor.name)), at, labels, models, until)


def _scaled(factor: Factor, by: float) -> Factor:
    """The factor with its switches away from the first levels times ``by``."""
    up = factor.levels.index
    factors = [by if up(s.to) > up(s.level) else 1.0 for s in factor.switches]
    switches = [s.model_copy(update={"hazard": s.hazard * x}) for s, x in zip(factor.switches, factors, strict=True)]
    return factor.model_copy(update={"switches": tuple(s for s in switches if s.hazard > 0)})


def _knob(name: str, at: int, labels: list[str], models: list[Model], until: float | None) -> Knob:
    """A knob whose positions are all looked at at the same hour."""
    return Knob(name, at, tuple((label, model, until) for label, model in zip(labels, models, strict=True)))


def _of_clusters(model: Model, until: float | None) -> Iterator[Knob]:
    """How many units of more than one cell set out for each single one."""
    if model.clusters is None:
        return
    models = [model.with_(clusters=_many(model.clusters, by)) for by in CLUSTERED]
    models[CLUSTERED.index(1.0)] = model
    labels = [f"\N{MULTIPLICATION SIGN} {by:g}" for by in CLUSTERED]
    yield _knob("clusters", CLUSTERED.index(1.0), labels, models, until)


def _many(clusters: Clusters, by: float) -> Clusters | None:
    """The clusters with ``by`` times as many units of more than one cell for each single one; None: all are single."""
    if by == 0:
        return None
    shares = [s.share * (by if s.size > 1 else 1.0) for s in clusters.sizes]
    sizes = [s.model_copy(update={"share": x / sum(shares)}) for s, x in zip(clusters.sizes, shares, strict=True)]
    return clusters.model_copy(update={"sizes": tuple(sizes)})


def _of_cancer(model: Model, until: float | None) -> Iterator[Knob]:
    """Which vessel takes the blood of the primary, and how good the soil is for which organ."""
    known = cancer_of(model)
    if known is None:
        return
    ways = by_other_vessels(known)
    if ways:
        models = [model if one is None else one for one in ways.values()]
        yield _knob("vessel", list(ways.values()).index(None), list(ways), models, until)
    for organ, found in with_other_soil(known, model, until):
        name = "soil" + "".join(filter(str.isalpha, organ.lower()))
        labels = [f"\N{MULTIPLICATION SIGN} {by:g}" for by in found]
        yield _knob(name, list(found).index(1.0), labels, list(found.values()), until)._replace(organ=organ)


def _of_days(model: Model, until: float | None) -> Knob:
    """When the cells are looked at: moments at which some have come as far as they will, and others have not."""
    last = _passed(model, None)
    moments = dict(MOMENTS) if until is None else {**MOMENTS, f"{until:g} h": until}
    kept: list[tuple[str, Model, float | None]] = []
    for label, hours in sorted(moments.items(), key=lambda moment: moment[1]):
        now = _passed(model, hours)
        told = any(0.001 * full < share < (1 - TOLD) * full for share, full in zip(now, last, strict=True))
        if told or hours == until:
            kept.append((label, model, hours))
    kept.append(("∞", model, None))
    at = next(k for k, (_, _, hours) in enumerate(kept) if hours == until)
    return Knob("day", at, tuple(kept))


def _passed(model: Model, until: float | None) -> list[float]:
    """Shares of all cells that pass each step, as finely as a page has them."""
    return [row.fraction_of_all for row in Exact(model, until, nodes=fixed(lower(model))).funnel().rows]


def patch_of(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    """What is other in a payload, as an edit; None: nothing."""
    return edit_of(*({key: value for key, value in data.items() if key not in PLACES} for data in (base, other)))


def stops_of(knob: Knob, base: dict[str, Any], treated: Sequence[Treatment], seed: int) -> list[dict[str, Any]]:
    """The positions of a knob, as a page reads them; factors of treatments where their transitions are others."""
    if knob.organ:
        return _of_hazards(knob)
    now, stops = knob.stops[knob.at][1], []
    ours: dict[str, list[float]] = {}
    for label, model, until in knob.stops:
        made = payload(model, seed=seed, until=until)
        other = made["transitions"] != base["transitions"]
        theirs = factors_of(model, treated) if other else {}
        ours = ours or (factors_of(now, treated) if other else {})
        factors = {name: edit_of(ours[name], found) for name, found in theirs.items()}
        roads = edit_of(anatomy(now), anatomy(model)) if other else None
        stops.append({"label": label, "patch": patch_of(base, made), "factors": factors, "anatomy": roads})
    return stops


def _of_hazards(knob: Knob) -> list[dict[str, Any]]:
    """Positions in which hazards alone are others: each by its state, and where to or of what."""
    now = hazards_by_way(knob.stops[knob.at][1])
    stops: list[dict[str, Any]] = []
    for label, model, _ in knob.stops:
        changed = [[*way, x] for way, x in hazards_by_way(model).items() if x != now[way]]
        stops.append({"label": label, "patch": None, "factors": {}, "hazards": changed})
    return stops


def told(knobs: Sequence[Knob], base: dict[str, Any], treated: Sequence[Treatment], seed: int) -> list[dict[str, Any]]:
    """Knobs as a page reads them; one of which a page cannot hold a position is left out."""
    found = []
    for knob in knobs:
        try:
            stops = stops_of(knob, base, treated, seed)
            found.append({"id": knob.id, "at": knob.at, "organ": knob.organ, "stops": stops})
        except InputError:
            continue
    return found


def acting_on(model: Model) -> list[Treatment]:
    """The treatments that a page offers: none where the model has some already, or was conditioned on its goal."""
    return [] if isinstance(model, Conditioned) or model.treatments else usable(model)


def usable(model: Model) -> list[Treatment]:
    """The treatments of the catalogue that act on a model."""
    known = [treatment(entry.name) for entry in treatments()]
    fitting = [one for one in known if _accepted(model, one)]
    factors = factors_of(model, fitting)
    return [one for one in fitting if set(factors[one.name]) != {1.0}]


def _accepted(model: Model, one: Treatment) -> bool:
    """Whether a model has what a treatment acts on."""
    try:
        model.with_treatments(one)
    except CascadeError:
        return False
    return True


def factors_of(model: Model, treated: Sequence[Treatment]) -> dict[str, list[float]]:
    """What each of some treatments multiplies each transition by while it lasts, by its name."""
    # One after the other, an hour each: the model is lowered once for all of them.
    hours = {float(k): one for k, one in enumerate(treated)}
    turns = [one.model_copy(update={"start_hours": at, "end_hours": at + 1}) for at, one in hours.items()]
    lowered = lower(model.with_treatments(*turns))
    begins = lowered.window_start.tolist()
    return {one.name: lowered.multipliers[begins.index(at)].tolist() for at, one in hours.items()}
