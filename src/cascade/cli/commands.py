"""Commands that compute: run, solve, compare."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.descriptions import founded, heading
from cascade.cli.keeping import Recipe, never_in_the_folder_of_another, never_over_another
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Cells,
    Figure,
    Folder,
    Force,
    Given,
    Injected,
    ModelName,
    Quiet,
    Seed,
    Threads,
    Treat,
    Until,
    as_range,
    blaming,
    injected,
    loaded,
    output_folder,
    parse_cells,
    parse_hours,
    parse_seed,
    pool_of,
    print_json,
    reaching,
    say,
    treated,
)
from cascade.cli.run_files import FILES, run_text, save_run
from cascade.cli.scaling import PART, resumed
from cascade.common.errors import CascadeError
from cascade.common.notices import notice
from cascade.common.shares import percent
from cascade.common.text import text_table

if TYPE_CHECKING:
    from cascade.runs.comparison import Comparison
    from cascade.runs.result import Result
    from cascade.solution.answer import Exact


LONG = 3.0
"""Nominal seconds of an exact answer from which on is said that it takes long."""


@app.command()
def run(
    model: ModelName,
    cells: Cells = "1e6",
    seed: Seed = None,
    until: Until = None,
    into: Injected = None,
    treat: Treat = None,
    given: Given = None,
    out: Folder = None,
    force: Force = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep what is done in the folder, and go on from there; with --seed, --out."),
    ] = False,
    threads: Threads = None,
    beside: Annotated[bool, typer.Option("--exact/--no-exact", help="The exact answer beside the counts.")] = True,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a model: its funnel, exact answer beside it."""
    from cascade.runs.simulation import simulate
    from cascade.solution.answer import exact

    chosen = reaching(treated(injected(loaded("MODEL", model), into), treat), given)
    number = parse_seed(seed)
    end, wanted = parse_hours(until), parse_cells(cells)
    folder = output_folder(out)
    never_in_the_folder_of_another(folder, Recipe((chosen,), number, as_range(wanted), end), FILES, force)
    with pool_of(threads) as executor:
        progress = False if quiet else None
        if resume:
            result = resumed(chosen, folder, wanted, number, end, executor, progress)
        else:
            result = simulate(chosen, cells=wanted, seed=number, until=end, executor=executor, progress=progress)
    chosen = result.model  # with what the cells brought about, where they share a capacity
    answer = exact(chosen, until=end) if beside else None
    if answer:
        _say_if_long(answer, "run has --no-exact")
    if not as_json:
        say(run_text(result, answer))
    files = [] if folder is None else save_run(result, answer, folder)
    if resume and folder is not None:
        (folder / PART).unlink(missing_ok=True)  # the result holds it all
    if as_json:
        print_json({**_run_data(result, answer), "files": [str(f) for f in files]})
        return
    for file in files:
        typer.echo(f"saved: {file.resolve()}")
    say(NOTICE)


def _say_if_long(answer: Exact, remedy: str = "") -> None:
    """What is waited for, before it is, and how to do without."""
    if answer.work > LONG:
        why = "averages over unlike cells" if answer.model.frailties else "is worked out for many states and times"
        told = f"the exact answer {why}: some {answer.work:.0f} s on a usual machine"
        notice(told + f" ({remedy})" * bool(remedy), waiting=True)


def _run_data(result: Result, answer: Exact | None) -> dict[str, Any]:
    """A run as plain data, with the exact answer where there is one."""
    model = result.model
    data: dict[str, Any] = {"recipe": result.recipe, "funnel": result.funnel().to_dicts()}
    data |= {"exact": answer.funnel(result.cells).to_dicts()} if answer else {}
    data |= {"fates": result.fates(), "milestones": result.milestones()}
    data |= {"routes": result.routes().to_dicts()} if model.routes else {}
    data |= {"organs": result.organs().to_dicts()} if model.sites else {}
    data |= {"organs_exact": answer.organs(result.cells).to_dicts()} if model.sites and answer else {}
    return data | ({"sizes": result.sizes().to_dicts()} if model.clusters else {})


@app.command()
def exact(
    model: ModelName,
    until: Until = None,
    into: Injected = None,
    treat: Treat = None,
    given: Given = None,
    elasticities: Annotated[
        bool,
        typer.Option("--elasticities", help="Also by how many per cent success changes per per cent of each hazard."),
    ] = False,
    times: Annotated[bool, typer.Option("--times/--no-times", help="When cells pass and die: median hours.")] = True,
    as_json: AsJson = False,
) -> None:
    """Solve a model exactly: funnel, causes, times."""
    from cascade.solution.answer import exact as solve

    chosen = reaching(treated(injected(loaded("MODEL", model), into), treat), given)
    answer = solve(chosen, until=parse_hours(until))
    timed = times and answer.until is None and not answer.changes
    if answer.until is not None or answer.changes:
        _say_if_long(answer)
    rates = answer.elasticities() if elasticities else {}
    distant = answer.elasticities("distant") if elasticities and answer.distant > 0 else {}
    if as_json:
        if timed:
            _say_if_long(answer, "exact has --no-times")
        print_json({**_exact_data(answer, timed=timed), "elasticities_distant": distant, "elasticities": rates})
        return
    until = f", until {answer.until:g} h" if answer.until else ""
    # The funnel is there long before the times are: nobody waits for what is known.
    solved = answer.funnel()
    funnel = str(solved)
    say(f"{heading(chosen, f'expected numbers of 1,000,000 cells{until}')}{founded(solved)}\n{funnel}")
    if timed:
        _say_if_long(answer, "exact has --no-times")
        say(str(answer).removeprefix(funnel).removeprefix("\n"))
    elif chosen.frailties:
        say(f"\naveraged over the frailties with an error of {answer.error:.1g}")
    if chosen.routes:
        say(f"\n{answer.routes()}")
    if chosen.sites:
        say(f"\n{answer.organs()}")
    if chosen.clusters and answer.until is None and not answer.changes:
        chance = percent(1.0 - answer.no_colony)
        say(f"\n{answer.sizes()}\n\nunits of which at least one cell founds a colony: {chance}")
    if rates:
        say(f"\n{_elasticities(rates, distant)}")
    say(NOTICE)


