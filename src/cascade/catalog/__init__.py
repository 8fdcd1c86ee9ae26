"""The catalogue: named models as TOML files, each number with its source and grade."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cascade.display import html_table, text_table
from cascade.errors import InputError, nearest
from cascade.model import Model


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue.

    ``grade`` is the weakest evidence grade among its hazards.
    """

    name: str
    title: str
    grade: str


@dataclass(frozen=True)
class Entries:
    """All models of the catalogue."""

    entries: tuple[Entry, ...]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return ["model", "what it is", "weakest grade"], [[e.name, e.title, e.grade] for e in self.entries]

    def __str__(self) -> str:
        return text_table(*self._cells(), left=(0, 1, 2))

    def _repr_html_(self) -> str:
        return html_table(*self._cells())


def names() -> list[str]:
    """Names of the models, sorted."""
    folder = resources.files("cascade.catalog")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load(name_or_path: str | Path) -> Model:
    """A model of the catalogue by name, or one of your own from a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        A name from ``models()``, or a path (anything that ends in ``.toml``).

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
    text = str(name_or_path)
    if text in names():
        return Model.from_toml((resources.files("cascade.catalog") / f"{text}.toml").read_text(encoding="utf-8"))
    if isinstance(name_or_path, Path) or text.endswith(".toml"):
        try:
            content = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError("model", text, f"a TOML file that can be read ({error})") from None
        return Model.from_toml(content, where=text)
    raise InputError("model", text, f"the name of a model, or the path of a .toml file; {nearest(text, names())}")


def models() -> Entries:
    """The models of the catalogue, with titles and grades."""
    found = []
    for name in names():
        model = load(name)
        order = ("A", "B", "C", "D", "illustrative", "")
        grades = [model.grade_of(part.source) for _, part, _ in model.hazards()]
        found.append(Entry(name, model.title, max(grades, key=order.index, default="")))
    return Entries(tuple(found))
