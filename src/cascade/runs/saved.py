"""Saved results: a zip of arrays and the recipe that made them; a file is read whole, or refused."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.body import cancer_names
from cascade.catalog import load
from cascade.common.arguments import check_seed
from cascade.common.errors import CascadeError, InputError
from cascade.common.files import write_atomically
from cascade.engine.counts import Totals
from cascade.engine.prepare import rows_of
from cascade.model import Model

if TYPE_CHECKING:
    from cascade.runs.result import Result

FORMAT = 2


def recipe_of(result: Result) -> dict[str, Any]:
    """How a result was made, as plain data."""
    return {
        "format": FORMAT,
        "model": json.loads(result.model.model_dump_json()),
        "model_sha256": result.model.digest(),
        "seed": result.seed,
        "ranges": [list(r) for r in result.ranges],
        "until": result.until,
        "times": list(result.times),
        "watch": list(result.watch),
        "versions": dict(result.versions),
    }


def save_result(result: Result, path: str | Path) -> Path:
    """Write a result, whole or not at all."""
    buffer = io.BytesIO()
    arrays = {name: getattr(result.totals, name) for name in Totals.ARRAYS}
    whole = {"watched_total": result.totals.watched_total, "visits": result.totals.visits}
    text = json.dumps({**recipe_of(result), "totals": whole}, indent=1)
    np.savez_compressed(buffer, recipe=np.frombuffer(text.encode(), np.uint8), **arrays)
    write_atomically(Path(path), buffer.getvalue())
    return Path(path)


def open_result(path: str | Path) -> Result:
    """A saved result.

    Raises
    ------
    InputError
        When the file is not one, or was written by a newer version.
    """
    if not Path(path).is_file():
        raise InputError("file", str(path), "a file that exists")
    try:
        return _read(Path(path))
    except CascadeError:
        raise
    except Exception as error:  # a damaged zip, array or recipe can fail in any way
        wanted = f"an undamaged result saved by Result.save ({type(error).__name__}: {error})"
        raise InputError("file", str(path), wanted) from None


def _read(path: Path) -> Result:
    from cascade.runs.result import Result

    with open(path, "rb") as handle, np.load(handle, allow_pickle=False) as file:
        recipe = json.loads(bytes(file["recipe"]).decode())
        if recipe["format"] != FORMAT:
            raise InputError("file", str(path), f"a result of format {FORMAT}, not {recipe['format']}")
        arrays = {name: file[name] for name in Totals.ARRAYS}
    whole = recipe["totals"]
    result = Result(
        model=_with_places(Model(**recipe["model"])),
        seed=check_seed(recipe["seed"]),
        ranges=tuple((int(a), int(b)) for a, b in recipe["ranges"]),
        until=recipe["until"],
        times=tuple(recipe["times"]),
        watch=tuple(recipe["watch"]),
        totals=Totals(**arrays, watched_total=int(whole["watched_total"]), visits=int(whole["visits"])),
        versions=recipe["versions"],
    )
    if recipe["model_sha256"] != result.model.digest() or not _belong_together(result):
        raise InputError("file", str(path), "a result whose counts and recipe belong together")
    return result


def _with_places(model: Model) -> Model:
    """A cancer of the package that was saved before states had places in pictures: the same, with them."""
    placed = any(state.place for state in model.states)
    if placed or not model.sites or model.name not in cancer_names():
        return model
    today = load(model.name)
    return today if today.digest() == model.digest() else model


def _belong_together(result: Result) -> bool:
    """Whether the counts are those of such a run: shapes, types, and every cell at one end."""
    lowered, totals = result.lowered, result.totals
    rows = rows_of(lowered)
    widths = (rows.total, rows.total + 1, len(lowered.states)) if result.model.clusters else (0, 0, 0)
    deaths = [i for i, t in enumerate(lowered.transitions) if t.is_death]
    ended = totals.counts[[*deaths, *range(rows.stay, rows.inner)]].sum()
    return bool(
        totals.counts.shape == (rows.total, len(result.edges))
        and totals.counts.dtype == totals.started.dtype == np.int64
        and int(totals.started.sum()) == result.founders > 0
        and int(ended) == result.cells
        and (totals.by_size.shape[0], totals.batches.shape[1], totals.ended.shape[1]) == widths
    )
