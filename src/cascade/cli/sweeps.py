"""The command that sweeps: a model at many sets of hazards, as a job that may be killed, or as one of several."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.fitting import observable_of, pairs_of
from cascade.cli.keeping import FORCE
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Force,
    Injected,
    ModelName,
    Quiet,
    Threads,
    Treat,
    injected,
    loaded,
    output_folder,
    parse_cells,
    parse_hours,
    parse_seed,
    path_of,
    pool_of,
    print_json,
    say,
    treated,
)
from cascade.common.columns import fitted
from cascade.common.errors import CascadeError, InputError, nearest
from cascade.common.files import write_atomically
from cascade.common.notices import notice
from cascade.inference.kept import locked
from cascade.inference.swept import DESIGNS

if TYPE_CHECKING:
    from cascade.inference.swept import Sweep

SAVED = "sweep.jsonl"
TABLES = "sweep.txt", "sweep.csv"
FIGURE = "heat.png"
FILES = SAVED, *TABLES, FIGURE
"""What a sweep may leave in its folder."""

SHOWN = 60
"""Rows that are printed; a file has all."""

Vary = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HAZARD=FACTORS",
        help="A hazard or a pattern, and the factors on it: 0.5,1,2 of a grid; 0.2:5, from and to, of other designs."
        " Repeatable.",
    ),
]
Observe = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=STATE[,STATE]",
        help="Asked for beside the steps, at the times of --at: states, or death:CAUSE. Repeatable.",
    ),
]
At = Annotated[
    list[str] | None, typer.Option(metavar="TIME", help="When observables are asked for: 36h, 13d. Repeatable.")
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        parser=path_of,
        help="Folder in which each point is kept when it is done, and then the tables.",
    ),
]


@app.command("sweep")
def sweep_model(
    model: ModelName,
    vary: Vary = None,
    design: Annotated[str, typer.Option(metavar="NAME", help="grid, latin or sobol.")] = "grid",
    points: Annotated[
        int | None, typer.Option(metavar="N", help="Sets of hazards of a design that is no grid; default: 64.")
    ] = None,
    observe: Observe = None,
    at: At = None,
    cells: Annotated[
        str | None, typer.Option(metavar="N", help="Simulate so many, the same at each point; default: exact answers.")
    ] = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Whole number >= 0, of the design and of the cells.")] = "1",
    only: Annotated[
        str | None, typer.Option(metavar="FROM:TO", help="Answer these points alone, from 0 on: one job of several.")
    ] = None,
    into: Injected = None,
    treat: Treat = None,
    out: Folder = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what an earlier call left in --out.")] = False,
    force: Force = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer a model at many sets of hazards, exactly or with the same cells: a long table."""
    from cascade.inference.sweeping import planned, sweep

    chosen = treated(injected(loaded("MODEL", model), into), treat)
    factors = _varied(vary, design)
    asked = [observable_of("--observe", name, text) for name, text in pairs_of("--observe", observe).items()]
    hours = [parse_hours(text, "--at", zero=True) for text in at or ()]
    number = None if cells is None else parse_cells(cells)
    if isinstance(number, range):
        raise InputError("--cells", cells, "a number of cells")
    if resume and out is None:
        raise InputError("--out", None, "a folder in which what is done is kept, for --resume")
    if points is not None and design == "grid":
        raise InputError("--points", points, "left out with --design grid, which has all combinations")
    if threads is not None and number is None:
        raise InputError("--threads", threads, "given with --cells: exact answers are worked out one after the other")
    how: dict[str, Any] = {"design": design, "points": 64 if points is None else points, "observables": asked}
    how |= {"times": hours, "cells": number, "seed": parse_seed(seed), "only": _numbers(only)}
    planned(chosen, factors, **how)  # before a file is touched
    path = _path(output_folder(out), resume=resume, force=force)
    how |= {"path": path, "progress": False if quiet else None}
    if number is None:
        found = sweep(chosen, factors, **how)
    else:
        with pool_of(threads) as executor:
            found = sweep(chosen, factors, executor=executor, **how)
    files = [] if path is None else [path, *write_sweep_tables(found, path.parent), *_drawn(found, path.parent)]
    if as_json:
        print_json({"label": found.label, "rows": found.to_dicts(), "files": [str(file) for file in files]})
        return
    _show(found, files)
    say(NOTICE)


