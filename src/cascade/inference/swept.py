"""What a sweep comes to: its long table, and what was asked, with which it is saved, opened again and merged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.arguments import check_moments, check_seed
from cascade.common.errors import CascadeError, InputError, is_number, is_whole
from cascade.common.files import as_path, check_exists, write_atomically
from cascade.common.kinds import kind_of
from cascade.common.shares import estimate_of_share, percent
from cascade.common.types import Floats
from cascade.common.version import STREAM_VERSION, package_version
from cascade.inference.kept import Point, file_of, points_in, recipe_in
from cascade.model import Model
from cascade.model.conditioned import model_of
from cascade.model.observables import Observable

FORMAT = 1
DESIGNS = ("grid", "latin", "sobol")
MOST_POINTS = 1_000_000
SLIGHT, NONE = 1e-3, 1e-6
"""Parts of an exact answer: errors below them are not shown, or are none."""

BEGIN = b'{"sweep": '
WHAT = "a sweep, as cascade.sweep(..., path=...), Sweep.save or 'cascade sweep' leave it"


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
class SweepRecipe:
    """What is asked in a sweep.

    Attributes
    ----------
    model : Model
    hazards : tuple of str
        That are varied.
    design : str
    points : int
        Of the whole design.
    factors : str
        Fingerprint (SHA-256) of the factors at all points.
    cells : int or None
        Simulated at each point; None: the exact answer.
    seed : int or None
        Of the design and of the cells; None of a grid that is answered exactly.
    observables : tuple of Observable
    times : tuple of float
        Hours.
    version : tuple of (str, int)
        Of the package, and of the random streams.
    """

    model: Model
    hazards: tuple[str, ...]
    design: str
    points: int
    factors: str
    cells: int | None
    seed: int | None
    observables: tuple[Observable, ...] = ()
    times: tuple[float, ...] = ()
    version: tuple[str, int] = (package_version(), STREAM_VERSION)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for the first line of a file."""
        told = {
            "sweep": FORMAT,
            "version": list(self.version),
            "model": self.model.digest(),
            "hazards": list(self.hazards),
            "design": self.design,
            "points": self.points,
            "cells": self.cells,
            "seed": self.seed,
            "observables": [one.model_dump(mode="json") for one in self.observables],
            "times": list(self.times),
            "factors": self.factors,
        }
        # The model itself stands last: its digest, above, tells whether it is the same.
        return {**told, "made_of": json.loads(self.model.model_dump_json())}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> SweepRecipe:
        """Read again.

        Raises
        ------
        Exception
            Of any kind, where it is none: who opens the file tells.
        """
        model, (package, streams) = model_of(told["made_of"]), told["version"]
        right = model.digest() == told["model"] and told["sweep"] == FORMAT and is_whole(streams)
        names, times = tuple(map(str, told["hazards"])), tuple(check_moments(told["times"] or [0.0]).tolist())
        times = times if told["times"] else ()
        points, observables = told["points"], tuple(Observable(**one) for one in told["observables"])
        right &= bool(names) and is_whole(points) and 1 <= points <= MOST_POINTS and told["design"] in DESIGNS
        if not right or bool(times) != bool(observables):
            raise InputError("recipe", "", "the recipe of a sweep, of this format, with the digest of its model")
        if told["cells"] is not None and (not is_whole(told["cells"]) or told["cells"] < 1):
            raise InputError("cells", told["cells"], "a whole number above 0")
        return cls(
            model, names, str(told["design"]), int(points), str(told["factors"]), told["cells"],
            None if told["seed"] is None else check_seed(told["seed"]), observables, times,
            (str(package), int(streams)),
        )  # fmt: skip

    def differs(self, other: Mapping[str, Any]) -> str:
        """The first part in which another recipe, as plain data, is not this one; "" where it is."""
        here = json.loads(json.dumps(self.as_dict(), allow_nan=False))
        return next((name for name in here if name != "made_of" and here[name] != other.get(name)), "")

    @property
    def answers(self) -> list[tuple[str, float | None]]:
        """What is asked at each point, in order: what, and the hours."""
        steps: list[tuple[str, float | None]] = [(step, None) for step in self.model.stages]
        return steps + [(one.name, hours) for one in self.observables for hours in self.times]