def _elasticities(rates: dict[str, float], distant: dict[str, float]) -> str:
    """Elasticities as text, the largest first; of a cancer those of distant metastases lead."""
    lead = distant or rates
    of = [rates] if not distant else [distant, rates]
    header = ["hazard", *["elasticity of distant metastases"] * bool(distant), "elasticity of success"]
    names = sorted(lead, key=lambda name: (-abs(lead[name]), -abs(rates[name])))
    return text_table(header, [[name, *(f"{each[name]:+.4f}" for each in of)] for name in names])


def _exact_data(answer: Exact, *, timed: bool) -> dict[str, Any]:
    """An exact answer as plain data; without the times where they are not wanted, or not to be had."""
    model, whole = answer.model, answer.until is None and not answer.changes
    data: dict[str, Any] = {
        "model": model.name,
        "until": answer.until,
        "error": answer.error,
        "funnel": answer.funnel().to_dicts(),
    }
    data |= {"routes": answer.routes().to_dicts()} if model.routes else {}
    data |= {"organs": answer.organs().to_dicts()} if model.sites else {}
    if model.clusters and whole:
        data |= {"sizes": answer.sizes().to_dicts(), "no_colony": answer.no_colony}
    times = [asdict(t) for t in answer.times()] if timed else []
    return {**data, "fates": answer.fates(), "times": times}


@app.command()
def compare(
    model: ModelName,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[OTHER]", help="The model to compare with: the same steps. Default: MODEL, treated."),
    ] = None,
    into: Injected = None,
    treat: Treat = None,
    cells: Cells = "1e6",
    seed: Seed = None,
    until: Until = None,
    out: Figure = None,
    force: Force = False,
    story: Annotated[int, typer.Option(min=0, max=1000, help="Show both lives of so many saved or lost cells.")] = 0,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run the very same cells under two models, or untreated and treated."""
    from cascade.runs.pairing import compare as pair

    if other is None and not treat:
        raise CascadeError("compare with what? Give OTHER, another model, or a treatment (--treat)")
    one, end = injected(loaded("MODEL", model), into), parse_hours(until)
    two = treated(one if other is None else injected(loaded("OTHER", other), into), treat)
    wanted, number = parse_cells(cells), parse_seed(seed)
    recipe = Recipe((one, two), number, as_range(wanted), end)
    if out is not None:
        from cascade import plot

        with blaming("--out", "path"):
            plot.check_path(out)
        never_over_another("--out", out, out.is_file() and recipe.is_drawn(out), force)
    with pool_of(threads) as executor:
        comparison = pair(
            one,
            two,
            cells=wanted,
            seed=number,
            until=end,
            executor=executor,
            progress=False if quiet else None,
        )
    if out is not None:
        figure = plot.comparison(comparison)
        figure.set_label(f"{figure.get_label()}, {recipe.numbers}")
        plot.save(figure, out)
    if as_json:
        print_json(_comparison_data(comparison))
        return
    say(f"{_titles(comparison)}\n{comparison.cells:,} cells, seed {comparison.seed}\n")
    say(str(comparison))
    saved = comparison.saved_cells[:story]
    changed = [*saved, *comparison.lost_cells[: story - len(saved)]]
    for lives in comparison.replay(changed):
        say(f"\n{lives}")
    if out is not None:
        typer.echo(f"saved: {out.resolve()}")
    say(NOTICE)


def _titles(comparison: Comparison) -> str:
    """Titles of both models; where they have one title, what the comparison calls them."""
    one, two = (model.title or model.name for model in (comparison.model, comparison.other))
    return f"{one} | {two}" if one != two else " | ".join(comparison.names)


def _comparison_data(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain data."""
    return {
        "models": list(comparison.names),
        "seed": comparison.seed,
        "cells": comparison.cells,
        "saved": comparison.saved,
        "lost": comparison.lost,
        "unchanged": comparison.unchanged,
        "difference": list(comparison.difference),
        "fewer_cells": comparison.fewer_cells,
        "pairing": comparison.pairing,
        "causes": [asdict(row) for row in comparison.causes()],
        "saved_cells": comparison.saved_cells[:100],
        "lost_cells": comparison.lost_cells[:100],
        "kinds": [asdict(row) for row in comparison.kinds()],
        "rows": comparison.to_dicts(),
    }
