"""Cohorts that may be killed: span after span of patients, what is done kept in a file, and gone on from there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from cascade.common.arguments import check_seed
from cascade.common.errors import InputError
from cascade.common.files import as_path
from cascade.engine.executor import Progress, reporter
from cascade.patient.cohort import SIZES_MM, VISITS, Cohort, cohort, patient_range
from cascade.patient.disease import Disease
from cascade.patient.saved import open_cohort
from cascade.runs.spans import missing_spans

LEAST_SPAN = 1 << 12
"""Patients of a span: a smaller cohort has fewer."""


def resume_cohort(
    disease: Disease,
    path: str | Path,
    *,
    patients: int | float | range,
    seed: int,
    care: str | None = None,
    until_years: float | None = None,
    times: Sequence[float] = (),
    sizes_mm: Sequence[float] = SIZES_MM,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Cohort:
    """Simulate as ``cascade.cohort`` does, and keep what is done in a file; a run that was killed goes on from there.

    The cohort is that of the straight run, bit for bit.

    Parameters
    ----------
    disease : Disease
    path : str or Path
        Of the file: new, or what an earlier call with the same disease, seed and care has left.  More patients than
        then may be asked for: only those that are not there are run.
    patients, care, until_years, times, sizes_mm, executor, progress
        As for ``cascade.cohort``.
    seed : int
        Given: a run that is gone on with has to have the same one.

    Returns
    -------
    Cohort
        Of all patients that the file holds; the file holds it, too.

    Raises
    ------
    InputError
        When the file holds another cohort, or patients that were not asked for.
    """
    wanted, number, where = patient_range(patients), check_seed(seed), as_path(path)

    def run(span: range) -> Cohort:
        return cohort(
            disease, patients=span, seed=number, care=care, until_years=until_years, times=times, sizes_mm=sizes_mm,
            executor=executor, progress=False,
        )  # fmt: skip

    result = open_cohort(where) if where.exists() else None
    if result is not None:
        _check_same(run(range(wanted.start, wanted.start + 1)), result, where, wanted)
    spans = missing_spans(wanted, result.ranges if result is not None else (), LEAST_SPAN)
    with reporter(progress, sum(map(len, spans)), VISITS, "patients") as report:
        for span in spans:
            part = run(span)
            result = part if result is None else result.merge(part)
            result.save(where)
            report(len(span))
    assert result is not None  # there is at least one patient
    return result


def _check_same(one: Cohort, held: Cohort, path: Path, wanted: range) -> None:
    """That the file holds patients of the same recipe, and none beyond.

    Raises
    ------
    InputError
    """
    for name in ("seed", "care", "years", "times", "sizes_mm"):
        if getattr(one, name) != getattr(held, name):
            told = f"the file of a cohort with {name} {getattr(one, name)!r}; this has {getattr(held, name)!r}"
            raise InputError("path", str(path), told)
    if one.disease.digest() != held.disease.digest():
        raise InputError("path", str(path), f"the file of a cohort of this disease; this is of {held.disease.name}")
    if one.versions["streams"] != held.versions["streams"]:
        streams = one.versions["streams"], held.versions["streams"]
        raise InputError("path", str(path), f"a cohort of stream version {streams[0]}; this is of {streams[1]}")
    beyond = [r for r in held.ranges if r[0] < wanted.start or r[1] > wanted.stop]
    if beyond:
        told = f"a cohort of patients within {wanted.start}:{wanted.stop}; this has {beyond[0][0]}:{beyond[0][1]}"
        raise InputError("path", str(path), told)
