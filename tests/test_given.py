"""Models of those cells alone that reach a goal: their law is that of all cells, given that they do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import assume, settings
from hypothesis import given as example
from hypothesis import strategies as st

import cascade
from cascade.cli.app import main
from cascade.common.errors import CascadeError, InputError, ModelError
from cascade.engine.chosen import Chosen, chosen
from cascade.lowering.conditioned import aimed, chances
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Aim, Lowered
from cascade.model import Conditioned, Model
from cascade.runs.histories import History
from helpers.budget import agrees, within
from helpers.models import CYCLIC, FRAIL, LINEAR, TURNED_BACK, TWO_FRAILTIES, UNITS, random_models, ways

ONE_START = {"start": {"states": [{"state": "blood"}]}}
CALM = CYCLIC.with_(**ONE_START)
SOON = CYCLIC.with_(hazards={"tissue.tumour": 0.5})
UNLIKE = FRAIL.with_(**ONE_START, hazards={"tissue.tumour": 0.5})
COMPANY = Model(
    name="company",
    stages=["vessel", "tissue"],
    states=[
        {"name": "vessel", "stage": "vessel", **ways({"tissue": 1.0}, {"shear": 3.0})},
        {"name": "tissue", "stage": "tissue", **ways({"tumour": 0.1}, {"apoptosis": 0.2})},
        {"name": "tumour", "absorbing": True},
    ],
    clusters={"sizes": [{"size": 1, "share": 0.6}, {"size": 3, "share": 0.4}],
              "effects": [{"hazard": "*.shear", "factor": 1.0, "power": -1.0}]},
)  # fmt: skip

TREATED = SOON.with_(
    start={"states": [{"state": "blood", "share": 0.75}, {"state": "bed", "share": 0.25}]}
).with_treatments(
    cascade.Treatment(
        name="drug",
        effects=[{"hazard": "*.shear", "factor": 3.0}, {"hazard": "tissue.tumour", "factor": 0.0}],
        start_hours=2.0,
        end_hours=9.0,
    ),
    cascade.Treatment(name="late", effects=[{"hazard": "asleep.tissue", "factor": 10.0}], start_hours=14.0),
)
"""Nothing grows for a time: the chances of cells that wait hardly die out, those of others do."""

GOALS: dict[str, tuple[Model, str | list[str], Callable[[History], bool]]] = {
    "an absorbing state": (SOON, "tumour", lambda life: life.fate == "tumour"),
    "a state that is left again": (CYCLIC, "asleep", lambda life: any(s.state == "asleep" for s in life.stays)),
    "a step": (CYCLIC, "bed", lambda life: any(s.state == "tissue" for s in life.stays)),
    "the step, not the state, of a name": (LINEAR, "arrest", lambda life: any(s.state == "growth" for s in life.stays)),
    "a state by its kind": (LINEAR, "state: arrest", lambda life: any(s.state == "arrest" for s in life.stays)),
    "a milestone": (CYCLIC, "dormancy", lambda life: any(s.state == "asleep" for s in life.stays)),
    "a cause anywhere": (CYCLIC, "shear", lambda life: life.fate.endswith(".shear")),
    "a cause in a state": (CYCLIC, "bed.shear", lambda life: life.fate == "bed.shear"),
    "either": (CYCLIC, ["tumour", "tissue.apoptosis"], lambda life: life.fate in ("tumour", "tissue.apoptosis")),
    "where some start": (TURNED_BACK, "held", lambda life: any(s.state == "bed" for s in life.stays)),
    "frail": (UNLIKE, "tumour", lambda life: life.fate == "tumour"),
    "frail, a step": (TWO_FRAILTIES, "bed", lambda life: any(s.state == "tissue" for s in life.stays)),
    "frail, a death": (UNLIKE, "apoptosis", lambda life: life.fate.endswith(".apoptosis")),
    "a factor that switches": (UNITS["factor"], "metastasis", lambda life: life.fate == "metastasis"),
    "in windows": (TREATED, "tumour", lambda life: life.fate == "tumour"),
    "in windows, a state that is left again": (
        TREATED,
        "asleep",
        lambda life: any(s.state == "asleep" for s in life.stays),
    ),
    "in windows, a cause": (TREATED, "tissue.apoptosis", lambda life: life.fate == "tissue.apoptosis"),
    "clusters that stay whole": (COMPANY, "tumour", lambda life: life.fate == "tumour"),
}


def lives_of(model: Model, cells: int, seed: int) -> list[History]:
    """Whole lives."""
    return list(cascade.replay(model, seed=seed, cells=range(cells)))


def features(life: History) -> list[float]:
    """What tells one life from another: how long, how many stays and in what, levels, traits."""
    lived = life.stays[-1].entered if math.isinf(life.stays[-1].left) else life.stays[-1].left
    last = [float(life.fate == fate) for fate in FATES]
    return [
        math.log(lived + 1e-3), math.log(life.stays[0].left + 1e-3), float(len(life.stays)), life.stays[0].entered,
        float(life.stays[0].state == "bed"), float(sum(s.state == "asleep" for s in life.stays)),
        float(sum(bool(s.level) and s.level == life.stays[0].level for s in life.stays)), float(life.size), *last,
        *(math.log(z) for z in life.traits.values()),
    ]  # fmt: skip


FATES = (
    "metastasis",
    "tumour",
    "tissue.apoptosis",
    "bed.shear",
    "blood.shear",
    "asleep.slow death",
    "cleared",
    "lodged",
)


def same_means(one: Sequence[History], two: Sequence[History]) -> bool:
    """Whether lives have the same mean features, within the budget."""
    a, b = (np.array([features(life) for life in lives]) for lives in (one, two))
    error = np.sqrt(a.var(axis=0) / len(a) + b.var(axis=0) / len(b))
    return all(within(x, y, e + 1e-12) for x, y, e in zip(a.mean(axis=0), b.mean(axis=0), error, strict=True))


QUICK = ("in windows", "a state that is left again", "a step", "a cause in a state", "where some start")
"""Goals that the fast tests look at, simulated lives of each feature; every third of the others is full."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow if k % 3 else pytest.mark.full)
        for k, n in enumerate(GOALS)
    ],
)
def test_lives_have_the_law_of_those_among_all_cells_that_reach_the_goal(name: str) -> None:
    model, goal, reached = GOALS[name]
    # Of those treated one in a hundred ever sleeps.
    cells = 24_000 if name == "in windows, a state that is left again" else 8000
    chosen = [life for life in lives_of(model, cells, 1) if reached(life)]
    assert len(chosen) > 200
    conditioned = lives_of(model.given(goal), 2500, 2)
    assert all(map(reached, conditioned))
    assert same_means(chosen, conditioned)
    # Those that just happen to succeed are no such sample: the test sees that.
    if "start" not in name:
        assert not same_means(lives_of(model, 2500, 1), conditioned)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.full if "frail" in n else []) for n in GOALS if n != "where some start"],
)
def test_counts_are_those_of_the_exact_answer(name: str) -> None:
    model, goal, _ = GOALS[name]
    conditioned = model.given(goal)
    result, answer = cascade.simulate(conditioned, cells=40_000, seed=5), cascade.exact(conditioned)
    expected = answer.fates()
    assert set(result.fates()) <= set(expected)
    if not model.clusters:
        for fate, share in expected.items():
            assert agrees(result.fates().get(fate, 0), result.cells, share)
        for name, share in answer.milestones().items():
            assert agrees(result.milestones()[name], result.cells, share)


