"""A lesson on a model as one page: film, funnel, knobs, two arms, the body, tasks; offline, to the bit the package."""

from __future__ import annotations

import html
import json
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from cascade.common.errors import InputError, is_whole
from cascade.common.files import write_atomically
from cascade.common.version import package_version
from cascade.lessons.knobs import Knob, factors_of, for_a_time, knobs_of, told
from cascade.lessons.looks import causes_of, properties
from cascade.lessons.tasks import texts_for
from cascade.lessons.words import told as in_words
from cascade.lessons.words import words
from cascade.model import Model
from cascade.model.treatments import Treatment
from cascade.web.anatomy import anatomy
from cascade.web.modules import bare, script
from cascade.web.page import MOST_IN_A_BROWSER, check_page

MOST_BYTES = 1_000_000
"""Of a lesson that can be mailed; those on models of the catalogue have less than half of that."""

SET_OUT = 100_000
"""Cells of the film, those behind lenses included, as in ``web/js/filmcells.js``."""

UNKNOWN_STAGE = {"ground": "tissue", "seconds": 2.0}


class Titled(Protocol):
    """A model or a disease, as far as the head of its lesson is concerned."""

    @property
    def name(self) -> str:
        """As the catalogue has it."""

    @property
    def title(self) -> str:
        """For people; none where the name is all."""

    @property
    def description(self) -> str:
        """What it is."""

    @property
    def limits(self) -> str:
        """What it is not."""


def _stages() -> dict[str, dict[str, Any]]:
    text = (files("cascade.lessons") / "stages.toml").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)["stages"]
    return table


def data_of(
    model: Model,
    base: dict[str, Any],
    *,
    seed: int,
    first: int = 0,
    until: float | None = None,
    founder: tuple[int, int] = (-1, 0),
    acting: Sequence[Treatment] = (),
    arms: Sequence[dict[str, Any]] = (),
    lang: str = "en",
) -> dict[str, Any]:
    """What a lesson page is made of, as ``web/js/lesson.js`` reads it.

    Parameters
    ----------
    model : Model
    base : dict
        Its payload, see ``web.page.payload``.
    seed, first : int
        Of the film, and the number of its first cell.
    until : float, optional
        Hours after which the cells are looked at.
    founder : tuple of int
        The first cell that founds a colony, -1 where none is known, and how many were looked at for it.
    acting : sequence of Treatment
        What may be chosen.
    arms : sequence of dict
        The same cells under other models, see ``runs.arms``.
    lang : str
        Of the words: a file of ``web/texts``, such as "en" or "de".

    Raises
    ------
    InputError
        When there are no words in the language.
    """
    marks, colours = causes_of(list(base["cast"]["causes"]))
    body, knobs = anatomy(model), told(_apart(knobs_of(model, until)), base, acting, seed)
    names = [knob["id"] for knob in knobs]
    return {
        **headed("model", model, seed=seed, lang=lang),
        "model": base,
        "first": first,
        "founder": founder[0],
        "looked": founder[1],
        **_rows(base),
        # Pairs: as the name of a property not every name of a cause is a name like others.
        "marks": list(marks.items()),
        "colours": colours,
        "texts": texts_for(
            model, words(lang), base, until, alone=founder[0] == first, arms=bool(arms), body=bool(body), knobs=names
        ),
        "knobs": knobs,
        "treatments": _treatments(model, acting),
        "windows": for_a_time(model),
        "arms": list(arms),
        "anatomy": body,
        "patient": None,
    }


def _rows(base: dict[str, Any]) -> dict[str, Any]:
    """The steps of the film, and what lies beyond the last: what is seen behind their cells, and for how long."""
    known = _stages()
    return {
        "stages": [{"name": name, **known.get(name, UNKNOWN_STAGE)} for name in base["stages"]],
        "goal": {"name": base["cast"]["goal"], "ground": "tissue", "seconds": 4.0},
    }


def _apart(knobs: Sequence[Knob]) -> list[Knob]:
    """The knobs without a second name for a moment that they have."""
    found = []
    for knob in knobs:
        again = [k for k in range(1, len(knob.stops)) if knob.id == "day" and knob.stops[k][2] == knob.stops[k - 1][2]]
        stops = tuple(stop for k, stop in enumerate(knob.stops) if k not in again)
        found.append(knob._replace(stops=stops, at=knob.at - sum(k <= knob.at for k in again)))
    return found


