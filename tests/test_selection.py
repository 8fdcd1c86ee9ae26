"""Cells that differ: correlated frailties, the traits of survivors, their figure, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cascade
from cascade import plot
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.histories import traits_of
from cascade.solution.quadrature import Nodes, grids
from helpers.agreement import all_agree
from helpers.budget import within
from helpers.models import ALIKE, FRAIL, LINEAR, TWO_FRAILTIES, correlated
from helpers.reference import Reference

NAMES = [frailty.name for frailty in TWO_FRAILTIES.frailties]


@pytest.mark.parametrize("value", [-0.6, 0.8])
def test_correlated_frailties_agree_with_the_exact_answer(value: float) -> None:
    model = correlated(value)
    result, exact = cascade.simulate(model, cells=600_000, seed=4), cascade.exact(model)
    assert all_agree(result, exact) == []
    # They matter: without the correlation the last step comes out otherwise.
    assert abs(exact.success / cascade.exact(ALIKE).success - 1) > 0.05


def test_a_correlation_of_zero_changes_no_bit() -> None:
    a, b = (cascade.simulate(m, cells=20_000, seed=4).totals for m in (ALIKE, correlated(0.0)))
    assert np.array_equal(a.counts, b.counts)


def test_moments_of_the_mixed_frailties() -> None:
    """Mean 1, the stated spread, and the stated correlation of log Z, by the quadrature's own nodes."""
    lowered = lower(correlated(0.7))
    nodes = Nodes.joined(list(grids(lowered)))
    z = np.exp(nodes.logs)
    assert nodes.weights @ z == pytest.approx([1.0, 1.0], rel=1e-8)
    cv = [frailty.cv for frailty in TWO_FRAILTIES.frailties]
    assert np.sqrt(nodes.weights @ z**2 - 1.0) == pytest.approx(cv, rel=1e-5)
    centred = nodes.logs - nodes.weights @ nodes.logs
    covariance = (centred * nodes.weights[:, None]).T @ centred
    assert covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1]) == pytest.approx(0.7, rel=1e-8)


@pytest.mark.parametrize("model", [TWO_FRAILTIES, correlated(0.5)], ids=["independent", "correlated"])
def test_traits_of_survivors_agree_with_the_exact_answer(model: Model) -> None:
    found, exact = cascade.selection(model, cells=400_000, seed=1), cascade.exact(model).traits()
    compared = 0
    for row in found:
        expected = exact[row.trait][found.steps.index(row.step)]
        error = (row.high - row.low) / 2 / 1.96
        assert within(row.mean, expected, error), row
        compared += row.cells > 100
    assert compared >= 6
    # Selection is there to be seen: the last survivors differ from those that started.
    first, last = (next(r for r in found if r.trait == NAMES[1] and r.step == s) for s in ("start", found.steps[-1]))
    assert last.low > 1.5 > first.high
    reached = [row.passed for row in cascade.simulate(model, cells=400_000, seed=1).funnel()]
    assert [row.cells for row in found if row.trait == NAMES[0]] == [400_000, *reached]


def test_drawn_traits_are_those_of_the_kernel() -> None:
    """A hazard that is Z itself: the time of a cell is its exponential over Z, so slow cells have small Z."""
    model = Model.from_survival(
        {"wait": 1.0}, frailties=[{"name": "speed", "cv": 1.0, "hazards": [{"hazard": "wait.metastasis"}]}]
    )
    until = 0.02  # passed by then: those with a large Z
    found = cascade.selection(model, cells=200_000, seed=3, until=until)
    passed = next(row for row in found if row.step == "wait")
    nodes = Nodes.joined(list(grids(lower(model))))
    z = np.exp(nodes.logs[:, 0])
    chance = 1.0 - np.exp(-z * until)
    expected = nodes.weights @ (z * chance) / (nodes.weights @ chance)
    assert expected > 1.8
    assert within(passed.mean, expected, (passed.high - passed.low) / 2 / 1.96)


@pytest.mark.parametrize("model", [TWO_FRAILTIES, correlated(0.8), correlated(-0.5)], ids=lambda m: m.name)
def test_traits_of_replayed_cells_are_those_of_the_reference(model: Model) -> None:
    """Drawn anew in plain Python: the very numbers, and with them spreads and correlation."""
    reference = Reference(model, 11)
    lives = cascade.replay(model, seed=11, cells=range(300))
    for life in lives:
        assert list(life.traits) == NAMES
        assert list(life.traits.values()) == pytest.approx(reference.frailties(life.cell), rel=1e-9)
    # The traits that a comparison tells are means of the same.
    found = cascade.compare(model, model.with_(scale={"*.shear": 0.2}), cells=3000, seed=11)
    drawn = np.array([reference.frailties(cell) for cell in found.saved_cells])
    assert len(drawn) > 10
    told = [found.traits()[name]["saved"] for name in NAMES]
    assert told == pytest.approx(drawn.mean(axis=0), rel=1e-9)


