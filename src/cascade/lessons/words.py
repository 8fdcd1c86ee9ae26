"""The words of a lesson in each language: one table for each, with the same keys."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from cascade.common.errors import InputError, nearest

LANGUAGES = ("en", "de")
"""Of which there is a table."""


@cache
def words(lang: str) -> dict[str, dict[str, str]]:
    """The table of a language: sections, and in each of them texts by their key.

    Raises
    ------
    InputError
        When there is no table of the language.
    """
    if lang not in LANGUAGES:
        raise InputError("lang", lang, f"one of {', '.join(LANGUAGES)}; {nearest(str(lang), LANGUAGES)}")
    text = (files("cascade.web") / "texts" / f"{lang}.toml").read_text(encoding="utf-8")
    return {section: dict(table) for section, table in tomllib.loads(text).items()}


def terms(lang: str) -> dict[str, str]:
    """What names that models have are called: steps, causes, organs, treatments, knobs."""
    return words(lang)["terms"]
