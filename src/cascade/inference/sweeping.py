"""Sweeps: a model at many sets of hazards, exactly or with the same cells, as one long table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from cascade.answers.intervals import proportion
from cascade.answers.table import Table, Texts
from cascade.common.arguments import cell_range, check_moments, check_seed
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.files import as_path
from cascade.common.shares import estimate_of_share
from cascade.common.types import Floats
from cascade.common.version import STREAM_VERSION, package_version
from cascade.engine.executor import Progress, reporter
from cascade.inference.headed import observables_of
from cascade.inference.kept import Answer, Kept
from cascade.inference.ranges import Range, logs_at, model_at, ranges_of, together
from cascade.model import Model, check_model
from cascade.model.observables import Observable

DESIGNS = ("grid", "latin", "sobol")
MOST_POINTS = 1_000_000
VISITS = 1e4
"""Of a point, for the progress bar."""


@dataclass(frozen=True)
class SweepRow:
    """One answer at one set of hazards.

    Attributes
    ----------
    point : int
        Number of the set.
    factors : mapping of str to float
        On each hazard that is varied.
    what : str
        A step that is passed, or an observable with its hours.
    hours : float or None
    value, low, high : float
        Share of all cells, and its interval: of counted cells 95 %, of an exact answer its numerical error, if any.
    """

    point: int
    factors: Mapping[str, float]
    what: str
    hours: float | None
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Sweep(Table[SweepRow]):
    """Answers at many sets of hazards.

    Attributes
    ----------
    rows : tuple of SweepRow
    hazards : tuple of str
        That are varied.
    label : str
        Of what, and how.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.5, "exit": 0.2})
    >>> cascade.sweep(model, {"arrest.lost": [0.5, 1, 2]}).of("exit")[1].round(4).tolist()
    [0.1333, 0.1, 0.0667]
    """

    rows: tuple[SweepRow, ...]
    hazards: tuple[str, ...]
    label: str
    digest: str = field(default="", repr=False)

    left = (0,)

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["point", *self.hazards, "what", "share", "interval"]
        lines = []
        for row in self.rows:
            what = row.what if row.hours is None else f"{row.what}, {row.hours:g} h"
            value, interval = estimate_of_share(row.value, row.low, row.high)
            told = [value, interval if row.low < row.high else "exact"]
            lines.append([f"{row.point}", *(f"{row.factors[name]:.3g}" for name in self.hazards), what, *told])
        return head, lines

    @property
    def below(self) -> str:
        """How it was made."""
        return self.label

    def of(self, what: str | None = None, *, hours: float | None = None) -> tuple[Floats, Floats]:
        """Factors (points, hazards) and values (points,) of one answer; by default the last step.

        Parameters
        ----------
        what : str, optional
            A step, or an observable.
        hours : float, optional
            Of an observable that was asked for at several times.

        Raises
        ------
        InputError
            For an answer that is not in the table; without ``hours`` for one that is there at several times.
        """
        names = list(dict.fromkeys(row.what for row in self.rows))
        steps = [row.what for row in self.rows if row.hours is None]
        what = (steps[-1] if steps else names[-1]) if what is None else what
        some = [row for row in self.rows if row.what == what]
        if not some:
            raise InputError("what", what, f"one of {', '.join(names)}")
        times = list(dict.fromkeys(row.hours for row in some))
        if hours is not None or len(times) > 1:
            if hours not in times or hours is None:
                known = ", ".join(f"{time:g}" for time in times if time is not None)
                raise InputError(
                    "hours", hours, f"one of {known}" if known else f"None: {what!r} is a step, at no time"
                )
            some = [row for row in some if row.hours == hours]
        factors = np.array([[row.factors[name] for name in self.hazards] for row in some])
        return factors, np.array([row.value for row in some])


def sweep(
    model: Model,
    vary: Mapping[str, Any],
    *,
    design: str = "grid",
    points: int = 64,
    observables: Sequence[Observable] = (),
    times: Sequence[float] = (),
    cells: int | None = None,
    seed: int = 1,
    path: str | Path | None = None,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Sweep:
    """The model at many sets of hazards, as a long table.

    Parameters
    ----------
    model : Model
    vary : mapping of str to sequence of float, or to (float, float)
        For each hazard or pattern, or other number by its place (``frailties.adhesion.cv``), the factors on it: of a
        grid all that are tried, else the lowest and the highest, or a law of ``scipy.stats``.
    design : str
        'grid': all combinations; 'latin': a Latin hypercube; 'sobol': scrambled Sobol points; both even in logarithms.
    points : int
        Sets of a design that is no grid.
    observables : sequence of Observable, optional
        Asked for beside the steps, at ``times`` (hours).
    cells : int, optional
        Simulate so many cells, the same ones at each point; default: the exact answer.
    seed : int
        Of the design and of the cells.
    path : str or Path, optional
        Of a file in which each point is kept when it is done.  A sweep that was killed, asked again with the same
        file, goes on from there and ends with the same table to the bit; another sweep is refused.
    executor : Executor, optional
        Where the cells of each point are run, as for ``simulate``; an exact answer is worked out here.
    progress : bool or callable, optional
        As for ``simulate``.

    Raises
    ------
    InputError
        For an argument out of range.
    """
    model, at = check_model(model), check_moments(times) if len(list(times)) else np.zeros(0)
    seed, observables = check_seed(seed), tuple(observables_of(observables).values())
    if bool(observables) != bool(len(at)):
        raise InputError("times", list(times), "hours at which the observables are asked for; both, or neither")
    if cells is not None:
        cells = len(cell_range(cells))
    elif executor is not None:
        raise InputError("executor", executor, "left out, or given with cells: exact answers are worked out here")
    ranges, factors = _points(model, vary, design, points, seed)
    asked = _Asked(model, ranges, observables, at, cells, seed, executor)
    done = _answered(asked, factors, path, progress)
    how = f"{cells:,} cells each, seed {seed}" if cells else "exact"
    label = f"{model.name}, {len(factors)} sets of hazards ({design}), {how}; factors on the model's hazards"
    return Sweep(_rows(ranges, factors, done), tuple(one.hazard for one in ranges), label, model.digest())


def _rows(ranges: Sequence[Range], factors: Floats, done: Mapping[int, list[Answer]]) -> tuple[SweepRow, ...]:
    """A row for each point and answer."""
    names = [one.hazard for one in ranges]
    return tuple(
        SweepRow(point, dict(zip(names, row, strict=True)), *answer)
        for point, row in enumerate(factors.tolist())
        for answer in done[point]
    )


def _answered(asked: _Asked, factors: Floats, path: str | Path | None, progress: Progress) -> dict[int, list[Answer]]:
    """The answers of all points, by number; those that a file has are not worked out again."""
    kept = None if path is None else Kept(as_path(path), asked.told(factors))
    done = {} if kept is None else kept.opened()
    missing = [point for point in range(len(factors)) if point not in done]
    with reporter(progress, len(missing), VISITS, "points") as report:
        for point, answers in zip(missing, asked.answers(np.log(factors[missing])) if missing else (), strict=True):
            done[point] = answers
            if kept is not None:
                kept.add(point, answers)
            report(1)
    return done


def _points(model: Model, vary: Mapping[str, Any], design: str, points: int, seed: int) -> tuple[list[Range], Floats]:
    """What is varied, and the factors at each point, (N, P)."""
    if design not in DESIGNS:
        raise InputError("design", design, f"one of {', '.join(map(repr, DESIGNS))}")
    if not isinstance(vary, Mapping) or not vary:
        raise InputError(
            "vary", vary, "hazards, or patterns, and the factors on them, such as {'*.shear': [0.5, 1, 2]}"
        )
    if design == "grid":
        for name, values in vary.items():
            some = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str) and len(values) > 0
            if not some or not all(is_number(v) and v > 0 for v in values):
                raise InputError(f"vary[{name!r}]", values, "factors above 0, such as [0.5, 1, 2]")
        ranges = ranges_of(model, dict.fromkeys(vary, (0.5, 2.0)))  # the names are checked
        grid = np.array(list(product(*vary.values())), np.float64)
        if len(grid) > MOST_POINTS:
            raise InputError("vary", len(grid), f"at most {MOST_POINTS} combinations")
        return ranges, grid
    if not is_whole(points) or not 1 <= points <= MOST_POINTS:
        raise InputError("points", points, f"a whole number from 1 to {MOST_POINTS}")
    ranges = ranges_of(model, vary)
    return ranges, np.exp(drawn_logs(ranges, design, int(points), seed))


def drawn_logs(ranges: Sequence[Range], design: str, points: int, seed: int) -> Floats:
    """Logarithms of factors, (points, P), of a Latin hypercube or of Sobol points."""
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    kind = qmc.LatinHypercube if design == "latin" else qmc.Sobol
    source = kind(len(ranges), rng=rng)
    with np.errstate(all="ignore"):
        shares = source.random(points) if design == "latin" else source.random(1 << (points - 1).bit_length())[:points]
    return logs_at(ranges, shares)


@dataclass(frozen=True)
class _Asked:
    """What is asked at each point."""

    model: Model
    ranges: Sequence[Range]
    observables: tuple[Observable, ...]
    times: Floats
    cells: int | None
    seed: int
    executor: Executor | None = None

    def told(self, factors: Floats) -> dict[str, Any]:
        """What the sweep is, for a file in which it is kept."""
        shown = [one.model_dump(mode="json") for one in self.observables]
        return {
            "version": [package_version(), STREAM_VERSION],
            "model": self.model.digest(),
            "seed": self.seed,
            "cells": self.cells,
            "hazards": [one.hazard for one in self.ranges],
            "factors": factors.tolist() if factors.size <= 64 else sha256(factors.tobytes()).hexdigest(),
            "observables": shown,
            "times": self.times.tolist(),
        }

    def answers(self, logs: Floats) -> Any:
        """Of each point the answers, one after the other."""
        if self.cells is not None:
            yield from (self._counted(row) for row in logs)
        elif together(self.model, self.ranges):
            yield from self._together(logs)
        else:
            yield from (self._solved(model_at(self.model, self.ranges, row)) for row in logs)

    def _counted(self, log: Floats) -> list[Answer]:
        from cascade.runs.simulation import simulate

        assert self.cells is not None
        model, times = model_at(self.model, self.ranges, log), self.times.tolist()
        how: dict[str, Any] = {"cells": self.cells, "seed": self.seed, "executor": self.executor, "progress": False}
        result = simulate(model, **how)
        found: list[Answer] = [(r.step, None, r.fraction_of_all, r.low, r.high) for r in result.funnel().rows]
        if times:
            result = simulate(model, until=max(times), times=times, **how)
        for one in self.observables:
            for hours, share in zip(times, result.observe(one, times).tolist(), strict=True):
                low, high = proportion(round(share * result.cells), result.cells)
                found.append((one.name, hours, share, low, high))
        return found

    def _solved(self, model: Model) -> list[Answer]:
        from cascade.solution.answer import exact

        answer = exact(model)
        found: list[Answer] = [(r.step, None, r.fraction_of_all, r.low, r.high) for r in answer.funnel(1.0).rows]
        for one in self.observables:
            shares = answer.observe(one, self.times.tolist())
            pairs = zip(self.times.tolist(), shares.tolist(), strict=True)
            found += [(one.name, hours, share, share, share) for hours, share in pairs]
        return found

    def _together(self, logs: Floats) -> Any:
        from cascade.solution.passing import Passing
        from cascade.solution.shares import Shares

        groups = [one.numbers for one in self.ranges]
        passing = Passing(self.model, groups)
        chances = passing.at(logs)
        shares = Shares(self.model, self.observables, self.times, groups) if self.observables else None
        for log, row in zip(logs, chances, strict=True):
            found: list[Answer] = [(step, None, p, p, p) for step, p in zip(passing.steps, row.tolist(), strict=True)]
            if shares is not None:
                values = shares.at(log, slopes=False)
                for k, one in enumerate(self.observables):
                    for i, hours in enumerate(self.times.tolist()):
                        value, error = float(values.value[k, i]), float(values.error[k, i])
                        found.append((one.name, hours, value, max(0.0, value - error), min(1.0, value + error)))
            yield found
