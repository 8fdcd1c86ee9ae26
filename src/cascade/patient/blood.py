r"""Cells of a tumour in the blood, and asleep: of all that were shed, nearly all of which die.

A source that sheds c(t) cells a day by a route has, at time t, on average

    N(t) = int_0^t c(t - a) P(there at age a) da

cells in any set of states; shed cells are independent, so their number is Poisson, given the traits.  P(there at age
a) is the occupancy that the cell model solves, from seconds after shedding to decades.  Sleepers are on the way to
founding and so scale with the disease's efficiency; how long a cell is in the blood does not.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.body import Cancer
from cascade.body.routes import routes
from cascade.common.shares import percent
from cascade.common.types import Floats
from cascade.patient.disease import Disease
from cascade.patient.founding import Founding, foundings
from cascade.patient.lives import SLEEPS
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING
from cascade.solution.answer import exact

if TYPE_CHECKING:
    from cascade.patient.follow.register import Register

BLOOD_ML = 5000.0
SAMPLE_ML = 7.5
"""Blood that the common assay takes."""

IN_THE_BLOOD = ("transit", "circulation", "arrest")
"""Steps of cells that flow: before a vessel holds them; the first is called *circulation* where blood alone carries."""

PER_DECADE = 24
LEAST_HOURS, MOST_YEARS = 1e-3, 200.0


@dataclass(frozen=True)
class BloodRow:
    """Cells of the primary at a time.

    Attributes
    ----------
    years : float
    shed : float
        Cells a day.
    in_blood : float
        Single cells in all of the blood.
    in_sample, any_in_sample : float
        In 7.5 mL: their mean number, and the chance that there is one.
    asleep : float
        Cells asleep in the tissue, of which most never wake.
    """

    years: float
    shed: float
    in_blood: float
    in_sample: float
    any_in_sample: float
    asleep: float


@dataclass(frozen=True)
class Blood(Table[BloodRow]):
    """Cells of the primary in the blood, and asleep, by year."""

    rows: tuple[BloodRow, ...]
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["years", "shed a day", "in the blood", "in 7.5 mL", "any in 7.5 mL", "asleep"]
        lines = []
        for r in self.rows:
            numbers = [f"{v:.3g}" for v in (r.shed, r.in_blood, r.in_sample)]
            lines.append([f"{r.years:g}", *numbers, percent(r.any_in_sample), f"{r.asleep:.3g}"])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return (
            "Of the primary alone, of single cells, in 5 L of blood; how many are shed and how long they are in the"
            f" blood are numbers of the disease and of the cell model, whose absolute scale is not known. {WARNING}"
        )


def blood_of(disease: Disease, years: tuple[float, ...], traits: Mapping[str, float], subtype: str = "") -> Blood:
    """Cells of the primary of a patient with some traits, of a subtype, at some times."""
    pace, factors = multiplied(disease, traits, subtype)
    by_route = {founding.route: founding for founding in foundings(disease.cancer)}
    rows = []
    for year in years:
        now = year * DAYS_PER_YEAR
        shed = flowing = asleep = 0.0
        for shedding in disease.shedding:
            rate = _rate(disease, shedding.route, pace, factors[shedding.route])
            there = presence(disease.cancer, by_route[shedding.route])
            shed += float(rate(np.array([now]))[0])
            flowing += _present(rate, now, there[0], there[1])
            asleep += sum(
                disease.efficiency_in(site) * _present(rate, now, there[0], n) for site, n in there[2].items()
            )
        sample = flowing * SAMPLE_ML / BLOOD_ML
        rows.append(BloodRow(year, shed, flowing, sample, float(-np.expm1(-sample)), asleep))
    return Blood(tuple(rows), f"{disease.title or disease.name}: cells in the blood, and asleep")


def multiplied(disease: Disease, traits: Mapping[str, float], subtype: str) -> tuple[float, dict[str, float]]:
    """Pace of a patient's primary, and what shedding is multiplied by, by route."""
    from cascade.patient.answer import multipliers

    pace, route, _ = multipliers(disease, traits)
    kind = next((k for k in disease.subtypes if k.name == subtype), None)
    if kind is not None:
        pace *= kind.growth
        route = route * [kind.shedding.get(shed.route, 1.0) for shed in disease.shedding]
    return pace, dict(zip((shed.route for shed in disease.shedding), route.tolist(), strict=True))


