"""One file to mail to students: a model with sliders, its funnel and its cells, without installation or network."""

from __future__ import annotations

import html
import json
import math
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import Any

from cascade.arguments import check_model, check_seed, check_until
from cascade.bodymap import body_map
from cascade.colours import cause_colours, stage_colours
from cascade.errors import InputError
from cascade.files import write_atomically
from cascade.lower import Lowered, by_cell, lower
from cascade.model import Model
from cascade.quadrature import fixed
from cascade.streams import STREAM_VERSION, key_of
from cascade.tables import environment, prepare
from cascade.versions import package_version


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


MOST_WORK = 5e7
"""Nodes of the frailties times steps times squared states: beyond, a slider would not be answered within a second."""


def payload(model: Model, *, seed: int) -> dict[str, Any]:
    """The lowered arrays of a model and the key of its draws, as ``web/engine.js`` reads them.

    Raises
    ------
    InputError
        When hazards change with time (treatments, a shared capacity): the page solves for whole
        lives under hazards that stay.  When the exact answer would take a browser seconds.
    """
    for field, what in (("treatments", "treatments"), ("capacity", "a shared capacity")):
        if getattr(check_model(model), field):
            raise InputError("model", model.name, f"a model without {what}: in a page for students hazards stay")
    low = lower(model)
    made = prepare(low, environment(low, check_until(low, None)))
    nodes, chain = fixed(low), by_cell(low)
    work = len(nodes.weights) * low.goal * low.size**2
    if work > MOST_WORK:
        wanted = f"a smaller one: {low.size} states with {len(low.frailty_cv)} frailties are too much for a page"
        raise InputError("model", model.name, wanted)
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
        "profiles": low.profiles.tolist(),
        "frailty_gamma": [] if alike is None else alike.gamma.astype(int).tolist(),
        "frailty_spread": [] if alike is None else alike.spread.tolist(),
        "nodes": [[w, *z] for w, z in zip(nodes.weights.tolist(), nodes.factors.tolist(), strict=True)],
        "random_nodes": bool(nodes.replicate.any()),
        "clocks": low.clocks.tolist(),
        "clock_start": low.clock_start.tolist(),
        "clock_runs": low.clock_runs.astype(int).ravel().tolist(),
        "size_of": low.size_of.tolist(),
        "largest": int(low.size_of.max()),
        "levels": list(low.levels) if any(low.levels) else [],
        "chain": None if chain is low else {**_exits(chain), "start_cumulative": _running(chain)},
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


def _running(low: Lowered) -> list[float]:
    return list(accumulate(low.start_share.tolist()))


def page(model: Model, *, seed: int, cells: int = 1_000_000) -> str:
    """The page as text."""
    web = files("cascade") / "web"
    data = {**payload(model, seed=seed), "cells": cells}
    # "</" would end the script in which the data stand.
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
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


def check_page(path: str | Path) -> None:
    """Refuse a path that a browser would not take for a page."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise InputError("path", str(path), "a file that ends in .html")


def write_page(model: Model, path: str | Path, *, seed: int, cells: int = 1_000_000) -> Path:
    """Write the page, whole or not at all.

    Raises
    ------
    InputError
        When the page cannot hold the model, see `payload`, or the path does not end in .html.
    """
    check_page(path)
    # Beyond, a browser takes more than seconds.
    alike = not (model.frailties or model.factors or model.clusters)
    most = 1_000_000 if alike else 100_000
    number = min(int(cells), most) if math.isfinite(cells) else most
    write_atomically(Path(path), page(model, seed=seed, cells=number).encode())
    return Path(path)
