"""A fit of counts for R: each model as a chain, what is counted in it, and the counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cascade.common.errors import InputError
from cascade.inference.fitted import Fit
from cascade.inference.likelihood import Likelihood
from cascade.inference.looks import check_chain
from cascade.inference.meeting import alike_arms, observable_of
from cascade.model import Model
from cascade.solution.prepared import Prepared
from cascade.solution.shares import deaths_of, states_of

Rows = list[tuple[Any, ...]]


def counts_for_r(fit: Fit) -> dict[str, tuple[Sequence[str], Rows]]:
    """Tables, by name: headings and lines.  Numbers of models, states, ways and parameters count from 1.

    Raises
    ------
    InputError
        For what the script has no likelihood for.
    """
    likelihood = fit.likelihood
    if type(likelihood) is not Likelihood:
        wanted = "counts of animals that stand in no experiments, without hazards that differ between them (vary)"
        raise InputError("source", "what animals share", wanted)
    tables: dict[str, tuple[Sequence[str], Rows]] = {
        "arms": (("arm", "model"), []),
        "ways": (("model", "way", "from", "to", "hazard", "name"), []),
        "moved": (("model", "way", "parameter"), []),
        "start": (("model", "state", "share"), []),
        "counted": (("model", "observable", "state"), []),
    }
    entered: dict[str, float] = {}
    for number, (arms, mine) in enumerate(alike_arms(likelihood.models, fit.free), 1):
        tables["arms"][1].extend((arm, number) for arm in arms)
        model = likelihood.models[arms[0]]
        start = _chain(number, model, fit, mine, tables)
        entered |= dict.fromkeys(arms, start)
    rows = zip(likelihood.data.rows, likelihood.kind.tolist(), strict=True)
    tables["counts"] = (
        ("arm", "animal", "hours", "observable", "count", "below", "cells", "fraction", "spread"),
        [
            (r.arm, r.animal, max(0.0, r.hours - entered[r.arm]), r.observable, r.count, r.limit, r.cells, r.fraction,
             kind + 1)
            for r, kind in rows
        ],
    )  # fmt: skip
    names = [("shared" if likelihood.shared and k == 0 else "alone", name) for k, name in enumerate(likelihood.spreads)]
    tables["spreads"] = (("what", "name"), [(kind, name) for kind, name in names])
    first = [("" if math.isnan(one.start) else one.start) for one in fit.free]
    tables["free"] = (
        ("parameter", "name", "arm", "over", "in_model"),
        [(p, one.name, one.arm, one.against, first[p - 1]) for p, one in enumerate(fit.free, 1)],
    )
    return tables


def _chain(
    number: int, model: Model, fit: Fit, mine: Sequence[int], tables: dict[str, tuple[Sequence[str], Rows]]
) -> float:
    """Add the states, ways, starts and observables of a model; return the hour at which cells enter."""
    if model.clusters is not None or model.capacity is not None:
        wanted = "a chain with constant hazards, of single cells that share no capacity"
        raise InputError(f"model {model.name!r}", "clusters, or a shared capacity", wanted)
    prepared = Prepared(model)
    check_chain(model, prepared, "a fit of counts in R")
    lowered = prepared.lowered
    deaths = [t for t, transition in enumerate(lowered.transitions) if transition.is_death]
    place = {t: lowered.size + k for k, t in enumerate(deaths)}
    names = [transition.name for transition in lowered.transitions]
    groups = {p: set(model.hazard_table.named(fit.free[p].name, "free")) for p in mine}
    for way, (source, target, hazard, t) in enumerate(
        zip(
            lowered.exit_source.tolist(), lowered.exit_target.tolist(), lowered.exit_hazard.tolist(),
            lowered.exit_transition.tolist(), strict=True,
        ), 1
    ):  # fmt: skip
        to = place[t] if target < 0 else target
        tables["ways"][1].append((number, way, source + 1, to + 1, hazard, names[t]))
        tables["moved"][1].extend((number, way, p + 1) for p in mine if t in groups[p])
    begin = np.bincount(lowered.start_state, lowered.start_share, lowered.size)
    tables["start"][1].extend((number, s + 1, float(begin[s])) for s in np.flatnonzero(begin).tolist())
    tables["start"][1].append((number, lowered.size + len(deaths), 0.0))  # how many states there are
    dead = [names[t] for t in deaths]
    for name in dict.fromkeys(row.observable for row in fit.data.rows):
        one = observable_of(name, fit.data, model)
        of_base, lost = states_of(one, lowered.states), deaths_of(one, names, dead)
        there = [s for s in range(lowered.size) if of_base[lowered.base[s]]]
        there += [place[t] for t in deaths if lost[t]]
        tables["counted"][1].extend((number, name, s + 1) for s in there)
    return float(lowered.entry_hours[0])
