"""The words of a lesson in each language: a file for each, with the same keys; what has a file is a language."""

from __future__ import annotations

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from cascade.common.errors import InputError, nearest

FIRST = "en"
"""The language of the package."""


def _folder() -> Traversable:
    """Where the tables are."""
    return files("cascade.web") / "texts"


def languages() -> tuple[str, ...]:
    """Of which there is a table: that of the package first."""
    found = {path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml")}
    return (FIRST, *sorted(name for name in found - {FIRST} if not name.startswith("models.")))


@cache
def words(lang: str) -> dict[str, dict[str, str]]:
    """The table of a language: sections, and in each of them texts by their key.

    Raises
    ------
    InputError
        When there is no table of the language.
    """
    there = languages()
    if lang not in there:
        raise InputError("lang", lang, f"one of {', '.join(there)}; {nearest(str(lang), there)}")
    text = (_folder() / f"{lang}.toml").read_text(encoding="utf-8")
    return {section: dict(table) for section, table in tomllib.loads(text).items()}


@cache
def _of_models(lang: str) -> dict[str, dict[str, str]]:
    """Descriptions and limits of models of the package in a language, by name; none where there is no such file."""
    path = _folder() / f"models.{lang}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def digest(description: str, limits: str) -> str:
    r"""Of what was translated: when the package says something else, the translation is out of date.

    Examples
    --------
    >>> digest("A  model.", "Of nothing.") == digest("A model.", "Of\nnothing.")
    True
    """
    return sha256("\n".join(" ".join(text.split()) for text in (description, limits)).encode()).hexdigest()[:12]


def told(lang: str, name: str, description: str, limits: str) -> tuple[str, str]:
    """What a model says of itself and of its limits: translated where the package has it, else in its own words."""
    found = _of_models(lang).get(name, {})
    if found.get("of") != digest(description, limits):
        return description.strip(), limits.strip()
    return found["description"].strip(), found["limits"].strip()


def terms(lang: str) -> dict[str, str]:
    """What names that models have are called: steps, causes, organs, treatments, knobs."""
    return words(lang)["terms"]