@pytest.mark.full
def test_success_is_one_and_times_are_those_of_the_source_given_success() -> None:
    for model in [cascade.load(n) for n in ("textbook", "b16f1-liver", "emt", "platelets", "colon")] + [UNLIKE, CALM]:
        goal = f"step: {model.stages[-1]}"
        answer, source = cascade.exact(model.given(goal)), cascade.exact(model)
        assert abs(answer.success - 1.0) <= 1e-12
        one, two = ([t for t in a.times() if t.kind == "step"][-1] for a in (answer, source))
        assert one.mean_hours == pytest.approx(two.mean_hours, rel=1e-8, nan_ok=True)
        assert one.median_hours == pytest.approx(two.median_hours, rel=1e-4 if model.frailties else 1e-8)


def test_chances_in_windows_are_those_of_high_precision() -> None:
    model = TREATED.given("tumour")
    lowered, (made, aim) = lower(model), aimed(model, lower(model.source))
    told = lowered.thinning
    assert told is not None
    with mpmath.workdps(60):
        # The window from 2 h to 9 h, backward from its end.
        size = int(aim.before.sum())
        later = _matrix(made, aim, 3)
        after = mpmath.lu_solve(-later[:size, :size], later[:size, size])
        window = int(np.flatnonzero(told.end == 9.0)[-1])
        first = int(told.first[window])
        assert told.h[first, :size] == pytest.approx(_evolved(_matrix(made, aim, 2), after, 5.0), rel=1e-11)
        end = [mpmath.mpf(float(x)) for x in told.h[first, :size]]
        for w in np.flatnonzero(told.end == 9.0)[[0, 3, 20, -1]]:
            at = int(told.first[w])
            expected = _evolved(_matrix(made, aim, 1), end, float(told.begin[w]))
            assert told.h[at, :size] == pytest.approx(expected, rel=1e-11)


