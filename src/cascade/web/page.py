"""One file to mail to students: a model with sliders, its funnel and its cells, without installation or network."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from cascade.common.colours import cause_colours, stage_colours
from cascade.common.errors import InputError
from cascade.common.files import write_atomically
from cascade.common.version import STREAM_VERSION, package_version
from cascade.engine.prepare import environment, prepare
from cascade.kernel.streams import key_of
from cascade.lowering.arguments import cell_range, check_model, check_seed, check_until
from cascade.lowering.lower import Lowered, by_cell, lower
from cascade.model import Model
from cascade.solution.quadrature import fixed
from cascade.web.bodymap import body_map

MOST_IN_A_BROWSER = 1 << 53
"""Whole numbers that a browser tells apart."""

MOST_BYTES = 1_000_000
"""Size of a page that can be mailed."""

MOST_WORK = 5e7
"""Nodes of the frailties times steps times squared states: beyond, a slider would not be answered within a second."""

MARCH_WORK = 20.0
"""The same of a window of the environment against whole lives, for each state."""


def cast_of(model: Model) -> dict[str, Any]:
    """Where the cells of a model may be and of what they may die, as ``web/motion.js`` reads it."""
    causes = dict.fromkeys(death.cause for state in model.states for death in state.deaths)
    places = {stage: k for k, stage in enumerate(model.stages)}
    goals = model.goals
    return {
        "stages": list(model.stages),
        "states": [{"name": s.name, "stage": places.get(s.stage or "", len(model.stages))} for s in model.states],
        "causes": cause_colours(list(causes)),
        "goal": goals[0] if len(goals) == 1 else "metastasis",
        "map": body_map(model),
    }


def payload(model: Model, *, seed: int, until: float | None = None) -> dict[str, Any]:
    """The lowered arrays of a model and the key of its draws, as ``web/engine.js`` reads them.

    Raises
    ------
    InputError
        When the exact answer would take a browser seconds; when hazards change while cells enter.
    """
    low = lower(check_model(model))
    end = check_until(low, until)
    made = prepare(low, environment(low, end))
    nodes, chain = fixed(low), by_cell(low)
    finite = len(made.tables.window_end) - (end is None)
    work = len(nodes.weights) * low.goal * low.size**2 * (1 + finite * MARCH_WORK * low.size)
    if work > MOST_WORK:
        what = f"{low.size} states with {len(low.frailty_cv)} frailties and {finite} changes of hazards"
        raise InputError("model", model.name, f"a smaller one: {what} are too much for a page")
    if finite and low.entry_hours[1] > low.entry_hours[0]:
        wanted = "cells that enter at one moment: in a page, hazards that change begin with them"
        raise InputError("model.start.entry_hours", list(low.entry_hours), wanted)
    alike = made.frailties
    return {
        "name": model.name,
        "title": model.title or model.name,
        "description": model.description.strip(),
        "limits": model.limits.strip(),
        "version": package_version(),
        "stream": STREAM_VERSION,
        "seed": str(seed),
        "key": [int(word) for word in key_of(check_seed(seed))],
        "stages": list(low.stages),
        "stage_colours": stage_colours(low.stages),
        "cast": cast_of(model),
        "states": list(low.states),
        "base": low.base.tolist(),
        "stage": low.stage.tolist(),
        "absorbing": low.absorbing.astype(int).tolist(),
        "exit_start": low.exit_start.tolist(),
        **_exits(low),
        "exit_inner": low.exit_inner.astype(int).tolist(),
        "exit_apart": low.exit_apart.tolist(),
        "transitions": [{"way": t.way, "target": t.target} for t in low.transitions],
        "start_cumulative": made.tables.start_cumulative.tolist(),
        "entry_hours": list(low.entry_hours),
        "until": end,
        "window_start": low.window_start.tolist(),
        "multipliers": low.multipliers.tolist(),
        "profiles": low.profiles.tolist(),
        "frailty_gamma": [] if alike is None else alike.gamma.astype(int).tolist(),
        "frailty_spread": [] if alike is None else alike.spread.tolist(),
        # Twelve digits are more than the rule has, and the page shall stay small.
        "nodes": [[float(f"{x:.12g}") for x in (w, *z)] for w, z in zip(nodes.weights, nodes.factors, strict=True)],
        "random_nodes": bool(nodes.replicate.any()),
        "clocks": low.clocks.tolist(),
        "clock_start": low.clock_start.tolist(),
        "clock_runs": low.clock_runs.astype(int).ravel().tolist(),
        "size_of": low.size_of.tolist(),
        "largest": int(low.size_of.max()),
        "levels": list(low.levels) if any(low.levels) else [],
        "chain": None if chain is low else {**_exits(chain), "start_cumulative": np.cumsum(chain.start_share).tolist()},
    }


def _exits(low: Lowered) -> dict[str, Any]:
    """Arrays that the units and the average cell of a unit both have."""
    return {
        "exit_source": low.exit_source.tolist(),
        "exit_target": low.exit_target.tolist(),
        "exit_hazard": low.exit_hazard.tolist(),
        "exit_transition": low.exit_transition.tolist(),
        "exit_profile": low.exit_profile.tolist(),
        "start_state": low.start_state.tolist(),
    }


def page(model: Model, *, seed: int, cells: range, until: float | None = None) -> str:
    """The page as text."""
    web = files("cascade") / "web"
    data = {**payload(model, seed=seed, until=until), "first": cells.start, "cells": len(cells)}
    # "</" would end the script in which the data stand, and "<!--" would hide its end.
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    found = (web / "page.html").read_text(encoding="utf-8")
    for mark, part in (
        ("/*STYLE*/", "".join((web / name).read_text(encoding="utf-8") for name in ("page.css", "motion.css"))),
        ("/*ENGINE*/", (web / "engine.js").read_text(encoding="utf-8")),
        ("/*MOTION*/", (web / "motion.js").read_text(encoding="utf-8")),
        ("/*PAGE*/", (web / "page.js").read_text(encoding="utf-8")),
        ("/*DATA*/", f"cascade.data = {text};"),
        ("<!--TITLE-->", html.escape(data["title"])),
    ):
        found = found.replace(mark, part, 1)
    return found


def check_page(path: object) -> Path:
    """A path that a browser would take for a page."""
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError("path", str(path), "a file that ends in .html")
    return Path(path)


def write_page(
    model: Model, path: str | Path, *, seed: int, cells: float | range = 1_000_000, until: float | None = None
) -> Path:
    """Write the page, whole or not at all.

    Raises
    ------
    InputError
        When the page cannot hold the model, see `payload`, or the path does not end in .html.
    """
    where, numbers = check_page(path), cell_range(cells)
    check_model(model)
    # Beyond, a browser takes more than seconds.
    alike = until is None and not (model.frailties or model.factors or model.clusters or model.treatments)
    shown = range(numbers.start, min(numbers.stop, numbers.start + (1_000_000 if alike else 100_000)))
    if shown.stop > MOST_IN_A_BROWSER:
        raise InputError("cells", numbers.start, "cells that begin below 2^53: a browser has no larger whole numbers")
    text = page(model, seed=seed, cells=shown, until=until).encode()
    if len(text) > MOST_BYTES:
        raise InputError("model", model.name, f"a smaller one: its page would have {len(text) / 1e6:.1f} MB")
    write_atomically(where, text)
    return where
