"""Files of a run: the saved result, its tables and figures, as ``cascade run --out`` writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cascade.cli.descriptions import founded, heading
from cascade.cli.keeping import RESULT
from cascade.common.columns import fitted
from cascade.common.files import write_atomically

if TYPE_CHECKING:
    from cascade.runs.result import Result
    from cascade.solution.answer import Exact

TABLES = "funnel.txt", "funnel.csv"

FILES = RESULT, *TABLES, "funnel.png", "organs.png", "body.png"
"""What a run may leave in its folder."""


def run_text(result: Result, answer: Exact | None) -> str:
    """What a run prints: which it was, and its tables, the exact answer, if there is one, beside what was counted."""
    end = f", until {result.until:g} h" if result.until else ""
    head = heading(result.model, f"{_number(result)}, seed {result.seed}{end}") + founded(result.funnel())
    return f"{head}\n{_tables(result, answer)}"


def _number(result: Result) -> str:
    """How many cells were run; of clusters how many units, and the cells in them."""
    units = f"{result.founders:,} units, " if result.model.clusters else ""
    return f"{units}{result.cells:,} cells"


def _tables(result: Result, answer: Exact | None) -> str:
    """Every table of a run, the exact answer, if there is one, beside what was counted."""
    tables = [result.funnel().table(beside=answer.funnel() if answer else None)]
    if result.model.routes:
        tables.append(str(result.routes()))
    if result.model.sites:
        tables.append(result.organs().table(beside=answer.organs() if answer else None))
    if result.model.clusters:
        tables.append(str(result.sizes()))
    return "\n\n".join(tables)


def write_run_tables(result: Result, answer: Exact | None, folder: Path) -> list[Path]:
    """Write the tables of a run, of the names in ``TABLES``."""
    text, rows = (folder / name for name in TABLES)
    with fitted(None):  # a file is as wide as its tables, whatever the terminal
        write_atomically(text, f"{run_text(result, answer)}\n".encode())
    return [text, result.funnel().to_csv(rows)]


def save_run(result: Result, answer: Exact | None, folder: Path) -> list[Path]:
    """Result, tables and figures of a run; of another that was there nothing is left."""
    from cascade import plot

    saved, _, _, funnel, organs, body = (folder / name for name in FILES)
    files = [result.save(saved), *write_run_tables(result, answer, folder), plot.save(plot.funnel(result), funnel)]
    if result.model.sites:
        files.append(plot.save(plot.organs(result), organs))
    if plot.has_body(result.model):
        files.append(plot.save(plot.body(result), body))
    for left in (organs, body):
        if left not in files:
            left.unlink(missing_ok=True)
    return files
