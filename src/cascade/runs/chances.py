"""The chance that a cell reaches a goal where cells share a capacity, also where it is rare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.common.arguments import seed_of
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.portable import in_order
from cascade.common.shares import estimate_of_share
from cascade.engine.choices import cumulative
from cascade.engine.compiled import chance_among
from cascade.engine.executor import Progress, Workers
from cascade.engine.populations import Shared
from cascade.kernel.streams import key_of
from cascade.lowering.conditioned import aimed
from cascade.lowering.lower import lower
from cascade.model import Model, check_model
from cascade.model.names import alike

REPLICATES = 24
"""Independent estimates, whose spread is the error."""

FIRST, MOST = 8, 4096
"""Populations of a replicate: at first, and at most."""

MOST_CELLS = 1_000_000
MOST_MADE = 4e9
"""Visits to states, and looks at cells, beyond which no finer estimate is begun: some minutes."""


@dataclass(frozen=True)
class Chance:
    """The chance of one cell among others with which it shares a capacity.

    Attributes
    ----------
    probability : float
        Without bias.
    low, high : float
        Its 95 % interval.
    cells : int
        Cells of a population.
    populations : int
        How many were run.
    seed : int
    goal : tuple of str
    label : str
    """

    probability: float
    low: float
    high: float
    cells: int
    populations: int
    seed: int
    goal: tuple[str, ...]
    label: str = ""

    def __str__(self) -> str:
        value, interval = estimate_of_share(self.probability, self.low, self.high)
        among = f"one of {self.cells:,} cells that share a capacity reaches {' or '.join(self.goal)}"
        return f"{self.label}: {among} with a chance of {value} ({interval}; seed {self.seed})"


@dataclass(frozen=True)
class _Replicate:
    """One estimate, as a piece of work."""

    shared: Shared
    cells: int
    populations: int
    replicate: int
    seed: int

    @property
    def number(self) -> int:
        """Cells that are run."""
        return self.cells * self.populations


def _estimate(piece: _Replicate) -> tuple[int, float, float]:
    """Number, estimate and visits of a replicate."""
    key, replicate = key_of(piece.seed), np.uint64(piece.replicate)
    value, visits = chance_among()(piece.shared, piece.cells, piece.populations, replicate, key)
    return piece.replicate, value, visits


def chance(
    model: Model,
    goal: str | Sequence[str] | None = None,
    *,
    cells: int,
    seed: int | None = None,
    precision: float = 0.1,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Chance:
    """Estimate the chance of one cell among others with which it shares a capacity, however rare it is.

    Where cells are independent ``exact`` tells it. Where they share a capacity nobody can solve their joint law, and a
    simulation sees nothing of what happens to one cell in a hundred million. Here populations of ``cells`` cells are
    run, each with one marked cell that is led to the goal by the chances it would have if all stayed as it is; those
    populations that favour it are split. What is estimated has no bias, whatever the number of cells.

    Parameters
    ----------
    model : Model
        With a capacity; without frailties and clusters.
    goal : str or sequence of str, optional
        As for ``given``; default: the states beyond the last step.
    cells : int
        Cells of a population.
    seed : int, optional
        Default: one is drawn, and stands in the answer.
    precision : float
        Half of the 95 % interval, as a part of the chance, at which no more populations are run; also those have an
        end, and the interval is what it is then.
    executor, progress
        As for ``simulate``.

    Returns
    -------
    Chance

    Raises
    ------
    InputError
        For a wrong argument, or a model whose cells are independent, differ, or keep company.

    Examples
    --------
    >>> import cascade
    >>> crowd = {"occupied_by": ["circulating"], "hazards": ["*.immune killing"], "half": 10, "windows": [0, 24, 48]}
    >>> model = cascade.load("textbook").with_(capacity=crowd)
    >>> cascade.chance(model, cells=100, seed=1).low > 0
    True
    """
    _check(model, cells, precision)
    names = list(model.goals) if goal is None else [goal] if isinstance(goal, str) else goal
    shared = _shared(model, names)
    drawn = seed_of(seed)
    (low, value, high), populations = _refined(shared, int(cells), drawn, precision, Workers(executor, None, progress))
    count = REPLICATES * populations
    return Chance(value, low, high, int(cells), count, drawn, tuple(names), model.title or model.name)


def _refined(
    shared: Shared, cells: int, seed: int, precision: float, workers: Workers
) -> tuple[tuple[float, float, float], int]:
    """The interval around the estimate, with as many populations as it asks for; their number in each replicate."""
    populations = FIRST
    while True:
        pieces = [_Replicate(shared, cells, populations, r, seed) for r in range(REPLICATES)]
        stop = np.zeros(1, np.uint8)
        results = sorted(workers.results(_estimate, pieces, sum(p.number for p in pieces), stop))
        low, value, high = _interval([value for _, value, _ in results])
        if value > 0 and high - low <= 2 * precision * value:
            break
        # As many more as the spread asks for, at most sixteen times as many.
        wanted = 1.2 * ((high - low) / (2 * precision * value)) ** 2 if value > 0 else 16.0
        more = min(MOST, int(populations * min(16.0, max(2.0, wanted))))
        made = sum(visits for _, _, visits in results) + float(len(shared.window) * cells * populations * REPLICATES)
        if more == populations or made * more / populations > MOST_MADE:
            break
        populations = more
    return (low, value, high), populations


def _interval(found: Sequence[float]) -> tuple[float, float, float]:
    """95 % interval of the mean of estimates, by Student's t on the scale of logarithms, and the mean."""
    from scipy.special import stdtrit

    mean = in_order(found) / len(found)
    if mean == 0.0:
        return 0.0, 0.0, 1.0
    variance = in_order((x / mean - 1.0) ** 2 for x in found) / (len(found) - 1)
    half = float(stdtrit(len(found) - 1, 0.975)) * math.sqrt(variance / len(found))
    return mean * math.exp(-half), mean, min(1.0, mean * math.exp(half))


