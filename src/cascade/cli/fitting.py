"""The command that fits a model to a table of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.keeping import FORCE
from cascade.cli.options import (
    NOTICE,
    AsJson,
    Folder,
    Force,
    ModelName,
    Quiet,
    loaded,
    output_folder,
    path_of,
    print_json,
    say,
    treated,
)
from cascade.common.errors import CascadeError, InputError, nearest
from cascade.common.notices import notice

if TYPE_CHECKING:
    from cascade.inference.data import Data
    from cascade.inference.fitted import Fit
    from cascade.model import Model
    from cascade.model.observables import Observable

SAVED = "fit.json"
KINDS = "counts", "times", "seen", "panel"
FILES = SAVED, "fit.txt", "fit.png"
"""What a fit leaves in its folder."""

Table = Annotated[
    Path, typer.Argument(metavar="TABLE", parser=path_of, help="A CSV file with a line of headings, or a spreadsheet.")
]
Hazards = Annotated[
    list[str] | None,
    typer.Option("--free", metavar="HAZARD", help="To be fitted: state.way, or a pattern. Repeatable."),
]
Shared = Annotated[list[str] | None, typer.Option(metavar="HAZARD", help="Free, and alike in all arms. Repeatable.")]
Counted = Annotated[
    list[str] | None,
    typer.Option(
        "--count",
        metavar="NAME=STATE[,STATE]",
        help="What a name in the table is: states, or death:CAUSE; of an event, none censors. Without any, names are"
        " those of the model. Repeatable.",
    ),
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="WHAT=HEADING", help="animal, arm, days, hours, observable, count, ... Repeatable."
    ),
]
SheetName = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="Of a spreadsheet with several tables: name or number.")
]
Arms = Annotated[
    list[str] | None,
    typer.Option(
        "--arm", metavar="ARM=TREATMENT[@FROM:TO]", help="How the animals of an arm were treated. Repeatable."
    ),
]


@app.command("fit")
def fit_table(
    model: ModelName,
    table: Table,
    free: Hazards = None,
    count: Counted = None,
    wide: Annotated[bool, typer.Option("--wide", help="Names of --count are headings of columns of counts.")] = False,
    column: Named = None,
    sheet: SheetName = None,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="counts, times (to events), seen (found in k of n) or panel (looks).")
    ] = "counts",
    cells: Annotated[
        str | None, typer.Option(metavar="N", help="Given to each animal, where no column says it.")
    ] = None,
    arm: Arms = None,
    by_arm: Annotated[bool, typer.Option("--by-arm", help="Each arm has free hazards of its own.")] = False,
    shared: Shared = None,
    against: Annotated[
        str | None, typer.Option(metavar="ARM", help="With --by-arm: tell the others over this one.")
    ] = None,
    spread: Annotated[str, typer.Option(metavar="KIND", help="one, each or none: what log counts vary by.")] = "one",
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="HAZARD", help="A free one that differs between animals (of counts); may be given twice."),
    ] = None,
    out: Folder = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fit hazards to a table of counts, times, findings or looks: estimates with intervals that hold with few."""
    from cascade.inference.fitting import fit

    chosen, data = loaded("MODEL", model), _data(kind, table, count, column, cells, sheet, wide=wide)
    folder = output_folder(out)
    if folder is not None and not force:
        _check_folder(folder, data)
    found = fit(
        _models(chosen, data, arm),
        data,
        free or [],
        shared=shared or [],
        by="arm" if by_arm else None,
        against=against,
        spread=spread,
        vary=vary or None,
    )
    if folder is not None:
        _kept(found, folder, force=force, quiet=quiet)
    if as_json:
        told = [str(found.identifiability())]
        print_json({"model": chosen.name, "table": found.table().to_dicts(), "spreads": found.spreads, "told": told})
        return
    say(f"{data}\n\n{found}\n\n{found.identifiability()}")
    say(NOTICE)


