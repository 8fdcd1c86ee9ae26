"""Exact answers of conditioned models whose hazards change with time: the source's joint law with the goal."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

import cascade
from cascade.common.types import Floats
from cascade.lowering.lower import expand
from cascade.model import Model
from helpers.budget import agrees, within
from helpers.models import CYCLIC
from test_given import COMPANY, TREATED, shut

LATE = TREATED.with_(start={**TREATED.start.model_dump(), "entry_hours": (4.0, 4.0)})
OPENED = CYCLIC.with_(start=TREATED.start).with_treatments(
    shut("tissue.tumour", 0.0, 3.0), shut("bed.tissue", 5.0, None)
)
RARE = TREATED.with_(scale={"tissue.tumour": 1e-9, "bed.tissue": 1e-4, "blood.bed": 1e-4})
WHOLE = COMPANY.with_treatments(
    cascade.Treatment(name="d", effects=[{"hazard": "*.shear", "factor": 4.0}], start_hours=0.2, end_hours=3.0)
)
CALMED = CYCLIC.with_(start=TREATED.start).with_treatments(shut("*.shear", 2.5, None))
"""What leads away from the goal is shut in the end."""

MODELS = {"treated": TREATED, "late": LATE, "opened and shut": OPENED, "rare": RARE, "calmed": CALMED}


class JointLaw:
    """All cells, and whether they have reached the goal and come to a set of states, as one chain of positive numbers.

    Parameters
    ----------
    model : Model
        Of all cells.
    goal : str
        A state, or a death as ``state.cause``.
    marked : callable
        Whether a state, by its number, is one of the set.
    """

    def __init__(self, model: Model, goal: str, marked: Callable[[int], bool] | None = None) -> None:
        self.low = low = expand(model)
        self.size = low.size
        self.goal = {s for s in range(low.size) if low.states[low.base[s]] == goal}
        self.deadly = {e for e, t in enumerate(low.exit_transition) if low.transitions[t].name == goal}
        assert self.goal or self.deadly
        self.marked = [marked is not None and marked(s) for s in range(low.size)]
        # Places: state, reached, marked; then who has died after the goal or by it: transition, marked.
        self.places = 4 * low.size + 2 * len(low.transitions)
        self.cuts = low.window_start.tolist()

    def place(self, state: int, reached: bool, marked: bool) -> int:
        reached, marked = reached or state in self.goal, marked or self.marked[state]
        return 4 * state + 2 * reached + marked

    def rates(self, window: int) -> Floats:
        low, rates = self.low, np.zeros((self.places, self.places))
        each = zip(low.exit_source, low.exit_target, low.exit_transition, low.exit_hazard, strict=True)
        for e, (source, target, transition, hazard) in enumerate(each):
            q = hazard * low.multipliers[window, transition]
            for reached, marked in itertools.product((False, True), repeat=2):
                here = self.place(source, reached, marked)
                if here != 4 * source + 2 * reached + marked:
                    continue
                rates[here, here] -= q
                if target >= 0:
                    rates[here, self.place(target, reached, marked)] += q
                elif reached or e in self.deadly:
                    rates[here, 4 * self.size + 2 * transition + marked] += q
        return rates

    def step(self, begin: float, end: float) -> Floats:
        window = int(np.searchsorted(self.cuts, begin, side="right")) - 1
        return positive_exponential(self.rates(window), end - begin)

    def pieces(self, begin: float, end: float) -> list[tuple[float, float]]:
        return list(itertools.pairwise([begin, *(c for c in self.cuts if begin < c < end), end]))

    def there(self, time: float) -> Floats:
        """Shares of all cells at a time, (places,), from when they enter."""
        low, row = self.low, np.zeros(self.places)
        for state, share in zip(low.start_state, low.start_share, strict=True):
            row[self.place(state, False, False)] += share
        entry = low.entry_hours[0]
        for begin, end in self.pieces(entry, time) if time > entry else []:
            row = row @ self.step(begin, end)
        return row

    def chance(self, time: float) -> Floats:
        """Chance to reach the goal from each place, (places,)."""
        column = np.zeros(self.places)
        for s, marked in itertools.product(range(self.size), (0, 1)):
            column[4 * s + 2 + marked] = 1.0
        column[4 * self.size :] = 1.0
        # In the last window by one solve: of states before the goal from which something leads on.
        rates = self.rates(len(self.cuts) - 1)
        open_ = np.flatnonzero((column == 0) & (rates.diagonal() < 0))
        column[open_] = np.linalg.solve(-rates[np.ix_(open_, open_)], rates[open_] @ column)
        for begin, end in reversed(self.pieces(time, self.cuts[-1]) if time < self.cuts[-1] else []):
            column = self.step(begin, end) @ column
        return column

    def given(self, time: float) -> Floats:
        """Shares of those that reach the goal."""
        low = self.low
        joint = self.there(time) * self.chance(max(time, low.entry_hours[0]))
        return joint / joint.sum()

    def states(self, row: Floats) -> Floats:
        """By state of the model."""
        each = row[: 4 * self.size].reshape(self.size, 4).sum(axis=1)
        return np.bincount(self.low.base, each, len(self.low.states))

    def deaths(self, row: Floats) -> dict[str, float]:
        """By cause."""
        found: dict[str, float] = {}
        for transition, share in zip(
            self.low.transitions, row[4 * self.size :].reshape(-1, 2).sum(axis=1), strict=True
        ):
            if transition.is_death:
                found[transition.way] = found.get(transition.way, 0.0) + float(share)
        return found


def positive_exponential(rates: Floats, hours: float) -> Floats:
    """exp(rates hours), by sums and products of numbers that are never negative: each is right to some 1e-11."""
    top = float(-rates.diagonal().min())
    halvings = max(0, math.ceil(math.log2(max(top * hours, 1e-300))) + 6)
    step = hours / 2.0**halvings
    chain = np.eye(len(rates)) + rates / top
    power, total = np.eye(len(rates)), np.zeros_like(rates)
    for k in range(14):
        total += power * math.exp(-top * step) * (top * step) ** k / math.factorial(k)
        power = power @ chain
    for _ in range(halvings):
        total = total @ total
    return total


ROUGH = 1e-10
"""The reference, too, has an error, in parts of each number."""

TIMES = [0.0, 1.0, 2.0, 4.0, 5.5, 9.0, 12.0, 60.0]


@pytest.mark.parametrize("goal", ["tumour", "asleep", "tissue.apoptosis", "bed.shear"])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in ("late", "rare", "calmed") else pytest.mark.full) for n in MODELS]
)
def test_is_the_joint_law_of_the_source(name: str, goal: str) -> None:
    model = MODELS[name]
    exact, law = cascade.exact(model.given(goal)), JointLaw(model, goal)
    curves, ends, passed = exact.occupancy(TIMES), exact.incidence(TIMES), exact.reach(TIMES)
    assert curves.errors is not None
    assert ends.errors is not None
    assert passed.errors is not None
    assert curves.errors.max() < 1e-9
    chance = float(law.there(0.0) @ law.chance(law.low.entry_hours[0]))
    assert (name, goal) != ("rare", "tumour") or chance < 1e-14
    for i, time in enumerate(TIMES):
        row = law.given(time)
        assert np.all(np.abs(curves.values[:, i] - law.states(row)) <= curves.errors[:, i] + ROUGH), time
        deaths = law.deaths(row)
        for k, way in enumerate(ends.names):
            expected = deaths[way] if way in deaths else law.states(row)[law.low.states.index(way)]
            assert abs(ends.values[k, i] - expected) <= ends.errors[k, i] + ROUGH, (way, time)
    for k, _ in enumerate(model.stages):
        beyond = JointLaw(model, goal, lambda s, k=k: bool(law.low.stage[s] > k))  # type: ignore[misc]
        for i, time in enumerate(TIMES):
            expected = float(beyond.given(time)[1::2].sum())
            assert abs(passed.values[k, i] - expected) <= passed.errors[k, i] + ROUGH, (k, time)
    assert sum(exact.fates().values()) == pytest.approx(1.0, abs=1e-11)


@pytest.mark.parametrize("until", [None, 3.0, 12.0])
@pytest.mark.parametrize("goal", ["tumour", "tissue.apoptosis"])
@pytest.mark.parametrize("name", ["late", "rare"])
def test_what_is_ever_come_to(name: str, goal: str, until: float | None) -> None:
    model = MODELS[name]
    exact, low = cascade.exact(model.given(goal), until=until), expand(model)
    for milestone, state in (("dormancy", "asleep"), ("tumour", "tumour")):
        law = JointLaw(model, goal, lambda s, state=state: low.states[low.base[s]] == state)  # type: ignore[misc]
        expected = float(law.given(until or 5_000.0)[1::2].sum())
        assert exact.milestones()[milestone] == pytest.approx(expected, abs=1e-9), milestone
        row = next(m for m in exact.funnel(1.0).milestones if m.name == milestone)
        assert row.high - row.low < 1e-8


@pytest.mark.parametrize("until", [None, 5.0, 12.0])
@pytest.mark.parametrize("goal", ["tumour", "asleep", "tissue.apoptosis", "step: bed"])
@pytest.mark.parametrize("name", MODELS)
def test_what_comes_goes_or_is_there(name: str, goal: str, until: float | None) -> None:
    """Of each state: starts and arrivals less departures are the cells that are there."""
    model = MODELS[name]
    exact = cascade.exact(model.given(goal), until=until)
    balance, uses = dict.fromkeys(exact.lowered.states, 0.0), exact.events()
    for state, share in zip(exact.lowered.start_state, exact._prepared.start_share, strict=True):
        balance[exact.lowered.states[exact.lowered.base[state]]] += float(share)
    for transition in exact.lowered.transitions:
        balance[exact.lowered.states[transition.source]] -= uses[transition.name]
        if transition.is_move:
            balance[exact.lowered.states[transition.target]] += uses[transition.name]
    there = exact.occupancy([until]) if until is not None else None
    for state, value in balance.items():
        expected = exact.fates().get(state, 0.0) if there is None else there[state][0]
        assert value == pytest.approx(expected, abs=1e-9 * (1.0 + sum(uses.values()))), state


def test_a_treatment_that_changes_nothing_changes_nothing() -> None:
    model = CYCLIC.with_(start=TREATED.start)
    nothing = cascade.Treatment(
        name="n", effects=[{"hazard": "*.shear", "factor": 1.0}], start_hours=2.0, end_hours=9.0
    )
    for goal in ("tumour", "asleep", "bed.shear"):
        for until in (None, 4.0):
            few, same = (cascade.exact(m.given(goal), until=until) for m in (model, model.with_treatments(nothing)))
            assert same.fates() == pytest.approx(few.fates(), abs=1e-11)
            assert same.events() == pytest.approx(few.events(), rel=1e-9, abs=1e-11)
            assert same.milestones() == pytest.approx(few.milestones(), abs=1e-11)
            assert same.occupancy([0.5, 3.0, 20.0]).values == pytest.approx(
                few.occupancy([0.5, 3.0, 20.0]).values, abs=1e-10
            )


def test_what_is_rare_beyond_any_simulation_has_its_closed_form() -> None:
    """Three steps in a row, the last of which hardly anyone survives; a treatment doubles what kills in the second."""
    model = Model.from_survival(
        dict.fromkeys(("one", "two", "three"), 1e-10), mean_hours={"one": 1.0, "two": 2.0, "three": 0.1}
    )
    hazards = {t.name: q for t, q in zip(expand(model).transitions, expand(model).exit_hazard.tolist(), strict=True)}
    deaths = [name for name in hazards if name.startswith("two.") and "three" not in name]
    drug = cascade.Treatment(name="drug", effects=[{"hazard": n, "factor": 2.0} for n in deaths], start_hours=3.0)
    exact = cascade.exact(model.with_treatments(drug).given("metastasis"))
    assert abs(exact.success - 1.0) <= 1e-12
    # Given success the stay in one is exponential; who comes to two before 3 h leaves it by then or by a faster rate.
    into, out, later = 1.0, 0.5, 0.5 + sum(hazards[n] for n in deaths)
    forward = hazards[next(n for n in hazards if n.startswith("two.") and n not in deaths)]

    def weight(t: float) -> float:
        """Chance to pass two of a cell that comes there at t."""
        if t >= 3.0:
            return forward / later
        return forward / out * -math.expm1(-out * (3.0 - t)) + math.exp(-out * (3.0 - t)) * forward / later

    every = quad(lambda t: into * math.exp(-into * t) * weight(t), 0.0, 3.0, epsrel=1e-13)[0]
    every += math.exp(-3.0 * into) * forward / later
    for time in (0.5, 2.0, 2.9):
        there = quad(lambda t: into * math.exp(-into * t) * weight(t), time, 3.0, epsrel=1e-13)[0]
        there += math.exp(-3.0 * into) * forward / later
        assert exact.occupancy([time])["one"][0] == pytest.approx(there / every, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "goal"),
    [(TREATED, "asleep"), (LATE, "tumour"), (OPENED, "tumour"), (WHOLE, "tumour"), (WHOLE, "shear")],
    ids=["treated", "late", "opened and shut", "clusters", "clusters, a death"],
)
def test_is_what_is_simulated(model: Model, goal: str) -> None:
    for until in (None, 6.0):
        few = model.given(goal)
        exact, result = cascade.exact(few, until=until), cascade.simulate(few, cells=40_000, seed=9, until=until)
        if model.clusters:
            lives = list(cascade.replay(few, seed=9, cells=range(4000), until=until))
            sizes = np.array([life.size for life in lives], float)
            for fate, p in exact.fates().items():
                # The share of cells: those of a unit have one fate.
                ended = np.array([(life.fate or life.stays[-1].state) == fate for life in lives])
                found = float((sizes * ended).sum() / sizes.sum())
                error = float(np.sqrt(((sizes * (ended - found)) ** 2).sum()) / sizes.sum())
                floor = math.sqrt(p * max(0.0, 1.0 - p) / len(lives)) + 1.0 / len(lives)
                assert within(found, p, max(error, floor)), (fate, until)
            continue
        for fate, p in exact.fates().items():
            assert agrees(result.fates().get(fate, 0), result.cells, p), (fate, until)
        for milestone, p in exact.milestones().items():
            assert agrees(result.milestones()[milestone], result.cells, p), (milestone, until)
        for simulated, row in zip(result.funnel().rows, exact.funnel(result.cells).rows, strict=True):
            assert agrees(int(simulated.passed), result.cells, row.passed / result.cells)


def test_cells_that_enter_late_start_by_their_chances_then() -> None:
    """What is closed before they enter closes nothing for them."""
    early = shut("tissue.tumour", 1.0, 3.5)
    late = CYCLIC.with_(start={**TREATED.start.model_dump(), "entry_hours": (4.0, 4.0)})
    few, plain = late.with_treatments(early).given("tumour"), late.given("tumour")
    assert cascade.exact(few).fates() == pytest.approx(cascade.exact(plain).fates(), abs=1e-11)
    for model in (few, plain):
        p = cascade.exact(plain)._prepared.start_share[0]
        lives = cascade.replay(model, seed=3, cells=range(8000))
        assert agrees(sum(life.stays[0].state == "blood" for life in lives), 8000, float(p))
