"""Tables of patients who are followed: survival and incidence, hazards by year, sites by the time they were seen.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cascade.answers.table import Table, Texts
from cascade.common.shares import Estimate, estimate_of_number, estimate_of_share
from cascade.patient.tables import NOT_TOLD, WARNING


@dataclass(frozen=True)
class SurvivalRow:
    """A group of patients, so many years after diagnosis.

    Attributes
    ----------
    group : str
        "all", or one of those that are told apart.
    years : float
        Since diagnosis.
    at_risk : int
        Patients who are still followed, and without the event, after that time.
    events : int
        By then; of a composite end those of either kind.
    share, low, high : float
        Of the patients, and its 95 % interval; not a number where nobody is followed so long.
    """

    group: str
    years: float
    at_risk: int
    events: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class SurvivalTable(Table[SurvivalRow]):
    """Shares by group and year."""

    left = (0,)

    rows: tuple[SurvivalRow, ...]
    end: str
    by: str | None = None
    label: str = ""
    note: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["years since diagnosis", "still at risk", "events", self.end, "95 % interval"]
        lines = []
        for row in self.rows:
            share = _share(row.share, row.low, row.high)
            line = [f"{row.years:g}", f"{row.at_risk:,}", f"{row.events:,}", *share]
            lines.append([row.group, *line] if self.by else line)
        return [self.by, *header] if self.by else header, lines

    @property
    def caption(self) -> str:
        """Whose table it is, of what."""
        return f"{self.label}: {self.end}{f', by {self.by}' if self.by else ''}"

    @property
    def below(self) -> str:
        """What counts as event, what deaths do, who is followed."""
        return _below(self.note)


@dataclass(frozen=True)
class HazardRow:
    """A group of patients in one year since diagnosis.

    Attributes
    ----------
    group : str
    year : int
        Years since diagnosis at its begin.
    at_risk : int
        At its begin.
    events : int
    person_years : float
    per_year, low, high : float
        Events a person-year, and their 95 % interval; not a number where nobody is at risk.
    """

    group: str
    year: int
    at_risk: int
    events: int
    person_years: float
    per_year: float
    low: float
    high: float


@dataclass(frozen=True)
class HazardTable(Table[HazardRow]):
    """Hazards by group and year, and how many modes they have.

    Attributes
    ----------
    modes : tuple of (str, tuple of (int, int))
        Of each group the years of its modes, first and last: see ``follow.modes``.
    """

    left = (0,)

    rows: tuple[HazardRow, ...]
    modes: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    end: str
    by: str | None = None
    label: str = ""
    note: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["years since diagnosis", "at risk", "events", "person-years", "events a person-year", "95 % interval"]
        lines = []
        for row in self.rows:
            rate = _rate(row.per_year, row.low, row.high)
            line = [f"{row.year} to {row.year + 1}", f"{row.at_risk:,}", f"{row.events:,}"]
            line += [f"{row.person_years:,.1f}", *rate]
            lines.append([row.group, *line] if self.by else line)
        return [self.by, *header] if self.by else header, lines

    @property
    def caption(self) -> str:
        """Whose table it is, of what."""
        return f"{self.label}: hazard of the end '{self.end}'{f', by {self.by}' if self.by else ''}"

    @property
    def below(self) -> str:
        """Its modes, what counts as event, who is followed."""
        told = [f"{f'{group}: ' if self.by else ''}{_modes(peaks)}" for group, peaks in self.modes]
        modes = f"Modes told from noise (false in 1 of 20 tables at most): {'; '.join(told)}."
        return _below(f"{modes} {self.note}")


@dataclass(frozen=True)
class SiteRow:
    """A site, so many years after diagnosis.

    Attributes
    ----------
    site, kind : str
    years : float
    seen : int
        Patients in whom a lesion of it was seen by then.
    share, low, high : float
        Of all diagnosed, while death competes, and its 95 % interval.
    """

    site: str
    kind: str
    years: float
    seen: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class SiteTable(Table[SiteRow]):
    """When lesions of each site were first seen."""

    left = (0, 1)

    rows: tuple[SiteRow, ...]
    label: str = ""
    note: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["site", "kind", "years since diagnosis", "patients", "cumulative incidence", "95 % interval"]
        return header, [
            [row.site, row.kind, f"{row.years:g}", f"{row.seen:,}", *_share(row.share, row.low, row.high)]
            for row in self.rows
        ]

    @property
    def caption(self) -> str:
        """Whose table it is, of what."""
        return f"{self.label}: lesions seen, by site"

    @property
    def below(self) -> str:
        """What counts, and what deaths do."""
        return _below(self.note)


def _below(note: str) -> str:
    return f"{note.strip()} {WARNING}".strip()


def _share(share: float, low: float, high: float) -> Estimate:
    return NOT_TOLD if math.isnan(share) else estimate_of_share(share, min(low, share), max(high, share))


def _rate(rate: float, low: float, high: float) -> Estimate:
    if math.isnan(rate):
        return NOT_TOLD
    return estimate_of_number(rate, low, high, 3) if rate else Estimate("0", f"below {high:.2g}")


def _modes(peaks: Sequence[tuple[int, int]]) -> str:
    """How many, and where, in words."""
    if len(peaks) < 2:
        return "one" if peaks else "none, for want of events"
    where = [f"{first} to {last + 1}" for first, last in peaks]
    return f"{len(peaks)}, in years {', '.join(where[:-1])} and {where[-1]}"
