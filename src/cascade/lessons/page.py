"""A lesson on a model as one page: film, funnel, knobs, two arms, the body, tasks; offline, to the bit the package."""

from __future__ import annotations

import html
import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from cascade.common.arguments import check_seed
from cascade.common.colours import LOOKS
from cascade.common.errors import InputError
from cascade.common.files import write_atomically
from cascade.common.version import package_version
from cascade.engine.executor import Progress
from cascade.lessons.arms import arm_of
from cascade.lessons.founders import first_founder
from cascade.lessons.knobs import MOST_STATES, factors_of, knobs_of, stops_of, usable
from cascade.lessons.looks import causes_of
from cascade.lessons.words import words
from cascade.lowering.lower import lower
from cascade.model import Conditioned, Model, check_model
from cascade.model.treatments import Treatment
from cascade.web.anatomy import anatomy
from cascade.web.modules import script
from cascade.web.page import check_page, payload

MOST_BYTES, MOST_BYTES_BESIDE = 400_000, 700_000
"""Of a lesson with one arm, and of one with two models."""

ARMS = 4
"""Treatments of the catalogue that a lesson compares, where none is asked for: those that change most."""

UNKNOWN_STAGE = {"ground": "tissue", "seconds": 2.0}


def _stages() -> dict[str, dict[str, Any]]:
    text = (files("cascade.lessons") / "stages.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)["stages"]
    return table


def lesson(
    model: Model,
    *,
    seed: int = 1889,
    first: int = 0,
    until: float | None = None,
    treat: Sequence[Treatment] = (),
    beside: Model | None = None,
    lang: str = "en",
    progress: Progress = False,
) -> dict[str, Any]:
    """What a lesson page is made of, as ``web/js/lesson.js`` reads it.

    Parameters
    ----------
    model : Model
    seed, first : int
        Of the cells of the film, and the number of the first one.
    until : float, optional
        Hours after which the cells are looked at.
    treat : sequence of Treatment
        Arms beside the untreated one; default: those of the catalogue that change most.
    beside : Model, optional
        Another model with the same steps, as an arm.
    lang : str
        "en" or "de".
    progress : bool or callable, optional

    Raises
    ------
    InputError
        When a page cannot hold the model, see ``web.page.payload``; when the steps of ``beside`` are others; when there
        are no words in the language.
    """
    texts = words(lang)
    base = payload(check_model(model), seed=check_seed(seed), until=until)
    known = _stages()
    founder, looked = first_founder(model, seed=seed, first=first, until=until)
    causes = list(base["cast"]["causes"])
    marks, colours = causes_of(causes)
    acting = [] if isinstance(model, Conditioned) or model.treatments else usable(model)
    arms = _arms(
        model, base, seed, until, treat or () if beside else treat or _most(model, acting, until), beside, progress
    )
    return {
        "lang": lang,
        "lesson": model.name,
        "texts": {name: table for name, table in texts.items() if name != "terms"},
        "terms": texts["terms"],
        "name": model.name,
        "headline": texts["terms"].get(f"model {model.name}", model.title or model.name),
        "model": base,
        "first": first,
        "founder": founder,
        "looked": looked,
        "stages": [{"name": name, **known.get(name, UNKNOWN_STAGE)} for name in base["stages"]],
        "goal": {"name": base["cast"]["goal"], "ground": "tissue", "seconds": 4.0},
        "marks": marks,
        "colours": colours,
        "knobs": [{"id": k.id, "at": k.at, "stops": stops_of(k, base, acting, seed)} for k in knobs_of(model, until)],
        "treatments": [
            {"name": t.name, "title": t.title or t.name, "about": t.description, "factors": factors_of(model, t, seed)}
            for t in acting
        ],
        "windows": lower(model).size <= MOST_STATES and len(base["window_start"]) == 1,
        "arms": arms,
        "anatomy": anatomy(model),
        "patient": None,
        "version": base["version"],
        "seed": str(seed),
    }


def _most(model: Model, acting: Sequence[Treatment], until: float | None) -> list[Treatment]:
    """Of treatments those that change the number of colonies most."""
    from cascade.solution.answer import exact

    def chance(one: Model) -> float:
        return exact(one, until=until).funnel().rows[-1].fraction_of_all

    untreated = chance(model)
    if untreated <= 0:
        return []
    changed = {t.name: chance(model.with_treatments(t)) / untreated for t in acting}
    return sorted(acting, key=lambda t: min(changed[t.name], 1 / max(changed[t.name], 1e-9)))[:ARMS]


def _arms(
    model: Model, base: dict[str, Any], seed: int, until: float | None, treat: Sequence[Treatment],
    beside: Model | None, progress: Progress,
) -> list[dict[str, Any]]:  # fmt: skip
    """The other arms: another model first, then the treated."""
    others = [] if beside is None else [(beside.name, beside.title or beside.name, beside)]
    others += [(t.name, t.description, model.with_treatments(t)) for t in treat]
    return [
        arm_of(model, other, name=name, about=about, seed=seed, until=until, base=base, progress=progress)
        for name, about, other in others
    ]


def page(data: dict[str, Any]) -> str:
    """The page as text."""
    web = files("cascade.web")
    # "</" would end the script in which the data stand, and "<!--" would hide its end.
    packed = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    text = (web / "lesson.html").read_text(encoding="utf-8")
    styles = [(web / name).read_text(encoding="utf-8") for name in ("lesson.css", "bodyscene.css", "timescene.css")]
    for mark, part in (
        ("<!--LANG-->", data["lang"]),
        ("/*STYLE*/", _properties(data["colours"]) + "".join(styles)),
        ("/*SCRIPT*/", script("lesson.js")),
        ("/*DATA*/", packed),
        ("<!--TITLE-->", html.escape(data["headline"])),
    ):
        text = text.replace(mark, part, 1)
    return text


def _properties(colours: dict[str, tuple[str, str]]) -> str:
    """Colours as properties of the style: of causes by name, of what lives."""
    both = {f"--c-{''.join(c if c.isalnum() else '_' for c in cause)}": pair for cause, pair in colours.items()}
    both["--alive"] = LOOKS["colours"]["alive"], LOOKS["dark"]["alive"]
    light, dark = ("".join(f"{name}:{pair[k]};" for name, pair in both.items()) for k in (0, 1))
    return (
        f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n"
        f":root[data-theme=dark]{{{dark}}}\n@media print{{:root:root{{{light}}}}}\n"
    )


def write_lesson(data: dict[str, Any], path: str | Path) -> Path:
    """Write the page of a lesson, whole or not at all.

    Raises
    ------
    InputError
        When it would be larger than a page that is mailed may be.
    """
    where, text = check_page(path), page(data).encode()
    most = MOST_BYTES_BESIDE if any(arm["beside"] for arm in data["arms"]) else MOST_BYTES
    if len(text) > most:
        raise InputError("model", data["name"], f"a smaller one: its lesson would have {len(text) / 1e3:.0f} kB")
    write_atomically(where, text)
    return where


def patient_lesson(disease: str, *, seed: int = 1889, lang: str = "en") -> dict[str, Any]:
    """What a lesson page on patients of a disease is made of.

    Raises
    ------
    InputError
        When there is no such disease, or there are no words in the language.
    """
    from cascade.lessons.timeline import timeline

    texts = words(lang)
    data = timeline(disease, seed=check_seed(seed))
    return {
        "lang": lang,
        "lesson": disease,
        "texts": {name: table for name, table in texts.items() if name != "terms"},
        "terms": texts["terms"],
        "name": disease,
        "headline": texts["terms"].get(f"disease {disease}", data["title"]),
        "model": None,
        "patient": data,
        "colours": {},
        "arms": [],
        "version": package_version(),
        "seed": str(seed),
    }