def _matrix(made: Lowered, aim: Aim, window: int) -> mpmath.matrix:
    """The generator of the states before the goal, and of the goal, in a window."""
    size = int(aim.before.sum())
    place = {int(s): i for i, s in enumerate(aim.state[:size])}
    q = mpmath.zeros(size + 1)
    for e in range(len(aim.hazard)):
        i = place.get(int(aim.source[e]))
        if i is None:
            continue
        rate, to = mpmath.mpf(float(aim.hazard[e] * aim.multipliers[window, e])), int(aim.target[e])
        q[i, i] -= rate
        if to >= 0 and aim.goal[to]:
            q[i, size] += rate
        elif to in place:
            q[i, place[to]] += rate
    assert made.size >= size
    return q


def _evolved(q: mpmath.matrix, end: Sequence[mpmath.mpf], hours: float) -> list[float]:
    """Chances so many hours before they are ``end``."""
    vector = mpmath.matrix([*end, 1])
    return [float(x) for x in (mpmath.expm(q * hours, method="taylor") * vector)[: len(end)]]


FOR_EVER = [
    cascade.Treatment(
        name="for ever",
        effects=[{"hazard": "*.shear", "factor": 0.2}, {"hazard": "asleep.tissue", "factor": 5.0},
                 {"hazard": "tissue.tumour", "factor": 0.3}],
    )
]  # fmt: skip
SHARED = {"occupied_by": ["blood"], "hazards": ["*.shear"], "half": 1.0, "windows": [0.0], "factors": [0.2]}


@pytest.mark.parametrize(
    "changed",
    [SOON.with_(**ONE_START, treatments=FOR_EVER), UNLIKE.with_(treatments=FOR_EVER, frailties=UNLIKE.frailties[:1]),
     SOON.with_(**ONE_START, capacity=SHARED)],
    ids=["treated", "treated, unlike", "the course of a capacity"],
)  # fmt: skip
def test_what_multiplies_hazards_for_ever_is_in_the_chances(changed: Model) -> None:
    """One window alone, but not the hazards that stand in the model."""
    few, source = changed.given("tumour"), cascade.exact(changed)
    exact = cascade.exact(few)
    one, two = ([t for t in answer.times() if t.kind == "step"][-1] for answer in (exact, source))
    assert one.median_hours == pytest.approx(two.median_hours, rel=1e-6)
    untreated = cascade.exact(changed.with_(treatments=[], capacity=None).given("tumour")).times()
    other = [t for t in untreated if t.kind == "step"][-1]
    assert other.median_hours != pytest.approx(one.median_hours, rel=0.01)
    result = cascade.simulate(few, cells=20_000, seed=3)
    assert agrees(result.milestones()["dormancy"], 20_000, exact.milestones()["dormancy"])
    chosen = [life for life in lives_of(changed, 8000, 1) if life.fate == "tumour"]
    assert len(chosen) > 200
    assert same_means(chosen, lives_of(few, 2000, 2))


@pytest.mark.full
def test_traits_are_those_of_survivors() -> None:
    conditioned = UNLIKE.given("tumour")
    exact, among = cascade.exact(conditioned).traits(), cascade.exact(UNLIKE).traits()
    chosen = cascade.selection(conditioned, cells=40_000, seed=1)
    for row in chosen.rows:
        mean = among[row.trait][-1]
        assert exact[row.trait] == pytest.approx((mean,) * len(exact[row.trait]), rel=1e-6)
        assert within(row.mean, mean, (row.high - row.low) / 3.92)


