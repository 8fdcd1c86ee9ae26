"""A lesson on a model: the page that ``lessons`` lays out, with what only runs can say: who founds, and two arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cascade.common.arguments import check_seed
from cascade.engine.executor import Progress
from cascade.lessons.knobs import acting_on
from cascade.lessons.page import check_first, data_of, headline
from cascade.lessons.words import told, words
from cascade.model import Model, check_model
from cascade.model.treatments import Treatment
from cascade.runs.arms import arm_of, change_most
from cascade.runs.founders import MOST_LOOKED, first_founder
from cascade.web.page import payload

ARMS = 4
"""Treatments of the catalogue that a lesson compares, where none is asked for: those that change most."""

LOOKED = 10_000_000
"""Cells among which a founder is looked for where nobody waits for it: a second of work."""


def lesson(
    model: Model,
    *,
    seed: int = 1889,
    first: int = 0,
    until: float | None = None,
    treat: Sequence[Treatment] | None = None,
    beside: Model | None = None,
    lang: str = "en",
    looked: int = MOST_LOOKED,
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
    treat : sequence of Treatment, optional
        Arms beside the untreated one.  Default: those of the catalogue that change most, or none where there is a
        model beside; without any: no arms, which take seconds.
    beside : Model, optional
        Another model with the same steps, as an arm.
    lang : str
        Of the words: a file of ``web/texts``, such as "en" or "de".
    looked : int
        Cells among which a founder is looked for.
    progress : bool or callable, optional

    Raises
    ------
    InputError
        When a page cannot hold the model, see ``web.page.payload``; when the steps of ``beside`` are others; when there
        are no words in the language.
    """
    words(lang)
    base = payload(check_model(model), seed=check_seed(seed), until=until)
    check_first(first)
    acting = acting_on(model)
    if treat is None:
        treat = [] if beside else change_most(model, acting, until, ARMS)
    arms = [
        arm_of(model, other, name=name, about=about, seed=seed, until=until, base=base, progress=progress) | more
        for name, about, other, more in _others(model, treat, beside, lang)
    ]
    founder = first_founder(model, seed=seed, first=first, until=until, most=looked)
    return data_of(
        model, base, seed=seed, first=first, until=until, founder=founder, acting=acting, arms=arms, lang=lang
    )


def _others(
    model: Model, treat: Sequence[Treatment], beside: Model | None, lang: str
) -> Iterator[tuple[str, str, Model, dict[str, Any]]]:
    """The other arms: name, what it says of itself, the model; title of a model, or hours of a treatment."""
    if beside is not None:
        title = headline("model", beside.name, beside.title or beside.name, lang)
        about, _ = told(lang, beside.name, beside.description, beside.limits)
        yield beside.name, about, beside, {"title": title, "hours": [0.0, None]}
    for one in treat:
        hours = [one.start_hours, one.end_hours]
        yield one.name, one.description, model.with_treatments(one), {"title": None, "hours": hours}
