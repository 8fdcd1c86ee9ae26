"""Where the dots of a film are at each second, and what becomes of them: the rule of ``web/js/filmdraw.js``.

All stays of all tracks of a part of the film are looked at at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.plot.film_layout import CAPILLARIES, Box
from cascade.plot.film_lives import Track

Floats = npt.NDArray[np.float64]
Wholes = npt.NDArray[np.int64]

FALL, GESTURE = 0.55, 0.75
"""Seconds from row to row, and of a death."""

SHORT, LONG, MANY = 1.8, 4.0, 300
"""Seconds that a mark stays where more tracks than that are shown, and where fewer are."""

_MASK = np.uint64(0xFFFFFFFF)


def mixed(i: npt.NDArray[np.uint64]) -> Floats:
    """Numbers from 0 to 1 for whole ones, as if drawn at random."""
    x = i & _MASK
    for _ in range(2):
        x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x45D9F3B)) & _MASK
    shared: Floats = (x ^ (x >> np.uint64(16))) / 2.0**32
    return shared


@dataclass(frozen=True)
class Seen:
    """What is drawn of a part of the film at a second.

    Attributes
    ----------
    x, y : (n,) float
        Units of the film.
    size : (n,) float
        Cells of each dot's unit.
    cause : (n,) int
        Of death, as a place in the list of causes; -1: alive.
    ago : (n,) float
        Seconds since death; negative: alive.
    """

    x: Floats
    y: Floats
    size: Floats
    cause: Wholes
    ago: Floats


class Places:
    """Where tracks are in the boxes of the rows.

    Parameters
    ----------
    tracks : sequence of Track
    boxes : sequence of Box
    grounds : sequence of str
        Of each row.
    causes : sequence of str
    head : float
        Room for the name of a row.

    Attributes
    ----------
    linger : float
        Seconds that a mark stays.
    starts : list of int
        Of each track, its first stay among those of all.
    """

    def __init__(
        self, tracks: Sequence[Track], boxes: Sequence[Box], grounds: Sequence[str], causes: Sequence[str], head: float
    ) -> None:
        self.linger = SHORT if len(tracks) > MANY else LONG
        self.grounds = np.array(grounds)
        tops = [min(head, 0.4 * box.h) for box in boxes]
        self.rooms = np.array([(b.x, b.y + top + 4, b.w, b.h - top - 11) for b, top in zip(boxes, tops, strict=True)])
        where = {cause: k for k, cause in enumerate(causes)}
        stays = [(t, s) for t in tracks for s in t.stays]
        self.starts = np.cumsum([0, *(len(t.stays) for t in tracks)]).tolist()
        self.begin = np.array([s.start for _, s in stays], float)
        self.end = np.array([s.end for _, s in stays], float)
        # When the next stay begins, and the row before: of the last and of the first there is none.
        self.next = np.array([x for t in tracks for x in (*(s.start for s in t.stays[1:]), math.inf)], float)
        self.row = np.array([s.row for _, s in stays], np.int64)
        self.before = np.array([r for t in tracks for r in (t.stays[0].row, *(s.row for s in t.stays[:-1]))], np.int64)
        self.size = np.array([t.size for t, _ in stays], float)
        self.cause = np.array([where.get(s.cause, -1) for _, s in stays], np.int64)
        self.dot = np.array([(t.cell % 0x3FFFFFFF) * 2 + t.member * 7919 for t, _ in stays], np.uint64)

    def spot(self, which: npt.NDArray[np.intp], row: Wholes, clock: Floats) -> tuple[Floats, Floats]:
        """Where dots stand in a row, each at a second."""
        i = self.dot[which] + row.astype(np.uint64) * np.uint64(104729)
        a, b = mixed(i), mixed(i + np.uint64(15485863))
        kind = self.grounds[row]
        x = 0.02 + 0.96 * a
        x = np.where(kind == "lumen", (x + clock * (0.035 + 0.03 * b)) % 1.0, x)
        arched = (np.floor(x * CAPILLARIES) + 0.5) / CAPILLARIES + 0.012 * np.sin(9 * b)
        x = np.where(kind == "capillary", arched, x)
        x = np.where(kind == "primary", 0.5 + (x - 0.5) * 0.86 * np.sqrt(1 - (2 * b - 1) ** 2 * 0.8), x)
        y = np.clip(b + 0.05 * np.sin(clock * (0.9 + a) + 6 * b), 0.0, 1.0)
        left, top, wide, high = self.rooms[row].T
        return left + x * wide, top + y * high

    def at(self, clock: float, rows: range) -> Seen:
        """What is seen in some rows at a second."""
        there = (self.begin <= clock) & (clock < self.next) & (self.row >= rows.start) & (self.row < rows.stop)
        k = np.flatnonzero(there)
        dies = self.cause[k] >= 0
        # The dead stay where they died.
        x, y = self.spot(k, self.row[k], np.where(dies, np.minimum(clock, self.end[k]), clock))
        old_x, old_y = self.spot(k, self.before[k], np.full(len(k), clock))
        gone = np.clip((clock - self.begin[k]) / FALL, 0.0, 1.0)
        part = np.where(self.before[k] == self.row[k], 1.0, gone * gone * (3 - 2 * gone))
        ago = np.where(dies, clock - self.end[k], -1.0)
        cause = np.where(ago >= 0, self.cause[k], -1)
        return Seen(old_x + (x - old_x) * part, old_y + (y - old_y) * part, self.size[k], cause, ago)
