"""The kernel against the slow reference, cell by cell; windows, stopping, conservation."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.engine.prepare import environment as plain_environment
from cascade.engine.prepare import rows_of
from cascade.lowering.lower import lower
from cascade.lowering.timegrid import FOREVER
from cascade.model import Model
from cascade.runs.result import Result
from helpers.lives import WINDOWS, Windows, lives, same, totals
from helpers.models import CYCLIC, FRAIL, LINEAR, TURNED_BACK, UNITS, correlated, random_models
from helpers.reference import Reference


@pytest.mark.sampled(6, 12)
@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL, TURNED_BACK, correlated(-0.7)], ids=lambda m: m.name)
@pytest.mark.parametrize("windows", [((math.inf, {}),), ((5.0, {}),), WINDOWS], ids=["whole", "until", "windows"])
def test_cell_by_cell_as_the_reference(model: Model, windows: Windows) -> None:
    cells = [*range(400), 2**32 + 5, 2**50]
    reference = Reference(model, 3, windows)
    for history in lives(model, 3, cells, windows):
        same(history, reference.life(history.cell))


@given(random_models(), st.integers(0, 2**31))
def test_random_models_as_the_reference(model: Model, seed: int) -> None:
    reference = Reference(model, seed)
    for history in lives(model, seed, range(40), ((math.inf, {}),)):
        same(history, reference.life(history.cell))


def test_a_scripted_life_by_hand() -> None:
    """Two competing clocks with chosen draws: E_move / 2 against E_death / 1."""
    model = Model.from_survival({"only": 2 / 3}, mean_hours=1 / 3)
    reference = Reference(model, 1)
    from helpers.reference import uniforms

    for history in lives(model, 1, range(50), ((math.inf, {}),)):
        u, v, _ = uniforms(history.cell, 0, 0, reference.key)
        move, death = -math.log(u) / 2, -math.log(v) / 1
        assert history.stays[0].died == (death < move)
        assert history.stays[0].left == pytest.approx(min(move, death), rel=1e-12)


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL], ids=lambda m: m.name)
def test_stopping_and_resuming_changes_no_bit(model: Model) -> None:
    """Windows in which nothing changes, at any times, against the straight run."""
    whole: Windows = ((50.0, {}),)
    cut: Windows = ((1e-3, {}), (0.5, {}), (1.0, {}), (7.3, {}), (49.999, {}), (50.0, {}))
    one, two = totals(model, 11, range(20_000), whole), totals(model, 11, range(20_000), cut)
    assert np.array_equal(one.counts, two.counts)
    assert np.array_equal(one.overtaken, two.overtaken)
    assert lives(model, 11, range(300), whole) == lives(model, 11, range(300), cut)


def test_a_changed_window_moves_only_the_clock_it_changes() -> None:
    """With the death hazard changed on the way, survivors move at the very same times."""
    calm = lives(LINEAR, 5, range(2000), ((math.inf, {}),))
    harsh = lives(LINEAR, 5, range(2000), ((1.0, {}), (3.0, {"detachment.lost": 5.0}), (math.inf, {})))
    both = 0
    for a, b in zip(calm, harsh, strict=True):
        if not a.stays[0].died and not b.stays[0].died:
            assert a.stays[0].left == b.stays[0].left
            both += 1
    assert both > 100


def test_piecewise_hazard_has_the_survival_of_its_integral() -> None:
    """P(alive at t) = exp(-integral of the hazard); n = 400,000, |z| < 5 (two-sided 6e-7)."""
    model = Model.from_survival({"only": 0.0}, mean_hours=1.0)
    n, t = 400_000, 3.0
    windows: Windows = ((1.0, {}), (2.0, {"only.lost": 0.25}), (t, {"only.lost": 0.0}))
    counted = totals(model, 2, range(n), windows)
    alive = int(counted.counts[rows_of(lower(model)).stay].sum())
    p = math.exp(-1.25)
    assert abs(alive - n * p) < 5 * math.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("until", [None, 0.3, 30.0])
@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL, TURNED_BACK], ids=lambda m: m.name)
def test_every_cell_is_in_one_place_at_every_time(model: Model, until: float | None) -> None:
    n = 30_000
    result = cascade.simulate(model, cells=n, seed=4, until=until)
    assert sum(result.fates().values()) == n
    at = result.edges[(result.edges > 1e-3) & (result.edges < (until or 1e5))]
    alive = result.occupancy(at).values
    dead = result.incidence(at)
    causes = [name for name in dead.names if name not in result.lowered.states]
    assert alive.min() >= 0
    assert np.allclose(alive.sum(axis=0) + sum(dead[c] for c in causes), 1.0, atol=1e-12)
    for row in result.funnel():
        assert row.entered == row.passed + sum(row.lost.values()) + row.still
    events, fates = result.events(), result.fates()
    for state in model.states:
        came = sum(events[f"{s.name}.{m.to}"] for s in model.states for m in s.moves if m.to == state.name)
        began = sum(
            int(k)
            for k, share in zip(result.totals.started, model.start.states, strict=True)
            if share.state == state.name
        )
        left = sum(events[f"{state.name}.{w}"] for w in [m.to for m in state.moves] + [d.cause for d in state.deaths])
        assert came + began == left + fates.get(state.name, 0)


def test_replay_is_what_the_run_counted() -> None:
    n = 3000
    result = cascade.simulate(FRAIL, cells=n, seed=9, until=100.0)
    events = dict.fromkeys(result.events(), 0)
    fates: dict[str, int] = {}
    for history in result.replay(range(n)):
        fates[history.fate] = fates.get(history.fate, 0) + 1
        for stay in history.stays:
            if stay.ended_by:
                events[f"{stay.state}.{stay.ended_by}"] += 1
    assert events == result.events()
    assert fates == result.fates()


def test_watched_cells_are_those_that_arrive() -> None:
    n = 20_000
    result = cascade.simulate(CYCLIC, cells=n, seed=9, watch=["asleep", "tumour"])
    listed = set(map(int, result.watched))
    visited = {
        h.cell
        for h in cascade.replay(CYCLIC, seed=9, cells=range(n))
        if {s.state for s in h.stays} & {"asleep", "tumour"}
    }
    assert listed == visited
    assert result.totals.watched_total == len(visited)
    assert list(result.watched) == sorted(listed)


def test_times_of_events_are_counted_in_the_right_bins() -> None:
    grid = [0.01, 0.37, 1.0, 5.5, 77.0]
    n = 2000
    result = cascade.simulate(CYCLIC, cells=n, seed=12, times=grid)
    histories = cascade.replay(CYCLIC, seed=12, cells=range(n))
    curves = result.occupancy(grid)
    for column, t in enumerate(grid):
        present = dict.fromkeys(curves.names, 0)
        for history in histories:
            for i, stay in enumerate(history.stays):
                waiting = i == 0 and t < stay.entered
                if waiting or stay.entered <= t < stay.left or (stay.left == t and not stay.ended_by):
                    present[stay.state] += 1
        assert {name: round(v * n) for name, v in zip(curves.names, curves.values[:, column], strict=True)} == present


@pytest.mark.parametrize("until", [None, 0.7])
@pytest.mark.parametrize("model", [CYCLIC, TURNED_BACK, FRAIL], ids=lambda m: m.name)
def test_furthest_stage_and_milestones_count_distinct_cells(model: Model, until: float | None) -> None:
    """Counted anew from the lives: wherever a cell starts or ends, and whatever it comes back to."""
    result = cascade.simulate(model, cells=8000, seed=21, until=until)
    steps = [*model.stages, ""]
    order = {s.name: steps.index(s.stage or "") for s in model.states}
    milestone = {s.name: s.milestone for s in model.states if s.milestone}
    ended: dict[tuple[str, str], int] = {}
    marks = dict.fromkeys(result.milestones(), 0)
    for history in result.replay(range(8000)):
        visited = {stay.state for stay in history.stays}
        end = steps[max(order[name] for name in visited)], history.fate
        ended[end] = ended.get(end, 0) + 1
        for mark in {milestone[name] for name in visited & milestone.keys()}:
            marks[mark] += 1
    passed = result.cells
    for row in result.funnel():
        here = {fate: n for (step, fate), n in ended.items() if step == row.step}
        lost: dict[str, int] = {}
        for fate, n in here.items():
            if "." in fate:
                lost[fate.partition(".")[2]] = lost.get(fate.partition(".")[2], 0) + n
        assert row.entered == passed
        assert dict(row.lost) == lost
        assert row.still == sum(n for fate, n in here.items() if "." not in fate)
        passed -= sum(here.values())
        assert row.passed == passed
    assert result.milestones() == marks
    assert {m.name: m.cells for m in result.funnel().milestones} == marks


def after(result: Result, end: float) -> npt.NDArray[np.int64]:
    """Transitions counted in bins that begin at or after ``end``."""
    begins = np.concatenate([[0.0], result.edges[:-1]])
    return np.asarray(result.totals.counts[: len(result.lowered.transitions), begins >= end])


@pytest.mark.sampled(12, 30)
@pytest.mark.parametrize("until", [0.013, 0.5, 3.0, 40.0])
@pytest.mark.parametrize("name", ["linear", "cyclic", "frail", "turned back", *UNITS, "treated", "late"])
def test_nothing_happens_after_the_end(name: str, until: float) -> None:
    """No event in a bin that begins at or after ``until``, and none in a life."""
    shield = cascade.Treatment(name="t", effects=[{"hazard": "*.shear", "factor": 0.1}], start_hours=0.4, end_hours=2.0)
    late = {"states": [{"state": "blood"}], "entry_hours": [0.0, 9.0]}
    known = {"linear": LINEAR, "cyclic": CYCLIC, "frail": FRAIL, "turned back": TURNED_BACK, **UNITS}
    known |= {"treated": FRAIL.with_treatments(shield), "late": CYCLIC.with_(start=late)}
    result = cascade.simulate(known[name], cells=6000, seed=3, until=until, times=[until])
    assert after(result, until).sum() == 0
    for history in result.replay(range(400)):
        for unit in (history, *history.fragments):
            for stay in unit.stays:
                assert stay.left <= until or not stay.ended_by, stay
            assert unit.stays[-1].ended_by == "" or unit.stays[-1].died
    # And what has happened by then is what a longer run has by then.
    longer = cascade.simulate(known[name], cells=6000, seed=3, until=4 * until, times=[until])
    assert np.array_equal(longer.occupancy([until]).values, result.occupancy([until]).values)


def test_unchanged_environment_has_no_windows() -> None:
    assert plain_environment(lower(LINEAR), None).ends[0] == FOREVER
