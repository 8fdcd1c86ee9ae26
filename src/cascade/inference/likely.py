"""What a search, a profile and the posterior ask of a likelihood, whatever the data are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cascade.common.types import Floats
from cascade.inference.free import Free
from cascade.model import Model

FARTHEST = 30.0
"""Of a free logarithm from the model: beyond it a hazard is 0 or infinite, as far as data can tell."""


class Expected(NamedTuple):
    """What the model says of each datum.

    Attributes
    ----------
    log : (n,) float
        Logarithms: of the expected count of the median animal, or of the chance of what was seen; -inf where it is
        below its own error.
    slope : (n, P) float
        Derivatives of it by the free logarithms.
    theta : (P,) float
        Where.
    """

    log: Floats
    slope: Floats
    theta: Floats


class Value(NamedTuple):
    """A log likelihood, and its derivatives by the free logarithms (P,) and by those of the spreads (S,)."""

    value: float
    by_free: Floats
    by_spread: Floats


@dataclass(frozen=True)
class Reference:
    """Where the restricted likelihood is taken: derivatives of what is expected of each datum, and its weight."""

    slope: Floats
    rate: Floats


class Likely(Protocol):
    """A likelihood of free logarithms and of the logarithms of spreads."""

    @property
    def models(self) -> Mapping[str, Model]:
        """By arm."""

    @property
    def datum(self) -> str:
        """What it is of: a count, or a chance."""

    @property
    def free(self) -> tuple[Free, ...]:
        """What is fitted."""

    @property
    def spreads(self) -> tuple[str, ...]:
        """What each spread is of."""

    @property
    def sizes(self) -> Floats:
        """Of how many animals or counts each spread is, (S,)."""

    def expected(self, theta: Floats, *, slopes: bool = True) -> Expected:
        """What the model says at free logarithms (P,); without ``slopes`` these are 0."""

    def possible(self, expected: Expected) -> bool:
        """Whether all that was seen can be."""

    def check(self, expected: Expected) -> None:
        """Raise an InputError that names what was seen and cannot be."""

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood at logarithms of spreads (S,)."""

    @property
    def units(self) -> tuple[tuple[str, str], ...]:
        """Arm and name of what is independent of each other: animals, or experiments."""

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the units, (A,): their sum is that of all, but for what data alone add."""

    def reference(self, expected: Expected) -> Reference:
        """Where the information is taken."""

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P), and its derivatives by the logarithms of the spreads, (S, P, P)."""

    def restricted(self, expected: Expected, spreads: Floats, reference: Reference) -> Value:
        """The restricted log likelihood; of data without spreads the plain one."""

    def depending(self, theta: Floats) -> tuple[Floats, Floats] | None:
        """What intervals are stretched by (P,), since rows of one animal depend on each other, and degrees of freedom.

        None where the likelihood has all of that in it.
        """

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
