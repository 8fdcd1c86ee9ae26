r"""Where a shed cell founds: the cells of a cancer from the vessel to their first division, by source and route.

A *shed* cell has just entered what carries it: a blood or lymph vessel, a cavity, a nerve, the tissue beside.
The shed cells of a metastasis in a node have entered the lymph that leaves it.
Founding is the first division, the entry into ``micrometastasis``, or of the colony where a route has no such state.
A cell that sets out reaches the vessel with probability R, and founds in site j with probability R f_j; what it does
before the vessel changes shedding, what comes after founding is the lesion's:

    P(colony in j) = R f_j e_j,    E[time to it] = E[to the vessel] + E[from there to founding] + E[of the lesion]

with e_j the share of micrometastases that the cell model lets grow, which a lesion has instead of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cascade.body import Cancer
from cascade.body.places import BEFORE_THE_VESSEL
from cascade.common.errors import InputError, nearest
from cascade.common.frozen import FrozenDict
from cascade.common.portable import in_order
from cascade.model import Model
from cascade.model.injection import injected_fields, start_in
from cascade.model.names import hazard_names, matching
from cascade.model.parts import State
from cascade.model.raw import raw_states
from cascade.model.treatments import Treatment
from cascade.solution.answer import Exact, exact

FIRST_DIVISION = "micrometastasis"
"""The milestone of cells that have divided."""


@dataclass(frozen=True)
class Founding:
    """Cells that a source sheds by one route, until they found.

    Attributes
    ----------
    source : str
        The site whose cells they are: "primary", or an organ.
    route : str
    share : float
        Of the cells that set out at the source.
    model : Model
        From the vessel to founding: the first division ends a life.
    before : Model
        From setting out to the vessel.
    """

    source: str
    route: str
    share: float
    model: Model
    before: Model

    @cached_property
    def answer(self) -> Exact:
        """The exact answer of the cells from the vessel on."""
        return exact(self.model)

    @cached_property
    def reached(self) -> float:
        """Share of the cells that set out on the route which are shed."""
        return exact(self.before).success

    @cached_property
    def chances(self) -> Mapping[str, float]:
        """Chance of a shed cell to found, by site."""
        fates = self.answer.fates()
        found: dict[str, float] = {}
        for state in self.model.states:
            if state.landmark == "colony" and state.site is not None:
                found[state.site] = found.get(state.site, 0.0) + fates[state.name]
        return FrozenDict(found)


def cut(model: Model) -> tuple[State, ...]:
    """States of a model whose lives end at the first division; where a route has none, with the colony.

    Raises
    ------
    InputError
        When no cell of the model founds anywhere.
    """
    states = []
    for state in model.states:
        if state.milestone == FIRST_DIVISION and state.site is None:
            ends = {"moves": (), "deaths": (), "absorbing": True, "stage": None, "phases": 1}
            state = state.model_copy(update={**ends, "site": _site_of(model, state), "landmark": "colony"})
        states.append(state)
    if not any(state.landmark == "colony" for state in states):
        raise InputError("model", model.name, "a model with sites, such as those of the cancers")
    return tuple(states)


def _site_of(model: Model, state: State) -> str:
    """The site of a micrometastasis: that of the colonies that come from it."""
    sites = {s.name: s.site for s in model.states if s.landmark == "colony"}
    found = {sites[move.to] for move in state.moves if move.to in sites}
    if len(found) != 1 or None in found:
        raise InputError("model", state.name, "micrometastases whose colonies are in one site")
    return str(found.pop())


def foundings(cancer: Cancer, source: str = "primary") -> tuple[Founding, ...]:
    """The routes by which cells leave a source, each from the vessel to founding.

    Parameters
    ----------
    cancer : Cancer
    source : str
        "primary"; an organ with a capillary bed, whose metastasis sheds into the blood; or a node of a chain of the
        cancer, whose metastasis sheds into the lymph that leaves the node.

    Raises
    ------
    InputError
        For a site of another kind, or one that cells of the cancer never come to.
    """
    return _foundings(cancer, source)


@lru_cache(maxsize=256)
def _foundings(cancer: Cancer, source: str) -> tuple[Founding, ...]:
    """Worked out once: a disease asks for them whenever one of its numbers is changed."""
    if source == "primary":
        return _by_route(model_of(cancer), source)
    blood, nodes = sources_by_blood(cancer), sources_by_lymph(cancer)
    if source in nodes:
        return (_from_node(model_of(cancer), source),)
    if source not in blood:
        wanted = f"'primary', an organ with a bed, or a node, that cells come to; {nearest(source, [*blood, *nodes])}"
        raise InputError("source", source, wanted)
    return _by_route(cancer.from_site(source).model(), source)


@lru_cache(maxsize=64)
def model_of(cancer: Cancer) -> Model:
    """The model of a cancer, made once."""
    return cancer.model()


def sources_by_blood(cancer: Cancer) -> tuple[str, ...]:
    """Sites of a cancer with a capillary bed."""
    from cascade.body import circulation

    organs = circulation(cancer.sex).organs
    return tuple(site.name for site in model_of(cancer).sites if site.name in organs)


def sources_by_lymph(cancer: Cancer) -> tuple[str, ...]:
    """Nodes of the chains of a cancer: what leaves one comes to the next, and at last into the blood."""
    from cascade.body.routes import routes

    chains = [use for use in cancer.routes if routes().route(use.name).chain]
    return tuple(site.name for use in chains for site in use.sites)


def _from_node(model: Model, node: str) -> Founding:
    """Cells of a metastasis in a node: they set out as those of the primary do, into the lymph that leaves the node."""
    route = next(site.route for site in model.sites if site.name == node)
    start = next(start for start in model.start.states if route_of(start.state) == route)
    there = {state.name for state in model.states if state.place is not None and state.place.at == node}
    leads = {m.to for state in model.states if state.name in there for m in state.moves} - there
    if len(leads) != 1:
        raise InputError("source", node, "a node that lymph leaves by one way")
    shed = start_in(model, leads.pop(), (0.0, 0.0))
    fields = injected_fields(model, shed, cut(model)) | {"name": f"{model.name} from {node} by {route}", "title": ""}
    early = set(model.stages[:BEFORE_THE_VESSEL])
    before = _until_the_vessel(model, start.state, {state.name: state.stage in early for state in model.states})
    return Founding(node, str(route), 1.0, Model(**fields), before)


def _by_route(model: Model, source: str) -> tuple[Founding, ...]:
    """Routes begin in states of their own."""
    ended = cut(model)
    early = set(model.stages[:BEFORE_THE_VESSEL])
    inside = {state.name: state.stage in early for state in model.states}
    made = []
    for start in model.start.states:
        shed = start_in(model, _first_beyond(model, start.state, inside), (0.0, 0.0))
        route = route_of(start.state)
        fields = injected_fields(model, shed, ended) | {"name": f"{model.name} by {route}", "title": ""}
        before = _until_the_vessel(model, start.state, inside)
        made.append(Founding(source, route, start.share, Model(**fields), before))
    return tuple(made)


def route_of(state: str) -> str:
    """Of "primary (lymph)" the route."""
    return state.partition("(")[2].rstrip(")")


def _first_beyond(model: Model, start: str, inside: Mapping[str, bool]) -> dict[str, float]:
    """States in which cells of a start first are when they have left the tissue, with their shares."""
    arrives = {start: 1.0}
    beyond: dict[str, float] = {}
    by_name = {state.name: state for state in model.states}
    # The tissue is a path without circles, from the edge of the tumour to the vessel.
    while arrives:
        name, share = arrives.popitem()
        moves = by_name[name].moves
        total = in_order(move.hazard for move in moves)
        for move in moves:
            into = arrives if inside[move.to] else beyond
            into[move.to] = into.get(move.to, 0.0) + share * move.hazard / total
    whole = in_order(beyond.values())
    return {name: share / whole for name, share in beyond.items()}


def _until_the_vessel(model: Model, start: str, inside: Mapping[str, bool]) -> Model:
    """The model of the cells of a start until they are shed: one state stands for what lies beyond."""
    beyond = "shed"
    states = []
    for state in model.states:
        if not inside[state.name]:
            continue
        total = in_order(move.hazard for move in state.moves if not inside[move.to])
        moves = [move for move in state.moves if inside[move.to]]
        if total > 0:
            source = tuple(dict.fromkeys(key for move in state.moves for key in move.source))
            moves.append(state.moves[0].model_copy(update={"to": beyond, "hazard": total, "source": source}))
        states.append(state.model_copy(update={"moves": tuple(moves)}))
    states.append(State(name=beyond, absorbing=True))
    return Model(**injected_fields(model, start_in(model, start, (0.0, 0.0)), states) | {"title": ""})


def treatments_left(model: Model, treatment: Treatment) -> Treatment:
    """A treatment's effects on the hazards of a model of cells until they found.

    Raises
    ------
    InputError
        When nothing of it is left: all its effects lie after founding, and belong to lesions.
    """
    ways = hazard_names(raw_states({"states": model.states}))
    left = tuple(effect for effect in treatment.effects if matching(effect.hazard, ways))
    if not left:
        wanted = "a treatment that acts on cells before they found: all effects of this one are on lesions"
        raise InputError("treatment", treatment.name, wanted)
    return treatment.model_copy(update={"effects": left})
