"""Whether a simulation agrees with the exact answer: every count, at the suite's one error budget."""

from __future__ import annotations

import math

from scipy import stats

import cascade
from cascade.runs.result import Result
from helpers.budget import ALPHA, agrees


def all_agree(result: Result, exact: cascade.solution.answer.Exact) -> list[str]:
    """Names of the counts that do not agree."""
    if result.model.clusters is not None:
        return clusters_agree(result, exact)
    n = result.cells
    fates, truth = result.fates(), exact.fates()
    wrong = [name for name in {*fates, *truth} if not agrees(fates.get(name, 0), n, min(1.0, truth.get(name, 0.0)))]
    for row, other in zip(result.funnel(), exact.funnel(1.0), strict=True):
        if not agrees(int(row.passed), n, min(1.0, other.passed)):
            wrong.append(f"passed {row.step}")
        causes = {*row.lost, *other.lost}
        wrong += [
            f"{row.step}: {c}"
            for c in causes
            if not agrees(int(row.lost.get(c, 0)), n, min(1.0, other.lost.get(c, 0.0)))
        ]
    marks = exact.milestones()
    return wrong + [m for m, count in result.milestones().items() if not agrees(count, n, min(1.0, marks[m]))]


def clusters_agree(result: Result, exact: cascade.solution.answer.Exact) -> list[str]:
    """Names of the fates, passed steps and milestones that do not agree, in cells.

    Cells of a founder share its fate: the share of a row is tested by its 64 batches of
    founders, Student's t with 63 degrees of freedom at the budget's level.
    """
    low, batches = result.lowered, result.totals.batches
    sizes, n = batches[:, -1], result.cells
    worst = float(stats.t.isf(ALPHA / 2, len(sizes) - 1))
    rows = {t.name: i for i, t in enumerate(low.transitions) if t.is_death}
    rows |= {name: len(low.transitions) + s for s, name in enumerate(low.states)}
    fates, truth = result.fates(), exact.fates()
    reach = len(low.transitions) + len(low.states) + 1
    checks = [(name, batches[:, row], fates.get(name, 0), truth.get(name, 0.0)) for name, row in rows.items()]
    for k, (row, other) in enumerate(zip(result.funnel(), exact.funnel(1.0), strict=True)):
        checks.append((f"passed {row.step}", batches[:, reach + k], row.passed, other.passed))
    marks = exact.milestones()
    for m, (name, count) in enumerate(result.milestones().items()):
        checks.append((name, batches[:, reach + len(low.stages) + m], count, marks[name]))
    wrong = []
    for name, counts, count, p in checks:
        assert counts.sum() == count, name
        r = counts - p * sizes
        error = math.sqrt((r**2).sum() * len(r) / (len(r) - 1)) + 1.0
        if abs(count - p * n) > worst * error:
            wrong.append(f"{name}: {count} instead of {p * n:.1f}")
    return wrong
