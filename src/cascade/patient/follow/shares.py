"""Rows of the tables at diagnosis, from counts: shares, quartiles and their intervals."""

from __future__ import annotations

import math

import numpy as np

from cascade.answers.intervals import Interval, proportion
from cascade.common.types import Floats, Ints
from cascade.patient.follow.diagnosis import Seeded, size_bounds
from cascade.patient.follow.followed import Followed
from cascade.patient.follow.scheme import MODES, N, Scheme, T
from cascade.patient.follow.staged import QuartileRow, ShareRow, StagedSiteRow

FOUND_BY = {
    "symptoms": "symptoms of the primary",
    "screening": "screening",
    "metastasis": "symptoms of a metastasis, the primary unknown until then",
}

MOST_SCREENS = 3
"""Numbers of negative screens from which on they stand in one row."""


def at_diagnosis(counts: Followed, mode: int | None) -> tuple[ShareRow, ...]:
    """Patients at diagnosis; of one mode, or of all with what is known of all alone."""
    stage = counts.stage if mode is None else counts.stage[mode : mode + 1]
    screens = counts.screens if mode is None else counts.screens[mode : mode + 1]
    of = int(stage.sum())
    rows = [_row("patients", "diagnosed", counts.diagnosed, int(counts.patients[0]))]
    found = counts.stage.sum(axis=(1, 2, 3, 4))
    rows += [_row("found by", FOUND_BY[name], int(n), counts.diagnosed) for name, n in zip(MODES, found, strict=True)]
    rows += [_row("T, by size", name, int(n), of) for name, n in zip(T, stage.sum(axis=(0, 2, 3, 4)), strict=True)]
    nodes = stage.sum(axis=(0, 1, 3, 4))
    rows += [_row("N, as the pathologist counts", name, int(n), of) for name, n in zip(N, nodes, strict=True)]
    (neither, hidden), (lost, both) = stage.sum(axis=(0, 1, 2)).tolist()
    what = "distant metastasis"
    rows += [
        _row(what, "seen and there", both, of),
        _row(what, "hidden: there, not seen", hidden, of),
        _row(what, "seen, but dies out", lost, of),
        _row(what, "neither", neither, of),
        _row("where none is seen", "hidden", hidden, hidden + neither),
    ]
    missed = screens.sum(axis=0)
    told = [*missed[:MOST_SCREENS].tolist(), int(missed[MOST_SCREENS:].sum())]
    names = [*map(str, range(MOST_SCREENS)), f"{MOST_SCREENS} or more"]
    rows += [_row("negative screens before", name, n, of) for name, n in zip(names, told, strict=True)]
    return (*rows, *_seeded(counts)) if mode is None else tuple(rows)


def _row(what: str, group: str, number: int, of: int) -> ShareRow:
    return ShareRow(what, group, number, of, number / of if of else math.nan, *proportion(number, of))


def _seeded(counts: Followed) -> tuple[ShareRow, ShareRow]:
    """When metastases were shed that are there at diagnosis: of all of them, and of the patients with any."""
    s = Seeded(*counts.seeded.tolist())
    share = s.early / s.every if s.every else math.nan
    what, early = "shed before the primary could be seen", early_share(s, int(counts.most_seeded[0]))
    return (
        ShareRow(what, "of metastases that are there", s.early, s.every, share, *early),
        _row(what, "any, of patients with some", s.with_early, s.with_any),
    )


