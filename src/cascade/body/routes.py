"""Routes as data: templates of states, and how they are filled in for the sites of a cancer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import Field, model_validator

from cascade.body.clock import Pace
from cascade.body.places import PRIMARY
from cascade.common.errors import InputError, nearest
from cascade.common.files import packaged
from cascade.common.frozen import FrozenDict
from cascade.common.portable import in_order, log
from cascade.model.base import FrozenMapping, Name, Part, Share, Source, Text
from cascade.model.observables import Kind
from cascade.model.parts import Death, Move, State

Split = Callable[[str], dict[str, float]]


class TemplateMove(Move):
    """A move of a template; its target may hold placeholders; ``times`` is a share of the clock that multiplies it."""

    to: Text
    soil: bool = False
    times: Name | None = None


class TemplateDeath(Death):
    """A death of a template; with ``balance`` it makes room for what soil adds to the moves.

    In a state with a ``stay`` it is what the other weights leave of 1.
    """

    balance: bool = False


class TemplateState(State):
    """A state of a template; with a ``stay`` of the clock its hazards are weights, which add up to 1 over that time."""

    name: Text
    stay: Name | None = None
    moves: Annotated[tuple[TemplateMove, ...], Field(strict=False)] = ()
    deaths: Annotated[tuple[TemplateDeath, ...], Field(strict=False)] = ()


class Route(Part):
    """A route: where its front leads, its states, and the states at each of its sites.

    Parameters
    ----------
    name, title : str
    exit : str, optional
        What cells that have left the primary come to; none when the route has a start of its own.
    states, site_states : tuple of TemplateState
    kind : str
        What colonies at its sites are.
    chain : bool
        Whether the sites are passed one after the other.
    after : str, optional
        State beyond the last site of a chain.
    outlet : mapping of str to float
        Vessels by which cells of this route come into the blood, with their shares; empty: those
        that drain the primary.
    like : str, optional
        Another route whose states this one has, after its own.
    words : mapping of str to str
        Further placeholders.
    steps : mapping of str to str
        Where cells are in states of a stage, on this route.
    circulates : bool
        Whether its sites are the organs with a capillary bed; one route does.
    pattern : bool
        Whether it only serves others that are like it.
    """

    name: Name
    title: Text
    exit: Text | None = None
    states: Annotated[tuple[TemplateState, ...], Field(strict=False)] = ()
    site_states: Annotated[tuple[TemplateState, ...], Field(strict=False)] = ()
    kind: Kind = "distant"
    chain: bool = False
    after: Text | None = None
    outlet: FrozenMapping[Name, Share] = Field(default_factory=FrozenDict)
    like: Text | None = None
    words: FrozenMapping[Text, Text] = Field(default_factory=FrozenDict)
    steps: FrozenMapping[Name, Text] = Field(default_factory=FrozenDict)
    circulates: bool = False
    pattern: bool = False

    @model_validator(mode="after")
    def _has_an_entry(self) -> Route:
        if self.exit is None and not self.states:
            raise ValueError("an entry: what the front leads to (exit), or states of its own")
        return self

    @property
    def feeds_blood(self) -> bool:
        """Whether cells of this route can come into the blood."""
        targets = [self.exit, *(move.to for state in (*self.states, *self.site_states) for move in state.moves)]
        return "{blood}" in targets


class Routes(Part):
    """All routes, with the front that they share."""

    front: Annotated[tuple[TemplateState, ...], Field(strict=False)]
    routes: Annotated[tuple[Route, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    @property
    def names(self) -> list[str]:
        """Routes that a cancer may take."""
        return [route.name for route in self.routes if not route.pattern]

    @property
    def circulating(self) -> Route:
        """The route through the organs."""
        return next(route for route in self.routes if route.circulates)

    def route(self, name: str) -> Route:
        """A route by name, with the states of the one that it is like."""
        by_name = {route.name: route for route in self.routes}
        if name not in by_name:
            raise InputError("routes", name, f"the name of a route; {nearest(name, by_name)}")
        route = by_name[name]
        if route.like is None:
            return route
        model = by_name[route.like]
        copied = {field: getattr(model, field) for field in ("site_states", "chain", "after")}
        copied |= {"states": route.states + model.states, "outlet": route.outlet or model.outlet}
        return route.model_copy(update=copied)


@cache
def routes() -> Routes:
    """The routes of the package."""
    return Routes(**packaged("cascade.body", "data", "routes.toml"))


def fill(
    route: Route,
    front: Sequence[TemplateState],
    sites: Mapping[str, float],
    soil: Mapping[str, float],
    blood: Split,
    *,
    pace: Pace | None = None,
    before: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """States of a route for the given sites, as fields of State; the first is where cells start.

    Parameters
    ----------
    route : Route
    front : sequence of TemplateState
    sites : mapping of str to float
        Names of the sites in order, with the shares of cells that come to each.
    soil : mapping of str to float
        Factor of each site.
    blood : callable
        What enters the blood by a vessel: states with shares.
    pace : Pace, optional
        The clock, where states of the route have a stay; states whose stay it lacks fall away.
    before : sequence of str
        Stages whose states stand beside the primary.
    """
    names = list(sites)
    words = {"route": route.name, **route.words}
    first = {site: _named(route.site_states[0].name, site, words) for site in names} if route.site_states else {}

    def resolve(target: str, site: str | None) -> dict[str, float]:
        at = names.index(site) if site is not None else -1
        if target == "{exit}":
            assert route.exit is not None
            return resolve(route.exit, site)
        if target == "{blood}":
            return blood(route.name)
        if target == "{sites}":
            return {first[name]: share for name, share in sites.items()}
        # Of a chain with one node alone, the second is the first.
        if target in ("{first}", "{second}"):
            return {first[names[min(len(names) - 1, 0 if target == "{first}" else 1)]]: 1.0}
        if target == "{next}":
            return {first[names[at + 1]]: 1.0} if at + 1 < len(names) else resolve(str(route.after), None)
        return {_named(target, site or "", words): 1.0}

    filled = [_fill(t, None, 1.0, words, resolve, pace) for t in (*(front if route.exit else ()), *route.states)]
    for state in filled:
        beside = state["stage"] in before
        state["place"] = {"at": PRIMARY, "step": before.index(state["stage"])} if beside else {"at": state["name"]}
    for site in names:
        for step, template in enumerate(route.site_states):
            if template.stay is not None and (pace is None or template.stay not in pace.stays):
                continue
            state = _fill(template, site, soil.get(site, 1.0), words, resolve, pace)
            filled.append({**state, "place": {"at": site, "step": step}})
    return filled


def _named(text: str, site: str, words: Mapping[str, str]) -> str:
    for word, value in {"site": site, **words}.items():
        text = text.replace(f"{{{word}}}", value)
    return text


def _fill(
    template: TemplateState,
    site: str | None,
    soil: float,
    words: Mapping[str, str],
    resolve: Callable[[str, str | None], Mapping[str, float]],
    pace: Pace | None,
) -> dict[str, Any]:
    """One state: placeholders replaced, targets split by shares, hazards changed by soil and by the clock."""
    paced = _paced(template, site, soil, pace) if pace is not None and template.stay else _soiled(template, site, soil)
    moves: dict[str, dict[str, Any]] = {}
    for move, hazard, source in paced.moves:
        for to, share in resolve(move.to, site).items():
            entry = moves.setdefault(to, {"to": to, "hazard": 0.0, "source": source})
            entry["hazard"] += hazard * share
            entry["source"] = tuple(dict.fromkeys([*entry["source"], *source]))
    state = {
        "name": _named(template.name, site or "", words),
        "stage": template.stage,
        "moves": list(moves.values()),
        "deaths": [
            {"cause": death.cause, "hazard": hazard, "source": source} for death, hazard, source in paced.deaths
        ],
        "absorbing": template.absorbing,
        "phases": template.phases,
        "source": template.source,
    }
    if template.milestone:
        state["milestone"] = _named(template.milestone, site or "", words)
    if site is not None and template.landmark:
        state |= {"site": site, "landmark": template.landmark}
    return state


class _Hazards(NamedTuple):
    """Moves and deaths of a template with their hazards and the keys of their sources."""

    moves: list[tuple[TemplateMove, float, tuple[str, ...]]]
    deaths: list[tuple[TemplateDeath, float, tuple[str, ...]]]


def _soiled(template: TemplateState, site: str | None, soil: float) -> _Hazards:
    """Hazards as they stand; what soil adds to the moves is taken from the death that balances."""
    moves = [(move, move.hazard * (soil if move.soil else 1.0), move.source) for move in template.moves]
    gained = in_order(hazard - move.hazard for move, hazard, _ in moves)
    deaths = []
    for death in template.deaths:
        hazard = death.hazard - (gained if death.balance else 0.0)
        if hazard < 0:
            raise _too_rich(site, soil, 1.0 + (soil - 1.0) * death.hazard / (death.hazard - hazard))
        deaths.append((death, hazard, death.source))
    return _Hazards(moves, deaths)


def _paced(template: TemplateState, site: str | None, soil: float, pace: Pace) -> _Hazards:
    """Weights, spread over the stay: the death that balances is what the others leave of 1."""
    assert template.stay is not None
    keys, hours = pace.sources[template.stay], pace.stays[template.stay]
    weights = [
        (move, move.hazard * (pace.shares.get(move.times, 0.0) if move.times else 1.0), move.soil)
        for move in template.moves
    ]
    kept = [(move, weight * (soil if rich else 1.0)) for move, weight, rich in weights if weight > 0]
    others = in_order(death.hazard for death in template.deaths if not death.balance)
    used = in_order(weight for _, weight in kept) + others
    balanced = any(death.balance for death in template.deaths)
    if balanced and used > 1.0:
        by_soil = in_order(weight for _, weight, rich in weights if rich)
        raise _too_rich(site, soil, (1.0 - used + by_soil * soil) / by_soil)
    rate = 1.0 / hours / (1.0 if balanced else used)
    moves = [(move, weight * rate, tuple(dict.fromkeys([*move.source, *keys]))) for move, weight in kept]
    deaths = [
        (death, (1.0 - used if death.balance else death.hazard) * rate, tuple(dict.fromkeys([*death.source, *keys])))
        for death in template.deaths
    ]
    return _Hazards(moves, deaths)


def _too_rich(site: str | None, soil: float, most: float) -> InputError:
    return InputError(f"soil of {site}", log(soil), f"a log soil of {log(most):.3g} at most")


def keys_used(states: Iterable[Mapping[str, Any]]) -> set[str]:
    """Keys of the sources that the states cite."""
    return {key for s in states for part in (s, *s["moves"], *s["deaths"]) for key in part.get("source", ())}
