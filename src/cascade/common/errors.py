"""Errors that name the field, the value given and what would be accepted."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


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
        return f"{self.path} = {shorten(self.value)}: {self.accepted}"


class ModelError(CascadeError):
    """Every fault of a model at once, in ``.faults``."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault" + ("s" if len(self.faults) != 1 else "")
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"model {name!r} has {count}:\n{lines}")


class InputError(CascadeError):
    """A wrong argument of a function or of the command line."""

    def __init__(self, field: str, value: object, accepted: str) -> None:
        self.field = field
        self.accepted = accepted
        super().__init__(f"{field} = {shorten(value)}: {accepted}")


def is_number(value: object) -> bool:
    """Whether a value is a real number of Python or NumPy that a double can hold, and no bool."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def is_whole(value: object) -> bool:
    """Whether a value is a whole number of Python or NumPy, and no bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def shorten(value: object, limit: int = 120) -> str:
    """The value as Python writes it, cut to ``limit`` characters."""
    try:
        text = repr(value)
    except ValueError:  # a whole number with more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def nearest(name: object, known: Iterable[str]) -> str:
    """A phrase that offers the known names, the most alike first.

    Examples
    --------
    >>> nearest("textbok", ["ctc-mouse", "textbook"])
    "did you mean 'textbook'? Known: 'ctc-mouse', 'textbook'"
    """
    names = list(known)
    listed = ", ".join(repr(n) for n in names[:12]) + (", ..." if len(names) > 12 else "")
    alike = difflib.get_close_matches(str(name), names, n=3, cutoff=0.5)
    if alike:
        return "did you mean " + " or ".join(repr(n) for n in alike) + f"? Known: {listed}"
    return f"known: {listed}" if names else "none is known here"
