"""Factors with clocks of their own, clusters and fragments: the kernel against the slow reference, unit by unit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import cascade
from cascade.answers.intervals import proportion
from cascade.engine.prepare import prepare
from cascade.lowering.lower import lower
from cascade.model import Model
from helpers.agreement import clusters_agree
from helpers.budget import ALPHA, agrees
from helpers.lives import SWITCHED, WINDOWS, Windows, all_same, lives
from helpers.models import CYCLIC, FRAIL, LINEAR, SIZES, UNITS, changed, clustered, random_models, two_levels


@pytest.mark.sampled(8, 18)
@pytest.mark.parametrize("windows", [((math.inf, {}),), ((5.0, {}),), WINDOWS, SWITCHED], ids=str)
@pytest.mark.parametrize("name", UNITS)
def test_unit_by_unit_as_the_reference(name: str, windows: Windows) -> None:
    all_same(UNITS[name], 3, range(150), windows)


@settings(max_examples=16)
@given(random_models(), st.integers(0, 2**31), st.booleans())
def test_random_models_as_the_reference(model: Model, seed: int, clusters: bool) -> None:
    grown = two_levels(model, begin={"off": 0.5, "on": 0.5})
    all_same(clustered(grown) if clusters else grown, seed, range(25), ((math.inf, {}),))


@pytest.mark.parametrize("until", [None, 1.5])
@pytest.mark.parametrize("name", [name for name in UNITS if "clusters" in name])
def test_clusters_agree_with_the_exact_answer(name: str, until: float | None) -> None:
    model = UNITS[name]
    if model.frailties:
        model = model.with_(frailties=model.frailties[:1])
    result, exact = cascade.simulate(model, cells=150_000, seed=12, until=until), cascade.exact(model, until=until)
    assert clusters_agree(result, exact) == []
    if until is None:
        # Founders without a colony, by the generating function; n founders, exact binomial test.
        goal = model.goals[0]
        watched = cascade.simulate(model, cells=150_000, seed=13, watch=[goal])
        assert watched.watched_is_complete
        assert agrees(len(watched.watched), watched.founders, 1.0 - exact.no_colony)


@settings(max_examples=10)
@given(random_models(), st.one_of(st.just(0.0), st.floats(0.01, 3.0)), st.floats(0.0, 1.0))
def test_random_clusters_agree(model: Model, bond: float, on_entering: float) -> None:
    grown = clustered(model, bond=bond, on_entering=on_entering)
    result, exact = cascade.simulate(grown, cells=30_000, seed=9, watch=["goal"]), cascade.exact(grown)
    assert clusters_agree(result, exact) == []
    assert agrees(len(result.watched), result.founders, 1.0 - exact.no_colony)


# What a clock of its own is for: the same cell keeps its luck.


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL], ids=lambda m: m.name)
def test_an_idle_factor_changes_no_bit(model: Model) -> None:
    """A cloak that comes and goes and does nothing: every event of the model itself at the same time."""
    idle = two_levels(model, effects=[])
    for plain, grown in zip(lives(model, 5, range(400), SWITCHED), lives(idle, 5, range(400), SWITCHED), strict=True):
        own = [(s.state, s.left, s.ended_by) for s in grown.stays if not s.ended_by.startswith("cloak: ")]
        assert own == [(s.state, s.left, s.ended_by) for s in plain.stays]


@pytest.mark.parametrize("name", UNITS)
def test_windows_without_a_change_leave_every_bit(name: str) -> None:
    whole: Windows = ((50.0, {}),)
    cut: Windows = ((1e-3, {}), (0.5, {}), (1.0, {}), (7.3, {}), (49.999, {}), (50.0, {}))
    assert lives(UNITS[name], 11, range(300), whole) == lives(UNITS[name], 11, range(300), cut)


@pytest.mark.parametrize("until", [None, 5.0])
@pytest.mark.parametrize("window", [(0.0, None), (0.5, 4.0)])
def test_help_never_loses_a_cell_and_harm_never_saves_one(
    window: tuple[float, float | None], until: float | None
) -> None:
    """With a cloak that switches on and off and keeps killers away, in a linear model.

    Fewer deaths can only help, more only harm; a cloak that never comes (clumping 0) only
    harms, one that is never lost only helps.  At an ``until``, too, as moves are left alone.
    """
    cloak = two_levels(LINEAR, effects=[{"level": "on", "hazard": "*.immune killing", "factor": 0.1}])
    some = {"cells": 15_000, "seed": 8, "until": until}
    for helped in (
        changed(cloak, 0.5, "*.shear", begin=window[0], end=window[1]),
        changed(cloak, 0.2, "*.immune killing", "*.starvation", begin=window[0], end=window[1]),
        changed(cloak, 0.0, "*.cloak: off"),
    ):
        found = cascade.compare(cloak, helped, **some)
        assert found.lost == 0
        assert found.furthest.sum() - np.trace(found.furthest) > 0
        assert np.tril(found.furthest, -1).sum() == 0, "no cell ends before the step where it ended without help"
    for harmed in (
        changed(cloak, 3.0, "*.anoikis", begin=window[0], end=window[1]),
        changed(cloak, 0.0, "*.cloak: on"),
    ):
        found = cascade.compare(cloak, harmed, **some)
        assert found.saved == 0
        assert np.triu(found.furthest, 1).sum() == 0
        assert np.tril(found.furthest, -1).sum() > 0


def test_a_planted_clock_with_other_draws_is_caught() -> None:
    """The check above can fail: with draws of its own for the clock alone, the same help loses cells.

    An idle factor before the cloak gives its clock another number; visits are drawn as before.
    """
    effects = [{"level": "on", "hazard": "*.immune killing", "factor": 0.1}]
    cloak = two_levels(LINEAR, effects=effects)
    shifted = two_levels(two_levels(LINEAR, name="idle", effects=[]), effects=effects)
    assert cascade.exact(shifted).success == pytest.approx(cascade.exact(cloak).success, rel=1e-9)
    for helped, lost in ((changed(cloak, 0.9, "*.shear"), False), (changed(shifted, 0.9, "*.shear"), True)):
        assert (cascade.compare(cloak, helped, cells=15_000, seed=8).lost > 0) is lost


def test_the_cloak_switches_at_the_same_times_whatever_else_is_treated() -> None:
    cloak = two_levels(LINEAR, effects=[{"level": "on", "hazard": "*.immune killing", "factor": 0.1}])
    treated = changed(cloak, 0.3, "*.immune killing", begin=1.0)
    same_times = 0
    for one, two in zip(*(cascade.replay(m, seed=4, cells=range(300)) for m in (cloak, treated)), strict=True):
        a, b = ([s.left for s in life.stays if s.ended_by.startswith("cloak")] for life in (one, two))
        n = min(len(a), len(b))
        assert a[:n] == b[:n]
        same_times += n
    assert same_times > 300


# Clusters: both ends of breaking, conservation, order of work, intervals, errors.


def entries(history: cascade.runs.histories.History, state: str) -> int:
    return sum(stay.ended_by == state for stay in history.stays)


def test_both_ends_of_breaking_on_entering() -> None:
    never, at_once = (clustered(CYCLIC, bond=0.0, on_entering=p) for p in (0.0, 1.0))
    for history in cascade.replay(never, seed=1, cells=range(500)):
        assert history.fragments == ()
        assert {stay.level for stay in history.stays if stay.state != "tumour"} == {
            f"{history.size} cells" if history.size > 1 else ""
        }
    broken = 0
    for history in cascade.replay(at_once, seed=1, cells=range(500)):
        units = (history, *history.fragments)
        # From the blood a cluster comes to a bed, which is set to break it: never twice the same size.
        first = next((i for i, stay in enumerate(history.stays) if stay.ended_by == "bed"), None)
        if first is not None and history.size > 1:
            assert history.stays[first].level != history.stays[first + 1].level
            assert len(history.fragments) >= 1
            broken += 1
        for unit in units:
            sizes = [int(s.level.split()[0]) if s.level else 1 for s in unit.stays]
            assert sizes == sorted(sizes, reverse=True)
        assert len({unit.member for unit in units}) == len(units) <= history.size
    assert broken > 50


@pytest.mark.parametrize("until", [None, 3.0, 60.0])
@pytest.mark.parametrize("name", ["clusters", "clusters turned back", "clusters with factors and frailties"])
def test_every_cell_that_left_is_in_one_place(name: str, until: float | None) -> None:
    result = cascade.simulate(UNITS[name], cells=20_000, seed=4, until=until)
    assert result.cells == sum((20_000 * 0) + r for r in [sum(result.fates().values())])
    assert result.cells == sum(row.cells for row in result.sizes().rows[:1]) > 2 * result.founders
    at = result.edges[(result.edges > 1e-3) & (result.edges < (until or 1e5))]
    alive, dead = result.occupancy(at).values, result.incidence(at)
    causes = [cause for cause in dead.names if cause not in result.lowered.states]
    assert alive.min() >= 0
    assert np.allclose(alive.sum(axis=0) + sum(dead[c] for c in causes), 1.0, atol=1e-12)
    for row in result.funnel():
        assert row.entered == row.passed + sum(row.lost.values()) + row.still
    units = result.sizes()
    assert [row.cells for row in units][1:] == [row.passed for row in result.funnel()]


def test_fragments_do_not_depend_on_the_order_of_work() -> None:
    model = UNITS["clusters with factors and frailties"]
    whole = cascade.simulate(model, cells=20_000, seed=2, watch=["tumour"])
    for chunk in (1, 777):
        cells = 300 if chunk == 1 else 20_000
        parts = cascade.simulate(model, cells=cells, seed=2, watch=["tumour"], chunk=chunk)
        other = whole if cells == 20_000 else cascade.simulate(model, cells=cells, seed=2, watch=["tumour"])
        for name in parts.totals.ARRAYS:
            assert np.array_equal(getattr(parts.totals, name), getattr(other.totals, name)), name
    halves = [cascade.simulate(model, cells=r, seed=2, watch=["tumour"]) for r in (range(7000), range(7000, 20_000))]
    merged = halves[0].merge(halves[1])
    assert all(np.array_equal(getattr(merged.totals, n), getattr(whole.totals, n)) for n in whole.totals.ARRAYS)
    lives_of = cascade.replay(model, seed=2, cells=[*range(200)])
    alone = [cascade.replay(model, seed=2, cells=[cell])[0] for cell in range(200)]
    assert list(lives_of) == alone


def test_replayed_fragments_add_up_to_the_counts(tmp_path: object) -> None:
    model = UNITS["clusters"]
    result = cascade.simulate(model, cells=1500, seed=6)
    events = dict.fromkeys(result.events(), 0)
    for history in result.replay(range(1500)):
        for unit in (history, *history.fragments):
            for stay in unit.stays:
                if stay.ended_by:
                    events[f"{stay.state}.{stay.ended_by}"] += int(stay.level.split()[0]) if stay.level else 1
    assert events == result.events()
    path = result.save(f"{tmp_path}/clusters.cascade")
    again = cascade.open_result(path)
    assert str(again.sizes()) == str(result.sizes())
    assert again.funnel() == result.funnel()


def test_numbers_by_size_agree() -> None:
    """Units by size that pass each step: the mean over 64 batches is not kept by size, so 40 seeds."""
    model = clustered(CYCLIC)
    runs = np.array([cascade.simulate(model, cells=4000, seed=s).sizes().by_size for s in range(40)], float)
    cells = runs[:, 0] @ np.arange(runs.shape[2])
    shares = runs / cells[:, None, None]
    truth = cascade.exact(model).sizes(1.0).by_size
    error = shares.std(axis=0, ddof=1) / math.sqrt(len(runs)) + 1e-6
    assert (abs(shares.mean(axis=0) - truth) < float(stats.t.isf(ALPHA / 2, 39)) * error).all()
    assert truth[0].tolist() == pytest.approx([0, 0.3 / 3.3, 0, 0.4 / 3.3, 0, 0, 0.3 / 3.3])


def test_intervals_take_founders_as_independent() -> None:
    """Coverage of the 95 % intervals of each step over 300 runs: 90 % to 99 %; those of single cells fall short."""
    model = clustered(LINEAR, bond=0.0, on_entering=0.0)
    truth = [row.passed for row in cascade.exact(model).funnel(1.0)]
    inside = np.zeros(len(truth))
    naive = np.zeros(len(truth))
    from cascade.answers.intervals import proportion

    for seed in range(300):
        for k, row in enumerate(cascade.simulate(model, cells=1500, seed=seed).funnel()):
            inside[k] += row.low <= truth[k] <= row.high
            low, high = proportion(int(row.passed), int(row.entered if k == 0 else row.passed / row.fraction_of_all))
            naive[k] += low <= truth[k] <= high
    assert (inside >= 270).all(), inside
    assert (inside[:-1] <= 297).all(), inside
    assert naive.min() < 255


def test_a_lone_cell_is_a_plain_model() -> None:
    """Sizes that only singles use: the same fates as without clusters, bit for bit."""
    sizes = [{"size": 1, "share": 1.0}, {"size": 2, "share": 0.0}]
    single = LINEAR.with_(clusters={"sizes": sizes, "breaks": [{"state": "*", "hazard": 1.0, "on_entering": 0.5}]})
    one, two = (cascade.simulate(m, cells=30_000, seed=3) for m in (LINEAR, single))
    assert one.fates() == two.fates()
    assert cascade.exact(single).fates() == pytest.approx(cascade.exact(LINEAR).fates(), rel=1e-12)
    assert cascade.exact(single).no_colony == pytest.approx(1 - cascade.exact(LINEAR).success, rel=1e-12)


def test_clusters_that_stay_together_have_the_hand_made_answer() -> None:
    """One step, death at h n^-1: a unit of n passes with m / (m + h / n)."""
    model = Model.from_survival({"only": 0.25}, mean_hours=0.25)
    grown = model.with_(clusters={"sizes": SIZES, "effects": [{"hazard": "only.lost", "power": -1.0}]})
    passing = {n: 1 / (1 + 3 / n) for n in (1, 3, 6)}
    cells = 0.3 * 1 + 0.4 * 3 + 0.3 * 6
    expected = sum(s["share"] * s["size"] * passing[int(s["size"])] for s in SIZES) / cells
    exact = cascade.exact(grown)
    assert exact.success == pytest.approx(expected, rel=1e-12)
    assert exact.no_colony == pytest.approx(1 - sum(s["share"] * passing[int(s["size"])] for s in SIZES), rel=1e-12)


def test_wrong_clusters_get_one_clear_message() -> None:
    right = clustered(LINEAR).clusters
    assert right is not None
    plain = right.model_dump()
    for changes, message in (
        ({"sizes": [{"size": 65, "share": 1.0}]}, "a number <= 64"),
        ({"sizes": [{"size": 0, "share": 1.0}]}, "a number >= 1"),
        ({"sizes": [{"size": 1, "share": 1.0}]}, "at least one size above 1"),
        ({"sizes": [{"size": 2, "share": 0.5}]}, "shares that sum to 1"),
        ({"sizes": [{"size": 2, "share": 0.5}, {"size": 2, "share": 0.5}]}, "each size once"),
        ({"effects": [{"hazard": "*.nothing"}]}, "a hazard of the model"),
        ({"breaks": [{"state": "nowhere"}]}, "a state that is not absorbing"),
        ({"breaks": [{"state": "breach"}, {"state": "b*"}]}, "each state once"),
        ({"breaks": [{"state": "breach", "on_entering": 1.5}]}, "a number <= 1"),
    ):
        with pytest.raises(cascade.ModelError, match=message) as caught:
            LINEAR.with_(clusters={**plain, **changes})
        assert len(caught.value.faults) == 1, message
    with pytest.raises(cascade.InputError, match="a model with clusters"):
        cascade.exact(LINEAR).sizes()
    other = clustered(LINEAR).with_(clusters={**plain, "sizes": [{"size": 2, "share": 1.0}]})
    with pytest.raises(cascade.InputError, match="sizes of clusters"):
        cascade.compare(clustered(LINEAR), other, cells=10, seed=1)


def test_clusters_compared_cell_by_cell() -> None:
    model = clustered(LINEAR, bond=0.0, on_entering=0.0)
    helped = changed(model, 0.3, "*.shear", "*.lost")
    found = cascade.compare(model, helped, cells=5000, seed=3)
    runs = [cascade.simulate(m, cells=5000, seed=3) for m in (model, helped)]
    assert found.cells == runs[0].cells == runs[1].cells
    assert found.lost == 0
    # Batches of founders, and with them the intervals, do not depend on the parts of the work.
    for chunk in (1, 77):
        part = cascade.compare(model, helped, cells=300, seed=3, chunk=chunk)
        assert part.rows == cascade.compare(model, helped, cells=300, seed=3).rows
        assert part.batches[:, 0].sum() == part.cells
    for k, row in enumerate(found.rows):
        assert (row.passed, row.passed_other) == tuple(run.funnel().rows[k].passed for run in runs)
    assert Model.from_toml(model.to_toml()) == model


# Faults that a cold reading and hostile use have found.


def coverage(model: Model, founders: int, seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Share of runs whose interval of each step holds the exact share; the same of a paired difference."""
    truth = [row.passed for row in cascade.exact(model).funnel(1.0)]
    helped = model.with_(scale={name: 0.7 for name, part, _ in model.hazards() if hasattr(part, "cause")})
    change = [a.passed - b for a, b in zip(cascade.exact(helped).funnel(1.0), truth, strict=True)]
    inside, paired = np.zeros(len(truth)), np.zeros(len(truth))
    for seed in seeds:
        for k, row in enumerate(cascade.simulate(model, cells=founders, seed=seed).funnel()):
            inside[k] += row.low <= truth[k] <= row.high
        for k, row in enumerate(cascade.compare(model, helped, cells=founders, seed=seed).rows):
            paired[k] += row.low <= change[k] <= row.high
    return inside / len(seeds), paired / len(seeds)


