"""The command that tells shares of patients."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade.cli.app import app
from cascade.cli.keeping import never_over_another, note_in
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Force,
    ModelName,
    Treat,
    blaming,
    loaded,
    path_of,
    print_json,
    say,
    treated,
)


@app.command()
def patients(
    model: ModelName,
    treat: Treat = None,
    given: Annotated[
        str | None,
        typer.Option("--given", metavar="ORGAN", help="Also every organ beside this one: both, and given it."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", parser=path_of, help="Also as a figure: .png, .svg or .pdf."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Shares of patients with a metastasis in each organ, beside the autopsies that were fitted."""
    from cascade.solution.answer import exact

    answer = exact(treated(loaded("MODEL", model), treat))
    found = answer.patients()
    with blaming("--given", "organ"):
        pairs = found.pairs(given) if given is not None else None
    if out is not None:
        from cascade import plot as figures

        with blaming("--out", "path"):
            path = figures.check_path(out)
        figure = figures.patients(answer)
        same = path.is_file() and str(figure.get_label()) in note_in(path)
        never_over_another("--out", path, same, force)
        figures.save(figure, path)
    if as_json:
        data = {"model": model, "rows": found.to_dicts()}
        print_json({**data, "given": given, "pairs": pairs.to_dicts()} if pairs else data)
        return
    say(str(found))
    if pairs:
        say(f"\n{pairs.caption}\n\n{pairs}")
    say(NOTICE)
