"""A lesson on patients: the time line of a disease, as a page reads it."""

from __future__ import annotations

from typing import Any

from cascade.common.arguments import check_seed
from cascade.lessons.page import headed
from cascade.lessons.words import words
from cascade.patient.timeline import timeline


def patient_lesson(disease: str, *, seed: int = 1889, lang: str = "en") -> dict[str, Any]:
    """What a lesson page on patients of a disease is made of.

    Raises
    ------
    InputError
        When there is no such disease, or there are no words in the language.
    """
    seed = check_seed(seed)
    words(lang)  # refused before the work
    data = timeline(disease, seed=seed)
    head = headed("disease", disease, data["title"], seed=seed, lang=lang)
    return {**head, "model": None, "patient": data, "colours": {}, "arms": []}
