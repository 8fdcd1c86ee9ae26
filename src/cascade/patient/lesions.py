"""Lesions of one patient, and the table of its founders."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cascade.answers.table import Table, Texts
from cascade.patient.tables import WARNING

ONLY_FOUNDERS = "Only cells that found are told, or will one day: of those that sleep most never wake."


@dataclass(frozen=True)
class Lesion:
    """The primary (number 0), or a founder and what became of it; times in years of the tumour.

    Attributes
    ----------
    number : int
    identity : int
        By descent: the number of the founder as a cell of ``model``.
    parent : int or None
        The lesion whose cell it was; None: the primary.
    site, route : str
        "primary" and "" for the primary.
    shed, founded : float
        When the founder entered the vessel, and divided for the first time; infinity: not in the years that are told.
    early_cells : float
        Cells at the end of the early phase; 0: it died out.
    pace : float
        Of growth, over that of the law.
    asleep, awake : float
        When the lesion stopped, small and without vessels, and went on; infinity: it did not.
    gone : float
        When treatment killed the last of its cells, or it was taken out; infinity: it was not.
    """

    number: int
    identity: int
    parent: int | None
    site: str
    route: str
    shed: float
    founded: float
    early_cells: float
    pace: float
    asleep: float
    awake: float
    gone: float = math.inf

    @property
    def fate(self) -> str:
        """What became of it, in a word."""
        if math.isinf(self.founded):
            return "in transit"
        if math.isfinite(self.gone):
            return "ended by treatment"
        return "grows" if self.early_cells else "died out"


@dataclass(frozen=True)
class FounderRow:
    """When a founder did what; years of the tumour, infinity: never, or not yet.

    Attributes
    ----------
    lesion : int
    parent : int
    site, route : str
    shed, out, asleep, woke, founded : float
        Entered the vessel; left it; fell asleep and woke, as a single cell; divided for the first time.
    fate : str
    mm : float
        Diameter of the lesion at the end; 0 while it is a single cell, and of one that died out.
    stopped, resumed : float
        When the lesion stopped to grow, small and without vessels, and when it went on.
    """

    lesion: int
    parent: int
    site: str
    route: str
    shed: float
    out: float
    asleep: float
    woke: float
    founded: float
    fate: str
    mm: float
    stopped: float = math.inf
    resumed: float = math.inf


@dataclass(frozen=True)
class Founders(Table[FounderRow]):
    """Founders of a patient, in the order in which they were shed."""

    left = (0, 1, 2, 3)

    rows: tuple[FounderRow, ...]
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = [
            "lesion",
            "from",
            "site",
            "route",
            "shed",
            "left the vessel",
            "asleep",
            "woke",
            "founded",
            "fate",
            "mm",
        ]
        lines = []
        for row in self.rows:
            when = [
                f"{y:.2f}" if math.isfinite(y) else "-" for y in (row.shed, row.out, row.asleep, row.woke, row.founded)
            ]
            source = "primary" if row.parent == 0 else str(row.parent)
            size = f"{row.mm:.2g}" if row.mm > 0 else "-"
            lines.append([str(row.lesion), source, row.site, row.route, *when, row.fate, size])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose founders."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return f"Years of the tumour. {ONLY_FOUNDERS} {WARNING}"
