r"""Shares of patients with a metastasis in each organ, alone and together, with intervals from the fit.

A patient with m expected colonies in some organs, 1 / k the squared coefficient of variation of the exposure, has one
there with probability P(m) = 1 - (1 + m / k)^(-k). Exposure is common to all organs, so that for sets A and B

    P(A or B) = P(m_A + m_B),    P(A and B) = P(A) + P(B) - P(A or B),    P(A given B) = P(A and B) / P(B).

log m of each organ is known with a standard error from the fit, a part of which all organs of the cancer share; of
sums and of shares together the errors follow to first order, on the scale of logits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cascade.answers.intervals import Interval, proportion
from cascade.answers.kinds import KINDS
from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, nearest
from cascade.common.shares import estimate_of_share, percent
from cascade.common.text import text_table
from cascade.model import Model
from cascade.model.observables import Exposure, Site

STEP = 1e-5
"""Of log m, in numerical derivatives."""

WIDTH = 1.959964


@dataclass(frozen=True)
class PatientRow:
    """Patients with a metastasis in one place.

    Attributes
    ----------
    organ, kind : str
    share : float
        Of all patients.
    low, high : float or None
        95 % interval from the fit; None where nothing was fitted.
    found, of : int or None
        Autopsies with a metastasis there, of how many.
    seen_low, seen_high : float or None
        95 % interval of the share of the autopsies.
    fitted : bool
        Whether the counts were fitted: they say nothing for the model then.
    detection : float
        Share of the metastases here that an autopsy would have found.
    """

    organ: str
    kind: str
    share: float
    low: float | None
    high: float | None
    found: int | None
    of: int | None
    seen_low: float | None
    seen_high: float | None
    fitted: bool
    detection: float = 1.0


@dataclass(frozen=True)
class PairRow:
    """An organ beside another that is given.

    Attributes
    ----------
    organ : str
    both, both_low, both_high : float
        Share of all patients with a metastasis in both, and its 95 % interval from the fit; not a number where
        nothing was fitted.
    among, among_low, among_high : float
        Of the patients with one in the given organ the share with one here, too.
    """

    organ: str
    both: float
    both_low: float
    both_high: float
    among: float
    among_low: float
    among_high: float


@dataclass(frozen=True)
class Pairs(Table[PairRow]):
    """All organs beside one."""

    rows: tuple[PairRow, ...]
    given: str
    label: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        interval = "95 % from the fit"
        header = ["organ", f"there and in {self.given}", interval, f"of those in {self.given}", interval]
        lines = []
        for row in self.rows:
            line = [row.organ]
            for share, low, high in (
                (row.both, row.both_low, row.both_high),
                (row.among, row.among_low, row.among_high),
            ):
                line += [percent(share), ""] if math.isnan(low) else estimate_of_share(share, low, high)
            lines.append(line)
        return header, lines

    @property
    def caption(self) -> str:
        """Whose patients."""
        return f"{self.label}: patients with a metastasis in an organ and in {self.given}"


@dataclass(frozen=True)
class Patients(Table[PatientRow]):
    """Shares of patients by organ, the distant ones first, of each kind the largest; ``any distant`` stands above.

    Attributes
    ----------
    means : mapping of str to float
        Expected colonies of a patient by organ.
    """

    left = (0, 1)

    rows: tuple[PatientRow, ...]
    label: str
    exposure: Exposure
    means: Mapping[str, float] = field(repr=False)

    def share(self, *organs: str) -> float:
        """Share of patients with a metastasis in any of these organs."""
        return self._any(self._known(organs))(self.means)

    def together(self, one: str, other: str) -> float:
        """Share of patients with a metastasis in both organs."""
        return self._both(*self._known([one, other]))(self.means)

    def among(self, one: str, given: str) -> float:
        """Share of the patients with a metastasis in ``given`` who have one in ``one`` as well."""
        return self.together(one, given) / self.share(given)

    def interval(self, one: str, other: str | None = None, *, given: str | None = None) -> Interval | None:
        """95 % interval of ``share(one)``, ``together(one, other)`` or ``among(one, given)``; None without a fit."""
        names = self._known([name for name in (one, other, given) if name is not None])
        if other is not None:
            return interval_of(self.exposure, self.means, names, self._both(one, other))
        if given is not None:
            both, there = self._both(one, given), self._any([given])
            return interval_of(self.exposure, self.means, names, lambda means: both(means) / there(means))
        return interval_of(self.exposure, self.means, names, self._any([one]))

    def pairs(self, given: str) -> Pairs:
        """Each other organ beside one: patients with a metastasis in both, and of those in ``given`` the share in it.

        Raises
        ------
        InputError
            For an organ that the model does not have.
        """
        self._known([given])
        rows = []
        for organ in (row.organ for row in self.rows[1:] if row.organ != given):
            both = self.interval(organ, given) or Interval(math.nan, math.nan)
            among = self.interval(organ, given=given) or Interval(math.nan, math.nan)
            rows.append(PairRow(organ, self.together(organ, given), *both, self.among(organ, given=given), *among))
        return Pairs(tuple(rows), given, self.label)

    def _known(self, organs: Sequence[str]) -> list[str]:
        for organ in organs:
            if organ not in self.means:
                raise InputError("organ", organ, f"an organ of {self.label}; {nearest(organ, self.means)}")
        return list(organs)

    def _any(self, organs: Sequence[str]) -> Callable[[Mapping[str, float]], float]:
        return lambda means: self.exposure.share(sum(means[organ] for organ in organs) / self.exposure.relative_cells)

    def _both(self, one: str, other: str) -> Callable[[Mapping[str, float]], float]:
        if one == other:
            return self._any([one])
        a, b, either = self._any([one]), self._any([other]), self._any([one, other])
        return lambda means: a(means) + b(means) - either(means)

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["organ", "kind", "of patients", "95 % from the fit", "autopsies", "95 % of the counts", "role"]
        lines = []
        for row in self.rows:
            line = [row.organ, row.kind, percent(row.share), ""]
            if row.low is not None and row.high is not None:
                line[2:] = estimate_of_share(row.share, row.low, row.high)
            seen = ["", "", ""]
            if row.found is not None and row.of and row.seen_low is not None and row.seen_high is not None:
                told = estimate_of_share(row.found / row.of, row.seen_low, row.seen_high)
                looked = f"; {percent(row.detection)} looked for" if row.detection < 1 else ""
                seen = [
                    f"{told[0]} ({row.found} of {row.of}{looked})",
                    told[1],
                    "fitted" if row.fitted else "not fitted",
                ]
            lines.append([*line, *seen])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose patients they are."""
        return f"{self.label}: shares of patients at autopsy"

    @property
    def below(self) -> str:
        """What has to be known to read the table right."""
        return (
            "Exposure and soil were fitted to autopsies of 1914-43: calibrated counts say nothing for the model."
            " Intervals hold the errors of the fit alone, not that the model may be wrong."
        )

    def __str__(self) -> str:
        return f"{self.caption}\n\n{text_table(*self.as_text(), left=self.left)}\n\n{self.below}"


