"""A lesson on patients: the time line of a disease, as a page reads it."""

from __future__ import annotations

from typing import Any

from cascade.common.arguments import check_seed
from cascade.lessons.page import headed
from cascade.lessons.words import words
from cascade.patient.loader import disease as load
from cascade.patient.timeline import timeline


def patient_lesson(disease: str, *, seed: int = 1889, lang: str = "en") -> dict[str, Any]:
    """What a lesson page on patients of a disease is made of.

    Raises
    ------
    InputError
        When there is no such disease, or there are no words in the language.
    """
    seed = check_seed(seed)
    told = words(lang)["patient"]  # no such language is refused before the work
    data = timeline(disease, seed=seed)
    head = headed("disease", load(disease), seed=seed, lang=lang)
    head["texts"] = {
        **head["texts"],
        "page": {**head["texts"]["page"], "first_film": told["first"], "made": told["made"]},
    }
    return {**head, "model": None, "patient": data, "colours": {}, "arms": []}
