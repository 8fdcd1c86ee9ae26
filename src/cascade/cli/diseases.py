"""Commands about patients: the diseases there are, one of them, a cohort, and one patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cascade.cli.app import app
from cascade.cli.cares import OF_TWO, care_data, care_tables, save_comparison
from cascade.cli.cohort_files import cohort_text, never_over_another_cohort, save_cohort, save_cohort_under_care
from cascade.cli.keeping import FORCE, never_over_another, note_in
from cascade.cli.options import (
    AsJson,
    Figure,
    Force,
    Quiet,
    Seed,
    Style,
    Threads,
    blaming,
    output_folder,
    parse_cells,
    parse_seed,
    parse_whole,
    path_of,
    pool_of,
    print_json,
    say,
)
from cascade.cli.scaling import PART, resumed_cohort
from cascade.common.columns import fitted
from cascade.common.errors import InputError
from cascade.patient.loader import disease as disease_of

if TYPE_CHECKING:
    from cascade.patient.answer import ExactCohort
    from cascade.patient.cohort import Cohort
    from cascade.patient.disease import Disease

DiseaseName = Annotated[
    str, typer.Argument(metavar="DISEASE", help="A name from 'cascade diseases', or a .toml file; NAME:VARIANT.")
]

Years = Annotated[
    float | None, typer.Option("--years", metavar="YEARS", help="Years of the tumour; default: those of the disease.")
]

Cares = Annotated[
    list[str] | None,
    typer.Option(
        "--care", metavar="CARE", help="What is done once the tumour is known ('none', ...); two: the same patients."
    ),
]


def the_disease(name: str) -> Disease:
    """The disease of the argument, which errors name."""
    with blaming("DISEASE", "disease"):
        return disease_of(name)


@app.command("diseases")
def list_diseases(as_json: AsJson = False) -> None:
    """List the diseases: tumours that grow, shed cells and seed lesions."""
    from cascade.patient.loader import diseases

    found = diseases()
    if as_json:
        print_json(found.to_dicts())
        return
    say(str(found))


@app.command("disease")
def show_disease(disease: DiseaseName, as_json: AsJson = False) -> None:
    """Show a disease: the tumour, what it sheds, its lesions, what differs between patients, with sources."""
    from cascade.cli.descriptions_of_diseases import disease_page

    chosen = the_disease(disease)
    if as_json:
        print_json(chosen.model_dump(mode="json"))
        return
    say(disease_page(chosen))


@app.command()
def cohort(
    disease: DiseaseName,
    patients: Annotated[
        str, typer.Option(metavar="N", help="Number of patients (1e5), or a range of their numbers (1000:2000).")
    ] = "1e5",
    seed: Seed = None,
    care: Cares = None,
    years: Years = None,
    at: Annotated[
        float | None,
        typer.Option("--at", metavar="YEARS", help="Year of the tables by site and size; default: the last."),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="The exact answer beside the counts.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", parser=path_of, help="Folder for the cohort, the tables and the figure."),
    ] = None,
    force: Force = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep what is done in the folder, and go on from there; with --seed, --out."),
    ] = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Simulate patients of a disease: how many lesions they have, where, how large and since when.

    With --care they are diagnosed, staged, treated and followed; with two --care the same patients are under both.
    """
    from cascade.patient.cohort import cohort as simulate_cohort

    chosen, number = the_disease(disease), parse_seed(seed)
    with blaming("--patients", "--cells", "patients"):
        wanted = parse_cells(patients)
    cares = _named(chosen, care or (), exact=exact)
    folder, progress = output_folder(out), False if quiet else None
    if len(cares) == 2:
        if resume:
            raise InputError("--resume", True, "of patients under one care, or none: two are compared in one piece")
        _two_cares(chosen, cares, wanted, number, years, folder, force, threads, as_json, progress)
        return
    under = cares[0] if cares else None
    never_over_another_cohort(folder, chosen, number, wanted, years, under, force)
    with pool_of(threads) as executor, blaming("--years", "until_years"):
        if resume:
            found = resumed_cohort(chosen, folder, wanted, number, under, years, executor, progress)
        else:
            found = simulate_cohort(
                chosen, patients=wanted, seed=number, care=under, until_years=years, executor=executor,
                progress=progress,
            )  # fmt: skip
    if under is not None:
        _one_care(found, folder, as_json)
    else:
        _of_lesions(found, at, folder, exact=exact, as_json=as_json)
    if resume and folder is not None:
        (folder / PART).unlink(missing_ok=True)  # the cohort that is saved holds it all


def _of_lesions(found: Cohort, at: float | None, folder: Path | None, *, exact: bool, as_json: bool) -> None:
    """Tables, files and data of a cohort at which nobody looks."""
    when = found.times[-1] if at is None else at
    with blaming("--at", "years"):
        found.organs(when)
    answer = _exact_beside(found) if exact else None
    files = [] if folder is None else save_cohort(found, answer, when, folder)
    if as_json:
        print_json(
            {**_data(found, when), **({"exact": _data(answer, when)} if answer else {}), "files": [*map(str, files)]}
        )
        return
    say(cohort_text(found, answer, when))
    for file in files:
        typer.echo(f"saved: {file.resolve()}")


def _named(disease: Disease, names: Sequence[str], *, exact: bool) -> list[str]:
    """Cares by name, one or two; none: nobody looks."""
    from cascade.patient.cohort import check_care

    with blaming("--care", "care"):
        cares = [check_care(disease, name) for name in names]
    if len(cares) > 2:
        raise InputError("--care", cares, "one, or two under which the same patients are")
    if exact and cares:
        raise InputError("--exact", True, "not with --care: it is of lesions at which nobody looks")
    if exact:
        from cascade.patient.laws import Laws

        Laws(disease)  # what has no exact answer is refused before anybody is simulated
    return cares