@pytest.mark.full
@pytest.mark.parametrize(("large", "founders"), [(8, 2000), (64, 300)])
def test_intervals_hold_for_rare_and_for_unequal_clusters(large: int, founders: int) -> None:
    """Half of the units single, half large; success of 1 in 50 to 1 in 1000: at least 90 % of 100 runs."""
    model = Model.from_survival({"a": 0.5, "b": 0.05, "c": 0.04})
    sizes = [{"size": 1, "share": 0.5}, {"size": large, "share": 0.5}]
    inside, paired = coverage(model.with_(clusters={"sizes": sizes}), founders, range(100))
    assert inside.min() >= 0.9, inside
    assert paired.min() >= 0.9, paired


def test_an_upper_limit_does_not_fall_when_something_is_seen() -> None:
    from cascade.answers.intervals import clustered_proportion

    sizes = np.full(64, 50)
    counts = np.zeros((3, 64), np.int64)
    counts[1, 0], counts[2, 0] = 1, 8
    none, one, cluster = (clustered_proportion(row, sizes, 8).high for row in counts)
    assert none < one < cluster
    full = [clustered_proportion(sizes - row, sizes, 8).low for row in counts]
    assert full[0] > full[1] > full[2]
    # One founder tells nothing of how founders differ.
    alone = np.zeros(64, np.int64)
    alone[3] = 6
    low, high = clustered_proportion(alone // 2, alone, 6)
    assert low < 0.02
    assert high > 0.98


def test_shares_of_organs_take_founders_as_independent() -> None:
    """Fragments of one founder found in one organ: coverage of its share of colonies, and of their number, 150 runs."""
    states: list[dict[str, object]] = [
        {
            "name": "blood",
            "stage": "way",
            "moves": [{"to": f"bed {o}", "hazard": h} for o, h in (("A", 1.0), ("B", 2.0))],
        },
    ]
    for o in ("A", "B"):
        states += [
            {
                "name": f"bed {o}",
                "stage": "growth",
                "moves": [{"to": f"colony {o}", "hazard": 0.1}],
                "deaths": [{"cause": "lost", "hazard": 0.1}],
            },
            {"name": f"colony {o}", "absorbing": True, "site": o, "landmark": "colony"},
        ]
    breaks = [{"state": "bed *", "hazard": 50.0}]
    model = Model(
        name="organs", stages=["way", "growth"], states=states, sites=[{"name": o, "route": "blood"} for o in "AB"],
        clusters={"sizes": [{"size": 8, "share": 1.0}], "breaks": breaks},
    )  # fmt: skip
    truth = cascade.exact(model).organs(1.0)
    inside = counted = as_if_alone = 0
    for seed in range(150):
        found = cascade.simulate(model, cells=400, seed=seed).organs()
        row, other = (next(r for r in table if r.organ == "A") for table in (found, truth))
        inside += row.low <= other.share <= row.high
        counted += row.colonies_low <= other.colonies * found.cells <= row.colonies_high
        low, high = proportion(int(row.colonies), int(found.cells))
        as_if_alone += low <= other.colonies <= high
    assert inside >= 135
    # Of the number of colonies, too; cells for founders hold in two of three runs.
    assert counted >= 135
    assert as_if_alone < 120
    assert all(r.colonies_low == r.colonies == r.colonies_high for r in truth)
    run = cascade.simulate(model, cells=4000, seed=1)
    expected = {r.organ: r.colonies for r in cascade.exact(model).organs(run.cells)}
    for r in run.organs():
        # Fewer than 8 colonies a founder, each with probability 1/2: within six standard errors.
        assert abs(r.colonies - expected[r.organ]) < 6 * 8 * math.sqrt(4000) / 2


def test_hours_are_those_of_replayed_lives() -> None:
    """Mean hours in each state, of cells, of founders and of clusters, against the lives of 6000 founders."""
    model = clustered(two_levels(CYCLIC))
    exact, n = cascade.exact(model), 6000
    shed = sum(s["share"] * s["size"] for s in SIZES)
    spent = {kind: {s.name: np.zeros(n) for s in model.states} for kind in ("cells", "founder", "clusters")}
    for history in cascade.replay(model, seed=7, cells=range(n)):
        for unit in (history, *history.fragments):
            for stay in unit.stays:
                size = int(stay.level.split(",")[-1].split()[0]) if "cells" in stay.level else 1
                if math.isfinite(stay.left):
                    hours = stay.left - stay.entered
                    spent["cells"][stay.state][history.cell] += size * hours / shed
                    spent["founder"][stay.state][history.cell] += hours
                    spent["clusters"][stay.state][history.cell] += hours * (size > 1)
    for kind, options in (("cells", {}), ("founder", {"per_founder": True}),
                          ("clusters", {"per_founder": True, "least_size": 2})):  # fmt: skip
        for state, hours in exact.hours(**options).items():
            lived = spent[kind][state]
            assert abs(lived.mean() - hours) < 5.85 * lived.std() / math.sqrt(n) + 1e-12, (kind, state)
    # By hand: one state, left at 3 per hour; and one that is never left.
    one = Model.from_survival({"only": 0.5}, mean_hours=1 / 3)
    assert cascade.exact(one).hours() == pytest.approx({"only": 1 / 3})
    waits = CYCLIC.with_(hazards={"asleep.tissue": 0.0, "asleep.slow death": 0.0})
    assert cascade.exact(waits).hours()["asleep"] == math.inf


def test_states_that_nobody_comes_to_do_not_matter() -> None:
    stuck = [{"level": "on", "hazard": name, "factor": 0.0} for name, _, _ in CYCLIC.hazards()]
    never = two_levels(CYCLIC, on=0.0, effects=stuck)
    plain = cascade.exact(CYCLIC)
    assert cascade.exact(never).no_colony == pytest.approx(1.0 - plain.success, rel=1e-12)
    with pytest.raises(cascade.InputError, match="a number > 0"):
        cascade.exact(clustered(CYCLIC)).sizes(-5)


def test_a_visit_of_endless_switches_can_be_stopped() -> None:
    import threading
    import time

    from cascade.common.errors import CascadeError
    from cascade.engine.chunk import chunk_of
    from cascade.engine.prepare import environment as plain

    wait = Model(
        name="wait",
        stages=["s"],
        states=[
            {"name": "s", "stage": "s", "moves": [{"to": "end", "hazard": 1e-9}]},
            {"name": "end", "absorbing": True},
        ],
    )
    lowered = lower(two_levels(wait, on=1e7, off=1e7, effects=[]))
    made = prepare(lowered, plain(lowered, None))
    stop = np.zeros(1, np.uint8)
    chunk = chunk_of(lowered, made, 1, range(1), stop)
    failed: list[str] = []

    def run() -> None:
        try:
            chunk.run()
        except CascadeError as error:
            failed.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    time.sleep(1.0)
    stop[0] = 1
    thread.join(timeout=20)
    assert failed == ["stopped"]


def test_both_lives_of_a_cluster_show_its_fragments() -> None:
    model = clustered(LINEAR)
    helped = changed(model, 0.2, "*.shear", "*.lost")
    found = cascade.compare(model, helped, cells=3000, seed=3)
    stories = [str(lives) for lives in found.replay(found.saved_cells[:40])]
    assert any("fragment from member" in text for text in stories)
    assert any("6 cells" in text for text in stories)


def one_step(**fields: object) -> Model:
    """A state that is left and died in, each at 1 per hour."""
    return Model.from_survival({"only": 0.5}, mean_hours=0.5, **fields)  # type: ignore[arg-type]


def test_means_over_frailties_settle_or_are_not_told() -> None:
    """E[1 / 2Z] of a gamma trait of shape k is k / 2(k - 1), and infinite for k <= 1."""
    every = [{"hazard": "only.metastasis"}, {"hazard": "only.lost"}]
    for cv, known in ((0.3, True), (0.5, True), (1.0, False), (2.0, False)):
        trait = {"name": "z", "cv": cv, "distribution": "gamma", "hazards": every}
        exact = cascade.exact(one_step(frailties=[trait]))
        shape = cv**-2
        found = exact.hours()["only"], exact.times()[0].mean_hours
        if known:
            assert found == pytest.approx([shape / (shape - 1) / 2] * 2, rel=1e-5)
        else:
            assert all(map(math.isnan, found))


def test_near_endless_circles_lose_no_digit() -> None:
    """A cell that circles 1e15 times before it leaves; a solver that subtracts has no answer there."""

    def circle(rate: float) -> cascade.solution.answer.Exact:
        s = {"name": "s", "stage": "a", "moves": [{"to": "t", "hazard": rate}, {"to": "g", "hazard": 2e-3}],
             "deaths": [{"cause": "d", "hazard": 1e-3}]}  # fmt: skip
        t = {
            "name": "t",
            "stage": "a",
            "moves": [{"to": "s", "hazard": rate}],
            "deaths": [{"cause": "e", "hazard": 0.0}],
        }
        return cascade.exact(Model(name="c", stages=["a"], states=[s, t, {"name": "g", "absorbing": True}]))

    for rate in (1.0, 1e6, 1e12):
        assert circle(rate).success == pytest.approx(2 / 3, rel=1e-14)
        assert circle(rate).fates() == pytest.approx({"s.d": 1 / 3, "g": 2 / 3}, rel=1e-14)


def test_founders_of_two_models_must_have_the_same_cells() -> None:
    both = {"sizes": [{"size": 1, "share": 0.5}, {"size": 6, "share": 0.5}]}
    model = one_step(clusters=both)
    factor = {"name": "f", "levels": ["x", "y"], "begin": {"x": 0.5, "y": 0.5}, "states": ["*"]}
    with pytest.raises(cascade.InputError, match="as many cells"):
        cascade.compare(model, model.with_(factors=[factor]), cells=2000, seed=1)


def test_names_may_not_clash_with_those_of_switches() -> None:
    breaks = {"sizes": [{"size": 3, "share": 1.0}], "breaks": [{"state": "only", "hazard": 1.0}]}
    with pytest.raises(cascade.ModelError, match="a switch of a factor"):
        Model.from_survival({"only": 0.5}, causes={"only": {"clusters: break": 1.0}}, clusters=breaks)
    for wrong in ({"hazards": [1]}, {"occupied_by": [True]}):
        shared = {"occupied_by": ["only"], "hazards": ["only.lost"], "half": 1.0, "windows": [0.0], **wrong}
        with pytest.raises(cascade.ModelError, match="text"):
            one_step(capacity=shared)


def test_traits_of_clusters_count_founders_not_cells() -> None:
    """Coverage of the mean at the start over 120 runs of 500 founders of 20 cells: at least 90 %."""
    trait = {"name": "z", "cv": 0.5, "hazards": [{"hazard": "only.lost"}]}
    model = one_step(frailties=[trait], clusters={"sizes": [{"size": 20, "share": 1.0}]})
    found = [cascade.selection(model, cells=500, seed=seed).rows[0] for seed in range(120)]
    assert sum(row.low <= 1.0 <= row.high for row in found) >= 108
    assert cascade.selection(model, cells=500, seed=1).cells == 10_000