@pytest.mark.parametrize("depth", [1e-8, 1e-30])
def test_what_is_rare_beyond_any_simulation_has_its_closed_form(depth: float) -> None:
    # Four steps in a row, each passed by the fourth root: given success, times are sums of exponentials.
    share, rates = depth**0.25, [0.5, 4.0, 0.02, 1.0]
    model = Model.from_survival(
        {f"step {k}": share for k in range(4)}, mean_hours={f"step {k}": 1.0 / rate for k, rate in enumerate(rates)}
    )
    result = cascade.simulate(model.given("metastasis"), cells=20_000, seed=8)
    assert result.success == 1.0
    lives = lives_of(model.given("metastasis"), 5000, 8)
    stays = np.array([[s.left - s.entered for s in life.stays[:-1]] for life in lives])
    for k, rate in enumerate(rates):
        # Exponential: mean, second moment and the share above the median.
        assert within(stays[:, k].mean(), 1.0 / rate, 1.0 / rate / math.sqrt(len(stays)))
        assert within((stays[:, k] ** 2).mean(), 2.0 / rate**2, math.sqrt(20.0) / rate**2 / math.sqrt(len(stays)))
        assert agrees(int((stays[:, k] > math.log(2.0) / rate).sum()), len(stays), 0.5)
    assert np.abs(np.corrcoef(stays.T) - np.eye(4)).max() < 5.85 / math.sqrt(len(stays))


@settings(max_examples=25, deadline=None)
@example(model=random_models(), scale=st.integers(1, 40))
def test_chances_are_exact_however_small(model: Model, scale: int) -> None:
    assume(cascade.exact(model).success > 0.0)
    # Every death so much faster: chances go down to 1e-200.
    harsh = model.with_(scale={"*.old age": float(10**scale) if scale < 12 else 1e11})
    lowered = lower(harsh)
    _, aim = aimed(harsh.given("goal"), lowered)
    h = _by_high_precision(lowered)
    before = aim.state[aim.before]
    assert chances(aim, np.ones((1, 1)))[0, aim.before] == pytest.approx(
        [float(h[s]) for s in before], rel=1e-13, abs=0
    )


def _by_high_precision(low: Lowered) -> list[mpmath.mpf]:
    """Chance to come to an absorbing state, by a dense solve with 300 digits."""
    with mpmath.workdps(300):
        live = np.flatnonzero(~low.absorbing)
        place = {int(s): i for i, s in enumerate(live)}
        matrix, right = mpmath.zeros(len(live)), mpmath.zeros(len(live), 1)
        for s, t, q in zip(low.exit_source, low.exit_target, low.exit_hazard, strict=True):
            i = place[int(s)]
            matrix[i, i] += mpmath.mpf(float(q))
            if t >= 0 and int(t) in place:
                matrix[i, place[int(t)]] -= mpmath.mpf(float(q))
            elif t >= 0:
                right[i] += mpmath.mpf(float(q))
        solved = mpmath.lu_solve(matrix, right)
        return [solved[place[s]] if s in place else mpmath.mpf(1) for s in range(low.size)]


@pytest.mark.parametrize("model", [CYCLIC, FRAIL, UNITS["factor"]], ids=["cyclic", "frail", "factor"])
def test_cells_are_the_same_however_they_are_run(model: Model) -> None:
    conditioned = model.given(model.goals[0])
    whole = cascade.simulate(conditioned, cells=9000, seed=3)
    with ThreadPoolExecutor(3) as pool:
        parts = cascade.simulate(conditioned, cells=9000, seed=3, executor=pool, chunk=700)
    assert whole.totals == parts.totals
    some = cascade.simulate(conditioned, cells=range(5000, 5010), seed=3, watch=[])
    lives = cascade.replay(conditioned, seed=3, cells=range(5000, 5010))
    assert some.events() == {
        name: sum(f"{s.state}.{s.ended_by}" == name for life in lives for s in life.stays) for name in some.events()
    }


