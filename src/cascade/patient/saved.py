"""Saved cohorts: a zip of arrays and the recipe that made them, with a digest; a file is read whole, or refused."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.arguments import check_seed
from cascade.common.errors import CascadeError, InputError
from cascade.common.files import as_path, check_exists, write_atomically
from cascade.common.kinds import kind_of
from cascade.patient.counts import NUMBERS, Counts
from cascade.patient.disease import Disease
from cascade.patient.follow.followed import Followed
from cascade.patient.follow.scheme import Scheme
from cascade.patient.lowered import GROUPS, group_names
from cascade.runs.saved import check_header, ranges_of, text_in, versions_of

if TYPE_CHECKING:
    from cascade.patient.cohort import Cohort

FORMAT = 2
FOLLOWED = "followed_"
"""Before the names of the arrays of those who were followed."""


def recipe_of(cohort: Cohort) -> dict[str, Any]:
    """How a cohort was made, as plain data."""
    return {
        "cohort": FORMAT,
        "disease": json.loads(cohort.disease.model_dump_json()),
        "disease_sha256": cohort.disease.digest(),
        "seed": cohort.seed,
        "ranges": [list(r) for r in cohort.ranges],
        "years": cohort.years,
        "times": list(cohort.times),
        "sizes_mm": list(cohort.sizes_mm),
        "care": cohort.care,
        "versions": dict(cohort.versions),
        "made": cohort.counts.made,
    }


def _digest(recipe: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    told = {name: value for name, value in recipe.items() if name != "sha256"}
    made = hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode())
    for name, array in arrays.items():
        made.update(f"{name} {array.dtype.str} {array.shape}".encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def save_cohort(cohort: Cohort, path: str | Path) -> Path:
    """Write a cohort, whole or not at all."""
    arrays = {name: getattr(cohort.counts, name) for name in Counts.ARRAYS}
    if cohort.followed is not None:
        arrays |= {FOLLOWED + name: getattr(cohort.followed, name) for name in Followed.ARRAYS}
    recipe = recipe_of(cohort)
    text = json.dumps({**recipe, "sha256": _digest(recipe, arrays)}, allow_nan=False)
    buffer, target = io.BytesIO(), as_path(path)
    np.savez_compressed(buffer, recipe=np.frombuffer(text.encode(), np.uint8), **arrays)
    write_atomically(target, buffer.getvalue())
    return target


def is_cohort(path: str | Path) -> bool:
    """Whether a file is one of a cohort, damaged or not."""
    try:
        with zipfile.ZipFile(path) as file:
            return "cohort" in json.loads(text_in(file))
    except Exception:  # no zip, no recipe, no file: no cohort
        return False


def open_cohort(path: str | Path) -> Cohort:
    """A saved cohort.

    Raises
    ------
    InputError
        When the file is not one, is damaged, or was changed after it was written.
    """
    there = check_exists(path)
    try:
        return _read(there)
    except InputError as error:
        wanted = error.accepted if error.field == "file" else f"a cohort whose recipe holds: {error}"
        raise InputError("file", str(path), wanted) from None
    except CascadeError as error:
        wanted = f"a cohort whose disease this version can read; simulate it again ({error})"
        raise InputError("file", str(path), wanted) from None
    except Exception as error:  # a damaged zip, array or recipe can fail in any way
        wanted = f"an undamaged cohort saved by Cohort.save ({type(error).__name__}: {error})"
        if kind := kind_of(there):
            wanted = f"a cohort saved by Cohort.save; this file is {kind}"
        raise InputError("file", str(path), wanted) from None


def _read(path: Path) -> Cohort:
    from cascade.patient.cohort import Cohort, check_care, check_sizes, check_times, check_years

    with zipfile.ZipFile(path) as file:
        recipe = json.loads(text_in(file))
        if "model" in recipe:
            raise InputError("file", "", "a cohort; this file is a result of cells (cascade.open_result)")
        if recipe.get("cohort") != FORMAT:
            raise InputError("file", "", f"a cohort of format {FORMAT}")
        disease = Disease(**recipe["disease"])
        if disease.digest() != recipe["disease_sha256"]:
            raise InputError("file", "", "a cohort whose disease means what it meant when it was saved: simulate anew")
        years = check_years(disease, recipe["years"])
        times, sizes = check_times(recipe["times"], years), check_sizes(disease, recipe["sizes_mm"])
        shape = (len(group_names(disease)), 3 + len(sizes), len(times))
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(Counts.ARRAYS, shape)
        shapes |= {"number": (len(GROUPS), *shape[1:], NUMBERS + 1), "alive": shape[2:], "deaths": (2, shape[2] + 1)}
        care = None if recipe["care"] is None else check_care(disease, recipe["care"])
        scheme = Scheme.of(disease, years)
        if care is not None:
            shapes |= {FOLLOWED + name: wanted for name, wanted in Followed.shapes(scheme).items()}
        arrays = {}
        for name, wanted in shapes.items():
            with file.open(f"{name}.npy") as member:
                check_header(name, member, (np.dtype(np.int64), wanted))
            with file.open(f"{name}.npy") as member:
                arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
    if recipe.get("sha256") != _digest(recipe, arrays):
        raise InputError("file", "", "a cohort as it was saved: recipe or numbers of this one were changed since")
    ranges, seed = ranges_of(recipe["ranges"]), check_seed(recipe["seed"])
    counts = Counts(**{name: arrays[name] for name in Counts.ARRAYS}, made=int(recipe["made"]))
    followed = None if care is None else Followed(**{name: arrays[FOLLOWED + name] for name in Followed.ARRAYS})
    versions = versions_of(recipe["versions"], 3)
    made = Cohort(disease, seed, ranges, years, times, sizes, counts, versions, care, followed)
    if followed is not None and not (followed.adds_up(scheme) and int(followed.patients[0]) == made.patients):
        raise InputError("file", "", "a cohort whose counts of the diagnosed and recipe belong together")
    if not _adds_up(made):
        raise InputError("file", "", "a cohort whose counts and recipe belong together")
    return made


def _adds_up(cohort: Cohort) -> bool:
    """Whether the counts can be those of so many patients."""
    c = cohort.counts
    dead = np.cumsum(c.deaths.sum(axis=0))[:-1]
    least = all(int(getattr(c, name).min(initial=0)) >= 0 for name in Counts.ARRAYS)
    kinds = slice(len(cohort.groups) - len(GROUPS), None)
    return bool(
        least
        and np.array_equal(c.alive + dead, np.full(len(cohort.times), cohort.patients))
        and (c.some <= c.alive).all()
        and (c.total >= c.some).all()
        and (c.square >= c.total).all()
        and (c.most <= c.total).all()
        and (c.total <= c.some * c.most).all()
        and (c.square <= c.total * c.most).all()
        and c.made >= int(c.total[kinds][0, 0].max(initial=0))
        and np.array_equal(c.number[..., 1:].sum(axis=-1), c.some[kinds])
    )
