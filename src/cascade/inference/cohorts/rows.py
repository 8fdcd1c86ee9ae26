"""Own data of patients: size, nodes, metastasis and cells in the blood at diagnosis, and when a metastasis was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cascade.common.frozen import FrozenDict
from cascade.common.jsons import plain_data
from cascade.common.text import number, text_table
from cascade.inference.data import Data, plain_rows
from cascade.model.observables import Observable

KNOWN = ("size", "nodes", "metastasis", "tube", "followed")
"""What may be known of a patient."""


@dataclass(frozen=True)
class Patient:
    """One row: a patient, or several who are alike in what is known of them.

    Attributes
    ----------
    arm : str
    mm_from, mm_to : float
        Where the diameter at diagnosis lies; of a measured one both are it, of an unknown one 0 and inf.
    nodes_from, nodes_to : float
        Positive nodes, from the least to the most; of unknown ones 0 and inf.
    metastasis : int
        0 or 1: a distant one, seen at diagnosis; -1 unknown.
    tube : int
        Tumour cells in 7.5 mL of blood at diagnosis; -1 unknown.
    years : float
        From diagnosis to the first distant metastasis, or to the last look without one; nan: not followed.
    event : bool
        Whether it is the time of a metastasis.
    patients : int
    """

    arm: str
    mm_from: float
    mm_to: float
    nodes_from: float
    nodes_to: float
    metastasis: int
    tube: int
    years: float
    event: bool
    patients: int

    def __eq__(self, other: object) -> bool:
        # What is not a number is unlike itself: two who were not followed are alike all the same.
        return isinstance(other, Patient) and plain_data(vars(self)) == plain_data(vars(other))

    def __hash__(self) -> int:
        return hash(tuple(plain_data(vars(self)).values()))

    @property
    def known(self) -> set[str]:
        """What of ``KNOWN`` is known of them."""
        knows = {
            "size": self.mm_from > 0 or self.mm_to < math.inf,
            "nodes": self.nodes_from > 0 or self.nodes_to < math.inf,
            "metastasis": self.metastasis >= 0,
            "tube": self.tube >= 0,
            "followed": not math.isnan(self.years),
        }
        return {what for what, known in knows.items() if known}


@dataclass(frozen=True)
class Classes:
    """How patients are put together to be counted.

    Attributes
    ----------
    mm : tuple of float
        Borders of sizes at diagnosis, ascending; each is the least of its class.
    nodes : tuple of int
        Borders of numbers of positive nodes.
    tube : tuple of int
        Borders of numbers of cells in a tube.
    years : tuple of float
        Ends of the intervals in which recurrences are counted.
    """

    mm: tuple[float, ...]
    nodes: tuple[int, ...]
    tube: tuple[int, ...]
    years: tuple[float, ...]

    def told(self, what: str, place: int) -> str:
        """A class in words: '10 to 20 mm', 'N 1-3', '5 cells and more', 'years 2 to 3'; '' of all.

        Examples
        --------
        >>> classes = Classes((10.0, 20.0), (1, 4), (1, 5), (1.0, 2.0))
        >>> [classes.told("mm", 0), classes.told("nodes", 1), classes.told("tube", 2), classes.told("years", 1)]
        ['below 10 mm', 'N 1-3', '5 cells and more', 'years 1 to 2']
        """
        if place < 0:
            return ""
        edges = (0.0, *getattr(self, what), math.inf)
        least, end = edges[place], edges[place + 1]
        if what == "years":
            return f"years {least:g} to {end:g}"
        if what == "mm":
            if least == 0 or math.isinf(end):
                return f"below {end:g} mm" if least == 0 else f"{least:g} mm and more"
            return f"{least:g} to {end:g} mm"
        whole = f"{least:g}" if end == least + 1 else f"{least:g}+" if math.isinf(end) else f"{least:g}-{end - 1:g}"
        if what == "nodes":
            return f"N {whole}"
        return f"{least:g} cells and more" if math.isinf(end) else f"{whole} cells"


@dataclass(frozen=True)
class Patients(Data):
    """Patients of a cohort.

    Make it with ``Data.patients``.

    Attributes
    ----------
    rows : tuple of Patient
    classes : Classes
    given : tuple of str
        What patients were chosen by, of 'mm', 'nodes', 'metastasis': how many have it says nothing.
    name : str
        Where they come from.
    observables : mapping
        None: a disease knows what they are.
    """

    rows: tuple[Patient, ...]
    classes: Classes
    given: tuple[str, ...] = ()
    name: str = field(default="data", compare=False)
    observables: Mapping[str, Observable] = field(default_factory=lambda: FrozenDict({}))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, which ``Data.patients`` takes again: None for what is not known."""
        unknown = {"metastasis": -1, "tube": -1}
        return [{k: None if unknown.get(k) == v else v for k, v in row.items()} for row in plain_rows(self)]

    @property
    def told(self) -> str:
        """How much there is, in words."""
        patients = sum(row.patients for row in self.rows)
        seen = sum(row.patients for row in self.rows if row.event)
        there = sum(row.patients for row in self.rows if row.metastasis == 1)
        return f"{patients:,} patients, {there:,} with a metastasis at diagnosis, {seen:,} with one later"

    def __str__(self) -> str:
        lines = []
        for arm in self.arms:
            mine = [row for row in self.rows if row.arm == arm]
            told = [sum(row.patients for row in mine if what in row.known) for what in KNOWN]
            lines.append([arm, number(sum(row.patients for row in mine)), *map(number, told)])
        return f"{self.told}\n\n{text_table(['arm', 'patients', *KNOWN], lines)}"