def test_results_are_saved_and_opened_with_their_goal(tmp_path: Path) -> None:
    conditioned = FRAIL.given(["tumour", "dormancy"])
    result = cascade.simulate(conditioned, cells=500, seed=1)
    again = cascade.open_result(result.save(tmp_path / "few.cascade"))
    assert isinstance(again.model, Conditioned)
    assert (again.model, again.totals) == (conditioned, result.totals)
    assert str(again.replay([7])) == str(result.replay([7]))
    assert Model.from_toml(conditioned.to_toml()) == conditioned
    assert conditioned.source == FRAIL.with_(name=conditioned.name, title=conditioned.title)
    assert conditioned.digest() not in {FRAIL.digest(), conditioned.source.digest(), FRAIL.given("tumour").digest()}


def test_what_is_changed_is_changed_among_all_cells() -> None:
    # Twice the waking: those that succeed are others, as an exact answer of all cells has it.
    changed = CALM.given("tumour").with_(scale={"asleep.tissue": 2.0})
    expected = cascade.exact(CALM.with_(scale={"asleep.tissue": 2.0}))
    one, two = ([t for t in a.times() if t.kind == "step"][-1] for a in (cascade.exact(changed), expected))
    assert one.mean_hours == pytest.approx(two.mean_hours, rel=1e-9)


def test_several_goals_are_told_apart() -> None:
    model = cascade.load("colon")
    organs = [site.name for site in model.sites if any(s.site == site.name for s in model.states if s.absorbing)]
    few = model.given(organs)
    exact, result, source = (
        cascade.exact(few).goals(),
        cascade.simulate(few, cells=40_000, seed=1),
        cascade.exact(model),
    )
    colonies = {row.organ: row.colonies for row in source.organs(1.0)}
    assert len(organs) > 20
    for organ, share in exact.items():
        assert share == pytest.approx(colonies[organ] / sum(colonies[o] for o in organs), rel=1e-9)
        assert agrees(result.goals()[organ], result.cells, share)
    both = CYCLIC.given(["dormancy", "tumour", "step: bed", "shear"])
    shares = cascade.exact(both).goals()
    assert sum(shares.values()) > 1
    for goal, n in cascade.simulate(both, cells=20_000, seed=2).goals().items():
        assert agrees(n, 20_000, shares[goal])
    for answer in (cascade.simulate(CYCLIC, cells=9, seed=1), cascade.exact(CYCLIC.given("asleep"))):
        with pytest.raises(InputError, match=r"a conditioned model|goals that are ends"):
            answer.goals()


def test_conditioned_models_are_compared() -> None:
    one = CYCLIC.given("tumour")
    comparison = cascade.compare(one, one.with_(scale={"asleep.tissue": 2.0}), cells=2000, seed=1)
    assert (comparison.saved, comparison.lost) == (0, 0)
    mixed = cascade.compare(CYCLIC, FRAIL.given("tumour"), cells=9000, seed=1)
    assert int(mixed.furthest[:, -1].sum()) == 9000


def test_a_bound_that_is_too_low_is_no_silent_bias() -> None:
    lowered = lower(UNLIKE.given("tumour"))
    found = chosen(lowered)
    low = Chosen(found.tilt, found.proposal._replace(most=found.proposal.most - 0.5))
    with pytest.raises(CascadeError, match="above the bound"):
        low.own_of(np.array([1, 2], np.uint64), np.arange(100_000, dtype=np.uint64))