def _path(folder: Path | None, *, resume: bool, force: bool) -> Path | None:
    """Where points are kept; never over another sweep, nor over a part of this one unless it is gone on with."""
    if folder is None:
        return None
    held = [name for name in FILES if (folder / name).exists()]
    if not resume and held and not force:
        raise InputError("--out", str(folder), f"a folder without a sweep ({', '.join(held)}), or --resume; {FORCE}")
    if force and not resume:
        _taken_away(folder, held)
    return folder / SAVED


def _taken_away(folder: Path, names: list[str]) -> None:
    """Files of another sweep, if no other process is at work on it."""
    if SAVED in names:
        with locked(folder / SAVED), suppress(OSError):  # some systems take no open file away: then below
            (folder / SAVED).unlink()
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _varied(vary: list[str] | None, design: str) -> dict[str, list[float] | tuple[float, float]]:
    """What is varied, and by which factors; a name may hold the sign that stands between them."""
    if design not in DESIGNS:
        raise InputError("--design", design, f"one of {', '.join(DESIGNS)}; {nearest(design, DESIGNS)}")
    found = {}
    for text in vary or ():
        name, mark, factors = (part.strip() for part in text.rpartition("="))
        if not (name and mark and factors):
            raise InputError("--vary", text, "HAZARD=FACTORS, such as *.shear=0.5,1,2")
        if name in found:
            raise InputError("--vary", text, f"each name once; {name!r} is given twice")
        found[name] = _factors(name, factors, design)
    return found


def _factors(name: str, text: str, design: str) -> list[float] | tuple[float, float]:
    """Factors of a grid, or the two ends of a range."""
    grid = design == "grid"
    parts = text.split("," if grid else ":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if not values or (not grid and len(values) != 2):
        wanted = "factors such as 0.5,1,2 (a range such as 0.2:5 with --design latin or sobol)"
        wanted = wanted if grid else f"two factors, from and to, such as 0.2:5, with --design {design}"
        raise InputError("--vary", f"{name}={text}", wanted)
    return values if grid else (values[0], values[1])


def _numbers(only: str | None) -> range | None:
    """Numbers of points."""
    if only is None:
        return None
    first, colon, stop = only.partition(":")
    if not (colon and first.strip().isdecimal() and stop.strip().isdecimal()):
        raise InputError("--only", only, "numbers of points, from and to: 0:16")
    return range(int(first), int(stop))


def write_sweep_tables(found: Sweep, folder: Path) -> list[Path]:
    """Write the tables of a sweep, of the names in ``TABLES``."""
    text, rows = (folder / name for name in TABLES)
    with fitted(None):  # a file is as wide as its table, whatever the terminal
        write_atomically(text, f"{found}\n".encode())
    return [text, found.to_csv(rows)]


def _drawn(found: Sweep, folder: Path) -> Iterable[Path]:
    """A heat map, where the sweep is a whole grid of two hazards."""
    from cascade.plot.style import save
    from cascade.plot.uncertain import heat_map

    path = folder / FIGURE
    if found.whole and found.recipe.design == "grid" and len(found.hazards) == 2:
        try:
            return [save(heat_map(found), path)]
        except CascadeError as error:
            notice(f"no heat map is drawn: {error}")
    path.unlink(missing_ok=True)
    return []


def _show(found: Sweep, files: list[Path]) -> None:
    """The table on the terminal, a long one its beginning."""
    from cascade.inference.swept import Sweep

    some = Sweep(found.rows[:SHOWN], found.recipe)
    more = len(found.rows) - SHOWN
    text = str(some).removesuffix(f"\n\n{some.below}")
    say(text)
    if more > 0:
        where = "--out writes them all" if not files else f"{files[1]} has them all"
        say(f"... and {more:,} rows more; {where}")
    say(f"\n{found.below}")
    for file in files:
        typer.echo(f"saved: {file.resolve()}")
