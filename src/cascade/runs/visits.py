"""How many visits to states a run will make: how long it takes, and whether it ends.

Of cells that go to and fro the average says little: one cell whose frailties keep it from dying, or
that came to a state which it hardly ever leaves, holds up all the others.  So the mean is told beside
what the unluckiest of so many cells is expected to make.  With P the chances of the next state,

    v = 1 + P v,        e = start + P^T e

are the visits that follow a visit to each state, and the visits to it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cascade.common.types import Floats
from cascade.lowering.conditioned import chances, ratios
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered, spread
from cascade.model import Model

RARE = 0.1
"""How many cells of a run are still unluckier than the one that is looked at: one in ten such runs has any."""

SLACK = 10.0
"""States of a loop: by so much the chance to come to a state may be taken too small."""

ON_A_LINE = 17
"""Cells that the mean over the frailties is taken of, from the unluckiest to the luckiest."""

MOST_WINDOWS = 6
"""Windows in which the unluckiest cell is looked for, where hazards change."""

MOST_LOOKED_AT = 64
"""Of certain cells so many, and those with the most extreme hazards, tell for all."""


class Visits(NamedTuple):
    """Expected visits to states, switches among them; infinite where cells circle for ever.

    Attributes
    ----------
    mean : float
        Of a cell, or of a unit with its fragments.
    most : float
        Of the unluckiest cell.
    frailty : str
        The frailty that makes it so unlucky; '' where it is none.
    """

    mean: float
    most: float
    frailty: str = ""


@lru_cache(maxsize=8)
def expected_visits(model: Model, until: float | None, cells: int = 1) -> Visits:
    """Visits of a cell of a run of so many: how long a simulation takes.

    With an end, of cells that are watched for a time with that mean.  Where hazards change, the most under
    those of any window as if they stayed.
    """
    lowered = lower(model)
    if not _has_cycle(lowered):
        return Visits(float(lowered.size), float(lowered.size))
    windows = [_Window(lowered, number, until) for number in range(len(lowered.multipliers))]
    typical = [window.at(np.ones(len(lowered.profiles)), cells) for window in windows]
    found = Visits(max(mean for mean, _ in typical), max(most for _, most in typical))
    if not len(lowered.frailty_cv):
        return found
    worst = int(np.argmax([most for _, most in typical]))
    for number in sorted({worst, *_some_windows(lowered)}):
        mean, most, factor = _unlucky(windows[number], cells)
        if most > found.most:
            found = Visits(found.mean, most, model.frailties[factor].name)
        found = found._replace(mean=max(found.mean, mean))
    return found


def visits_of(model: Model, until: float | None, multipliers: Floats) -> Visits:
    """Visits of certain cells, whose hazards are multiplied like that: (cells, profiles); of many of them some."""
    lowered = lower(model)
    if not _has_cycle(lowered) or not len(multipliers):
        return Visits(float(lowered.size), float(lowered.size))
    rows = np.unique(multipliers, axis=0)
    if len(rows) > MOST_LOOKED_AT:
        some = np.linspace(0, len(rows) - 1, MOST_LOOKED_AT).astype(int)
        rows = rows[np.unique(np.concatenate([some, rows.argmin(axis=0), rows.argmax(axis=0)]))]
    windows = [_Window(lowered, number, until) for number in _some_windows(lowered)]
    found = [max(window.at(row, 1.0)[1] for window in windows) for row in rows]
    return Visits(float(np.mean(found)), max(found))


def _some_windows(lowered: Lowered) -> list[int]:
    windows = len(lowered.multipliers)
    return sorted(set(np.linspace(0, windows - 1, min(windows, MOST_WINDOWS)).astype(int).tolist()))


def _has_cycle(lowered: Lowered) -> bool:
    """Whether a cell can come back to a state."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    moves = lowered.exit_target >= 0
    edges = lowered.exit_source[moves], lowered.exit_target[moves]
    graph = coo_array((np.ones(len(edges[0])), edges), shape=(lowered.size, lowered.size))
    return bool(connected_components(graph, connection="strong")[0] < lowered.size)


