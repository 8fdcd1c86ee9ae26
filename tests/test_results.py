"""Results, funnels and intervals: save and load, merge, curves, own data, files under kills."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

import cascade
from cascade import plot
from cascade.answers.funnel import Funnel
from cascade.answers.intervals import paired_difference, proportion
from cascade.common.files import write_atomically
from cascade.common.version import STREAM_VERSION
from helpers.budget import within
from helpers.models import CYCLIC, LINEAR, clustered
from helpers.processes import started

DATA = Path(__file__).with_name("data")


@pytest.fixture(scope="module")
def result() -> cascade.runs.result.Result:
    return cascade.simulate(CYCLIC, cells=5000, seed=6, until=50.0, times=[1.0, 3.3])


def test_saved_and_loaded(result: cascade.runs.result.Result, tmp_path: Path) -> None:
    again = cascade.open_result(result.save(tmp_path / "r.cascade"))
    assert again.recipe == result.recipe
    assert again.funnel() == result.funnel()
    assert again.success == result.fates().get("tumour", 0) / result.cells
    assert np.array_equal(again.watched, result.watched)
    assert again.model == CYCLIC
    assert again.recipe["versions"]["streams"] == STREAM_VERSION
    json.dumps(again.recipe)


def test_damaged_files_are_refused(result: cascade.runs.result.Result, tmp_path: Path) -> None:
    """Every byte region flipped or cut: an InputError, or (in a comment of the zip) the very same result."""
    whole = result.save(tmp_path / "r.cascade").read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(60):
        data = bytearray(whole)
        at = int(rng.integers(len(data)))
        if rng.random() < 0.5:
            data[at] ^= 1 << int(rng.integers(8))
        else:
            data = data[:at]
        path = tmp_path / "bad.cascade"
        path.write_bytes(data)
        with contextlib.suppress(cascade.InputError):
            assert cascade.open_result(path).funnel() == result.funnel()


SAVED = json.loads((DATA / "saved.json").read_text())


@pytest.mark.parametrize("name", SAVED)
def test_results_of_the_version_before_open_and_say_what_they_said(name: str, tmp_path: Path) -> None:
    """Files and what was told of them were written before modules had rooms and states had places."""
    opened, told = cascade.open_result(DATA / f"{name}.cascade"), SAVED[name]
    assert opened.fates() == told["fates"]
    assert [[row.step, row.entered, row.passed] for row in opened.funnel()] == told["funnel"]
    assert opened.recipe["model_sha256"] == opened.model.digest() == told["digest"]
    if name == "unlike-cells":  # streams 4 round the spread of a frailty and the mixture of two otherwise
        with pytest.raises(cascade.InputError, match="streams = 3"):
            opened.replay([7])
    else:
        assert [[s.state, s.entered, s.ended_by] for s in opened.replay([7])[0].stays] == told["first"]
        again = cascade.simulate(opened.model, cells=2000, seed=11, until=opened.until, times=[1.0, 24.0])
        assert again.totals == opened.totals
        more = cascade.simulate(opened.model, cells=range(2000, 2500), seed=11, until=opened.until, times=[1.0, 24.0])
        assert opened.merge(more).cells == opened.cells + more.cells
    assert cascade.open_result(opened.save(tmp_path / "again.cascade")) == opened
    if opened.model.sites:
        # The states of the saved model have the places that those of these names have today.
        now = {state.name: state.place for state in cascade.load(name).states}
        assert [state.place for state in opened.model.states] == [now[state.name] for state in opened.model.states]
        assert plot.body(opened).axes
        assert all(state.place is not None for state in opened.model.states)


def test_merging_needs_one_recipe_and_no_cell_twice(result: cascade.runs.result.Result) -> None:
    fields = {"seed": 6, "until": 50.0, "times": [1.0, 3.3]}
    with pytest.raises(cascade.InputError, match="twice"):
        result.merge(cascade.simulate(CYCLIC, cells=range(4999, 6000), **fields))
    for change in ({"seed": 7}, {"until": 51.0}, {"times": [1.0]}):
        with pytest.raises(cascade.InputError, match="merge"):
            result.merge(cascade.simulate(CYCLIC, cells=range(6000, 6010), **{**fields, **change}))
    other = CYCLIC.with_(scale={"*.shear": 1.1})
    with pytest.raises(cascade.InputError, match="model"):
        result.merge(cascade.simulate(other, cells=range(6000, 6010), **fields))
    apart = result.merge(cascade.simulate(CYCLIC, cells=range(6000, 6010), **fields))
    assert apart.ranges == ((0, 5000), (6000, 6010))
    assert apart.cells == 5010


def test_curves_are_only_given_where_they_are_known(result: cascade.runs.result.Result) -> None:
    assert result.occupancy([1.0, 3.3]).hours.tolist() == [1.0, 3.3]
    with pytest.raises(cascade.InputError, match="times="):
        result.occupancy([1.01])
    with pytest.raises(cascade.InputError, match="end of the run"):
        result.occupancy([64.0])
    with pytest.raises(cascade.InputError):
        result.occupancy("abc")
    assert result.occupancy().to_dicts()[0].keys() == {"hours", *result.lowered.states}


def test_tables_convert(result: cascade.runs.result.Result) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(result.funnel().to_dicts())
    assert list(frame["step"]) == list(CYCLIC.stages)
    assert "<table>" in result.funnel()._repr_html_()
    assert "exact (without an end): passed" in result.funnel().table(beside=cascade.exact(CYCLIC).funnel())


def test_a_seed_is_drawn_and_stored() -> None:
    one, two = (cascade.simulate(LINEAR, cells=10) for _ in range(2))
    assert one.seed != two.seed
    assert cascade.simulate(LINEAR, cells=10, seed=one.seed).fates() == one.fates()


@pytest.mark.parametrize(
    "arguments",
    [
        {"cells": 0},
        {"cells": -1},
        {"cells": 1.5},
        {"cells": math.nan},
        {"cells": math.inf},
        {"cells": "5"},
        {"cells": True},
        {"cells": range(5, 5)},
        {"cells": range(0, 10, 2)},
        {"cells": range(-1, 5)},
        {"cells": 10**5000},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": "x"},
        {"until": 0},
        {"until": -1},
        {"until": math.nan},
        {"until": "2"},
        {"times": [0.0]},
        {"times": ["x"]},
        {"times": "12"},
        {"times": [1e12]},
        {"watch": ["nowhere"]},
        {"watch": "goal"},
        {"watch": ["detachment"]},
        {"chunk": 0},
        {"chunk": True},
        {"executor": "x"},
        {"progress": "yes"},
        {"model": "textbook"},
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object]) -> None:
    given = {"model": LINEAR, "cells": 10, "seed": 1, **arguments}
    model = given.pop("model")
    with pytest.raises(cascade.InputError, match=next(iter(arguments))):
        cascade.simulate(model, **given)


def test_numpy_numbers_are_accepted() -> None:
    wanted = cascade.simulate(LINEAR, cells=100, seed=1, until=5.0).fates()
    assert cascade.simulate(LINEAR, cells=np.int64(100), seed=np.int32(1), until=np.float64(5)).fates() == wanted


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    cascade.simulate(LINEAR, cells=1000, seed=1, chunk=300, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (1000, 1000)
    assert [d for d, _ in told] == sorted(d for d, _ in told)


def test_replay_only_of_cells_that_were_run(result: cascade.runs.result.Result) -> None:
    with pytest.raises(cascade.InputError, match="5000"):
        result.replay([5000])
    assert "cell 7" in str(result.replay([7]))
    assert result.replay([7]).to_dicts()[0]["cell"] == 7


def test_a_cell_that_enters_after_the_end_waits() -> None:
    for history in cascade.replay(CYCLIC, seed=1, cells=range(200), until=0.5):
        for stay in history.stays:
            assert stay.left >= stay.entered


def test_comparison_counts_add_up() -> None:
    other = LINEAR.with_(scale={"*.immune killing": 0.2, "detachment.breach": 0.9}, name="other")
    n = 50_000
    found = cascade.compare(LINEAR, other, cells=n, seed=3)
    assert found.saved + found.lost + found.unchanged == n
    assert found.saved > 0 < found.lost
    assert sum(found.saved_from.values()) == found.saved
    assert sum(found.lost_at.values()) == found.lost
    one, two = (cascade.simulate(m, cells=n, seed=3).funnel() for m in (LINEAR, other))
    assert [r.passed for r in found.rows] == [r.passed for r in one]
    assert [r.passed_other for r in found.rows] == [r.passed for r in two]
    exact = cascade.exact(other).success - cascade.exact(LINEAR).success
    low, high = found.difference
    assert within((found.saved - found.lost) / n, exact, (high - low) / 2 / 1.96)
    assert "coupling" in str(found) or "share their draws" in str(found)
    with pytest.raises(cascade.InputError, match="stages"):
        cascade.compare(LINEAR, CYCLIC, cells=10, seed=1)


def test_arrivals_do_not_depend_on_the_order_of_states() -> None:
    """Cells held in an organ come from states named before and after it."""
    model = cascade.load("breast")
    turned = model.with_(states=model.states[::-1], start=model.start)
    n = 20_000
    tables = [cascade.simulate(m, cells=n, seed=1).organs() for m in (model, turned)]
    truth = {(row.organ, row.route): row for row in cascade.exact(model).organs()}
    for table in tables:
        for row in table:
            share = truth[row.organ, row.route].arrested / 1e6
            # A cell may be held more than once: its variance is at most that of four.
            assert within(row.arrested / n, share, math.sqrt(4 * max(share, 1e-4) / n))


def succeeded(model: cascade.Model, cells: int, seed: int) -> npt.NDArray[np.float64]:
    """1 for each cell that succeeds, else 0."""
    flags = np.zeros(cells)
    flags[cascade.simulate(model, cells=cells, seed=seed).watched.astype(int)] = 1.0
    return flags


@pytest.mark.parametrize("factor", [0.2, 0.97, 3.0])
def test_fewer_cells_is_the_ratio_of_the_variances(factor: float) -> None:
    """Of two independent runs over one of pairs: from what each cell does under both models."""
    other, n = LINEAR.with_(scale={"*.immune killing": factor}), 30_000
    found = cascade.compare(LINEAR, other, cells=n, seed=4)
    one, two = succeeded(LINEAR, n, 4), succeeded(other, n, 4)
    assert found.fewer_cells == pytest.approx((one.var() + two.var()) / (two - one).var(), rel=1e-12)
    assert f"{found.fewer_cells:.3g} times as many cells" in str(found)
    assert cascade.compare(LINEAR, LINEAR, cells=n, seed=4).fewer_cells == math.inf


def test_fewer_cells_where_as_many_are_saved_as_lost() -> None:
    """Two ways to the goal, each open under one model: the difference is small, its variance is not."""
    ways = [{"name": name, "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}],
             "deaths": [{"cause": "shear", "hazard": 1.0}]} for name in "ab"]  # fmt: skip
    start = {"name": "here", "stage": "start", "moves": [{"to": "a", "hazard": 1.0}, {"to": "b", "hazard": 1.0}]}
    goal = {"name": "goal", "absorbing": True}
    model = cascade.Model(name="two ways", stages=["start", "way"], states=[start, *ways, goal])
    one, two = (model.with_(scale={f"{name}.shear": 9.0}) for name in "ab")
    n = 20_000
    found, (first, second) = cascade.compare(one, two, cells=n, seed=3), (succeeded(m, n, 3) for m in (one, two))
    assert min(found.saved, found.lost) > n / 20
    assert found.fewer_cells == pytest.approx((first.var() + second.var()) / (second - first).var(), rel=1e-12)
    low = min(found.saved, found.lost)
    both = np.array([[0, 0, 0], [0, n - 2 * low, low], [0, low, 0]])
    assert "two independent runs" in str(replace(found, furthest=both))


def test_fewer_cells_of_clusters_is_the_ratio_of_the_variances_of_founders() -> None:
    """Cells of a founder share its fate: the variances are those of sums over founders, seen in 64 batches."""
    model = clustered(LINEAR, bond=0.0, on_entering=0.0)
    other = model.with_(scale={"*.immune killing": 0.5})
    found = cascade.compare(model, other, cells=6000, seed=4)
    sums = np.zeros((2, 64))
    sizes = np.zeros(64)
    goal = LINEAR.goals[0]
    for side, m in enumerate((model, other)):
        for life in cascade.replay(m, seed=4, cells=range(6000)):
            sums[side, life.cell % 64] += life.size * (life.fate == goal)
            sizes[life.cell % 64] += life.size * (side == 0)
    # Residuals of a ratio: what a batch has beyond its share of cells.
    one, two = (row - row.sum() / sizes.sum() * sizes for row in sums)
    assert found.fewer_cells == pytest.approx(((one**2).sum() + (two**2).sum()) / ((two - one) ** 2).sum(), rel=1e-9)


# Intervals and own data -------------------------------------------------------------------


def test_clopper_pearson_covers() -> None:
    """Coverage summed over all counts: at least 95 %.

    Between the one-sided bound of a zero count and the two-sided one (n p from 3.0 to 3.7)
    a count of zero, of probability up to 5 %, is not covered: there at least 92.5 %.
    """
    n = 60
    ends = [proportion(k, n) for k in range(n + 1)]
    two_sided = 1 - 0.025 ** (1 / n)
    for p in (0.01, 0.04, 0.05, 0.055, 0.07, 0.3, 0.5, 0.92, 0.95):
        cover = sum(stats.binom.pmf(k, n, p) for k, (low, high) in enumerate(ends) if low <= p <= high)
        between = ends[0].high < min(p, 1 - p) < two_sided
        assert cover >= (0.925 if between else 0.95)
    low, high = proportion(7, n)
    assert stats.binom.sf(6, n, low) == pytest.approx(0.025)
    assert stats.binom.cdf(7, n, high) == pytest.approx(0.025)


def test_rule_of_three() -> None:
    assert proportion(0, 1000).high == pytest.approx(3 / 1000, rel=0.01)
    assert (1 - proportion(0, 1000).high) ** 1000 == pytest.approx(0.05)
    assert proportion(1000, 1000).low == pytest.approx(1 - proportion(0, 1000).high)
    assert "below" in str(Funnel.from_counts({"in": 1000, "out": 0}))


def test_paired_interval_covers_pairs_that_are_few() -> None:
    """Coverage at least 93 % over a grid of true differences of 40 pairs (exact sum)."""
    n = 40
    for p, q in ((0.1, 0.05), (0.3, 0.1), (0.2, 0.2), (0.5, 0.3)):
        cover = 0.0
        for a in range(n + 1):
            for b in range(n + 1 - a):
                low, high = paired_difference(a, b, n)
                if low <= p - q <= high:
                    cover += stats.multinomial.pmf([a, b, n - a - b], n, [p, q, 1 - p - q])
        assert 0.93 < cover < 0.975


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"a": 1},
        {"a": 1, "b": 2},
        {"a": 0, "b": 0},
        {"a": 1.5, "b": 1},
        {"a": -1, "b": -2},
        {"a": math.nan, "b": 0},
        {"a": "5", "b": "4"},
        [("a", 2), ("a", 1)],
        "abc",
        None,
        [("a", 1, 2)],
        {1: 5, 2: 4},
    ],
)
def test_impossible_counts(counts: object) -> None:
    with pytest.raises(cascade.InputError, match="counts"):
        Funnel.from_counts(counts)  # type: ignore[arg-type]


@pytest.mark.parametrize("several", [[1000, 900], (1000,), np.array([1000, 900])])
def test_replicates_are_sent_to_where_they_are_read(several: object) -> None:
    with pytest.raises(cascade.InputError, match=r"replicates are read by cascade\.Data\.funnels\(table, steps\)"):
        Funnel.from_counts({"injected": several, "arrested": several})  # type: ignore[dict-item]
    with pytest.raises(cascade.InputError, match=r"1e18$"):
        Funnel.from_counts({"injected": "many", "arrested": 3})  # type: ignore[dict-item]


def test_counts_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("\ufeffstep,number\ninjected,1000\n\narrested,870\nextravasated,800\n", encoding="utf-8")
    assert [int(r.passed) for r in Funnel.from_csv(path)] == [870, 800]
    for text, line in (
        ("injected,1000\narrested,870\n", "line 1"),
        ("step,n\na,10\nb,x\n", "line 3"),
        ('step,n\na,"1,5"\nb,1\n', "line 2"),
    ):
        path.write_text(text)
        with pytest.raises(cascade.InputError, match=line):
            Funnel.from_csv(path)


# Files --------------------------------------------------------------------------------------


def test_links_are_followed_and_devices_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    for wrong in (Path("/dev/null"), tmp_path, tmp_path / "none" / "x", Path("a\0b")):
        with pytest.raises(cascade.InputError):
            write_atomically(wrong, b"x")


WRITER = """
import os, sys, time
from pathlib import Path
from cascade.common.files import write_atomically

