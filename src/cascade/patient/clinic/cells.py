"""What a treatment does to cells on their way from the tumour to founding, and whether it only kills."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from cascade.catalog.loader import treatment
from cascade.common.errors import InputError, nearest
from cascade.common.frozen import FrozenDict
from cascade.model import Model
from cascade.model.names import hazard_names, matching
from cascade.model.raw import raw_states
from cascade.model.treatments import Treatment
from cascade.patient.founding import Founding, foundings

if TYPE_CHECKING:
    from cascade.patient.clinic.care import Systemic
    from cascade.patient.disease import Disease


def treatment_of(disease: Disease, given: Systemic) -> Treatment | None:
    """The treatment of cells that a systemic treatment is, of which something acts before they found.

    Raises
    ------
    InputError
        For a name that is not known, hazards that the cells have not before they found, or a factor of 0.
    """
    if given.treatment is None and not given.effects:
        return None
    if given.treatment is not None:
        from cascade.catalog.loader import treatment_names

        if given.treatment not in treatment_names():
            wanted = f"the name of a treatment; {nearest(given.treatment, treatment_names())}"
            raise InputError("treatment", given.treatment, wanted)
        effects = treatment(given.treatment).effects
    else:
        effects = given.effects
    for effect in effects:
        if effect.factor == 0.0:
            raise InputError("factor", effect.factor, "a factor above 0, such as 1e-6 for hardly any")
    acts = [effect for effect in effects if any(_matched(f, effect.hazard) for f in _founded(disease))]
    if not acts:
        wanted = "effects on cells before they found: all of these lie after it, and belong to lesions"
        raise InputError("effects", given.treatment or given.effects[0].hazard, wanted)
    sourceless = [effect.model_copy(update={"source": ()}) for effect in acts]
    return Treatment(name=given.name, effects=tuple(sourceless))


def _founded(disease: Disease) -> tuple[Founding, ...]:
    routes = [shed.route for shed in disease.shedding]
    return tuple(founding for founding in foundings(disease.cancer) if founding.route in routes)


def _matched(founding: Founding, hazard: str) -> bool:
    return any(matching(hazard, ways_of(model)) for model in (founding.model, founding.before))


@lru_cache(maxsize=256)
def ways_of(model: Model) -> tuple[str, ...]:
    """Names of the hazards of a model."""
    return tuple(hazard_names(raw_states({"states": model.states})))


def factors_on(model: Model, treatments: tuple[Treatment, ...]) -> Mapping[str, float]:
    """Factors on hazards of a model, by name, of some treatments together; those that change nothing are left out."""
    factors: dict[str, float] = {}
    for one in treatments:
        for effect in one.effects:
            for name in matching(effect.hazard, ways_of(model)):
                factors[name] = factors.get(name, 1.0) * effect.factor
    return FrozenDict({name: factor for name, factor in factors.items() if factor != 1.0})


def treated(model: Model, treatments: tuple[Treatment, ...]) -> Model:
    """The model of cells that are treated all the time."""
    factors = factors_on(model, treatments)
    return model.with_(scale=dict(factors)) if factors else model


def only_kills(model: Model, treatments: tuple[Treatment, ...]) -> bool:
    """Whether treatments do nothing to the cells of a model but raise hazards of death."""
    deaths = {f"{state.name}.{death.cause}" for state in model.states for death in state.deaths}
    return all(name in deaths and factor >= 1.0 for name, factor in factors_on(model, treatments).items())


def shedding_factor(founding: Founding, treatments: tuple[Treatment, ...]) -> float:
    """What treatments multiply shedding by: the change of the chance to get to the vessel."""
    from cascade.solution.answer import exact

    before = treated(founding.before, treatments)
    return exact(before).success / founding.reached if before is not founding.before else 1.0
