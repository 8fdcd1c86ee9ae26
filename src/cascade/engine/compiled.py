"""The compiled kernel, with its cache on disk."""

from __future__ import annotations

from collections.abc import Callable

from cascade import kernel
from cascade.common.compiled import cached
from cascade.kernel import loop


def kernel_run() -> Callable[..., None]:
    """``loop.run``."""
    return cached(loop.run, kernel)


def kernel_traits() -> Callable[..., None]:
    """``loop.traits``."""
    return cached(loop.traits, kernel)
