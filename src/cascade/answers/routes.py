"""Cells by route: how far they come on each, and an overview of all.

A step of a route counts distinct cells that ever were in it: what a route lacks, no row claims, and a cell that leaves
one route for another (lymph for blood) counts in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cascade.answers.funnel import MOST_CAUSES
from cascade.answers.intervals import Interval
from cascade.answers.kinds import KINDS
from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError
from cascade.common.shares import estimate_of_share, percent, whole_percent
from cascade.common.text import number, text_table
from cascade.model import Model


@dataclass(frozen=True)
class RouteRow:
    """One step of one route.

    Attributes
    ----------
    route, step : str
        ``step`` is what it is called on this route.
    cells : float
        Distinct cells that ever were there; whole numbers when counted, expected numbers when exact.
    fraction_of_all : float
        Of all cells that started, on whatever route.
    low, high : float
        95 % interval of ``fraction_of_all``; for an exact answer the share.
    lost : mapping of str to float
        Cells that died in this step, by cause.
    """

    route: str
    step: str
    cells: float
    fraction_of_all: float
    low: float
    high: float
    lost: Mapping[str, float] = field(default_factory=dict)


class RouteSum(NamedTuple):
    """A route in sum: cells that set out on it, that came from other routes, and colonies at its sites by kind."""

    route: str
    set_out: float
    came_in: float
    colonies: Mapping[str, float]


@dataclass(frozen=True)
class Routes(Table[RouteRow]):
    """Steps of all routes, each in its order; ``overview`` has a line a route."""

    left = (0, 1)

    rows: tuple[RouteRow, ...]
    sums: tuple[RouteSum, ...]
    cells: float
    label: str = ""
    exact: bool = False

    def of_route(self, route: str) -> list[RouteRow]:
        """Rows of one route.

        Raises
        ------
        InputError
            When there is none of this name.
        """
        rows = [row for row in self.rows if row.route == route]
        if not rows:
            names = ", ".join(repr(one.route) for one in self.sums)
            raise InputError("route", route, f"a route of {self.label}: {names}")
        return rows

    def overview(self) -> Texts:
        """Headings and lines: cells that set out, came over and founded, by route."""
        kinds = [kind for kind in KINDS if any(one.colonies.get(kind) is not None for one in self.sums)]
        header = ["route", "set out", "from other routes", *(KINDS[kind] for kind in kinds)]
        lines = []
        for one in self.sums:
            found = [number(one.colonies[kind]) if kind in one.colonies else "" for kind in kinds]
            lines.append([one.route, number(one.set_out), number(one.came_in) if one.came_in else "", *found])
        return header, lines

    def as_text(self) -> Texts:
        """Headings and lines: the steps of each route."""
        header = ["route", "step", "came there", "of all", *([] if self.exact else ["95 % interval"]), "died there of"]
        lines, before = [], ""
        for row in self.rows:
            share = [percent(row.fraction_of_all)]
            if not self.exact:
                share = list(estimate_of_share(row.fraction_of_all, row.low, row.high))
            told = row.route if row.route != before else ""
            lines.append([told, row.step, number(row.cells), *share, _causes(row)])
            before = row.route
        return header, lines

    @property
    def caption(self) -> str:
        """Whose routes they are."""
        return f"{self.label}: {number(self.cells)} cells by route"

    def __str__(self) -> str:
        header, lines = self.as_text()
        last = len(header) - 1
        steps = text_table(header, lines, left=(0, 1, last))
        return f"{text_table(*self.overview(), left=(0,))}\n\n{steps}"


def _causes(row: RouteRow) -> str:
    """Causes of death in a step, the commonest first."""
    total = sum(row.lost.values())
    parts = sorted(((n, cause) for cause, n in row.lost.items() if n > 0), key=lambda part: -part[0])
    told = ", ".join(f"{cause} {whole_percent(n / total)}" for n, cause in parts[:MOST_CAUSES])
    return told + (", ..." if len(parts) > MOST_CAUSES else "")


class Counted(NamedTuple):
    """Cells that came to a step, with the interval of their share."""

    cells: float
    interval: Interval


class RouteCounts(NamedTuple):
    """What the table is made of.

    Attributes
    ----------
    came : callable
        Distinct cells that ever were in the states of a route and stage.
    ended : callable
        Cells that ended in any of some states.
    fates : mapping of str to float
        Cells by where they ended, as ``fates`` of results and answers.
    events : mapping of str to float
        How often each transition happened.
    started : mapping of str to float
        Cells that began in each state.
    """

    came: Callable[[str, str], Counted]
    ended: Callable[[list[str]], Counted]
    fates: Mapping[str, float]
    events: Mapping[str, float]
    started: Mapping[str, float]


def check_routes(model: Model) -> None:
    """Refuse a model whose states belong to no routes."""
    if not model.routes:
        raise InputError("model", model.name, "a model that declares routes, such as those of the cancers")


def steps_of(model: Model) -> Iterator[tuple[str, str, str]]:
    """Routes with the stages that they have, and what these are called there, in order."""
    for route in model.routes:
        for stage in model.stages:
            if any(state.route == route.name and state.stage == stage for state in model.states):
                yield route.name, stage, route.steps.get(stage, stage)


def routes_of(model: Model, cells: float, counts: RouteCounts, *, exact: bool) -> Routes:
    """The table of the routes of a model, of so many cells."""
    check_routes(model)
    rows: list[RouteRow] = []
    sums = []
    for route in model.routes:
        for name, stage, title in steps_of(model):
            if name == route.name:
                found = counts.came(name, stage)
                lost = _lost(model, name, stage, counts.fates)
                rows.append(RouteRow(name, title, found.cells, found.cells / cells, *found.interval, lost))
        by_kind = _colonies(model, route.name)
        for kind, states in by_kind.items():
            found = counts.ended(states)
            rows.append(RouteRow(route.name, KINDS[kind], found.cells, found.cells / cells, *found.interval))
        colonies = {kind: sum(counts.fates.get(name, 0) for name in states) for kind, states in by_kind.items()}
        begun, over = _begun(model, route.name, counts.started), _over(model, route.name, counts.events)
        sums.append(RouteSum(route.name, begun, over, colonies))
    return Routes(tuple(rows), tuple(sums), cells, model.title or model.name, exact)


def _lost(model: Model, route: str, stage: str, fates: Mapping[str, float]) -> dict[str, float]:
    """Deaths in a step of a route, by cause."""
    lost: dict[str, float] = {}
    for state in model.states:
        if state.route == route and state.stage == stage:
            for death in state.deaths:
                died = fates.get(f"{state.name}.{death.cause}", 0)
                if died:
                    lost[death.cause] = lost.get(death.cause, 0) + died
    return lost


def _colonies(model: Model, route: str) -> dict[str, list[str]]:
    """States that are colonies at the sites of a route, by kind: the distant ones first."""
    kind_of = {site.name: site.kind for site in model.sites}
    found: dict[str, list[str]] = {}
    for kind in KINDS:
        names = [
            state.name
            for state in model.states
            if state.route == route and state.landmark == "colony" and kind_of.get(state.site or "") == kind
        ]
        if names:
            found[kind] = names
    return found


def _begun(model: Model, route: str, started: Mapping[str, float]) -> float:
    """Cells that set out on a route."""
    return sum(started.get(state.name, 0) for state in model.states if state.route == route)


def _over(model: Model, route: str, events: Mapping[str, float]) -> float:
    """Cells that came to a route from others."""
    on = {state.name: state.route for state in model.states}
    return sum(
        events.get(f"{state.name}.{move.to}", 0)
        for state in model.states
        if state.route != route
        for move in state.moves
        if on[move.to] == route
    )
