"""The exact answer against formulas by hand and against independent numerical methods."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats
from scipy.integrate import quad
from scipy.special import gammainc

import cascade
from cascade.common.types import Floats
from cascade.model import Model
from cascade.solution import laplace
from cascade.solution.answer import Exact
from helpers.models import CYCLIC, LINEAR, TWO_FRAILTIES, random_models, ways


def expm(a: np.ndarray) -> np.ndarray:
    """Matrix exponential by Taylor series and squaring.

    Not scipy.linalg.expm: for triangular generators with a repeated eigenvalue version
    1.17 returns rows that sum to 1.0004.
    """
    squarings = max(0, math.ceil(math.log2(max(np.abs(a).sum(axis=1).max(), 1e-300))) + 4)
    small = a / 2.0**squarings
    term = total = np.eye(len(a))
    for k in range(1, 19):
        term = term @ small / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def generator(model: Model) -> tuple[np.ndarray, np.ndarray, list[tuple[str, int]], list[str]]:
    """Generator with one absorbing state per death, built here from the model alone."""
    names = [(s.name, k) for s in model.states for k in range(s.phases)]
    causes = [f"{s.name}.{d.cause}" for s in model.states for d in s.deaths]
    n = len(names)
    q = np.zeros((n + len(causes), n + len(causes)))
    for s in model.states:
        for k in range(s.phases):
            i = names.index((s.name, k))
            for m in s.moves:
                q[i, names.index((s.name, k + 1) if k < s.phases - 1 else (m.to, 0))] += m.hazard
            for d in s.deaths:
                q[i, n + causes.index(f"{s.name}.{d.cause}")] += d.hazard
            q[i, i] -= q[i].sum()
    start = np.zeros(len(q))
    for share in model.start.states:
        start[names.index((share.state, 0))] += share.share
    return q, start, names, causes


def by_matrix(model: Model, time: float) -> dict[str, float]:
    """Fates at a time by the matrix exponential (all cells entering at 0)."""
    q, start, names, causes = generator(model)
    p = start @ expm(q * time)
    fates: dict[str, float] = {}
    for (name, _), value in zip(names, p, strict=False):
        fates[name] = fates.get(name, 0.0) + value
    return fates | dict(zip(causes, p[len(names) :], strict=True))


def test_linear_cascade_is_a_product() -> None:
    p = [0.1, 0.5, 0.3, 0.02, 0.8, 0.83, 0.02]
    exact = cascade.exact(Model.from_survival({f"step {i}": x for i, x in enumerate(p)}))
    rows = exact.funnel(cells=1.0).rows
    assert [r.fraction_of_all for r in rows] == pytest.approx(np.cumprod(p), rel=1e-12)
    assert [r.fraction_of_previous for r in rows] == pytest.approx(p, rel=1e-12)


@pytest.mark.parametrize("phases", [1, 2, 7])
@pytest.mark.parametrize("p", [0.0, 0.03, 0.9, 1.0])
def test_survival_and_mean_sojourn_are_what_was_asked_for(p: float, phases: int) -> None:
    model = Model.from_survival({"a": p}, mean_hours=5.0, phases={"a": phases})
    exact = cascade.exact(model)
    assert exact.success == pytest.approx(p, abs=1e-12)
    # Mean sojourn of all cells: each end weighted by its probability.
    mean = sum(t.probability * t.mean_hours for t in exact.times() if t.probability > 0)
    assert mean == pytest.approx(5.0, rel=1e-10)


def test_competing_exponentials_by_hand() -> None:
    """Two causes and a move: shares h_i / sum, all with the same exponential time."""
    model = Model(
        name="one",
        stages=["s"],
        states=[
            {"name": "a", "stage": "s", **ways({"end": 0.3}, {"x": 0.5, "y": 1.2})},
            {"name": "end", "absorbing": True},
        ],
    )
    exact = cascade.exact(model)
    assert exact.fates() == pytest.approx({"a.x": 0.25, "a.y": 0.6, "end": 0.15}, rel=1e-12)
    for row in exact.times():
        assert row.mean_hours == pytest.approx(0.5, rel=1e-12)
        assert row.median_hours == pytest.approx(0.5 * math.log(2), rel=1e-8)
    t = np.array([0.0, 1e-6, 0.1, 1.0, 5.0])
    assert exact.occupancy(t)["a"] == pytest.approx(np.exp(-2 * t), abs=1e-11)
    assert exact.incidence(t)["x"] == pytest.approx(0.25 * -np.expm1(-2 * t), abs=1e-11)


def test_erlang_phases_by_hand() -> None:
    """Without deaths the k phases make a gamma distribution of shape k."""
    model = Model.from_survival({"growth": 1.0}, mean_hours=12.0, phases={"growth": 12})
    exact = cascade.exact(model)
    t = np.geomspace(1.0, 60.0, 30)
    assert exact.reach(t)["growth"] == pytest.approx(stats.gamma.cdf(t, 12, scale=1.0), abs=1e-10)
    assert exact.times()[0].median_hours == pytest.approx(stats.gamma.median(12), rel=1e-8)


def test_a_loop_by_hand() -> None:
    """Blood and bed: arrest chance per pass a, passes again b; geometric number of visits."""
    model = Model(
        name="loop",
        stages=["blood", "bed"],
        states=[
            {"name": "blood", "stage": "blood", **ways({"bed": 9.0}, {"shear": 1.0})},
            {"name": "bed", "stage": "bed", **ways({"blood": 6.0, "held": 3.0}, {"shear": 1.0})},
            {"name": "held", "absorbing": True},
        ],
    )
    exact = cascade.exact(model)
    visits = 0.9 / (1 - 0.9 * 0.6)
    assert exact.success == pytest.approx(0.3 * visits, rel=1e-12)
    assert exact.events()["blood.bed"] == pytest.approx(visits, rel=1e-12)
    rows = exact.funnel(cells=1.0).rows
    assert rows[0].passed == pytest.approx(0.9, rel=1e-12)  # distinct cells, not visits
    assert rows[0].lost == pytest.approx({"shear": 0.1}, rel=1e-12)
    # A death in the blood after the bed belongs to the furthest step: the bed.
    assert rows[1].lost["shear"] == pytest.approx(0.9 - 0.3 * visits, rel=1e-12)


def test_entry_over_an_interval_by_hand() -> None:
    """Immigration at a constant rate for T hours, death at rate m: (1 - exp(-m T)) / (m T) alive."""
    m, span = 0.7, 4.0
    model = Model(
        name="immigration",
        stages=["s"],
        states=[{"name": "a", "stage": "s", **ways({}, {"death": m})}],
        start={"states": [{"state": "a"}], "entry_hours": [0.0, span]},
    )
    exact = cascade.exact(model)
    assert exact.occupancy([span])["a"][0] == pytest.approx(-math.expm1(-m * span) / (m * span), abs=1e-10)
    half = 0.5 - math.expm1(-m * 2.0) / (m * span)  # half still wait to enter at T / 2
    assert exact.occupancy([2.0])["a"][0] == pytest.approx(half, abs=1e-10)
    assert exact.times()[-1].mean_hours == pytest.approx(1 / m + span / 2, rel=1e-10)


@given(random_models())
def test_curves_are_those_of_the_matrix_exponential(model: Model) -> None:
    exact = cascade.exact(model)
    times = np.array([1e-3, 0.02, 0.5, 3.0, 40.0])
    occupancy, incidence = exact.occupancy(times), exact.incidence(times)
    for column, t in enumerate(times):
        truth = by_matrix(model, t)
        for name in occupancy.names:
            assert occupancy[name][column] == pytest.approx(truth[name], abs=1e-9)
        causes: dict[str, float] = {}
        for name, value in truth.items():
            if "." in name:
                causes[name.partition(".")[2]] = causes.get(name.partition(".")[2], 0.0) + value
        for cause, value in causes.items():
            assert incidence[cause][column] == pytest.approx(value, abs=1e-9)


@given(random_models())
def test_the_funnel_until_a_time_ends_at_the_whole_funnel(model: Model) -> None:
    whole, late = cascade.exact(model).funnel(1.0), cascade.exact(model, until=1e7).funnel(1.0)
    for a, b in zip(whole, late, strict=True):
        assert b.passed == pytest.approx(a.passed, abs=1e-9)
        # Where all hazards of a state are 0, cells are still there for ever.
        assert sum(b.lost.values()) + b.still == pytest.approx(sum(a.lost.values()) + a.still, abs=1e-9)
        assert a.entered == pytest.approx(a.passed + sum(a.lost.values()) + a.still, abs=1e-12)


def ring(n: int, death: float) -> Model:
    """Cells that circle through n equal states: a spectrum far from the real axis."""
    states = [
        {"name": f"s{i}", "stage": "ring", **ways({f"s{(i + 1) % n}": 10.0}, {"death": death} if i == 0 else {})}
        for i in range(n)
    ]
    return Model(name="ring", stages=["ring"], states=states)


@pytest.mark.parametrize("death", [1.0, 0.01])
def test_a_long_ring_that_oscillates(death: float) -> None:
    model = ring(40, death)
    times = [0.3, 4.0, 9.0, 40.0, 300.0]
    curves = cascade.exact(model).occupancy(times)
    for column, t in enumerate(times):
        truth = by_matrix(model, t)
        for name in curves.names:
            assert curves[name][column] == pytest.approx(truth[name], abs=2e-9)


def test_seconds_beside_months() -> None:
    """A stiff chain (3600 per hour against 1e-4): the slow state decays as if alone."""
    model = Model(
        name="stiff",
        stages=["fast", "slow"],
        states=[
            {"name": "blood", "stage": "fast", **ways({"asleep": 3600.0}, {"shear": 3600.0})},
            {"name": "asleep", "stage": "slow", **ways({"end": 5e-5}, {"slow death": 5e-5})},
            {"name": "end", "absorbing": True},
        ],
    )
    t = np.array([1.0, 100.0, 1e4, 1e5])
    slow, fast = 1e-4, 7200.0
    truth = 3600.0 * (np.exp(-slow * t) - np.exp(-fast * t)) / (fast - slow)
    assert cascade.exact(model).occupancy(t)["asleep"] == pytest.approx(truth, abs=1e-11)


def test_large_models_are_solved_sparsely() -> None:
    """500 equal phases: an Erlang distribution, beyond the size of dense solves."""
    model = Model.from_survival({"walk": 1.0}, mean_hours=500.0, phases={"walk": 500})
    reach = cascade.exact(model).reach([450.0, 500.0, 560.0])["walk"]
    assert reach == pytest.approx(stats.gamma.cdf([450.0, 500.0, 560.0], 500), abs=1e-9)


def test_one_frailty_against_direct_integration() -> None:
    """P = E[1 / (1 + Z h)] for a log-normal and a gamma frailty on the death hazard."""
    base = Model.from_survival({"a": 0.4})
    for kind in ("lognormal", "gamma"):
        for cv in (0.3, 1.5):
            frailty = {"name": "z", "cv": cv, "distribution": kind, "hazards": [{"hazard": "a.lost"}]}
            exact = cascade.exact(base.with_(frailties=[frailty]))
            if kind == "gamma":
                z = stats.gamma(cv**-2.0, scale=cv**2.0)
            else:
                sigma = math.sqrt(math.log1p(cv**2))
                z = stats.lognorm(sigma, scale=math.exp(-(sigma**2) / 2))
            truth = quad(lambda u, z=z: 0.4 / (0.4 + 0.6 * z.ppf(u)), 0, 1, epsabs=1e-12, limit=400)[0]
            assert exact.success == pytest.approx(truth, abs=1e-9)
            assert exact.error < 1e-10


def test_many_frailties_by_random_points() -> None:
    """Five independent frailties, one per step: the product of the single ones."""
    steps = {f"s{i}": 0.5 for i in range(5)}
    base = Model.from_survival(steps)
    frailties = [{"name": s, "cv": 0.7, "hazards": [{"hazard": f"{s}.lost"}]} for s in steps]
    single = cascade.exact(Model.from_survival({"s0": 0.5}).with_(frailties=frailties[:1])).success
    many = cascade.exact(base.with_(frailties=frailties))
    assert many.error > 0
    assert abs(many.success - single**5) < 6 * many.error + 1e-6


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, TWO_FRAILTIES], ids=lambda m: m.name)
def test_elasticities_are_derivatives(model: Model) -> None:
    exact = cascade.exact(model)
    step = 1e-4
    for name, value in exact.elasticities().items():
        up, down = (cascade.exact(model.with_(scale={name: 1 + s})).success for s in (step, -step))
        assert (math.log(up) - math.log(down)) / (2 * step) == pytest.approx(value, abs=2e-5)
    # Halving every hazard changes no probability: the elasticities sum to 0.
    assert sum(exact.elasticities().values()) == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=15)
@given(random_models())
def test_milestones_are_hitting_probabilities(model: Model) -> None:
    """Against the same model in which the marked state absorbs."""
    marked = model.states[len(model.states) // 2]
    with_mark = model.with_(
        states=[s.model_copy(update={"milestone": "seen"}) if s is marked else s for s in model.states]
    )
    start = model.start.states[0].state
    got = cascade.exact(with_mark).milestones()["seen"]
    if marked.name == start:
        assert got == 1.0
        return
    q, p0, names, _ = generator(model)
    stop = [i for i, (name, _) in enumerate(names) if name == marked.name]
    q[stop] = 0.0
    assert got == pytest.approx((p0 @ expm(q * 1e5))[stop].sum(), abs=1e-8)


def test_states_in_which_all_hazards_are_zero_keep_their_cells() -> None:
    model = LINEAR.with_(hazards={"arrest.growth": 0.0, "*.shear": 0.0, "*.anoikis": 0.0, "arrest.immune killing": 0.0})
    exact = cascade.exact(model)
    assert exact.success == 0.0
    assert exact.fates()["arrest"] == pytest.approx(0.24, rel=1e-12)
    result = cascade.simulate(model, cells=20_000, seed=1)
    assert result.fates()["arrest"] == result.funnel().rows[2].still > 0


def test_endless_cycles_need_an_end() -> None:
    model = CYCLIC.with_(hazards={"*.shear": 0.0, "*.immune killing": 0.0, "bed.tissue": 0.0})
    for call in (lambda: cascade.exact(model), lambda: cascade.simulate(model, cells=10, seed=1)):
        with pytest.raises(cascade.InputError, match="until"):
            call()
    assert cascade.exact(model, until=2.0).success == pytest.approx(0.0, abs=1e-9)
    assert cascade.simulate(model, cells=1000, seed=1, until=2.0).fates().keys() == {"blood", "bed"}


def _holds(found: tuple[Floats, Floats], truth: Floats, most: float) -> None:
    """The error that is stated is kept, and small."""
    values, errors = (part[:, 0] for part in found)
    assert (np.abs(values - truth) <= errors).all()
    assert errors.max() <= most


def test_inversion_of_known_pairs() -> None:
    t = np.geomspace(0.01, 100, 40)
    decay = laplace.invert(lambda z: (1 / (z + 2.0))[:, None], t, np.array([-2.0 + 0j]))
    _holds(decay, np.exp(-2 * t), 1e-12)
    poles = np.array([-0.1 + 3j, -0.1 - 3j])
    wave = laplace.invert(lambda z: (3 / ((z + 0.1) ** 2 + 9))[:, None], t, poles)
    _holds(wave, np.exp(-0.1 * t) * np.sin(3 * t), 1e-9)
    for phases in (3, 20, 160):
        steep = laplace.invert(lambda z, k=phases: ((1 / (1 + z)) ** k / z)[:, None], t, np.zeros(0, complex))  # type: ignore[misc]
        _holds(steep, gammainc(phases, t), 1e-8)


def test_numbers_of_cells_scale() -> None:
    exact = Exact(LINEAR)
    assert exact.funnel(1e9).rows[0].passed == pytest.approx(1000 * exact.funnel(1e6).rows[0].passed)


def two_steps(**fields: object) -> Model:
    """A -> B -> G at 1 per hour each, death at 1 per hour in A and B: success 1/4."""
    states = [
        {"name": "A", "stage": "s1", **ways({"B": 1.0}, {"x": 1.0})},
        {"name": "B", "stage": "s2", **ways({"G": 1.0}, {"x": 1.0})},
        {"name": "G", "absorbing": True},
    ]
    return Model(**{"name": "two", "stages": ["s1", "s2"], "states": states, **fields})


@pytest.mark.parametrize(
    ("entry", "until"), [((0.0, 24.0), 2e5), ((0.0, 1e-6), 1e3), ((0.0, 24.0), 60.0), ((5.0, 5.0), 1e11)]
)
def test_long_after_the_last_entry_the_answer_is_that_of_whole_lives(entry: tuple[float, float], until: float) -> None:
    model = two_steps(start={"states": [{"state": "A"}], "entry_hours": entry})
    assert cascade.exact(model, until=until).success == pytest.approx(0.25, abs=1e-9)


@pytest.mark.parametrize("t", [3.0, 10.0, 24.0, 30.0, 47.9, 48.1])
def test_entry_over_a_day_against_direct_integration(t: float) -> None:
    """P(G by t) for entry at 0 is (1 - exp(-2t)(1 + 2t)) / 4; averaged over the entries."""
    model = two_steps(start={"states": [{"state": "A"}], "entry_hours": [0.0, 24.0]})

    def by(s: float) -> float:
        return (1 - math.exp(-2 * s) * (1 + 2 * s)) / 4 if s > 0 else 0.0

    truth = quad(lambda u: by(t - u) / 24, 0, min(t, 24.0), epsabs=1e-13, limit=200)[0]
    assert cascade.exact(model, until=t).success == pytest.approx(truth, abs=2e-9)


def test_cells_that_start_beyond_a_step_have_passed_it_at_once() -> None:
    model = two_steps(
        start={"states": [{"state": "A", "share": 0.4}, {"state": "B", "share": 0.6}], "entry_hours": [10.0, 20.0]}
    )
    first, second, _ = cascade.exact(model).times()
    # 0.2 of all cells pass the first step 15.5 h after the start on average, 0.6 at once.
    assert first.probability == pytest.approx(0.8)
    assert first.mean_hours == pytest.approx(0.2 * 15.5 / 0.8)
    assert first.median_hours == 0.0
    assert second.mean_hours == pytest.approx((0.1 * 16.0 + 0.3 * 15.5) / 0.4)


@pytest.mark.parametrize(("cv", "power"), [(0.001, 1.0), (0.05, -3.0), (3.0, -2.0), (10.0, 1.0), (10.0, -1.0)])
@pytest.mark.parametrize("kind", ["gamma", "lognormal"])
def test_a_frailty_on_all_ways_out_changes_no_probability(kind: str, cv: float, power: float) -> None:
    hazards = [{"hazard": "A.x", "power": power}, {"hazard": "A.B", "power": power}]
    frailty = {"name": "z", "cv": cv, "distribution": kind, "hazards": hazards}
    assert cascade.exact(two_steps(frailties=[frailty])).success == pytest.approx(0.25, rel=1e-9)


def test_rare_success_by_a_time_has_the_digits_that_it_states() -> None:
    """A wide frailty and a rare success: late enough, both answers are one."""
    frailty = {"name": "z", "cv": 10.0, "hazards": [{"hazard": "A.B"}, {"hazard": "B.G"}]}
    model = two_steps(frailties=[frailty]).with_(hazards={"A.B": 1e-6, "B.G": 1e-4})
    whole, late = cascade.exact(model), cascade.exact(model, until=1e4)
    assert late.success == pytest.approx(whole.success, rel=1e-6)


def test_a_cycle_that_no_cell_can_reach_is_no_matter() -> None:
    states = [
        {"name": "A", "stage": "s", **ways({"B": 0.0}, {"x": 1.0})},
        {"name": "B", "stage": "s", **ways({"C": 1.0}, {"y": 0.0})},
        {"name": "C", "stage": "s", **ways({"B": 1.0}, {})},
    ]
    model = Model(name="closed", stages=["s"], states=states)
    assert cascade.exact(model).fates() == {"A.x": 1.0}
    assert cascade.simulate(model, cells=100, seed=1).fates() == {"A.x": 100}


@pytest.mark.parametrize("phases", [30, 60, 100, 3000])
def test_many_phases_at_any_time(phases: int) -> None:
    """High-order poles: the curve is that of the gamma distribution, and the median its median."""
    exact = cascade.exact(Model.from_survival({"walk": 1.0}, mean_hours=1.0, phases={"walk": phases}))
    t = np.array([0.3, 0.9, 1.0, 1.1, 2.0])
    assert exact.reach(t)["walk"] == pytest.approx(stats.gamma.cdf(t, phases, scale=1 / phases), abs=1e-9)
