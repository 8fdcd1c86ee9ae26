"""What a run says of its counts: intervals of each row, curves that end at the counts, ranges that meet, traits."""

from __future__ import annotations

import inspect
import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.answers.intervals import clustered_proportion, proportion
from cascade.common.shares import estimate_of_number
from cascade.common.text import number
from cascade.engine.executor import LARGEST_CHUNK, Workers
from cascade.model import Model
from cascade.runs.plan import Plan
from cascade.runs.result import Result
from cascade.runs.traits import BINS, EDGES, Selection
from helpers.budget import agrees
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered

MILESTONES = CYCLIC.with_(
    name="starts beyond",
    states=[{**s.model_dump(), "milestone": "held" if s.name == "bed" else s.milestone} for s in CYCLIC.states],
    start={"states": [{"state": "asleep", "share": 0.3}, {"state": "blood", "share": 0.7}]},
)
"""Some start at a milestone that is neither the first nor the last."""


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, MILESTONES], ids=lambda m: m.name)
def test_every_share_has_the_interval_of_its_count(model: Model) -> None:
    funnel = cascade.simulate(model, cells=3000, seed=1, until=60.0).funnel()
    for row in funnel:
        assert (row.low, row.high) == proportion(int(row.passed), 3000)
        assert row.fraction_of_all == row.passed / 3000
        assert row.entered == row.passed + sum(row.lost.values()) + row.still
    for mark in funnel.milestones:
        assert (mark.low, mark.high) == proportion(int(mark.cells), 3000)


def test_every_share_of_clusters_has_the_interval_of_its_batches() -> None:
    model = clustered(CYCLIC)
    result = cascade.simulate(model, cells=2000, seed=1)
    assert model.clusters is not None
    cells = result.totals.batches[:, -1]
    columns = [part for part in result.totals.batches.T[:-1] if (part <= cells).all()]  # others count events
    every = [clustered_proportion(column, cells, model.clusters.largest) for column in columns]
    funnel = result.funnel()
    for row in (*funnel, *funnel.milestones):
        counted = row.passed if hasattr(row, "passed") else row.cells
        fitting = {every[i] for i, column in enumerate(columns) if column.sum() == counted}
        assert (row.low, row.high) in fitting


@pytest.mark.parametrize("until", [None, 10.0])
def test_milestones_are_those_of_replayed_lives(until: float | None) -> None:
    """Of cells of which some start at one of several milestones."""
    marks = {state.name: state.milestone for state in MILESTONES.states if state.milestone}
    wanted = dict.fromkeys(cascade.simulate(MILESTONES, cells=1, seed=1).milestones(), 0)
    assert list(wanted) == ["held", "dormancy", "tumour"]
    for life in cascade.replay(MILESTONES, seed=2, cells=range(2000), until=until):
        for mark in {marks[stay.state] for stay in life.stays if stay.state in marks}:
            wanted[mark] += 1
    assert cascade.simulate(MILESTONES, cells=2000, seed=2, until=until).milestones() == wanted


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL], ids=lambda m: m.name)
def test_curves_end_at_what_was_counted(model: Model) -> None:
    result = cascade.simulate(model, cells=3000, seed=1)
    incidence, occupancy = result.incidence(), result.occupancy()
    ends = {name: incidence[name][-1] for name in incidence.names}
    wanted = {**dict.fromkeys(ends, 0), **result.causes()}
    wanted |= {name: n for name, n in result.fates().items() if name in ends}
    assert ends == pytest.approx({name: n / 3000 for name, n in wanted.items()})
    assert set(model.goals) <= set(ends)
    # Cells that are in no state have died; and nobody comes back from the dead.
    dead = sum(incidence[cause] for cause in result.causes())
    assert occupancy.values.sum(axis=0) + dead == pytest.approx(1.0)
    assert all((np.diff(incidence[name]) >= 0).all() for name in incidence.names)


