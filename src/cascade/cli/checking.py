"""Commands that check: a saved run computed again, and the schema by which editors check a file while it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cascade.cli.app import app
from cascade.cli.options import NOTICE, Quiet, Seed, parse_seed, path_of, say
from cascade.common.errors import InputError
from cascade.common.notices import notice

KINDS = ("model", "disease", "treatment")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=path_of, help="A saved result, cohort or sweep.")],
    seed: Seed = None,
    quiet: Quiet = False,
) -> None:
    """Run a saved result, cohort or sweep again, a large one in random parts, and say whether it is the same.

    So are the tables that --out wrote beside it: they are made again from it, and compared as text.
    """
    from cascade.cli.beside import check_tables
    from cascade.inference.swept import is_sweep
    from cascade.inference.verifying import verify_sweep
    from cascade.patient.saved import is_cohort
    from cascade.patient.verifying import verify_cohort
    from cascade.runs.verifying import verify as verified

    number, progress = parse_seed(seed), False if quiet else None
    again = verify_sweep if is_sweep(file) else verify_cohort if is_cohort(file) else verified
    say(str(again(file, seed=number, progress=progress)))
    tables = check_tables(file)
    if tables:
        say(f"tables beside it, made again from it: {', '.join(tables)} are the same; figures were not compared")
    say(NOTICE)


@app.command("crate")
def describe(
    folder: Annotated[Path, typer.Argument(metavar="DIR", parser=path_of, help="A folder of results, cohorts, fits.")],
    name: Annotated[str, typer.Option(metavar="TEXT", help="Of the whole; by default that of the folder.")] = "",
    license_: Annotated[str, typer.Option("--license", metavar="URL", help="Under which you hand the files out.")] = "",
    quiet: Quiet = False,
) -> None:
    """Describe the files of a folder as a research object (RO-Crate): what made them, and from which sources."""
    from cascade.inference.crates import crate

    path = crate(folder, name=name, license=license_)
    if not quiet:
        notice(f"written: {path}")


@app.command()
def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="model, disease or treatment.")] = "model",
) -> None:
    """Print the JSON schema of a file, by which editors complete and check it."""
    if kind not in KINDS:
        raise InputError("KIND", kind, f"one of {', '.join(KINDS)}")
    if kind == "disease":
        from cascade.patient.disease import Disease as Part
    elif kind == "treatment":
        from cascade.model.treatments import Treatment as Part  # type: ignore[assignment]
    else:
        from cascade.model import Model as Part  # type: ignore[assignment]
    typer.echo(json.dumps(Part.model_json_schema(), indent=2, allow_nan=False))
