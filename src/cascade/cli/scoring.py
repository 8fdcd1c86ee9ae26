"""The command that holds the models against published figures."""

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
