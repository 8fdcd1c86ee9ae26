"""Files of sweeps: a line that says what was asked, then a line for each point that is done.

The file is only ever added to, so that a kill at any moment leaves whole lines and at most a part of one, which is cut
off before the sweep goes on.  Numbers are written so that they are read again to the bit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError, is_whole

Answer = tuple[str, float | None, float, float, float]
"""What was asked, the hours, the value and its interval."""

Point = tuple[list[float], list[Answer]]
"""Factors on the hazards, and the answers there."""

OURS = "a new file, or one that a sweep has left"


@dataclass(frozen=True)
class Kept:
    """A file of points that are done.

    Attributes
    ----------
    path : Path
    asked : mapping
        What the sweep is, as plain data.
    differs : callable
        Of what another sweep is: in which part it is not this one; "" where it is.
    """

    path: Path
    asked: Mapping[str, Any]
    differs: Callable[[Mapping[str, Any]], str]

    def opened(self) -> dict[int, Point]:
        """The points that are done, by number; a new file is begun, and a part of a line cut off.

        Raises
        ------
        InputError
            When the file holds another sweep, or something else, or cannot be read and written.
        """
        try:
            return self._opened()
        except OSError as error:
            raise InputError(
                "path", str(self.path), f"a file that can be read and written ({error.strerror})"
            ) from None

    def _opened(self) -> dict[int, Point]:
        head = _line(dict(self.asked))
        held = self.path.read_bytes() if self.path.exists() else b""
        if head.startswith(held):  # a new file, or one whose first line was not whole
            self.path.write_bytes(head)
            return {}
        whole = held[: held.rfind(b"\n") + 1]
        self._check(whole)
        if len(whole) < len(held):
            os.truncate(self.path, len(whole))
        return points_in(whole, "path", str(self.path))

    def _check(self, whole: bytes) -> None:
        try:
            told = recipe_in(whole)
        except ValueError:
            raise InputError("path", str(self.path), OURS) from None
        if told.keys() != dict(self.asked).keys():
            raise InputError("path", str(self.path), OURS)
        name = self.differs(told)
        if name:
            wanted = f"the file of this sweep; it is of one that differs in its {name}"
            raise InputError("path", str(self.path), wanted)

    def add(self, number: int, point: Point) -> None:
        """A point that is done."""
        with self.path.open("ab") as file:
            file.write(_line([number, *point]))


def file_of(asked: Mapping[str, Any], points: Mapping[int, Point]) -> bytes:
    """A whole file."""
    return _line(dict(asked)) + b"".join(_line([number, *points[number]]) for number in sorted(points))


def recipe_in(whole: bytes) -> dict[str, Any]:
    """What the first line says.

    Raises
    ------
    ValueError
        Where it says nothing of a sweep.
    """
    told = json.loads(whole.partition(b"\n")[0])
    if not isinstance(told, dict):
        raise ValueError
    return told


def points_in(whole: bytes, field: str, path: str) -> dict[int, Point]:
    """The points of a file whose lines are whole, by number.

    Raises
    ------
    InputError
        Naming the line that is none, or whose point stands there twice.
    """
    points: dict[int, Point] = {}
    for number, line in enumerate(whole.splitlines()[1:], start=2):
        try:
            at, point = point_of(line)
            if at in points:
                raise ValueError
        except (ValueError, TypeError):
            raise InputError(field, path, f"a file as a sweep leaves it; line {number} is not") from None
        points[at] = point
    return points


def point_of(line: bytes) -> tuple[int, Point]:
    """A line: the number of a point, its factors and its answers."""
    at, factors, answers = json.loads(line)
    if not is_whole(at):
        raise ValueError
    told: list[Answer] = [(what, hours, value, low, high) for what, hours, value, low, high in answers]
    return int(at), (list(factors), told)


def _line(data: object) -> bytes:
    return json.dumps(data, allow_nan=False).encode() + b"\n"
