"""Commands that compute: run, solve, compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade import catalog
from cascade.cli.app import app
from cascade.cli.descriptions import heading
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Cells,
    ModelName,
    Quiet,
    Seed,
    Threads,
    Treat,
    Until,
    output_folder,
    parse_cells,
    parse_hours,
    parse_seed,
    pool_of,
    print_json,
    say,
    treated,
)
from cascade.common.columns import fitted
from cascade.common.errors import InputError
from cascade.common.shares import percent
from cascade.common.text import text_table

if TYPE_CHECKING:
    from cascade.runs.comparison import Comparison
    from cascade.runs.result import Result
    from cascade.solution.answer import Exact


@app.command()
def run(
    model: ModelName,
    cells: Cells = "1e6",
    seed: Seed = None,
    until: Until = None,
    treat: Treat = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the result, the table and the figure.")
    ] = None,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a model: its funnel, exact answer beside it."""
    from cascade.runs.simulation import simulate
    from cascade.solution.answer import exact

    chosen, number = treated(catalog.load(model), treat), parse_seed(seed)
    end, wanted = parse_hours(until), parse_cells(cells)
    folder = output_folder(out)
    with pool_of(threads) as executor:
        progress = False if quiet else None
        result = simulate(chosen, cells=wanted, seed=number, until=end, executor=executor, progress=progress)
    chosen = result.model  # with what the cells brought about, where they share a capacity
    funnel, answer = result.funnel(), exact(chosen, until=end)
    head = heading(chosen, f"{_number(result)}, seed {result.seed}" + (f", until {end:g} h" if end else ""))
    if not as_json:
        say(f"{head}\n{_run_tables(result, answer)}")
    with fitted(None):  # a file is as wide as its tables, whatever the terminal
        text = f"{head}\n{_run_tables(result, answer)}\n"
    files = [] if folder is None else _save_run(result, text, folder)
    if as_json:
        rows = {"funnel": funnel.to_dicts(), "exact": answer.funnel(result.cells).to_dicts()}
        ends: dict[str, Any] = {"fates": result.fates(), "milestones": result.milestones()}
        if chosen.sites:
            ends |= {"organs": result.organs().to_dicts(), "organs_exact": answer.organs(result.cells).to_dicts()}
        if chosen.clusters:
            ends |= {"sizes": result.sizes().to_dicts()}
        print_json({"recipe": result.recipe, **rows, **ends, "files": [str(f) for f in files]})
        return
    for file in files:
        typer.echo(f"saved: {file.resolve()}")
    say(NOTICE)


def _number(result: Result) -> str:
    """How many cells were run; of clusters how many units, and the cells in them."""
    units = f"{result.founders:,} units, " if result.model.clusters else ""
    return f"{units}{result.cells:,} cells"


def _run_tables(result: Result, answer: Exact) -> str:
    """Every table of a run, the exact answer beside what was counted."""
    tables = [result.funnel().table(beside=answer.funnel())]
    if result.model.sites:
        tables.append(result.organs().table(beside=answer.organs()))
    if result.model.clusters:
        tables.append(str(result.sizes()))
    return "\n\n".join(tables)


def _save_run(result: Result, text: str, folder: Path) -> list[Path]:
    """Result, tables and figures of a run."""
    from cascade import plot
    from cascade.common.files import write_atomically

    table = folder / "funnel.txt"
    write_atomically(table, text.encode())
    files = [result.save(folder / "result.cascade"), table, result.funnel().to_csv(folder / "funnel.csv")]
    files.append(plot.save(plot.funnel(result), folder / "funnel.png"))
    if result.model.sites:
        files.append(plot.save(plot.organs(result), folder / "organs.png"))
    if plot.has_body(result.model):
        files.append(plot.save(plot.body(result), folder / "body.png"))
    return files


@app.command()
def exact(
    model: ModelName,
    until: Until = None,
    treat: Treat = None,
    elasticities: Annotated[
        bool,
        typer.Option("--elasticities", help="Also by how many per cent success changes per per cent of each hazard."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Solve a model exactly: funnel, causes, times."""
    from cascade.solution.answer import exact as solve

    chosen = treated(catalog.load(model), treat)
    answer = solve(chosen, until=parse_hours(until))
    rates = answer.elasticities() if elasticities else {}
    if as_json:
        print_json({**_exact_data(answer), "elasticities": rates})
        return
    say(
        heading(chosen, "expected numbers of 1,000,000 cells" + (f", until {answer.until:g} h" if answer.until else ""))
    )
    say(str(answer))
    if chosen.sites:
        say(f"\n{answer.organs()}")
    if chosen.clusters and answer.until is None and not answer.changes:
        chance = percent(1.0 - answer.no_colony)
        say(f"\n{answer.sizes()}\n\nunits of which at least one cell founds a colony: {chance}")
    if rates:
        rows = [[name, f"{value:+.4f}"] for name, value in sorted(rates.items(), key=lambda item: -abs(item[1]))]
        say("\n" + text_table(["hazard", "elasticity of success"], rows))
    say(NOTICE)


def _exact_data(answer: Exact) -> dict[str, Any]:
    """An exact answer as plain data."""
    model, whole = answer.model, answer.until is None and not answer.changes
    data: dict[str, Any] = {
        "model": model.name,
        "until": answer.until,
        "error": answer.error,
        "funnel": answer.funnel().to_dicts(),
    }
    data |= {"organs": answer.organs().to_dicts()} if model.sites else {}
    if model.clusters and whole:
        data |= {"sizes": answer.sizes().to_dicts(), "no_colony": answer.no_colony}
    times = [asdict(t) for t in answer.times()] if whole else []
    return {**data, "fates": answer.fates(), "times": times}


@app.command()
def compare(
    model: ModelName,
    other: Annotated[
        str | None,
        typer.Argument(metavar="[OTHER]", help="The model to compare with: the same steps. Default: MODEL, treated."),
    ] = None,
    treat: Treat = None,
    cells: Cells = "1e6",
    seed: Seed = None,
    until: Until = None,
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Also a figure: .png, .svg or .pdf.")] = None,
    story: Annotated[int, typer.Option(min=0, max=1000, help="Show both lives of so many saved or lost cells.")] = 0,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run the very same cells under two models, or untreated and treated."""
    from cascade.runs.pairing import compare as pair

    if other is None and not treat:
        raise InputError("OTHER", None, "another model, or a treatment (--treat)")
    one, end = catalog.load(model), parse_hours(until)
    two = treated(one if other is None else catalog.load(other), treat)
    if out is not None:
        from cascade import plot

        plot.check_path(out)
    with pool_of(threads) as executor:
        comparison = pair(
            one,
            two,
            cells=parse_cells(cells),
            seed=parse_seed(seed),
            until=end,
            executor=executor,
            progress=False if quiet else None,
        )
    if out is not None:
        plot.save(plot.comparison(comparison), out)
    if as_json:
        print_json(_comparison_data(comparison, [one.name, two.name]))
        return
    say(f"{one.title or one.name} | {two.title or two.name}\n{comparison.cells:,} cells, seed {comparison.seed}\n")
    say(str(comparison))
    saved = comparison.saved_cells[:story]
    changed = [*saved, *comparison.lost_cells[: story - len(saved)]]
    for lives in comparison.replay(changed):
        say(f"\n{lives}")
    if out is not None:
        typer.echo(f"saved: {out.resolve()}")
    say(NOTICE)


def _comparison_data(comparison: Comparison, names: list[str]) -> dict[str, Any]:
    """A comparison as plain data."""
    return {
        "models": names,
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
        "rows": comparison.to_dicts(),
    }