path, moment = Path(sys.argv[1]), sys.argv[2]
write_atomically(path, b"a" * 3_000_000)

def stop(*_):
    print(moment, flush=True)
    time.sleep(1000)

if moment == "before it is safe on disk":
    os.fsync = stop
elif moment == "before it takes the place of the old one":
    Path.replace = stop
else:
    print(moment, flush=True)
n = 0
while True:
    n += 1
    write_atomically(path, bytes([n % 250]) * 3_000_000)
"""


@pytest.mark.parametrize("moment", ["before it is safe on disk", "before it takes the place of the old one"])
def test_a_writer_killed_at_the_worst_moment_leaves_the_old_file(moment: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    with started([sys.executable, "-c", WRITER, str(path), moment]) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == f"{moment}\n"
        assert len(list(tmp_path.iterdir())) == 2, "the new one is being written beside the old"
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(timeout=60)
    assert path.read_bytes() == b"a" * 3_000_000


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    rng = np.random.default_rng(1)
    for _ in range(8):
        with started([sys.executable, "-c", WRITER, str(path), "any"]) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == "any\n"
            time.sleep(float(rng.uniform(0.0, 0.05)))
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait(timeout=60)
        data = path.read_bytes()
        assert len(data) == 3_000_000
        assert len(set(data)) == 1


def test_results_are_plain_zip_files(result: cascade.runs.result.Result, tmp_path: Path) -> None:
    with zipfile.ZipFile(result.save(tmp_path / "r.cascade")) as file:
        assert "recipe.npy" in file.namelist()


def test_a_notebook_shows_tables(result: cascade.runs.result.Result) -> None:
    exact = cascade.exact(CYCLIC)
    pair = cascade.compare(CYCLIC, CYCLIC.with_(scale={"*.shear": 0.5}), cells=1000, seed=1)
    for shown in (result, result.funnel(), exact, exact.funnel(), pair):
        assert shown._repr_html_().count("<tr") > 3
    assert str(result).startswith("cyclic: 5,000 cells, seed 6")
    assert "&lt;" not in result.replay([1])._repr_html_()
    assert result.replay([1])._repr_html_().startswith("<pre>cell 1")
