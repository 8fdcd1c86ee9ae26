r"""The cells of a film: real cells of a model on the clock of the film, by the rule of ``web/js/filmcells.js``.

A film has a row for each step.  A stay of :math:`h` hours in row :math:`k` is shown for

.. math:: s_k \, (0.3 + 1.2 \, (1 - e^{-h / m_k}))

seconds, :math:`s_k` the seconds of the row and :math:`m_k` the mean stay in it of the dots that are shown there.  A
thousand dots stand for 100,000 cells; where the bar of a row is enlarged by a lens, more of these cells are looked at,
and a dot stands for fewer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cascade.lessons.thumbnail import zooms
from cascade.plot.film_lives import Lives, Stay, Track

SET_OUT = 100_000
"""Cells that set out, for which the dots stand."""

DOTS = 1000
"""Of the first rows."""

LEAST, MORE = 0.3, 1.2
"""Parts of a row's seconds: of the shortest stay, and of the longest beyond it."""

END = 1.5
"""Seconds that a film goes on when nothing moves any more."""


@dataclass
class Part:
    """A part of the film: some rows in which a dot stands for as many cells.

    Attributes
    ----------
    row : int
        The first.
    cells : int
        That are looked at; of clusters founders.
    each : float
        Cells for which a dot stands.
    tracks : list of Track
        Of those that come to the first row.
    weight : float
        Of all cells that set out, in the same measure as sizes of tracks.
    """

    row: int
    cells: int
    each: float
    tracks: list[Track] = field(default_factory=list)
    weight: float = 1.0


@dataclass
class Counted:
    """A row at a moment, as shares of all that set out: who came, who passed, who died of what."""

    came: float = 0.0
    passed: float = 0.0
    dead: dict[str, float] = field(default_factory=dict)

    @property
    def here(self) -> float:
        """Who is alive in the row."""
        return max(0.0, self.came - self.passed - sum(self.dead.values()))


class FilmCells:
    """The cells of a film.

    Parameters
    ----------
    lives : Lives
        Of the cells of the seed.
    came : sequence of float
        Exact shares of all cells that come to each row, the first and the last among them.
    seconds : sequence of float
        Of each row.
    founder : int
        Number of a cell that founds a colony; -1: none is known.
    dots : int
        Of the first rows; with fewer than a thousand a dot stands for more cells everywhere.
    pace : sequence of float, optional
        Mean hours of a stay in each row; default: of the dots that are shown there.
    """

    def __init__(
        self, lives: Lives, came: Sequence[float], seconds: Sequence[float], *, founder: int = -1, dots: int = DOTS,
        pace: Sequence[float] | None = None,
    ) -> None:  # fmt: skip
        self.lives, self.seconds, self.dots = lives, list(seconds), dots
        self.rows = len(seconds)
        self.zooms = zooms(came)
        self.means = [0.0] * self.rows if pace is None else list(pace)
        self.parts = self._parts()
        for part in self.parts:
            self._look(part, paced=pace is not None)
        self.ringed = None if founder < 0 else self._timed(lives.of([founder])[0])[0]

    def _parts(self) -> list[Part]:
        """Where dots open."""
        parts = [Part(0, self.dots, SET_OUT / self.dots)]
        for k in range(1, self.rows):
            cells = round(min(SET_OUT * self.dots / DOTS, parts[-1].cells * self.zooms[k] / self.zooms[k - 1]))
            if cells > parts[-1].cells:
                parts.append(Part(k, cells, SET_OUT / cells))
        return parts

    def bounds(self) -> Iterator[tuple[Part, int]]:
        """Each part with the first row that is not its own."""
        ends = [part.row for part in self.parts[1:]] + [self.rows]
        yield from zip(self.parts, ends, strict=True)

    def _look(self, part: Part, *, paced: bool) -> None:
        """The tracks of a part, and the pace of its rows."""
        end = next(last for one, last in self.bounds() if one is part)
        families = self.lives.of(self.lives.reaching(part.cells, part.row))
        if not paced:
            for row in range(part.row, end):
                self.means[row] = _mean(families, part.row, row)
        # Fragments begin when they go apart from their founder: in seconds that is known with the pace alone.
        tracks = [track for family in families for track in self._timed(family)]
        part.tracks = [track for track in tracks if track.furthest >= part.row]
        first = self.parts[0]
        sizes = float(sum(track.size for track in first.tracks))
        part.weight = sizes if part is first else first.weight * (part.cells / self.dots)

    def shown(self, row: int, hours: float) -> float:
        """Seconds that a stay of so many hours in a row is shown; infinite for one that never ends."""
        if hours == math.inf:
            return math.inf
        return self.seconds[row] * (LEAST + MORE * (1.0 - math.exp(-hours / (self.means[row] or 1.0))))

    def _timed(self, family: Sequence[Track]) -> list[Track]:
        """A founder and what went apart from it, with the seconds at which their stays begin and end."""
        timed: list[Track] = []
        for track in family:
            at = begin = self._moment(timed[0], track.stays[0].entered) if timed else 0.0
            stays = []
            for stay in track.stays:
                end = at + self.shown(stay.row, stay.left - stay.entered)
                stays.append(replace(stay, start=at, end=end))
                at = end
            timed.append(replace(track, stays=tuple(stays), begin=begin))
        return timed

    def _moment(self, track: Track, hour: float) -> float:
        """The second of the film at an hour of a cell."""
        stay = next((stay for stay in track.stays if hour < stay.left), track.stays[-1])
        return min(stay.end, stay.start + self.shown(stay.row, hour - stay.entered))

    def census(self, clock: float) -> list[Counted]:
        """Where the cells of each row are at a second of the film."""
        counts = [Counted() for _ in range(self.rows)]
        for part, end in self.bounds():
            for track in part.tracks:
                if clock >= track.begin:
                    _count(counts, track, range(part.row, end), clock, track.size / part.weight)
        return counts

    @property
    def looked_at(self) -> list[float]:
        """Cells that were looked at for each row."""
        return [part.weight for part, end in self.bounds() for _ in range(part.row, end)]

    @property
    def length(self) -> float:
        """Seconds until nothing moves any more, and a little longer."""
        lasts = [track.stays[-1] for part in self.parts for track in part.tracks]
        return max((last.end if math.isfinite(last.end) else last.start for last in lasts), default=0.0) + END


def _mean(families: Sequence[Sequence[Track]], least: int, row: int) -> float:
    """Mean hours of a stay in a row that ends, of the tracks that come to row ``least``; 0: there is none."""
    hours = [
        stay.left - stay.entered
        for family in families
        for track in family
        if track.furthest >= least
        for stay in track.stays
        if stay.row == row and math.isfinite(stay.left)
    ]
    return sum(hours) / len(hours) if hours else 0.0


def _count(counts: list[Counted], track: Track, rows: range, clock: float, weight: float) -> None:
    """Count a track at a second, in the rows of its part."""
    now: Stay = track.stays[0]
    for stay in track.stays:
        if stay.start > clock:
            break
        now = stay
    for k in range(rows.start, min(now.row + 1, rows.stop)):
        counts[k].came += weight
        if k < now.row:
            counts[k].passed += weight
        elif now.cause and now.end <= clock:
            counts[k].dead[now.cause] = counts[k].dead.get(now.cause, 0.0) + weight
