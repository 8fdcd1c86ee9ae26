"""Published studies that come with the package, as tables to try things on: each with its source and terms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, nearest
from cascade.common.files import parse_toml
from cascade.inference.data import Data

FOLDER = Path(__file__).parent / "studies"


@dataclass(frozen=True)
class StudyRow:
    """A published study.

    Attributes
    ----------
    name, kind : str
        ``kind``: 'times', 'seen' or 'patients', as for ``Data``.
    what, source, grade, terms, notes : str
    """

    name: str
    kind: str
    what: str
    source: str
    grade: str
    terms: str
    notes: str


@dataclass(frozen=True)
class Studies(Table[StudyRow]):
    """Published studies that come with the package."""

    rows: tuple[StudyRow, ...]

    left = (0, 1, 2)

    def as_text(self) -> Texts:
        """Headings and lines."""
        return ["study", "kind", "what", "grade"], [[r.name, r.kind, r.what, r.grade] for r in self.rows]

    @property
    def below(self) -> str:
        """Sources and terms."""
        return "\n".join(f"{r.name}: {r.source}. {r.terms}. {r.notes}" for r in self.rows)


def studies() -> Studies:
    """The published studies that come with the package, with their sources and terms."""
    return Studies(
        tuple(StudyRow(name, **{k: v for k, v in one.items() if k != "columns"}) for name, one in _told().items())
    )


def study(name: str) -> Data:
    """A published study as data.

    Parameters
    ----------
    name : str
        One of ``cascade.studies()``.

    Raises
    ------
    InputError
        For another name.

    Examples
    --------
    >>> print(study("moertel-1990").told)
    929 rows with 506 events
    """
    told = _told()
    if name not in told:
        raise InputError("name", name, f"a study that comes with the package; {nearest(str(name), list(told))}")
    kinds: dict[str, Callable[..., Data]] = {"times": Data.times, "seen": Data.seen, "patients": Data.patients}
    read = kinds[told[name]["kind"]]
    return read(FOLDER / f"{name}.csv", columns=told[name]["columns"])


def _told() -> dict[str, dict[str, Any]]:
    path = FOLDER / "studies.toml"
    return parse_toml(path.read_text(encoding="utf-8"), path.name)
