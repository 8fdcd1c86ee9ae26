"""The command that tells lives of single cells."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.cli.app import app
from cascade.cli.descriptions import heading
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Given,
    Injected,
    ModelName,
    Seed,
    Treat,
    Until,
    injected,
    loaded,
    parse_hours,
    parse_seed,
    parse_whole,
    print_json,
    reaching,
    say,
    treated,
)
from cascade.common.arguments import MOST_CELLS
from cascade.common.errors import InputError

MOST_TOLD = 10_000


@app.command()
def replay(
    model: ModelName,
    number: Annotated[int, typer.Option(min=1, max=MOST_TOLD, metavar="N", help="How many lives.")] = 3,
    first: Annotated[str, typer.Option(metavar="CELL", help="Number of the first cell.")] = "0",
    into: Injected = None,
    given: Given = None,
    treat: Treat = None,
    seed: Seed = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Tell lives of single cells; with --given of those that make it."""
    from cascade.common.arguments import seed_of
    from cascade.runs.histories import replay as lives_of

    chosen = reaching(treated(injected(loaded("MODEL", model), into), treat), given)
    start, end, drawn = _cell(first), parse_hours(until), seed_of(parse_seed(seed))
    lives = lives_of(chosen, seed=drawn, cells=range(start, start + number), until=end)
    if as_json:
        print_json({"model": chosen.name, "seed": drawn, "until": end, "stays": lives.to_dicts()})
        return
    told = f"{number:,} {'life' if number == 1 else 'lives'}, seed {drawn}" + (f", until {end:g} h" if end else "")
    say(f"{heading(chosen, told)}\n{lives}")
    say(NOTICE)


def _cell(text: str) -> int:
    """The number of a cell."""
    try:
        number = parse_whole(text)
    except ValueError:
        number = -1
    if not 0 <= number <= MOST_CELLS - MOST_TOLD:
        raise InputError("--first", text, f"a whole number from 0 to {MOST_CELLS - MOST_TOLD}")
    return number
