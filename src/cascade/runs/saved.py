"""Saved results: a zip of arrays and the recipe that made them; a file is read whole, or refused.

A file of format 3 carries a digest over its recipe and every number; one of format 2 does not: it is read all the
same, and it is said that nobody can tell whether its seed is the one it was made with.  Of both the recipe is
checked as ``simulate`` checks its arguments, the shapes before the numbers are read, and then what the numbers
say twice (``adding``).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from cascade.body import cancer_names
from cascade.catalog import load
from cascade.common.arguments import cell_range, check_seed
from cascade.common.errors import CascadeError, InputError, is_whole
from cascade.common.files import as_path, check_exists, write_atomically
from cascade.common.kinds import kind_of
from cascade.common.notices import notice
from cascade.engine.counts import MOST_WATCHED, Totals
from cascade.engine.prepare import rows_of
from cascade.kernel.buffers import BATCHES
from cascade.lowering.arguments import check_grid, check_until, watched_states
from cascade.lowering.lower import lower
from cascade.lowering.timegrid import time_edges
from cascade.model import Model, model_of
from cascade.model.limits import MAX_STATES
from cascade.runs.adding import add_up

if TYPE_CHECKING:
    from cascade.runs.result import Result

FORMAT = 3
READ = (2, 3)
"""Formats that can be opened."""

UNSIGNED = 2
"""The format whose files carry no digest."""

UNSIGNED_STREAMS = 3
"""The last streams under which it was written; its recipes name but these and the version of the package."""

MOST_RECIPE = 1 << 26
"""Bytes of a recipe: a model of as many states as are allowed, each with four ways, takes 25 million."""

MOST_PARTS = 20 * MAX_STATES
"""Tables and lists in a recipe: such a model has 12 for each state."""

MOST_ENTRIES = 64 * MAX_STATES
"""Entries of all of these: such a model has 21 for each state."""

PARTS_OF_A_BYTE, SOME_PARTS = 4, 10_000
"""Tables and lists for each byte of a packed recipe, beyond so many: of such a model it is one."""


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


def digest_of(recipe: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Fingerprint of a recipe (but for this entry) and of every number that was counted."""
    told = {name: value for name, value in recipe.items() if name != "sha256"}
    made = hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode())
    for name in Totals.ARRAYS:
        array = arrays[name]
        made.update(f"{name} {array.dtype.str} {array.shape}".encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def save_result(result: Result, path: str | Path) -> Path:
    """Write a result, whole or not at all."""
    buffer = io.BytesIO()
    arrays = {name: getattr(result.totals, name) for name in Totals.ARRAYS}
    whole = {"watched_total": result.totals.watched_total, "visits": result.totals.visits}
    recipe = {**recipe_of(result), "totals": whole}
    text = json.dumps({**recipe, "sha256": digest_of(recipe, arrays)}, allow_nan=False)
    np.savez_compressed(buffer, recipe=np.frombuffer(text.encode(), np.uint8), **arrays)
    with zipfile.ZipFile(buffer) as file:
        try:
            text_in(file)
        except InputError as error:
            wanted = f"a model and ranges of cells that make {error.accepted}"
            raise InputError("result", result.model.name, wanted) from None
    target = as_path(path)
    write_atomically(target, buffer.getvalue())
    return target


def open_result(path: str | Path) -> Result:
    """A saved result.

    Raises
    ------
    InputError
        When the file is not one, is damaged, was changed after it was written, or was written by a version
        whose files this one cannot read.
    """
    there = check_exists(path)
    try:
        result = _read(there)
    except InputError as error:
        wanted = error.accepted if error.field == "file" else f"a result whose recipe holds: {error}"
        raise InputError("file", str(path), wanted) from None
    except CascadeError as error:
        wanted = "a result whose model this version can read; simulate it again, or open it with the version that"
        raise InputError("file", str(path), f"{wanted} wrote it ({error})") from None
    except Exception as error:  # a damaged zip, array or recipe can fail in any way
        wanted = f"an undamaged result saved by Result.save ({type(error).__name__}: {error})"
        if kind := kind_of(there):
            wanted = f"a result of cells, saved by Result.save; this file is {kind}"
        raise InputError("file", str(path), wanted) from None
    if result.doubt:
        notice(f"{path}: {result.doubt}")
    return result


def _read(path: Path) -> Result:
    with zipfile.ZipFile(path) as file:
        recipe = _recipe_in(file)
        result_of, shapes = _checked(recipe)
        for name, wanted in shapes.items():
            with file.open(f"{name}.npy") as member:
                check_header(name, member, wanted)
        arrays = {}
        for name in shapes:
            with file.open(f"{name}.npy") as member:
                arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
    if recipe["format"] > UNSIGNED and recipe.get("sha256") != digest_of(recipe, arrays):
        raise InputError("file", "", "a result as it was saved: recipe or numbers of this one were changed since")
    result: Result = result_of(arrays)
    if not add_up(result):
        raise InputError("file", "", "a result whose counts and recipe belong together")
    if recipe["format"] == UNSIGNED:
        notice(f"{path} has format {UNSIGNED}, without a digest: a seed or times changed since would not be seen")
    return result


def text_in(file: zipfile.ZipFile) -> bytes:
    """The text of the recipe of a file, if it is none that takes all memory once it is taken apart."""
    packed = file.getinfo("recipe.npy")
    if packed.file_size > MOST_RECIPE:
        raise InputError("file", "", f"a result with a recipe of at most {MOST_RECIPE >> 20} MB")
    with file.open("recipe.npy") as member:
        check_header("recipe", member, (np.dtype(np.uint8), None))
    with file.open("recipe.npy") as member:
        text: bytes = np.lib.format.read_array(member, allow_pickle=False).tobytes()
    parts = text.count(b"[") + text.count(b"{")
    most = min(MOST_PARTS, SOME_PARTS + PARTS_OF_A_BYTE * packed.compress_size)
    if parts > most or text.count(b",") > MOST_ENTRIES:
        raise InputError("file", "", f"a result with a recipe of at most {most} lists and {MOST_ENTRIES} entries")
    return text


def _recipe_in(file: zipfile.ZipFile) -> dict[str, Any]:
    """The recipe of a file, of a format that can be read."""
    recipe = json.loads(text_in(file))
    if "cohort" in recipe:
        raise InputError("file", "", "a result of cells; this file is a cohort of patients (cascade.open_cohort)")
    if recipe["format"] not in READ:
        newer = is_whole(recipe["format"]) and recipe["format"] > FORMAT
        todo = "install a newer metastatic-cascade" if newer else "simulate anew"
        maker = dict(recipe.get("versions") or {}).get("cascade", "unknown")
        formats = " or ".join(map(str, READ))
        told = f"this one has format {recipe['format']} and was written by version {maker}: {todo}"
        raise InputError("file", "", f"a result of format {formats}; {told}")
    return dict(recipe)


def _checked(recipe: Mapping[str, Any]) -> tuple[Any, dict[str, tuple[np.dtype[Any], tuple[int, ...] | None]]]:
    """What makes the result from arrays, and the type and shape that each array must have."""
    from cascade.runs.result import Result

    model = _with_places(model_of(recipe["model"]))
    if recipe["model_sha256"] != model.digest():
        raise InputError("model_sha256", recipe["model_sha256"], "the digest of the model beside it")
    lowered, rows = lower(model), rows_of(lower(model))
    fields: dict[str, Any] = {
        "model": model,
        "seed": check_seed(recipe["seed"]),
        "ranges": ranges_of(recipe["ranges"]),
        "until": check_until(lowered, recipe["until"]),
        "times": check_grid(recipe["times"]),
        "watch": tuple(recipe["watch"]),
        "versions": versions_of(recipe["versions"], recipe["format"]),
    }
    watched_states(lowered, fields["watch"])
    whole = recipe["totals"]
    for name in ("watched_total", "visits"):
        if not is_whole(whole[name]) or whole[name] < 0:
            raise InputError(f"totals.{name}", whole[name], "a whole number >= 0")
    counted, listed = np.dtype(np.int64), min(int(whole["watched_total"]), MOST_WATCHED)
    grouped = model.clusters is not None
    largest = int(lowered.size_of.max())
    shapes: dict[str, tuple[np.dtype[Any], tuple[int, ...] | None]] = {
        "counts": (counted, (rows.total, len(time_edges(fields["times"])))),
        "started": (counted, (len(lowered.start_state),)),
        "overtaken": (counted, (len(lowered.stages) + 1, rows.total)),
        "watched": (np.dtype(np.uint64), (listed,)),
        "by_size": (counted, (rows.total, largest + 1) if grouped else (0, 0)),
        "batches": (counted, (BATCHES, rows.total + 1) if grouped else (0, 0)),
        "ended": (counted, (BATCHES, len(lowered.states)) if grouped else (0, 0)),
    }
    return lambda arrays: Result(**fields, totals=Totals(**arrays, **whole)), shapes


def check_header(name: str, member: IO[bytes], wanted: tuple[np.dtype[Any], tuple[int, ...] | None]) -> None:
    """That an array has the type and the shape that it must have, from its first bytes: before room is made for it."""
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    expected = wanted[1] if wanted[1] is not None else shape[:1]
    if (dtype, shape) != (wanted[0], expected):
        raise InputError("file", "", f"{name} of type {wanted[0]} and shape {expected}, not {dtype} and {shape}")


def ranges_of(ranges: Any) -> tuple[tuple[int, int], ...]:
    """Ranges of cells: rising, apart from each other."""
    wanted = "rising ranges of cell numbers, none twice"
    made = tuple((pair[0], pair[1]) for pair in ranges)
    if not made or not all(is_whole(end) for pair in made for end in pair):
        raise InputError("ranges", ranges, wanted)
    for first, last in made:
        cell_range(range(first, last))
    if any(one[1] >= two[0] for one, two in pairwise(made)):
        raise InputError("ranges", ranges, wanted)
    return made


def versions_of(versions: Any, form: int) -> dict[str, Any]:
    """Versions by name, such as a file of this format can have."""
    told = dict(versions)
    if not is_whole(told.get("streams")) or not all(isinstance(v, str | int) for v in told.values()):
        raise InputError("versions", versions, "names of programs with their versions, streams a whole number")
    if form == UNSIGNED and (told["streams"] > UNSIGNED_STREAMS or set(told) != {"cascade", "streams"}):
        raise InputError("format", form, f"{FORMAT}, which files with these versions have: it was changed since")
    return told


def _with_places(model: Model) -> Model:
    """A cancer of the package that was saved before states had places in pictures: the same, with them."""
    placed = any(state.place for state in model.states)
    if placed or not model.sites or model.name not in cancer_names():
        return model
    places = {state.name: state.place for state in load(model.name).states}
    if not {state.name for state in model.states} <= places.keys():
        return model
    return model.with_(states=[state.model_copy(update={"place": places[state.name]}) for state in model.states])