@dataclass(frozen=True)
class Sweep(Table[SweepRow]):
    """Answers at many sets of hazards.

    Attributes
    ----------
    rows : tuple of SweepRow
    recipe : SweepRecipe
        What was asked.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.5, "exit": 0.2})
    >>> cascade.sweep(model, {"arrest.lost": [0.5, 1, 2]}).of("exit")[1].round(4).tolist()
    [0.1333, 0.1, 0.0667]
    """

    rows: tuple[SweepRow, ...]
    recipe: SweepRecipe

    left = (0,)

    @property
    def hazards(self) -> tuple[str, ...]:
        """Those that are varied."""
        return self.recipe.hazards

    @property
    def digest(self) -> str:
        """Fingerprint of the model."""
        return self.recipe.model.digest()

    @property
    def points(self) -> tuple[int, ...]:
        """Numbers of the points that are there, rising."""
        return tuple(sorted({row.point for row in self.rows}))

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Numbers of the points that are there, as first and beyond the last."""
        there = np.array(self.points)
        breaks = np.flatnonzero(np.diff(there) > 1) + 1
        return tuple((int(part[0]), int(part[-1]) + 1) for part in np.split(there, breaks))

    @property
    def whole(self) -> bool:
        """Whether all points of the design are there."""
        return len(self.points) == self.recipe.points

    @property
    def label(self) -> str:
        """Of what, and how."""
        recipe = self.recipe
        cells = "1 cell" if recipe.cells == 1 else f"{recipe.cells or 0:,} cells"
        how = f"{cells} each, seed {recipe.seed}" if recipe.cells else "exact"
        sets = f"{recipe.points}" if self.whole else f"{len(self.points)} of {recipe.points}"
        return f"{recipe.model.name}, {sets} sets of hazards ({recipe.design}), {how}; factors on the model's hazards"

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["point", *self.hazards, "what", "share", "interval"]
        lines = []
        for row in self.rows:
            what = row.what if row.hours is None else f"{row.what}, {row.hours:g} h"
            told = self._told(row)
            lines.append([f"{row.point}", *(f"{row.factors[name]:.3g}" for name in self.hazards), what, *told])
        return head, lines

    def _told(self, row: SweepRow) -> list[str]:
        """A share and its interval; of an exact answer an error only where it is one."""
        value, interval = estimate_of_share(row.value, row.low, row.high)
        wide = row.high - row.low
        if self.recipe.cells is None and wide <= SLIGHT * row.value:
            value = percent(row.value)
        return [value, "exact" if self.recipe.cells is None and wide <= NONE * row.value else interval]

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

    def merge(self, other: Sweep) -> Sweep:
        """The sweep of which two parts are, with the points of both.

        Raises
        ------
        InputError
            When the other is of another sweep, or holds points that are here already.
        """
        if not isinstance(other, Sweep):
            raise InputError("other", other, "a part of the same sweep, from cascade.sweep(..., only=...)")
        differs = self.recipe.differs(json.loads(json.dumps(other.recipe.as_dict(), allow_nan=False)))
        if differs:
            raise InputError("other", other.label, f"a part of the same sweep; it is of one that differs in {differs}")
        twice = sorted(set(self.points) & set(other.points))
        if twice:
            raise InputError("other", f"points {', '.join(map(str, twice[:5]))}", "points that are not here yet")
        both = Sweep(tuple(sorted((*self.rows, *other.rows), key=lambda row: row.point)), self.recipe)
        if not both.designed:
            raise InputError(
                "other", other.label, "a part of the same sweep: factors of one of both were changed since"
            )
        return both

    @property
    def designed(self) -> bool:
        """Whether the factors are those of the design, as its fingerprint tells of a whole sweep."""
        if not self.whole:
            return True
        first = {row.point: [row.factors[name] for name in self.hazards] for row in reversed(self.rows)}
        return fingerprint(np.array([first[point] for point in self.points])) == self.recipe.factors

    def save(self, path: str | Path) -> Path:
        """Write what was asked and all answers to a file, whole or not at all; ``cascade.open_sweep`` reads it."""
        points: dict[int, Point] = {}
        for row in self.rows:
            factors = [row.factors[name] for name in self.hazards]
            answers = points.setdefault(row.point, (factors, []))[1]
            answers.append((row.what, row.hours, row.value, row.low, row.high))
        target = as_path(path)
        write_atomically(target, file_of(self.recipe.as_dict(), points))
        return target


def swept(recipe: SweepRecipe, points: Mapping[int, Point]) -> Sweep:
    """The table of what was answered, the points in order."""
    rows = [
        SweepRow(number, dict(zip(recipe.hazards, points[number][0], strict=True)), *answer)
        for number in sorted(points)
        for answer in points[number][1]
    ]
    return Sweep(tuple(rows), recipe)


def fingerprint(factors: Floats) -> str:
    """Of the factors at all points."""
    return sha256(np.ascontiguousarray(factors, "<f8").tobytes()).hexdigest()


def open_sweep(path: str | Path) -> Sweep:
    """A saved sweep, or what one that was killed has left: the points that are whole.

    Parameters
    ----------
    path : str or Path
        Of a file that ``Sweep.save``, ``cascade.sweep(..., path=...)`` or ``cascade sweep`` wrote.

    Raises
    ------
    InputError
        When the file is none, or holds no point yet.
    """
    there = check_exists(path)
    try:
        held = there.read_bytes()
        whole = held[: held.rfind(b"\n") + 1]
        recipe = SweepRecipe.from_dict(recipe_in(whole))
    except OSError as error:
        raise InputError("file", str(path), f"a file that can be read ({error.strerror})") from None
    except CascadeError as error:
        raise InputError("file", str(path), f"{WHAT} ({error})") from None
    except Exception:  # whatever else stands in the file can fail in any way
        kind = kind_of(there)
        told = "; its first line was changed since" if is_sweep(path) else f"; this file is {kind}" if kind else ""
        raise InputError("file", str(path), f"{WHAT}{told}") from None
    points = points_in(whole, "file", str(path))
    if not points:
        raise InputError("file", str(path), "a sweep with at least one point that is done")
    for number, point in points.items():
        if not is_point_of(recipe, number, point):
            raise InputError("file", str(path), f"a sweep as it was saved: its point {number} was changed since")
    found = swept(recipe, points)
    if not found.designed:
        raise InputError("file", str(path), "a sweep as it was saved: factors of its points were changed since")
    return found


def is_point_of(recipe: SweepRecipe, number: int, point: Point) -> bool:
    """Whether a point of a file can be one of this sweep."""
    factors, answers = point
    if not 0 <= number < recipe.points or len(factors) != len(recipe.hazards):
        return False
    if not all(is_number(f) and f > 0 for f in factors):
        return False
    asked: Sequence[tuple[str, float | None]] = [(what, hours) for what, hours, *_ in answers]
    shares = [numbers for _, _, *numbers in answers]
    within = all(is_number(v) and -1e-9 <= v <= 1.0 + 1e-9 for numbers in shares for v in numbers)
    return list(asked) == recipe.answers and within


def is_sweep(path: str | Path) -> bool:
    """Whether a file begins as that of a sweep does."""
    try:
        with open(path, "rb") as file:
            return file.read(len(BEGIN)) == BEGIN
    except OSError:
        return False
