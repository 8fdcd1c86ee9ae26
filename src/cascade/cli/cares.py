"""What the command ``cohort`` prints and saves of patients under a care, and of the same patients under two."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascade.common.files import write_atomically
from cascade.common.text import text_table
from cascade.patient.tables import WARNING

if TYPE_CHECKING:
    from cascade.answers.table import Table
    from cascade.patient.cohort import Cohort
    from cascade.patient.compared import CareComparison
    from cascade.patient.disease import Disease
    from cascade.patient.follow.answers import FollowUp
    from cascade.patient.follow.tables import SiteTable

PICTURES = "survival.png", "at-diagnosis.png", "hazard.png", "incidence.png", "outcomes.png"

TABLES = "survival.csv", "hazards.csv", "patients.csv", "sites.csv"

OF_CARE = *TABLES, *PICTURES
"""Files that a cohort under a care has besides."""

OF_TWO = "comparison.json", "saved.csv", "tables.txt", "saved.png", "two-courses.png"
"""Files of a comparison."""

SHOWN = "overall survival", "freedom from distant metastasis", "cumulative incidence of distant metastasis"

MOST_ROWS = 100_000
"""Patients whose rows are written: of more the first."""


def care_tables(found: Cohort) -> str:
    """Tables of those who were diagnosed: at diagnosis, survival, hazards, sites."""
    follow = found.follow_up()
    parts = [f"{found.label}: {found.made}"]
    if follow.diagnosed == 0:
        return "\n\n".join([*parts, "Nobody was diagnosed.", WARNING])
    tables: list[tuple[str, Table[Any]]] = [
        ("At diagnosis", follow.at_diagnosis()),
        ("Size and age at diagnosis", follow.size_and_age()),
        *((end.capitalize(), follow.survival(end)) for end in SHOWN),
        ("Distant metastasis by year", follow.hazard("freedom from distant metastasis")),
        ("Sites", _with_any(follow.organs_since(_some_years(follow)))),
    ]
    for heading, table in tables:
        note = table.below.removesuffix(WARNING).replace(f"{follow.note.rstrip('.')}.", "").strip()
        parts += [heading, text_table(*table.as_text(), left=table.left), note]
    return "\n\n".join([*(part for part in (*parts, how_known(found.disease, found.care)) if part), WARNING])


def how_known(disease: Disease, care: str | None = None) -> str:
    """What intervals leave out of a fitted disease, and which command adds it; "" of one that was not fitted."""
    if disease.calibration is None:
        return ""
    under = f" --care {care}" if care else ""
    return (
        "Intervals are of counting alone: how far numbers that were fitted are known,"
        f" `cascade uncertain {disease.name}{under}` adds."
    )


def _some_years(follow: FollowUp) -> list[int]:
    """A few whole years since diagnosis that may be followed."""
    return [year for year in (0, 5, 10, 20) if year <= follow.scheme.years]


def _with_any(table: SiteTable) -> SiteTable:
    """Sites in which anybody was seen to have a lesion."""
    some = {row.site for row in table if row.seen}
    return replace(table, rows=tuple(row for row in table if row.site in some or row.site == table.rows[0].site))


def care_data(found: Cohort) -> dict[str, Any]:
    """The same as plain data."""
    follow = found.follow_up()
    if follow.diagnosed == 0:
        return {"care": found.care, "diagnosed": 0}
    return {
        "care": found.care,
        "diagnosed": follow.diagnosed,
        "at_diagnosis": follow.at_diagnosis().to_dicts(),
        "survival": {end: follow.survival(end).to_dicts() for end in _ends()},
        "hazard": follow.hazard("freedom from distant metastasis").to_dicts(),
        "organs": follow.organs_since().to_dicts(),
    }


def _ends() -> tuple[str, ...]:
    from cascade.patient.follow.ends import ENDS

    return tuple(ENDS)


def save_care(found: Cohort, folder: Path) -> list[Path]:
    """Write survival and hazards in long format, a row for each patient, for R or pandas, and figures."""
    from cascade import plot as figures

    write_care_tables(found, folder)
    follow = found.follow_up()
    draw = figures.survival, figures.at_diagnosis, figures.hazard_by_year, figures.incidence_by_site, figures.outcomes
    for name, one in zip(PICTURES, draw, strict=True):
        figures.save(one(follow), folder / name)
    return [folder / name for name in OF_CARE]


def write_care_tables(found: Cohort, folder: Path) -> list[Path]:
    """Write the tables of a cohort under a care, of the names in ``TABLES``."""
    follow = found.follow_up()
    write_atomically(folder / TABLES[0], _csv(_long(follow)))
    write_atomically(folder / TABLES[1], _csv(_hazards(follow)))
    first = found.ranges[0][0]
    rows = found.register(range(first, min(found.ranges[0][1], first + MOST_ROWS)))
    rows.to_csv(folder)
    return [folder / name for name in TABLES]


def _long(follow: FollowUp) -> Iterable[dict[str, Any]]:
    for end in _ends():
        for by in (None, *(name for name in follow.scheme.groups if name != "all")):
            for seen in ("scheduled", "true") if "death" not in end and end != "overall survival" else ("scheduled",):
                table = follow.survival(end, by, seen=seen)
                yield from ({"end": end, "seen": seen, "by": by or "all", **row} for row in table.to_dicts())


def _hazards(follow: FollowUp) -> Iterable[dict[str, Any]]:
    for seen in ("scheduled", "true"):
        table = follow.hazard("freedom from distant metastasis", seen=seen)
        yield from ({"seen": seen, **row} for row in table.to_dicts())


def _csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    every, text = list(rows), io.StringIO()
    if not every:
        return b""
    lines = csv.DictWriter(text, list(every[0]), lineterminator="\n")
    lines.writeheader()
    lines.writerows(every)
    return text.getvalue().encode()


def save_comparison(found: CareComparison, text: str, folder: Path) -> list[Path]:
    """Write a comparison as data, tables and figures."""
    from cascade import plot as figures

    data = json.dumps(found.to_dict(), allow_nan=False, indent=1)
    write_atomically(folder / OF_TWO[0], f"{data}\n".encode())
    rows = [
        {"what": what, **row}
        for what in ("alive", "alive and free of distant metastasis")
        for row in found.saved(what).to_dicts()
    ]
    write_atomically(folder / OF_TWO[1], _csv(rows))
    write_atomically(folder / OF_TWO[2], f"{text}\n".encode())
    written = list(OF_TWO[:3])
    if found.paired.diagnosed:
        figures.save(figures.saved(found), folder / OF_TWO[3])
        figures.save(figures.two_courses(found), folder / OF_TWO[4])
        written = list(OF_TWO)
    return [folder / name for name in written]
