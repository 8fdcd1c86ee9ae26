"""Sweeps: a model at many sets of hazards, exactly or with the same cells, as one long table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.answers.intervals import proportion
from cascade.common.arguments import cell_range, check_moments, check_seed
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.files import as_path
from cascade.common.types import Floats
from cascade.engine.executor import Progress, reporter
from cascade.inference.headed import observables_of
from cascade.inference.kept import Answer, Held, Kept, Point
from cascade.inference.ranges import Range, logs_at, model_at, ranges_of, together
from cascade.inference.swept import DESIGNS, MOST_POINTS, Sweep, SweepRecipe, fingerprint, is_point_of, swept
from cascade.model import Conditioned, Model, check_model
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.solution.shares import Values

VISITS = 1e4
"""Of a point, for the progress bar."""

AT_ONCE = 256
"""Points that are answered together, and then kept: no more is lost in a kill."""


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
    only: range | None = None,
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
        Of the design and of the cells; of a grid that is answered exactly nothing depends on it.
    only : range, optional
        Numbers of the points to answer, from 0 on, as one of several jobs does; ``Sweep.merge`` joins what they come
        to.  Default: all.  Points that a file holds already are told beside them.
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
    if cells is None and executor is not None:
        raise InputError("executor", executor, "left out, or given with cells: exact answers are worked out here")
    asked, factors, wanted = planned(
        model, vary, design=design, points=points, observables=observables, times=times, cells=cells, seed=seed,
        only=only, executor=executor,
    )  # fmt: skip
    return swept(asked.recipe, _answered(asked, factors, wanted, path, progress))


def planned(
    model: Model,
    vary: Mapping[str, Any],
    *,
    design: str,
    points: int,
    observables: Sequence[Observable],
    times: Sequence[float],
    cells: int | None,
    seed: int,
    only: range | None,
    executor: Executor | None = None,
) -> tuple[Asked, Floats, range]:
    """What is asked, the factors at each point (N, P), and which points are wanted: all checked, nothing answered."""
    model, seed = check_model(model), check_seed(seed)
    observables, at = _beside(observables, times)
    cells = None if cells is None else len(cell_range(cells))
    ranges, factors = _points(model, vary, design, points, seed)
    _check_ends(model, ranges, factors)
    told = None if cells is None and design == "grid" else seed
    names, many = tuple(one.hazard for one in ranges), len(factors)
    recipe = SweepRecipe(model, names, design, many, fingerprint(factors), cells, told, observables, at)
    return Asked(recipe, ranges, executor), factors, _only(only, many)


def _check_ends(model: Model, ranges: Sequence[Range], factors: Floats) -> None:
    """That the hazards are such as a model can have, also where all factors are largest."""
    mine = [k for k, one in enumerate(ranges) if one.numbers]
    if mine:
        model_at(model, [ranges[k] for k in mine], np.log(factors[:, mine].max(axis=0)))


def _beside(
    observables: Sequence[Observable], times: Sequence[float]
) -> tuple[tuple[Observable, ...], tuple[float, ...]]:
    """What is asked for beside the steps, and when: both, or neither."""
    at = check_moments(times) if len(list(times)) else np.zeros(0)
    asked = tuple(observables_of(observables).values())
    if bool(asked) != bool(len(at)):
        raise InputError("times", list(times), "hours at which the observables are asked for; both, or neither")
    if len(set(at.tolist())) < len(at):
        raise InputError("times", list(times), "each time once")
    return asked, tuple(at.tolist())


def _only(only: range | None, points: int) -> range:
    """Numbers of the points to answer."""
    if only is None:
        return range(points)
    if not isinstance(only, range) or only.step != 1 or not 0 <= only.start < only.stop <= points:
        raise InputError("only", only, f"a rising range of numbers of points, within range(0, {points})")
    return only


def _answered(
    asked: Asked, factors: Floats, wanted: range, path: str | Path | None, progress: Progress
) -> dict[int, Point]:
    """The answers of the points that are wanted, by number; those that a file has are not worked out again."""
    if path is None:
        return _missing(asked, factors, wanted, {}, None, progress)
    kept = Kept(as_path(path), asked.recipe.as_dict(), asked.recipe.differs)
    with kept.opened() as held:
        for number, point in held.points.items():
            if not is_point_of(asked.recipe, number, point) or point[0] != factors[number].tolist():
                wrong = f"a file as a sweep leaves it; its point {number} was changed since"
                raise InputError("path", str(path), wrong)
        return _missing(asked, factors, wanted, held.points, held, progress)


def _missing(
    asked: Asked, factors: Floats, wanted: range, done: dict[int, Point], held: Held | None, progress: Progress
) -> dict[int, Point]:
    """The points that are done, and those that are wanted beside them, each kept when it is answered."""
    missing = [number for number in wanted if number not in done]
    with reporter(progress, len(missing), VISITS, "points") as report:
        for number, answers in zip(missing, asked.answers(factors[missing]), strict=True):
            done[number] = (factors[number].tolist(), answers)
            if held is not None:
                held.add(number, done[number])
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
            if not some or not all(is_number(v) and 0 < v < math.inf for v in values):
                raise InputError(f"vary[{name!r}]", values, "factors above 0, such as [0.5, 1, 2]")
            if len({float(v) for v in values}) < len(values):
                raise InputError(f"vary[{name!r}]", values, "each factor once")
        ranges = ranges_of(model, dict.fromkeys(vary, (0.5, 2.0)))  # the names are checked
        if (many := math.prod(map(len, vary.values()))) > MOST_POINTS:
            raise InputError("vary", many, f"at most {MOST_POINTS} combinations")
        return ranges, np.array(list(product(*vary.values())), np.float64)
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
class Asked:
    """What answers a sweep.

    Attributes
    ----------
    recipe : SweepRecipe
    ranges : sequence of Range
        Of what is varied: their numbers alone are looked at.
    executor : Executor, optional
        Where cells are run.
    """

    recipe: SweepRecipe
    ranges: Sequence[Range]
    executor: Executor | None = None

    def answers(self, factors: Floats) -> Iterator[list[Answer]]:
        """Of each point (N, P) the answers, one after the other."""
        logs = np.log(factors)
        if self.recipe.cells is not None:
            yield from (self._counted(row) for row in logs)
        elif together(self.recipe.model, self.ranges) and not self.recipe.model.frailties:
            yield from self._together(logs)
        else:
            yield from (self._solved(model_at(self.recipe.model, self.ranges, row)) for row in logs)

    def _counted(self, log: Floats) -> list[Answer]:
        from cascade.runs.simulation import simulate

        recipe, times = self.recipe, list(self.recipe.times)
        assert recipe.cells is not None
        model = model_at(recipe.model, self.ranges, log)
        how: dict[str, Any] = {"cells": recipe.cells, "seed": recipe.seed, "executor": self.executor, "progress": False}
        result = simulate(model, **how)
        found: list[Answer] = [(r.step, None, r.fraction_of_all, r.low, r.high) for r in result.funnel().rows]
        if times:
            result = simulate(model, until=max(times), times=times, **how)
        for one in recipe.observables:
            for hours, share in zip(times, result.observe(one, times).tolist(), strict=True):
                low, high = proportion(round(share * result.cells), result.cells)
                found.append((one.name, hours, share, low, high))
        return found

    def _solved(self, model: Model) -> list[Answer]:
        from cascade.solution.answer import exact

        answer, times = exact(model), list(self.recipe.times)
        found: list[Answer] = [(r.step, None, r.fraction_of_all, r.low, r.high) for r in answer.funnel(1.0).rows]
        if self.recipe.observables and not isinstance(model, Conditioned):
            from cascade.solution.shares import Shares

            at_once = Shares(model, self.recipe.observables, np.array(times), [])
            return [*found, *self._observed(at_once.at(np.zeros(0), slopes=False))]
        for one in self.recipe.observables:
            pairs = zip(times, answer.observe(one, times).tolist(), strict=True)
            found += [(one.name, hours, share, share, share) for hours, share in pairs]
        return found

    def _together(self, logs: Floats) -> Iterator[list[Answer]]:
        from cascade.solution.passing import Passing
        from cascade.solution.shares import Shares

        recipe, groups = self.recipe, [one.numbers for one in self.ranges]
        passing, times = Passing(recipe.model, groups), np.array(recipe.times)
        shares = Shares(recipe.model, recipe.observables, times, groups) if recipe.observables else None
        for begin in range(0, len(logs), AT_ONCE):
            some = logs[begin : begin + AT_ONCE]
            for log, row in zip(some, passing.at(some), strict=True):
                steps = zip(passing.steps, row.tolist(), strict=True)
                found: list[Answer] = [(step, None, p, p, p) for step, p in steps]
                if shares is not None:
                    found += self._observed(shares.of_point(log))
                yield found

    def _observed(self, values: Values) -> Iterator[Answer]:
        """Of each observable its share at each time, with its error."""
        for k, one in enumerate(self.recipe.observables):
            for i, hours in enumerate(self.recipe.times):
                value, error = float(values.value[k, i]), float(values.error[k, i])
                yield one.name, hours, value, max(0.0, value - error), min(1.0, value + error)
