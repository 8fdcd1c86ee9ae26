"""Files of a cohort: what is saved, its tables and figures, as ``cascade cohort --out`` writes them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from cascade.cli.cares import OF_CARE, care_tables, how_known, save_care
from cascade.cli.keeping import FORCE
from cascade.common.columns import fitted
from cascade.common.errors import CascadeError, InputError
from cascade.common.files import write_atomically
from cascade.common.text import text_table
from cascade.common.version import STREAM_VERSION
from cascade.patient.tables import WARNING

if TYPE_CHECKING:
    from cascade.patient.answer import ExactCohort
    from cascade.patient.cohort import Cohort
    from cascade.patient.disease import Disease

RESULT = "cohort.cascade"
TABLES = "tables.txt", "lesions.csv"
FILES = RESULT, *TABLES, "number-and-sizes.png"
"""What a cohort may leave in its folder."""


def cohort_text(found: Cohort, answer: ExactCohort | None, when: float) -> str:
    """Every table of a cohort, the exact answer, if there is one, beside what was counted."""
    sites = found.organs(when)
    pairs = [(found.lesions(), answer.lesions() if answer else None)]
    pairs += [(found.sizes(when), answer.sizes(when) if answer else None)]
    pairs += [(sites, answer.in_order_of(sites) if answer else None)]
    parts = [f"{found.label}: {found.made}"]
    for table, beside in pairs:
        parts += [table.what.capitalize(), text_table(*table.as_text(beside), left=table.left)]
    notes = [sites.note, *([f"Exact: {answer.lesions().note}"] if answer else []), how_known(found.disease), WARNING]
    return "\n\n".join([*parts, " ".join(note for note in notes if note)])


def write_cohort_tables(found: Cohort, answer: ExactCohort | None, when: float, folder: Path) -> list[Path]:
    """Write the tables of a cohort at which nobody looks, of the names in ``TABLES``."""
    text, lesions = (folder / name for name in TABLES)
    with fitted(None):
        write_atomically(text, f"{cohort_text(found, answer, when)}\n".encode())
    rows = [row for of in found.groups for row in found.lesions("founded", of).to_dicts()]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(lesions, buffer.getvalue().encode())
    return [text, lesions]


def save_cohort(found: Cohort, answer: ExactCohort | None, when: float, folder: Path) -> list[Path]:
    """Cohort, tables and figure of patients at whom nobody looks."""
    from cascade import plot as figures

    found.save(folder / RESULT)
    write_cohort_tables(found, answer, when, folder)
    figures.save(figures.number_and_sizes(found, beside=answer), folder / FILES[-1])
    return [folder / name for name in FILES]


def write_text_of_care(found: Cohort, folder: Path) -> Path:
    """Write the tables of a cohort under a care, as text."""
    with fitted(None):
        text = care_tables(found)
    write_atomically(folder / TABLES[0], f"{text}\n".encode())
    return folder / TABLES[0]


def save_cohort_under_care(found: Cohort, folder: Path) -> list[Path]:
    """Cohort, tables and figures of patients under a care."""
    files = [found.save(folder / RESULT), write_text_of_care(found, folder)]
    return files + (save_care(found, folder) if found.follow_up().diagnosed else [])


def never_over_another_cohort(
    folder: Path | None,
    disease: Disease,
    seed: int | None,
    patients: int | range,
    years: float | None,
    care: str | None,
    force: bool,
) -> None:
    """Refuse to write into the folder of another cohort, or over files that are of none: before any work."""
    from cascade.patient.cohort import check_years
    from cascade.patient.saved import open_cohort

    names = FILES if care is None else (RESULT, "tables.txt", *OF_CARE)
    taken = [] if folder is None else [name for name in names if (folder / name).exists()]
    if folder is None or force or not taken:
        return
    try:
        saved = open_cohort(folder / RESULT)
    except CascadeError:
        raise InputError(
            "--out", str(folder), f"a folder without files of these names ({', '.join(taken)}): {FORCE}"
        ) from None
    numbers = patients if isinstance(patients, range) else range(patients)
    until = years or check_years(disease, None, care=care is not None)
    made = saved.seed, saved.ranges, saved.years, saved.versions.get("streams"), saved.disease.digest(), saved.care
    wanted = seed, ((numbers.start, numbers.stop),), until, STREAM_VERSION, disease.digest(), care
    if made != wanted:
        held = f"another cohort ({saved.disease.name}, {saved.made})"
        raise InputError("--out", str(folder), f"a folder that does not hold {held}: {FORCE}")