class _Window:
    """The hazards of a window as if they stayed."""

    def __init__(self, lowered: Lowered, number: int, until: float | None) -> None:
        self.lowered = lowered
        self.hazards = lowered.exit_hazard * lowered.multipliers[number, lowered.exit_transition]
        if lowered.thinning is not None:
            self.hazards = self.hazards * lowered.thinning.ceiling[number]
        start = lowered.window_start
        self.ending = 0.0 if until is None else 1.0 / until
        if until is None and number < len(start) - 1 and lowered.has_endless_cycle(number):
            self.ending = 1.0 / float(start[number + 1] - start[number])
        self.start = np.bincount(lowered.start_state, lowered.start_share, lowered.size) / lowered.start_share.sum()
        live = (self.hazards > 0) & (lowered.exit_target >= 0)
        # A fragment goes on as well: its visits are counted with those of its founder.
        apart = (self.hazards > 0) & (lowered.exit_apart >= 0)
        self.exits = np.concatenate([np.flatnonzero(live), np.flatnonzero(apart)])
        self.targets = np.concatenate([lowered.exit_target[live], lowered.exit_apart[apart]])
        reached = spread(self.start > 0, lowered.exit_source[self.exits], self.targets)
        self.inside = np.flatnonzero(reached & ~lowered.absorbing)

    def visits(self, scores: Floats, cells: int) -> tuple[float, float]:
        """Mean, and the most that a cell of so many makes, of cells with these normal scores of their frailties."""
        from scipy.special import ndtr

        lowered, beyond = self.lowered, 2.0 * float(ndtr(-np.linalg.norm(scores)))
        logs = np.array([_log_z(*kind) for kind in zip(lowered.frailty_gamma, lowered.frailty_cv, scores, strict=True)])
        powers = lowered.profiles @ logs if len(logs) else np.zeros(len(lowered.profiles))
        with np.errstate(under="ignore"):
            return self.at(np.exp(np.clip(powers, -800.0, 700.0)), cells * min(1.0, beyond))

    def at(self, multipliers: Floats, cells: float) -> tuple[float, float]:
        """The same of cells whose hazards are multiplied like that, of which there are so many."""
        from scipy.sparse import coo_array, eye_array
        from scipy.sparse.linalg import splu

        lowered, inside = self.lowered, self.inside
        hazards = self.hazards * multipliers[lowered.exit_profile]
        if lowered.aim is not None:
            hazards = hazards * ratios(lowered, lowered.aim, chances(lowered.aim, multipliers[None]))[0]
        total = np.bincount(lowered.exit_source, hazards, lowered.size) + self.ending
        place = np.full(lowered.size, -1)
        place[inside] = np.arange(len(inside))
        rows, columns = place[lowered.exit_source[self.exits]], place[self.targets]
        there = (rows >= 0) & (columns >= 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            onward = np.nan_to_num(hazards / total[lowered.exit_source])[self.exits]
        moves = coo_array((onward[there], (rows[there], columns[there])), shape=(len(inside), len(inside)))
        try:
            solved: Any = splu((eye_array(len(inside)) - moves).tocsc())
        except RuntimeError:
            return float("inf"), float("inf")
        following, visited = solved.solve(np.ones(len(inside))), solved.solve(self.start[inside], trans="T")
        # Rounding has the last word where chances to leave are smaller than it.
        if not (np.isfinite(visited + following).all() and min(visited.min(), following.min()) >= -1e-9):
            return float("inf"), float("inf")
        # The chance to come to a state is at least the visits to it by the visits that follow one.
        come = visited * cells * SLACK >= RARE * following
        come |= self.start[inside] >= min(self.start.max(), RARE / max(cells, RARE))
        return float(visited[come].sum()), float(following[come].max())


def _log_z(gamma: bool, cv: float, score: float) -> float:
    """Logarithm of a frailty of mean 1 at a normal score."""
    from scipy.special import gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr

    if not gamma:
        sigma = np.sqrt(np.log1p(cv * cv))
        return float(sigma * score - 0.5 * sigma * sigma)
    shape = cv**-2.0
    value = gammaincinv(shape, ndtr(score)) if score < 0 else gammainccinv(shape, ndtr(-score))
    # Close to 0 the distribution is a power, also where its quantile is no double any more.
    low = (log_ndtr(score) + gammaln(shape + 1.0)) / shape
    return float((np.log(value) if value > 1e-200 else low) - np.log(shape))


def _unlucky(window: _Window, cells: int) -> tuple[float, float, int]:
    """Mean over the frailties, the most of the unluckiest cell, and the factor that makes it so unlucky.

    In normal scores as many cells are beyond a line at some distance from the middle as beyond any other:
    the unluckiest lies at that distance, in the direction in which the visits rise (Rackwitz & Fiessler,
    Comput Struct 1978;9:489-494).
    """
    from scipy.special import ndtri

    size = len(window.lowered.frailty_cv)
    reach = -float(ndtri(min(0.4, RARE / cells)))

    def rise(scores: Floats) -> Floats:
        step = 0.1 * reach * np.eye(size)
        logs = [[_finite_log(window.visits(scores + sign * one, cells)[1]) for one in step] for sign in (1.0, -1.0)]
        return np.asarray(np.subtract(*np.array(logs)), np.float64)

    # Straight to both ends of each frailty, and twice along the slope from the best of them.
    ends = [sign * reach * one for one in np.eye(size) for sign in (1.0, -1.0)]
    slopes = [np.zeros(size), max(ends, key=lambda scores: window.visits(scores, cells)[1])]
    for scores in slopes[: 2 if size > 1 else 0]:
        at = scores
        for _ in range(2):
            slope = rise(at)
            if not slope.any():
                break
            at = reach * slope / np.linalg.norm(slope)
            ends.append(at)
    end = max(ends, key=lambda scores: window.visits(scores, cells)[1])
    line = np.linspace(-1.0, 1.0, ON_A_LINE)
    found = [window.visits(at * end, cells) for at in line]
    most = max(most for _, most in found)
    # What lies beyond is rarer than one cell of the run: it does not count, whatever it would make.
    weights = np.exp(-0.5 * (line * reach) ** 2)
    mean = float(weights @ np.minimum([mean for mean, _ in found], 1e300) / weights.sum())
    return mean, most, int(np.argmax(np.abs(end)))


def _finite_log(visits: float) -> float:
    return float(np.log(min(visits, 1e300)))
