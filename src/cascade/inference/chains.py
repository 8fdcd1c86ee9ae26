"""Chains by Hamiltonian dynamics, for a posterior that importance sampling does not settle: nutpie, where it is.

Seyboldt A and the PyMC developers, nutpie; Hoffman MD, Gelman A. J Mach Learn Res 2014;15:1593-1623.  The diagnostics
are those of Vehtari A and others, Bayesian Analysis 2021;16:667-718.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from cascade.common.types import Floats
from cascade.engine.executor import Progress, reporter

CHAINS, TUNED, LEAST_DRAWS = 4, 500, 500
VISITS = 1e5
"""Of a draw, for the progress bar: some tens of likelihoods with their derivatives."""

MOST_RHAT = 1.01
MOST_DIVERGENT = 0.01
"""Share of the draws after which the sampler lost its way, above which it is not trusted."""

WITHOUT = "pip install 'metastatic-cascade[nuts]' brings the sampler that is used then"


class Chains(NamedTuple):
    """Draws of all chains (n, D), and how far they can be trusted."""

    x: Floats
    rhat: float
    effective: float
    divergent: float


def agree(rhat: float, divergent: float) -> bool:
    """Whether chains agree, and seldom lost their way."""
    return rhat < MOST_RHAT and divergent <= MOST_DIVERGENT


def available() -> bool:
    """Whether the sampler is installed."""
    return all(find_spec(name) is not None for name in ("nutpie", "arviz"))


def chains(
    at: Callable[[Floats], tuple[float, Floats]],
    begin: Floats,
    wide: Floats,
    draws: int,
    seed: int,
    progress: Progress = False,
) -> Chains:
    """Draws of a density whose logarithm and gradient ``at`` tells, from points near ``begin``.

    Parameters
    ----------
    at : callable
        Of a point (D,): the logarithm of the density, and its gradient (D,).
    begin, wide : (D,) float
        Around which the chains begin, and how far from each other.
    draws : int
        Of each chain, beyond those that tune it.
    seed : int
    progress : bool or callable, optional
        As for ``simulate``, of draws, those that tune included.
    """
    draws = max(draws, LEAST_DRAWS)
    counting = reporter(progress, CHAINS * (TUNED + draws), VISITS, "draws")
    with warnings.catch_warnings(), counting as report:  # warnings of libraries about their own future
        warnings.simplefilter("ignore")
        import arviz
        import nutpie
        from nutpie.compiled_pyfunc import from_pyfunc

        size = len(begin)

        def expand(x: Floats) -> dict[str, Floats]:
            report(1)
            return {"x": np.array(x)}

        compiled: Any = from_pyfunc(
            ndim=size,
            make_logp_fn=lambda: at,
            make_expand_fn=lambda *_: expand,
            expanded_dtypes=[np.dtype(np.float64)],
            expanded_shapes=[(size,)],
            expanded_names=["x"],
            make_initial_point_fn=lambda chain: begin + wide * np.random.default_rng(chain).standard_normal(size),
        )
        trace = nutpie.sample(compiled, draws=draws, tune=TUNED, chains=CHAINS, cores=1, seed=seed, progress_bar=False)
        told = arviz.summary(trace, kind="diagnostics", round_to="none")
    divergent = float(np.mean(trace.sample_stats["diverging"].to_numpy()))
    x = trace.posterior["x"].to_numpy().reshape(-1, size)
    # Of chains that stand still there is no R-hat: they have not agreed on anything.
    rhat, effective = np.nan_to_num([told["r_hat"].max(skipna=False), -told["ess_bulk"].min(skipna=False)], nan=np.inf)
    return Chains(x, float(rhat), max(0.0, -float(effective)), divergent)
