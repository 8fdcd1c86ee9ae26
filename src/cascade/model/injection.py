"""A model whose cells begin somewhere else: what nothing reaches any more falls away, with all that names it.

A state, stage, site, frailty, factor, treatment or break stays as long as something that is still
there bears it out; a frailty that no hazard is left for goes, and with it its correlations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cascade.common.arguments import Labelled, as_mapping
from cascade.common.errors import Fault, InputError, ModelError, is_number, nearest
from cascade.common.numbers import SHARE_TOLERANCE
from cascade.common.portable import in_order
from cascade.common.shares import percent
from cascade.model.factors import Clusters, Factor
from cascade.model.names import alike, hazard_name, hazard_names, living_states, matching, switch_names
from cascade.model.observables import Observable, RouteSteps, Site
from cascade.model.parts import Correlation, Frailty, Start, StartShare, State
from cascade.model.raw import get, items, parts_with_source, raw_states, text_of
from cascade.model.treatments import Capacity, Treatment

if TYPE_CHECKING:
    from cascade.model.model import Model

OF_THE_WHOLE = "Of the whole model: "
"""Begins the description of a model of injected cells: what it says may be about steps that have fallen away."""

UNREACHED = "a path that leads here"
"""How the check of a model says that nothing comes to a state."""


def start_in(model: Model, into: str | Mapping[str, float] | Labelled, entry_hours: Sequence[float]) -> Start:
    """Where cells begin that are injected: one state, or several with their shares.

    Raises
    ------
    InputError
        For a state that the model lacks, with the nearest one; an absorbing one; shares that do not sum to 1.
    """
    shares = {into: 1.0} if isinstance(into, str) else as_mapping(into)
    if not isinstance(shares, Mapping) or not shares:
        raise InputError("state", into, "the name of a state, or a mapping of such names to shares that sum to 1")
    absorbing = {state.name: state.absorbing for state in model.states}
    living = [name for name, ends in absorbing.items() if not ends]
    for name, share in shares.items():
        field = "state" if isinstance(into, str) else f"state[{name!r}]"
        if name not in absorbing:
            raise InputError("state", name, f"the name of a state; {nearest(str(name), living)}")
        if absorbing[name]:
            raise InputError(
                "state", name, f"a state that cells can leave: this one is absorbing; {nearest('', living)}"
            )
        if not is_number(share) or not 0 <= share <= 1:
            raise InputError(field, share, "a share from 0 to 1")
    total = in_order(float(share) for share in shares.values())
    if abs(total - 1.0) > SHARE_TOLERANCE:
        raise InputError("state", total, "shares that sum to 1")
    pair = tuple(entry_hours) if isinstance(entry_hours, Sequence) else ()
    if len(pair) != 2 or not all(is_number(h) and 0 <= h <= 1e9 for h in pair) or pair[0] > pair[1]:
        raise InputError("entry_hours", entry_hours, "two times in hours, from 0 to 1e9, the earlier first")
    begun = tuple(StartShare(state=name, share=float(share)) for name, share in shares.items() if share > 0)
    return Start(states=begun, entry_hours=(float(pair[0]), float(pair[1])))


def injected_fields(model: Model, start: Start, states: Sequence[State] | None = None) -> dict[str, Any]:
    """Fields of the model with another start, and other states, without all that nothing reaches from there."""
    every = model.states if states is None else states
    ways = {state.name: [move.to for move in state.moves] for state in every}
    kept = _reached([share.state for share in start.states], ways)
    states = tuple(state for state in every if state.name in kept)
    stages = {state.stage for state in states}
    data: dict[str, Any] = {**dict(model), **_names(model, start), "states": states, "start": start}
    data["stages"] = tuple(stage for stage in model.stages if stage in stages)
    data["sites"] = _sites(model.sites, states)
    data["routes"] = _routes(model.routes, states, data["stages"])
    # What patients amount to in cells, and what was seen of whole lives, holds for the old start alone.
    data["exposure"], data["observations"] = None, ()
    data["observables"] = tuple(one for one in model.observables if _counted(one, states))
    ways_out = hazard_names(raw_states(data))
    data["factors"] = tuple(_factors(model.factors, states, ways_out))
    data["clusters"] = _clusters(model.clusters, states, ways_out)
    hazards = ways_out + switch_names(data)
    data["frailties"] = tuple(_frailties(model.frailties, ways_out))
    data["correlations"] = tuple(_correlations(model.correlations, data["frailties"]))
    data["treatments"] = tuple(_treatments(model.treatments, hazards))
    data["capacity"] = _capacity(model.capacity, [state.name for state in states], hazards)
    # A source that no number ever cited belongs to the description, and stays with it.
    gone = _cited(dict(model)) - _cited(data)
    data["sources"] = tuple(source for source in model.sources if source.key not in gone)
    return data


def _counted(observable: Observable, states: Sequence[State]) -> bool:
    """Whether an observable still counts anything."""
    if any(alike(pattern, [state.name for state in states]) for pattern in observable.states):
        return True
    deaths = [hazard_name(state.name, death.cause) for state in states for death in state.deaths]
    return any(matching(p if "." in p else f"*.{p}", deaths) for p in observable.deaths)


def _cited(data: Mapping[str, Any]) -> set[str]:
    """Keys of the sources that numbers of a model cite."""
    return {key for _, part in parts_with_source(data) for key in part.source}


def told_of_injection(error: ModelError, name: str, start: object) -> ModelError:
    """The error of a start from which not all is reached, with the way to a model of such cells."""
    lost = [fault for fault in error.faults if fault.accepted.startswith(UNREACHED)]
    begun = [state for share in items(start, "states") if (state := text_of(get(share, "state")))]
    if not lost or not begun:
        return error
    told = repr(begun[0]) if len(begun) == 1 else "{" + ", ".join(f"{state!r}: ..." for state in begun) + "}"
    hint = f"{UNREACHED} from a start state; cells that begin there alone: model.injected({told})"
    return ModelError(name, [Fault(f.path, f.value, hint) if f in lost else f for f in error.faults])


def _names(model: Model, start: Start) -> dict[str, str]:
    """Name and title with what was done, 'textbook, injected into circulating', and whom the description is about."""
    states = ", ".join(part.state for part in start.states)
    shares = ", ".join(f"{part.state} ({percent(part.share)})" for part in start.states)
    into = shares if len(start.states) > 1 else states
    told = model.description
    whole = told if not told or told.startswith(OF_THE_WHOLE) else OF_THE_WHOLE + told
    return {
        "description": whole,
        "name": f"{model.name}, injected into {states}"[:80].rstrip(" ,"),
        "title": f"{model.title or model.name}, injected into {into}",
    }


def _reached(starts: Sequence[str], ways: Mapping[str, Sequence[str]]) -> set[str]:
    """States that cells can come to; a hazard of 0 counts as a way, as in the check of a model."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        new = set(ways[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return seen


