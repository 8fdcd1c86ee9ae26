"""A model as a page of a browser computes with it: the lowered arrays, and whether they are few enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cascade.answers.kinds import KINDS, kind_of_states
from cascade.common.arguments import check_seed
from cascade.common.colours import cause_colours
from cascade.common.errors import InputError
from cascade.common.files import as_path
from cascade.common.portable import in_order
from cascade.engine.prepare import environment, prepare
from cascade.kernel.streams import key_of
from cascade.lowering.arguments import check_until
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.one_cell import by_cell
from cascade.model import Conditioned, Model, check_model
from cascade.solution.quadrature import fixed
from cascade.web.bodymap import body_map
from cascade.web.held import held_of

MOST_IN_A_BROWSER = 1 << 53
"""Whole numbers that a browser tells apart."""

MOST_WORK = 5e7
"""Nodes of the frailties times steps times squared states: beyond, a slider would not be answered within a second."""

MARCH_WORK = 20.0
"""The same of a window of the environment against whole lives, for each state."""


MOST_ALONG = 320
"""States of a model whose hazards change: a page follows as many through some windows in about a second."""

MOST_AT_POINTS = 150_000
"""The same of cells that differ: squared states times the points over which a page averages."""

MOST_CHANGES = 4
"""Changes of hazards for which both hold."""


def few_along(states: int, nodes: int) -> bool:
    """Whether a page can follow the shares of all states in time, at each of its points."""
    return states <= MOST_ALONG and nodes * states**2 <= MOST_AT_POINTS


def cast_of(model: Model) -> dict[str, Any]:
    """Where the cells of a model may be and of what they may die, as ``web/js/motion.js`` reads it."""
    causes = dict.fromkeys(death.cause for state in model.states for death in state.deaths)
    places = {stage: k for k, stage in enumerate(model.stages)}
    goals = model.goals
    return {
        "stages": list(model.stages),
        "states": [{"name": s.name, "stage": places.get(s.stage or "", len(model.stages))} for s in model.states],
        "causes": cause_colours(list(causes)),
        "goal": goals[0] if len(goals) == 1 else "colony" if model.sites else "metastasis",
        "map": body_map(model),
    }


def payload(model: Model, *, seed: int, until: float | None = None) -> dict[str, Any]:
    """The lowered arrays of a model and the key of its draws, as ``web/js/model.js`` reads them.

    Raises
    ------
    InputError
        When the exact answer would take a browser seconds; when hazards change while cells enter.
    """
    lowered = lower(check_model(model))
    _check_goal(model, lowered)
    end = check_until(lowered, until)
    made, nodes, chain = prepare(lowered, environment(lowered, end)), fixed(lowered), by_cell(lowered)
    _check_work(model, lowered, len(nodes.weights), len(made.tables.window_end) - (end is None))
    alike, held = made.frailties, held_of(model, lowered)
    return {
        "name": model.name,
        "key": [int(word) for word in key_of(check_seed(seed))],
        "stages": list(lowered.stages),
        "sliders": _mortal(lowered),
        "held": None if held is None else {"share": held.share, "entry": held.entry},
        "cast": cast_of(model),
        "states": list(lowered.states),
        "base": lowered.base.tolist(),
        "stage": lowered.stage.tolist(),
        "absorbing": lowered.absorbing.astype(int).tolist(),
        "exit_start": lowered.exit_start.tolist(),
        **_exits(lowered),
        "exit_inner": lowered.exit_inner.astype(int).tolist(),
        "exit_apart": lowered.exit_apart.tolist(),
        "transitions": [{"way": t.way, "target": t.target} for t in lowered.transitions],
        **_kinds(model, lowered),
        "start_cumulative": made.tables.start_cumulative.tolist(),
        "start_share": _start_share(lowered),
        # As text: these whole numbers have 64 bits.
        "start_below": [str(end) for end in ([] if made.rare is None else made.rare.start.tolist())],
        "entry_hours": list(lowered.entry_hours),
        "until": end,
        "window_start": lowered.window_start.tolist(),
        "multipliers": lowered.multipliers.tolist(),
        "profiles": lowered.profiles.tolist(),
        "frailty_gamma": [] if alike is None else alike.gamma.astype(int).tolist(),
        "frailty_spread": [] if alike is None else alike.spread.tolist(),
        # Twelve digits are more than the rule has, and the page shall stay small.
        "nodes": [[float(f"{x:.12g}") for x in (w, *z)] for w, z in zip(nodes.weights, nodes.multipliers, strict=True)],
        "random_nodes": bool(nodes.replicate.any()),
        "clocks": lowered.clocks.tolist(),
        "clock_start": lowered.clock_start.tolist(),
        "clock_runs": lowered.clock_runs.astype(int).ravel().tolist(),
        "size_of": lowered.size_of.tolist(),
        "largest": int(lowered.size_of.max()),
        "levels": list(lowered.levels) if any(lowered.levels) else [],
        "chain": None if chain is lowered else _chain(chain),
    }


def _kinds(model: Model, lowered: Lowered) -> dict[str, Any]:
    """What colonies of each kind are called, and the kind of each expanded state, -1 for none."""
    kinds = kind_of_states(model)
    return {
        "kinds": list(KINDS.values()) if kinds else [],
        "kind_of": [kinds.get(lowered.states[base], -1) for base in lowered.base.tolist()],
    }


def _mortal(lowered: Lowered) -> list[int]:
    """Steps in whose states cells die: none before the goal of a conditioned model."""
    dying = (lowered.exit_target < 0) & (lowered.exit_hazard > 0)
    return sorted({int(k) for k in lowered.stage[lowered.exit_source[dying]] if k < lowered.goal})


def _check_goal(model: Model, lowered: Lowered) -> None:
    """Refuse conditioned models for which a page has no rule."""
    if not isinstance(model, Conditioned):
        return
    if lowered.aim is not None or lowered.thinning is not None:
        wanted = (
            "of a conditioned model one whose cells are alike and whose hazards stay: a page has no rule for others"
        )
        raise InputError("model", model.name, wanted)
    if any(target.kind == "cause" for target in model.targets):
        wanted = "a goal that is no death: a slider on deaths would change who reaches it"
        raise InputError("model", model.name, wanted)


def _check_work(model: Model, lowered: Lowered, nodes: int, changes: int) -> None:
    """Refuse what a slider would not be answered for at once, and what a page has no rule for."""
    work = nodes * lowered.goal * lowered.size**2 * (1 + changes * MARCH_WORK * lowered.size)
    followed = changes <= MOST_CHANGES and few_along(lowered.size, nodes)
    if work > MOST_WORK and not followed:
        what = f"{lowered.size} states with {len(lowered.frailty_cv)} frailties and {changes} changes of hazards"
        raise InputError("model", model.name, f"a smaller one: {what} are too much for a page")
    if changes and lowered.entry_hours[1] > lowered.entry_hours[0]:
        wanted = "cells that enter at one moment: in a page, hazards that change begin with them"
        raise InputError("model.start.entry_hours", list(lowered.entry_hours), wanted)


def _chain(chain: Lowered) -> dict[str, Any]:
    """The average cell of a unit."""
    return {**_exits(chain), "start_share": _start_share(chain)}


def _start_share(lowered: Lowered) -> list[float]:
    """Shares of the start as they are: differences of cumulated ones would have lost the rare."""
    shares: list[float] = (lowered.start_share / in_order(lowered.start_share.tolist())).tolist()
    return shares


def _exits(lowered: Lowered) -> dict[str, Any]:
    """Arrays that the units and the average cell of a unit both have."""
    return {
        "exit_source": lowered.exit_source.tolist(),
        "exit_target": lowered.exit_target.tolist(),
        "exit_hazard": lowered.exit_hazard.tolist(),
        "exit_transition": lowered.exit_transition.tolist(),
        "exit_profile": lowered.exit_profile.tolist(),
        "start_state": lowered.start_state.tolist(),
    }


def check_page(path: object) -> Path:
    """A path that a browser would take for a page."""
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError("path", str(path), "a file that ends in .html")
    return as_path(path)
