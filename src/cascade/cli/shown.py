"""Commands that show what there is: the models of the catalogue, one of them, a figure of a saved result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade import catalog
from cascade.answers.funnel import Funnel
from cascade.cli.app import app
from cascade.cli.keeping import never_over_another, note_in
from cascade.cli.options import (
    AsJson,
    Force,
    Injected,
    Kind,
    ModelName,
    Style,
    blaming,
    injected,
    path_of,
    print_json,
    say,
)
from cascade.common.errors import InputError
from cascade.common.files import check_exists
from cascade.model import Model
from cascade.model.treatments import Treatment

if TYPE_CHECKING:
    from cascade.patient.cohort import Cohort

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")
"""Endings of files that hold a table; of those that are none it is said what to save them as."""


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models and treatments of the catalogue."""
    entries, remedies = catalog.models(), catalog.treatments()
    if as_json:
        print_json([asdict(entry) for entry in [*entries, *remedies]])
        return
    say(f"{entries}\n\n{remedies}")
    say("\nGrades: A full text, B abstract, C quoted, D recalled (unverified), illustrative: chosen for teaching.")


@app.command()
def show(
    model: ModelName,
    into: Injected = None,
    states: Annotated[bool, typer.Option("--states", help="For a cancer: also every state and hazard.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a model (states, hazards), a cancer (routes, first bed, soil) or a treatment, with sources and limits."""
    from cascade.cli import descriptions

    with blaming("MODEL"):
        chosen = injected(catalog.load(model), into) if into else catalog.load_any(model)
    if as_json:
        print_json(chosen.model_dump(mode="json"))
    elif isinstance(chosen, Treatment):
        say(descriptions.treatment_page(chosen))
    elif isinstance(chosen, Model):
        say(descriptions.model_page(chosen))
    else:
        say(descriptions.cancer_page(chosen, states=states))


@app.command()
def plot(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            parser=path_of,
            help="A saved result or cohort (.cascade), or a CSV of counts: step, number; or of a funnel.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="PATH", parser=path_of, help="The figure: .png, .svg, .pdf. Default: beside FILE."
        ),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Which figure.")] = Kind.funnel,
    style: Annotated[Style, typer.Option(help="For the screen, a paper (89 or 183 mm) or a slide.")] = Style.screen,
    force: Force = False,
) -> None:
    """Draw a saved result, a saved cohort, or your own counts (CSV)."""
    from cascade import plot as figures
    from cascade.patient.saved import is_cohort, open_cohort

    with blaming("FILE", "file"):
        check_exists(file)
    with blaming("FILE", "file"):
        patients = open_cohort(file) if is_cohort(file) else None
    of_cohort = "number-and-sizes" if patients is None or patients.care is None else "survival"
    what = kind.value if patients is None else of_cohort
    with blaming("--out", "path"):
        path = figures.check_path(out or file.with_name(f"{file.stem}-{what}.png"))
    if patients is not None:
        figure = _of_patients(patients, kind, style)
    elif file.suffix.lower() in TABLES:
        figure = _of_counts(file, kind, style)
    else:
        figure = _of_cells(file, kind, style)
    # What a figure is of stands in its label, and in the file.
    same = path.is_file() and str(figure.get_label()) in note_in(path)
    never_over_another("--out", path, same, force)
    typer.echo(f"saved: {figures.save(figure, path).resolve()}")


def _of_patients(found: Cohort, kind: Kind, style: Style) -> Any:
    """The figure of a saved cohort."""
    from cascade import plot as figures

    if kind is not Kind.funnel:
        raise InputError(
            "--kind", kind.value, "none for a cohort of patients: its figure is number and sizes, under a care survival"
        )
    if found.care is None:
        return figures.number_and_sizes(found, style=style.value)
    return figures.survival(found, style=style.value)


def _of_counts(file: Path, kind: Kind, style: Style) -> Any:
    """A figure of counts of somebody's own, which are printed."""
    from cascade import plot as figures

    with blaming("FILE", "file"):
        counted = Funnel.from_csv(file)
    drawers: dict[Kind, Callable[..., Any]] = {
        Kind.funnel: figures.funnel,
        Kind.waterfall: figures.waterfall,
        Kind.alluvial: figures.alluvial,
    }
    if kind not in drawers:
        raise InputError("--kind", kind.value, "'funnel', 'waterfall' or 'alluvial' for a CSV of counts")
    figure = drawers[kind](counted, style=style.value)
    say(counted.table())
    return figure


def _of_cells(file: Path, kind: Kind, style: Style) -> Any:
    """A figure of a saved result."""
    from cascade import plot as figures
    from cascade.runs.saved import open_result

    with blaming("FILE", "file"):
        result = open_result(file)
    drawers: dict[Kind, Callable[..., Any]] = {
        Kind.funnel: figures.funnel,
        Kind.alluvial: figures.alluvial,
        Kind.waterfall: figures.waterfall,
        Kind.occupancy: figures.occupancy,
        Kind.incidence: figures.incidence,
        Kind.organs: figures.organs,
        Kind.body: figures.body,
    }
    try:
        return drawers[kind](result, style=style.value)
    except InputError as error:
        raise InputError("--kind", kind.value, f"a figure that can be drawn of {file.name}: {error}") from None