def _exact_beside(found: Cohort) -> ExactCohort:
    from cascade.patient.answer import exact_cohort

    return exact_cohort(found.disease, until_years=found.years, times=found.times, sizes_mm=found.sizes_mm)


def _data(found: Any, when: float) -> dict[str, Any]:
    """A cohort, or an exact answer, as plain data."""
    return {
        "recipe": found.recipe,
        "lesions": found.lesions().to_dicts(),
        "sizes": found.sizes(when).to_dicts(),
        "organs": found.organs(when).to_dicts(),
        "number": found.number(when).to_dicts(),
    }


def _one_care(found: Cohort, folder: Path | None, as_json: bool) -> None:
    """Tables, files and data of a cohort under a care."""
    files = [] if folder is None else save_cohort_under_care(found, folder)
    if as_json:
        print_json({"recipe": found.recipe, **care_data(found), "files": [*map(str, files)]})
        return
    say(care_tables(found))
    for file in files:
        typer.echo(f"saved: {file.resolve()}")


def _two_cares(
    disease: Disease,
    cares: list[str],
    patients: int | range,
    seed: int | None,
    years: float | None,
    folder: Path | None,
    force: bool,
    threads: int | None,
    as_json: bool,
    progress: bool | None,
) -> None:
    """The same patients under two cares."""
    from cascade.patient.compared import compare_cares

    taken = [] if folder is None else [name for name in OF_TWO if (folder / name).exists()]
    if taken and not force:
        raise InputError("--out", str(folder), f"a folder without files of these names ({', '.join(taken)}): {FORCE}")
    with pool_of(threads) as executor, blaming("--years", "until_years"):
        found = compare_cares(
            disease, cares, patients=patients, seed=seed, until_years=years, executor=executor, progress=progress
        )
    files: list[Path] = []
    if folder is not None:
        with fitted(None):
            text = str(found)
        files = save_comparison(found, text, folder)
    if as_json:
        print_json({**found.to_dict(), "files": [*map(str, files)]})
        return
    say(str(found))
    for file in files:
        typer.echo(f"saved: {file.resolve()}")


@app.command("uncertain")
def show_uncertain(
    disease: DiseaseName,
    care: Annotated[
        str | None, typer.Option("--care", metavar="CARE", help="A care of the disease; default: its first.")
    ] = None,
    patients: Annotated[str, typer.Option(metavar="N", help="Patients of each draw.")] = "2000",
    draws: Annotated[str, typer.Option(metavar="N", help="Draws of the fitted parameters, 39 or more.")] = "39",
    seed: Seed = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell answers with the uncertainty of the fitted parameters: what is found at diagnosis, and what follows."""
    from cascade.patient.over_draws import uncertain

    chosen, number = the_disease(disease), parse_seed(seed)
    try:
        wanted = parse_whole(draws)
    except ValueError:
        raise InputError("--draws", draws, "a whole number, 39 or more") from None
    with blaming("--patients", "--cells", "patients"):
        many = parse_cells(patients)
    with blaming("--care", "care"), blaming("--draws", "draws"), blaming("--patients", "patients"):
        found = uncertain(
            chosen,
            care=care,
            patients=many,
            draws=wanted,
            seed=1 if number is None else number,
            progress=False if quiet else None,
        )
    if as_json:
        print_json({"answers": found.to_dicts(), "draws": found.draws, "of": found.label})
        return
    say(str(found))


@app.command()
def patient(
    disease: DiseaseName,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of the patient, from 0 on.")],
    seed: Annotated[str, typer.Option(metavar="N", help="That of the cohort.")] = "1",
    care: Annotated[
        str | None, typer.Option("--care", metavar="CARE", help="As of the cohort: a care of the disease, or none.")
    ] = None,
    years: Years = None,
    life: Annotated[
        int | None, typer.Option("--life", metavar="LESION", help="Also the life of the founder of this lesion.")
    ] = None,
    out: Figure = None,
    style: Annotated[Style, typer.Option(help="For the screen, a paper (183 mm) or a slide.")] = Style.screen,
    tree: Annotated[bool, typer.Option("--tree", help="With --out: who seeded whom, instead of the course.")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Tell the course of one patient: every founder, when it was shed, slept, woke and founded."""
    from cascade.patient.course import course_of

    chosen = the_disease(disease)
    try:
        which = parse_whole(number)
    except ValueError:
        raise InputError("NUMBER", number, "the number of a patient: a whole number from 0 to 2^62") from None
    with blaming("--years", "until_years"), blaming("NUMBER", "patient"), blaming("--care", "care"):
        course = course_of(chosen, seed=parse_seed(seed) or 0, patient=which, care=care, until_years=years)
    with blaming("--life", "lesion"):
        told = course.life(life) if life is not None else None
    file: Path | None = None
    if out is not None:
        from cascade import plot as figures

        with blaming("--out", "path"):
            path = figures.check_path(out)
        figure = (figures.seeding_tree if tree else figures.course)(course, style=style.value)
        same = path.is_file() and str(figure.get_label()) in note_in(path)
        never_over_another("--out", path, same, force)
        file = figures.save(figure, path)
    if as_json:
        from cascade.answers.table import plain

        lived = {"life": [plain(stay) for stay in told.stays]} if told else {}
        print_json({**course.to_dict(), **lived, "files": [str(file)] if file else []})
        return
    say(str(course))
    if told:
        say(f"\nThe founder of lesion {life}, hours from the moment at which it was shed:\n{told}")
    if file:
        typer.echo(f"saved: {file.resolve()}")
