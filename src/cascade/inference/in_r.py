"""Data for R: tables in the formats of its packages survival, mstate and msm, and a script that asks them again."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError
from cascade.common.files import as_path, write_atomically
from cascade.common.version import package_version
from cascade.inference.counted import Counts
from cascade.inference.counts_in_r import counts_for_r
from cascade.inference.fitted import Fit
from cascade.inference.headed import HOURS_OF
from cascade.inference.meeting import observable_of
from cascade.inference.panels import Panel
from cascade.inference.timed import Times
from cascade.model import Model
from cascade.runs.histories import Histories

SCRIPT = "refit.R"


def export_r(source: Times | Histories | Fit, folder: str | Path) -> Path:
    """Write data and a script for R, which estimates from them again.

    Times: for ``survival``, shares of Aalen and Johansen by arm, and the ratio of hazards of arms.  Lives, from
    ``replay``: in the long formats of ``mstate`` and of ``msm``, and hazards as events over hours.  A fit of looks: for
    ``msm``, which fits the same free hazards.  A fit of counts: the models as chains, and a script without
    packages that finds the free hazards and the spreads of maximum likelihood.

    Parameters
    ----------
    source : Times, Histories or Fit
    folder : str or Path
        That the files are written to; what they are stands in its README.txt.

    Returns
    -------
    Path
        Of the script: ``Rscript refit.R`` in its folder.

    Raises
    ------
    InputError
        For what R's packages have no likelihood for.
    """
    if isinstance(source, Times):
        files, what = _of_times(source), f"times: {source.told}"
    elif isinstance(source, Histories):
        files, what = _of_lives(source), f"lives of {len(source)} cells"
    elif isinstance(source, Fit) and isinstance(source.data, Panel):
        files, what = _of_looks(source, source.data), f"a fit of {source.data.told}"
    elif isinstance(source, Fit) and isinstance(source.data, Counts):
        files, what = _of_counts(source), f"a fit of {source.data.told}"
    else:
        wanted = "times (cascade.Data.times), lives (cascade.replay), or a fit of counts or of looks (cascade.fit)"
        raise InputError("source", type(source).__name__, wanted)
    found = as_path(folder, "folder")
    try:
        found.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("folder", str(folder), f"a folder that can be made ({error.strerror})") from None
    names = "\n".join(f"  {name}" for name in files)
    files["README.txt"] = (
        f"For R, written by metastatic-cascade {package_version()}: {what}.\n\n{names}\n\nRun: Rscript {SCRIPT}\n\n"
        "For research and teaching, never for decisions about a patient.\n"
    )
    for name, text in files.items():
        write_atomically(found / name, text.encode())
    return found / SCRIPT


def _script(name: str) -> str:
    """A script of the folder ``r``."""
    return (Path(__file__).parent / "r" / f"{name}.R").read_text(encoding="utf-8")


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if names:
        writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


def _of_times(data: Times) -> dict[str, str]:
    """One line for each row."""
    between = [row for row in data.rows if row.event and not row.exact]
    if between:
        raise InputError("source", f"{len(between)} times between two looks", "times that are known")
    each = HOURS_OF[data.unit]
    rows = [(r.unit, r.animal, r.arm, r.entry / each, r.after / each, r.event) for r in data.rows]
    return {"times.csv": _table(("unit", "animal", "arm", "entry", "time", "event"), rows), SCRIPT: _script("times")}


def _of_lives(lives: Histories) -> dict[str, str]:
    """mstate: a line for each way that a stay could have ended; msm: a line for each change of state."""
    whole = [life for history in lives for life in (history, *history.fragments)]
    ways: dict[str, list[str]] = {}
    for life in whole:
        for stay in life.stays:
            if stay.ended_by:
                to = f"dead: {stay.ended_by}" if stay.died else stay.ended_by
                if to not in ways.setdefault(stay.state, []):
                    ways[stay.state].append(to)
    number = {pair: k for k, pair in enumerate(((a, b) for a, some in ways.items() for b in some), 1)}
    long, changes = [], []
    for life in whole:
        name = f"{life.cell}" if not life.member else f"{life.cell}.{life.member}"
        changes += [(name, stay.entered, stay.state) for stay in life.stays]
        for stay in life.stays:
            end = stay.left
            to = f"dead: {stay.ended_by}" if stay.died else stay.ended_by
            if math.isinf(end):
                if stay.state in ways:
                    raise InputError(
                        "source", f"cell {name} in {stay.state!r} for ever", "lives with an end: until=..."
                    )
                continue  # a state that nothing leaves
            if stay.left > stay.entered:
                long += [
                    (name, stay.state, way, number[stay.state, way], stay.entered, end, int(way == to))
                    for way in ways.get(stay.state, [])
                ]
        last = life.stays[-1]
        if math.isfinite(last.left):
            changes.append((name, last.left, f"dead: {last.ended_by}" if last.died else last.state))
    return {
        "lives_mstate.csv": _table(("id", "from", "to", "trans", "Tstart", "Tstop", "status"), long),
        "lives_msm.csv": _table(("id", "time", "state"), changes),
        SCRIPT: _script("lives"),
    }


def _of_looks(fit: Fit, data: Panel) -> dict[str, str]:
    """Looks, states, first rates, and which of them are held."""
    models = list(fit.likelihood.models.values())
    if any(model.digest() != models[0].digest() for model in models) or any(free.arm for free in fit.free):
        raise InputError("source", "arms with hazards of their own", "one model for all looks")
    model = models[0]
    places, states = _places(model, data)
    rates: dict[tuple[int, int], tuple[str, float]] = {}
    free = [one.name for one in fit.free]
    for state in model.states:
        ways = [(move.to, f"{state.name}.{move.to}", move.hazard) for move in state.moves]
        ways += [(f"dead: {d.cause}", f"{state.name}.{d.cause}", d.hazard) for d in state.deaths]
        for target, name, hazard in ways:
            to = places.get(name, places.get(target))
            if to is None:  # what nobody was seen in
                to = places[target] = len(states)
                states.append(target)
            if hazard == 0 or state.name not in places:
                continue
            pair = places[state.name], to
            if pair not in rates:
                rates[pair] = name, float(hazard)
            elif {rates[pair][0], name} & {*free}:  # msm has one rate for both, and would fit their sum
                wanted = "free hazards that alone lead to a state of the looks"
                raise InputError("source", f"{rates[pair][0]} and {name}", wanted)
            else:
                rates[pair] = rates[pair][0], rates[pair][1] + float(hazard)
    names = {name for name, _ in rates.values()}
    for name in free:
        if name not in names:
            raise InputError("source", name, "free hazards one by one, for msm")
    matrix = [[rates.get((i, j), ("", 0.0))[1] for j in range(len(states))] for i in range(len(states))]
    order = [rates[i, j][0] for i in range(len(states)) for j in range(len(states)) if (i, j) in rates]
    held = [str(k) for k, name in enumerate(order, 1) if name not in free]
    looks = [(f"{r.arm} {r.animal} {r.unit}", r.hours, r.state) for r in data.rows]
    return {
        "looks.csv": _table(("cell", "hours", "state"), looks),
        "states.txt": "\n".join(states) + "\n",
        "rates.csv": _table((), matrix),
        "fixed.txt": " ".join(held) + "\n",
        SCRIPT: _script("looks"),
    }


def _of_counts(fit: Fit) -> dict[str, str]:
    """The models as chains, and the counts."""
    tables = {f"{name}.csv": _table(names, rows) for name, (names, rows) in counts_for_r(fit).items()}
    return {**tables, SCRIPT: _script("counts")}


def _places(model: Model, data: Panel) -> tuple[dict[str, int], list[str]]:
    """Of each state of the model, and of each death, ``state.cause``, which state of the data it is."""
    states = list(data.states)
    places: dict[str, int] = {}
    known = [state.name for state in model.states]
    deaths = [(f"{state.name}.{death.cause}", death.cause) for state in model.states for death in state.deaths]
    for k, name in enumerate(states):
        one = observable_of(name, data, model)
        mine = [state for state in one.states if state in known]
        if len(mine) != len(one.states) or (one.states and one.deaths) or len(mine) > 1:
            raise InputError("source", name, "states of the data that are one state of the model each, or deaths")
        for state in mine:
            places[state] = k
        for pattern in one.deaths:
            for death, cause in deaths:
                if pattern in ("*", cause, death):
                    places[death] = k
    return places, states