def _check(model: object, cells: object, precision: object) -> None:
    """The arguments, and that the model is one for which there is no easier way."""
    chosen = check_model(model)
    if chosen.capacity is None or chosen.capacity.factors is not None:
        raise InputError("model.capacity", None, "a capacity that cells share: of independent cells exact tells it")
    if chosen.frailties:
        raise InputError("model.frailties", [f.name for f in chosen.frailties], "none: cells that are alike")
    if chosen.clusters is not None:
        raise InputError("model.clusters", "clusters", "none: cells that leave alone")
    if not is_whole(cells) or not 1 <= cells <= MOST_CELLS:  # type: ignore[operator]
        raise InputError("cells", cells, f"a whole number from 1 to {MOST_CELLS:,}")
    if not is_number(precision) or not 0.001 <= precision <= 1.0:  # type: ignore[operator]
        raise InputError("precision", precision, "a number from 0.001 to 1")


def _shared(model: Model, names: Sequence[str]) -> Shared:
    """What populations are run by."""
    capacity: Any = model.capacity
    open_ = model.with_(capacity=capacity.model_copy(update={"factors": (1.0,) * len(capacity.windows)}))
    lowered = lower(open_)
    _, aim = aimed(open_.given(list(names)), lowered)
    multipliers = lowered.multipliers[:, lowered.exit_transition]
    if len(multipliers) > 1 and (multipliers == 0).any():
        closed = lowered.transitions[lowered.exit_transition[np.flatnonzero((multipliers == 0).any(axis=0))[0]]].name
        raise InputError("treatments", closed, "treatments without a factor of 0: hazards that are open at all times")
    table = model.hazard_table
    crowded = {number for pattern in capacity.hazards for number in table.matching(pattern)}
    names_of = {name for pattern in capacity.occupied_by for name in alike(pattern, lowered.states)}
    occupying = np.array([name in names_of for name in lowered.states])
    order = np.argsort(lowered.exit_source, kind="stable")
    begin = np.searchsorted(lowered.exit_source[order], np.arange(lowered.size + 1))
    shares = lowered.start_share / in_order(lowered.start_share.tolist())
    return Shared(
        type(aim.system)._make(part.copy() for part in aim.system), aim.inside, aim.goal, aim.prize,
        lowered.exit_hazard.copy(), multipliers, np.isin(lowered.exit_transition, sorted(crowded)),
        occupying[lowered.base], np.isin(lowered.window_start, np.array(capacity.windows)), float(capacity.half),
        begin.astype(np.int64), order.astype(np.int64),
        np.where(lowered.exit_target >= 0, lowered.exit_target, lowered.size), lowered.window_start.copy(),
        lowered.start_state.copy(), cumulative(shares), np.array(lowered.entry_hours),
    )  # fmt: skip
