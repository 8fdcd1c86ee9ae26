"""What moves in a film: dots, deaths with the marks of their causes, the ringed cell, the bars; frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from cascade.plot.film_layout import NUMBERS, POINT, WIDTH
from cascade.plot.film_marks import line_of, mark_path
from cascade.plot.film_pages import ABOVE, SMALL, page_of, write
from cascade.plot.film_places import GESTURE, Floats, Places, Seen
from cascade.plot.film_scene import Scene

COLONY, GROWS = 18, 3.0
"""Cells that the ringed founder grows to in the picture, and seconds that it takes."""

FADES = 0.6
"""Last seconds of a mark."""

LETTERS: dict[Any, str] = {"text.hinting": "no_hinting"}
"""Letters as wide as their outlines are: moved to whole pixels, they would be wider in small pictures."""

_ROUND = np.linspace(0.0, 2 * np.pi, 13)[:-1]
_DISC = Path.unit_circle()
_SQUARE = Path([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])


def pieces(
    scene: Scene, passed: float, here: float, dead: dict[str, float], zoom: float, *, ordered: bool = False
) -> list[tuple[str, float, float]]:
    """Colours of who passed, who is here, who died of what, and where each piece of the bar begins and ends.

    Side by side, the commonest causes first unless they are ``ordered``; as shares of the longest that a bar can be.
    """
    parts = [(scene.scheme["passed"], passed), (scene.scheme["alive"], here)]
    causes = list(dead) if ordered else sorted(dead, key=lambda cause: -dead[cause])
    parts += [(scene.scheme.cause(cause), dead[cause]) for cause in causes]
    begin, found = 0.0, []
    for colour, share in parts:
        end = min(1.0, begin + share * zoom)
        found.append((colour, begin, end))
        begin = end
    return found


def radius_of(scene: Scene, each: float) -> float:
    """Of the dot of one cell, in units, where a dot stands for so many."""
    return scene.layout.dot * (2.3 if each >= 50 else 3.0 if each > 1.5 else 3.8)


class Frames:
    """Pictures of a film.

    Parameters
    ----------
    scene : Scene
    pixels : int
        Across a picture, of whose sides the ratio is 16 to 9.
    """

    def __init__(self, scene: Scene, pixels: int) -> None:
        self.scene = scene
        figure, self.ax = page_of(scene, pixels * 72 / (WIDTH * POINT))
        self.canvas = FigureCanvasAgg(figure)
        scheme = scene.scheme
        self.bars = self._add(PolyCollection([], linewidths=0, antialiased=False))
        # In the order in which they are drawn.
        self.dust, self.gestures = self._marks(_SQUARE, filled=True), self._add(PolyCollection([], linewidths=0))
        self.marks = [self._marks(mark_path(scheme.marks[cause]), filled=False) for cause in scene.causes]
        for cause, marks in zip(scene.causes, self.marks, strict=True):
            marks.set_linewidth(line_of(scheme.marks[cause]) * POINT)
        self.alive = self._marks(_DISC, filled=True)
        self.alive.set_facecolor(scheme["alive"])
        self.trail = Line2D([], [], color=scheme["ink"], lw=1.4 * POINT * scene.layout.dot, alpha=0.5)
        self.ax.add_line(self.trail)
        self.founder, self.ring = self._marks(_DISC, filled=True), self._marks(_DISC, filled=False)
        self.founder.set_facecolor(scheme["alive"])
        self.ring.set(edgecolor=scheme["ink"], linewidth=2.4 * POINT * scene.layout.dot)
        self.numbers = [_Number(self, k) for k in range(len(scene.rows))]
        with rc_context(LETTERS):
            self.canvas.draw()  # type: ignore[no-untyped-call]
        self.background = self.canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]
        self.table = np.array([to_rgb(scheme.cause(cause)) for cause in scene.causes] or [(0.0, 0.0, 0.0)])
        self.above = self._above()

    def _above(self) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
        """Names and marks that stand still above all that moves: pixels, their colours and how opaque they are."""
        self.canvas.get_renderer().clear()  # type: ignore[no-untyped-call]
        raised = [artist for artist in (*self.ax.patches, *self.ax.texts) if artist.get_zorder() >= ABOVE]
        with rc_context(LETTERS):
            for artist in sorted(raised, key=lambda artist: isinstance(artist, Text)):
                self.ax.draw_artist(artist)
        drawn = self.pixels.reshape(-1, 4)
        where = np.flatnonzero(drawn[:, 3])
        return where, drawn[where, :3].astype(float), drawn[where, 3:] / 255.0

    @property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """What is drawn: (height, width, 4)."""
        return np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]

    def _add(self, collection: PolyCollection) -> PolyCollection:
        collection.set_animated(True)
        self.ax.add_collection(collection, autolim=False)
        return collection

    def _marks(self, path: Path, *, filled: bool) -> PathCollection:
        """Copies of a path at places of their own."""
        how = {"linewidths": 0} if filled else {"facecolors": "none", "capstyle": "round"}
        marks = PathCollection([path], offsets=np.zeros((0, 2)), offset_transform=self.ax.transData, **how)
        marks.set_transform(IdentityTransform())  # sizes are no lengths of the axes
        marks.set(animated=True, snap=False)
        self.ax.add_collection(marks, autolim=False)
        return marks

    def at(self, clock: float) -> npt.NDArray[np.uint8]:
        """The picture of a second: (height, width, 3)."""
        with rc_context(LETTERS):
            return self._drawn(clock)

    def _drawn(self, clock: float) -> npt.NDArray[np.uint8]:
        self.canvas.restore_region(self.background)  # type: ignore[no-untyped-call]
        for artist in (self._bars(clock), *self._cells(clock), *self._ringed(clock)):
            self.ax.draw_artist(artist)
        for number in self.numbers:
            number.draw()
        picture = self.pixels[:, :, :3].copy()
        where, colours, opaque = self.above
        flat = picture.reshape(-1, 3)
        flat[where] = np.round(flat[where] * (1 - opaque) + colours * opaque)
        return picture

    def _bars(self, clock: float) -> PolyCollection:
        """The bars of a second, and the numbers that were counted."""
        corners, colours = [], []
        words, looked = self.scene.words, self.scene.cells.looked_at
        for k, counted in enumerate(self.scene.cells.census(clock)):
            x, y, w, h = self.scene.layout.tracks[k]
            for colour, a, b in pieces(self.scene, counted.passed, counted.here, counted.dead, self.scene.rows[k].zoom):
                if b > a:
                    corners.append([(x + a * w, y), (x + b * w, y), (x + b * w, y + h), (x + a * w, y + h)])
                    colours.append(colour)
            last = k + 1 == len(self.scene.rows) and clock >= self.scene.length
            self.numbers[k].text = words.counted(looked[k] * counted.came, looked[k], last=last)
        self.bars.set_verts(corners)
        self.bars.set_facecolor(colours)
        return self.bars

    def _cells(self, clock: float) -> list[Artist]:
        """All dots of a second: dust, deaths, marks, the living."""
        scene = self.scene
        dead: list[tuple[Seen, float, float]] = []
        alive, sizes = [np.zeros((0, 2))], [np.zeros(0)]
        for places, (part, end) in zip(scene.places, scene.dots.bounds(), strict=True):
            seen, radius = places.at(clock, range(part.row, end)), radius_of(scene, part.each)
            lives = seen.cause < 0
            alive.append(np.column_stack([seen.x, seen.y])[lives])
            sizes.append(radius * np.cbrt(seen.size[lives]))
            dead.append((seen, radius, places.linger))
        _place(self.alive, np.concatenate(alive), np.concatenate(sizes))
        self._dust(dead)
        self._gestures(dead)
        for cause, marks in enumerate(self.marks):
            self._fade(marks, cause, dead)
        return [self.dust, self.gestures, *self.marks, self.alive]

    def _colours(self, seen: Seen, which: npt.NDArray[np.bool_], opacity: Floats | float) -> Floats:
        """Colours of causes, each as opaque as it shall be."""
        rgb = self.table[seen.cause[which]]
        return np.column_stack([rgb, np.broadcast_to(opacity, len(rgb))])

    def _dust(self, dead: list[tuple[Seen, float, float]]) -> None:
        """What is left of those who died long ago."""
        old = [(seen, (seen.cause >= 0) & (seen.ago > linger)) for seen, _, linger in dead]
        where = np.concatenate([np.column_stack([s.x, s.y])[k] for s, k in old] or [np.zeros((0, 2))])
        _place(self.dust, where, np.full(len(where), 1.1 * self.scene.layout.dot))
        faded = np.concatenate([self._colours(s, k, 0.55) for s, k in old] or [np.zeros((0, 4))])
        self.dust.set_facecolor(faded.tolist())

    def _fade(self, marks: PathCollection, cause: int, dead: list[tuple[Seen, float, float]]) -> None:
        """The marks of a cause: they come quickly and go slowly."""
        where, sizes, colours = [np.zeros((0, 2))], [np.zeros(0)], [np.zeros((0, 4))]
        for seen, radius, linger in dead:
            k = (seen.cause == cause) & (seen.ago <= linger)
            ago = seen.ago[k]
            going = np.where(ago > linger - FADES, np.maximum(0.3, (linger - ago) / FADES), 1.0)
            where.append(np.column_stack([seen.x, seen.y])[k])
            sizes.append(np.full(len(ago), 1.5 * radius))
            colours.append(self._colours(seen, k, np.minimum(1.0, ago / 0.25) * going))
        _place(marks, np.concatenate(where), np.concatenate(sizes))
        marks.set_edgecolor(np.concatenate(colours).tolist())

    def _gestures(self, dead: list[tuple[Seen, float, float]]) -> None:
        """How cells die: torn, squeezed, touched by a killer, fallen apart."""
        corners, colours = [np.zeros((0, len(_ROUND), 2))], [np.zeros((0, 4))]
        for seen, radius, _ in dead:
            for cause, name in enumerate(self.scene.causes):
                k = (seen.cause == cause) & (seen.ago < GESTURE)
                gone = seen.ago[k] / GESTURE
                for shape in _gesture(self.scene.scheme.marks[name], radius, gone):
                    corners.append(shape + np.column_stack([seen.x, seen.y])[k][:, None, :])
                    colours.append(self._colours(seen, k, 1 - gone))
        self.gestures.set_verts(list(np.concatenate(corners)))
        self.gestures.set_facecolor(np.concatenate(colours).tolist())

    def _ringed(self, clock: float) -> list[Artist]:
        """The cell that founds, with where it came along."""
        scene, ring = self.scene, self.scene.cells.ringed
        if scene.ringed is None or ring is None:
            return []
        seen, dot = scene.ringed.at(clock, range(len(scene.rows))), scene.layout.dot
        at = np.column_stack([seen.x, seen.y])
        row = max(stay.row for stay in ring.stays if stay.start <= clock)
        way = trail_of(scene.ringed, clock)
        self.trail.set_data(*np.vstack([way, at]).T)
        founds = row == len(scene.rows) - 1
        came = next(stay.start for stay in ring.stays if stay.row == row)
        cells = colony(min(1.0, (clock - came) / GROWS), dot) if founds else np.zeros((1, 2))
        _place(self.founder, at + cells, np.full(len(cells), (2.6 if founds else 4.2) * dot))
        _place(self.ring, at, np.array([(15.0 if founds else 9.0) * dot]))
        return [self.trail, self.founder, self.ring]


class _Number:
    """How many cells of the film have come to a row: letters are drawn when it changes, and kept as pixels."""

    def __init__(self, frames: Frames, k: int) -> None:
        track, scale, scheme = frames.scene.layout.tracks[k], frames.scene.layout.scale, frames.scene.scheme
        self.frames, self.text, self.shown = frames, "", ""
        base = track.y + track.h + 17 * scale
        how = {"color": scheme["quiet"], "animated": True}
        self.letters = write(frames.ax, frames.scene, NUMBERS[0], base, "", SMALL * scale, **how)
        unit = frames.ax.bbox.width / WIDTH
        top, bottom = int((base - 15 * scale) * unit), int((base + 6 * scale) * unit)
        self.where = slice(top, bottom), slice(int((NUMBERS[0] - 4) * unit), None)
        self.kept = np.zeros((0, 0, 4), np.uint8)

    def draw(self) -> None:
        """Into what is drawn."""
        if self.text == self.shown:
            self.frames.pixels[self.where] = self.kept
            return
        self.letters.set_text(self.text)
        self.frames.ax.draw_artist(self.letters)
        self.shown, self.kept = self.text, self.frames.pixels[self.where].copy()


def _place(marks: PathCollection, where: Floats, sizes: Floats) -> None:
    """Put copies of a path somewhere, each of a size in units."""
    marks.set_offsets(where)
    marks.set_sizes((POINT * sizes) ** 2)  # areas, in points


def trail_of(ringed: Places, clock: float) -> Floats:
    """Where the ringed cell came into each row that it has left, (n, 2)."""
    left = np.flatnonzero(ringed.next <= clock)
    x, y = ringed.spot(left, ringed.row[left], ringed.begin[left])
    return np.column_stack([x, y])


def colony(grown: float, scale: float) -> Floats:
    """Cells of a colony around its middle, like seeds of a sunflower: (n, 2)."""
    k = np.arange(1 + round(COLONY * grown))
    r, a = 2.6 * scale * np.sqrt(k), 2.39996 * k
    return np.column_stack([r * np.cos(a), r * np.sin(a)])


def _gesture(mark: str, r: float, gone: Floats) -> list[Floats]:
    """Shapes of a death that is so far gone, around the place of the cell: each (n, corners, 2)."""
    x, y, n = np.cos(_ROUND), np.sin(_ROUND), len(gone)
    t = gone[:, None]

    def shape(across: Floats, down: Floats) -> Floats:
        return np.stack(np.broadcast_arrays(across, down, np.zeros((n, len(_ROUND))))[:2], axis=2)

    if mark == "slashes":
        return [shape(r * np.minimum(x, 0) - 2 * r * t, r * y), shape(r * np.maximum(x, 0) + 2 * r * t, r * y)]
    if mark == "lens":
        return [shape(r * x * (1 + t), r * y * (1 - 0.8 * t))]
    if mark in ("cross", "star"):
        return [shape(1.5 * r * x + 5 * r * (1 - t), 1.5 * r * y - 4 * r * (1 - t))]
    corners = [(across, down) for across in (-1.4, 1.4) for down in (-1.4, 1.4)]
    return [shape(r / 2 * x + a * r * t, r / 2 * y + b * r * t) for a, b in corners]
