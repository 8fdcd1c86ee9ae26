"""Long runs: kept span by span and gone on with after a kill, and parts that were run apart merged."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.keeping import FORCE
from cascade.cli.options import NOTICE, Force, path_of, say
from cascade.common.errors import CascadeError, InputError
from cascade.engine.executor import Progress
from cascade.model import Model

if TYPE_CHECKING:
    from cascade.patient.cohort import Cohort
    from cascade.patient.disease import Disease
    from cascade.runs.result import Result

PART = "part.cascade"
"""In the folder of a run: what is done so far."""

Saved = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", parser=path_of, help="Saved results, cohorts or sweeps, of a recipe."),
]
Merged = Annotated[Path, typer.Option("--out", metavar="FILE", parser=path_of, help="The file to write.")]


def resumed(
    model: Model,
    folder: Path | None,
    cells: int | range,
    seed: int | None,
    until: float | None,
    executor: Executor | None,
    progress: Progress,
) -> Result:
    """A run that is kept in its folder after each span, and begins where an earlier one has ended."""
    from cascade.runs.resuming import resume

    path, number = _kept(folder, seed)
    return resume(model, path, cells=cells, seed=number, until=until, executor=executor, progress=progress)


def resumed_cohort(
    disease: Disease,
    folder: Path | None,
    patients: int | range,
    seed: int | None,
    care: str | None,
    years: float | None,
    executor: Executor | None,
    progress: Progress,
) -> Cohort:
    """A cohort that is kept in its folder after each span, and begins where an earlier one has ended."""
    from cascade.patient.continuing import resume_cohort

    path, number = _kept(folder, seed)
    return resume_cohort(
        disease, path, patients=patients, seed=number, care=care, until_years=years, executor=executor,
        progress=progress,
    )  # fmt: skip


def _kept(folder: Path | None, seed: int | None) -> tuple[Path, int]:
    """Where what is done is kept, and the seed, both of which have to be given."""
    if folder is None:
        raise InputError("--out", None, "a folder in which what is done is kept, for --resume")
    if seed is None:
        raise InputError("--seed", None, "given with --resume: a run that is gone on with has to have the same one")
    return folder / PART, seed


@app.command()
def merge(files: Saved, out: Merged, force: Force = False) -> None:
    """Merge saved results, cohorts or sweeps, of which cells, patients or points were run apart: none twice."""
    if len(files) < 2:
        raise InputError("FILE", [str(file) for file in files], "two files or more")
    if out.exists() and not force:
        raise InputError("--out", str(out), f"a file that is not there yet; {FORCE}")
    parts = [_opened(file) for file in files]
    whole = parts[0]
    for file, part in zip(files[1:], parts[1:], strict=True):
        if type(part) is not type(whole):
            raise InputError("FILE", str(file), f"of the kind of {files[0]}")
        whole = whole.merge(part)
    saved = whole.save(out)
    told = f"{saved.resolve()}: {' and '.join(f'{start:,} to {stop - 1:,}' for start, stop in whole.ranges)}"
    say(f"saved: {told}, of {len(files)} files")
    say(NOTICE)


def _opened(path: Path) -> Any:
    """A saved result, cohort or sweep."""
    from cascade.inference.swept import is_sweep, open_sweep
    from cascade.patient.saved import open_cohort
    from cascade.runs.saved import open_result

    if is_sweep(path):
        return open_sweep(path)
    try:
        return open_result(path)
    except CascadeError as error:
        try:
            return open_cohort(path)
        except CascadeError:
            raise error from None
