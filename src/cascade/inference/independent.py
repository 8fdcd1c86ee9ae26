r"""Likelihoods of data that are each a chance: when it happened, in how many it was found, which looks a cell gave.

With q_i(theta) the chance of datum i, or its density, and w_i how often it was seen,

    l(theta) = sum_i w_i log q_i(theta),      information  sum_i w_i s_i s_i',  s_i = d log q_i / d theta.

Data of one animal depend on each other: with C the matrix -d^2 l and M the sum over animals of S_a S_a',
S_a = sum_i w_i s_i of its data, the estimate varies as C^-1 M C^-1 and not as C^-1.  An interval is stretched by the
root of the ratio of the two, and its cut is that of Student's law itself, with as many degrees of freedom as the arm
has animals, less its free logarithms.

References: Liang KY, Zeger SL. Biometrika 1986;73:13-22.  Chandler RE, Bate S. Biometrika 2007;94:167-183.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.inference.data import number_of
from cascade.inference.free import Free
from cascade.inference.likely import Expected, Reference, Value
from cascade.model import Model

STEP = 1e-4
"""Of a logarithm, for the matrix of second derivatives."""

Chances = Callable[[Floats, bool], tuple[Floats, Floats]]
"""From free logarithms, and whether derivatives are wanted, log q (n,) and its derivatives (n, P)."""


class Independent:
    """The likelihood of data that are independent but for those of one animal.

    Parameters
    ----------
    models : mapping of str to Model
        By arm.
    free : sequence of Free
    chances : callable
        ``Chances``.
    names : sequence of str
        What each datum is, for messages.
    weights : (n,) float
        How often each was seen.
    animals : sequence of (str, str)
        Arm and name of whose each is.
    what : str
        What the data are, in words.
    most : float
        The highest value that the likelihood could have: of the saturated model, where there is one.

    Attributes
    ----------
    spreads : tuple
        None are fitted.
    units : tuple of (str, str)
        Arm and name of the animals, each of which is independent of the others.
    """

    spreads: tuple[str, ...] = ()
    datum = "chance"

    def __init__(
        self,
        models: Mapping[str, Model],
        free: Sequence[Free],
        chances: Chances,
        names: Sequence[str],
        weights: Floats,
        animals: Sequence[tuple[str, str]],
        *,
        what: str,
        most: float = 0.0,
    ) -> None:
        self.models, self.free = dict(models), tuple(free)
        self._chances, self._names, self._weights, self._most, self._what = chances, names, weights, most, what
        places = {key: place for place, key in enumerate(dict.fromkeys(animals))}
        self._animals = np.array([places[key] for key in animals], np.int64)
        self._arm_of = [arm for arm, _ in places]
        self.units = tuple(places)
        self.sizes = np.zeros(0)

    def expected(self, theta: Floats, *, slopes: bool = True) -> Expected:
        """Logarithms of the chance of each datum at free logarithms (P,); without ``slopes`` these are 0."""
        return Expected(*self._chances(theta, slopes), theta)

    def possible(self, expected: Expected) -> bool:
        """Whether all that was seen can be."""
        return bool(np.isfinite(expected.log[self._weights > 0]).all())

    def check(self, expected: Expected) -> None:
        """That all that was seen can be.

        Raises
        ------
        InputError
            Naming the first that cannot.
        """
        wrong = np.flatnonzero(~np.isfinite(expected.log) & (self._weights > 0))
        if wrong.size:
            wanted = (
                "what the model has a chance for: a fault of the data, of the model, or of where its hazards begin,"
                " model.with_(hazards=...)"
            )
            raise InputError("data", self._names[int(wrong[0])], wanted)

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood; ``spreads`` are none."""
        seen = self._weights > 0
        weights = self._weights[seen]
        return Value(float(weights @ expected.log[seen]) - self._most, weights @ expected.slope[seen], spreads)

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the animals, (A,); ``spreads`` are none."""
        del spreads
        seen = self._weights > 0
        parts = self._weights[seen] * expected.log[seen]
        return np.asarray(np.bincount(self._animals[seen], parts, len(self._arm_of)))

    def reference(self, expected: Expected) -> Reference:
        """Where the information is taken."""
        return Reference(expected.slope, self._weights)

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P): the sum of squared scores; there are no spreads."""
        size = reference.slope.shape[1]
        return (reference.slope.T * reference.rate) @ reference.slope, np.zeros((len(spreads), size, size))

    def restricted(self, expected: Expected, spreads: Floats, reference: Reference) -> Value:
        """The plain one: there is no spread that could be too small."""
        del reference
        return self.of(expected, spreads)

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
        del spreads
        lines = [f"{self._what}; hazards are per hour."]
        if self.clustered:
            animals = number_of(len(self._arm_of), "animal")
            lines.append(f"Rows of one animal depend on each other: intervals are by what differs between {animals}.")
        else:
            lines.append("Rows are taken as independent of each other: say which are of one animal, if some are.")
        return lines

    @property
    def clustered(self) -> bool:
        """Whether any animal has several data."""
        return bool(np.bincount(self._animals, self._weights > 0).max() > 1)

    def depending(self, theta: Floats) -> tuple[Floats, Floats] | None:
        """What intervals are stretched by, and degrees of freedom, (P,) each; None where no data depend.

        Both are those of the animals of the arms that a free logarithm is of: an arm of one animal tells none.
        """
        if not self.clustered:
            return None
        size, left = len(theta), self._left()
        degrees = np.array([self._degrees(free, left) for free in self.free])
        steps = np.eye(size) * STEP
        slopes = [self._slope(theta + step) - self._slope(theta - step) for step in steps]
        bent = -np.array(slopes) / (2.0 * STEP)
        inverse = np.linalg.pinv((bent + bent.T) / 2.0, hermitian=True)
        scores = np.zeros((len(self._arm_of), size))
        np.add.at(scores, self._animals, self._weights[:, None] * self.expected(theta).slope)
        # Of few animals the scores are too small, since they sum to 0 at the estimate.
        number = {arm: self._arm_of.count(arm) for arm in left}
        wider = np.array([number[arm] / max(left[arm], 1e-9) for arm in self._arm_of])
        both = inverse @ (scores.T * wider) @ scores @ inverse
        plain = np.diag(inverse)
        ratio = np.where(plain > 0, np.diag(both) / np.where(plain > 0, plain, 1.0), np.inf)
        told = degrees >= 1.0
        return np.where(told, np.sqrt(np.maximum(ratio, 0.0)), np.inf), np.maximum(degrees, 1.0)

    def _left(self) -> dict[str, float]:
        """Animals of each arm, less the free logarithms that they tell: one of several arms in part."""
        arms = list(dict.fromkeys(self._arm_of))
        left = {arm: float(self._arm_of.count(arm)) for arm in arms}
        for free in self.free:
            over = self._over(free)
            mine = [free.arm or over] if free.arm or over else arms
            for arm in mine:
                if arm in left:
                    left[arm] -= 1.0 / len(mine)
        return left

    def _degrees(self, free: Free, left: Mapping[str, float]) -> float:
        """Of a hazard of one arm, of one over that of another, or of all arms."""
        if free.against:
            return min(left.get(free.arm, 0.0), left.get(free.against, 0.0))
        mine = free.arm or self._over(free)
        return left.get(mine, 0.0) if mine else sum(left.values())

    def _over(self, free: Free) -> str:
        """The arm that a hazard is of because those of other arms are told over it; '' of one of all arms."""
        return next((one.against for one in self.free if one.against and one.name == free.name), "")

    def _slope(self, theta: Floats) -> Floats:
        return self._weights @ self.expected(theta).slope
