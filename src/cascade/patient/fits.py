"""Tables of a calibration: the rows beside the disease with what becomes of each, and the parameters fitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError
from cascade.patient.calibration import APART, Calibration, Row, back, there
from cascade.patient.tables import WARNING
from cascade.patient.variants import number_at

if TYPE_CHECKING:
    from cascade.patient.disease import Disease

WORDS = {
    "target": "fitted",
    "choice": "looked at before the model was chosen",
    "comparison": "neither fitted nor looked at",
}
"""What a role means."""


@dataclass(frozen=True)
class RowFitted:
    """A published figure beside the disease.

    Attributes
    ----------
    name, role, measure : str
        As of `Row`.
    observed, simulated : float
    apart : float
        Model less source in errors of the source, on the scale of logits or logarithms.
    verdict : str
        "fitted", "not met", "agrees", "predicted" or "contradicted".
    source : str
        With its grade.
    """

    name: str
    role: str
    measure: str
    observed: float
    simulated: float
    apart: float
    verdict: str
    source: str = ""


@dataclass(frozen=True)
class ParameterFitted:
    """A fitted parameter: its value, and less and more one standard error.

    Attributes
    ----------
    name, where : str
    value, low, high : float
    """

    name: str
    where: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RowsFitted(Table[RowFitted]):
    """The rows of a calibration."""

    left = (0, 1, 5, 6)

    rows: tuple[RowFitted, ...]
    free: int
    identified: int

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [
            [r.name, r.role, f"{r.observed:.3g}", f"{r.simulated:.3g}", f"{r.apart:+.1f}", r.verdict, r.source]
            for r in self.rows
        ]
        return ["published figure", "role", "observed", "simulated", "errors apart", "so it is", "source"], lines

    @property
    def caption(self) -> str:
        """What is counted."""
        return "Published figures beside the disease"

    @property
    def below(self) -> str:
        """Counts, and what they mean."""
        roles = [row.role for row in self.rows]
        of = {role: [row for row in self.rows if row.role == role] for role in WORDS}
        parts = [
            f"{self.free} free parameters, of which {roles.count('target')} targets identify {self.identified}"
            " combinations; "
            f"{sum(r.verdict == 'fitted' for r in of['target'])} of {len(of['target'])} targets are met."
        ]
        if of["comparison"]:
            predicted = sum(r.verdict == "predicted" for r in of["comparison"])
            parts.append(f"Of {len(of['comparison'])} comparisons {predicted} are predicted.")
        if of["choice"]:
            agree = sum(r.verdict == "agrees" for r in of["choice"])
            parts.append(
                f"Of {len(of['choice'])} figures that were looked at before the model was chosen {agree} agree."
            )
        parts.append(f"A figure is met where model and source are at most {APART:g} errors of the source apart.")
        return " ".join([*parts, WARNING])


@dataclass(frozen=True)
class ParametersFitted(Table[ParameterFitted]):
    """The parameters of a calibration."""

    rows: tuple[ParameterFitted, ...]
    made: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [[r.name, f"{r.value:.4g}", f"{r.low:.3g}", f"{r.high:.3g}"] for r in self.rows]
        return ["free parameter", "value", "less one error", "more one error"], lines

    @property
    def caption(self) -> str:
        """What it is."""
        return "Fitted parameters"

    @property
    def below(self) -> str:
        """How it was made."""
        return f"Fitted by {self.made}. An error holds what other parameters can make up for."


def _of(disease: Disease) -> Calibration:
    if disease.calibration is None:
        raise InputError("disease", disease.name, "a disease that was fitted: one with a calibration")
    return disease.calibration


def told_source(disease: Disease, row: Row) -> str:
    """Where a figure is from, with its grade."""
    return ", ".join([f"{key} ({disease.grade_of((key,))})" for key in row.source] + [row.cited] * bool(row.cited))


def rows_of(disease: Disease) -> RowsFitted:
    """The rows of the calibration of a disease."""
    calibration = _of(disease)
    rows = tuple(
        RowFitted(
            row.name,
            row.role,
            row.measure,
            row.observed,
            row.simulated,
            row.apart,
            row.verdict,
            told_source(disease, row),
        )
        for row in calibration.rows
    )
    return RowsFitted(rows, len(calibration.free), calibration.identified)


def parameters_of(disease: Disease) -> ParametersFitted:
    """The parameters of the calibration of a disease."""
    calibration = _of(disease)
    return ParametersFitted(tuple(_parameters(disease, calibration)), calibration.made)


def _parameters(disease: Disease, calibration: Calibration) -> Iterator[ParameterFitted]:
    for free, error in zip(calibration.free, calibration.errors, strict=True):
        value = number_at(disease, free.where)
        middle = there(value, free.scale)
        low, high = (back(middle + sign * error, free.scale) for sign in (-1, 1))
        yield ParameterFitted(free.name, free.where, value, low, high)