def early_share(s: Seeded, most: int) -> Interval:
    """Interval of the share of metastases that were shed early, where those of one patient are alike.

    The exact one of so many times fewer metastases as the variance between patients is larger than that of independent
    ones; its limit away from the share allows for one more patient with the most (as ``clustered_proportion`` does).

    Parameters
    ----------
    s : Seeded
    most : int
        The most metastases of one patient.
    """
    if s.early in (0, s.every) or s.with_any < 2:
        return proportion(s.early, s.every, design_effects=(float(max(most, 1)), float(max(most, 1))))
    p, n = s.early / s.every, s.with_any
    squares = s.early_early - 2.0 * p * s.early_every + p * p * s.every_every
    variance = max(squares, 0.0) * n / (n - 1) / s.every**2
    effect = min(float(most), max(1.0, variance * s.every / (p * (1.0 - p))))

    def away_from(some: int, share: float) -> float:
        return min(float(most), max(effect, (effect * some * (1.0 - share) + most**2) / (some + most)))

    effects = away_from(s.every - s.early, 1.0 - p), away_from(s.early, p)
    return proportion(s.early, s.every, design_effects=effects)


def quartiles(counts: Followed) -> tuple[QuartileRow, ...]:
    """Diameters and ages, of all and by what led to diagnosis."""
    rows = []
    ages = np.arange(counts.age.shape[1] + 1, dtype=np.float64)
    for what, by_mode, bounds in (("diameter, mm", counts.size, size_bounds()), ("age, years", counts.age, ages)):
        groups = [("all", by_mode.sum(axis=0)), *((FOUND_BY[m], by_mode[i]) for i, m in enumerate(MODES))]
        for group, numbers in groups:
            n = int(numbers.sum())
            lower, median, upper = (quantile(numbers, bounds, n * q) for q in (0.25, 0.5, 0.75))
            rows.append(QuartileRow(what, group, n, lower, median, upper, *median_interval(numbers, bounds)))
    return tuple(rows)


def quantile(numbers: Ints, bounds: Floats, rank: float) -> float:
    """The value below which so many lie, evenly spread within their bin; not a number of nobody.

    Parameters
    ----------
    numbers : (bins,) int
    bounds : (bins + 1,) float
    rank : float
        From 0 to the number of all.
    """
    rising = numbers.cumsum()
    if not rising[-1]:
        return math.nan
    place = min(int(np.searchsorted(rising, rank, side="left")), len(numbers) - 1)
    while not numbers[place]:
        place += 1  # a rank of 0 lies below the first who is there
    within = (rank - (rising[place] - numbers[place])) / numbers[place]
    return float(bounds[place] + within * (bounds[place + 1] - bounds[place]))


def median_interval(numbers: Ints, bounds: Floats, level: float = 0.95) -> Interval:
    """Interval of a median between two ranks, whatever the law: exact but for the width of the bins.

    Parameters
    ----------
    numbers : (bins,) int
    bounds : (bins + 1,) float
    level : float
    """
    from scipy.special import bdtr, bdtrik

    n, tail = int(numbers.sum()), (1.0 - level) / 2.0
    if n == 0 or 0.5**n > tail:
        return Interval(math.nan, math.nan)
    # The most k with P(k or fewer of n lie below the median) <= tail.
    k = math.floor(bdtrik(tail, n, 0.5))
    while bdtr(k, n, 0.5) > tail:
        k -= 1
    rising = numbers.cumsum()
    low, high = (int(np.searchsorted(rising, rank, side="left")) for rank in (k + 1, n - k))
    return Interval(float(bounds[low]), float(bounds[high + 1]))


def staged_sites(tables: Ints, scheme: Scheme) -> tuple[StagedSiteRow, ...]:
    """Sites, from (J, 2, 2) patients by what is seen and there: distant ones first, and where most have any."""
    rows = []
    for site, kind, table in zip(scheme.sites, scheme.kinds, tables, strict=True):
        of, there, seen, both = int(table.sum()), int(table[:, 1].sum()), int(table[1].sum()), int(table[1, 1])
        share, found = there / of if of else math.nan, both / there if there else math.nan
        estimates = share, *proportion(there, of), found, *proportion(both, there)
        rows.append(StagedSiteRow(site, kind, of, there, seen, both, *estimates))
    kinds = ["distant", "nodal", "local"]
    return tuple(sorted(rows, key=lambda row: (kinds.index(row.kind), -row.there, row.site)))