def _data(
    kind: str,
    table: Path,
    count: list[str] | None,
    column: list[str] | None,
    cells: str | None,
    sheet: str | None,
    *,
    wide: bool,
) -> Data:
    """The counts of a file."""
    from cascade.cli.options import parse_cells
    from cascade.inference.data import Data

    if kind not in KINDS:
        raise InputError("--kind", kind, f"one of {', '.join(KINDS)}; {nearest(kind, KINDS)}")
    if wide and kind != "counts":
        raise InputError("--wide", wide, "with --kind counts")
    observables = {name: _meant(name, text, kind) for name, text in pairs_of("--count", count).items()}
    if wide and not observables:
        raise InputError("--wide", wide, "with --count NAME=STATE, NAME the heading of a column of counts")
    number = None if cells is None else parse_cells(cells)
    if isinstance(number, range):
        raise InputError("--cells", cells, "a number of cells")
    columns = pairs_of("--column", column)
    if kind == "counts":
        headings = list(observables) if wide else []
        return Data.counts(table, observables, columns=columns, wide=headings, cells=number, sheet=sheet)
    if kind == "panel":
        if number is not None:
            raise InputError("--cells", cells, "left out with --kind panel")
        return Data.panel(table, observables, columns=columns, sheet=sheet)
    read = Data.times if kind == "times" else Data.seen
    return read(table, observables, columns=columns, cells=number, sheet=sheet)


def _meant(name: str, text: str, kind: str) -> Observable | None:
    """What a name in the table is: states, deaths after ``death:``, or nothing, which censors."""
    return None if text == "none" and kind == "times" else observable_of("--count", name, text)


def observable_of(option: str, name: str, text: str) -> Observable:
    """States, or deaths after ``death:``."""
    from cascade.model.observables import Observable

    parts = [part.strip() for part in text.split(",")]
    mark = "death:"
    deaths = [part.removeprefix(mark).strip() for part in parts if part.startswith(mark)]
    states = [part for part in parts if not part.startswith(mark)]
    if "" in (*deaths, *states):
        raise InputError(option, f"{name}={text}", "NAME=STATE[,STATE], or NAME=death:CAUSE")
    try:
        return Observable(name, states=states, deaths=deaths)
    except CascadeError as error:
        raise InputError(option, f"{name}={text}", f"NAME=STATE[,STATE] ({error})") from None


def _models(model: Model, data: Data, arms: list[str] | None) -> Model | dict[str, Model]:
    """The model of each arm."""
    given = pairs_of("--arm", arms)
    for name in given:
        if name not in data.arms:
            raise InputError("--arm", name, f"an arm of the table: {', '.join(data.arms)}")
    if not given:
        return model
    try:
        return {name: treated(model, [given[name]]) if name in given else model for name in data.arms}
    except InputError as error:
        raise error.renamed("--arm") from None


def pairs_of(option: str, texts: list[str] | None) -> dict[str, str]:
    """What stands before and after the first '='."""
    pairs = {}
    for text in texts or ():
        name, mark, value = text.partition("=")
        if not (name.strip() and mark and value.strip()):
            raise InputError(option, text, "NAME=VALUE")
        if name.strip() in pairs:
            raise InputError(option, text, f"each name once; {name.strip()!r} is given twice")
        pairs[name.strip()] = value.strip()
    return pairs


def _check_folder(folder: Path, data: Data) -> None:
    """Before any work: that what the folder holds may be this fit."""
    from cascade.inference.data import plain_rows

    held = [name for name in FILES if (folder / name).exists()]
    told = _told(folder / SAVED)
    if held and told.get(str(told.get("kind", "counts"))) != json.loads(json.dumps(plain_rows(data), allow_nan=False)):
        raise InputError("--out", str(folder), f"a folder without another fit ({', '.join(held)}); {FORCE}")


def _told(path: Path) -> dict[str, Any]:
    """What a saved fit says; nothing where there is none."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _kept(found: Fit, folder: Path, *, force: bool, quiet: bool) -> None:
    """The fit in a folder, unless it holds another one."""
    from cascade.common.files import write_atomically
    from cascade.plot.profiled import fit as figure_of
    from cascade.plot.style import save

    path = folder / SAVED
    held = [name for name in FILES if (folder / name).exists()]
    if held and not force and not _same(path, found):
        raise InputError("--out", str(folder), f"a folder without another fit ({', '.join(held)}); {FORCE}")
    save(figure_of(found), folder / FILES[2])
    write_atomically(folder / FILES[1], f"{found.data}\n\n{found}\n\n{found.identifiability()}\n\n{NOTICE}\n".encode())
    found.save(path)
    if not quiet:
        notice(f"written to {folder}: {', '.join(FILES)}")


def _same(path: Path, found: Fit) -> bool:
    """Whether a file is that of this fit."""
    from cascade.inference.data import plain_rows

    told = _told(path)
    digests = {arm: model.digest() for arm, model in found.likelihood.models.items()}
    counts = json.loads(json.dumps(plain_rows(found.data), allow_nan=False))
    asked = json.loads(json.dumps(dict(found.asked), allow_nan=False))
    return (told.get("sha256"), told.get(str(told.get("kind", "counts"))), told.get("asked")) == (
        digests,
        counts,
        asked,
    )
