"""Rare ways: their shares to the last bits, every place where one of several is chosen, and who is left as before."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.engine.choices import thresholds
from cascade.engine.prepare import environment, prepare
from cascade.kernel.jit import entry
from cascade.kernel.rare import RARE, rare_exit
from cascade.kernel.streams import key_of
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.provenance import doubt, same_lives
from cascade.web.modules import joined
from cascade.web.page import payload
from helpers.lives import Windows, lives, same
from helpers.models import CYCLIC, FRAIL, LINEAR, UNITS, ways
from helpers.reference import Reference, exactly, uniforms, words

ALL = 1 << 64
NODE, ENGINE = shutil.which("node"), joined("model.js")


@entry
def chosen(hazard, profile, multiplier, word):  # type: ignore[no-untyped-def]
    return rare_exit(hazard, profile, multiplier, 0, np.uint32(0), np.uint32(0), np.uint32(hazard.size), word)


def holds_rare(model: Model, until: float | None = None) -> bool:
    return prepare(lower(model), environment(lower(model), until)).rare is not None


def pick(shares: Sequence[float], word: int) -> int:
    """What the kernel chooses; the shares as hazards of 0.5 that the frailties of a cell multiply."""
    halves = np.array(shares) / 2
    return int(chosen(halves, np.ones(len(shares), np.uint32), np.array([[1.0], [2.0]]), np.uint64(word)))


def parts(shares: Sequence[float]) -> list[int]:
    """How many of the 2^64 words choose each way, found by halving: the choice never falls as the word rises."""
    ends = []
    for way in range(len(shares) - 1):
        low, high = 0, ALL
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if pick(shares, middle) > way else (middle + 1, high)
        ends.append(low)
    return [b - a for a, b in itertools.pairwise([0, *ends, ALL])]


SHARES = {
    "3e-10": [0.6, 3e-10, 0.4 - 3e-10],
    "1e-12 first": [1e-12, 0.5, 0.5],
    "2^-33 last": [0.25, 0.75, 2.0**-33],
    "2^-20": [1 - 2.0**-20, 2.0**-20],
    "several": [1e-12, 0.3, 2.0**-33, 3e-10, 0.7, 2.0**-20, 1e-15, 2.0**-50],
    "none among them": [0.0, 1e-9, 0.0, 1.0, 0.0],
    "beyond all words": [1.0, 1e-25],
    "one": [3.0],
}


@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
def test_every_way_has_its_share_of_the_words(shares: list[float]) -> None:
    """Rare ones to a word, and to the bits of a double; the others within 2^-52, far below their share."""
    total = sum(map(Fraction, shares))
    for found, share in zip(parts(shares), shares, strict=True):
        off = abs(Fraction(found, ALL) - Fraction(share) / total)
        assert off <= (Fraction(share) * Fraction(2.0**-50) + Fraction(1, ALL) if share < 0.1 else Fraction(2.0**-52))
        assert share > 0 or found == 0


@pytest.mark.parametrize("shares", SHARES.values(), ids=SHARES)
def test_32_bits_would_not_do(shares: list[float]) -> None:
    """The fault that the second block mends: shares below 2^-20 wrong by a part of 2^-12 and more."""
    words_32 = [math.ceil(end * 2**32 / ALL - 0.5) for end in [0, *itertools.accumulate(parts(shares))]]
    for share, found in zip(shares, (b - a for a, b in itertools.pairwise(words_32)), strict=True):
        if 1e-12 <= share < RARE / 100 and share != 1e-9:
            assert abs(found / 2**32 / share - 1) > 0.1


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-13, 1.0)), min_size=2, max_size=6), st.integers(0, ALL - 1))
def test_the_kernel_the_thresholds_and_the_exact_rule_are_one(shares: list[float], word: int) -> None:
    if sum(shares) == 0:
        shares[0] = 1.0
    kernel, ends = pick(shares, word), [int(end) for end in thresholds(shares)]
    assert kernel == sum(word >= end for end in ends)
    sums = list(itertools.accumulate(map(Fraction, shares)))
    if all(abs(Fraction(word, ALL) - end / sums[-1]) > Fraction(2.0**-50) for end in sums):
        assert kernel == exactly(shares, word)


# Where the kernel chooses.  A share ends between the middle of a cell's word of 32 bits and where its 64 bits
# lie, and so 32 bits alone choose the next way: only who uses all of them chooses right.

SEED = 8


def straddled(upper: int, lower: int) -> float:
    """A share that ends between the middle of a word of 32 bits and the place that the lower 32 bits give."""
    return (upper + (lower / 2**32 + 0.5) / 2) / 2**32


def visit_share(cell: int, visit: int = 0) -> float:
    key = [int(word) for word in key_of(SEED)]
    return straddled(words(cell, visit, 0, key)[3], words(cell, visit, 4 << 24, key)[0])


def three_ways(share: float, **fields: Any) -> Model:
    """Two states and one that is rare behind a first; the share of the first of them is given."""
    hazards = {"one": share, "two": 1.0 - share - 2.0**-30, "rare": 2.0**-30}
    ends = [{"name": name, "absorbing": True} for name in hazards]
    first = {"name": "first", "stage": "all", **ways(hazards, {"lost": 0.01})}
    return Model(name="three ways", stages=["all"], states=[first, *ends], **fields)


CELLS = range(12)
FRAILTY = {"frailties": [{"name": "z", "cv": 0.7, "hazards": [{"hazard": "first.one"}]}]}
CLOAK = {
    "factors": [
        {
            "name": "cloak",
            "levels": ["off", "on"],
            "states": ["first"],
            "switches": [{"level": "off", "to": "on", "hazard": 2.0}, {"level": "on", "to": "off", "hazard": 2.0}],
        }
    ]
}


def own_share(cell: int, **fields: Any) -> Model:
    """A model in which a cell with a frailty has the share that its words tell apart."""
    (z,) = Reference(three_ways(0.5, **fields), SEED).frailties(cell)
    share = visit_share(cell)
    # (hazard z) / (hazard z + 1 - hazard) is the share.
    return three_ways(share / (z * (1.0 - share) + share), **fields)


def switching(cell: int) -> Model:
    """A factor with a switch to each of three levels, long before the cell goes anywhere."""
    # Draw 0 was the time of the first switch; with draw 1 the clock begins anew.
    _, _, lower_word, upper = words(cell, 1, 3 << 24, [int(word) for word in key_of(SEED)])
    share = straddled(upper, lower_word)
    levels = ["begin", "one", "two", "rare"]
    hazards = {"one": share, "two": 1.0 - share - 2.0**-30, "rare": 2.0**-30}
    switches = [{"level": "begin", "to": to, "hazard": 100.0 * hazard} for to, hazard in hazards.items()]
    factor = {"name": "level", "levels": levels, "states": ["first"], "switches": switches}
    return three_ways(0.5).with_(hazards={"first.rare": 0.5}, factors=[factor])


def starting(cell: int) -> Model:
    """A share of a start that ends within the 2^-48 that the plain draw tells apart, and a rare one behind it."""
    w0, w1, _, w3 = words(cell, 0, 1 << 24, [int(word) for word in key_of(SEED)])
    share = ((w0 | (w1 & 0xFFFF) << 32) + ((w3 & 0xFFFF) / 2**16 + 0.5) / 2) / 2**48
    rare = 2.0**-40
    starts = [{"state": "one", "share": share}, {"state": "rare", "share": rare}]
    starts.append({"state": "two", "share": 1.0 - rare - share})
    living = [{"name": start["state"], "stage": "all", **ways({}, {"lost": 1.0})} for start in starts]
    return Model(name="starts", stages=["all"], states=living, start={"states": starts})


def small_starts() -> list[int]:
    """Cells whose draw is so small that a double holds the share that ends beside it."""
    key = [int(word) for word in key_of(SEED)]
    return [cell for cell in range(3000) if 2.0**-11 < uniforms(cell, 0, 1 << 24, key)[0] < 2.0**-8]


CASES = {
    "plain": [(three_ways(visit_share(cell)), cell) for cell in CELLS],
    "factor": [(three_ways(visit_share(cell), **CLOAK), cell) for cell in CELLS],
    "frailty": [(own_share(cell, **FRAILTY), cell) for cell in CELLS],
    "frailty and factor": [(own_share(cell, **FRAILTY, **CLOAK), cell) for cell in CELLS],
    "switches": [(switching(cell), cell) for cell in CELLS],
    "starts": [(starting(cell), cell) for cell in small_starts()],
}


def as_the_reference(model: Model, cell: int, windows: Windows = ((math.inf, {}),)) -> None:
    assert holds_rare(model)
    (history,) = lives(model, SEED, [cell], windows)
    same(history, Reference(model, SEED, windows).life(cell))


@pytest.mark.sampled(4, 8)
@pytest.mark.parametrize("name", CASES)
def test_a_cell_between_two_ways_lives_as_in_the_reference(name: str) -> None:
    for model, cell in CASES[name]:
        as_the_reference(model, cell)
        # What is counted is what is told.
        counted = cascade.simulate(model, cells=range(cell, cell + 1), seed=SEED)
        assert counted.fates() == {cascade.replay(model, seed=SEED, cells=[cell])[0].fate: 1}


def test_a_cell_that_waited_through_windows() -> None:
    late = ((0.01, {"first.lost": 2.0}), (0.02, {"first.lost": 0.0}), (math.inf, {"first.lost": 1.0}))
    for model, cell in CASES["plain"]:
        as_the_reference(model, cell, late)


ASK = """(given) => given.map(([data, cell]) => {
  const [life] = new Model(data).lives(cell);
  return life.stays.map((stay) => [stay.state, stay.ended_by]);
})"""


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_the_page_chooses_alike() -> None:
    asked = [(payload(model, seed=SEED), cell) for cases in CASES.values() for model, cell in cases]
    code = f"{ENGINE}\nconsole.log(JSON.stringify(({ASK})({json.dumps(asked)})))"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=code, capture_output=True, text=True, check=True
    )
    cells = [(model, cell) for cases in CASES.values() for model, cell in cases]
    for (model, cell), found in zip(cells, json.loads(done.stdout), strict=True):
        (history,) = cascade.replay(model, seed=SEED, cells=[cell])
        assert found == [[stay.state, stay.ended_by] for stay in history.stays]


def test_a_way_is_rare_in_one_window_alone() -> None:
    """The same cells with and without a treatment that makes it so."""
    plain = three_ways(0.25).with_(hazards={"first.rare": 0.5})
    assert not holds_rare(plain)
    shield = cascade.Treatment(name="t", effects=[{"hazard": "first.rare", "factor": 1e-9}], start_hours=0.7)
    treated = plain.with_treatments(shield)
    assert holds_rare(treated)
    assert not holds_rare(treated, 0.5)
    rare = prepare(lower(treated), environment(lower(treated), None)).rare
    assert rare is not None
    assert rare.groups.reshape(2, -1).any(axis=1).tolist() == [False, True]
    for before, after in zip(
        lives(plain, SEED, range(300), ((math.inf, {}),)),
        cascade.replay(treated, seed=SEED, cells=range(300)),
        strict=True,
    ):
        if before.stays[0].left < 0.7:
            assert before == after, "before the treatment"


def test_clusters_and_everything_at_once() -> None:
    """Breaks on entering, phases, factors and frailties, with a rare way in each state: as in the reference."""
    for model in UNITS.values():
        state = next(s for s in model.states if len(s.moves) + len(s.deaths) > 2 or s.deaths)
        more = [*state.deaths, {"cause": "lightning", "hazard": 1e-9}]
        struck = model.with_(states=[s.model_copy(update={"deaths": more}) if s is state else s for s in model.states])
        assert holds_rare(struck)
        for history in lives(struck, 2, range(60), ((50.0, {}),)):
            founder = Reference(struck, 2, ((50.0, {}),)).life(history.cell)
            same(history, founder)


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL, *UNITS.values()], ids=lambda model: model.name)
def test_who_has_no_rare_way_is_left_as_before(model: Model) -> None:
    """No flag is set, so that nothing of this is asked; files of the version before stay what they were."""
    made = prepare(lower(model), environment(lower(model), None))
    assert made.rare is None
    assert same_lives(model, 4)
    assert doubt(model, {"streams": 4}, None) == ""


def test_no_model_of_the_catalogue_has_rare_ways() -> None:
    for entry_ in cascade.models():
        assert not holds_rare(cascade.load(entry_.name)), entry_.name


def test_older_results_of_rare_ways_are_doubted() -> None:
    model = three_ways(0.5)
    assert not same_lives(model, 4)
    assert "simulate anew" in doubt(model, {"streams": 4}, None).lower()
    assert doubt(model, {"streams": 5}, None) == ""
    # Exactly 2^-20 is not yet rare, a bit less is.
    for rare in (2.0**-20, math.nextafter(2.0**-20, 0.0)):
        edge = three_ways(0.5).with_(hazards={"first.two": 0.5 - 2.0**-20, "first.rare": rare})
        assert same_lives(edge, 4) == (rare >= RARE)


@pytest.mark.parametrize("ratio", [3e-10, 1e-12, 2.0**-45])
def test_a_rare_move_beside_deaths_is_as_rare_as_it_should_be(ratio: float) -> None:
    """Which clock is first is decided by exponentials of 48 bits: their steps are averaged by the other clock.

    P(move first) is the sum over the steps k of exp(-X_k / ratio) / 2^48, X_k = -log(1 - (k + 1/2) / 2^48): the
    midpoint rule, off by at most (step / ratio)^2 / 24.
    """
    step = 2.0**-48 / ratio
    k = np.arange(math.ceil(60 / step))
    found = float(np.exp((np.log1p(-(k + 0.5) * 2.0**-48)) / ratio).sum()) * 2.0**-48
    assert abs(found / (ratio / (1 + ratio)) - 1) <= step**2 / 24 + 1e-12