def patients_of(model: Model, colonies: Mapping[str, float]) -> Patients:
    """Shares of patients, from colonies per cell by site.

    Raises
    ------
    InputError
        When the model has no exposure.
    """
    exposure = model.exposure
    if exposure is None:
        raise InputError("model", model.name, "a model with the exposure of patients, such as those of scored cancers")
    means = {site.name: exposure.relative_cells * colonies[site.name] for site in model.sites}
    rows = [_row(site, exposure, means) for site in model.sites]
    kinds = list(KINDS)
    rows.sort(key=lambda row: (kinds.index(row.kind), -row.share))
    distant = [site.name for site in model.sites if site.kind == "distant"]
    return Patients((_any_distant(exposure, means, distant), *rows), model.title or model.name, exposure, means)


def _row(site: Site, exposure: Exposure, means: Mapping[str, float]) -> PatientRow:
    """The row of one organ."""

    def share(m: Mapping[str, float]) -> float:
        return exposure.share(m[site.name] / exposure.relative_cells)

    low, high = interval_of(exposure, means, [site.name], share) or (None, None)
    seen_low, seen_high = proportion(site.found, site.of) if site.found is not None and site.of else (None, None)
    return PatientRow(
        site.name,
        site.kind,
        share(means),
        low,
        high,
        site.found,
        site.of,
        seen_low,
        seen_high,
        site.scored,
        site.detection,
    )


def _any_distant(exposure: Exposure, means: Mapping[str, float], distant: Sequence[str]) -> PatientRow:
    """The row of all distant metastases; organs without a fit count, and are taken as known."""

    def share(m: Mapping[str, float]) -> float:
        return exposure.share(sum(m[name] for name in distant) / exposure.relative_cells)

    fitted = [name for name in distant if name in exposure.errors]
    low, high = interval_of(exposure, means, fitted, share) or (None, None) if fitted else (None, None)
    return PatientRow("any distant", "distant", share(means), low, high, None, None, None, None, False)


def interval_of(
    exposure: Exposure, means: Mapping[str, float], names: Sequence[str], share: Callable[[Mapping[str, float]], float]
) -> Interval | None:
    """95 % interval of a share that depends on the means of some organs; None where one of them was not fitted."""
    names = list(dict.fromkeys(names))
    if any(name not in exposure.errors for name in names):
        return None
    value = share(means)
    if not 0.0 < value < 1.0:
        return Interval(value, value)
    slopes = []
    for name in names:
        up, down = ({**means, name: means[name] * math.exp(sign * STEP)} for sign in (1.0, -1.0))
        slopes.append((_logit(share(up)) - _logit(share(down))) / (2 * STEP))
    own = [max(0.0, exposure.errors[name] ** 2 - exposure.shared**2) for name in names]
    variance = sum(slope * slope * part for slope, part in zip(slopes, own, strict=True))
    half = WIDTH * math.sqrt(variance + (exposure.shared * sum(slopes)) ** 2)
    return Interval(*(1.0 / (1.0 + math.exp(-(_logit(value) + sign * half))) for sign in (-1.0, 1.0)))


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))
