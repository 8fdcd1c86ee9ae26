"""Knobs of a cancer: which vessel takes its blood, and the soil of the organs where most of its colonies stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from cascade.body import Cancer, cancer, cancer_names, circulation
from cascade.body.network import Bed
from cascade.common.errors import CascadeError
from cascade.common.portable import log
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed

SOILS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Factors on what the soil of an organ is."""

ORGANS = 4
"""Organs whose soil can be turned: those with most colonies."""

VEINS: str = Bed.model_fields["to"].default
"""Where the blood of a bed goes, if nothing else is said."""


def cancer_of(model: Model) -> Cancer | None:
    """The cancer of the package that a model is, unchanged; None: it is another one."""
    if model.name not in cancer_names():
        return None
    found = cancer(model.name)
    return found if found.model() == model else None


def by_other_vessels(known: Cancer) -> dict[str, Model | None]:
    """The models in which the blood of the primary goes off by one vessel alone, by its name; None: as it does."""
    used = circulation(known.sex)
    beds = {bed.name for bed in used.beds}
    # Vessels that lead the blood of some beds to another bed, and those that lead it to the heart.
    ways = [v.name for v in used.vessels if v.to in beds and any(bed.to == v.name for bed in used.beds)] + [VEINS]
    found: dict[str, Model | None] = {}
    if len(known.drainage) > 1:
        found[" + ".join(known.drainage)] = None
    for way in ways:
        drainage = {way: 1.0}
        found[way] = None if dict(known.drainage) == drainage else known.with_(drainage=drainage).model()
    return found if len(found) > 1 and None in found.values() else {}


def with_other_soil(known: Cancer, model: Model, until: float | None) -> Iterator[tuple[str, dict[float, Model]]]:
    """An organ, and the models in which its soil is so many times what it is, as far as soil is that good or bad."""
    answer = Exact(model, until, nodes=fixed(lower(model)))
    soils = {site.name: site.soil for site in model.sites if site.flow is not None and site.soil is not None}
    most = sorted((row.colonies, row.organ) for row in answer.organs(1.0) if row.organ in soils)[::-1][:ORGANS]
    for _, organ in most:
        found = {1.0: model}
        for by in SOILS:
            with suppress(CascadeError):
                found.setdefault(by, known.with_(soil={**known.soil, organ: soils[organ] + log(by)}).model())
        yield organ, dict(sorted(found.items()))


def hazards_by_way(model: Model) -> dict[tuple[str, str], float]:
    """The hazards of a model by its state, and by where to or of what."""
    table: dict[tuple[str, str], float] = {}
    for state in model.states:
        table |= {(state.name, move.to): move.hazard for move in state.moves}
        table |= {(state.name, death.cause): death.hazard for death in state.deaths}
    return table
