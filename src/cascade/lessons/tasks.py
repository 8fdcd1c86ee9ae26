"""Tasks of a lesson as its page asks them: numbered from 1, and of cells that all get there about their half-life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from cascade.common.text import hours as in_hours
from cascade.lessons.knobs import MOMENTS
from cascade.lowering.lower import lower
from cascade.model import Conditioned, Model
from cascade.solution.answer import Exact, exact
from cascade.solution.quadrature import fixed

Texts = dict[str, dict[str, str]]

HALVES = 3
"""Half-lives after which a lesson on a half-life asks how many cells have left."""

NEAR = 0.01
"""A round moment is taken in place of one that differs by less than this part."""

HALF, END = 0.55, 8.0
"""As ``web/js/taskscene.js`` has them: what counts as half as many, and deaths where a slider ends."""

PER_HOUR = {"s": 3600.0, "min": 60.0, "h": 1.0, "d": 1 / 24}


class Clearing(NamedTuple):
    """A model of whose cells all leave by one way: its published half-life, as it is told, and in hours."""

    told: str
    hours: float


def clearing(model: Model) -> Clearing | None:
    """The half-life that a model is about; None of a model in which cells die, or that has more than one step."""
    if isinstance(model, Conditioned) or len(model.stages) != 1 or any(state.deaths for state in model.states):
        return None
    asked = [one for one in model.observations if one.ask and one.ask.half_life and one.unit in PER_HOUR]
    for one in asked:
        (row,) = (row for row in exact(model).times() if row.kind == "step")
        median = float(row.median_hours)
        if abs(one.value / PER_HOUR[one.unit] / median - 1) < NEAR:
            return Clearing(f"{one.value:g} {one.unit}", median)
    return None


def looked_at(model: Model) -> float | None:
    """Hours after which the cells of a lesson are looked at where nobody says it; None: when nothing changes any more.

    Where all cells get there in the end, to ask how many do so would be no question.
    """
    found = clearing(model)
    if found is None:
        return None
    after = HALVES * found.hours
    return next((hours for hours in MOMENTS.values() if abs(hours / after - 1) < NEAR), float(f"{after:.3g}"))


def texts_for(
    model: Model, texts: Texts, base: dict[str, Any], until: float | None, *, alone: bool, arms: bool = False,
    body: bool = False, knobs: Sequence[str] = (),
) -> Texts:  # fmt: skip
    """The texts of a page with what is other for a model.

    Parameters
    ----------
    model : Model
    texts : dict of str to dict
        Of all lessons in a language.
    base : dict
        The payload of the model.
    until : float or None
        Hours after which the cells are looked at.
    alone : bool
        Whether the ringed cell is the first that was looked at.
    arms, body : bool
        Whether the page has these scenes, so that the plan for teachers speaks of them.
    knobs : sequence of str
        What may be turned beside deaths, by id.
    """
    own = {section: dict(table) for section, table in texts.items() if section not in ("cleared", "terms")}
    if alone:
        own["film"]["ringed"] = own["film"]["ringed_one"]
    knob = next((texts["terms"].get(f"knob {name}", name) for name in knobs if name != "day" and not body), "")
    scenes = [name for name, there in (("knob", knob), ("arms", arms), ("body", body)) if there]
    own["tasks"]["plan45"] = long_plan(own["tasks"], scenes, knob)
    asked = asked_of(model, base, until)
    for before, task in enumerate(("steepest", "halve", "luck"), start=1):
        if task in asked and asked.index(task) + 1 != before:
            for name in (task, f"answer_{task}"):
                text = own["tasks"][name]
                own["tasks"][name] = text.replace(str(before), str(asked.index(task) + 1), 1)
    found = clearing(model)
    if found is not None and until is not None:
        values = {
            "half": _localised(found.told, texts),
            "after": _localised(in_hours(until), texts),
            "halves": _localised(f"{until / found.hours:.3g}", texts),
        }
        for path, text in texts["cleared"].items():
            section, _, name = path.partition(".")
            for hole, value in values.items():
                text = text.replace(f"{{{hole}}}", value)
            own[section][name] = text
    return own


def long_plan(texts: dict[str, str], scenes: Sequence[str], knob: str = "") -> str:
    """The plan for 45 minutes: half an hour is shared by the sliders, what else the page has, and the board.

    Examples
    --------
    >>> texts = {"plan45": "45: film (15)", "plan_sliders": "sliders ({n})", "plan_steps": "steps ({n})"}
    >>> texts |= {"plan_arms": "arms ({n})", "plan_body": "body ({n})", "plan_end": "board ({n})"}
    >>> texts |= {"plan_knob": "turn {knob} ({n})"}
    >>> long_plan(texts, [])
    '45: film (15); sliders (10); steps (10); board (10)'
    >>> long_plan(texts, ["knob"], "platelets")
    '45: film (15); sliders (10); turn platelets (10); board (10)'
    >>> long_plan(texts, ["arms", "body"])
    '45: film (15); sliders (8); arms (8); body (8); board (6)'
    """
    parts = ["plan_sliders", *(f"plan_{scene}" for scene in (scenes or ["steps"]))]
    each = 10 if len(parts) < 3 else 8
    told = [texts[part].format(n=each, knob=knob) for part in parts]
    return "; ".join([texts["plan45"], *told, texts["plan_end"].format(n=30 - each * len(parts))])


def _localised(text: str, texts: Texts) -> str:
    """A number with a unit as the language writes it."""
    number, _, unit = text.partition(" ")
    written = number.replace(".", texts["numbers"]["decimal"])
    return f"{written} {texts['units'].get(unit, unit)}".strip()


def asked_of(model: Model, base: dict[str, Any], until: float | None) -> list[str]:
    """The tasks that a page asks, in order, as ``web/js/taskscene.js`` chooses them."""
    sliders = base["sliders"]
    found = ["steepest"] if len(sliders) > 1 else []
    found += ["halve"] if _can_halve(model, sliders, until) else []
    return [*found, "luck"]


def _can_halve(model: Model, sliders: list[int], until: float | None) -> bool:
    """Whether some slider leaves half of those that get there, or fewer."""
    first = _success(model, until) if sliders else 0.0
    for step in reversed(sliders if first > 0 else []):
        inside = [state for state in model.states if state.stage == model.stages[step]]
        deadly = {f"{state.name}.{death.cause}": END for state in inside for death in state.deaths}
        if _success(model.with_(scale=deadly), until) / first <= HALF:
            return True
    return False


def _success(model: Model, until: float | None) -> float:
    """The share of the cells that get there, over the points that a page averages over."""
    return float(Exact(model, until, nodes=fixed(lower(model))).funnel().rows[-1].fraction_of_all)
