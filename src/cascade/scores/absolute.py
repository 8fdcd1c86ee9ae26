r"""The absolute scale of human cancers: two numbers that published figures fix, and what follows for variants.

Metastases begin in proportion to mass, at a rate A per gram and year; a tumour that doubles in a time D has begun
Lambda = A m D / log 2 when its mass is m, so that half of tumours have begun one at m_half where Lambda = log 2:

    A = (log 2)^2 / (m_half D).

A tube of blood holds C m circulating cells in the mean, where the share of tubes with any is 1 - exp(-C m) (or, counts
being overdispersed, 1 - (1 + C m / k)^-k).  With volume V of the blood, tube v and half-life h of a circulating cell

    shed per gram and time = C (V / v) log 2 / h,        metastases per shed cell = A / shed per gram and year.

Only A D and, for tumours of the size that was sampled, C are fixed.  Half-lives and doubling times that were measured
spread what follows over a factor of a thousand: that is shown, not tuned away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import Field

from cascade.answers.table import Table, Texts
from cascade.body.cancers import cancer as cancer_of
from cascade.body.clock import Plan
from cascade.body.reference import circulation
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.files import packaged
from cascade.common.portable import exp, log
from cascade.common.shares import estimate_of_share, percent
from cascade.common.text import HOURS_PER_DAY, HOURS_PER_YEAR, hours, number
from cascade.model.base import Keys, Name, Part, Share, Source

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PI = 3.141592653589793
GRAMS_PER_MM3 = 1e-3
"""As dense as water."""


class ScaledCancer(Part):
    """Published figures of one cancer; see ``scale.toml``."""

    name: Name
    half_metastatic_mm: Positive
    half_metastatic_source: Keys
    tube_positive: Share
    tube_positive_source: Keys
    tube_mm: Positive
    tube_ml: Positive
    efficiency: Positive
    efficiency_low: Positive
    efficiency_high: Positive
    efficiency_source: Keys


class Doubling(Part):
    """A named doubling time of the primary."""

    name: Name
    days: Positive
    source: Keys


class HalfLife(Part):
    """A named half-life of a cell in the blood."""

    name: Name
    hours: Positive
    source: Keys


class Figures(Part):
    """All figures of the scale."""

    plan: Plan
    cancers: Annotated[tuple[ScaledCancer, ...], Field(strict=False)]
    doublings: Annotated[tuple[Doubling, ...], Field(strict=False)]
    half_lives: Annotated[tuple[HalfLife, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False)]


@dataclass(frozen=True)
class ScaleRow:
    """What follows for one doubling time and one half-life.

    Attributes
    ----------
    doubling, half_life : str
        Names of the variants.
    doubling_days, half_life_hours : float
    metastases : float
        That begin per gram of tumour and year.
    circulating : float
        Cells per tube and gram.
    shed : float
        Cells per gram and day.
    residence_hours : float
        Mean time of a cell in the blood.
    lost_per_circuit : float
        Share of the circulating cells that one circuit of the blood holds or kills.
    efficiency : float
        Metastases that begin per shed cell.
    published, low, high : float
        Metastases per shed cell that were published.
    inside : bool
        Whether ``efficiency`` lies in that range.
    independent : bool
        Whether the doubling time is of another work than the published efficiency.
    """

    doubling: str
    half_life: str
    doubling_days: float
    half_life_hours: float
    metastases: float
    circulating: float
    shed: float
    residence_hours: float
    lost_per_circuit: float
    efficiency: float
    published: float
    low: float
    high: float
    inside: bool
    independent: bool


@dataclass(frozen=True)
class Scale(Table[ScaleRow]):
    """The variants of one cancer."""

    left = (0, 6)

    rows: tuple[ScaleRow, ...]
    cancer: str
    tube_ml: float
    tube_mm: float
    k: float | None = None

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = [
            "doubling, half-life", "begun/(g y)", f"cells/({self.tube_ml:g} mL g)", "shed/(g d)", "lost per circuit",
            "begun/shed cell", "in its range",
        ]  # fmt: skip
        lines = [
            [
                f"{row.doubling_days:g} d, {hours(row.half_life_hours)}",
                f"{row.metastases:.2g}",
                f"{row.circulating:.2g}",
                number(float(f"{row.shed:.2g}")),
                percent(row.lost_per_circuit, 2),
                f"{row.efficiency:.1e} ({row.efficiency / row.published:.2g} x)",
                ("yes" if row.inside else "no") + ("" if row.independent else " (one work)"),
            ]
            for row in self.rows
        ]
        return header, lines

    @property
    def caption(self) -> str:
        """Whose scale it is."""
        return f"{self.cancer}: the absolute scale"

    @property
    def below(self) -> str:
        """What is identified and what is not."""
        row = self.rows[0]
        told = estimate_of_share(row.published, row.low, row.high)
        fixed = row.metastases * row.doubling_days * HOURS_PER_DAY / HOURS_PER_YEAR
        unlike = f" Tubes are taken to differ (k = {self.k:g})." if self.k is not None else ""
        return (
            "Metastases that begin, and circulating cells, per gram of tumour. Fixed by what was published:"
            f" {fixed:.2g} begun per gram and doubling time; cells per tube for tumours of {self.tube_mm:g} mm, a size"
            " that is chosen (of half that, 8 times as many a gram). The rest follows for each half-life, in a human"
            f" circuit. Published (1 x): {told.value} shed cells begins a metastasis ({told.interval}); 'one work': the"
            f" doubling time is of the same work, and no independent check.{unlike}"
        )


@cache
def figures() -> Figures:
    """The figures of the package."""
    return Figures(**packaged("cascade.scores", "scale.toml"))


def scaled_names() -> list[str]:
    """Names of the cancers with figures for an absolute scale."""
    return [one.name for one in figures().cancers]


def scale(cancer: str | None = None, *, k: float | None = None) -> Scale:
    """The absolute scale of a cancer, for each variant of doubling time and half-life.

    Parameters
    ----------
    cancer : str, optional
        One with figures; default: the first, of which there is one today.
    k : float, optional
        Of a negative binomial law of counts in tubes (the smaller, the more they differ); default: Poisson.

    Raises
    ------
    InputError
        For a cancer without figures, or k that is not above 0.

    Examples
    --------
    >>> [row.inside for row in scale()]
    [False, False, False, True]
    """
    known = {one.name: one for one in figures().cancers}
    cancer = next(iter(known)) if cancer is None else cancer
    if cancer not in known:
        raise InputError("cancer", cancer, f"a cancer with figures for an absolute scale; {nearest(cancer, known)}")
    if k is not None and (not is_number(k) or not 1e-3 <= k <= 1e6):
        raise InputError("k", k, "None, or a number from 0.001 to 1e6")
    one = known[cancer]
    body = circulation(cancer_of(cancer).sex)
    tubes = body.blood_volume * 1000.0 / one.tube_ml
    circuit = body.blood_volume / body.cardiac_output / 60.0
    circulating = _mean_of(one.tube_positive, k) / _grams(one.tube_mm)
    rows = []
    for doubling in figures().doublings:
        years = doubling.days * HOURS_PER_DAY / HOURS_PER_YEAR
        begun = log(2.0) ** 2 / (_grams(one.half_metastatic_mm) * years)
        for half_life in figures().half_lives:
            rate = log(2.0) / half_life.hours
            shed = circulating * tubes * rate * HOURS_PER_DAY
            efficiency = begun / (shed * HOURS_PER_YEAR / HOURS_PER_DAY)
            inside = one.efficiency_low <= efficiency <= one.efficiency_high
            rows.append(
                ScaleRow(
                    doubling.name,
                    half_life.name,
                    doubling.days,
                    half_life.hours,
                    begun,
                    circulating,
                    shed,
                    1.0 / rate,
                    1.0 - exp(-rate * circuit),
                    efficiency,
                    one.efficiency,
                    one.efficiency_low,
                    one.efficiency_high,
                    inside,
                    _work_of(doubling.source) != _work_of(one.efficiency_source),
                )
            )
    return Scale(tuple(rows), cancer, one.tube_ml, one.tube_mm, k)


def sources_of(keys: Sequence[str]) -> list[Source]:
    """Sources of the scale by their keys."""
    return [source for source in figures().sources if source.key in keys]


def _work_of(keys: Sequence[str]) -> set[str | None]:
    """Which works some keys cite."""
    return {source.doi for source in sources_of(keys)}


def _mean_of(positive: float, k: float | None) -> float:
    """Mean count of which a share is above 0."""
    return -log(1.0 - positive) if k is None else k * (exp(-log(1.0 - positive) / k) - 1.0)


def _grams(diameter_mm: float) -> float:
    return PI / 6.0 * diameter_mm**3 * GRAMS_PER_MM3
