"""A disease fitted to patients: its numbers with their intervals, each count beside it, and the disease itself.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import stats

from cascade.common.errors import InputError, is_number
from cascade.common.types import Floats, Mask
from cascade.inference.cohorts.groups import ALL, Group, Said, Together
from cascade.inference.cohorts.rows import Patients
from cascade.inference.cohorts.tables import CountRow, CountRows, FittedNumber, FittedNumbers, chance_of
from cascade.patient.calibration import Calibration, Free, Row, back
from cascade.patient.disease import Disease
from cascade.patient.fits import RowsFitted, rows_of
from cascade.patient.over_draws import Answer, Uncertain, uncertain
from cascade.patient.tables import WARNING
from cascade.patient.variants import changed, number_at

if TYPE_CHECKING:
    from cascade.inference.comparing import Fits

LEVEL = 0.95

UNTOLD = 3.0
"""Standard error, on the scale of a number, beyond which a combination of numbers counts as not told by the data."""

IN_IT = 1e-2
"""Share of a number in such a combination from which on its interval is open."""

FEWEST = 3.0
"""Counted and not counted, or expected, of which a row of a calibration is made: fewer have no error on a scale."""

SAME = 1.0
"""Of deviances that differ by less, the search has come to the same."""

ASSUMED = 1.0
"""Standard error of a combination that is not told, in draws from the fit: a factor of e."""


@dataclass(frozen=True, eq=False)
class DiseaseFit:
    """A disease fitted to patients.

    Attributes
    ----------
    begun : Disease
        From which the fit began.
    data : Patients
    free : tuple of Free
    x : (P,) float
        Estimates, on the scales of the free numbers.
    information, noise : (P, P) float
        About them; and the covariance of their score by the noise of simulated slopes.
    groups : tuple of Group
    said : tuple of Said
        What the fitted disease says to each group.
    seconds : float
    asked : mapping
        The arguments of ``cascade.fit``.
    starts : tuple of float
        The deviance that each start came to, that from the disease itself first.
    """

    begun: Disease
    data: Patients
    free: tuple[Free, ...]
    x: Floats
    information: Floats
    noise: Floats
    groups: tuple[Group, ...]
    said: tuple[Said, ...]
    seconds: float
    asked: Mapping[str, Any]
    starts: tuple[float, ...]

    @cached_property
    def _combinations(self) -> tuple[Floats, Floats]:
        """Information about combinations of the free numbers (P,), ascending, and the combinations, in columns."""
        values, vectors = np.linalg.eigh(self.information)
        return values, vectors

    @property
    def _told(self) -> Mask:
        """Which of the combinations the data tell, (P,)."""
        return np.asarray(self._combinations[0] > UNTOLD**-2)

    @property
    def identified(self) -> int:
        """Combinations of the free numbers that the data tell."""
        return int(self._told.sum())

    @cached_property
    def covariance(self) -> Floats:
        """Of the free numbers on their scales, (P, P); what the data do not tell is known to a factor of e."""
        values, vectors = self._combinations
        told = np.where(self._told, 1.0 / np.where(self._told, values, 1.0), 0.0)
        inverse = (vectors * told) @ vectors.T
        untold = vectors[:, ~self._told]
        return np.asarray(inverse + inverse @ self.noise @ inverse + ASSUMED**2 * untold @ untold.T)

    @cached_property
    def disease(self) -> Disease:
        """The fitted disease, with this fit as its calibration: `draws`, `uncertain` and its page know of it."""
        told = {one.where: back(float(v), one.scale) for one, v in zip(self.free, self.x, strict=True)}
        plain = changed(self.begun, told)
        calibration = Calibration(
            made="cascade.fit, to {}, {} simulated patients, seed {}".format(
                self.data.name, self.asked["patients"], self.asked["seed"]
            ),
            digest=plain.digest(),
            free=self.free,
            covariance=tuple(tuple(float(f"{v:.6g}") for v in row) for row in _symmetric(self.covariance)),
            identified=self.identified,
            rows=tuple(self._rows()),
        )
        return plain.with_(calibration=calibration)

    @property
    def deviance(self) -> float:
        """Twice the log likelihood below that of the counts themselves, less what the simulation adds."""
        expected = self._together.expected(self.said)
        return float(np.sum(self._together.residuals(*expected) ** 2))

    @cached_property
    def _together(self) -> Together:
        return Together(self.groups)

    def table(self, level: float = LEVEL) -> FittedNumbers:
        """Free numbers with their intervals.

        Parameters
        ----------
        level : float
            Probability with which an interval holds the truth, if the rest of the disease is right.

        Raises
        ------
        InputError
        """
        if not is_number(level) or not 0.0 < level < 1.0:
            raise InputError("level", level, "a probability between 0 and 1")
        reach = float(stats.norm.ppf(0.5 + level / 2.0)) * np.sqrt(np.diag(self.covariance))
        untold = (self._combinations[1][:, ~self._told] ** 2).sum(axis=1) > IN_IT
        rows = []
        for one, x, far, open_ in zip(self.free, self.x.tolist(), reach.tolist(), untold.tolist(), strict=True):
            low, high = (math.nan, math.nan) if open_ else (back(x - far, one.scale), back(x + far, one.scale))
            rows.append(FittedNumber(one.where, number_at(self.begun, one.where), back(x, one.scale), low, high))
        return FittedNumbers(tuple(rows), float(level), " ".join(self._words()))

    def _words(self) -> Iterator[str]:
        """What has to be known to read the numbers."""
        yield (
            f"Of {self.data.told}; {self.asked['patients']:,} simulated patients at each point, seed"
            f" {self.asked['seed']}, care {', '.join(dict.fromkeys(self.asked['care'].values()))}."
        )
        if self.identified < len(self.free):
            yield (
                f"The data tell {self.identified} of {len(self.free)} combinations of the free numbers: fewer can be"
                " free, or more has to be counted."
            )
        worse = sum(one > min(self.starts) + SAME for one in self.starts)
        if worse:
            yield f"Of {len(self.starts)} starts {worse} ended at counts less likely: several hills, or a ridge."
        elif len(self.starts) > 1:
            yield f"All {len(self.starts)} starts came to counts as likely."
        yield f"Intervals are right if the rest of the disease is. {WARNING}"

    def counts(self) -> CountRows:
        """Each count beside the fitted disease, and how seldom one is as far off: the check of the fit."""
        rows = []
        for group, said in zip(self.groups, self.said, strict=True):
            # Of two classes one says all.
            other = 0 if group.what != "years" and len(group.observed) == 2 else -1
            for place, (k, n, p) in enumerate(zip(group.observed, group.exposure, said.value, strict=True)):
                if n > 0 and place != other:
                    named, what = group.named(self.data.classes), self._what(group, place)
                    rows.append(CountRow(named, what, float(k), float(n), float(n * p), *chance_of(group, said, place)))
        told = f"Deviance {self.deviance:.1f} over {self._together.size} counts, few ones together."
        return CountRows(tuple(rows), f"{told} Expected: of the fitted disease. {WARNING}")

    def _what(self, group: Group, place: int) -> str:
        """What one count is of."""
        if group.what == "metastasis":
            return ("no metastasis seen", "metastasis seen")[place]
        told = self.data.classes.told(group.what, place)
        if group.what == "years":
            return f"metastases of {told}"
        return f"{told} at diagnosis" if group.what == "mm" else told

    def _rows(self) -> Iterator[Row]:
        """Targets, for the disease: shares, and metastases by group."""
        for group, said in zip(self.groups, self.said, strict=True):
            named = group.named(self.data.classes)
            k, n = group.observed, group.exposure
            if group.what == "years":
                m = float(n @ said.value)
                if min(m, float(k.sum())) >= FEWEST:
                    seen = float(k.sum())
                    error = math.sqrt((1.0 + m / float(said.behind.sum())) / seen)
                    yield _row(f"distant metastases later, {named}", "size", seen, m, error)
                continue
            for place in range(1 if len(k) == 2 else 0, len(k)):
                total, seen = float(n[place]), float(k[place])
                if min(seen, total - seen) < FEWEST:
                    continue
                share = seen / total
                error = math.sqrt((1.0 + total / float(said.behind.sum())) / (share * (1.0 - share) * total))
                what = self._what(group, place)
                name = what if named == ALL else f"{what}, {named}"
                yield _row(name, "share", share, float(said.value[place]), error)

    def rows(self) -> RowsFitted:
        """Shares and metastases beside the fitted disease, as those of a calibration."""
        return rows_of(self.disease)

    def uncertain(self, answer: Answer | None = None, **options: Any) -> Uncertain:
        """Any answer of the fitted disease with what its free numbers leave open; see `cascade.patient.uncertain`."""
        return uncertain(self.disease, answer, **options)

    def compare(self, *others: DiseaseFit) -> Fits:
        """Fits of the same patients beside each other: Akaike's criterion, and likelihood ratios where one is a part.

        Parameters
        ----------
        others : DiseaseFit
            With other free numbers, or of another disease.

        Raises
        ------
        InputError
            For a fit of other patients.
        """
        from cascade.inference.cohorts.comparing import compared

        for one in others:
            if not isinstance(one, DiseaseFit):
                raise InputError("others", type(one).__name__, "fits of diseases, from cascade.fit(...)")
        return compared([self, *others])

    def save(self, path: str | Path) -> Path:
        """Write the fit as JSON, whole or not at all: the disease, the patients, what was asked and what was found.

        ``cascade.open_fit`` reads it, simulates its patients again and says where that comes to anything else.
        """
        from cascade.inference.cohorts.saved import save_fit

        return save_fit(self, path)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def _row(name: str, measure: Literal["share", "size"], observed: float, simulated: float, error: float) -> Row:
    return Row(
        name=name, role="target", measure=measure, observed=float(f"{observed:.5g}"),
        simulated=float(f"{simulated:.5g}"), error=float(f"{error:.4g}"),
    )  # fmt: skip


def _symmetric(matrix: Floats) -> Sequence[Sequence[float]]:
    found: Sequence[Sequence[float]] = ((matrix + matrix.T) / 2.0).tolist()
    return found
