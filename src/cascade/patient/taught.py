"""A lesson on patients: the time line of a disease, as a page reads it."""

from __future__ import annotations

from typing import Any

from cascade.common.arguments import check_seed
from cascade.common.version import package_version
from cascade.lessons.words import words
from cascade.patient.timeline import timeline


def patient_lesson(disease: str, *, seed: int = 1889, lang: str = "en") -> dict[str, Any]:
    """What a lesson page on patients of a disease is made of.

    Raises
    ------
    InputError
        When there is no such disease, or there are no words in the language.
    """
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