@pytest.mark.parametrize("model", [TWO_FRAILTIES, correlated(0.5)], ids=lambda m: m.name)
def test_medians_are_those_of_the_cells(model: Model) -> None:
    """Against the traits of the cells themselves: within half a bin, of which there are 20 in a decade."""
    n = 4000
    reference, order = Reference(model, 9), {s.name: s.stage for s in model.states}
    steps = ["start", *model.stages]
    drawn: dict[str, list[list[float]]] = {step: [] for step in steps}
    for life in cascade.replay(model, seed=9, cells=range(n)):
        stages = [order[stay.state] for stay in life.stays]
        passed = max(len(model.stages) if stage is None else model.stages.index(stage) for stage in stages)
        for step in steps[: passed + 1]:
            drawn[step].append(reference.frailties(life.cell))
    half_a_bin = 10 ** (0.5 / 20)
    compared = 0
    for row in cascade.selection(model, cells=n, seed=9):
        z = np.sort(np.array(drawn[row.step])[:, NAMES.index(row.trait)]) if drawn[row.step] else np.array([])
        assert row.cells == len(z)
        if len(z) > 100:
            low, high = np.quantile(z, [0.5 - 1 / len(z), 0.5 + 1 / len(z)])
            assert low / half_a_bin <= row.median <= high * half_a_bin, row
            assert row.mean == pytest.approx(z.mean(), rel=1e-4)
            # It is from the bins and what all start with: about as wide as that of a normal mean, and around the mean.
            assert row.low < row.mean < row.high
            assert 0.6 < (row.high - row.low) / (2 * 1.96 * z.std() / math.sqrt(len(z))) < 1.7
            compared += 1
    assert compared >= 6


def test_selection_does_not_depend_on_chunks_and_follows_results() -> None:
    whole = cascade.selection(TWO_FRAILTIES, cells=30_000, seed=2)
    parts = cascade.selection(TWO_FRAILTIES, cells=30_000, seed=2, chunk=777)
    result = cascade.simulate(TWO_FRAILTIES, cells=range(9000), seed=2).merge(
        cascade.simulate(TWO_FRAILTIES, cells=range(12_000, 30_000), seed=2)
    )
    assert np.array_equal(whole.histogram, parts.histogram)
    assert np.array_equal(whole.sums, parts.sums)
    assert cascade.selection(result).cells == 27_000
    assert "exact mean" in whole.table(beside=cascade.exact(TWO_FRAILTIES).traits())
    assert len(plot.selection(whole).axes) == 2


def test_seven_traits_have_exact_means_with_standard_errors() -> None:
    model = cascade.load("unlike-cells")
    assert {f.name for f in model.frailties} == {
        "adhesion", "proteolysis", "motility", "deformability", "shear resistance", "immune visibility", "soil fitness",
    }  # fmt: skip
    exact = cascade.exact(model)
    means, errors = exact.traits(), exact.trait_errors()
    found = cascade.selection(model, cells=1_000_000, seed=6)
    for row in found:
        k = found.steps.index(row.step)
        if row.cells > 1000:
            error = math.hypot((row.high - row.low) / 2 / 1.96, errors[row.trait][k])
            assert within(row.mean, means[row.trait][k], error), row
            assert errors[row.trait][k] < 0.05 * means[row.trait][k]


@pytest.mark.parametrize("model", [TWO_FRAILTIES, FRAIL], ids=lambda m: m.name)
def test_exact_means_of_traits_keep_their_errors(model: Model) -> None:
    # Much finer grids of the same rule, as far as they go, against what is stated.
    means, errors = cascade.exact(model).traits(), cascade.exact(model).trait_errors()
    lowered = lower(model)
    *_, finest = grids(lowered)
    parts = [finest] if len(model.frailties) > 2 else list(grids(lowered))
    fine = cascade.Exact(model, nodes=Nodes.joined(parts)).traits()
    for name, row in means.items():
        for value, error, better in zip(row, errors[name], fine[name], strict=True):
            assert error < 1e-7
            assert abs(value - better) <= error + 1e-13 * value


def test_wrong_input_gets_clear_messages() -> None:
    with pytest.raises(cascade.InputError, match="without them all cells are alike"):
        cascade.selection(LINEAR, cells=10)
    with pytest.raises(cascade.InputError, match="a number of cells"):
        cascade.selection(TWO_FRAILTIES)
    with pytest.raises(cascade.InputError, match="a Selection"):
        plot.selection(TWO_FRAILTIES)  # type: ignore[arg-type]
    for correlations, message in (
        ([{"between": NAMES, "value": 1.5}], "a number < 1"),
        ([{"between": [NAMES[0], "nobody"], "value": 0.5}], "did you mean|the name of a frailty"),
        ([{"between": [NAMES[0], NAMES[0]], "value": 0.5}], "two frailties"),
        ([{"between": NAMES, "value": 0.5}] * 2, "each pair once"),
    ):
        with pytest.raises(cascade.ModelError, match=message):
            ALIKE.with_(correlations=correlations)
    with pytest.raises(cascade.ModelError, match="only these can be correlated"):
        TWO_FRAILTIES.with_(correlations=[{"between": NAMES, "value": 0.5}])


def test_correlations_that_cannot_hold_together() -> None:
    hazard = [{"hazard": name} for name, _, _ in LINEAR.hazards()]
    frailties = [{"name": n, "cv": 0.5, "hazards": [hazard[i]]} for i, n in enumerate("abc")]
    pairs = [("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9)]
    given = [{"between": (a, b), "value": v} for a, b, v in pairs]
    with pytest.raises(cascade.ModelError, match="positive definite"):
        LINEAR.with_(frailties=frailties, correlations=given)
    given[2]["value"] = 0.9
    assert LINEAR.with_(frailties=frailties, correlations=given).correlations[2].value == 0.9


def test_squares_of_the_largest_traits_are_counted_whole() -> None:
    """A cell with Z above 2^10 has a square above 2^20: by the traits that are drawn of the same cells."""
    model = LINEAR.with_(frailties=[{"name": "z", "cv": 10.0, "hazards": [{"hazard": "*.shear"}]}])
    found = cascade.selection(model, cells=300_000, seed=1)
    z = traits_of(model, seed=1, cells=range(300_000))["z"]
    assert z.max() > 2**10
    # Each number is rounded to 2^-20.
    assert abs(found.squares[0, 0] - float((z**2).sum())) < 300_000 * 2**-20
    assert abs(found.sums[0, 0] - float(z.sum())) < 300_000 * 2**-20
