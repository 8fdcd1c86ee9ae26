"""What a disease was fitted to: free parameters with their errors, published rows, and variants where sources part.

A script of the experiments fits, and writes what stands here into the file of the disease: nothing is fitted by hand.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cascade.common.numbers import plain_number
from cascade.common.portable import exp, log
from cascade.model.base import FrozenMapping, Keys, Name, Part, Text

SCALES = ("log", "logit", "atanh")

APART = 2.0
"""Errors of a row by which a prediction may miss it and still be called one."""

UNIDENTIFIED = 1.0
"""Standard deviation, on the scale of a parameter, of combinations that no row identifies: a factor of e."""

LEAST_SHARE = 1e-4
"""Shares of model and source count as at least so far from 0 and 1 where logits are compared."""


def there(value: float, scale: str) -> float:
    """A number on the scale on which it is fitted: any real number."""
    if scale == "log":
        return log(value)
    return log(value / (1.0 - value)) if scale == "logit" else 0.5 * log((1.0 + value) / (1.0 - value))


def back(value: float, scale: str) -> float:
    """The number that stands so on its scale."""
    value = max(-700.0, min(700.0, value))
    if scale == "log":
        return exp(value)
    return 1.0 / (1.0 + exp(-value)) if scale == "logit" else 2.0 / (1.0 + exp(-2.0 * value)) - 1.0


_Real = Annotated[float, BeforeValidator(plain_number), Field(allow_inf_nan=False)]
_Positive = Annotated[float, BeforeValidator(plain_number), Field(gt=0, allow_inf_nan=False)]


class Free(Part):
    """A parameter that was fitted.

    Parameters
    ----------
    name : str
    where : str
        Its place in the file, steps parted by dots; entries of lists by their name, route or number.
    scale : str
        On which it was fitted and is about normal: "log", "logit" (of shares), "atanh" (of correlations).
    """

    name: Text
    where: Text
    scale: Literal["log", "logit", "atanh"]


class Row(Part):
    """A published figure of patients, and what the disease says to it.

    Parameters
    ----------
    name : str
    role : str
        "target": it was fitted; "choice": it was looked at before the model, or a variant, was chosen; "comparison":
        neither.
    measure : str
        "share" (compared by logits) or "size" (also ratios: by logarithms).
    observed, simulated : float
    error : float
        Standard error of the observed number on that scale, with what definitions do not share.
    source : tuple of str
        Keys of the sources of the disease.
    cited : str
        Who published it, of whom, and its grade, where it is none of these.
    """

    name: Text
    role: Literal["target", "choice", "comparison"]
    measure: Literal["share", "size"]
    observed: _Positive
    simulated: Annotated[float, BeforeValidator(plain_number), Field(ge=0, allow_inf_nan=False)]
    error: _Positive
    source: Keys = ()
    cited: Text = ""

    @property
    def apart(self) -> float:
        """Model less source, in errors of the source."""
        least = LEAST_SHARE
        if self.measure == "share":
            simulated, observed = (min(max(x, least), 1.0 - least) for x in (self.simulated, self.observed))
            return (there(simulated, "logit") - there(observed, "logit")) / self.error
        return (log(max(self.simulated, least)) - log(self.observed)) / self.error

    @property
    def range(self) -> tuple[float, float]:
        """Where a number that the source does not contradict lies."""
        scale = "logit" if self.measure == "share" else "log"
        middle, reach = there(self.observed, scale), APART * self.error
        return back(middle - reach, scale), back(middle + reach, scale)

    @property
    def verdict(self) -> str:
        """What becomes of it: "fitted" or "not met", "predicted" (a choice: "agrees") or "contradicted"."""
        met = abs(self.apart) <= APART
        if self.role == "target":
            return "fitted" if met else "not met"
        return "predicted" if met and self.role == "comparison" else "agrees" if met else "contradicted"


def _square(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("a square matrix")
    if any(
        not math.isclose(rows[i][j], rows[j][i], rel_tol=1e-6, abs_tol=1e-12)
        for i in range(len(rows))
        for j in range(i)
    ):
        raise ValueError("a symmetric matrix")
    return rows


class Calibration(Part):
    """A fit: what was free, how far it is known, and the rows.

    Parameters
    ----------
    made : str
        The command that made it, and of how many patients.
    digest : str
        Of the disease that was fitted: where a number is changed afterwards, the rows are not of it.
    free : tuple of Free
    covariance : tuple of tuple of float
        Of the free parameters on their scales, in their order.
    identified : int
        Combinations of the free parameters that the targets identify.
    rows : tuple of Row
    """

    made: Text
    digest: Text
    free: Annotated[tuple[Free, ...], Field(strict=False, min_length=1)]
    covariance: Annotated[
        tuple[Annotated[tuple[_Real, ...], Field(strict=False)], ...], Field(strict=False), AfterValidator(_square)
    ]
    identified: Annotated[int, Field(ge=0)]
    rows: Annotated[tuple[Row, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if len(self.covariance) != len(self.free):
            raise ValueError(f"a covariance of {len(self.free)} parameters, as many as are free")
        return self

    @property
    def errors(self) -> tuple[float, ...]:
        """Standard error of each parameter, on its scale."""
        return tuple(math.sqrt(max(row[i], 0.0)) for i, row in enumerate(self.covariance))


class Variant(Part):
    """The disease with other numbers, where sources contradict each other.

    Parameters
    ----------
    name : str
        ``cascade.disease("NAME:VARIANT")`` is the disease with these numbers.
    title : str
    changes : mapping of str to float
        Numbers by their place, as of `Free`.
    calibration : Calibration, optional
        Of its own fit.
    source : tuple of str
    """

    name: Name
    title: Text = ""
    changes: FrozenMapping[Text, _Real]
    calibration: Calibration | None = None
    source: Keys = ()
