"""Times of fits, for the benchmark: five hazards, five days, eight animals, three arms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import cascade
from cascade.inference.drawing import drawn

HAZARDS = [
    "injected.early death",
    "lodged.extravasated",
    "extravasated.micrometastasis",
    "dormant.death of dormant cells",
    "micrometastasis.regression",
]
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}

Timed = Callable[[int, Callable[[], object]], tuple[float, object]]


def fits(runs: int, best_of: Timed) -> list[tuple[str, float, float, str]]:
    """Seconds of a fit, its profiles and its posterior; and its gradient against differences, in one run."""
    rows = [
        {"animal": f"{arm}{day}{k}", "arm": arm, "day": day, "observable": name, "count": 0}
        for arm in "abc"
        for day in (1, 3, 5, 8, 13)
        for k in range(8)
        for name in COUNTED
    ]
    model = cascade.load("b16f1-liver")
    design = cascade.fit(model, cascade.Data.counts(rows, COUNTED, cells=3e5), HAZARDS, starts=0)
    data = drawn(design.likelihood, np.zeros(len(HAZARDS)), np.array([0.3, 0.2]), np.random.default_rng(1))
    fit = cascade.fit(model, data, HAZARDS)
    likelihood, theta, step = fit.likelihood, fit.best.theta, 1e-5

    def by_differences() -> None:
        for p in range(len(theta)):
            for sign in (1.0, -1.0):
                likelihood.expected(theta + sign * step * np.eye(len(theta))[p], slopes=False)

    exact, _ = best_of(5 * runs, lambda: likelihood.expected(theta))
    differences, _ = best_of(5 * runs, by_differences)
    once, _ = best_of(runs, lambda: cascade.fit(model, data, HAZARDS, starts=0))
    often, _ = best_of(runs, lambda: cascade.fit(model, data, HAZARDS))
    profiles, _ = best_of(runs, lambda: cascade.fit(model, data, HAZARDS, starts=0).table())
    posterior, _ = best_of(1, lambda: fit.posterior(draws=1000))
    varied, _ = best_of(1, lambda: cascade.fit(model, data, HAZARDS, vary=HAZARDS[3], starts=0))
    times = _times()
    textbook, free = cascade.load("textbook"), ["micrometastasis.macrometastasis", "*.shear"]
    timed, _ = best_of(runs, lambda: cascade.fit(textbook, times, free, starts=0).table())
    what = "fit of five hazards to three arms of forty animals"
    return [
        (f"{what}, one start, seconds", once, 0.1, "at most"),
        (f"{what}, five starts, seconds", often, 0.5, "at most"),
        (f"{what}, all profiles, seconds", profiles, 2.0, "at most"),
        (f"{what}, posterior, seconds", posterior, 5.0, "at most"),
        (f"{what}, one of which differs between animals, seconds", varied, 5.0, "at most"),
        ("fit of two hazards to 400 times of the first of many cells, with profiles, seconds", timed, 5.0, "at most"),
        (f"{what}, differences against exact slopes", differences / exact, 1.5, "at least"),
    ]


def _times() -> cascade.Data:
    """Times to the first metastasis of 400 animals, a half of them between two looks, some censored."""
    rng = np.random.default_rng(2)
    days = np.round(np.minimum(5.0 + rng.exponential(20.0, 400), 60.0), 2)
    known = days < 60.0
    looked = np.where((rng.random(400) < 0.5) & known, np.maximum(days - 3.0, 0.5), np.nan)
    rows = [
        {"day": float(day), "event": "metastasis" if seen else "", "after": "" if np.isnan(after) else float(after)}
        for day, seen, after in zip(days, known, looked, strict=True)
    ]
    return cascade.Data.times(rows, {"metastasis": "macrometastasis"}, cells=2e6)
