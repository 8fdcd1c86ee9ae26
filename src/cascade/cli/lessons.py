"""The command that writes lessons: one page on a model, or on a patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.keeping import never_over_another
from cascade.cli.options import (
    NOTICE,
    Force,
    Quiet,
    Until,
    blaming,
    loaded,
    parse_hours,
    parse_seed,
    path_of,
    treated,
    treatments_of,
)
from cascade.common.errors import CascadeError

Out = Annotated[Path, typer.Option("--out", metavar="FILE", parser=path_of, help="The page: .html.")]


@app.command()
def lesson(
    out: Out,
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="A name from 'cascade models', or a .toml file.")
    ] = None,
    treat: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[@FROM:TO]", help="A second arm: an entry of 'cascade models', or a .toml file. Repeatable."
        ),
    ] = None,
    beside: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A second arm: another model with the same steps.")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(metavar="NAME", help="A lesson on patients instead: a name from 'cascade diseases'.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="LANGUAGE", help="Of the page, such as en or de.")] = "en",
    until: Until = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Whole number >= 0.")] = "1889",
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write a lesson: a page with film, funnel, knobs, two arms and tasks, for any browser, without a network."""
    from cascade.lessons.page import write_lesson
    from cascade.lessons.words import words
    from cascade.patient.taught import patient_lesson
    from cascade.web.page import check_page

    if model is None and patient is None:
        raise CascadeError("a lesson on what? Give MODEL, or --patient and the name of a disease")
    if model is not None and patient is not None:
        both = f"MODEL {model} and --patient {patient}"
        raise CascadeError(f"{both} are two lessons: a page is on a model or on patients; give one of them")
    if patient is not None and (treat or beside or until):
        raise CascadeError("--treat, --beside and --until are for lessons on a model, not with --patient")
    with blaming("--out", "path"):
        check_page(out)
    with blaming("--lang", "lang"):
        words(lang)
    number, name = parse_seed(seed) or 0, str(model or patient)
    never_over_another("--out", out, out.is_file() and _is_lesson(out, name), force)
    if patient is not None:
        with blaming("--patient", "disease"):
            data = patient_lesson(patient, seed=number, lang=lang)
    else:
        data = _on_model(name, treat, beside, until, seed=number, lang=lang, progress=False if quiet else None)
    where = write_lesson(data, out)
    typer.echo(f"saved: {where.resolve()}")
    typer.echo(NOTICE)


def _on_model(
    name: str, treat: list[str] | None, beside: str | None, until: str | None, **how: Any
) -> dict[str, Any]:  # fmt: skip
    """What a lesson on a model is made of."""
    from cascade.lessons.tasks import looked_at
    from cascade.runs.taught import lesson as made

    chosen = treatments_of(treat)
    other = None if beside is None else loaded("--beside", beside)
    with blaming("MODEL"):
        taught = loaded("MODEL", name)
        treated(taught, treat)  # one that does not act on it is refused by name
        end = looked_at(taught) if until is None else parse_hours(until)
        return made(taught, until=end, treat=chosen or None, beside=other, **how)


def _is_lesson(path: Path, name: str) -> bool:
    """Whether a file is a lesson on a model or a disease: then a new one may take its place."""
    from cascade.lessons.page import lesson_in

    found = lesson_in(path)
    return found is not None and found["lesson"] == name
