"""The catalogue: named models as TOML files, each number with its source and grade.

A model stands here as it is, in a folder named after its group; injections and cancers stand
in the package of the body, which lowers them to models.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from cascade.common.errors import InputError, nearest, why
from cascade.common.files import as_path, parse_toml
from cascade.common.text import html_table, text_table
from cascade.model import Model
from cascade.model.base import ILLUSTRATIVE
from cascade.model.treatments import Treatment

if TYPE_CHECKING:
    from cascade.body import Cancer

GROUPS = ("teaching", "experiments")
"""Folders of models; injections and cancers are groups of their own."""

ORDER = ("A", "B", "C", "D", ILLUSTRATIVE, "")
"""Evidence grades, the strongest first."""

INJECTIONS, CANCERS, TREATMENTS = "injections", "cancers", "treatments"
THERAPY = "therapy"
"""Folder of the treatments; it may not bear the name of the function that lists them."""


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue.

    ``grade`` is the weakest evidence grade among its hazards, ``scored`` the number of published
    figures that it is compared with (fitted to or not).
    """

    name: str
    title: str
    grade: str
    group: str
    scored: int = 0


@dataclass(frozen=True)
class Entries:
    """All models of the catalogue, by group."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def _cells(self, group: str) -> tuple[list[str], list[list[str]]]:
        kind = "autopsy count" if group == CANCERS else "published figure"
        lines = []
        for e in self.entries:
            if e.group == group:
                seen = f"{e.scored} {kind}{'s' if e.scored > 1 else ''}" if e.scored else "unscored"
                lines.append([e.name, e.title, e.grade, seen])
        header = [group, "what it is", "weakest grade", "compared with"]
        return (header, lines) if group != TREATMENTS else (header[:3], [line[:3] for line in lines])

    def _groups(self) -> list[str]:
        return list(dict.fromkeys(entry.group for entry in self.entries))

    def __str__(self) -> str:
        return "\n\n".join(text_table(*self._cells(group), left=(0, 1, 2, 3)) for group in self._groups())

    def _repr_html_(self) -> str:
        return "".join(html_table(*self._cells(group)) for group in self._groups())


def _names_in(group: str) -> list[str]:
    """Names of the files of a folder, sorted."""
    folder = resources.files("cascade.catalog") / group
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def _files() -> dict[str, str]:
    """Names of the models of the folders, with their groups."""
    return {name: group for group in GROUPS for name in _names_in(group)}


def treatment_names() -> list[str]:
    """Names of the treatments, sorted."""
    return _names_in(THERAPY)


def treatment(name_or_path: str | Path, start_hours: float | None = None, end_hours: float | None = None) -> Treatment:
    """A treatment of the catalogue by name, or one of your own from a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
    start_hours, end_hours : float, optional
        When it begins and ends; by default as its file says (those of the catalogue: always).
        Infinity: for ever.

    Examples
    --------
    >>> treatment("nk-depletion", end_hours=24).end_hours
    24.0
    """
    text = str(name_or_path)
    if text in treatment_names():
        content = (resources.files("cascade.catalog") / THERAPY / f"{text}.toml").read_text(encoding="utf-8")
    elif isinstance(name_or_path, Path) or text.endswith(".toml"):
        content = _content("treatment", text)
    else:
        alike = nearest(text, treatment_names())
        raise InputError("treatment", text, f"the name of a treatment, or the path of a .toml file; {alike}")
    data = parse_toml(content, text)
    data |= {} if start_hours is None else {"start_hours": start_hours}
    data |= {} if end_hours is None else {"end_hours": None if end_hours == math.inf else end_hours}
    return Treatment(**data)


def treatments() -> Entries:
    """The treatments of the catalogue, with titles and the weakest grade among their effects."""
    entries = []
    for name in treatment_names():
        one = treatment(name)
        grades = {source.key: source.grade for source in one.sources} | {ILLUSTRATIVE: ILLUSTRATIVE}
        used = [grades[key] for effect in one.effects for key in effect.source]
        entries.append(
            Entry(name, f"{one.title}: {one.description}", max(used, key=ORDER.index, default=""), TREATMENTS)
        )
    return Entries(tuple(entries))


def names() -> list[str]:
    """Names of all models, sorted."""
    from cascade.body import cancer_names, injection_names

    return sorted([*_files(), *injection_names(), *cancer_names()])


def load(name_or_path: str | Path) -> Model:
    """A model of the catalogue by name, or one of your own from a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        A name from ``models()``, or a path (anything that ends in ``.toml``) of a model, or
        of a cancer (a file that has routes).

    Returns
    -------
    Model
        By name put together once and kept: it cannot be changed.

    Raises
    ------
    InputError
        For a name that is not known, with the nearest ones, or a file that cannot be read.
    ModelError
        With every fault of a file's model.

    Examples
    --------
    >>> load("textbook").stages[0]
    'detachment'
    """
    if str(name_or_path) in names():
        return _of_the_package(str(name_or_path))
    return _model(name_or_path)


@cache
def _of_the_package(name: str) -> Model:
    """Once: a model cannot be changed, and a cancer takes long to be put together."""
    return _model(name)


def _model(name_or_path: str | Path) -> Model:
    loaded = load_any(name_or_path)
    if isinstance(loaded, Treatment):
        raise InputError("model", str(name_or_path), "a model or a cancer; this is a treatment")
    return loaded if isinstance(loaded, Model) else loaded.model()


def load_any(name_or_path: str | Path) -> Model | Cancer | Treatment:
    """What a name or a file stands for: a model, a cancer that is to be lowered to one, or a treatment."""
    from cascade.body import Cancer, cancer, cancer_names, injection_names
    from cascade.body.injecting import injection_named

    text, files = str(name_or_path), _files()
    if text in files:
        file = resources.files("cascade.catalog") / files[text] / f"{text}.toml"
        return Model.from_toml(file.read_text(encoding="utf-8"))
    if text in injection_names():
        return injection_named(text)
    if text in cancer_names():
        return cancer(text)
    if text in treatment_names():
        return treatment(text)
    if isinstance(name_or_path, Path) or text.endswith(".toml"):
        content = _content("model", text)
        keys = parse_toml(content, text).keys()
        if "tumour" in keys and "states" not in keys:
            wanted = "a model of cells; this file is a disease (cascade.disease; commands: disease, cohort, patient)"
            raise InputError("model", text, wanted)
        if "effects" in keys and "states" not in keys:
            return treatment(name_or_path)
        # Routes, a primary or drainage make it a cancer.
        # With states of its own it is a model, which may declare routes, too.
        is_cancer = {"routes", "primary", "drainage"} & keys and "states" not in keys
        return (Cancer if is_cancer else Model).from_toml(content, where=text)
    raise InputError("model", text, f"the name of a model, or the path of a .toml file; {nearest(text, names())}")


def _content(field: str, path: str) -> str:
    try:
        found = as_path(path, field)
        if found.exists() and not found.is_file():  # a pipe or a device may never end
            raise InputError(field, path, "a TOML file, not a folder, a pipe or a device")
        return found.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(field, path, f"a TOML file that can be read ({why(error)})") from None


def models() -> Entries:
    """The models of the catalogue, with groups, titles and grades."""
    from cascade.body import injection_names

    groups = _files() | dict.fromkeys(injection_names(), INJECTIONS)
    entries = []
    for group in (*GROUPS, INJECTIONS, CANCERS):
        for name in names():
            if groups.get(name, CANCERS) != group:
                continue
            model = load(name)
            grade = max((model.grade_of(part.source) for _, part, _ in model.hazards()), key=ORDER.index, default="")
            seen = sum(site.scored for site in model.sites) + sum(o.role != "not available" for o in model.observations)
            entries.append(Entry(name, model.title, grade, group, seen))
    return Entries(tuple(entries))
