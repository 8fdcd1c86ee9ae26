"""Registers made by hand and by dice: what a kernel would fill, without one."""

from __future__ import annotations

from typing import Any

import numpy as np

from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import Scheme, thirds

SCHEME = Scheme(
    "made up",
    ("lung", "bone", "axillary nodes"),
    ("distant", "distant", "nodal"),
    ("growth", "seeding"),
    (thirds("lognormal", 0.6), thirds("gamma", 1.2)),
    ("luminal", "basal"),
    1e9,
    25.0,
)


def drawn(n: int, seed: int, scheme: Scheme = SCHEME, *, first: int = 0, end: float | None = None) -> Register:
    """Patients with everything that can be: never diagnosed, seen at once, hidden, tied, dead early, alive."""
    r = np.random.default_rng(seed)
    inf, J = np.inf, len(scheme.sites)  # noqa: N806
    end_of = np.full(n, scheme.years if end is None else end)
    known = r.random(n) < 0.9
    diagnosed = np.where(known, r.uniform(3.0, 9.0, n), inf)
    there = r.poisson(0.3, (n, J)) * known[:, None]
    distant = there[:, list(scheme.distant)].sum(axis=1)
    seen = (known & (((distant > 0) & (r.random(n) < 0.4)) | (r.random(n) < 0.02))).astype(np.int64)

    def later(mean: float) -> np.ndarray[Any, Any]:
        # Half of them after whole months: as visits are.
        wait = r.exponential(mean, n)
        wait = np.where(r.random(n) < 0.5, np.ceil(12 * wait) / 12, wait)
        return np.where(known, diagnosed + wait, inf)

    death = np.where(r.random(n) < 0.8, later(9.0), inf)
    death = np.where(known, death, np.where(r.random(n) < 0.3, r.uniform(1.0, 20.0, n), inf))
    death = np.where(death <= end_of, death, inf)
    scheduled = np.where(seen > 0, diagnosed, np.where(r.random(n) < 0.5, later(4.0), inf))
    true = np.where(seen > 0, diagnosed, np.where(known, np.maximum(diagnosed, scheduled - r.exponential(0.5, n)), inf))
    seen_at = np.where(r.random((n, J)) < 0.4, np.stack([later(5.0) for _ in range(J)], axis=1), inf)
    seen_at[:, 0] = np.where(seen > 0, diagnosed, seen_at[:, 0])
    early = r.binomial(distant, 0.4)
    surgery = np.where(known & (seen == 0), diagnosed + 0.1, inf)
    operated = np.isfinite(surgery)
    return Register(
        scheme,
        patient=np.arange(first, first + n),
        age=r.uniform(30.0, 75.0, n),
        subtype=r.integers(0, max(len(scheme.subtypes), 1), n),
        traits=r.lognormal(-0.2, 0.6, (n, len(scheme.traits))),
        diagnosed=diagnosed,
        mode=np.where(known, r.integers(1, 4, n), 0),
        negative_screens=r.poisson(1.0, n),
        cells=np.where(known, r.lognormal(np.log(4e9), 1.5, n), np.nan),
        visible=diagnosed - r.uniform(0.0, 3.0, n),
        surgery=surgery,
        nodes_removed=np.where(operated, 15, 0),
        nodes_positive=np.where(operated, r.poisson(1.5, n), -1),
        metastasis_seen=seen,
        there=there,
        at_death=np.where(np.isfinite(death)[:, None], there + 1, 0),
        autopsied=np.where(np.isfinite(death)[:, None], there, 0),
        seen_at=seen_at,
        seeded_early=early,
        seeded=distant,
        local=np.where(r.random(n) < 0.2, later(5.0), inf),
        distant=scheduled,
        distant_true=true,
        death=death,
        cause=np.where(np.isfinite(death), r.integers(1, 3, n), 0),
        end=end_of,
    )


def patients(scheme: Scheme = SCHEME, **columns: Any) -> Register:
    """Patients of whom only what is given is remarkable: diagnosed after 5 years, all T1 N0 M0, alive at the end."""
    n = max(len(np.atleast_1d(column)) for column in columns.values())
    inf, J = np.inf, len(scheme.sites)  # noqa: N806
    made: dict[str, Any] = {
        "patient": np.arange(n), "age": 50.0, "subtype": 0, "traits": np.ones((n, len(scheme.traits))),
        "diagnosed": 5.0, "mode": 1, "negative_screens": 0, "cells": scheme.cells_of(15.0), "visible": 4.0,
        "surgery": 5.0, "nodes_removed": 15, "nodes_positive": 0, "metastasis_seen": 0,
        "there": np.zeros((n, J), np.int64), "seen_at": np.full((n, J), inf), "seeded_early": 0,
        "at_death": np.zeros((n, J), np.int64), "autopsied": np.zeros((n, J), np.int64), "seeded": 0,
        "local": inf, "distant": inf, "distant_true": inf, "death": inf, "cause": 0, "end": scheme.years,
    }  # fmt: skip
    wide = {"traits", "there", "seen_at", "at_death", "autopsied"}
    every = {name: np.asarray(value) for name, value in (made | columns).items()}
    return Register(scheme, **{k: v if k in wide else np.broadcast_to(v, n).copy() for k, v in every.items()})
