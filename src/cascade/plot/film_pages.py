"""What does not move in a film: title, grounds, names, lenses, exact shares, and what stands below."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from cascade.common.text import printable
from cascade.plot.film_grounds import draw_ground
from cascade.plot.film_layout import EDGE, FILM, HEIGHT, NUMBERS, POINT, WIDTH, Box
from cascade.plot.film_marks import mark_path
from cascade.plot.film_scene import Row, Scene
from cascade.plot.fitting import broken, letters_missing, smaller
from cascade.plot.fitting import words as written

TITLE, SHARE, NAME, SMALL, HINT = 33.0, 21.0, 19.0, 14.0, 14.0
"""Sizes of type, in units."""

TIMES = "\N{MULTIPLICATION SIGN}"

ABOVE = 10.0
"""Order of what stands above all that moves."""


def wide(text: str, size: float, weight: str = "normal") -> float:
    """Units that a line of text takes, as its outlines are: pixels may be many or few."""
    letters = FontProperties(size=100.0, weight=weight)
    with letters_missing():
        points, _, _ = text_to_path.get_text_width_height_descent(printable(text), letters, ismath=False)
    return 1.01 * float(points) * size / 100.0


def page_of(scene: Scene, dpi: float) -> tuple[Figure, Axes]:
    """A figure with all that does not move, and its axes in units."""
    figure = Figure(figsize=(WIDTH * POINT / 72, HEIGHT * POINT / 72), dpi=dpi, facecolor=scene.scheme["paper"])
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_axis_off()
    for k, row in enumerate(scene.rows):
        draw_ground(ax, row.ground, scene.layout.rows[k], scene.scheme)
    for k, row in enumerate(scene.rows):
        _name(ax, scene, row, scene.layout.rows[k])
        _bar(ax, scene, k)
    _around(ax, scene)
    ax.set_xlim(0.0, WIDTH)
    ax.set_ylim(HEIGHT, 0.0)
    return figure, ax


def write(ax: Axes, scene: Scene, x: float, y: float, text: str, size: float, **how: Any) -> Any:
    """A text in units; by default in ink, from the left, on its base line."""
    usual: dict[str, Any] = {"color": scene.scheme["ink"], "va": "baseline"}
    return ax.text(x, y, written(text), fontsize=size * POINT, **{**usual, **how})


def _fitting(text: str, room: float, size: float, least: float = 8.0, weight: str = "normal") -> float:
    """The size with which a text is no wider than its room."""
    return smaller(text, room * POINT / 72, size * POINT, least, weight) / POINT


def _name(ax: Axes, scene: Scene, row: Row, box: Box) -> None:
    """Name of a step and what it is; of how many cells a dot is, in the first row and where dots open."""
    scale, left = scene.layout.scale, box.x + 8
    size = NAME * scale
    base, end = box.y + 17.0 * scale, left + wide(row.name, size, "bold")
    room = box.w - 16 - (wide(row.opens, SMALL) + 30 if row.opens else 0)
    hint = "" if row.hint.casefold() == row.name.casefold() else row.hint
    hint = hint if end - left + 10 + wide(hint, HINT * scale) < room else ""
    right = end + 10 + wide(hint, HINT * scale) if hint else end
    ground = Rectangle((left - 4, box.y + 1), right - left + 8, 21 * scale, lw=0)
    ground.set(facecolor=scene.scheme["stage"], alpha=0.82, zorder=ABOVE)
    ax.add_patch(ground)
    write(ax, scene, left, base, row.name, size, weight="bold", zorder=ABOVE)
    if hint:
        write(ax, scene, end + 10, base, hint, HINT * scale, color=scene.scheme["quiet"], zorder=ABOVE)
    if row.opens:
        high, long = 20.0, wide(row.opens, SMALL) + 16
        middle = box.y if box is not scene.layout.rows[0] else box.y + 2 + high / 2  # a dot begins in the first row
        pill = Rectangle(
            (FILM[1] - long - 8, middle - high / 2), long, high, fc=scene.scheme["ink"], lw=0, zorder=ABOVE
        )
        ax.add_patch(pill)
        how = {"color": scene.scheme["paper"], "va": "center_baseline", "ha": "center", "zorder": ABOVE}
        write(ax, scene, FILM[1] - 8 - long / 2, middle, row.opens, SMALL, **how)


def _bar(ax: Axes, scene: Scene, k: int) -> None:
    """What stands around the bar of a row: its lens, where the exact bar of the next row ends, causes, the share."""
    row, track, scale, scheme = scene.rows[k], scene.layout.tracks[k], scene.layout.scale, scene.scheme
    ax.add_patch(Rectangle((track.x, track.y), track.w, track.h, fc=scheme["band"], lw=0))
    if row.factor > 1:
        _lens(ax, scene, row, track)
    if row.zoom > 1:
        _enlarged(ax, scene, row, track)
    if k + 1 < len(scene.rows):
        tip = track.x + track.w * min(1.0, scene.rows[k + 1].came * row.zoom)
        bottom, half = track.y + track.h, 4.5 * scale
        corners = [(tip - half, bottom + 1.7 * half), (tip + half, bottom + 1.7 * half), (tip, bottom - 1)]
        ax.add_patch(Polygon(corners, fc=scheme["ink"], lw=0, zorder=ABOVE))
    box = scene.layout.rows[k]
    _causes(ax, scene, row, track, box.y + box.h)
    number, room = scene.words.share(row.came), NUMBERS[1] - NUMBERS[0]
    size = _fitting(number, room, SHARE * scale, weight="bold")
    write(ax, scene, NUMBERS[0], track.y + track.h - 3 * scale, number, size, weight="bold")


def _lens(ax: Axes, scene: Scene, row: Row, track: Box) -> None:
    """What was narrow above is wide below."""
    above, below = (min(1.0, row.came * row.zoom / part) * track.w for part in (row.factor, 1.0))
    top, high = track.y - 15 * scene.layout.scale, 15 * scene.layout.scale
    x, foot = track.x, track.y
    corners = [(x, top), (x + above, top), (x + above, top + 0.7 * high), (x + below, top + 0.3 * high)]
    corners += [(x + below, foot), (x, foot), (x, top)]
    codes = [Path.MOVETO, Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO, Path.CLOSEPOLY]
    fill, edge = scene.scheme["band"], scene.scheme["edge"]
    ax.add_patch(PathPatch(Path(corners, codes), fc=fill, ec=edge, lw=POINT))


def _enlarged(ax: Axes, scene: Scene, row: Row, track: Box) -> None:
    """How many times the bar is too long, also where the row above is enlarged as much."""
    text, size = f"{scene.words('film.lens')} {TIMES} {scene.words.whole(row.zoom)}", 13.5 * scene.layout.scale
    ground = {"facecolor": scene.scheme["paper"], "edgecolor": "none", "pad": 1.0}
    write(ax, scene, track.x + track.w, track.y - 4, text, size, ha="right", weight="bold", bbox=ground)


def _causes(ax: Axes, scene: Scene, row: Row, track: Box, bottom: float) -> None:
    """The commonest causes of death with their marks; those for which there is room above the bottom of the row."""
    size, x = SMALL * scene.layout.scale, track.x
    half = 0.38 * size  # of a mark
    base = track.y + track.h + 21 * scene.layout.scale
    for cause, text in row.causes:
        long = wide(text, size)
        if x + 2 * half + 5 + long > NUMBERS[0] - 4 and x > track.x:
            if base + 2 * size > bottom:
                break
            x, base = track.x, base + 1.5 * size
        fits = _fitting(text, track.w - 20, size)
        mark = mark_path(scene.scheme.marks[cause]).transformed(Affine2D().scale(half).translate(x + half, base - half))
        mark.should_simplify = False
        lines = {"ec": scene.scheme.cause(cause), "lw": 2.2 * POINT * scene.layout.scale, "capstyle": "round"}
        ax.add_patch(PathPatch(mark, fill=False, snap=False, **lines))
        write(ax, scene, x + 2 * half + 5, base, text, fits)
        x += 2 * half + 5 + long + 12


def _around(ax: Axes, scene: Scene) -> None:
    """The question above, and below what the colours mean, who is ringed, and how the film was made."""
    size = _fitting(scene.title, WIDTH - 2 * EDGE, TITLE, weight="bold")
    write(ax, scene, EDGE, 53, scene.title, size, weight="bold")
    x, base, size = EDGE, 652.0, 15.0
    for colour, key in (("alive", "film.alive"), ("passed", "film.passed"), ("ink", "film.exact")):
        text = scene.words(key)
        if key == "film.exact":
            corners = [(x, base), (x + 11, base), (x + 5.5, base - 10)]
            ax.add_patch(Polygon(corners, fc=scene.scheme[colour], lw=0))
        else:
            ax.add_patch(Circle((x + 6, base - 5), 6, fc=scene.scheme[colour], lw=0))
        write(ax, scene, x + 18, base, text, size)
        x += 18 + wide(text, size) + 28
    ring, made = scene.below
    room = (WIDTH - 2 * EDGE) * POINT / 72
    told = broken(ring, room, 13.0 * POINT).split("\n")
    for line in told[:2]:
        base += 20
        ax.text(EDGE, base, line, fontsize=13.0 * POINT, color=scene.scheme["quiet"], va="baseline")
    size = _fitting(made, WIDTH - 2 * EDGE, 13.0)
    write(ax, scene, EDGE, HEIGHT - 12, made, size, color=scene.scheme["quiet"])
