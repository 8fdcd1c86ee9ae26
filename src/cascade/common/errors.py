"""Errors that name the field, the value given and what would be accepted."""

from __future__ import annotations

import datetime as dt
import difflib
import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self


class CascadeError(ValueError):
    """Base of every error that a wrong input can cause; the command line exits with 2 on it."""

    def __reduce__(self) -> tuple[Any, ...]:
        # From another process: the constructors of its kinds want more than the message.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[CascadeError], args: tuple[Any, ...], state: dict[str, Any]) -> CascadeError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True)
class Fault:
    """One fault of a model.

    Parameters
    ----------
    path : str
        Where it is, as ``states[2].deaths[0].hazard``.
    value : object
        What was given there.
    accepted : str
        What would be accepted.
    """

    path: str
    value: object
    accepted: str

    def __str__(self) -> str:
        return f"{_cut(self.path)} = {shorten(self.value)}: {self.accepted}{_of_dates(self.value)}"


class ModelError(CascadeError):
    """Every fault of a model at once, in ``.faults``."""

    def __init__(self, name: str, faults: Iterable[Fault], kind: str = "model") -> None:
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault" + ("s" if len(self.faults) != 1 else "")
        super().__init__(f"{kind} {shorten(name)} has {count}:\n" + "\n".join(_told(self.faults)))


MOST_ALIKE = 3
"""Faults of one kind that are told one by one."""


def _told(faults: Sequence[Fault]) -> list[str]:
    """A line for each fault; of those that one mistake has made everywhere a few, and how many more."""
    alike: dict[str, list[Fault]] = {}
    for fault in faults:
        alike.setdefault(fault.accepted, []).append(fault)
    lines = []
    for same in alike.values():
        lines += [f"  {fault}" for fault in same[:MOST_ALIKE]]
        if len(same) > MOST_ALIKE:
            lines.append(f"  and {len(same) - MOST_ALIKE} more of this kind, up to {same[-1].path}")
    return lines


class InputError(CascadeError):
    """A wrong argument of a function or of the command line.

    ``field`` is its name, ``given`` what came as Python writes it, ``accepted`` what to write.
    """

    def __init__(self, field: str, value: object, accepted: str) -> None:
        self.field, self.given, self.accepted = field, shorten(value), f"{accepted}{_of_dates(value)}"
        super().__init__(f"{_cut(field)} = {self.given}: {self.accepted}")

    def renamed(self, field: str) -> Self:
        """The same of a field that whoever gave it knows by another name."""
        error = type(self)(field, None, "")
        error.given, error.accepted = self.given, self.accepted
        if field.startswith("-") and self.given == "None":  # an option that was left out
            error.args = (f"{_cut(field)} is not given: {self.accepted}",)
            return error
        error.args = (f"{_cut(field)} = {self.given}: {self.accepted}",)
        return error


def _of_dates(value: object) -> str:
    """What to write in place of a date or a span of time."""
    dates = isinstance(value, dt.date | dt.time | dt.timedelta) or _is_span(value)
    return "; hours are plain numbers: span / datetime.timedelta(hours=1)" if dates else ""


def _is_span(value: object) -> bool:
    """Whether a value is a date or a span of time of NumPy, which counts spans among the whole numbers."""
    # By name: what an interrupt can fall into before the command hears of it imports nothing large.
    return type(value).__module__ == "numpy" and type(value).__name__ in ("datetime64", "timedelta64")


def is_number(value: object) -> bool:
    """Whether a value is a real number of Python or NumPy that a double can hold, and no bool."""
    if isinstance(value, bool) or _is_span(value) or not isinstance(value, numbers.Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def is_whole(value: object) -> bool:
    """Whether a value is a whole number of Python or NumPy, and no bool."""
    return not isinstance(value, bool) and isinstance(value, numbers.Integral) and not _is_span(value)


def shorten(value: object, limit: int = 120) -> str:
    """The value as Python writes it, in one line, cut to ``limit`` characters."""
    try:
        text = " ".join(repr(value).split("\n"))
    except ValueError:  # a whole number with more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _cut(field: str, limit: int = 120) -> str:
    """A name of a field of which the end tells as much as the begin: a line of a file, a state of a model."""
    half = limit // 2 - 2
    return field if len(field) <= limit else f"{field[:half]}...{field[-half:]}"


def why(error: Exception) -> str:
    """Why the system refused a file, without its name: whoever tells it has that already."""
    return str(getattr(error, "strerror", None) or shorten(str(error))[1:-1] or type(error).__name__)


def nearest(name: object, known: Iterable[str]) -> str:
    """A phrase that offers the known names, the most alike first.

    Examples
    --------
    >>> nearest("textbok", ["ctc-mouse", "textbook"])
    "did you mean 'textbook'? Known: 'ctc-mouse', 'textbook'"
    """
    return all_nearest([name], known)


def all_nearest(wrong: Sequence[object], known: Iterable[str]) -> str:
    """The same for several names.

    Examples
    --------
    >>> all_nearest(["textbok", "mouse"], ["ctc-mouse", "textbook"])
    "for 'textbok' did you mean 'textbook'? For 'mouse' did you mean 'ctc-mouse'? Known: 'ctc-mouse', 'textbook'"
    """
    names = list(known)
    listed = ", ".join(shorten(n) for n in names[:12]) + (", ..." if len(names) > 12 else "")
    asked = []
    for name in wrong:
        alike = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
        told = f"for {shorten(name)} did you mean" if len(wrong) > 1 else "did you mean"
        asked += [f"{told} {' or '.join(map(shorten, alike))}?"] if alike else []
    if asked:
        return " ".join([asked[0], *(one[0].upper() + one[1:] for one in asked[1:]), f"Known: {listed}"])
    return f"known: {listed}" if names else "none is known here"