@pytest.mark.sampled(12, 30)
@pytest.mark.parametrize("power", [-1.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("kind", ["lognormal", "gamma"])
@pytest.mark.parametrize("cv", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("hazard", ["a.on", "a.shear"])
def test_traits_are_chosen_by_their_tilted_law(hazard: str, cv: float, kind: str, power: float) -> None:
    if kind == "gamma" and cv > 1.0 and power < 0:
        pytest.skip("1 / Z has no mean: nearly all that succeed have the smallest Z there are")
    model = Model(
        name="one",
        stages=["a"],
        states=[
            {"name": "a", "stage": "a", **ways({"on": 1e-3}, {"shear": 1.0})},
            {"name": "on", "absorbing": True},
        ],
        frailties=[{"name": "z", "cv": cv, "distribution": kind, "hazards": [{"hazard": hazard, "power": power}]}],
    )
    conditioned = model.given("on")
    found = chosen(lower(conditioned))
    _, logs = found.own_of(np.array([3, 4], np.uint64), np.arange(20_000, dtype=np.uint64))

    def chance(z: np.ndarray) -> np.ndarray:
        move, death = (x * (z**power if hazard.endswith(name) else 1.0) for x, name in ((1e-3, "on"), (1.0, "shear")))
        return move / (move + death)

    quantiles = _tilted_quantiles(chance, kind, cv)
    for level, value in quantiles.items():
        assert agrees(int((np.exp(logs[:, 0]) <= value).sum()), len(logs), level)


def _tilted_quantiles(chance: Callable[[np.ndarray], np.ndarray], kind: str, cv: float) -> dict[float, float]:
    """Quantiles of a frailty among those that succeed, by quadrature in log Z."""
    grid = np.linspace(-90.0, 30.0, 400_001) if kind == "gamma" else np.linspace(-60.0, 60.0, 400_001)
    if kind == "gamma":
        k = cv**-2.0
        log_density = k * (grid + math.log(k)) - k * np.exp(grid) - math.lgamma(k)
    else:
        sigma = math.sqrt(math.log1p(cv * cv))
        log_density = -0.5 * ((grid + 0.5 * sigma**2) / sigma) ** 2
    weight = np.exp(log_density - log_density.max()) * chance(np.exp(grid))
    sums = np.cumsum(weight) / weight.sum()
    return {float(sums[i]): float(np.exp(grid[i])) for i in np.searchsorted(sums, [0.05, 0.3, 0.6, 0.95])}


TO_DEATH = [{"name": "z", "cv": 0.5, "hazards": [{"hazard": "*.lost"}]}]


def ladder(chance: float, **fields: object) -> Model:
    """Thirty steps in a row, which a cell passes with this chance in all."""
    return Model.from_survival({f"step {k}": chance ** (1.0 / 30.0) for k in range(30)}).with_(**fields)


def shut(hazard: str, begin: float, end: float | None) -> cascade.Treatment:
    """For a time, or for good, a hazard is 0."""
    effects = [{"hazard": hazard, "factor": 0.0}]
    return cascade.Treatment(name="d", effects=effects, start_hours=begin, end_hours=end)


DOOR = Model(
    name="door",
    stages=["a"],
    states=[{"name": "a", "stage": "a", **ways({"on": 0.01}, {"shear": 1.0})}, {"name": "on", "absorbing": True}],
)
"""One state; its way to the goal shuts after 2 h."""


@pytest.mark.parametrize("hours", [20.0, 100.0, 10_000.0, None])
def test_before_a_way_shuts_chances_are_those_of_who_has_taken_it(hours: float | None) -> None:
    lowered = lower(DOOR.with_treatments(shut("a.on", 2.0, hours and 2.0 + hours)).given("on"))
    told = lowered.thinning
    assert told is not None
    # Until 2 h, by the time u that is left: h = 0.01 / 1.01 (1 - e^(-1.01 u)), but for e^-20 of that.
    first = np.flatnonzero(lowered.window_start < 2.0)
    assert (told.end[first] == 2.0).all()
    for window in first:
        u = float(told.begin[window])
        if u > 1e-6:
            expected = 0.01 / 1.01 * -math.expm1(-1.01 * u)
            assert told.h[told.first[window], 0] == pytest.approx(expected, rel=1e-12 + 2.0 * math.exp(-20.0) / u)
    # What is refused costs time: a ceiling stays near what is true somewhere in its window.
    way = int(np.flatnonzero(lowered.exit_hazard == 0.01)[0])
    for window in first[:-1]:
        table = told.h[told.first[window] :, 0]
        u = told.end[window] - lowered.window_start[window]
        here = round(float((u - told.begin[window]) * told.per_hour[window]))
        assert told.ceiling[window, way] <= 3.0 / table[here]


@pytest.mark.parametrize("hours", [20.0, None])
def test_lives_before_a_way_shuts_have_their_closed_form(hours: float | None) -> None:
    model = DOOR.with_treatments(shut("a.on", 2.0, hours and 2.0 + hours)).given("on")
    left = np.array([life.stays[0].left for life in lives_of(model, 5000, 4)])
    # Exponential with the summed hazard 1.01, cut off at 2 h.
    assert left.max() < 2.0
    for level in (0.1, 0.5, 0.9, 0.99):
        assert agrees(int((left <= -math.log1p(level * math.expm1(-2.02)) / 1.01).sum()), len(left), level)


def test_names_and_titles_tell_the_goal() -> None:
    model = CYCLIC.given(["tumour", "tumour"])
    assert (model.goal, model.name) == (("tumour",), "cyclic given tumour")
    other = model.with_(goal=["dormancy"])
    assert (other.name, other.title) == (CYCLIC.given("dormancy").name, CYCLIC.given("dormancy").title)
    assert model.with_(goal=["dormancy"], title="mine").title == "mine"


def test_patients_are_not_told_from_those_alone_that_reach_a_goal() -> None:
    model = cascade.load("colon")
    told = [cascade.plot.organs(cascade.exact(one)) for one in (model, model.given("liver"))]
    titles = [" ".join(ax.get_title(loc="left") + ax.get_xlabel() for ax in figure.axes) for figure in told]
    assert ["patients" in text for text in titles] == [True, False]


WRONG: dict[str, tuple[Callable[[], object], type[CascadeError], str]] = {
    "no such goal": (lambda: CYCLIC.given("tumor"), InputError, "did you mean 'tumour'"),
    "no goal": (lambda: CYCLIC.given([]), InputError, "the name of a goal"),
    "a number": (lambda: CYCLIC.given(3), InputError, "goal"),  # type: ignore[arg-type]
    "no model": (lambda: cascade.given("textbook", "x"), InputError, "a Model"),  # type: ignore[arg-type]
    "given twice": (lambda: CYCLIC.given("tumour").given("bed"), InputError, "a model of all cells"),
    "windows and unlike cells": (
        lambda: lower(TREATED.with_(frailties=FRAIL.frailties).given("tumour")),
        InputError,
        "frailties",
    ),
    "windows and switches": (
        lambda: lower(
            UNITS["factor"]
            .with_treatments(
                cascade.Treatment(name="d", effects=[{"hazard": "*.lost", "factor": 2.0}], start_hours=1.0)
            )
            .given("metastasis")
        ),
        InputError,
        "it switches",
    ),
    "windows and cells that enter one by one": (
        lambda: lower(TREATED.with_(start=CYCLIC.start).given("tumour")),
        InputError,
        "one moment",
    ),
    "out of reach of doubles": (lambda: lower(ladder(1e-300).given("metastasis")), InputError, "at least 1e-270"),
    "out of reach of doubles, unlike cells": (
        lambda: chosen(lower(ladder(1e-300, frailties=TO_DEATH).given("metastasis"))),
        InputError,
        "at least 1e-270",
    ),
    "out of reach of doubles, in windows": (
        lambda: lower(ladder(1e-300, treatments=[shut("*.lost", 1.0, 2.0)]).given("metastasis")),
        InputError,
        "at least 1e-270",
    ),
    "bytes": (lambda: CYCLIC.given(b"tumour"), InputError, "the name of a goal"),  # type: ignore[arg-type]
    "clusters that break": (lambda: cascade.load("clusters").given("metastasis"), ModelError, "clusters.breaks"),
    "out of reach": (
        lambda: cascade.simulate(CYCLIC.with_(hazards={"tissue.tumour": 0.0}).given("tumour"), cells=1),
        InputError,
        "a goal that cells can reach",
    ),
    "elasticities": (lambda: cascade.exact(CYCLIC.given("tumour")).elasticities(), InputError, "a model of all cells"),
    "a name of a kind that has none": (lambda: CYCLIC.given("step: tumour"), InputError, "goal"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_had_is_refused_by_name(name: str) -> None:
    run, error, told = WRONG[name]
    with pytest.raises(error, match=told):
        run()


def test_lives_are_told_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["replay", "textbook", "--given", "macrometastasis", "--number", "3", "--seed", "1"])
    told = capsys.readouterr().out
    assert end.value.code == 0
    assert told.count("\ncell ") == told.count(" never  still there") == 3
    assert str(cascade.replay(cascade.load("textbook").given("macrometastasis"), seed=1, cells=[2])) in told
    for arguments in (["--given", "nothing"], ["--number", "0"], ["--first", "one"], ["--first", "1e30"]):
        with pytest.raises(SystemExit) as end:
            main(["replay", "textbook", *arguments])
        assert end.value.code == 2
        assert arguments[0] in capsys.readouterr().err
