"""The command that fits a disease to a table of patients, and the files that it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cascade.cli.app import app
from cascade.cli.diseases import DiseaseName, the_disease
from cascade.cli.fitting import SheetName, Table, pairs_of
from cascade.cli.keeping import FORCE
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Folder,
    Force,
    Quiet,
    Seed,
    output_folder,
    parse_seed,
    print_json,
    say,
)
from cascade.common.errors import InputError
from cascade.common.notices import notice

if TYPE_CHECKING:
    from cascade.inference.cohorts.fitted import DiseaseFit

FILES = "fitted.toml", "fit.txt", "fit.json", "fit.png"
"""The disease with its fit, tables, all of it for ``cascade.open_fit``, and the figure."""


@app.command("fit-disease")
def fit_patients(
    disease: DiseaseName,
    table: Table,
    free: Annotated[
        list[str] | None, typer.Option("--free", metavar="PLACE", help="To be fitted: a place of its file. Repeatable.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT=HEADING", help="mm, nodes, metastasis, tube, years, event, ... Repeatable."),
    ] = None,
    sheet: SheetName = None,
    care: Annotated[
        list[str] | None, typer.Option(metavar="CARE", help="Of all; or ARM=CARE for each arm. Repeatable.")
    ] = None,
    given: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help="mm, nodes or metastasis: what patients were chosen by.")
    ] = None,
    patients: Annotated[int | None, typer.Option(metavar="N", help="Simulated at each point; default 20000.")] = None,
    starts: Annotated[int | None, typer.Option(metavar="N", help="Besides the disease itself; default 0.")] = None,
    seed: Seed = None,
    out: Folder = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fit numbers of a disease to a table of patients: sizes, nodes, metastases, cells in tubes, recurrences."""
    from cascade.inference.data import Data
    from cascade.inference.fitting import fit

    chosen, folder, number = the_disease(disease), output_folder(out), parse_seed(seed)
    held = [name for name in FILES if folder is not None and (folder / name).exists()]
    if held and not force:
        raise InputError("--out", str(folder), f"a folder without another fit ({', '.join(held)}); {FORCE}")
    data = Data.patients(table, columns=pairs_of("--column", column), given=given or [], sheet=sheet)
    found = fit(
        chosen, data, free or [], care=_cares(care or []), patients=patients, seed=number, starts=starts,
        progress=False if quiet else None,
    )  # fmt: skip
    if folder is not None:
        _kept(found, folder, quiet=quiet)
    if as_json:
        told = {"table": found.table().to_dicts(), "counts": found.counts().to_dicts(), "identified": found.identified}
        print_json({"disease": chosen.name, "deviance": found.deviance, **told})
        return
    say(f"{data}\n\n{found}\n\n{found.rows()}")
    say(NOTICE)


def _cares(texts: list[str]) -> str | dict[str, str] | None:
    """One care for all, or one for each arm."""
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0]
    cares: dict[str, str] = {}
    for text in texts:
        arm, mark, care = text.partition("=")
        if not (arm and mark and care) or arm in cares:
            raise InputError("--care", texts, "one care, or ARM=CARE for each arm of the table")
        cares[arm] = care
    return cares or None


def _kept(found: DiseaseFit, folder: Path, *, quiet: bool) -> None:
    """The fit in a folder."""
    from cascade.common.files import write_atomically
    from cascade.plot.calibrations import calibrated
    from cascade.plot.style import save

    told: tuple[str, ...] = FILES[:3]
    if found.disease.calibration is not None and found.disease.calibration.rows:
        save(calibrated(found), folder / FILES[3])
        told = FILES
    text = f"{found.data}\n\n{found}\n\n{found.rows()}\n\n{found.counts()}\n\n{NOTICE}\n"
    write_atomically(folder / FILES[1], text.encode())
    found.disease.save(folder / FILES[0])
    found.save(folder / FILES[2])
    if not quiet:
        notice(f"written to {folder}: {', '.join(told)}")
