"""A film as one drawing (SVG) that moves by itself: styles alone, no script, for browsers and slides in HTML.

What does not move is drawn by matplotlib.  Each dot has its way, and its end, as keyframes of a style.  Where nothing
moves, because the program does not know how or the reader wants no motion, the drawing shows the end: where each cell
died, and of what.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Sequence
from html import escape
from xml.etree import ElementTree as ET

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.path import Path

from cascade.plot.film_frames import FADES, GROWS, colony, pieces, radius_of, trail_of
from cascade.plot.film_gestures import Gestures
from cascade.plot.film_layout import HEIGHT, NUMBERS, POINT, WIDTH
from cascade.plot.film_lives import Track
from cascade.plot.film_marks import drawings, line_of, mark_path
from cascade.plot.film_pages import ABOVE, SMALL, page_of, write
from cascade.plot.film_places import FALL, Places
from cascade.plot.film_scene import Scene

HELD = 2.5
"""Seconds that the end is held."""

DRIFT = 1.0
"""Seconds between two points of the way of a dot that the blood carries along."""

SAMPLES = 40
"""Moments at which the bars are as long as was counted; between them they grow evenly."""

COUNTS = 8
"""Moments at which it is said how many cells have come to a row."""

SVG = "http://www.w3.org/2000/svg"


class Drawing:
    """Elements that move, and their keyframes.

    Parameters
    ----------
    length : float
        Seconds of the lesson's film.
    seconds : float
        In which it is shown.
    """

    def __init__(self, length: float, seconds: float) -> None:
        self.length, self.total = length, seconds + HELD
        self.scale = 100.0 * seconds / self.total / length
        self.gestures = Gestures(seconds / length, self.total)
        self.rules: list[str] = []
        self.parts: list[str] = []

    def moving(self, frames: Iterable[tuple[float, str]]) -> str:
        """Attributes of an element whose style is another from each of these seconds on, evenly between them."""
        name, steps = f"k{len(self.rules):x}", []
        for second, style in frames:
            at = f"{min(100.0, max(0.0, second * self.scale)):.2f}".removesuffix(".00")
            steps.append(f"{at}%{{{style}}}")
        self.rules.append(f"@keyframes {name}{{{''.join(dict.fromkeys(steps))}}}")
        return f'class="m" style="animation-name:{name}"'

    def seen(self, begin: float, end: float, shade: float = 1.0) -> str:
        """Attributes of an element that is seen from one second to another only."""
        frames = [(0.0, "opacity:0"), (begin - 0.02, "opacity:0")] if begin > 0 else []
        frames += [(begin, f"opacity:{shade:g}")]
        if math.isfinite(end):
            frames += [(end, f"opacity:{shade:g}"), (end + 0.02, "opacity:0")]
        last = frames[-1][1]
        return self.moving([*frames, (math.inf, last)])


def svg_of(scene: Scene, seconds: float, note: str, tell: Callable[[int], object]) -> bytes:
    """The film as a drawing."""
    drawing = Drawing(scene.length, seconds)
    for cause in scene.causes:
        drawing.gestures.add(_key(scene, cause), scene.scheme.marks[cause], scene.scheme.cause(cause))
    _bars(drawing, scene)
    for places, (part, end) in zip(scene.places, scene.dots.bounds(), strict=True):
        radius = radius_of(scene, part.each)
        for k, track in enumerate(part.tracks):
            _dot(drawing, scene, places, track, k, range(part.row, end), radius)
        tell(1)
    _ringed(drawing, scene)
    return _whole(scene, drawing, note)


def _bars(drawing: Drawing, scene: Scene) -> None:
    """The bars, as they grow."""
    moments = np.linspace(0.0, scene.length, SAMPLES + 1).tolist()
    censuses = [scene.cells.census(moment) for moment in moments]
    for k, row in enumerate(scene.rows):
        track, ends = scene.layout.tracks[k], censuses[-1][k]
        # In the order of the end, so that no piece leaps over another.
        causes = [cause for cause, _ in sorted(ends.dead.items(), key=lambda item: -item[1])]
        series = []
        for census in censuses:
            dead = {cause: census[k].dead.get(cause, 0.0) for cause in causes}
            series.append(pieces(scene, census[k].passed, census[k].here, dead, row.zoom, ordered=True))
        for piece in zip(*series, strict=True):
            if max(end - begin for _, begin, end in piece) <= 0:
                continue
            lengths = [(track.x + begin * track.w, (end - begin) * track.w) for _, begin, end in piece]
            at = [f"transform:translate({x:.1f}px,{track.y:g}px) scaleX({w:.2f})" for x, w in lengths]
            colour, (x, w) = piece[-1][0], lengths[-1]
            still = f"translate({x:.1f} {track.y:g}) scale({w:.2f} 1)"
            moving = drawing.moving(zip(moments, at, strict=True))
            drawing.parts.append(f'<rect {moving} transform="{still}" width="1" height="{track.h:g}" fill="{colour}"/>')


def _way(places: Places, track: Track, begin: int, rows: range) -> list[tuple[float, float, float]]:
    """Second, x and y of the points between which a dot moves evenly; ``begin`` is its first stay of those of all."""
    points: list[tuple[float, float, float]] = []

    def point(stay: int, row: int, clock: float) -> tuple[float, float, float]:
        x, y = places.spot(np.array([stay]), np.array([row]), np.array([clock]))
        return clock, float(x[0]), float(y[0])

    for k, stay in enumerate(track.stays):
        if stay.row not in rows:
            continue
        index = begin + k
        if k:
            points.append(point(index, track.stays[k - 1].row, stay.start))
        arrives = min(stay.end, stay.start + (FALL if k else 0.0))
        points.append(point(index, stay.row, arrives))
        leaves = stay.end if math.isfinite(stay.end) else arrives
        if places.grounds[stay.row] == "lumen":
            wide = float(places.rooms[stay.row][2])
            for clock in np.arange(arrives + DRIFT, leaves, DRIFT).tolist():
                _drift(points, point(index, stay.row, clock), wide)
        _drift(points, point(index, stay.row, leaves), float(places.rooms[stay.row][2]))
    return points


def _drift(points: list[tuple[float, float, float]], new: tuple[float, float, float], wide: float) -> None:
    """Go on to a point; who leaves on the right comes again on the left."""
    _, x, y = points[-1]
    if x - new[1] > wide / 2:
        points += [(new[0] - 0.03, x, y), (new[0] - 0.02, new[1], y)]
    points.append(new)


def _dot(drawing: Drawing, scene: Scene, places: Places, track: Track, number: int, rows: range, radius: float) -> None:
    """A dot with its way, and how it ends."""
    way = _way(places, track, places.starts[number], rows)
    appears = next(stay.start for stay in track.stays if stay.row in rows or stay.row >= rows.stop)
    goes = next((stay.start for stay in track.stays if stay.row >= rows.stop), math.inf)
    last, r = track.stays[-1], radius * track.size ** (1 / 3)
    dies = bool(last.cause) and last.row in rows
    if not way:
        return
    _, x, y = way[-1]
    frames = [(clock, f"transform:translate({a:.1f}px,{b:.1f}px)") for clock, a, b in way]
    moving = drawing.moving([(0.0, frames[0][1]), *frames, (math.inf, frames[-1][1])])
    alive = drawing.seen(appears, min(goes, last.end if dies else math.inf))
    gone = ' opacity="0"' if dies or math.isfinite(goes) else ""
    inner = f'<circle {alive} r="{r:.1f}"{gone}/>'
    if dies:
        end, linger = last.end, places.linger
        fading = [(0.0, "opacity:0"), (end, "opacity:0"), (end + 0.25, "opacity:1")]
        fading += [(end + linger - FADES, "opacity:1"), (end + linger, "opacity:.3"), (math.inf, "opacity:.3")]
        # As small as dust when it is long ago.
        shrunk = [(0.0, "transform:scale(1)"), (end + linger, "transform:scale(1)")]
        shrunk += [(end + linger + 0.4, "transform:scale(.45)"), (math.inf, "transform:scale(.45)")]
        mark = f'<use href="#{_key(scene, last.cause)}" transform="scale({1.5 * radius:.1f})"/>'
        inner += drawing.gestures.of(_key(scene, last.cause), end, radius)
        inner += f"<g {drawing.moving(fading)}><g {drawing.moving(shrunk)}>{mark}</g></g>"
    drawing.parts.append(f'<g {moving} transform="translate({x:.1f} {y:.1f})">{inner}</g>')


def _key(scene: Scene, cause: str) -> str:
    """The name of a mark in the drawing."""
    return f"c{scene.causes.index(cause)}"


def _ringed(drawing: Drawing, scene: Scene) -> None:
    """The cell that founds, with its way and its colony."""
    ring, places, dot = scene.cells.ringed, scene.ringed, scene.layout.dot
    if ring is None or places is None:
        return
    ink, rows = scene.scheme["ink"], range(len(scene.rows))
    way = _way(places, ring, 0, rows)
    trail = [*trail_of(places, math.inf).tolist(), list(way[-1][1:])]
    for k in range(len(ring.stays) - 1):
        (a, b), (c, d) = trail[k], trail[k + 1]
        seen = drawing.seen(ring.stays[k + 1].start + FALL, math.inf, 0.5)
        line = f'd="M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" stroke="{ink}" stroke-width="{1.4 * dot:.1f}"'
        drawing.parts.append(f'<path {seen} {line} opacity=".5"/>')
    came, founds = ring.stays[-1].start, ring.furthest == rows[-1]
    cells = colony(1.0, dot).tolist() if founds else []
    inner = f'<circle {drawing.seen(0.0, came if founds else math.inf)} r="{4.2 * dot:.1f}"/>'
    for k, (a, b) in enumerate(cells):
        seen = drawing.seen(came + GROWS * k / len(cells), math.inf)
        inner += f'<circle {seen} cx="{a:.1f}" cy="{b:.1f}" r="{2.6 * dot:.1f}"/>'
    small, large = 9 * dot, (15 if founds else 9) * dot
    grows = [(0.0, small), (came, small), (came + 0.3, large), (math.inf, large)]
    moving = drawing.moving((clock, f"transform:scale({r / large:.2f})") for clock, r in grows)
    inner += f'<circle {moving} r="{large:.1f}" fill="none" stroke="{ink}" stroke-width="{2.4 * dot:.1f}"/>'
    frames = [(clock, f"transform:translate({a:.1f}px,{b:.1f}px)") for clock, a, b in way]
    _, x, y = way[-1]
    moved = drawing.moving([(0.0, frames[0][1]), *frames, (math.inf, frames[-1][1])])
    drawing.parts.append(f'<g {moved} transform="translate({x:.1f} {y:.1f})">{inner}</g>')


def _mark(scene: Scene, cause: str) -> str:
    """The mark of a cause, once for all that have it."""
    mark, colour, key = scene.scheme.marks[cause], scene.scheme.cause(cause), _key(scene, cause)
    if mark == "dots":  # lines so short that browsers hardly draw them
        path = mark_path(mark)
        begins = np.asarray(path.vertices)[np.asarray(path.codes) == Path.MOVETO].tolist()
        round_ = "".join(f'<circle cx="{x:g}" cy="{y:g}" r=".28"/>' for x, y in begins)
        return f'<g id="{key}" fill="{colour}">{round_}</g>'
    how = (
        f'stroke="{colour}" stroke-width="{line_of(mark):g}" stroke-linecap="round" vector-effect="non-scaling-stroke"'
    )
    return f'<path id="{key}" d="{drawings()[mark]}" fill="none" {how}/>'


def _whole(scene: Scene, drawing: Drawing, note: str) -> bytes:
    """What stands still, what moves, and what stands above it."""
    below, above = _still(scene, drawing)
    paths = "".join([*(_mark(scene, cause) for cause in scene.causes), *drawing.gestures.parts.values()])
    lasts = f"animation-duration:{drawing.total:g}s;animation-iteration-count:infinite;animation-timing-function:linear"
    style = (
        f".m,.g{{{lasts}}}{drawing.gestures.style}"
        f"@media (prefers-reduced-motion:reduce){{.m,.g{{animation:none!important}}}}{''.join(drawing.rules)}"
    )
    said = escape(f"{' '.join(scene.below)} {note}")
    wide, high = WIDTH * POINT, HEIGHT * POINT
    text = (
        f'<svg xmlns="{SVG}" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {wide:g} {high:g}" role="img">'
        f"<title>{escape(scene.title)}</title><desc>{said}</desc><style>{style}</style><defs>{paths}</defs>"
        f'{below}<g transform="scale({POINT})" fill="{scene.scheme["alive"]}">'
        f"{''.join(drawing.parts)}</g>{above}</svg>\n"
    )
    return text.encode()


def _still(scene: Scene, drawing: Drawing) -> tuple[str, str]:
    """What matplotlib draws: below what moves, and above; numbers are seen while they hold."""
    figure, ax = page_of(scene, 72.0)
    raised = [artist for artist in (*ax.patches, *ax.texts) if artist.get_zorder() >= ABOVE]
    for k, artist in enumerate(raised):
        artist.set_gid(f"above{k}")
    times = _numbers(ax, scene)
    file = io.BytesIO()
    with rc_context({"svg.hashsalt": "cascade"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ET.fromstring(file.getvalue())  # noqa: S314  # written a line above
    groups: list[ET.Element] = []
    for parent in list(root.iter()):
        for child in [one for one in parent if (one.get("id") or "").startswith(("above", "number"))]:
            parent.remove(child)
            groups.append(child)
    above = []
    for group in groups:
        name, written = group.get("id") or "", _written([group])
        if name in times:
            begin, end = times[name]
            still = "" if math.isinf(end) else ' opacity="0"'
            written = f"<g {drawing.seen(begin, end)}{still}>{written}</g>"
        above.append(written)
    return _written(list(root)), "".join(above)


def _numbers(ax: Axes, scene: Scene) -> dict[str, tuple[float, float]]:
    """Write how many have come to each row, as of some moments; from when to when each of these texts holds."""
    moments = [*np.linspace(0.0, scene.length, COUNTS, endpoint=False).tolist(), scene.length]
    censuses, looked = [scene.cells.census(moment) for moment in moments], scene.cells.looked_at
    scale, times = scene.layout.scale, {}
    for k, track in enumerate(scene.layout.tracks):
        texts = [scene.words.counted(looked[k] * census[k].came, looked[k], last=False) for census in censuses]
        if k + 1 == len(scene.rows):
            texts[-1] = scene.words.counted(looked[k] * censuses[-1][k].came, looked[k], last=True)
        changed = [i for i in range(len(texts)) if not i or texts[i] != texts[i - 1]]
        for i, until in zip(changed, [*changed[1:], None], strict=True):
            times[f"number{k}-{i}"] = moments[i], math.inf if until is None else moments[until]
            base, how = track.y + track.h + 17 * scale, {"color": scene.scheme["quiet"], "gid": f"number{k}-{i}"}
            write(ax, scene, NUMBERS[0], base, texts[i], SMALL * scale, **how)
    return times


def _written(elements: Sequence[ET.Element]) -> str:
    """Elements as text, without what a drawing has once."""
    kept = [one for one in elements if not one.tag.endswith("metadata")]
    texts = [ET.tostring(one, encoding="unicode") for one in kept]
    return "".join(text.replace(f' xmlns="{SVG}"', "") for text in texts)
