"""A cancer put together with a body: the states of its routes and of the circulation, as one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cascade.body import vessels
from cascade.body.calibration import Fit
from cascade.body.clock import Pace, basis, clock, clock_fit, slept, told
from cascade.body.network import CellClass, Circulation
from cascade.body.places import BEFORE_THE_VESSEL
from cascade.body.reference import cells, finding
from cascade.body.routes import Route, Split, fill, keys_used, routes
from cascade.common.errors import InputError
from cascade.common.portable import exp
from cascade.model import Model
from cascade.model.base import ILLUSTRATIVE
from cascade.model.observables import Exposure, Site

if TYPE_CHECKING:
    from cascade.body.cancers import Cancer

STAGES = ("detachment", "breach", "intravasation", "circulation", "arrest", "extravasation", "colonization")
"""Steps of cells that spread by the blood alone."""

OF_ALL_ROUTES = {"intravasation": "entry", "circulation": "transit", "extravasation": "exit"}
"""What three of them are called where cells spread otherwise, too: not all of them come into a vessel."""


def in_the_blood(
    body: Circulation,
    classes: Sequence[CellClass],
    entries: Sequence[str],
    soil: Callable[[str], float],
    *,
    homing: Mapping[str, float],
    pool: bool,
    outlet: Split,
    tissue: Route,
    pace: Pace | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """States of cells that enter the blood by vessels, in it and in the organs that hold them; and those organs.

    Parameters
    ----------
    body : Circulation
    classes : sequence of CellClass
    entries : sequence of str
        Vessels.
    soil : callable
        Log soil of an organ.
    homing : mapping of str to float
        Factors on the hazard of arrest in organs.
    pool : bool
        Whether cells that have been round once are lumped.
    outlet : callable
        What cells that come back into the blood come to.
    tissue : Route
        Whose states at a site are those of the organs.
    pace : Pace, optional
        The clock of those states.
    """
    inside = vessels.states(body, classes, entries, homing=homing, pool=pool)
    held = {move["to"] for state in inside for move in state["moves"]}
    met = [organ for organ in body.organs if f"{organ}: arrested" in held]
    factors = {organ: exp(soil(organ)) for organ in met}
    return inside + fill(tissue, (), dict.fromkeys(met, 1.0), factors, outlet, pace=pace), met


class Assembly:
    """Puts the states of the routes and of the circulation together."""

    def __init__(
        self,
        cancer: Cancer,
        body: Circulation,
        fit: Fit,
        classes: Sequence[CellClass],
        homing: Mapping[str, float],
        pool: bool,
    ) -> None:
        self.cancer, self.body, self.fit = cancer, body, fit
        self.classes, self.homing, self.pool = classes, homing, pool
        self.pace = clock().pace(slept(cancer.fit_name, cancer.dormant), clock_fit().split)
        self.entries: list[str] = []

    def soil(self, organ: str) -> float:
        """Log soil of an organ: the cancer's own value, or mean and deviation of the fit."""
        if organ in self.cancer.soil:
            return self.cancer.soil[organ]
        fit = self.fit.cancers.get(self.cancer.fit_name)
        mean = self.fit.soil.get(organ, finding(organ).soil)
        return mean + (fit.deviation.get(organ, 0.0) if fit else 0.0)

    def blood(self, route: str) -> dict[str, float]:
        """What cells of a route that enter the blood come to."""
        into: dict[str, float] = {}
        for vessel, share in (routes().route(route).outlet or self.cancer.drainage).items():
            if vessel not in {v.name for v in self.body.vessels}:
                raise InputError("body", vessel, f"a circulation with this vessel: the route '{route}' leads there")
            if share > 0:
                self.entries.append(vessel)
                for state, part in vessels.entrance(vessel, self.classes).items():
                    into[state] = into.get(state, 0.0) + share * part
        return into

    def model(self) -> Model:
        """The model: the states that the cells of this cancer can come to, its sites, its sources."""
        states: list[dict[str, Any]] = []
        sites: list[Site] = []
        start = []
        taken: set[str] = set(self.body.organs)
        every_route = routes()
        for use in self.cancer.routes:
            route = every_route.route(use.name)
            named = {}
            for site in use.sites:
                name = site.name if site.name not in taken else f"{site.name} ({use.name})"
                taken.add(name)
                named[name] = site.share
                sites.append(self._site(name, use.name, site.column))
            if use.share == 0:
                continue
            of_route = fill(
                route, every_route.front, named, {}, self.blood, pace=self.pace, before=STAGES[:BEFORE_THE_VESSEL]
            )
            start.append({"state": of_route[0]["name"], "share": use.share})
            states += [{**state, "route": use.name} for state in of_route]
        if self.entries:
            blood, met = in_the_blood(
                self.body, self.classes, self.entries, self.soil, homing=self.homing, pool=self.pool, outlet=self.blood,
                tissue=every_route.circulating, pace=self.pace,
            )  # fmt: skip
            states += [{**state, "route": every_route.circulating.name} for state in blood]
            sites = [self._organ(organ) for organ in met] + sites
        return self._put_together(states, sites, start)

    def _organ(self, organ: str) -> Site:
        cancer, seen = self.cancer, self.cancer.autopsies
        is_primary = organ == cancer.primary
        counted = seen.found.get(organ) if seen else None
        suspect = seen.suspect.get(organ, "") if seen else ""
        fit = self.fit.cancers.get(cancer.fit_name)
        given = organ in cancer.soil
        fitted_here = not given and fit is not None and organ in fit.deviation and finding(organ).detection == 1.0
        of_mean = organ in self.fit.soil and not given
        note = suspect or finding(organ).note
        return Site(
            name=organ,
            route=routes().circulating.name,
            kind="local" if is_primary else finding(organ).kind,
            flow=round(self.body.organ_flow(organ), 12),
            soil=self.soil(organ),
            own=is_primary,
            found=counted,
            of=seen.of if seen and counted is not None else None,
            detection=finding(organ).detection,
            scored=counted is not None and not is_primary and organ not in cancer.neighbours and not suspect,
            note="the primary lies here" if is_primary else note,
            source=("soil fit",) if fitted_here else ("soil fit", ILLUSTRATIVE) if of_mean else (ILLUSTRATIVE,),
        )

    def _site(self, name: str, route: str, column: str | None) -> Site:
        seen = self.cancer.autopsies
        counted = seen.found.get(column) if seen and column else None
        of = seen.of if seen and counted is not None else None
        return Site(
            name=name, route=route, kind=routes().route(route).kind, found=counted, of=of, source=(ILLUSTRATIVE,)
        )

    def _put_together(self, states: list[dict[str, Any]], sites: list[Site], start: list[dict[str, Any]]) -> Model:
        cancer = self.cancer
        fit = self.fit.cancers.get(cancer.fit_name)
        # Fitted to the cancer's autopsies: without them it says nothing.
        counted = fit if cancer.autopsies is not None else None
        exposure = counted and Exposure(
            relative_cells=exp(counted.log_cells),
            k=self.fit.k,
            errors=counted.errors,
            shared=counted.shared,
            source=("soil fit",),
        )
        start_keys = [key for use in cancer.routes for key in use.source]
        every = [
            *self.body.sources,
            *cells().sources,
            *routes().sources,
            *self.fit.sources,
            *clock().sources,
            *clock_fit().sources,
            *cancer.sources,
        ]
        keys = keys_used(states) | {key for site in sites for key in site.source} | set(start_keys)
        keys |= set(exposure.source) if exposure else set()
        keys |= set(cancer.guide_source) | set(cancer.drainage_source)
        keys |= set(cancer.autopsies.source) if cancer.autopsies else set()
        keys |= {key for use in cancer.routes for key in use.patients_source}
        keys |= set(basis(cancer.fit_name, cancer.dormant))
        by_key = {source.key: source for source in every}
        states, stages, on_routes = self._steps(states)
        return Model(
            name=cancer.name,
            title=cancer.title,
            description=cancer.description,
            limits=f"{cancer.limits.rstrip()}\n{told(cancer.fit_name, cancer.dormant)}",
            stages=stages,
            states=states,
            routes=on_routes,
            start={"states": start, "source": list(dict.fromkeys(start_keys))},
            sites=sites,
            exposure=exposure,
            sources=[by_key[key] for key in sorted(keys) if key in by_key],
        )

    def _steps(self, states: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str], list[dict[str, Any]]]:
        """States with the steps of the funnel, these steps, and what they are called on each route."""
        used = dict.fromkeys(state["route"] for state in states)
        words = OF_ALL_ROUTES if len(used) > 1 else {}
        renamed = [{**s, "stage": words.get(s["stage"], s["stage"])} if s["stage"] else s for s in states]
        named = []
        for name in used:
            there = {state["stage"] for state in renamed if state["route"] == name}
            steps = {words.get(stage, stage): step for stage, step in routes().route(name).steps.items()}
            named.append({"name": name, "steps": {stage: step for stage, step in steps.items() if stage in there}})
        return renamed, [words.get(stage, stage) for stage in STAGES], named
