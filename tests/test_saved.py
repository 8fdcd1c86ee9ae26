"""Files of results that lie, are of another version, or hold more than they say."""

from __future__ import annotations

import copy
import io
import itertools
import json
import pickle
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.catalog import names
from cascade.common import notices
from cascade.common.version import STREAM_VERSION
from cascade.engine.prepare import rows_of
from cascade.model.limits import MAX_STATES
from cascade.runs import saved
from cascade.runs.provenance import same_lives
from cascade.runs.result import Result
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered, correlated, two_levels

MARKED = LINEAR.with_(
    states=[{**s.model_dump(), "milestone": "in a bed"} if s.name in ("arrest", "growth") else s for s in LINEAR.states]
)
DATA = Path(__file__).with_name("data")
MODELS = {"cyclic": CYCLIC, "clusters": clustered(CYCLIC), "levels": two_levels(FRAIL), "linear": MARKED}


@pytest.fixture(scope="module", params=MODELS)
def result(request: pytest.FixtureRequest) -> Result:
    return cascade.simulate(MODELS[request.param], cells=range(10, 2010), seed=5, until=80.0, times=[1.0, 30.0])


Parts = tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]


def parts_of(result: Result, path: Path) -> Parts:
    """Recipe and arrays of a saved result."""
    with np.load(result.save(path)) as file:
        arrays = dict(file)
    return json.loads(arrays.pop("recipe").tobytes().decode()), arrays


OLD_VERSIONS = {"cascade": "0.0.9", "streams": 3}
"""What files of format 2 say of who made them."""