def _sites(sites: Iterable[Site], states: Iterable[State]) -> tuple[Site, ...]:
    """Sites that a state is at; autopsies of patients who had a primary say nothing about them."""
    named = {state.site for state in states}
    blank = {"own": False, "found": None, "of": None, "scored": False}
    return tuple(
        site.model_copy(update={**blank, "note": "" if site.own else site.note}) for site in sites if site.name in named
    )


def _routes(routes: Iterable[RouteSteps], states: Sequence[State], stages: Sequence[str]) -> tuple[RouteSteps, ...]:
    """Routes that a state is on, with the steps that are left."""
    named = {state.route for state in states}
    return tuple(
        route.model_copy(update={"steps": {step: told for step, told in route.steps.items() if step in stages}})
        for route in routes
        if route.name in named
    )


def _factors(factors: Iterable[Factor], states: Sequence[State], ways: Sequence[str]) -> Iterable[Factor]:
    for factor in factors:
        inside = tuple(pattern for pattern in factor.states if living_states([pattern], states))
        if inside:
            effects = tuple(effect for effect in factor.effects if matching(effect.hazard, ways))
            yield factor.model_copy(update={"states": inside, "effects": effects})


def _clusters(clusters: Clusters | None, states: Sequence[State], ways: Sequence[str]) -> Clusters | None:
    if clusters is None:
        return None
    effects = tuple(effect for effect in clusters.effects if matching(effect.hazard, ways))
    breaks = tuple(part for part in clusters.breaks if living_states([part.state], states))
    return clusters.model_copy(update={"effects": effects, "breaks": breaks})


def _frailties(frailties: Iterable[Frailty], ways: Sequence[str]) -> Iterable[Frailty]:
    for frailty in frailties:
        left = tuple(entry for entry in frailty.hazards if matching(entry.hazard, ways))
        if left:
            yield frailty.model_copy(update={"hazards": left})


def _correlations(correlations: Iterable[Correlation], frailties: Iterable[Frailty]) -> Iterable[Correlation]:
    names = {frailty.name for frailty in frailties}
    return (correlation for correlation in correlations if names.issuperset(correlation.between))


def _treatments(treatments: Iterable[Treatment], ways: Sequence[str]) -> Iterable[Treatment]:
    """Treatments that still act on something; of the catalogue's, effects on what a model lacks are usual."""
    return (one for one in treatments if any(matching(effect.hazard, ways) for effect in one.effects))


def _capacity(capacity: Capacity | None, states: Sequence[str], ways: Sequence[str]) -> Capacity | None:
    if capacity is None:
        return None
    occupied = tuple(pattern for pattern in capacity.occupied_by if alike(pattern, states))
    hazards = tuple(pattern for pattern in capacity.hazards if matching(pattern, ways))
    if not occupied or not hazards:
        return None
    # What a run has found holds for the cells of that run.
    return capacity.model_copy(update={"occupied_by": occupied, "hazards": hazards, "factors": None})
