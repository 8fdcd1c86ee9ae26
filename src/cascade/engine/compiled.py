"""The compiled kernel, with its cache on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cascade import elimination, engine, kernel, lowering
from cascade.common.compiled import cached
from cascade.kernel import loop

ROOMS = (engine, elimination, kernel, lowering)
"""Rooms from which the compiled functions of this one take anything: their code on disk is as old as all of these."""


def kernel_run() -> Callable[..., None]:
    """``loop.run``."""
    return cached(loop.run, kernel)


def kernel_traits() -> Callable[..., None]:
    """``loop.traits``."""
    return cached(loop.traits, kernel)


def kernel_logarithms() -> Callable[..., None]:
    """``thinning.logarithms``."""
    from cascade.kernel import thinning

    return cached(thinning.logarithms, kernel)


def tilted(name: str) -> Callable[..., Any]:
    """A function of ``tilting``, which is compiled from several rooms."""
    from cascade.engine import tilting

    return cached(getattr(tilting, name), *ROOMS)


def chance_among() -> Callable[..., tuple[float, float]]:
    """``populations.chance_among``, which is compiled from several rooms."""
    from cascade.engine import populations

    return cached(populations.chance_among, *ROOMS)
