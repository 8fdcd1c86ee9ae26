"""Numbers in nested tables by their place: steps parted by dots, entries of lists by their name, route or number.

The step ``*`` stands for all entries of a list in which the rest of the place is: these have one number.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cascade.common.errors import InputError, nearest

EVERY = "*"


def number_in(whole: Any, where: str, of: str) -> float:
    """The number at a place.

    Parameters
    ----------
    whole : dict
    where : str
        Such as ``frailties.adhesion.cv``, ``shedding.blood.per_day``, ``correlations.0.value``,
        ``care.*.systemic.chemotherapy.slows``.
    of : str
        What the tables are of, for messages.

    Raises
    ------
    InputError
        For a place that is none, or where no number stands; for ``*`` also where entries differ.
    """
    found = [_inner(at, last, where, of) for at, last in _tables(whole, where.split("."), where, of)]
    if any(not isinstance(value, int | float) or isinstance(value, bool) for value in found):
        raise InputError("where", where, "the place of a number")
    if len(set(found)) > 1:
        numbers = " and ".join(f"{one:g}" for one in sorted(set(found)))
        raise InputError("where", where, f"a place with one number; {EVERY} stands for {numbers}")
    return float(found[0])


def put_in(whole: Any, where: str, value: float, of: str) -> None:
    """Another number at a place; as for ``number_in``."""
    number_in(whole, where, of)
    for at, last in _tables(whole, where.split("."), where, of):
        at[last] = float(value)


def _tables(at: Any, steps: list[str], where: str, of: str) -> list[tuple[Any, str]]:
    """Innermost tables, each with the last step: one, or those of all entries in which the place is."""
    step, *rest = steps
    if not rest:
        _inner(at, step, where, of)
        return [(at, step)]
    if step != EVERY:
        return _tables(_inner(at, step, where, of), rest, where, of)
    found: list[tuple[Any, str]] = []
    for entry in at if isinstance(at, list) else []:
        with suppress(InputError):
            found += _tables(entry, rest, where, of)
    if not found:
        raise InputError("where", where, f"a place in the file of a {of}; no entry of a list has what follows {EVERY}")
    return found


def _inner(at: Any, step: str, where: str, of: str) -> Any:
    """One step into tables and lists."""
    if isinstance(at, list):
        at = {
            str(one.get("name", one.get("route", i))) if isinstance(one, dict) else str(i): one
            for i, one in enumerate(at)
        }
    if not isinstance(at, dict) or step not in at:
        known = list(at) if isinstance(at, dict) else []
        raise InputError("where", where, f"a place in the file of a {of}; {nearest(step, known)}")
    return at[step]
