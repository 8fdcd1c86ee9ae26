r"""Founders by the age of their source, and lesions by the age of their ancestors: linear maps on panels of ages.

With c(a) the cells that a source sheds a day through a route, none before its onset, h the chance of each to found and
F the law of the delay, the expected number of founders by age a is

    B(a) = h int_0^{a - onset} c(a - u) F(u) du,      B'(a) = h int c(a - u) dF(u),

Gauss over every interval of the table of F (`delays`), cut where shedding begins.  From one founder with n cells at the
end of the early phase, A by its own clock, comes the standard lesion of age w - delta after real age w, delta = (A -
tau(n)) / s: with shares of n, sums of B over shifts are *births* of standard lesions and numbers of lesions of a size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cascade.common.compiled import cached
from cascade.common.types import Floats
from cascade.patient.delays import Delays

NODES_IN_CELL = 4
LEAST_SHARE = 1e-17
WIDER = 1.5
"""How much wider a panel may be than the one before."""
ONE_BY_ONE = 64
"""Early sizes up to which each has a shift of its own; larger ones in blocks of a tenth, two shifts each."""


@dataclass(frozen=True)
class Rule:
    """Points of a panel and of a Gauss rule, in (-1, 1)."""

    points: Floats
    bary: Floats
    weights: Floats

    @classmethod
    def of(cls, number: int) -> Rule:
        """Gauss-Legendre of so many points."""
        x, w = np.polynomial.legendre.leggauss(number)
        bary = np.where(np.arange(number) % 2, -1.0, 1.0) * np.sqrt((1.0 - x * x) * w)
        return cls(np.asarray(x, np.float64), np.asarray(bary, np.float64), np.asarray(w, np.float64))


@dataclass(frozen=True, eq=False)
class Panels:
    """Ages in panels, closer together where they begin.

    Attributes
    ----------
    edges : (M + 1,) float
        Days.
    rates : (M,) float
        At which a function grows there, a day, about.
    rule : Rule
    """

    edges: Floats
    rates: Floats
    rule: Rule

    @classmethod
    def of(
        cls,
        begin: float,
        end: float,
        width: Callable[[float], float],
        rule: Rule,
        halvings: int = 0,
        rate: Callable[[float], float] | None = None,
    ) -> Panels:
        """Panels as wide as ``width`` allows where they begin; the first halved so many times towards its beginning."""
        edges = [begin]
        while edges[-1] < end:
            most = width(edges[-1])
            if len(edges) > 1:
                most = min(most, WIDER * (edges[-1] - edges[-2]))
            # The last two share what is left.
            left = end - edges[-1]
            edges.append(end if left <= most else edges[-1] + (most if left >= 2.0 * most else 0.5 * left))
        first = begin + (edges[1] - begin) * 0.5 ** np.arange(halvings, 0, -1)
        ends = np.concatenate([edges[:1], first, edges[1:]])
        middles = 0.5 * (ends[1:] + ends[:-1])
        rates = np.array([rate(age) for age in middles.tolist()]) if rate else np.zeros(len(middles))
        return cls(ends, rates, rule)

    @property
    def ages(self) -> Floats:
        """Ages at all points, (M p,)."""
        half = 0.5 * np.diff(self.edges)[:, None]
        return np.asarray((self.edges[:-1, None] + half * (1.0 + self.rule.points)).ravel())

    def shifted(self, ages: Floats, shifts: Floats, shares: Floats) -> Floats:
        """Map from values at the points to sum_k share_k f(age - shift_k), (ages, M p)."""
        from cascade.patient import ages as room
        from cascade.patient.ages import panels

        out = np.zeros((len(ages), len(self.ages)))
        run = cached(panels.shifted, room)
        run(self.edges, self.rates, self.rule.points, self.rule.bary, np.asarray(ages, float), shifts, shares, out)
        return out

    def convolved(self, births: Floats, other: Panels, ages: Floats, least: float = 0.0) -> Floats:
        """Maps from values h at the points of ``other`` to int births_j(v) h(age - v) dv, (J, ages, M p).

        Only ages of h from ``least`` on count.
        """
        from cascade.patient import ages as room
        from cascade.patient.ages import panels

        out = np.zeros((births.shape[1], len(ages), len(other.ages)))
        run, rule = cached(panels.convolved, room), self.rule
        run(
            self.edges, self.rates, np.ascontiguousarray(births), other.edges, other.rates,
            rule.points, rule.bary, rule.weights, np.asarray(ages, float), least, out,
        )  # fmt: skip
        return out


def founded(
    delays: Delays, ways: list[int], rate: Callable[[Floats], Floats], onset: float, ages: Floats, nodes: int
) -> tuple[Floats, Floats, Floats]:
    """Founders by each age for a chance of 1: awake, with sleep, and their rate a day with sleep, (A, ways) each.

    Parameters
    ----------
    delays : Delays
    ways : list of int
    rate : callable
        Cells shed a day at an age of the source.
    onset : float
        Age in days at which it begins.
    ages : (A,) float
    nodes : int
        Of Gauss, in each interval of the table.
    """
    logs = np.log(delays.days)
    step = logs[1] - logs[0]
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = 0.5 * (1.0 + x), 0.5 * w
    by_value = np.zeros((len(ages), len(logs), 2))
    by_density = np.zeros_like(by_value)
    latest = ages - onset
    cell = np.clip(np.searchsorted(delays.days, latest, side="right") - 1, -1, len(logs) - 2)
    most = int(cell.max(initial=-1)) + 1
    if most > 0:
        # Whole intervals: the same points for every age.
        u = np.exp(logs[:most, None] + step * x)
        shed = rate(np.maximum(ages[:, None, None] - u, onset)) * (np.arange(most)[:, None] < cell[:, None, None])
        _add(by_value, shed * (u * step * w), x, step, slice(0, most))
        _add(by_density, shed * w, x, step, slice(0, most), slopes=True)
        # And the last one of each, up to where shedding began.
        some = np.flatnonzero(cell >= 0)
        part = np.log(latest[some] / delays.days[cell[some]]) / step
        y = part[:, None] * x
        u = np.exp(logs[cell[some], None] + step * y)
        shed = rate(np.maximum(ages[some, None] - u, onset)) * part[:, None] * w
        for k in range(nodes):
            for total, slopes, at in ((by_value, False, u[:, k] * step), (by_density, True, 1.0)):
                for side, kind, basis in _basis(y[:, k], step, slopes):
                    total[some, cell[some] + side, kind] += shed[:, k] * at * basis
    awake = by_value[:, :, 0] @ delays.awake[:, ways] + by_value[:, :, 1] @ delays.awake_slope[:, ways]
    every = by_value[:, :, 0] @ delays.all[:, ways] + by_value[:, :, 1] @ delays.all_slope[:, ways]
    density = by_density[:, :, 0] @ delays.all[:, ways] + by_density[:, :, 1] @ delays.all_slope[:, ways]
    return awake, every, density


def _basis(x: Floats, step: float, slopes: bool) -> tuple[tuple[int, int, Floats], ...]:
    """Hermite's functions on an interval, or their slopes by x: (side, value or slope, at x)."""
    if slopes:
        rise = 6.0 * x * (1.0 - x)
        return (0, 0, -rise), (1, 0, rise), (0, 1, step * (1 - x) * (1 - 3 * x)), (1, 1, step * x * (3 * x - 2))
    up = x * x * (3.0 - 2.0 * x)
    return (0, 0, 1.0 - up), (1, 0, up), (0, 1, step * x * (1 - x) ** 2), (1, 1, -step * x * x * (1 - x))


