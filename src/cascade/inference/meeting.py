"""Where data and models meet: what a name in the data is in a model, and which arms have the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cascade.common.errors import InputError, is_number, nearest
from cascade.inference.data import Data
from cascade.inference.free import Free
from cascade.inference.headed import MOST_COUNTED
from cascade.model import Model
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit


def observable_of(name: str, data: Data, model: Model) -> Observable:
    """What a name in the data counts: as it was given, or one of the model, one of its states, or a cause of death.

    Raises
    ------
    InputError
        With the nearest names.
    """
    if name in data.observables:
        return data.observables[name]
    of_model = {one.name: one for one in model.observables}
    if name in of_model:
        return of_model[name]
    states = [state.name for state in model.states]
    if name in states:
        return Observable(name, states=name)
    causes = list(dict.fromkeys(part.cause for state in model.states for part in state.deaths))
    if name in causes:
        return Observable(name, deaths=name)
    near = nearest(name, [*of_model, *states, *causes])
    wanted = f"an observable that was given with the data, or one of the model, a state or a cause of death; {near}"
    raise InputError("observable", name, wanted)


def alike_arms(models: Mapping[str, Model], free: Sequence[Free]) -> list[tuple[list[str], list[int]]]:
    """Arms that have the same model and the same free parameters; these, by number, beside them."""
    groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for arm, model in models.items():
        mine = tuple(p for p, one in enumerate(free) if one.arm in ("", arm))
        groups.setdefault((model.digest(), mine), []).append(arm)
    return [(arms, list(mine)) for (_, mine), arms in groups.items()]


def arm_of(fit: Fit, arm: str) -> str:
    """An arm of a fit; of one that has one arm this.

    Raises
    ------
    InputError
        With the nearest name.
    """
    arms = list(fit.likelihood.models)
    if arm in arms:
        return arm
    if arm or len(arms) > 1:
        raise InputError("arm", arm, f"one of the arms; {nearest(arm, arms)}")
    return arms[0]


def given_cells(cells: object) -> float:
    """A number of cells.

    Raises
    ------
    InputError
        For another number.
    """
    if not is_number(cells) or not 0 < float(cells) <= MOST_COUNTED:  # type: ignore[arg-type]
        raise InputError("cells", cells, "a number of cells > 0")
    return float(cells)  # type: ignore[arg-type]