def _rate(disease: Disease, name: str, pace: float, factor: float) -> Callable[[Floats], Floats]:
    """Cells shed a day by a route, by the day."""
    shed, growth = next(s for s in disease.shedding if s.route == name), disease.tumour.growth

    def rate(days: Floats) -> Floats:
        own = np.clip(days, 0.0, None) * pace
        cells = growth.size(own)
        grown = shed.per_day * factor * (cells / shed.at_cells) ** shed.exponent * pace**shed.per_division
        return np.asarray(np.where((days >= 0) & (cells >= shed.onset_cells), grown, 0.0))

    return rate


def _present(rate: Callable[[Floats], Floats], now: float, ages: Floats, there: Floats) -> float:
    """The integral over ages, evenly over their logarithm (Simpson); before the first age all are there as then."""
    if now <= 0:
        return 0.0
    begun = float(rate(np.array([now]))[0]) * there[0] * ages[0]
    return float((simpson(ages) * rate(now - ages) * there).sum() + begun)


def tubes(disease: Disease, register: Register) -> Floats:
    """Mean number of cells of the primary in 7.5 mL of blood on the day of diagnosis, (n,), by the traits of each.

    Of all routes: what was shed while the cells of then have been on their way and in the blood, at the rate of the
    day, for both take hours to days.

    Parameters
    ----------
    disease : Disease
    register : Register
        Of patients of it.
    """
    kinds = disease.subtypes
    pace = _by_traits(disease, register, "growth")
    pace = pace * np.array([kind.growth for kind in kinds] or [1.0])[register.subtype]
    flowing = np.zeros(len(register))
    for shed in disease.shedding:
        leaks = _by_traits(disease, register, f"shedding.{shed.route}")
        leaks = leaks * np.array([kind.shedding.get(shed.route, 1.0) for kind in kinds] or [1.0])[register.subtype]
        rate = shed.per_day * leaks * (register.cells / shed.at_cells) ** shed.exponent * pace**shed.per_division
        flowing += np.where(register.cells >= shed.onset_cells, rate, 0.0) * stay_days(disease, shed.route)
    return flowing * SAMPLE_ML / BLOOD_ML


def _by_traits(disease: Disease, register: Register, what: str) -> Floats:
    """The product of the traits that act on something, (n,)."""
    acting = [i for i, trait in enumerate(disease.traits) if what in trait.acts_on]
    return np.asarray(register.traits[:, acting].prod(axis=1))


def stay_days(disease: Disease, route: str | None = None) -> float:
    """Mean stay in flowing blood, in days, of a cell that is shed into it, or by a route, as the cell model has it."""
    route = routes().circulating.name if route is None else route
    cells = next(f for f in foundings(disease.cancer) if f.route == route)
    ages, there, _ = presence(disease.cancer, cells)
    return float((simpson(ages) * there).sum() + there[0] * ages[0])


def simpson(ages: Floats) -> Floats:
    """Weights of an integral over ages that lie evenly over their logarithm: an odd number of them."""
    weights = np.full(len(ages), 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    return np.asarray(weights * ages * float(np.log(ages[1] / ages[0])) / 3.0)


@lru_cache(maxsize=32)
def presence(
    cancer: Cancer,  # noqa: ARG001 (whose it is)
    founding: Founding,
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Ages in days, evenly over their logarithm; the chances to be in flowing blood, and asleep by site, at them."""
    decades = np.log10(MOST_YEARS * DAYS_PER_YEAR * 24.0 / LEAST_HOURS)
    number = 2 * int(np.ceil(decades * PER_DECADE / 2)) + 1
    hours = LEAST_HOURS * 10.0 ** (np.arange(number) * decades / (number - 1))
    curves = exact(founding.model).occupancy(hours.tolist())
    states = founding.model.states
    blood = routes().circulating.name
    flowing = [s.name for s in states if s.route == blood and s.stage in IN_THE_BLOOD and s.landmark is None]
    asleep: dict[str, Floats] = {}
    for state in states:
        if state.milestone in SLEEPS and state.place is not None:
            asleep[state.place.at] = asleep.get(state.place.at, np.zeros(number)) + curves[state.name]
    there = np.sum([curves[name] for name in flowing], axis=0) if flowing else np.zeros(number)
    return hours / 24.0, np.asarray(there), asleep