def _add(total: Floats, shed: Floats, x: Floats, step: float, cells: slice, *, slopes: bool = False) -> None:
    """Sums over the points of whole intervals."""
    for side, kind, basis in _basis(x, step, slopes):
        total[:, cells.start + side : cells.stop + side, kind] += shed @ basis


def early_sizes(one: float, own_time: Callable[[Floats], Floats]) -> tuple[Floats, Floats, Floats]:
    """Sizes of what is left at the end of the early phase, geometric with 1 - q = ``one``: times and shares.

    Returns
    -------
    cells, own, share : (K,) float each
        Where sizes are put together, two own times stand for a block: its mean less and plus its standard deviation.
    """
    log_q = np.log1p(-one) if one < 1.0 else -np.inf
    singles = np.arange(1.0, ONE_BY_ONE + 1)
    with np.errstate(invalid="ignore"):
        share = one * np.exp(np.where(singles == 1.0, 0.0, (singles - 1.0) * log_q))
    cells, own, shares = [singles], [own_time(singles)], [share]
    n = float(ONE_BY_ONE + 1)
    while np.exp((n - 1.0) * log_q) > LEAST_SHARE:
        past = max(n + 1.0, np.ceil(1.1 * n))
        edges = np.unique(np.floor(np.linspace(n, past, min(int(past - n), 256) + 1)))
        weight = -np.exp((edges[:-1] - 1.0) * log_q) * np.expm1(np.diff(edges) * log_q)
        times = own_time(0.5 * (edges[:-1] + edges[1:] - 1.0))
        whole = weight.sum()
        mean = (weight * times).sum() / whole
        spread = np.sqrt(max((weight * (times - mean) ** 2).sum() / whole, 0.0))
        cells.append(np.full(2, 0.5 * (n + past - 1.0)))
        own.append(np.array([mean - spread, mean + spread]))
        shares.append(np.full(2, 0.5 * whole))
        n = past
    joined = [np.concatenate(parts) for parts in (cells, own, shares)]
    some = joined[2] > LEAST_SHARE
    return joined[0][some], joined[1][some], joined[2][some]
