"""Sweeps that may be killed: a line of a file for each point that is done, and gone on from there.

The file is only ever added to, so that a kill at any moment leaves whole lines and at most a part of one, which is cut
off before the sweep goes on.  Numbers are written so that they are read again to the bit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError

Answer = tuple[str, float | None, float, float, float]
"""What was asked, the hours, the value and its interval."""


@dataclass(frozen=True)
class Kept:
    """A file of points that are done; ``asked``: what the sweep is, of which each part has to be the same."""

    path: Path
    asked: Mapping[str, Any]

    def opened(self) -> dict[int, list[Answer]]:
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

    def _opened(self) -> dict[int, list[Answer]]:
        head = _line(dict(self.asked))
        held = self.path.read_bytes() if self.path.exists() else b""
        if head.startswith(held):  # a new file, or one whose first line was not whole
            self.path.write_bytes(head)
            return {}
        whole = held[: held.rfind(b"\n") + 1]
        self._check(whole.partition(b"\n")[0])
        if len(whole) < len(held):
            os.truncate(self.path, len(whole))
        return dict(self._points(whole))

    def _check(self, first: bytes) -> None:
        try:
            told = json.loads(first)
        except ValueError:
            told = None
        if not isinstance(told, dict) or told.keys() != dict(self.asked).keys():
            raise InputError("path", str(self.path), "a new file, or one that a sweep has left")
        for name, value in json.loads(_line(dict(self.asked))).items():
            if told[name] != value:
                raise InputError(
                    "path", str(self.path), f"the file of this sweep; it is of one that differs in its {name}"
                )

    def _points(self, whole: bytes) -> Iterator[tuple[int, list[Answer]]]:
        for number, line in enumerate(whole.splitlines()[1:], start=2):
            try:
                point, answers = json.loads(line)
                yield int(point), [(what, hours, value, low, high) for what, hours, value, low, high in answers]
            except (ValueError, TypeError):
                raise InputError("path", str(self.path), f"a file as a sweep leaves it; line {number} is not") from None

    def add(self, point: int, answers: list[Answer]) -> None:
        """A point that is done."""
        with self.path.open("ab") as file:
            file.write(_line([point, answers]))


def _line(data: object) -> bytes:
    return json.dumps(data, allow_nan=False).encode() + b"\n"
