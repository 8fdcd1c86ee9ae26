r"""What the data cannot tell, whatever the hazards: directions in which no count moves.

The derivatives of all log expected counts are stacked at several points around the model, theta = 0.  A direction
that all of them leave unmoved is one of the model and the design, not of an estimate: in hazards, for those that enter
only by their sum; in logarithms, for those that enter only by their product or ratio.  Beside these there are
directions that these animals do not tell: an eigenvalue of the information is the squared inverse of a standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.answers.handing import HandsOut
from cascade.common.jsons import plain_data
from cascade.common.types import Floats
from cascade.inference.free import Free
from cascade.inference.likely import Likely

POINTS = 6
AROUND = 0.7
NOTHING = 1e-7
"""Of the largest singular value: what moves counts less moves none."""

SLIGHT = 0.05
ALIKE = 0.1
"""Of the largest part of a direction that is told least: parts below SLIGHT are left out, two that differ by less than
ALIKE count as equal.  What counts leave unmoved but for some per cent they do not leave unmoved in the strict sense."""

SMALL = 1e-3
"""Of the largest part of a direction: smaller ones are none."""

UNTOLD = 1e-4
"""Information about a logarithm below which its standard error is more than 100: no number of it is worth saying."""

BETTER = 10.0
"""Times as small as that of a product (or ratio) the standard error of the ratio (or product) is that alone is told."""

ROUNDED = 1e-12
"""Of the largest information about a direction: what is less is 0."""

AS_LITTLE = 2.0
"""Times as large as the smaller the larger of two standard errors is at most, where data tell as little of both."""


@dataclass(frozen=True)
class Identified(HandsOut):
    """What is told by the data, and what is not.

    Attributes
    ----------
    sums, products : tuple of mapping of str to float
        Directions in hazards and in their logarithms in which no count moves.
    eigenvalues : (P,) float
        Of the information about the logarithms, falling: 1 over the square of a standard error.
    weakest : mapping of str to float
        The direction of the last one, in logarithms.
    what : str
        What the data are: counts, or chances of what was seen.
    across : float
        Where the weakest direction is about the product (or ratio) of two hazards: the standard error of the logarithm
        of their ratio (or product), all others free.  NaN where it is of one hazard, or of more.
    """

    sums: tuple[dict[str, float], ...]
    products: tuple[dict[str, float], ...]
    eigenvalues: Floats
    weakest: dict[str, float]
    what: str = "count"
    across: float = np.nan

    def to_dicts(self) -> list[dict[str, Any]]:
        """A row for each part of a direction: of sums and products in which nothing moves, and of what is told least.

        ``standard_error`` is that of a logarithm along the direction that is told least, of length 1; None of the
        others, of which nothing is told.
        """
        least = float(max(float(self.eigenvalues[-1]), 1e-300) ** -0.5)
        some = [("sum", one, math.inf) for one in self.sums] + [("product", one, math.inf) for one in self.products]
        some.append(("told least", self.weakest, least))
        return [
            {"direction": number, "kind": kind, "hazard": name, "part": part, "standard_error": error}
            for number, (kind, parts, wrong) in enumerate(some)
            for error in [plain_data(wrong)]
            for name, part in parts.items()
        ]

    def __str__(self) -> str:
        lines = [_in_words(direction, "sum", "difference", self.what) for direction in self.sums]
        lines += [_in_words(direction, "product", "ratio", self.what) for direction in self.products]
        if lines:
            return "\n".join(lines)
        least = self.eigenvalues[-1]
        if least >= 1.0:
            return f"Every free hazard moves the {self.what}s in a way of its own."
        told = _hardly(self.weakest, float(least), self.across)
        few = int((self.eigenvalues <= min(1.0, max(AS_LITTLE**2 * least, UNTOLD))).sum())
        return told if few == 1 else f"{told} It is one of {few} directions of which they tell as little."


def identified(likelihood: Likely, information: Floats) -> Identified:
    """What the data tell of the free hazards."""
    rng = np.random.default_rng(2)
    labels, unit = [free.label for free in likelihood.free], _units(likelihood.free)
    by_log, by_hazard = [], []
    for _ in range(POINTS):
        point = rng.normal(0.0, AROUND, len(likelihood.free))
        expected = likelihood.expected(point)
        slope = np.unique(expected.slope[np.isfinite(expected.log)], axis=0)
        by_log.append(slope)
        by_hazard.append(slope / np.exp(point))
    values, vectors = np.linalg.eigh(information)
    weakest = _direction(vectors[:, 0], labels)
    pair = [labels.index(name) for name in _large(weakest)]
    both = _common(np.concatenate(by_log), np.ones(len(unit)))
    # A hazard that moves nothing is told once.
    sums = [d for d in _common(np.concatenate(by_hazard), unit) if np.count_nonzero(d) > 1]
    return Identified(
        tuple(_direction(d, labels) for d in sums),
        tuple(_direction(d, labels) for d in both),
        values[::-1].copy(),
        weakest,
        likelihood.datum,
        _across(values, vectors, pair) if len(pair) == 2 else np.nan,
    )


def _units(free: tuple[Free, ...]) -> Floats:
    return np.array([1.0 if np.isnan(one.start) else one.start for one in free])


def _common(stacked: Floats, unit: Floats) -> list[Floats]:
    """Directions that all rows leave unmoved, times the units of their parts, each with as few parts as can be."""
    if not len(stacked):
        return list(np.eye(stacked.shape[1]))
    # Rows of one size: an observable that hardly moves counts as much.
    rows = stacked / np.maximum(np.abs(stacked).max(axis=1, keepdims=True), 1e-300)
    _, singular, vectors = np.linalg.svd(rows, full_matrices=True)
    rank = int((singular > NOTHING * singular.max(initial=0.0)).sum())
    null = vectors[rank:] * unit
    # Row by row to echelon form, the largest part first: sums of two come out as such.
    used: list[int] = []
    for i in range(len(null)):
        free = np.abs(null[i]).copy()
        free[used] = 0.0
        pivot = int(np.argmax(free))
        null[i] /= null[i, pivot]
        for k in range(len(null)):
            if k != i:
                null[k] -= null[k, pivot] * null[i]
        used.append(pivot)
    return [np.where(np.abs(row) > SMALL * np.abs(row).max(), row, 0.0) for row in null]


def _direction(vector: Floats, labels: list[str]) -> dict[str, float]:
    vector = vector / np.abs(vector).max() * (1.0 if vector[int(np.argmax(np.abs(vector)))] > 0 else -1.0)
    return {label: float(v) for label, v in zip(labels, vector, strict=True) if abs(v) > SMALL}


def _large(direction: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in direction.items() if abs(value) > SLIGHT}


def _across(values: Floats, vectors: Floats, pair: list[int]) -> float:
    """The standard error of log a + log b, where the weakest direction is of a / b; of log a - log b where of a b."""
    one, other = vectors[pair, 0]
    direction = np.zeros(len(values))
    direction[pair] = 1.0, -np.sign(one * other)
    # What is 0 but for rounding, and may be negative: of that direction nothing is told.
    told = np.maximum(values, ROUNDED * values.max())
    return float(np.sqrt(((vectors.T @ direction) ** 2 / told).sum()))


def _in_digits(error: float) -> str:
    return "more than 100" if error > UNTOLD**-0.5 else f"{error:.2g}"


def _hardly(direction: dict[str, float], least: float, across: float) -> str:
    """What these data tell of the direction in logarithms of which they tell least, and of the one across it."""
    error = float(max(least, 1e-300) ** -0.5)
    large = _large(direction)
    names, values = list(large), list(large.values())
    what = "These data tell hardly anything of {} (standard error of its logarithm {})"
    if len(names) == 1:
        return what.format(names[0], _in_digits(error)) + "."
    if len(names) == 2 and abs(abs(values[0]) - abs(values[1])) < ALIKE:
        kinds = ("product", "ratio") if values[0] * values[1] > 0 else ("ratio", "product")
        # The logarithm of a product or ratio moves sqrt(2) times as far as its direction, whose length is one.
        error, only = error * 2**0.5, ""
        if across * BETTER < min(error, 100.0):
            only = f": only their {kinds[1]} is told (standard error {_in_digits(across)})"
        return what.format(f"the {kinds[0]} of {names[0]} and {names[1]}", _in_digits(error)) + only + "."
    parts = ", ".join(f"{name} {value:+.2f}" for name, value in direction.items())
    return (
        "These data tell hardly anything of one direction of the logarithms "
        f"(standard error {_in_digits(error)}): {parts}."
    )


def _in_words(direction: dict[str, float], same: str, opposite: str, what: str) -> str:
    """One direction in a sentence."""
    names, values = list(direction), list(direction.values())
    if len(names) == 1:
        return f"{names[0]} moves no {what} at all."
    if len(names) == 2 and abs(abs(values[0]) - abs(values[1])) < 0.01:
        kind = same if values[0] * values[1] < 0 else opposite
        return f"{names[0]} and {names[1]} enter only by their {kind}."
    parts = ", ".join(f"{name} by {value:+.3g}" for name, value in direction.items())
    where = "hazards" if same == "sum" else "logarithms"
    return f"No {what} moves when the {where} move together: {parts}."
