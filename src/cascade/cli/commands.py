"""The command ``cascade``: run, solve, compare, show and plot models from a terminal."""

from __future__ import annotations

import io
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cascade import catalog
from cascade.answers.funnel import Funnel
from cascade.cli.descriptions import heading
from cascade.common.errors import CascadeError, InputError
from cascade.common.text import percent, text_table
from cascade.model import Model
from cascade.model.treatments import Treatment

if TYPE_CHECKING:
    from cascade.runs.result import Result

NOTICE = "For research and teaching, never for decisions about a patient."

app = typer.Typer(
    name="cascade",
    help=f"The metastatic cascade, cell by cell and exactly. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A name from 'cascade models', or a .toml file.")]
Cells = Annotated[str, typer.Option(metavar="N", help="Number of cells (1e6), or a range of cell numbers (1000:2000).")]
Seed = Annotated[str | None, typer.Option(metavar="N", help="Whole number >= 0; drawn and shown if not given.")]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="End of the run: hours, or with a unit: 90s, 20min, 36h, 13d.")
]
Treat = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[@FROM:TO]",
        help="Treat with an entry of 'cascade models' or a .toml file, for a time: nk-depletion@0h:2d. Repeatable.",
    ),
]
Threads = Annotated[int | None, typer.Option(min=1, max=1024, metavar="N", help="Threads; default: one per processor.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]


class Kind(StrEnum):
    """Figures that ``cascade plot`` draws."""

    funnel = "funnel"
    waterfall = "waterfall"
    occupancy = "occupancy"
    incidence = "incidence"
    organs = "organs"
    body = "body"


def parse_whole(text: str) -> int:
    """A whole number as people write it: 1000000, 1_000_000, 1,000,000 or 1e6."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,3}([,_][0-9]{3})+", text):
        return int(re.sub("[,_]", "", text))
    if not re.fullmatch(r"[0-9]{1,40}(\.[0-9]{1,40})?([eE]\+?[0-9]{1,3})?", text):
        raise ValueError
    value = Decimal(text)
    if value != value.to_integral_value():
        raise ValueError
    return int(value)


def parse_cells(text: str) -> int | range:
    """A number of cells, or a range of cell numbers ``first:stop``."""
    try:
        if ":" in text:
            first, stop = map(parse_whole, text.split(":"))
            if first < stop:
                return range(first, stop)
        elif (number := parse_whole(text)) > 0:
            return number
    except (ValueError, ArithmeticError):
        pass
    raise InputError("--cells", text, "a whole number > 0 such as 1e6, or a rising range such as 1000:2000")


def parse_seed(text: str | None) -> int | None:
    """A whole number >= 0, or None."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,100}", text):
        raise InputError("--seed", text, "a whole number >= 0")
    return int(text)


def parse_hours(text: str | None, option: str = "--until", *, zero: bool = False) -> float | None:
    """A time in hours, or with a unit; 0 only where it may be."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*(s|min|h|d|)\s*", text)
    try:
        if match is None:
            raise ValueError
        value = float(match[1]) * {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "": 1.0, "d": 24.0}[match[2]]
        if not (0 < value < math.inf or (zero and value == 0)):
            raise ValueError
    except ValueError:
        raise InputError(option, text, "a time > 0 in hours, or with a unit: 90s, 20min, 36h, 13d") from None
    return value


def treated(model: Model, wanted: Sequence[str] | None) -> Model:
    """The model with the treatments named as ``NAME``, ``NAME@FROM:TO`` or ``NAME@FROM:``."""
    chosen = []
    for text in wanted or ():
        name, at, times = text.partition("@")
        begin, colon, end = times.partition(":")
        if at and not (begin and colon):
            raise InputError("--treat", text, "a name, or name@from:to such as nk-depletion@1d:10d")
        start = parse_hours(begin or None, "--treat", zero=True)
        stop = parse_hours(end, "--treat") if end else math.inf if at else None
        chosen.append(catalog.treatment(name, start, stop))
    return model.with_treatments(*chosen)


def _pool(threads: int | None) -> AbstractContextManager[Executor | None]:
    return nullcontext() if threads is None else ThreadPoolExecutor(threads)


def _folder(out: Path | None) -> Path | None:
    """The output folder, made if need be, before any long work begins."""
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("--out", str(out), f"a folder that can be made ({error.strerror})") from None
    return out


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, indent=1, allow_nan=False, default=float))


def _clean(value: Any) -> Any:
    """Plain data for JSON: numbers that JSON has no word for become null."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@app.callback(invoke_without_command=True)
def main_options(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """The metastatic cascade, cell by cell and exactly."""
    if version:
        from cascade.common.version import package_version

        typer.echo(f"cascade {package_version()}")
        raise typer.Exit


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
    folder = _folder(out)
    with _pool(threads) as executor:
        progress = False if quiet else None
        result = simulate(chosen, cells=wanted, seed=number, until=end, executor=executor, progress=progress)
    chosen = result.model  # with what the cells brought about, where they share a capacity
    funnel, answer = result.funnel(), exact(chosen, until=end)
    head = heading(chosen, f"{_number(result)}, seed {result.seed}" + (f", until {end:g} h" if end else ""))
    table = funnel.table(beside=answer.funnel())
    if chosen.sites:
        table += f"\n\n{result.organs().table(beside=answer.organs())}"
    if chosen.clusters:
        table += f"\n\n{result.sizes()}"
    if not as_json:
        typer.echo(f"{head}\n{table}")
    files = [] if folder is None else _save_run(result, f"{head}\n{table}\n", folder)
    if as_json:
        rows = {"funnel": funnel.to_dicts(), "exact": answer.funnel(result.cells).to_dicts()}
        ends: dict[str, Any] = {"fates": result.fates(), "milestones": result.milestones()}
        if chosen.sites:
            ends |= {"organs": result.organs().to_dicts(), "organs_exact": answer.organs(result.cells).to_dicts()}
        if chosen.clusters:
            ends |= {"sizes": result.sizes().to_dicts()}
        _print_json(_clean({"recipe": result.recipe, **rows, **ends, "files": [str(f) for f in files]}))
        return
    for file in files:
        typer.echo(f"saved: {file.resolve()}")
    typer.echo(NOTICE)


def _number(result: Result) -> str:
    """How many cells were run; of clusters how many units, and the cells in them."""
    units = f"{result.founders:,} units, " if result.model.clusters else ""
    return f"{units}{result.cells:,} cells"


def _save_run(result: Result, text: str, folder: Path) -> list[Path]:
    """Result, tables and figures of a run."""
    from cascade import plot
    from cascade.common.files import write_atomically

    table = folder / "funnel.txt"
    write_atomically(table, text.encode())
    files = [result.save(folder / "result.cascade"), table, plot.save(plot.funnel(result), folder / "funnel.png")]
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
        whole = answer.until is None and not answer.changes
        times = [asdict(t) for t in answer.times()] if whole else []
        data: dict[str, Any] = {
            "model": chosen.name,
            "until": answer.until,
            "error": answer.error,
            "funnel": answer.funnel().to_dicts(),
        }
        data |= {"organs": answer.organs().to_dicts()} if chosen.sites else {}
        if chosen.clusters and answer.until is None and not answer.changes:
            data |= {"sizes": answer.sizes().to_dicts(), "no_colony": answer.no_colony}
        _print_json(_clean({**data, "fates": answer.fates(), "times": times, "elasticities": rates}))
        return
    typer.echo(
        heading(chosen, "expected numbers of 1,000,000 cells" + (f", until {answer.until:g} h" if answer.until else ""))
    )
    typer.echo(str(answer))
    if chosen.sites:
        typer.echo(f"\n{answer.organs()}")
    if chosen.clusters and answer.until is None and not answer.changes:
        chance = percent(1.0 - answer.no_colony)
        typer.echo(f"\n{answer.sizes()}\n\nunits of which at least one cell founds a colony: {chance}")
    if rates:
        rows = [[name, f"{value:+.4f}"] for name, value in sorted(rates.items(), key=lambda item: -abs(item[1]))]
        typer.echo("\n" + text_table(["hazard", "elasticity of success"], rows))
    typer.echo(NOTICE)


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
    with _pool(threads) as executor:
        found = pair(
            one,
            two,
            cells=parse_cells(cells),
            seed=parse_seed(seed),
            until=end,
            executor=executor,
            progress=False if quiet else None,
        )
    if out is not None:
        plot.save(plot.comparison(found), out)
    if as_json:
        whole: dict[str, Any] = {
            "saved": found.saved,
            "lost": found.lost,
            "unchanged": found.unchanged,
            "difference": list(found.difference),
            "fewer_cells": found.fewer_cells,
            "causes": [asdict(row) for row in found.causes()],
            "saved_cells": found.saved_cells[:100],
            "lost_cells": found.lost_cells[:100],
        }
        _print_json(
            _clean(
                {
                    "models": [one.name, two.name],
                    "seed": found.seed,
                    "cells": found.cells,
                    **whole,
                    "rows": found.to_dicts(),
                }
            )
        )
        return
    typer.echo(f"{one.title or one.name} | {two.title or two.name}\n{found.cells:,} cells, seed {found.seed}\n")
    typer.echo(str(found))
    changed = [*found.saved_cells[:story], *found.lost_cells[: max(0, story - len(found.saved_cells))]]
    for lives in found.replay(changed):
        typer.echo(f"\n{lives}")
    if out is not None:
        typer.echo(f"saved: {out.resolve()}")
    typer.echo(NOTICE)


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models and treatments of the catalogue."""
    found, remedies = catalog.models(), catalog.treatments()
    if as_json:
        _print_json([asdict(entry) for entry in [*found, *remedies]])
        return
    typer.echo(f"{found}\n\n{remedies}")
    typer.echo(
        "\nGrades: A full text, B abstract, C quoted, D recalled (unverified), illustrative: chosen for teaching."
    )


@app.command()
def show(
    model: ModelName,
    states: Annotated[bool, typer.Option("--states", help="For a cancer: also every state and hazard.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a model (states, hazards), a cancer (routes, first bed, soil) or a treatment, with sources and limits."""
    from cascade.cli import descriptions

    chosen = catalog.load_any(model)
    if as_json:
        _print_json(chosen.model_dump(mode="json"))
    elif isinstance(chosen, Treatment):
        typer.echo(descriptions.treatment_page(chosen))
    elif isinstance(chosen, Model):
        typer.echo(descriptions.model_page(chosen))
    else:
        typer.echo(descriptions.cancer_page(chosen, states=states))


@app.command()
def plot(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A saved result (.cascade), or a CSV of counts: step, number.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="The figure: .png, .svg or .pdf. Default: beside the file."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Which figure.")] = Kind.funnel,
) -> None:
    """Draw a saved result, or your own counts (CSV)."""
    from cascade import plot as figures
    from cascade.runs.saved import open_result

    if not file.is_file():
        raise InputError("FILE", str(file), "a file that exists")
    path = figures.check_path(out or file.with_name(f"{file.stem}-{kind.value}.png"))
    if file.suffix.lower() == ".csv":
        counted = Funnel.from_csv(file)
        if kind not in (Kind.funnel, Kind.waterfall):
            raise InputError("--kind", kind.value, "'funnel' or 'waterfall' for a CSV of counts")
        figure = (figures.funnel if kind is Kind.funnel else figures.waterfall)(counted)
        typer.echo(counted.table())
    else:
        result = open_result(file)
        drawers: dict[Kind, Callable[..., Any]] = {
            Kind.funnel: figures.funnel,
            Kind.waterfall: figures.waterfall,
            Kind.occupancy: figures.occupancy,
            Kind.incidence: figures.incidence,
            Kind.organs: figures.organs,
            Kind.body: figures.body,
        }
        figure = drawers[kind](result)
    typer.echo(f"saved: {figures.save(figure, path).resolve()}")


@app.command()
def demo(
    cells: Cells = "1e8",
    seed: Seed = "1889",
    out: Annotated[Path, typer.Option(metavar="PATH", help="The figure: .png, .svg or .pdf.")] = Path(
        "cascade-demo.png"
    ),
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also a page of sliders and moving cells, to mail to students."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """See it work: 10^8 cells, the exact answer, a figure."""
    from cascade.cli.demonstration import demo as show_all

    wanted = parse_cells(cells)
    if isinstance(wanted, range):
        raise InputError("--cells", cells, "a number for the demo")
    typer.echo(str(show_all(cells=wanted, seed=parse_seed(seed) or 0, path=out, html=html, progress=not quiet)))


@app.command()
def teach(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on this machine.")] = 2718,
    show: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Notebooks for a class, on this machine: one idea each, with sliders."""
    import importlib.util
    import os
    import subprocess

    if importlib.util.find_spec("marimo") is None:
        raise CascadeError("the notebooks need more: pip install 'metastatic-cascade[notebooks]'")
    folder = notebooks_folder()
    typer.echo(f"http://127.0.0.1:{port}  (end with Ctrl-C)")
    # The check for updates is the one thing that would leave the machine.
    environment = {**os.environ, "MARIMO_SKIP_UPDATE_CHECK": "1"}
    options = ["--host", "127.0.0.1", "--port", str(port), *([] if show else ["--headless"])]
    command = [sys.executable, "-m", "marimo", "--quiet", "run", str(folder), *options]
    if os.name == "posix":
        # In its place: whoever ends this command ends the server.
        os.execve(sys.executable, command, environment)  # noqa: S606
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603


def notebooks_folder() -> Path:
    """Where the notebooks lie: beside the sources of a checkout, or among the installed data."""
    import sysconfig

    places = (
        Path(__file__).parents[3] / "notebooks",
        Path(sysconfig.get_path("data")) / "share" / "cascade" / "notebooks",
    )
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise CascadeError("the notebooks are not installed with this package")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: errors of the input end with 2, an interrupt with 130, never with a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a letter gets a question mark
    try:
        app(args=None if arguments is None else list(arguments), prog_name="cascade")
    except CascadeError as error:
        _end(2, str(error))
    except MemoryError:
        _end(1, "not enough memory for a run of this size")
    except OSError as error:
        _end(1, f"the output cannot be written ({error.strerror})")
    except SystemExit as end:
        if end.code == 130:
            _end(130, "interrupted; nothing was left half written")
        if end.code == 1 and "Pacify" in type(sys.stdout).__name__:
            sys.exit(0)  # the reader went away, as in `cascade models | head -1`
        raise


def _end(code: int, message: str) -> NoReturn:
    """Say why on stderr, and end."""
    typer.echo(f"cascade: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
