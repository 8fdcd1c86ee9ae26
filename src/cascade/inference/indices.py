r"""Which uncertain hazards matter: first-order and total indices of Sobol, with intervals.

With Y the logarithm of an answer and X_i the logarithm of the factor on hazard i, drawn from its range,

    first order  S_i = Var(E[Y | X_i]) / Var(Y),       total  T_i = 1 - Var(E[Y | all but X_i]) / Var(Y):

what is explained by the hazard alone, and what is left when all others are known.  Both by the pick-and-freeze
estimates of SciPy, with intervals of a bootstrap over the points.

References: Saltelli A, et al. Comput Phys Commun 2010;181:259-270.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.arguments import check_seed
from cascade.common.errors import InputError, is_whole, nearest
from cascade.common.types import Floats
from cascade.engine.executor import Progress, reporter
from cascade.inference.ranges import Range, logs_at, model_at, ranges_of, together
from cascade.model import Model, check_model
from cascade.solution.answer import exact
from cascade.solution.passing import Passing

LEVEL = 0.95
TINY = 1e-300
VISITS = 1e6
"""Of a set that is a model of its own, for the progress bar."""

RESAMPLES = 999
"""Of the points, for the intervals of the indices."""


@dataclass(frozen=True)
class SensitivityRow:
    """One hazard.

    Attributes
    ----------
    hazard : str
    low, high : float
        Range of the factor: 95 % of it, or all.
    first, first_low, first_high : float
        Share of the variance of the logarithm of the answer that the hazard alone explains.
    total, total_low, total_high : float
        Share that is left when all other hazards are known.
    at_low, at_high : float
        The answer with the hazard at either end, all others as in the model.
    """

    hazard: str
    low: float
    high: float
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float
    at_low: float
    at_high: float


@dataclass(frozen=True)
class Sensitivity(Table[SensitivityRow]):
    """Which hazards matter, the largest total index first.

    Attributes
    ----------
    rows : tuple of SensitivityRow
    of : str
        The step that is passed.
    value, low, high : float
        The answer of the model, and 95 % of the answers over all ranges.
    label : str
    """

    rows: tuple[SensitivityRow, ...]
    of: str
    value: float
    low: float
    high: float
    label: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["hazard", "x from", "to", "alone", "from", "to", "total", "from", "to", "answer at low", "at high"]
        lines = []
        for r in self.rows:
            shares = (r.first, r.first_low, r.first_high, r.total, r.total_low, r.total_high)
            ends = [f"{v:.3g}" for v in (r.low, r.high)]
            lines.append([r.hazard, *ends, *(f"{v:.2f}" for v in shares), f"{r.at_low:.3g}", f"{r.at_high:.3g}"])
        return head, lines

    @property
    def below(self) -> str:
        """What is asked, and how far it is known."""
        return (
            f"{self.label}. Passing {self.of}: {self.value:.3g} of all cells in the model, over all ranges"
            f" between {self.low:.2g} and {self.high:.2g} (95 in 100 sets). Indices are of its logarithm."
        )


def sensitivity(
    model: Model,
    ranges: Mapping[str, object] | Sequence[str] | None = None,
    *,
    of: str | None = None,
    points: int = 512,
    seed: int = 1,
    progress: Progress = None,
) -> Sensitivity:
    """Which uncertain hazards matter most for how many cells pass a step.

    Parameters
    ----------
    model : Model
    ranges : mapping of str to (float, float), or sequence of str, optional
        Ranges of factors on hazards or patterns, or on other numbers by their place (``frailties.adhesion.cv``),
        log-uniform, or laws of ``scipy.stats``; of names alone, and by default of all hazards, log-normal ones that are
        the wider the weaker the grade of their sources.
    of : str, optional
        The step; default: the last.
    points : int
        A power of 2; the model is solved (hazards + 2) times as often.
    seed : int
    progress : bool or callable, optional
        As for ``simulate``, of sets, where each is a model of its own: of other numbers, and under treatments.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        For an unknown step or hazard, or a number of points that is no power of 2.
    """
    model, seed = check_model(model), check_seed(seed)
    known = ranges_of(model, ranges)
    if not is_whole(points) or not 16 <= points <= 1 << 20 or points & (points - 1):
        raise InputError("points", points, "a power of 2 from 16 to 1048576")
    at_once = together(model, known)
    passing = Passing(model, [one.numbers for one in known]) if at_once else _OneByOne(model, tuple(known))
    of = passing.steps[-1] if of is None else of
    if of not in passing.steps:
        raise InputError("of", of, f"a step; {nearest(of, passing.steps)}")

    asked = _Asked(passing, tuple(known), passing.steps.index(of), int(points), seed)
    value = float(passing.at(np.zeros((1, len(known))))[0, asked.step])
    solved = points * (max(2, len(known)) + 3) + 2 * len(known)
    with reporter(progress, solved, 0.0 if at_once else VISITS, "sets") as report:
        if isinstance(passing, _OneByOne):
            passing.report = report
        rows = sorted(asked.rows(), key=lambda row: -row.total)
        spread = asked.spread()
    return Sensitivity(tuple(rows), of, value, *spread, f"{model.name}, {points} points, seed {seed}")


class _OneByOne:
    """Chances to pass the steps, with a model for each set of numbers; as ``Passing``."""

    def __init__(self, model: Model, ranges: tuple[Range, ...]) -> None:
        self.model, self.ranges = model, ranges
        self.report: Callable[[int], object] = lambda _: None
        self.steps = tuple(row.step for row in exact(model).funnel(1.0).rows)

    def at(self, logs: Floats) -> Floats:
        """At some sets of logarithms of factors (N, P), (N, steps)."""
        found = []
        for log in logs:
            found.append(
                [row.fraction_of_all for row in exact(model_at(self.model, self.ranges, log)).funnel(1.0).rows]
            )
            self.report(1)
        return np.array(found)


@dataclass(frozen=True)
class _Asked:
    """A step of a model, at many sets of hazards within their ranges."""

    passing: Passing | _OneByOne
    ranges: tuple[Range, ...]
    step: int
    points: int
    seed: int

    def answer(self, shares: Floats) -> Floats:
        """Logarithm of the chance to pass it, (1, N), at shares of the ranges (P, N)."""
        chances = self.passing.at(logs_at(self.ranges, shares[: len(self.ranges)].T))[:, self.step]
        return np.asarray(np.log(np.maximum(chances, TINY))[None, :])

    def rows(self) -> list[SensitivityRow]:
        """Indices of each hazard with their intervals, and the answer at either end of its range."""
        from scipy.stats import bootstrap, sobol_indices

        rng = np.random.default_rng(self.seed)
        # SciPy wants two laws at least: of one hazard, one more that nothing depends on.
        even: Any = [_Even() for _ in range(max(2, len(self.ranges)))]
        sets: list[Floats] = []

        def indices(f_A: Floats, f_B: Floats, f_AB: Floats) -> tuple[Floats, Floats]:  # noqa: N803 (as SciPy calls them)
            sets[:] = f_A, f_B, f_AB
            return _indices(f_A, f_B, f_AB)

        found = sobol_indices(func=self.answer, n=self.points, dists=even, method=indices, rng=rng)
        a, b, ab = sets
        with warnings.catch_warnings():  # of what moves nothing the bootstrap has no spread
            warnings.simplefilter("ignore")
            # Not SciPy's own of the indices, which has no seed.
            spread: Any = bootstrap(
                [np.arange(self.points)], lambda n: np.stack(_indices(a[:, n], b[:, n], ab[..., n])), method="BCa",
                n_resamples=RESAMPLES, confidence_level=LEVEL, rng=rng,
            ).confidence_interval  # fmt: skip
        parts: list[Floats] = []
        for k, middle in enumerate((found.first_order, found.total_order)):
            # A hazard on which nothing depends has no spread to resample.
            parts += [np.nan_to_num(np.reshape(part, -1)) for part in (middle, spread.low[k], spread.high[k])]
        either = np.repeat(np.zeros((1, len(self.ranges))), 2 * len(self.ranges), axis=0)
        for i, one in enumerate(self.ranges):
            either[2 * i, i], either[2 * i + 1, i] = np.log(one.low), np.log(one.high)
        sides = self.passing.at(either)[:, self.step].reshape(-1, 2)
        return [
            SensitivityRow(one.hazard, one.low, one.high, *(float(part[i]) for part in parts), *map(float, sides[i]))
            for i, one in enumerate(self.ranges)
        ]

    def spread(self) -> tuple[float, float]:
        """Between which 95 % of the answers lie."""
        shares = np.random.default_rng(self.seed).random((len(self.ranges), self.points))
        low, high = np.quantile(np.exp(self.answer(shares)[0]), [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
        return float(low), float(high)


def _indices(a: Floats, b: Floats, ab: Floats) -> tuple[Floats, Floats]:
    """First-order and total indices after Saltelli and others (Comput Phys Commun 2010;181:259-270), both (1, N).

    ``a`` and ``b`` are the answers at two samples, (1, P), ``ab`` those where one column is exchanged, (N, 1, P).
    """
    variance = np.var([a, b], axis=(0, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.mean(b * (ab - a), axis=-1) / variance
        total = 0.5 * np.mean((a - ab) ** 2, axis=-1) / variance
    return np.nan_to_num(first.T), np.nan_to_num(total.T)


class _Even:
    """Even between 0 and 1, as SciPy asks for a law."""

    ppf = staticmethod(partial(np.asarray, dtype=np.float64))
