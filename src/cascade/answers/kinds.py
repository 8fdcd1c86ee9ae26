"""Colonies by kind: distant metastases, nodal ones, and growth where the primary is."""

from __future__ import annotations

from collections.abc import Mapping

from cascade.model import Model

KINDS = {"distant": "distant metastasis", "nodal": "nodal metastasis", "local": "local growth"}
"""What colonies of each kind are called."""


def colonies_by_kind(model: Model) -> dict[str, list[str]]:
    """Names of the states that are colonies, by kind of their site; empty for a model without sites."""
    kind_of = {site.name: site.kind for site in model.sites}
    states: dict[str, list[str]] = {kind: [] for kind in KINDS} if model.sites else {}
    for state in model.states:
        if state.landmark == "colony" and state.site is not None:
            states[kind_of[state.site]].append(state.name)
    return states


def kind_of_states(model: Model) -> dict[str, int]:
    """Of each state that is a colony the place of its kind in ``KINDS``."""
    places = {kind: k for k, kind in enumerate(KINDS)}
    return {name: places[kind] for kind, names in colonies_by_kind(model).items() for name in names}


def by_kind(model: Model, fates: Mapping[str, float]) -> dict[str, float]:
    """Of each kind how many cells ended so, or their share."""
    return {kind: sum(fates.get(name, 0) for name in names) for kind, names in colonies_by_kind(model).items()}
