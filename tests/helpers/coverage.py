"""How often intervals hold: by exact sums where counts are few enough, by fixed seeds elsewhere.

``python -m helpers.coverage`` (in ``tests``) writes the table of ``docs/mathematics.md``; a slow test does it again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from cascade.answers.intervals import Interval, clustered_difference, paired_difference
from cascade.answers.tilted import TraitCounts, carrier_of, mean_interval
from cascade.common.text import text_table
from cascade.runs.traits import BINS, EDGES

Paired = Callable[[int, int, int], Interval]
Clustered = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64], tuple[int, int], int], Interval]
Mean = Callable[[TraitCounts, str, float], Interval]

GUIDE = Path(__file__).parents[2] / "docs" / "mathematics.md"
BEGIN, END = "<!-- coverage: written by tests/helpers/coverage.py -->\n", "<!-- end of coverage -->\n"


class Missed(NamedTuple):
    """Shares of intervals that lie above what they are of, that lie below, and that are not given."""

    above: float
    below: float
    none: float = 0.0

    @property
    def held(self) -> float:
        """Share that hold; those not given do not count as missed."""
        return 1.0 - self.above - self.below

    @property
    def of_given(self) -> Missed:
        """Shares of the intervals that are given: what a reader meets."""
        given = 1.0 - self.none
        return Missed(self.above / given, self.below / given) if given else Missed(0.0, 0.0)


def of_paired(changed: float, share: float, of: int, interval: Paired = paired_difference) -> Missed:
    """Of so many changed pairs expected, a share of them lost: the sum over all pairs of counts that matter.

    Exact for Poisson counts, which multinomial ones of many cells are; those left out have a chance of 1e-6.
    """
    above = below = 0.0
    gained, lost = (_likely(mean) for mean in (changed * (1.0 - share), changed * share))
    truth = changed * (1.0 - 2.0 * share) / of
    for b, p in gained:
        for c, q in lost:
            low, high = interval(b, c, of)
            above += p * q * (truth < low)
            below += p * q * (truth > high)
    return Missed(above, below)


def _likely(mean: float) -> list[tuple[int, float]]:
    """Values of a Poisson number, and their chances."""
    if mean == 0.0:
        return [(0, 1.0)]
    values = range(int(stats.poisson.ppf(5e-7, mean)), int(stats.poisson.isf(5e-7, mean)) + 1)
    return [(k, float(stats.poisson.pmf(k, mean))) for k in values]


def score(
    gained: npt.NDArray[np.float64], lost: npt.NDArray[np.float64], of: float, difference: float, z: float
) -> npt.NDArray[np.float64]:
    """Tango's score of a difference >= 0 less Gart and Nam's correction, for many counts at once.

    Written from the papers and by other means than the package: the shares are found by bisection of the
    derivative of the likelihood.
    """
    low, high = np.zeros_like(gained), np.full_like(gained, (1.0 - difference) / 2.0)
    for _ in range(200):
        middle = (low + high) / 2.0
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(gained > 0, gained / (middle + difference), 0.0) + np.where(lost > 0, lost / middle, 0.0)
            slope -= 2.0 * (of - gained - lost) / (1.0 - 2.0 * middle - difference)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    up, down = low + difference, low
    variance = up + down - difference**2
    variance[variance <= 0.0] = 1.0  # no change seen, and none supposed: a score of 0
    # The third central moment of 1, -1 and 0 with these chances.
    third = up * (1 - difference) ** 3 - down * (1 + difference) ** 3 - (1 - up - down) * difference**3
    skewness = third / variance**1.5 / math.sqrt(of)
    return ((gained - lost) / of - difference) / np.sqrt(variance / of) - skewness * (z * z - 1.0) / 6.0


def of_score(changed: float, share: float, of: int) -> Missed:
    """The same as ``of_paired`` by the score at the truth, which an interval holds if it is not refused."""
    z = float(stats.norm.ppf(0.975))
    gained, lost = (np.array(_likely(mean)) for mean in (changed * (1.0 - share), changed * share))
    b, c = np.meshgrid(gained[:, 0], lost[:, 0], indexing="ij")
    values = score(b.ravel(), c.ravel(), of, changed * (1.0 - 2.0 * share) / of, z)
    chances = np.outer(gained[:, 1], lost[:, 1]).ravel()
    return Missed(float(chances[values > z].sum()), float(chances[values < -z].sum()))


class Units(NamedTuple):
    """Units that leave together: their sizes, how often each is, and whether all cells of one change."""

    sizes: tuple[int, ...]
    shares: tuple[float, ...]
    whole: bool = True


def of_clustered(
    founders: float, share: float, units: Units, runs: int, interval: Clustered = clustered_difference, seed: int = 5
) -> Missed:
    """Of so many changed founders expected, in 64 batches; those of a share lose cells, the others gain."""
    draw, mean = (
        np.random.default_rng([seed, round(founders), round(100 * share)]),
        float(np.dot(units.sizes, units.shares)),
    )
    of = 200_000
    # As many founders of each batch as there are, and their cells.
    sizes = np.array([round(of / 64 * mean)] * 64)
    part = 1.0 if units.whole else 0.5
    truth = founders * mean * part * (1.0 - 2.0 * share) / sizes.sum()
    above = below = 0
    for _ in range(runs):
        number = draw.binomial(of, founders / of)
        cells = draw.choice(units.sizes, size=number, p=units.shares)
        cells = cells if units.whole else draw.binomial(cells, part)
        signed = np.where(draw.random(number) < share, -cells, cells)
        change = np.zeros(64, np.int64)
        np.add.at(change, draw.integers(0, 64, number), signed)
        discordant = int(signed[signed > 0].sum()), -int(signed[signed < 0].sum())
        low, high = interval(change, sizes, discordant, max(units.sizes))
        above += truth < low
        below += truth > high
    return Missed(above / runs, below / runs)


def of_mean(trait: TraitCounts, distribution: str, cv: float) -> Interval:
    """The interval of the package."""
    return mean_interval(trait, carrier_of(distribution, cv, tuple(EDGES.tolist())), cv)


def normal(trait: TraitCounts, _distribution: str, _cv: float) -> Interval:
    """Mean +- 1.96 standard errors: what was shown before, and misses skewed traits."""
    half = 1.96 * math.sqrt(trait.variance * trait.design_effect / trait.histogram.sum())
    return Interval(trait.mean - half, trait.mean + half)


SELECTED: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "none": np.ones_like,
    "Z": lambda z: z,
    "Z^2": lambda z: z**2,
    "1 / (1 + Z)": lambda z: 1.0 / (1.0 + z),
    "Z^2 / (5 + Z^2)": lambda z: z**2 / (5.0 + z**2),
}
"""Chances to pass, up to a constant."""

BEYOND: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {"exp(-Z)": lambda z: np.exp(-z)}
"""A hazard in proportion to Z that acts for a fixed time: it bends without end, and the knots do not follow."""


HELD_OUT: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    "exp(-2 Z)": lambda z: np.exp(-2.0 * z),
    "Z^1.5": lambda z: z**1.5,
    "Z^0.1": lambda z: z**0.1,
    "1 / (1 + Z)^2": lambda z: (1.0 + z) ** -2.0,
    "Z < 1": lambda z: (z < 1.0) + 1e-12,
    "Z > 0.5": lambda z: (z > 0.5) + 1e-12,
    "Z / (1 + Z) + exp(-Z)": lambda z: z / (1.0 + z) + np.exp(-z),
}
"""Chances to pass that nothing in the package was chosen by."""

_ALL = SELECTED | BEYOND | HELD_OUT


def survivors(distribution: str, cv: float, selected: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values of a trait among survivors, at 40,000 places of log Z, and their chances."""
    sigma, shape = math.sqrt(math.log1p(cv * cv)), 1.0 / (cv * cv)
    if distribution == "lognormal":
        log = np.linspace(-sigma * sigma / 2 - 10 * sigma, 2.5 * sigma * sigma + 10 * sigma, 40_000)
        density = -(((log + sigma * sigma / 2) / sigma) ** 2) / 2
    else:
        log = np.linspace(-20.0 / shape - 5.0, math.log(60.0 / shape + 60.0), 40_000)
        density = shape * (log - np.exp(log))
    z = np.exp(log)
    chances = np.exp(density - density.max()) * _ALL[selected](z)
    return z, chances / chances.sum()