def aged(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe as the version before wrote it."""
    return {**recipe, "versions": OLD_VERSIONS}


def write(path: Path, parts: Parts, *, sign: bool = False, old: bool = False) -> Path:
    """A file of these parts; ``sign``: with a digest that fits them; ``old``: of format 2, which has none."""
    recipe, arrays = parts
    if sign:
        recipe = {**recipe, "sha256": saved.digest_of(recipe, arrays)}
    if old:
        recipe = {**{k: v for k, v in recipe.items() if k != "sha256"}, "format": 2}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, recipe=np.frombuffer(json.dumps(recipe).encode(), np.uint8), **arrays)
    path.write_bytes(buffer.getvalue())
    return path


def test_what_is_saved_opens_and_is_equal(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    again = cascade.open_result(result.save(tmp_path / "r.cascade"))
    assert again == result
    assert again.recipe == result.recipe
    assert {"cascade", "streams", "python", "numpy", "numba"} <= set(again.recipe["versions"])
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    assert "digest" not in capsys.readouterr().err
    opened = cascade.open_result(write(tmp_path / "old.cascade", (aged(recipe), arrays), old=True))
    assert replace(opened, versions=result.versions) == result
    assert "without a digest" in capsys.readouterr().err


@pytest.mark.parametrize(
    "versions",
    [
        {}, {"python": None}, {"python": None, "numpy": None, "numba": None}, {"streams": 3},
        {"streams": 3, "numpy": None}, {"python": None, "numpy": None, "numba": None, "cascade": None, "streams": 3},
    ],
)  # fmt: skip
def test_a_file_of_today_is_no_old_one(versions: dict[str, Any], result: Result, tmp_path: Path) -> None:
    """Who calls it one of format 2, to be rid of the digest, is found out by what else it says."""
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    told = {name: version for name, version in {**recipe["versions"], **versions}.items() if version is not None}
    lie = {**recipe, "versions": told, "seed": 2}
    with pytest.raises(cascade.InputError, match="file"):
        cascade.open_result(write(tmp_path / "bad.cascade", (lie, arrays), old=True))


LIES: dict[str, dict[str, Any]] = {
    "another seed": {"seed": 6},
    "a text for an end": {"until": "abc"},
    "another end": {"until": 81.0},
    "no end": {"until": None},
    "an end below zero": {"until": -1.0},
    "an end that is no number": {"until": float("nan")},
    "ranges below zero": {"ranges": [[-2000, 0]]},
    "overlapping ranges": {"ranges": [[10, 1500], [1490, 2000]]},
    "ranges that fall": {"ranges": [[2010, 10]]},
    "ranges in parts of cells": {"ranges": [[10.0, 2010.0]]},
    "other cells": {"ranges": [[0, 2000]]},
    "fewer cells": {"ranges": [[10, 20]]},
    "no ranges": {"ranges": []},
    "nothing for ranges": {"ranges": None},
    "a text for a seed": {"seed": "x"},
    "a seed below zero": {"seed": -1},
    "other times": {"times": [1.0, 31.0]},
    "times below zero": {"times": [-1.0, 30.0]},
    "unknown states watched": {"watch": ["nowhere"]},
    "no streams": {"versions": {"cascade": "1"}},
    "other streams": {"versions": {"cascade": "0.1", "streams": 1}},
    "another model": {"model_sha256": "0"},
    "another format": {"format": 99},
    "no digest": {"sha256": None},
    "more visits": {"totals": {"watched_total": 0, "visits": -1}},
}
"""What is changed in a recipe."""

SEEN_WITHOUT_DIGEST = (
    set(LIES) - {"another seed", "another end", "no end", "other cells", "other times"} - {"other streams", "no digest"}
)
"""Lies that checks see in files that carry no digest; of the rest such a file cannot know."""


@pytest.mark.parametrize("lie", LIES)
def test_a_recipe_that_was_changed_is_refused(lie: str, result: Result, tmp_path: Path) -> None:
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    changed = {**recipe, **LIES[lie]}
    with pytest.raises(cascade.InputError, match="file"):
        cascade.open_result(write(tmp_path / "bad.cascade", (changed, arrays)))
    if lie in SEEN_WITHOUT_DIGEST - {"another format"}:
        with pytest.raises(cascade.InputError, match="file"):
            cascade.open_result(write(tmp_path / "bad.cascade", ({**aged(recipe), **LIES[lie]}, arrays), old=True))
        if lie != "an end that is no number":  # which has no digest
            with pytest.raises(cascade.InputError, match="file"):
                cascade.open_result(write(tmp_path / "bad.cascade", (changed, arrays), sign=True))


def _moved(arrays: dict[str, Any]) -> None:
    rows = np.flatnonzero(arrays["counts"].sum(axis=1))
    at = int(np.argmax(arrays["counts"][rows[0]]))
    arrays["counts"][rows[0], at] -= 1
    arrays["counts"][rows[1], at] += 1


def _negative(arrays: dict[str, Any]) -> None:
    arrays["counts"][0, :2] = -1, arrays["counts"][0, :2].sum() + 1


def _later(arrays: dict[str, Any]) -> None:
    arrays["counts"] = np.roll(arrays["counts"], 1, axis=1)


def _watched(arrays: dict[str, Any]) -> None:
    arrays["watched"] = arrays["watched"][:-1]


def _outside(arrays: dict[str, Any]) -> None:
    arrays["watched"] = np.append(arrays["watched"][:-1], np.uint64(10**6))


def _cut(arrays: dict[str, Any]) -> None:
    arrays["counts"] = arrays["counts"][:, :-1]


def _wide(arrays: dict[str, Any]) -> None:
    arrays["overtaken"] = arrays["overtaken"].astype(np.float64)


def _other_types(arrays: dict[str, Any]) -> None:
    arrays["started"] = arrays["started"].astype(np.int32)


def _turned(arrays: dict[str, Any]) -> None:
    arrays["counts"] = np.asfortranarray(arrays["counts"])[::-1].copy()


DAMAGE = [_moved, _negative, _later, _watched, _outside, _cut, _wide, _other_types, _turned]


@pytest.mark.parametrize("damage", DAMAGE)
def test_numbers_that_were_changed_are_refused(damage: Callable[[Any], None], result: Result, tmp_path: Path) -> None:
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    changed = copy.deepcopy(arrays)
    damage(changed)
    with pytest.raises(cascade.InputError, match="file"):
        cascade.open_result(write(tmp_path / "bad.cascade", (recipe, changed)))
    with pytest.raises(cascade.InputError, match="file"):
        cascade.open_result(write(tmp_path / "bad.cascade", (aged(recipe), changed), old=True))


@pytest.mark.parametrize("one_of", [pytest.param(1, marks=pytest.mark.full), 7])
def test_most_that_is_changed_is_seen_without_a_digest(result: Result, one_of: int, tmp_path: Path) -> None:
    """Whole rows taken away, doubled, shifted in time or raised by one, wherever anything was counted.

    In the fast tier one change of seven: of each kind, and of rows from one end of an array to the other.
    """
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    rows, circling = rows_of(result.lowered), result.model.name != "cascade"
    # Steps between phases, and switches, bring no cell anywhere.
    nowhere = {rows.inner, *(i for i, t in enumerate(result.lowered.transitions) if t.source == t.target)}
    changes: dict[str, Callable[[Any], Any]] = {
        "zero": lambda row: 0 * row, "doubled": lambda row: 2 * row, "raised": lambda row: row + 1,
        "one more": lambda row: row + (np.arange(row.size) == row.size // 2).reshape(row.shape),
    }  # fmt: skip
    tried = itertools.count()
    for name in ("counts", "overtaken", "started", "by_size", "batches", "ended"):
        for at in sorted(set(range(len(arrays[name]))) - (nowhere if name == "counts" else set())):
            for kind, change in changes.items():
                changed = copy.deepcopy(arrays)
                changed[name][at] = change(arrays[name][at])
                if np.array_equal(changed[name], arrays[name]):
                    continue
                if next(tried) % one_of != len(name) % one_of:
                    continue
                if circling and name == "counts" and at >= rows.milestone and kind in ("doubled", "one more"):
                    continue  # who comes back is an arrival, too
                path = write(tmp_path / "bad.cascade", (aged(recipe), changed), old=True)
                with pytest.raises(cascade.InputError, match="file"):
                    pytest.fail(f"{name}[{at}] {kind}: {cascade.open_result(path)}")


def test_any_number_changed_anywhere_is_seen(result: Result, tmp_path: Path) -> None:
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    rng = random.Random(1)  # noqa: S311
    for _ in range(40):
        changed = copy.deepcopy(arrays)
        name = rng.choice([name for name, array in arrays.items() if array.size])
        flat = changed[name].reshape(-1)
        flat[rng.randrange(flat.size)] += np.asarray(1, flat.dtype)
        with pytest.raises(cascade.InputError, match="file"):
            cascade.open_result(write(tmp_path / "bad.cascade", (recipe, changed)))


@pytest.mark.sampled(0, 3)
@pytest.mark.parametrize("name", ["counts", "started", "overtaken", "watched", "by_size", "batches", "ended", "recipe"])
def test_shapes_are_read_before_room_is_made(name: str, result: Result, tmp_path: Path) -> None:
    """An array of half a gigabyte of zeros takes half a megabyte in a file, and no memory before it is refused."""
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    path = tmp_path / "bomb.cascade"
    huge = np.zeros(1 << 26, np.int64) if name != "recipe" else np.zeros(1 << 28, np.uint8)
    told = {"recipe": np.frombuffer(json.dumps(recipe).encode(), np.uint8), **arrays, name: huge}
    np.savez_compressed(tmp_path / "bomb.npz", **told)
    (tmp_path / "bomb.npz").rename(path)
    del huge, told
    assert path.stat().st_size < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(cascade.InputError, match="file"):
            cascade.open_result(path)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


BOMBS: dict[str, Callable[[], str]] = {
    "tables": lambda: "{}," * 15_000_000,
    "lists": lambda: "[]," * 15_000_000,
    "lists in lists": lambda: "[[],[]]," * 6_000_000,
    "tables with a name": lambda: '{"a":0},' * 6_000_000,
    "numbers": lambda: "0," * 30_000_000,
    "words": lambda: '"",' * 20_000_000,
    "one list in another": lambda: "[" * 30_000_000,
    "tables, fewer": lambda: "{}," * 1_000_000,
    "states": lambda: '{"name":1},' * 300_000,
}
"""What a recipe may hold many of, in a few thousand bytes of a file."""


@pytest.mark.full
@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("at", ["x", "states", "sites", ""])
def test_a_recipe_is_weighed_before_it_is_taken_apart(kind: str, at: str, tmp_path: Path) -> None:
    """None of these took less than 500 MB, and some seconds, before they were refused."""
    inside = f"[{BOMBS[kind]()[:-1]}]"
    model = f'{{"name": "a", "{at}": {inside}}}' if at else inside
    recipe = np.frombuffer(f'{{"format": 3, "model": {model}}}'.encode(), np.uint8)
    path = tmp_path / "bomb.cascade"
    with path.open("wb") as file:
        np.savez_compressed(file, recipe=recipe)
    del recipe, inside, model
    tracemalloc.start()
    try:
        with pytest.raises(cascade.InputError, match="file"):
            cascade.open_result(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * saved.MOST_RECIPE
    finally:
        tracemalloc.stop()


@pytest.mark.full
def test_the_largest_models_stay_far_below_what_a_recipe_may_hold(tmp_path: Path) -> None:
    """A chain of states with four ways each; what is said of one state holds for as many as there may be."""
    number = 400
    states: list[dict[str, Any]] = [
        {"name": f"state {i}", "stage": "one", "deaths": [{"cause": c, "hazard": 0.1 + i * 1e-7} for c in ("a", "b")],
         "moves": [{"to": f"state {j}", "hazard": 0.123 + j * 1e-7} for j in (i - 1, i + 1) if j >= 0]}
        for i in range(number)
    ]  # fmt: skip
    states.append({"name": f"state {number}", "absorbing": True})
    model = cascade.Model(name="long", stages=["one"], states=states)
    made = cascade.simulate(model, cells=10, seed=1, until=1.0)
    path = made.save(tmp_path / "r.cascade")
    assert cascade.open_result(path) == made
    with zipfile.ZipFile(path) as file:
        packed, text = file.getinfo("recipe.npy").compress_size, saved.text_in(file)
    parts, each = text.count(b"[") + text.count(b"{"), MAX_STATES / number
    assert parts * each < saved.MOST_PARTS
    assert text.count(b",") * each < saved.MOST_ENTRIES
    assert len(text) * each < saved.MOST_RECIPE
    assert parts < saved.PARTS_OF_A_BYTE * packed / 2


def test_what_could_not_be_opened_is_not_saved(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_RECIPE", "MOST_PARTS", "MOST_ENTRIES"):
        with monkeypatch.context() as less:
            less.setattr(saved, name, 20)
            with pytest.raises(cascade.InputError, match="a model and ranges of cells that make"):
                result.save(tmp_path / "r.cascade")
    assert not (tmp_path / "r.cascade").exists()


def test_files_of_other_formats_say_what_to_do(result: Result, tmp_path: Path) -> None:
    recipe, arrays = parts_of(result, tmp_path / "r.cascade")
    for number, todo in ((1, "simulate anew"), (99, "install a newer")):
        told = {**recipe, "format": number, "versions": {"cascade": "0.0.7", "streams": 1}}
        with pytest.raises(cascade.InputError, match=f"format {number} .* version 0.0.7: {todo}"):
            cascade.open_result(write(tmp_path / "other.cascade", (told, arrays)))
    odd = {**recipe, "model": {**recipe["model"], "moons": 2}}
    with pytest.raises(cascade.InputError, match="whose model this version can read"):
        cascade.open_result(write(tmp_path / "odd.cascade", (odd, arrays), sign=True))


def test_other_streams_keep_what_is_true_and_refuse_the_rest(tmp_path: Path) -> None:
    """Counts of older or newer random streams are true; cells lived again would be others."""
    frail = cascade.simulate(correlated(0.4), cells=2000, seed=1)
    factors = cascade.simulate(two_levels(LINEAR), cells=2000, seed=1)
    plain = cascade.simulate(LINEAR, cells=2000, seed=1)
    for made, streams, alike in (
        (frail, 3, False), (factors, 3, True), (factors, 1, False), (plain, 1, True), (plain, 2, True),
        (plain, STREAM_VERSION + 1, False), (plain, 0, False),
    ):  # fmt: skip
        other = replace(made, versions={**made.versions, "streams": streams, "cascade": "0.0.9"})
        opened = cascade.open_result(other.save(tmp_path / "r.cascade"))
        assert opened.funnel() == made.funnel()
        assert cascade.plot.funnel(opened).axes
        assert opened.organs if made.model.sites else opened.fates() == made.fates()
        if alike:
            assert [str(life) for life in opened.replay([7])] == [str(life) for life in made.replay([7])]
            assert opened.to_html(tmp_path / "page.html").exists()
            merged = opened.merge(cascade.simulate(made.model, cells=range(2000, 2100), seed=1))
            assert merged.cells == 2100
            assert cascade.open_result(merged.save(tmp_path / "m.cascade")).replay([2050])
            continue
        untrue: list[Callable[[], object]] = [
            lambda opened=opened: opened.replay([7]),
            lambda opened=opened: opened.to_html(tmp_path / "page.html"),
            lambda opened=opened: cascade.moving_cells(opened),
        ]
        for act in untrue:
            with pytest.raises(cascade.InputError, match=r"streams = .* simulate anew, or install .* 0\.0\.9"):
                act()
        with pytest.raises(cascade.InputError, match="merge: stream version"):
            opened.merge(cascade.simulate(made.model, cells=range(2000, 2100), seed=1))


def test_streams_are_alike_only_for_models_that_no_change_between_them_touches() -> None:
    for model in (LINEAR, CYCLIC, clustered(CYCLIC)):
        assert all(same_lives(model, streams) for streams in range(1, STREAM_VERSION + 1))
    assert not same_lives(FRAIL, 2)
    for spread in (0.3, 0.5, 1.0, 2.0):
        for kind in ("gamma", "lognormal"):
            frail = FRAIL.frailties[0].model_dump() | {"cv": spread, "distribution": kind}
            assert not same_lives(FRAIL.with_(frailties=[frail]), 3), "who knows how its maker rounded?"
    assert not same_lives(correlated(0.4), 3)
    assert same_lives(correlated(0.4), 2, 2)
    for odd in (None, "4", 0, STREAM_VERSION + 1, True, 4.5):
        assert odd is True or not same_lives(LINEAR, odd)


def test_merged_results_name_all_versions_that_made_them() -> None:
    one = cascade.simulate(LINEAR, cells=100, seed=1)
    two = cascade.simulate(LINEAR, cells=range(100, 200), seed=1)
    other = replace(two, versions={**two.versions, "python": "3.99.1", "numpy": "9"})
    merged = one.merge(other).versions
    assert merged["python"] == f"{one.versions['python']}, 3.99.1"
    assert merged["streams"] == STREAM_VERSION
    assert one.merge(two).versions == one.versions


@pytest.mark.parametrize("name", [name for name in names() if name not in ("clusters",)][:8])
def test_results_of_the_catalogue_add_up(name: str, tmp_path: Path) -> None:
    model = cascade.load(name)
    made = cascade.simulate(model, cells=3000, seed=2, until=200.0)
    assert cascade.open_result(made.save(tmp_path / "r.cascade")) == made


def test_errors_come_whole_from_another_process() -> None:
    for act in (lambda: cascade.load("nothing"), lambda: cascade.Model(name="x", stages=["a"], states=[])):
        with pytest.raises(cascade.CascadeError) as caught:
            act()
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
        assert (type(again), str(again)) == (type(caught.value), str(caught.value))
        assert vars(again).keys() == vars(caught.value).keys()
