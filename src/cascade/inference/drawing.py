"""Studies that might have been: counts drawn for the animals of a design."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats
from cascade.inference.counted import Counts
from cascade.inference.likelihood import Likelihood


def drawn(likelihood: Likelihood, theta: Floats, spreads: Floats, rng: np.random.Generator) -> Counts:
    """The same animals with other counts.

    Parameters
    ----------
    likelihood : Likelihood
        Of the design: its own counts do not matter.
    theta : (P,) float
    spreads : (S,) float
        Standard deviations, as they are.
    rng : Generator
    """
    medians, spreads = likelihood.medians(theta, spreads, rng)
    shared, alone = (float(spreads[0]), spreads[1:]) if likelihood.shared else (0.0, spreads)
    per_animal = rng.normal(0.0, shared, len(likelihood.begin) - 1) if shared else np.zeros(len(likelihood.begin) - 1)
    each = np.array([alone[k] if k >= 0 else 0.0 for k in likelihood.kind]) * rng.standard_normal(len(medians))
    log = medians + np.repeat(per_animal, np.diff(likelihood.begin)) + each
    return likelihood.data.with_counts(rng.poisson(np.exp(np.minimum(log, 40.0))).tolist())
