"""The diseases of the package, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from cascade.answers.table import Table, Texts
from cascade.body import Cancer
from cascade.catalog.loader import names as cell_models
from cascade.common.errors import InputError, nearest, why
from cascade.common.files import as_path, parse_toml
from cascade.patient.disease import Disease
from cascade.patient.tables import WARNING


@dataclass(frozen=True)
class DiseaseRow:
    """One disease; ``cells``: the cancer whose cells it sheds; ``grade``: the weakest among its parts."""

    name: str
    title: str
    cells: str
    grade: str


@dataclass(frozen=True)
class Diseases(Table[DiseaseRow]):
    """The diseases of the package."""

    left = (0, 1, 2, 3)

    rows: tuple[DiseaseRow, ...]

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [[row.name, row.title, row.cells, row.grade] for row in self.rows]
        return ["diseases", "what it is", "cells", "weakest grade"], lines

    @property
    def below(self) -> str:
        """What they are for."""
        return WARNING


def disease_names() -> list[str]:
    """Names of the diseases of the package, sorted."""
    folder = resources.files("cascade.catalog") / "diseases"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def disease(name_or_path: str | Path) -> Disease:
    """A disease of the package by name, or one of your own from a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        A name from ``diseases()``, or a path (anything that ends in ``.toml``); either with ``:VARIANT`` after it.

    Raises
    ------
    InputError
        For a name that is not known, with the nearest ones, or a file that cannot be read.
    ModelError
        With every fault of a file's disease.

    Notes
    -----
    For research and teaching, never for decisions about a patient.

    Examples
    --------
    >>> disease("textbook").cells
    'breast'
    """
    text = str(name_or_path)
    whole, _, variant = text.rpartition(":")
    if whole in disease_names() or whole.endswith(".toml"):
        return disease(whole).variant(variant)
    if text in disease_names():
        file = resources.files("cascade.catalog") / "diseases" / f"{text}.toml"
        return Disease.from_toml(file.read_text(encoding="utf-8"), where=text)
    if isinstance(name_or_path, Path) or text.endswith(".toml"):
        try:
            content = as_path(text, "disease").read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError("disease", text, f"a TOML file that can be read ({why(error)})") from None
        _check_kind(text, parse_toml(content, text))
        return Disease.from_toml(content, where=text)
    wanted = f"the name of a disease, or the path of a .toml file; {nearest(text, disease_names())}"
    if text in cell_models():
        wanted = (
            f"a disease ({', '.join(disease_names())}); {text} is a model of cells (cascade.load; commands: show, run,"
            " exact, compare, replay), and a disease of your own may shed such cells"
        )
    raise InputError("disease", text, wanted)


def _check_kind(path: str, data: dict[str, Any]) -> None:
    """That a file is none of a model of cells."""
    if "tumour" not in data and ("states" in data or "routes" in data):
        raise InputError("disease", path, "a disease, with a tumour; this file is a model of cells (cascade.load)")
    if isinstance(data.get("cells"), dict) and not set(data["cells"]) <= set(Cancer.model_fields):
        raise InputError("cells", path, "the name of a cancer, or a table with the fields of one")


def diseases() -> Diseases:
    """The diseases of the package, with titles, cells and the weakest grade among their parts."""
    order = ("A", "B", "C", "D", "illustrative")
    rows = []
    for name in disease_names():
        one = disease(name)
        keys = [one.tumour.source, one.tumour.growth.source, one.lesions.source, one.death.source]
        keys += [part.source for group in (one.shedding, one.traits, one.subtypes) for part in group]
        keys += [test.source for test in (one.blood.tests if one.blood is not None else ())]
        grade = max((one.grade_of(key) for key in keys), key=order.index)
        rows.append(DiseaseRow(name, one.title, one.cancer.name, grade))
    return Diseases(tuple(rows))
