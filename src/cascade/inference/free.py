"""What is free: hazards of a model that are multiplied by a factor each, in all arms or in each its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cascade.common.errors import InputError, nearest
from cascade.model import Model


@dataclass(frozen=True)
class Free:
    """One free parameter: the logarithm of what some hazards are multiplied by.

    Attributes
    ----------
    name : str
        A hazard, ``state.way``, or a pattern of several that are multiplied together.
    arm : str
        The arm whose it is; '' where all arms share it.
    start : float
        The hazard in the model, per hour; nan where it stands for several, or is told over that of another arm.
    against : str
        The arm over whose hazards it is; '' of hazards themselves.
    """

    name: str
    arm: str
    start: float
    against: str = ""

    @property
    def label(self) -> str:
        """Name, and arm."""
        if self.against:
            return f"{self.name} ({self.arm} over {self.against})"
        return f"{self.name} ({self.arm})" if self.arm else self.name


def arms_told(free: Sequence[Free]) -> list[str]:
    """Of each the arm whose hazard it is, '' of all: of hazards over which those of other arms are told, that arm."""
    bases = {one.name: one.against for one in free if one.against}
    return [one.arm or bases.get(one.name, "") for one in free]


def free_of(
    models: Mapping[str, Model],
    free: Sequence[str],
    shared: Sequence[str],
    by: str | None,
    against: str | None = None,
) -> list[Free]:
    """Free parameters in order, those of the arms one after the other.

    ``against``: an arm; the hazards of the others are told over its own.

    Raises
    ------
    InputError
        For patterns that mean no hazard, or a hazard that another one means, too; for a wrong ``by`` or ``against``.
    """
    if against is not None and by is None:
        raise InputError("against", against, "None without by='arm'")
    if against is not None and (not isinstance(against, str) or against not in models):
        raise InputError("against", against, f"one of the arms; {nearest(against, list(models))}")
    if by not in (None, "arm"):
        raise InputError("by", by, "'arm' for free hazards of each arm, or None")
    patterns = texts_of("free", free)
    if not patterns:
        raise InputError("free", list(free), "at least one hazard, as 'state.way', or a pattern such as '*.shear'")
    common = set(texts_of("shared", shared))
    for name in sorted(common):
        if name not in patterns:
            raise InputError("shared", name, f"one of those that are free; {nearest(name, patterns)}")
    for arm, model in models.items():
        _check(arm, model, patterns)
    found = []
    for name in patterns:
        arms = [""] if by is None or name in common or len(models) == 1 else list(models)
        for arm in arms:
            model = models[arm] if arm else next(iter(models.values()))
            rows = [model.hazard_table.rows[n] for n in model.hazard_table.named(name, "free")]
            alone = rows[0].part.hazard if len(rows) == 1 and rows[0].part is not None else float("nan")
            if against is None or not arm:
                found.append(Free(name, arm, alone))
            elif arm == against:  # of all arms, which the others multiply
                found.append(Free(name, "", alone))
            else:
                found.append(Free(name, arm, float("nan"), against))
    return found


def texts_of(field: str, names: Sequence[str]) -> list[str]:
    """Names of hazards, each once.

    Raises
    ------
    InputError
        When they are no list of texts, or one is named twice.
    """
    some = isinstance(names, Sequence) and not isinstance(names, str)
    if not some or not all(isinstance(name, str) for name in names):
        raise InputError(field, names, "a list of hazards, as 'state.way'")
    for i, name in enumerate(names):
        if name in names[:i]:  # one of them may have been meant as another
            raise InputError(f"{field}[{i}]", name, f"each hazard once; it is {field}[{names.index(name)}], too")
    return list(names)


def _check(arm: str, model: Model, patterns: Sequence[str]) -> None:
    """That each means hazards above 0 and no hazard is meant twice."""
    meant: dict[int, str] = {}
    for pattern in patterns:
        numbers = model.hazard_table.named(pattern, "free")
        rows = model.hazard_table.rows
        for number in numbers:
            if number in meant:
                wanted = f"patterns that do not overlap: {rows[number].name} is meant by {meant[number]!r}, too"
                raise InputError("free", pattern, wanted)
            meant[number] = pattern
        if all(part is None or part.hazard == 0 for part in (rows[number].part for number in numbers)):
            wanted = f"a hazard above 0 to begin with; in the model of {arm!r} it is 0: model.with_(hazards=...)"
            raise InputError("free", pattern, wanted)
