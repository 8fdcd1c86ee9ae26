"""The register of a cohort: a row for each patient, as a registry would keep it, and the sites of lesions.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.files import as_path, write_atomically
from cascade.common.frozen import ByValue, read_only
from cascade.common.types import Floats, Ints, Mask
from cascade.patient.follow.scheme import CAUSES, MODES, Scheme

WHOLE = ("patient", "subtype", "mode", "negative_screens", "nodes_removed", "nodes_positive", "metastasis_seen",
         "there", "at_death", "autopsied", "seeded_early", "seeded", "cause")  # fmt: skip
"""Columns of whole numbers; all others are doubles."""

BY_SITE = "there", "at_death", "autopsied", "seen_at"
"""Columns with a number for each site."""

SITE_COLUMNS = "patient", "site", "kind", "seen_at", "there", "at_death", "autopsied"
"""Of the file of sites."""


@dataclass(frozen=True, eq=False)
class Register(ByValue):
    """A row a patient; times in years of the tumour, infinite for what never comes.

    Attributes
    ----------
    scheme : Scheme
        What the columns stand for.
    patient : (n,) int
    age : (n,) float
        In years, at the first cell of the tumour.
    subtype : (n,) int
        Place in ``scheme.subtypes``; 0 where there are none.
    traits : (n, F) float
    diagnosed : (n,) float
    mode : (n,) int
        What led to diagnosis: 1, 2, 3 as ``MODES``; 0 never.
    negative_screens : (n,) int
        Screening visits without a finding, before diagnosis.
    cells : (n,) float
        Of the primary at diagnosis.
    visible : (n,) float
        When the primary could first be seen by an eye of staging or of screening.
    surgery : (n,) float
    nodes_removed : (n,) int
    nodes_positive : (n,) int
        As the pathologist counts; -1 where nobody looked.
    metastasis_seen : (n,) int
        0 or 1: a distant one, at diagnosis.
    there : (n, J) int
        Lesions by site that are there at diagnosis: founded, and never to die out.
    at_death, autopsied : (n, J) int
        Lesions by site that are there at death, and those that the autopsy sees; 0 for who is alive at the end.
    seen_at : (n, J) float
        When a lesion of the site was first seen.
    seeded_early, seeded : (n,) int
        Distant lesions that are there at diagnosis: those shed before ``visible``, and all.
    local, distant : (n,) float
        When local recurrence, and a distant metastasis, were first seen as visits are scheduled; ``distant`` is
        ``diagnosed`` where one is seen then.
    distant_true : (n,) float
        When a distant metastasis could first be seen, from diagnosis on, were one to look every day.
    death : (n,) float
        Infinite for who is alive at the end.
    cause : (n,) int
        Of death: 1, 2 as ``CAUSES``; 0 alive.
    end : (n,) float
        The last year that is followed.

    Raises
    ------
    InputError
        For a column of another shape, or with a number that it cannot have.
    """

    scheme: Scheme
    patient: Ints
    age: Floats
    subtype: Ints
    traits: Floats
    diagnosed: Floats
    mode: Ints
    negative_screens: Ints
    cells: Floats
    visible: Floats
    surgery: Floats
    nodes_removed: Ints
    nodes_positive: Ints
    metastasis_seen: Ints
    there: Ints
    at_death: Ints
    autopsied: Ints
    seen_at: Floats
    seeded_early: Ints
    seeded: Ints
    local: Floats
    distant: Floats
    distant_true: Floats
    death: Floats
    cause: Ints
    end: Floats

    def __post_init__(self) -> None:
        n = len(np.atleast_1d(self.patient))
        wide = dict.fromkeys(BY_SITE, len(self.scheme.sites)) | {"traits": len(self.scheme.traits)}
        for name in self.columns():
            kind = np.int64 if name in WHOLE else np.float64
            column, given = np.array(getattr(self, name), kind), np.asarray(getattr(self, name))
            shape = (n, wide[name]) if name in wide else (n,)
            if column.shape != shape:
                raise InputError(name, column.shape, f"an array of shape {shape}: a row for each patient")
            if not np.array_equal(column, given, equal_nan=kind is np.float64):
                raise InputError(name, str(given.dtype), "whole numbers, of at most 63 bits")
            object.__setattr__(self, name, read_only(column))
        self._check()

    def _check(self) -> None:
        """What would put a patient into a wrong group, or into none."""
        ranges = {"mode": (0, 3), "cause": (0, 2), "metastasis_seen": (0, 1), "nodes_positive": (-1, math.inf)}
        ranges |= {"subtype": (0, max(len(self.scheme.subtypes), 1) - 1)}
        for name in ("negative_screens", "there", "at_death", "autopsied", "seeded_early", "seeded", "nodes_removed"):
            ranges[name] = (0, math.inf)
        for name, (least, most) in ranges.items():
            column = getattr(self, name)
            wrong = column[(column < least) | (column > most)]
            if wrong.size:
                wanted = f"whole numbers from {least}" + (f" to {most}" if most < math.inf else " on")
                raise InputError(name, int(wrong.flat[0]), wanted)
        pairs = (("diagnosed", self.mode > 0), ("death", self.cause > 0))
        for name, told in pairs:
            if not np.array_equal(np.isfinite(getattr(self, name)), told):
                other = {"diagnosed": "mode", "death": "cause"}[name]
                raise InputError(name, "finite and infinite years", f"a year where {other} is not 0, else infinity")
        known = self.mode > 0
        for name in ("local", "distant", "distant_true", "death", "end"):
            if np.isnan(column := getattr(self, name)).any() or (column[known] < self.diagnosed[known]).any():
                raise InputError(name, "a year before diagnosis", "years from diagnosis on, or infinity")
        if (self.end > self.scheme.years).any():
            raise InputError("end", float(self.end.max()), f"at most the years of the scheme: {self.scheme.years:g}")

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Names of the arrays."""
        return tuple(field.name for field in fields(cls) if field.name != "scheme")

    @classmethod
    def joined(cls, parts: Iterable[Register]) -> Register:
        """One register of several, in their order.

        Raises
        ------
        InputError
            For none, or for registers of different schemes.
        """
        every = list(parts)
        if not every or not all(isinstance(part, Register) for part in every):
            raise InputError("parts", every, "one register or more")
        for part in every:
            if part.scheme != every[0].scheme:
                raise InputError("parts", part.scheme.label, "registers of one scheme: sites, traits, subtypes, years")
        arrays = {name: np.concatenate([getattr(part, name) for part in every]) for name in cls.columns()}
        return cls(every[0].scheme, **arrays)

    def __add__(self, other: Register) -> Register:
        return Register.joined([self, other])

    def __len__(self) -> int:
        return len(self.patient)

    def __getitem__(self, rows: slice | Mask | Ints) -> Register:
        """Some of the rows: a slice, a mask, or places."""
        if not isinstance(rows, slice | np.ndarray):
            raise InputError("rows", rows, "a slice, an array of True and False, or an array of places")
        return replace(self, **{name: getattr(self, name)[rows] for name in self.columns()})

    @property
    def label(self) -> str:
        """Name of the disease."""
        return self.scheme.label

    @property
    def metastasis_there(self) -> Mask:
        """Whether a distant lesion is there at diagnosis, seen or not, (n,)."""
        return np.asarray((self.there[:, list(self.scheme.distant)] > 0).any(axis=1))

    def rows(self) -> Iterator[dict[str, Any]]:
        """A dictionary for each patient, words for numbers that stand for them, None for what never comes.

        What is known of each site stands in ``site_rows``.
        """
        names = [name for name in self.columns() if name not in ("traits", *BY_SITE)]
        subtypes, traits = self.scheme.subtypes, [f"trait.{name}" for name in self.scheme.traits]
        for i in range(len(self)):
            row: dict[str, Any] = {name: _told(getattr(self, name)[i]) for name in names}
            row["subtype"] = subtypes[row["subtype"]] if subtypes else None
            row["mode"] = MODES[row["mode"] - 1] if row["mode"] else None
            row["cause"] = CAUSES[row["cause"] - 1] if row["cause"] else None
            row["nodes_positive"] = None if row["nodes_positive"] < 0 else row["nodes_positive"]
            if self.mode[i] == 0:
                row |= dict.fromkeys(("cells", "metastasis_seen", "seeded", "seeded_early", "nodes_removed"))
            yield row | dict(zip(traits, self.traits[i].tolist(), strict=True))

    def site_rows(self) -> Iterator[dict[str, Any]]:
        """Of each diagnosed patient a dictionary for each site: lesions there at diagnosis, and when one was seen."""
        for i in np.flatnonzero(self.mode > 0):
            for j, (site, kind) in enumerate(zip(self.scheme.sites, self.scheme.kinds, strict=True)):
                about = {"patient": int(self.patient[i]), "site": site, "kind": kind}
                seen, there = _told(self.seen_at[i, j]), int(self.there[i, j])
                dead = self.cause[i] > 0
                opened = {name: int(getattr(self, name)[i, j]) if dead else None for name in ("at_death", "autopsied")}
                yield {**about, "seen_at": seen, "there": there, **opened}

    def to_csv(self, folder: str | Path) -> tuple[Path, Path]:
        """Write ``patients.csv``, a line for each patient, and ``sites.csv``, a line for each patient and site.

        What never comes and what is not known is left empty, which R reads as NA.  Times are years of the tumour:
        those since diagnosis are less ``diagnosed``; who has no event is followed to ``end``.

        Parameters
        ----------
        folder : str or Path
            It is made where there is none.

        Returns
        -------
        tuple of Path
            The two files.
        """
        into = as_path(folder, "folder")
        into.mkdir(parents=True, exist_ok=True)
        names = [name for name in self.columns() if name not in ("traits", *BY_SITE)]
        names += [f"trait.{name}" for name in self.scheme.traits]
        files = into / "patients.csv", into / "sites.csv"
        write_atomically(files[0], _csv(names, self.rows()))
        write_atomically(files[1], _csv(SITE_COLUMNS, self.site_rows()))
        return files


def _told(value: Any) -> Any:
    """A number as Python's; None for one that is not finite."""
    plain = value.item()
    return plain if isinstance(plain, int) or math.isfinite(plain) else None


def _csv(names: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """Lines of comma-separated values; None is left empty."""
    text = io.StringIO()
    lines = csv.DictWriter(text, names, lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    return text.getvalue().encode()
