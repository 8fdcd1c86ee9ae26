"""Fits of diseases to the same patients beside each other.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence

from cascade.common.errors import InputError
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.inference.comparing import Compared, Fits, in_order
from cascade.patient.variants import changed, number_at

COHORTS = (
    "log likelihoods are over what the counts say of themselves, and as rough as the simulated patients make them: a"
    " difference of 1 may be theirs."
)


def compared(fits: Sequence[DiseaseFit]) -> Fits:
    """What stands in ``DiseaseFit.compare``."""
    first = fits[0].data
    for one in fits[1:]:
        if (one.data.rows, one.data.classes, one.data.given) != (first.rows, first.classes, first.given):
            raise InputError("others", one.data.told, f"fits of the same patients, counted alike: {first.told}")
    for one in fits[1:]:
        for name in ("patients", "seed"):
            if one.asked[name] != fits[0].asked[name]:
                wanted = (
                    f"fits over the same simulated patients: {name} {fits[0].asked[name]}; give both cascade.fit(...,"
                    " patients=..., seed=...) alike"
                )
                raise InputError("others", f"{name} {one.asked[name]}", wanted)
    each = [Compared(", ".join(f.where for f in one.free), len(one.free), -0.5 * one.deviance) for one in fits]
    return in_order(each, lambda less, more: _is_part(fits[less], fits[more]), COHORTS)


def _is_part(less: DiseaseFit, more: DiseaseFit) -> bool:
    """Whether the one fit is the other with some numbers held."""
    names, theirs = ({one.where for one in fit.free} for fit in (less, more))
    if not names < theirs or less.asked["care"] != more.asked["care"]:
        return False
    same = {where: number_at(more.begun, where) for where in theirs}
    return changed(less.begun, same).digest() == more.begun.digest()
