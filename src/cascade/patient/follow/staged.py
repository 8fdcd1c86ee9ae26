"""Tables of patients at diagnosis: how many, found how, with what stage, size, age and sites; seen beside there.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, nearest
from cascade.common.shares import estimate_of_number, estimate_of_share
from cascade.patient.tables import NOT_TOLD, WARNING


@dataclass(frozen=True)
class ShareRow:
    """How many of whom.

    Attributes
    ----------
    what, group : str
    number, of : int
        Patients, of so many; of the origin of metastases, metastases.
    share, low, high : float
        And its 95 % interval.
    """

    what: str
    group: str
    number: int
    of: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class DiagnosisTable(Table[ShareRow]):
    """Patients at diagnosis by what is known of them, and by what is not."""

    left = (0, 1)

    rows: tuple[ShareRow, ...]
    label: str = ""
    note: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines, before = [], ""
        for row in self.rows:
            share = estimate_of_share(row.share, row.low, row.high) if row.of else NOT_TOLD
            lines.append([row.what * (row.what != before), row.group, f"{row.number:,}", f"{row.of:,}", *share])
            before = row.what
        return ["at diagnosis", "", "number", "of", "share", "95 % interval"], lines

    def row(self, what: str, group: str) -> ShareRow:
        """A row by its names.

        Raises
        ------
        InputError
            For one that there is not.
        """
        for row in self.rows:
            if (row.what, row.group) == (what, group):
                return row
        known = [f"{row.what}: {row.group}" for row in self.rows]
        raise InputError("row", f"{what}: {group}", f"the names of a row; {nearest(f'{what}: {group}', known)}")

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return f"{self.label}: at diagnosis"

    @property
    def below(self) -> str:
        """How to read it."""
        return f"{self.note} {WARNING}".strip()


@dataclass(frozen=True)
class QuartileRow:
    """The quartiles of something in a group of patients.

    Attributes
    ----------
    what, group : str
    patients : int
    lower, median, upper : float
        Not a number of nobody.
    low, high : float
        95 % interval of the median, by ranks; not a number of fewer than six patients.
    """

    what: str
    group: str
    patients: int
    lower: float
    median: float
    upper: float
    low: float
    high: float


@dataclass(frozen=True)
class QuartileTable(Table[QuartileRow]):
    """Quartiles by what led to diagnosis."""

    left = (0, 1)

    rows: tuple[QuartileRow, ...]
    label: str = ""
    note: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines, before = [], ""
        for row in self.rows:
            quarters = ["-" if math.isnan(q) else f"{q:.3g}" for q in (row.lower, row.upper)]
            median = NOT_TOLD if math.isnan(row.median) else estimate_of_number(row.median, row.low, row.high, 3)
            line = [row.what * (row.what != before), row.group, f"{row.patients:,}", quarters[0], *median, quarters[1]]
            lines.append(line)
            before = row.what
        return ["at diagnosis", "found by", "patients", "a quarter below", "median", "95 % interval",
                "a quarter above"], lines  # fmt: skip

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return f"{self.label}: size and age at diagnosis"

    @property
    def below(self) -> str:
        """How exact it is."""
        return f"{self.note} {WARNING}".strip()


@dataclass(frozen=True)
class StagedSiteRow:
    """Lesions of a site at diagnosis, seen beside there.

    Attributes
    ----------
    site, kind : str
    patients : int
        Diagnosed.
    there, seen, both : int
        Patients in whom lesions are there, in whom some were seen by that day, and both.
    share, low, high : float
        Of the patients in whom lesions are there, and its 95 % interval.
    found, found_low, found_high : float
        Of these the share in whom some were seen; not a number where nobody has any.
    """

    site: str
    kind: str
    patients: int
    there: int
    seen: int
    both: int
    share: float
    low: float
    high: float
    found: float
    found_low: float
    found_high: float


@dataclass(frozen=True)
class StagedSites(Table[StagedSiteRow]):
    """Sites at diagnosis, or at death: where most patients have lesions comes first."""

    left = (0, 1)

    rows: tuple[StagedSiteRow, ...]
    label: str = ""
    note: str = ""
    when: str = "diagnosis"

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["site", "kind", "patients with lesions there", "share", "95 % interval", "with lesions seen"]
        lines = []
        for row in self.rows:
            found = NOT_TOLD if not row.there else estimate_of_share(row.found, row.found_low, row.found_high)
            share = estimate_of_share(row.share, row.low, row.high) if row.patients else NOT_TOLD
            lines.append([row.site, row.kind, f"{row.there:,}", *share, f"{row.seen:,}", *found])
        return [*header, "seen where there", "95 % interval"], lines

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return f"{self.label}: sites at {self.when}"

    @property
    def below(self) -> str:
        """How to read it."""
        return f"{self.note} {WARNING}".strip()
