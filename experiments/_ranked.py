"""How well a number ranks patients by what happens to them (c-index), and says how many (calibration)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from _report import Row

FIFTHS = 5
NODES = ((0, 0), (1, 3), (4, 10**6))
"""Positive nodes by which patients are grouped, from and to."""

COMPARED = "naive comparator"
PENALTY = 1e-6


def logistic(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of the likeliest logistic curve, with a trace of a penalty, so that there always is one.

    Parameters
    ----------
    x, y : ndarray, (N,)
        A number of each patient, and whether it happened (or by how much of a patient).
    """
    # On a scale on which all numbers are alike, from the curve that does not rise: Newton's steps go astray from afar.
    middle, wide = float(x.mean()), max(float(x.std()), 1e-12)
    design = np.stack([np.ones_like(x), (x - middle) / wide], axis=1)

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ beta
        lost = float(np.logaddexp(0.0, z).sum() - y @ z + 0.5 * PENALTY * beta @ beta)
        return lost, design.T @ (expit(z) - y) + PENALTY * beta

    def curved(beta: np.ndarray) -> np.ndarray:
        p = expit(design @ beta)
        return np.asarray((design.T * (p * (1.0 - p))) @ design + PENALTY * np.eye(2))

    begin = np.array([logit(np.clip(y.mean(), 1e-6, 1 - 1e-6)), 0.0])
    found = minimize(loss, begin, jac=True, hess=curved, method="trust-exact", options={"gtol": 1e-6 * len(x)})
    if not found.success:
        raise ArithmeticError(f"no logistic curve of {len(x)} patients was found: {found.message}")
    slope = float(found.x[1]) / wide
    return float(found.x[0]) - slope * middle, slope


def cox(x: np.ndarray, until: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Slopes of the likeliest model of proportional hazards, (P,); ties as Breslow has them.

    Parameters
    ----------
    x : ndarray, (N, P)
    until, event : ndarray, (N,)
        Times, and whether it happened then.
    """
    at_risk = until >= until[event][:, None]  # (events, N)
    centred = x - x.mean(axis=0)

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        score = centred @ beta
        weights = at_risk * np.exp(score - score.max())
        total = weights.sum(axis=1)
        lost = float((np.log(total) + score.max() - score[event]).sum() + 0.5 * PENALTY * beta @ beta)
        mean = (weights / total[:, None]) @ centred
        return lost, (mean - centred[event]).sum(axis=0) + PENALTY * beta

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-6 * len(x)})
    if not found.success:
        raise ArithmeticError(f"no slopes of {len(x)} patients were found: {found.message}")
    return np.asarray(found.x)


def concordance(score: np.ndarray, until: np.ndarray, event: np.ndarray) -> float:
    """Harrell's c: of pairs of whom one is known to recur first, the share in which the score of this one is higher."""
    right = of = 0.0
    for i in np.flatnonzero(event):
        later = until > until[i]
        of += later.sum()
        right += (score[i] > score[later]).sum() + 0.5 * (score[i] == score[later]).sum()
    return right / of


def said(score: np.ndarray, happened: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a logistic curve of every other patient says of those between them, and what happens to these."""
    intercept, slope = logistic(score[::2], happened[::2].astype(float))
    return np.asarray(expit(intercept + slope * score[1::2])), happened[1::2].astype(float)


def miss(says: np.ndarray, happens: np.ndarray, groups: Iterable[np.ndarray]) -> float:
    """How far the share that is said is from the share that it happens to, in the group where it is furthest."""
    return max(abs(float(says[of].mean() - happens[of].mean())) for of in groups)


def ranked(
    name: str, role: str, score: np.ndarray, until: np.ndarray, event: np.ndarray, nodes: np.ndarray,
    observed: float | None = None,
) -> list[Row]:  # fmt: skip
    """Rows of a number: its c-index (beside a published one), and by how much it misses in groups of patients.

    The groups are fifths by what it says itself, which shows where it bends, and those by positive ``nodes``, in which
    size alone says the same of patients of whom not the same becomes.
    """
    says, happens = said(score, event)
    fifths = np.array_split(np.argsort(says, kind="stable"), FIFTHS)
    asked = nodes[1::2]
    by_nodes = [(asked >= low) & (asked <= high) for low, high in NODES]
    return [
        Row(f"c-index of {name}", role, observed, concordance(score, until, event), None, unit="ratio"),
        Row(f"greatest miss in a fifth of patients, {name}", COMPARED, None, miss(says, happens, fifths), None),
        Row(f"greatest miss by nodes, {name}", COMPARED, None, miss(says, happens, by_nodes), None),
    ]
