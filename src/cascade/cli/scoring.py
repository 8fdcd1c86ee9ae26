"""The commands that hold models against published figures: the scorecard, and the absolute scale."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.cli.app import app
from cascade.cli.options import NOTICE, AsJson, blaming, print_json, say


@app.command()
def score(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names from 'cascade models'. Default: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold models against published figures: contradicted ones first."""
    from cascade.scores.scoring import scorecard

    with blaming("MODEL", "names"):
        found = scorecard(names or None)
    if as_json:
        print_json({"sums": found.sums(), "rows": found.to_dicts()})
        return
    say(str(found))
    say(NOTICE)


@app.command()
def scale(
    name: Annotated[str | None, typer.Argument(metavar="[CANCER]", help="A cancer with figures for it.")] = None,
    k: Annotated[
        float | None, typer.Option("--k", help="How counts in tubes differ: negative binomial; default: Poisson.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What published figures say of shedding, residence in the blood and efficiency: the absolute scale."""
    from cascade.scores.absolute import scale as scale_of

    with blaming("CANCER", "cancer"), blaming("--k", "k"):
        found = scale_of(name, k=k)
    if as_json:
        print_json({"cancer": found.cancer, "k": k, "rows": found.to_dicts()})
        return
    say(str(found))
    say(NOTICE)
