"""Times of fits, for the benchmark: five hazards, five days, eight animals, three arms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

import cascade
from cascade.inference.chains import available, chains
from cascade.inference.drawing import drawn
from cascade.inference.posterior import _Density, priors_of

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
    varied, apart = best_of(1, lambda: cascade.fit(model, data, HAZARDS, vary=HAZARDS[3]))
    assert isinstance(apart, cascade.Fit)
    varied_profiles, _ = best_of(1, apart.table)
    times = _times()
    textbook, free = cascade.load("textbook"), ["micrometastasis.macrometastasis", "*.shear"]
    timed, _ = best_of(runs, lambda: cascade.fit(textbook, times, free, starts=0).table())
    what = "fit of five hazards to three arms of forty animals"
    return [
        (f"{what}, one start, seconds", once, 0.1, "at most"),
        (f"{what}, five starts, seconds", often, 0.5, "at most"),
        (f"{what}, all profiles, seconds", profiles, 2.0, "at most"),
        (f"{what}, posterior, seconds", posterior, 2.0, "at most"),
        (f"{what}, one of which differs between animals, seconds", varied, 5.0, "at most"),
        (f"{what}, one of which differs between animals, all profiles, seconds", varied_profiles, 5.0, "at most"),
        ("fit of two hazards to 400 times of the first of many cells, with profiles, seconds", timed, 5.0, "at most"),
        (f"{what}, differences against exact slopes", differences / exact, 1.5, "at least"),
        *_peers(fit, posterior, what),
    ]


def _peers(fit: cascade.Fit, ours: float, what: str) -> Iterator[tuple[str, float, float, str]]:
    """Seconds of an independent draw of the same posterior by other samplers, over ours; those that are installed."""
    density = _Density(fit.likelihood, priors_of(fit, None))
    begin = np.concatenate([fit.best.theta, fit.best.spreads])
    each = ours / min(fit.posterior(draws=1000).effective, 1000.0)
    if available():
        started = time.perf_counter()
        told = chains(density.sloped, begin, np.full(len(begin), 0.05), 500, 1)
        seconds = (time.perf_counter() - started) / told.effective
        yield f"{what}, a draw by nutpie's chains over one of ours", seconds / each, 1.0, "at least"
    if find_spec("emcee"):
        import emcee

        walkers, rng = 4 * len(begin), np.random.default_rng(3)
        np.random.seed(3)  # noqa: NPY002 (emcee draws from it)
        started = time.perf_counter()
        sampler = emcee.EnsembleSampler(walkers, len(begin), lambda x: density.at(x)[0])
        sampler.run_mcmc(begin + 0.05 * rng.standard_normal((walkers, len(begin))), 600)
        seconds = time.perf_counter() - started
        worth = walkers * 500 / float(np.max(sampler.get_autocorr_time(discard=100, quiet=True)))
        yield f"{what}, a draw by emcee over one of ours", seconds / worth / each, 1.0, "at least"


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
