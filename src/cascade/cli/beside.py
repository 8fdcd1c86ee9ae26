"""Tables beside a saved run: whether they are those that its result makes, written again and compared as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cascade.cli import cares, cohort_files, keeping, run_files, sweeps
from cascade.common.errors import InputError, why
from cascade.common.version import package_version

Writer = Callable[[Path], Sequence[Path]]
"""Writes tables into a folder."""

LONG = 60
"""Letters of a line that are shown."""


def check_tables(path: Path) -> list[str]:
    """Compare the tables beside a saved result, cohort or sweep with those that it makes.

    Parameters
    ----------
    path : Path
        Of a saved result, cohort or sweep that is whole.  Tables beside a file that ``--out`` did not name so are of no
        known result, and not looked at.

    Returns
    -------
    list of str
        Names of the tables that are the same.

    Raises
    ------
    InputError
        For a table that differs: its file, and the first line of it that does.
    """
    every = {keeping.RESULT: _of_run, cohort_files.RESULT: _of_cohort, sweeps.SAVED: _of_sweep}
    if path.name not in every:
        return []
    names, writers, maker = every[path.name](path)
    held = {name: path.with_name(name) for name in names if path.with_name(name).is_file()}
    texts = {name: _text(file) for name, file in held.items()}
    apart: dict[str, tuple[float, str]] = {}
    for writer in writers:
        wanted = [name for name in texts if name not in apart or apart[name][1]]
        if not wanted:
            break
        with TemporaryDirectory() as folder:
            made = {file.name: _text(file) for file in writer(Path(folder))}
        for name in wanted:
            if name in made:  # of several ways to write it, the one that is like it the furthest
                apart[name] = max(apart.get(name, (-1.0, "")), _apart(texts[name], made[name]))
    for name, (_, told) in apart.items():
        if told:
            here = package_version()
            other = "" if maker == here else f"; a table of version {maker} may be laid out otherwise than of {here}"
            raise InputError("file", str(held[name]), f"the table that {path.name} beside it makes: {told}{other}")
    return list(apart)


def _of_run(path: Path) -> tuple[Sequence[str], Iterator[Writer], object]:
    """Tables of a result, how they may have been written, and by which version."""
    from cascade.runs.saved import open_result
    from cascade.solution.answer import exact

    result = open_result(path)

    def writers() -> Iterator[Writer]:
        # Whether the exact answer stands beside the counts is in no recipe: without it first, which is fast.
        yield partial(run_files.write_run_tables, result, None)
        answer = exact(result.model, until=result.until)
        yield partial(run_files.write_run_tables, result, answer)

    return run_files.TABLES, writers(), result.versions.get("cascade")


def _of_cohort(path: Path) -> tuple[Sequence[str], Iterator[Writer], object]:
    """Tables of a cohort, how they may have been written, and by which version."""
    from cascade.patient.answer import exact_cohort
    from cascade.patient.saved import open_cohort

    found = open_cohort(path)
    maker = found.versions.get("cascade")
    if found.care is not None:
        writers: list[Writer] = [lambda folder: [cohort_files.write_text_of_care(found, folder)]]
        if found.follow_up().diagnosed:
            writers += [partial(cares.write_care_tables, found)]
        return (cohort_files.TABLES[0], *cares.TABLES), iter(writers), maker

    # The year of the tables (--at) and the exact answer beside them are in no recipe: the text itself tells which.
    table = path.with_name(cohort_files.TABLES[0])
    text = _text(table) if table.is_file() else ""
    named = [year for year in found.times if found.sizes(year).what.capitalize() in text]
    when = named[-1] if named else found.times[-1]
    answer = None
    if "Exact: " in text:
        answer = exact_cohort(found.disease, until_years=found.years, times=found.times, sizes_mm=found.sizes_mm)
    return cohort_files.TABLES, iter([partial(cohort_files.write_cohort_tables, found, answer, when)]), maker


def _of_sweep(path: Path) -> tuple[Sequence[str], Iterator[Writer], object]:
    """Tables of a sweep, the one way to write them, and by which version."""
    from cascade.inference.swept import open_sweep

    found = open_sweep(path)
    return sweeps.TABLES, iter([partial(sweeps.write_sweep_tables, found)]), found.recipe.version[0]


def _text(path: Path) -> str:
    """Text of a table, whatever ends its lines: an archive or a version control may change that."""
    try:
        return path.read_bytes().decode(errors="replace").replace("\r\n", "\n")
    except OSError as error:
        raise InputError("file", str(path), f"a table that can be read ({why(error)})") from None


def _apart(held: str, made: str) -> tuple[float, str]:
    """The first line in which two tables differ, and that in words; infinity and "" where they are the same."""
    if held == made:
        return math.inf, ""
    one, two = held.split("\n"), made.split("\n")
    at = next((k for k, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    # From a little before the first letter that differs: a row of a table may be long.
    lines = [text[at] if at < len(text) else "" for text in (one, two)]
    same = next((k for k, (a, b) in enumerate(zip(*lines, strict=False)) if a != b), min(map(len, lines)))
    shown = [line[max(0, same - LONG // 2) : same + LONG // 2] for line in lines]
    return at, f"its line {at + 1} has {shown[0]!r} where {shown[1]!r} comes out"
