"""One file to mail to students: a model with sliders, its funnel and its cells, without installation or network."""

from __future__ import annotations

import html
import json
import math
from importlib.resources import files
from pathlib import Path
from typing import Any

from cascade.arguments import check_model, check_seed, check_until
from cascade.bodymap import body_map
from cascade.colours import cause_colours, stage_colours
from cascade.errors import InputError
from cascade.files import write_atomically
from cascade.lower import lower
from cascade.model import Model
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


def payload(model: Model, *, seed: int) -> dict[str, Any]:
    """The lowered arrays of a model and the key of its draws, as ``web/engine.js`` reads them.

    Raises
    ------
    InputError
        When cells differ, switch, keep company or are treated: the engine in the page has only
        the rules of independent cells that are alike.
    """
    for field, what in (
        ("frailties", "frailties"),
        ("factors", "factors"),
        ("clusters", "clusters"),
        ("treatments", "treatments"),
        ("capacity", "a shared capacity"),
    ):
        if getattr(check_model(model), field):
            raise InputError("model", model.name, f"a model without {what}: a page for students has none")
    low = lower(model)
    made = prepare(low, environment(low, check_until(low, None))).tables
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
        "exit_source": low.exit_source.tolist(),
        "exit_target": low.exit_target.tolist(),
        "exit_hazard": low.exit_hazard.tolist(),
        "exit_transition": low.exit_transition.tolist(),
        "exit_inner": low.exit_inner.astype(int).tolist(),
        "transitions": [{"way": t.way, "target": t.target} for t in low.transitions],
        "start_state": low.start_state.tolist(),
        "start_cumulative": made.start_cumulative.tolist(),
        "entry_hours": list(low.entry_hours),
    }


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
    # Beyond a million a browser takes more than seconds.
    number = min(int(cells), 1_000_000) if math.isfinite(cells) else 1_000_000
    write_atomically(Path(path), page(model, seed=seed, cells=number).encode())
    return Path(path)
