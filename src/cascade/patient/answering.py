"""Exact answers and comparisons of whatever is given: a model of cells, or a disease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, overload

from cascade.common.errors import InputError
from cascade.engine.executor import Progress
from cascade.runs.pairing import compare as compare_cells
from cascade.solution.answer import Exact
from cascade.solution.answer import exact as exact_of_cells

if TYPE_CHECKING:
    from cascade.model import Model
    from cascade.patient.answer import ExactCohort
    from cascade.patient.compared import CareComparison
    from cascade.patient.disease import Disease
    from cascade.runs.comparison import Comparison


@overload
def exact(model: Model, *, until: float | None = None) -> Exact: ...


@overload
def exact(
    model: Disease,
    *,
    until_years: float | None = None,
    times: Sequence[float] | None = None,
    sizes_mm: Sequence[float] | None = None,
    traits: Mapping[str, float] | None = None,
) -> ExactCohort: ...


def exact(
    model: Any,
    *,
    until: float | None = None,
    until_years: float | None = None,
    times: Sequence[float] | None = None,
    sizes_mm: Sequence[float] | None = None,
    traits: Mapping[str, float] | None = None,
) -> Any:
    """The exact answer of a model of cells, or of a disease: no seed, no noise, a stated error.

    Parameters
    ----------
    model : Model or Disease
    until : float, optional
        Of a model: the end of the run in hours. Default: none.
    until_years : float, optional
        Of a disease: years of the tumour that are followed. Default: those of the disease.
    times : sequence of float, optional
        Of a disease: years at which lesions are told. Default: whole years.
    sizes_mm : sequence of float, optional
        Of a disease: diameters in millimetres from which on lesions are told, beside all.
    traits : mapping of str to float, optional
        Of a disease: of one patient, by trait; others are 1. Default: averaged over patients.

    Returns
    -------
    Exact or ExactCohort

    Raises
    ------
    InputError
        For a wrong argument.

    Examples
    --------
    >>> import cascade
    >>> answer = cascade.exact(cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5}))
    >>> round(answer.success, 9)
    0.4
    """
    of_disease = {"until_years": until_years, "times": times, "sizes_mm": sizes_mm, "traits": traits}
    given: dict[str, Any] = {name: value for name, value in of_disease.items() if value is not None}
    if is_disease(model):
        from cascade.patient.answer import exact_cohort

        if until is not None:
            raise InputError("until", until, "none for a disease, whose years end with until_years")
        return exact_cohort(model, **given)
    if isinstance(model, str):
        wanted = f"a model of cells, such as cascade.load({model!r}), or a disease: cascade.disease({model!r})"
        raise InputError("model", model, wanted)
    for name, value in given.items():
        raise InputError(name, value, "none for a model of cells: it is of the exact answer of a disease")
    return exact_of_cells(model, until=until)


def is_disease(model: object) -> bool:
    """Whether something is a disease; whoever asks about a model need not have loaded what diseases need."""
    from cascade.model import Model

    if isinstance(model, Model):
        return False
    from cascade.patient.disease import Disease

    return isinstance(model, Disease)


@overload
def compare(
    model: Model,
    other: Model,
    *,
    cells: int | float | range,
    seed: int | None = None,
    until: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Comparison: ...


@overload
def compare(
    model: Disease,
    *,
    care: Sequence[str],
    patients: int | float | range,
    seed: int | None = None,
    until_years: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> CareComparison: ...


def compare(
    model: Any,
    other: Any = None,
    *,
    cells: int | float | range | None = None,
    care: Sequence[str] | None = None,
    patients: int | float | range | None = None,
    seed: int | None = None,
    until: float | None = None,
    until_years: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Any:
    """The same cells under two models, or the same patients of a disease under two cares.

    Parameters
    ----------
    model : Model or Disease
    other : Model
        Of cells: with the same stages.
    cells : int or range
        Of cells: how many, as for ``simulate``.
    care : (str, str)
        Of a disease: two of its cares.
    patients : int or range
        Of a disease: how many, as for ``cohort``.
    seed : int, optional
    until, until_years : float, optional
        The end of a run: hours of cells, years of the tumour of patients.
    executor, chunk, progress
        As for ``simulate``.

    Returns
    -------
    Comparison or CareComparison

    Raises
    ------
    InputError
        For a wrong argument, or models whose stages differ.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    >>> treated = model.with_(scale={"*.lost": 0.5}, name="treated")
    >>> comparison = cascade.compare(model, treated, cells=10_000, seed=1)
    """
    of_cells = {"cells": cells, "until": until}
    of_patients = {"care": care, "patients": patients, "until_years": until_years}
    common: dict[str, Any] = {"seed": seed, "executor": executor, "chunk": chunk, "progress": progress}
    if not is_disease(model):
        return compare_cells(model, other, **_own("a model of cells", of_cells, of_patients), **common)
    if other is not None:
        raise InputError("other", other, "none for a disease: give care=('none', ...) and patients")
    from cascade.patient.compared import compare_cares

    return compare_cares(model, **_own("a disease", of_patients, of_cells), **common)


def _own(kind: str, own: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """What a kind of comparison has of its own: what it needs is given, and nothing that is of the other kind."""
    for name, value in others.items():
        if value is not None:
            raise InputError(name, value, f"none for {kind}")
    for name, value in own.items():
        if value is None and name in NEEDED:
            raise InputError(name, value, NEEDED[name])
    return dict(own)


NEEDED = {
    "cells": "a number of cells, such as 1e5, or a range of their numbers",
    "care": "two cares of the disease, such as ('none', 'surgery')",
    "patients": "a number of patients, such as 1e5, or a range of their numbers",
}
"""What the arguments without a default have to be, of one kind of comparison or the other."""