def of_selection(
    distribution: str, cv: float, selected: str, cells: int, runs: int, interval: Mean = of_mean, seed: int = 11
) -> Missed:
    """Of the mean of a trait of so many survivors."""
    # Other numbers for each: else all would have the same luck.
    draw = np.random.default_rng([seed, cells, round(10 * cv), len(distribution), list(_ALL).index(selected)])
    z, chances = survivors(distribution, cv, selected)
    truth, rising = float(chances @ z), np.cumsum(chances)
    above = below = none = 0
    for _ in range(runs):
        values = z[np.minimum(np.searchsorted(rising, draw.random(cells)), len(z) - 1)]
        bins = np.searchsorted(EDGES, values, side="right") - 1
        trait = TraitCounts(np.bincount(bins, minlength=BINS), float(values.mean()), float(values.var()))
        low, high = interval(trait, distribution, cv)
        none += math.isnan(low)
        above += truth < low
        below += truth > high
    return Missed(above / runs, below / runs, none / runs)


RUNS = 200
SURVIVORS = (10, 30, 100, 1000, 10_000)
CHANGED = (10, 20, 50, 100, 1000, 10_000)
TRAITS = [(name, cv) for name in ("lognormal", "gamma") for cv in (0.5, 1.0, 2.0, 5.0)]
CLUSTERS = (Units((1, 3, 6), (0.3, 0.4, 0.3)), Units((1, 8), (0.95, 0.05)), Units((2, 3, 4, 5), (0.25,) * 4, False))


