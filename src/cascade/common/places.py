"""Numbers in nested tables by their place: steps parted by dots, entries of lists by their name, route or number."""

from __future__ import annotations

from typing import Any

from cascade.common.errors import InputError, nearest


def number_in(whole: Any, where: str, of: str) -> float:
    """The number at a place.

    Parameters
    ----------
    whole : dict
    where : str
        Such as ``frailties.adhesion.cv``, ``shedding.blood.per_day``, ``correlations.0.value``.
    of : str
        What the tables are of, for messages.

    Raises
    ------
    InputError
        For a place that is none, or where no number stands.
    """
    at, last = _table(whole, where, of)
    value = _inner(at, last, where, of)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InputError("where", where, "the place of a number")
    return float(value)


def put_in(whole: Any, where: str, value: float, of: str) -> None:
    """Another number at a place; as for ``number_in``."""
    number_in(whole, where, of)
    at, last = _table(whole, where, of)
    at[last] = float(value)


def _table(whole: Any, where: str, of: str) -> tuple[Any, str]:
    """The innermost table, and the last step."""
    *steps, last = where.split(".")
    at = whole
    for step in steps:
        at = _inner(at, step, where, of)
    return at, last


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
