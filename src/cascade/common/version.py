"""Which version of the package this is, and which of its draws."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

STREAM_VERSION = 6
"""Raised whenever the same (model, seed, cell) would give another life.

2: the switches of factors have clocks of their own; models without factors live as in 1.
3: hazards that frailties multiply are summed by frailty: other last bits of times in models with frailties.
4: spreads of frailties, and mixtures of correlated ones, are rounded alike on every machine: other last bits of
   times in models with frailties.  Which of two events comes first is decided by the waits, not by the
   moments, which may be one number late in a life: other lives where cells that have lived long race fast
   (``runs.provenance.same_lives`` bounds how many), the same lives in all others.
5: where one of several ways, switches or starts is rare (``kernel.rare``) the choice has 64 bits: other lives in
   models that hold such a way, the same in all others.
6: a treatment of patients that kills cells of lesions kills those that begin one, too: other patients under such
   care, the same under all others; cells of models live as in 5.
"""


def package_version() -> str:
    """Version of the installed package."""
    try:
        return version("metastatic-cascade")
    except PackageNotFoundError:
        return "0+unknown"
