"""The command that writes films: the film of a lesson, for slides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade.cli.app import app
from cascade.cli.keeping import never_over_another
from cascade.cli.options import (
    NOTICE,
    Force,
    ModelName,
    Quiet,
    Treat,
    Until,
    blaming,
    loaded,
    parse_hours,
    parse_seed,
    path_of,
    treated,
)

Out = Annotated[Path, typer.Option("--out", metavar="FILE", parser=path_of, help="The film: .gif, .mp4 or .svg.")]


@app.command()
def film(
    model: ModelName,
    out: Out,
    treat: Treat = None,
    until: Until = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Whole number >= 0.")] = "1889",
    seconds: Annotated[float, typer.Option(metavar="N", help="That the film lasts, from 2 to 120.")] = 20.0,
    lang: Annotated[str, typer.Option(metavar="LANGUAGE", help="Of what is written, such as en or de.")] = "en",
    dark: Annotated[bool, typer.Option("--dark", help="Light on dark.")] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write the film of a lesson for slides: cells on their way, and beside them the bars of the funnel."""
    from cascade.plot.films import check_film, note_of
    from cascade.plot.films import film as write

    with blaming("--out", "path"):
        where = check_film(out)
    chosen, number, end = treated(loaded("MODEL", model), treat), parse_seed(seed) or 0, parse_hours(until)
    # What tells the run from others stands in every kind of file; the name of a model may not, letter by letter.
    mark = note_of(chosen, number, 0, end).rpartition("(sha256")[2].encode()
    never_over_another("--out", where, where.is_file() and mark in where.read_bytes(), force)
    with blaming("--out", "path"), blaming("--lang", "lang"), blaming("MODEL"):
        write(
            chosen, where, seed=number, until=end, seconds=seconds, lang=lang, dark=dark,
            progress=False if quiet else None,
        )  # fmt: skip
    typer.echo(f"saved: {where.resolve()} ({where.stat().st_size / 1e6:.1f} MB)")
    typer.echo(NOTICE)
