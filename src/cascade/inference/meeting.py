"""Where data and models meet: what a name in the data is in a model, and which arms have the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from cascade.common.errors import Fault, InputError, ModelError, is_number, nearest
from cascade.common.notices import notice
from cascade.inference.counted import Counts
from cascade.inference.data import Data
from cascade.inference.free import Free
from cascade.inference.headed import MOST_COUNTED
from cascade.model import Model
from cascade.model.names import alike, matching
from cascade.model.observables import Observable

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit


WANTED = "an observable that was given with the data, or one of the model, a state or a cause of death"


MOST_TOLD = 6
"""States that a notice names."""


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
    raise InputError("observable", name, f"{WANTED}; {near}")


def check_names(data: Data, models: Mapping[str, Model]) -> None:
    """That all that the data name is in a model, or said to be states and deaths of one.

    Raises
    ------
    InputError
        For one name, state or death that is in no model, with the nearest ones.
    ModelError
        For several, with all of them.
    """
    different = {id(model): model for model in models.values()}.values()
    states = list(dict.fromkeys(state.name for model in different for state in model.states))
    dying = [(state.name, part.cause) for model in different for state in model.states for part in state.deaths]
    causes, deaths = list(dict.fromkeys(cause for _, cause in dying)), [f"{state}.{cause}" for state, cause in dying]
    known = [*(one.name for model in different for one in model.observables), *states, *causes]
    faults = []
    for name in dict.fromkeys(getattr(row, data.names) for row in data.rows):
        one = data.observables.get(name)
        if name and one is None and name not in known:
            faults.append(Fault("observable", name, f"{WANTED}; {nearest(name, known)}"))
        wrong = [] if one is None else [(what, states) for what in one.states if not alike(what, states)]
        for pattern in () if one is None else one.deaths:
            full = pattern if "." in pattern else f"*.{pattern}"
            wrong += [] if matching(full, deaths) else [(pattern, [*causes, *deaths])]
        told = " or ".join(dict.fromkeys(model.name for model in different))
        for pattern, there in wrong:
            wanted = f"states or deaths of {told}; {nearest(pattern, there)}"
            faults.append(Fault(f"observable {name!r}", pattern, wanted))
    if len(faults) == 1:
        raise InputError(faults[0].path, faults[0].value, faults[0].accepted)
    if faults:
        raise ModelError(data.name, faults, "data")


def say_if_counted_twice(data: Data, models: Mapping[str, Model]) -> None:
    """Which cells two observables of one animal and time both count: each is taken as a count of its own."""
    if not isinstance(data, Counts):
        return
    together: dict[tuple[str, str, float], list[str]] = {}
    for row in data.rows:
        together.setdefault((row.arm, row.animal, row.hours), []).append(row.observable)
    # Of an arm the same few sets of names come again and again.
    told: dict[tuple[str, str], list[str]] = {}
    for arm, names in dict.fromkeys((arm, tuple(names)) for (arm, _, _), names in together.items()):
        counted = {name: _counted(observable_of(name, data, models[arm]), models[arm]) for name in names}
        for one, other in combinations(names, 2):
            both = [what for what in counted[one] if what in counted[other]]
            if both and (other, one) not in told:
                told.setdefault((one, other), both)
    for (one, other), both in told.items():
        listed = ", ".join(map(repr, both[:MOST_TOLD])) + (", ..." if len(both) > MOST_TOLD else "")
        notice(
            f"{one!r} and {other!r} of one animal at one time both count the cells of {listed}: the fit takes them as"
            " independent counts, so that these cells count twice, unless each was counted in a part of its own"
        )


def _counted(observable: Observable, model: Model) -> list[str]:
    """States, and deaths as ``state.cause``, of which an observable counts the cells."""
    states = [state.name for state in model.states]
    deaths = [f"{state.name}.{part.cause}" for state in model.states for part in state.deaths]
    found = [name for pattern in observable.states for name in alike(pattern, states)]
    for pattern in observable.deaths:
        found += matching(pattern if "." in pattern else f"*.{pattern}", deaths)
    return list(dict.fromkeys(found))


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