def headed(kind: str, of: Titled, *, seed: int, lang: str) -> dict[str, Any]:
    """What every lesson has, of a "model" or a "disease": its name, its words, how it was made.

    Raises
    ------
    InputError
        When there are no words in the language.
    """
    texts = words(lang)
    about, limits = in_words(lang, of.name if kind == "model" else f"{kind} {of.name}", of.description, of.limits)
    return {
        "lang": lang,
        "lesson": of.name,
        "texts": {section: table for section, table in texts.items() if section not in ("terms", "cleared")},
        "terms": texts["terms"],
        "name": of.name,
        "headline": headline(kind, of.name, of.title or of.name, lang),
        "about": about,
        "limits": limits,
        "version": package_version(),
        "seed": str(seed),
    }


def headline(kind: str, name: str, title: str, lang: str) -> str:
    """What a "model" or a "disease" is called in a language, or as it calls itself."""
    return words(lang)["terms"].get(f"{kind} {name}", title)


def check_first(first: int) -> int:
    """The number of the first cell of a film, which a browser tells from the next.

    Raises
    ------
    InputError
        When it has no room for the cells of the film below 2^53.
    """
    if not is_whole(first) or first < 0:
        raise InputError("first", first, "a whole number >= 0")
    if first + SET_OUT > MOST_IN_A_BROWSER:
        raise InputError("cells", first, "cells that begin below 2^53: a browser has no larger whole numbers")
    return first


def _treatments(model: Model, acting: Sequence[Treatment]) -> list[dict[str, Any]]:
    """Treatments that may be chosen, with what each multiplies the transitions by."""
    factors = factors_of(model, acting)
    return [
        {"name": one.name, "title": one.title or one.name, "about": one.description, "factors": factors[one.name]}
        for one in acting
    ]


def page(data: dict[str, Any]) -> str:
    """The page as text."""
    web = files("cascade.web")
    # "</" would end the script in which the data stand, and "<!--" would hide its end.
    packed = json.dumps(_short(data), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    text = (web / "lesson.html").read_text(encoding="utf-8")
    own, entry = ("bodyscene.css", "lesson.js") if data["model"] else ("timescene.css", "patientlesson.js")
    causes = {cause_property(cause): pair for cause, pair in data["colours"].items()}
    styles = [bare((web / name).read_text(encoding="utf-8")) for name in ("lesson.css", own)]
    for mark, part in (
        ("<!--LANG-->", data["lang"]),
        ("/*STYLE*/", properties(causes) + "".join(styles)),
        ("/*SCRIPT*/", script(entry)),
        ("/*DATA*/", packed.replace("<", "\\u003c")),
        ("<!--TITLE-->", html.escape(data["headline"])),
    ):
        text = text.replace(mark, part, 1)
    return text


def _short(value: Any) -> Any:
    """Data with whole numbers as such: 1, which in JavaScript is 1.0, for the thousand factors that change nothing."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and 0 < abs(value) < 2**53 else value


def cause_property(cause: str) -> str:
    """The property of the style that has the colour of a cause, as in ``web/js/marks.js``; of no two causes the same.

    Examples
    --------
    >>> cause_property("immune killing"), cause_property("shear")
    ('--c-immune_20_killing', '--c-shear')
    """
    return "--c-" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in cause)


def lesson_in(path: Path) -> dict[str, Any] | None:
    """What the lesson in a file is made of; None where the file holds none."""
    text = path.read_text(encoding="utf-8", errors="replace")
    _, begin, rest = text.partition("var cascade = { data: ")
    try:
        data = json.JSONDecoder().raw_decode(rest)[0] if begin else None
    except ValueError:
        return None
    return data if isinstance(data, dict) and "lesson" in data else None


def write_lesson(data: dict[str, Any], path: str | Path) -> Path:
    """Write the page of a lesson, whole or not at all.

    Raises
    ------
    InputError
        When it would be larger than a page that is mailed may be.
    """
    where, text = check_page(path), page(data).encode()
    if len(text) > MOST_BYTES:
        raise InputError("model", data["name"], f"a smaller one: its lesson would have {len(text) / 1e6:.1f} MB")
    write_atomically(where, text)
    return where