def selection_grid(selected: str) -> dict[tuple[str, float], list[Missed]]:
    """Both sides of misses for each trait and number of survivors."""
    return {(name, cv): [of_selection(name, cv, selected, n, RUNS) for n in SURVIVORS] for name, cv in TRAITS}


def _sides(missed: Missed) -> str:
    if missed.none == 1.0:
        return "none"
    text = f"{100 * missed.of_given.above:.1f} / {100 * missed.of_given.below:.1f}"
    return text + (f" ({max(1.0, 100 * missed.none):.0f} none)" if missed.none else "")


def tables() -> str:
    """What the guide says of coverage, as Markdown."""
    lines = []
    for selected in SELECTED:
        rows = [[f"{name}, {cv:g}", *map(_sides, found)] for (name, cv), found in selection_grid(selected).items()]
        lines += [f"Mean of a trait, survivors chosen with a chance of {selected.replace('none', 'one for all')}:", ""]
        lines += [_fenced(["start, cv", *(f"{n:,}" for n in SURVIVORS)], rows), ""]
    rows = [
        [f"{share:g}", *(_sides(of_score(m, share, 10**9)) for m in CHANGED)] for share in (0.0, 0.02, 0.1, 0.3, 0.5)
    ]
    lines += ["Difference of two models, by cells changed (expected) and the share of them lost:", ""]
    lines += [_fenced(["lost", *(f"{m:,}" for m in CHANGED)], rows), ""]
    rows = [
        [f"{units.sizes}, lost {share:g}", *(_sides(of_clustered(m, share, units, RUNS)) for m in CHANGED)]
        for units in CLUSTERS
        for share in (0.0, 0.3, 0.5)
    ]
    lines += ["The same with clusters of these sizes, by founders whose cells changed:", ""]
    lines += [_fenced(["sizes", *(f"{m:,}" for m in CHANGED)], rows), ""]
    return "\n".join(lines)


def _fenced(header: list[str], rows: list[list[str]]) -> str:
    return f"```text\n{text_table(header, rows)}\n```"


def main() -> None:
    """Write the tables into the guide."""
    before, _, rest = GUIDE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    GUIDE.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
