"""Posteriors of fitted hazards: whether the truth lies among the draws as one of them, over data sets from the prior.

Simulation-based calibration.  Each data set has hazards and spreads that are drawn from the priors, and counts drawn
with them; among draws of its posterior the truth has a rank, of each parameter and of the log likelihood, and these
ranks are even if the posterior is right.  Even is asked for by the largest deviation of their cumulative shares
(Kolmogorov and Smirnov), at a false-alarm rate that all ranks share.  A data set whose diagnostic is bad, also after
chains took the place of importance sampling, or which cannot be fitted, stays in with the lowest ranks that there are,
and the script fails if there is one.

The 99 draws of a data set are taken, none twice, from twenty times as many draws of its posterior.

Reference: Talts S, et al. arXiv:1804.06788.
"""

from __future__ import annotations

import argparse
import math
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import numpy as np
from scipy import stats

import cascade
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.text import text_table
from cascade.inference.drawing import drawn
from cascade.inference.free import free_of
from cascade.inference.likelihood import Likelihood
from cascade.inference.posterior import HALF_NORMAL

FREE = ["extravasated.micrometastasis", "dormant.death of dormant cells", "micrometastasis.regression"]
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}
RANGE = (0.4, 2.5)
"""Of the factors: 95 % of their priors."""

DRAWS = 99
MADE = 20 * DRAWS
"""Draws of each posterior, from which those are chosen."""

FALSE_ALARM = 1e-3


def design() -> cascade.Data:
    """Five animals a day, each with two counts."""
    rows = [
        {"animal": f"{day} {k}", "day": day, "observable": name, "count": 0}
        for day in (1, 4, 13)
        for k in range(5)
        for name in COUNTED
    ]
    return cascade.Data.counts(rows, COUNTED, cells=3e4)


def ranks(model: cascade.Model, sets: range, seed: int) -> tuple[np.ndarray, list[str], dict[str, list[int]]]:
    """Ranks of each parameter and of the log likelihood among draws, (sets, parameters + 1).

    And the numbers of the data sets that failed, and of those whose draws are of chains.
    """
    models = {"all": model}
    free = free_of(models, FREE, (), None)
    likelihood = Likelihood(models, design(), free, spread="one", shared=True)
    names = [*FREE, *(f"spread of {name}" for name in likelihood.spreads), "log likelihood"]
    wide = math.log(RANGE[1] / RANGE[0]) / (2 * stats.norm.ppf(0.975))
    middle = math.log(RANGE[0] * RANGE[1]) / 2
    found, told = np.zeros((len(sets), len(names)), np.int64), {"bad": [], "chains": []}
    hazards = {name: value for name, _, value in model.hazards()}
    priors = {name: (hazards[name] * RANGE[0], hazards[name] * RANGE[1]) for name in FREE}
    for number in sets:
        rng = np.random.default_rng([seed, number])
        theta = rng.normal(middle, wide, len(FREE))
        sds = np.abs(rng.normal(0.0, HALF_NORMAL, len(likelihood.spreads)))
        data = drawn(likelihood, theta, sds, rng)
        try:
            with redirect_stderr(StringIO()):  # doses drawn from the prior may exceed the cells given, which is told
                fit = cascade.fit(model, data, FREE, starts=0)
            posterior = fit.posterior(draws=MADE, priors=priors, seed=number + 1)
        except cascade.CascadeError as error:
            print(f"  {number}: {error}", flush=True)
            told["bad"].append(number)
            continue
        if posterior.by_chains:
            told["chains"].append(number)
        if not posterior.settled:
            print(f"  {number}: {posterior.below}", flush=True)
            told["bad"].append(number)
            continue
        truth = likelihood.recounted(data)
        value = truth.of(truth.expected(theta), np.log(sds)).value
        every = np.column_stack([posterior.theta, posterior.sd, posterior.log_likelihood])
        draws = every[rng.choice(len(every), DRAWS, replace=False)]
        true = np.array([*theta, *sds, value])
        below, same = (draws < true).sum(axis=0), (draws == true).sum(axis=0)
        found[number - sets.start] = below + rng.integers(0, same + 1)
    return found, names, told


def main() -> int:
    """Run the data sets; 0 when ranks are even and few diagnostics are bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=1000, help="data sets (default: %(default)d)")
    parser.add_argument("--seed", type=int, default=1804, help="default: %(default)d")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder (default: %(default)s)")
    options = parser.parse_args()
    model = cascade.load("b16f1-liver")
    found, names, told = ranks(model, range(options.sets), options.seed)
    rng, rows, problems = np.random.default_rng(options.seed), [], []
    for k, name in enumerate(names):
        even = (found[:, k] + rng.random(len(found))) / (DRAWS + 1)
        p = float(stats.kstest(even, "uniform").pvalue)
        tenths = np.histogram(even, bins=10, range=(0, 1))[0]
        rows.append([name, f"{p:.3f}", *map(str, tenths)])
        if p < FALSE_ALARM / len(names):
            problems.append(f"{name}: ranks are not even (p {p:.1g})")
    print(text_table(["ranks of", "p", *(f"{t}/10" for t in range(1, 11))], rows))
    chains, bad = len(told["chains"]), len(told["bad"])
    print(f"\n{chains} of {options.sets} data sets were sampled by chains; {bad} have a bad diagnostic or no fit")
    if bad:
        problems.append(f"{bad} data sets with a bad diagnostic or no fit: {', '.join(map(str, told['bad']))}")
    path = options.out / "posterior_ranks" / "posterior_ranks.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    recipe = {"sets": options.sets, "seed": options.seed, "model": model.digest(), "draws": DRAWS, "of": MADE}
    write_atomically(path, json_text({"names": names, "ranks": found.tolist(), **told, "recipe": recipe}).encode())
    print(f"saved: {path.resolve()}")
    for problem in problems:
        print(f"FAILED: {problem}")
    if not problems:
        print(f"passed: ranks are even (false-alarm rate {FALSE_ALARM:g})")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
