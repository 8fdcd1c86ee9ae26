"""How well a number ranks patients by what happens to them (c-index), and says how many (calibration)."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from _report import Row

FIFTHS = 5


def logistic(x: np.ndarray, y: np.ndarray, slope: float = 1.0) -> np.ndarray:
    """Intercept and slope of a logistic curve: Newton's steps, with a trace of a penalty, so that they end.

    Parameters
    ----------
    x, y : ndarray, (N,)
        A number of each patient, and whether it happened (or by how much of a patient).
    slope : float
        From which the steps start.
    """
    design = np.stack([np.ones_like(x), x], axis=1)
    beta = np.array([logit(np.clip(y.mean(), 1e-3, 1 - 1e-3)), slope])
    for _ in range(30):
        p = expit(design @ beta)
        w = p * (1.0 - p) + 1e-9
        beta = beta + np.linalg.solve((design.T * w) @ design + 1e-6 * np.eye(2), design.T @ (y - p))
    return np.asarray(beta)


def concordance(score: np.ndarray, until: np.ndarray, event: np.ndarray) -> float:
    """Harrell's c: of pairs of whom one is known to recur first, the share in which the score of this one is higher."""
    right = of = 0.0
    for i in np.flatnonzero(event):
        later = until > until[i]
        of += later.sum()
        right += (score[i] > score[later]).sum() + 0.5 * (score[i] == score[later]).sum()
    return right / of


def calibration(score: np.ndarray, happened: np.ndarray) -> tuple[float, float]:
    """Of what a logistic curve of every other patient says of those between them: slope, and the greatest miss.

    Returns
    -------
    slope : float
        Of the curve of what happens to the others over what is said, in logits: 1 is right, below 1 it says too much.
    miss : float
        Of a fifth of the others, by what is said of them: how far the share said is from the share that it happens to.
    """
    # On a scale of its own, so that Newton's steps are alike for all numbers.
    z = (score - score.mean()) / score.std()
    learned, asked = happened[::2].astype(float), happened[1::2].astype(float)
    intercept, by = logistic(z[::2], learned)
    said = intercept + by * z[1::2]
    slope = float(logistic(said, asked)[1])
    parts = np.array_split(np.argsort(said, kind="stable"), FIFTHS)
    return slope, max(abs(float(expit(said[part]).mean() - asked[part].mean())) for part in parts)


def ranked(
    name: str, role: str, score: np.ndarray, until: np.ndarray, event: np.ndarray, observed: float | None
) -> list[Row]:
    """Rows of a number: c-index (beside a published one), slope of calibration and the greatest miss of a fifth."""
    slope, miss = calibration(score, event)
    return [
        Row(f"c-index of {name}", role, observed, concordance(score, until, event), None),
        Row(f"slope of calibration of {name}", role, None, slope, None),
        Row(f"greatest miss in a fifth of patients, {name}", role, None, miss, None),
    ]
