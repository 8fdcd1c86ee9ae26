"""What the columns of a register stand for, and the groups of patients that are told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cascade.common.errors import InputError, is_number
from cascade.common.frozen import FrozenDict
from cascade.common.types import Floats

if TYPE_CHECKING:
    from cascade.patient.disease import Disease
    from cascade.patient.parts import Trait

MODES = ("symptoms", "screening", "metastasis")
"""What led to diagnosis, in the order of their numbers 1, 2, 3: symptoms of the primary, a screening visit, symptoms
of a lesion elsewhere (the primary was not known until then)."""

CAUSES = ("tumour", "other causes")
"""Of death, in the order of their numbers 1, 2."""

T_MM = (20.0, 50.0)
"""Diameters up to which a primary is T1, T2."""

T, N = ("T1", "T2", "T3"), ("N0", "N1", "N2+", "not known")
"""Categories by size of the primary; by positive nodes: none, 1 to 3, 4 and more, nobody looked."""

SEEN = ("none seen", "seen")
THERE = ("none there", "hidden", "seen")
THIRDS = ("lower third", "middle third", "upper third")

AGES, AGE_GROUPS = (50.0, 70.0), ("below 50", "50 to 69", "70 and above")

MONTHS = 12

DIGITS = 12
"""Figures of the cuts between groups: with these they are the same on every machine."""


def thirds(distribution: str, spread: float) -> tuple[float, float]:
    """The values of a trait of mean 1 below which a third, and two thirds, of all patients lie.

    Parameters
    ----------
    distribution : str
        "lognormal" or "gamma".
    spread : float
        Standard deviation of the logarithm, or coefficient of variation.

    Raises
    ------
    InputError
        For another distribution, or a spread that is not above 0.

    Examples
    --------
    >>> low, high = thirds("lognormal", 1.0)
    >>> round(low * high, 4)  # their middle on a log scale is the median, exp(-1/2)
    0.3679
    >>> [round(cut, 4) for cut in thirds("gamma", 1.0)]  # exponential: log(3/2), log(3)
    [0.4055, 1.0986]
    """
    from scipy.special import gammaincinv, ndtri

    if not is_number(spread) or not 0 < spread < math.inf:
        raise InputError("spread", spread, "a number above 0")
    if distribution == "lognormal":
        middle, far = -spread * spread / 2.0, spread * float(ndtri(2.0 / 3.0))
        return _rounded(math.exp(middle - far)), _rounded(math.exp(middle + far))
    if distribution == "gamma":
        shape = 1.0 / (spread * spread)
        return _rounded(float(gammaincinv(shape, 1 / 3)) / shape), _rounded(float(gammaincinv(shape, 2 / 3)) / shape)
    raise InputError("distribution", distribution, "'lognormal' or 'gamma'")


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


@dataclass(frozen=True)
class Scheme:
    """Names and numbers that the arrays of a register are read with.

    Attributes
    ----------
    label : str
        Name of the disease.
    sites, kinds : tuple of str, (J,)
        Sites of lesions, and of each whether it is "distant", "nodal" or "local".
    traits : tuple of str, (F,)
    cuts : tuple of (float, float), (F,)
        Of each trait the values that part the thirds of all patients.
    subtypes : tuple of str
        Empty where the disease has none.
    cells_per_cm3 : float
    years : float
        Years of the tumour that are followed at most.

    Raises
    ------
    InputError
        Where the lists do not belong together.
    """

    label: str
    sites: tuple[str, ...]
    kinds: tuple[str, ...]
    traits: tuple[str, ...] = ()
    cuts: tuple[tuple[float, float], ...] = ()
    subtypes: tuple[str, ...] = ()
    cells_per_cm3: float = 1e9
    years: float = 40.0

    def __post_init__(self) -> None:
        if len(self.kinds) != len(self.sites) or not set(self.kinds) <= {"distant", "nodal", "local"}:
            raise InputError("kinds", self.kinds, f"'distant', 'nodal' or 'local' for each of {len(self.sites)} sites")
        if len(self.cuts) != len(self.traits):
            raise InputError("cuts", self.cuts, f"two values for each of {len(self.traits)} traits")
        for name in ("cells_per_cm3", "years"):
            if not is_number(value := getattr(self, name)) or not 0 < value < math.inf:
                raise InputError(name, value, "a number above 0")

    @classmethod
    def of(cls, disease: Disease, years: float | None = None) -> Scheme:
        """The scheme of a disease that is followed for so many years of the tumour (default: its own)."""
        from cascade.patient.founding import model_of

        kinds = {site.name: site.kind for site in model_of(disease.cancer).sites}
        return cls(
            disease.title or disease.name,
            disease.sites,
            tuple(kinds[site] for site in disease.sites),
            tuple(trait.name for trait in disease.traits),
            tuple(_cuts(trait) for trait in disease.traits),
            tuple(subtype.name for subtype in disease.subtypes),
            float(disease.tumour.cells_per_cm3),
            float(disease.years if years is None else years),
        )

    @property
    def months(self) -> int:
        """The last month since diagnosis that anybody is followed in."""
        return math.ceil(MONTHS * self.years)

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """What diagnosed patients are told apart by, and the groups of each: everybody is in one of them."""
        made = {"all": ("all",), "T": T, "N": N, "metastasis": SEEN, "hidden": THERE, "mode": MODES}
        made["age"] = AGE_GROUPS
        if self.subtypes:
            made["subtype"] = self.subtypes
        return FrozenDict(made | {f"trait.{name}": THIRDS for name in self.traits})

    @cached_property
    def places(self) -> Mapping[str, slice]:
        """Where the groups of each stand in one row of all."""
        made, first = {}, 0
        for name, groups in self.groups.items():
            made[name] = slice(first, first + len(groups))
            first += len(groups)
        return FrozenDict(made)

    @property
    def strata(self) -> int:
        """Number of groups, of all kinds together."""
        return sum(map(len, self.groups.values()))

    @cached_property
    def distant(self) -> tuple[bool, ...]:
        """Whether a site is a distant one."""
        return tuple(kind == "distant" for kind in self.kinds)

    def cells_of(self, mm: float) -> float:
        """Cells of a ball of so many millimetres."""
        return math.pi / 6.0 * (mm / 10.0) ** 3 * self.cells_per_cm3

    def mm(self, cells: Floats) -> Floats:
        """Diameters in millimetres of balls of so many cells, (n,)."""
        return 10.0 * np.cbrt(6.0 * cells / (math.pi * self.cells_per_cm3))


def _cuts(trait: Trait) -> tuple[float, float]:
    return thirds(trait.distribution, trait.spread)
