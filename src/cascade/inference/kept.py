"""Files of sweeps: a line that says what was asked, then a line for each point that is done.

The file is only ever added to, so that a kill at any moment leaves whole lines and at most a part of one, which is cut
off before the sweep goes on.  Numbers are written so that they are read again to the bit.  One process at a time adds
to a file, where the system has locks; a line that stands there again is taken once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cascade.common.errors import InputError, is_whole

Answer = tuple[str, float | None, float, float, float]
"""What was asked, the hours, the value and its interval."""

Point = tuple[list[float], list[Answer]]
"""Factors on the hazards, and the answers there."""

OF_BEFORE = {"version", "model", "seed", "hazards", "factors"}
"""What the first line of a file of an earlier version names."""

OURS = "a new file, or one that a sweep has left"


@dataclass(frozen=True)
class Held:
    """A file that is open, and no other process's.

    Attributes
    ----------
    points : dict of int to Point
        Those that it held when it was opened, by number.
    file : binary file
    """

    points: dict[int, Point]
    file: IO[bytes]

    def add(self, number: int, point: Point) -> None:
        """A point that is done: in the file, whatever happens next."""
        self.file.write(_line([number, *point]))
        self.file.flush()


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

    @contextmanager
    def opened(self) -> Iterator[Held]:
        """The points that are done, and where more are added; until the end no other process adds to the file.

        A new file is begun, and a part of a line cut off; one that no point was added to is not left behind.

        Raises
        ------
        InputError
            When the file holds another sweep, or something else, cannot be read and written, or is written by another
            process.
        """
        new = not self.path.exists()
        with locked(self.path) as file:
            held = Held(self._read(file), file)
            try:
                yield held
            finally:
                if new and os.fstat(file.fileno()).st_size <= len(_line(dict(self.asked))):
                    with suppress(OSError):  # some systems take no open file away: then its first line stays
                        self.path.unlink()

    def _read(self, file: IO[bytes]) -> dict[int, Point]:
        head = _line(dict(self.asked))
        file.seek(0)
        held = file.read()
        if head.startswith(held):  # a new file, or one whose first line was not whole
            file.truncate(0)
            file.write(head)
            file.flush()
            return {}
        whole = held[: held.rfind(b"\n") + 1]
        self._check(whole)
        if len(whole) < len(held):
            file.truncate(len(whole))
        return points_in(whole, "path", str(self.path))

    def _check(self, whole: bytes) -> None:
        try:
            told = recipe_in(whole)
        except (ValueError, RecursionError):
            raise InputError("path", str(self.path), OURS) from None
        if told.keys() >= OF_BEFORE and "sweep" not in told:
            wanted = "the file of a sweep of this version of the package; it is of an earlier one, so begin a new file"
            raise InputError("path", str(self.path), wanted)
        if told.keys() != dict(self.asked).keys():
            raise InputError("path", str(self.path), OURS)
        name = self.differs(told)
        if name:
            wanted = f"the file of this sweep; it is of one that differs in its {name}"
            raise InputError("path", str(self.path), wanted)


@contextmanager
def locked(path: Path) -> Iterator[IO[bytes]]:
    """A file to read and to add to, which no other process adds to while it is open; a kill gives it free.

    Raises
    ------
    InputError
        Where another process has it, or it cannot be read and written.
    """
    try:
        file = path.open("ab+")
    except OSError as error:
        raise InputError("path", str(path), f"a file that can be read and written ({error.strerror})") from None
    with file:
        taken = InputError("path", str(path), "a file that no other process adds points to at this moment")
        if not _is_ours(file):
            raise taken
        try:
            same = os.path.samestat(os.fstat(file.fileno()), path.stat())
        except OSError:
            same = False
        if not same:  # another process has taken it away, or put another there, since it was opened
            raise taken
        yield file


def _is_ours(file: IO[bytes]) -> bool:
    """Whether the system gives the file to this process alone; also where it has no such locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without them
        return True
    return True


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
        Naming the line that is none, or whose point stands there with other answers.
    """
    points: dict[int, Point] = {}
    for number, line in enumerate(whole.splitlines()[1:], start=2):
        try:
            at, point = point_of(line)
            if points.get(at, point) != point:
                raise ValueError
        except (ValueError, TypeError, RecursionError):
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