@pytest.mark.parametrize("seed", range(5))
def test_parts_merge_to_the_whole_in_any_order(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    bounds = [0, *sorted(draw.sample(range(1, 1000), 5)), 1000]
    parts = [cascade.simulate(LINEAR, cells=range(a, b), seed=3) for a, b in itertools.pairwise(bounds)]
    whole = cascade.simulate(LINEAR, cells=1000, seed=3)
    draw.shuffle(parts)
    sofar = parts[0]
    for n, part in enumerate(parts[1:], 2):
        sofar = sofar.merge(part)
        cells = sorted(cell for one in parts[:n] for cell in range(*one.ranges[0]))
        assert [cell for pair in sofar.ranges for cell in range(*pair)] == cells
        assert all(a[1] < b[0] for a, b in itertools.pairwise(sofar.ranges)), "ranges that meet are one"
        with pytest.raises(cascade.InputError, match="no cell twice"):
            sofar.merge(part)
    assert sofar == whole


def sited() -> Model:
    """A model of one's own, with a site and no places in a picture."""
    states = [
        {"name": "blood", "stage": "way", "moves": [{"to": "colony", "hazard": 1.0}],
         "deaths": [{"cause": "lost", "hazard": 1.0}]},
        {"name": "colony", "absorbing": True, "site": "bone", "landmark": "colony"},
    ]  # fmt: skip
    return Model(name="own", stages=["way"], states=states, sites=[{"name": "bone", "route": "blood"}])


def test_models_of_ones_own_are_opened_as_they_were_saved(tmp_path: Path) -> None:
    for model in (sited(), sited().with_(name="colon"), LINEAR.with_(name="colon"), LINEAR):
        result = cascade.simulate(model, cells=50, seed=1)
        again = cascade.open_result(result.save(tmp_path / "r.cascade"))
        assert again == result
        assert again.model == model


@pytest.mark.parametrize("array", ["counts", "started"])
@pytest.mark.parametrize("kind", [np.int32, np.float64, np.uint64])
def test_counts_of_another_type_are_refused(array: str, kind: type, tmp_path: Path) -> None:
    path = cascade.simulate(LINEAR, cells=50, seed=1).save(tmp_path / "r.cascade")
    with np.load(path) as file:
        arrays = dict(file)
    assert json.loads(bytes(arrays["recipe"]).decode())["seed"] == 1
    arrays[array] = arrays[array].astype(kind)
    with open(path, "wb") as handle:
        np.savez(handle, **arrays)
    with pytest.raises(cascade.InputError):
        cascade.open_result(path)
    both = {name: part.astype(kind) if name in ("counts", "started") else part for name, part in arrays.items()}
    with open(path, "wb") as handle:
        np.savez(handle, **both)
    with pytest.raises(cascade.InputError):
        cascade.open_result(path)


def test_models_of_other_stages_are_not_compared_whichever_comes_first() -> None:
    short = Model.from_survival({"arrest": 0.8, "exit": 0.5})
    long = Model.from_survival({"arrest": 0.8, "exit": 0.5, "growth": 0.5})
    for one, two in itertools.permutations([short, long, LINEAR, CYCLIC], 2):
        with pytest.raises(cascade.InputError, match="stages"):
            cascade.compare(one, two, cells=10, seed=1)


def test_what_has_a_default_is_given_by_name() -> None:
    """Runs take their models, and nothing else, by position."""
    for function in (cascade.simulate, cascade.compare, cascade.selection, cascade.replay, cascade.exact):
        kinds = {p.name: p.kind for p in inspect.signature(function).parameters.values()}
        for name, kind in kinds.items():
            model = name in ("model", "other", "source")
            assert kind == (inspect.Parameter.POSITIONAL_OR_KEYWORD if model else inspect.Parameter.KEYWORD_ONLY)


# Traits.


def test_traits_of_those_that_started_have_their_distribution() -> None:
    """Gamma of so wide a spread that some are beyond either end of the bins; each bin within the error budget."""
    cv, n = 6.0, 100_000
    model = Model.from_survival(
        {"wait": 0.5}, frailties=[{"name": "z", "cv": cv, "distribution": "gamma", "hazards": [{"hazard": "*.*"}]}]
    )
    found = cascade.selection(model, cells=n, seed=1)
    assert found.histogram.shape == (1, 2, BINS)
    assert found.sums.shape == found.squares.shape == (1, 2)
    chances = np.diff(stats.gamma(1 / cv**2, scale=cv**2).cdf(EDGES))
    assert chances[0] > 0.1
    for count, p in zip(found.histogram[0, 0].tolist(), chances, strict=True):
        assert agrees(count, n, p)


def lone(bin_: int, cells: int = 10) -> Selection:
    """A selection of cells that are all in one bin, of whom none passed the step."""
    histogram = np.zeros((1, 2, BINS), np.int64)
    histogram[0, 0, bin_] = cells
    frailty = {"name": "z", "cv": 1.0, "hazards": [{"hazard": "arrest.shear"}]}
    model = LINEAR.with_(frailties=[frailty])
    pairs = np.array([cells, 0])
    return Selection(model, 1, cells, ("z",), ("start", "step"), histogram, np.ones((1, 2)), np.ones((1, 2)), pairs)


@pytest.mark.parametrize("bin_", [0, 1, 2, 80, BINS - 2, BINS - 1])
def test_a_median_is_the_middle_of_its_bin(bin_: int) -> None:
    """Of the open bins at either end, their bound."""
    started, passed = lone(bin_).rows
    low, high = EDGES[bin_], EDGES[bin_ + 1]
    low, high = low or high, high if np.isfinite(high) else low
    assert started.median == pytest.approx(np.sqrt(low * high))
    assert np.isnan([passed.mean, passed.low, passed.high, passed.median]).all()
    assert np.isnan([lone(bin_, 1).rows[0].low, lone(bin_, 1).rows[0].high]).all(), "one cell tells no spread"


@pytest.mark.parametrize("model", [FRAIL, clustered(FRAIL)], ids=["cells", "clusters"])
def test_the_text_of_a_selection_shows_its_rows_and_the_exact_means(model: Model) -> None:
    found = cascade.selection(model, cells=2000, seed=1)
    beside = {name: [float(i + k) for k in range(len(found.steps))] for i, name in enumerate(found.traits)}
    for other in (None, beside):
        header, lines = found.as_text(other)
        assert len(lines) == len(found) == len(found.traits) * len(found.steps)
        assert ("exact mean" in header) == (other is not None)
        for line, row, (trait, k) in zip(
            lines, found, itertools.product(found.traits, range(len(found.steps))), strict=True
        ):
            estimate = estimate_of_number(row.mean, row.low, row.high)
            shown = [*estimate, f"{row.median:.3g}" if row.cells else "-"]
            assert line[:6] == [trait, found.steps[k], number(row.cells), *shown]
            assert line[6:] == ([f"{other[trait][k]:.4g}"] if other else [])
            assert len(line) == len(header)
    assert (found.pairs[0] > found.cells) == bool(model.clusters)
    assert f"<caption>{found.caption}</caption>" in found._repr_html_()
    assert found.caption.endswith(f": {found.cells:,} cells")


def test_ranges_are_those_of_the_cells_that_were_run() -> None:
    result = cascade.simulate(CYCLIC, cells=range(5, 40), seed=1)
    assert isinstance(result, Result)
    assert (result.ranges, result.founders, result.cells) == (((5, 40),), 35, 35)
    assert {life.cell for life in result.replay(range(5, 40))} == set(range(5, 40))
    for cell in (4, 40):
        with pytest.raises(cascade.InputError, match="a cell of this run"):
            result.replay([cell])


def test_a_chunk_that_keeps_every_member_has_room_for_the_largest_clusters() -> None:
    model = clustered(LINEAR)
    assert model.clusters is not None
    largest = model.clusters.largest
    chunk = Plan.of(model, 10, 1, None, Workers()).largest_chunk
    assert LARGEST_CHUNK - largest < chunk * largest <= LARGEST_CHUNK
