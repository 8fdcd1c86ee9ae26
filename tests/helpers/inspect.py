"""What a machine can see of a figure: texts on each other, cut, small or faint; marks outside their axes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from cascade.common.sight import contrast

SLACK = 0.01
"""Inches that two boxes may share: those of letters have room around them."""

LEAST_CONTRAST = 4.5
"""Of texts: WCAG 2.1, success criterion 1.4.3."""


def shared(a: Bbox, b: Bbox, slack: float = 1.0) -> bool:
    """Whether two boxes share more than the slack in both directions."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack


def texts_of(figure: Figure) -> list[Text]:
    """Texts that are seen: those of ticks only within their axis."""
    FigureCanvasAgg(figure).draw()
    hidden: set[int] = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            near = 1e-9 * (high - low)
            hidden |= {
                id(tick.label1) for tick in axis.get_major_ticks() if not low - near <= tick.get_loc() <= high + near
            }
    every = [t for t in figure.findobj(Text) if isinstance(t, Text)]
    return [t for t in every if t.get_visible() and t.get_text().strip() and id(t) not in hidden]


def clashes(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    slack = max(1.0, SLACK * figure.dpi)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if shared(x, y, slack)]


def cut(figure: Figure) -> list[str]:
    """Texts that leave the figure."""
    box, seen = figure.bbox, texts_of(figure)
    ends = [(text.get_text(), text.get_window_extent()) for text in seen]
    return [t for t, e in ends if e.x0 < box.x0 - 1 or e.x1 > box.x1 + 1 or e.y0 < box.y0 - 1 or e.y1 > box.y1 + 1]


def small(figure: Figure, least: float) -> list[tuple[str, float]]:
    """Texts whose type is smaller than so many points."""
    return [(t.get_text(), float(t.get_fontsize())) for t in texts_of(figure) if t.get_fontsize() < least - 1e-6]


def _ground(text: Text, patches: list[Patch]) -> str:
    """The colour behind the middle of a text: of its own box, or of the uppermost area there."""
    box = text.get_bbox_patch()
    if box is not None and to_rgba(box.get_facecolor())[3] > 0.5:
        return to_hex(box.get_facecolor())
    extent = text.get_window_extent()
    middle = ((extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2)
    found = "#ffffff"
    for patch in sorted(patches, key=lambda p: p.get_zorder()):
        if patch.get_path().transformed(patch.get_transform()).contains_point(middle):
            found = to_hex(patch.get_facecolor())
    return found


def faint(figure: Figure, least: float = LEAST_CONTRAST) -> list[tuple[str, float]]:
    """Texts with less contrast than that to what lies behind them."""
    found = []
    for text in texts_of(figure):
        ax = text.axes
        patches = [
            p
            for p in (ax.patches if isinstance(ax, Axes) else [])
            if p.get_visible() and p.get_fill() and not isinstance(p, FancyArrowPatch)
            and to_rgba(p.get_facecolor())[3] > 0.5
        ]  # fmt: skip
        difference = contrast(to_hex(text.get_color()).upper(), _ground(text, patches).upper())
        if difference < least - 0.01:
            found.append((text.get_text(), round(difference, 2)))
    return found


def outside(figure: Figure) -> list[str]:
    """Marks, bars and lines of two points that leave their axes, and curves that rise above them or are not in them."""
    FigureCanvasAgg(figure).draw()
    found = []
    for ax in figure.axes:
        # As wide as half a mark of the smallest kind.
        (left, right), (low, high) = (sorted(ax.get_xlim()), sorted(ax.get_ylim()))
        for artist in (*ax.lines, *ax.patches):
            if str(artist.get_label()) == "_leader" or artist.get_transform() == ax.get_xaxis_transform():
                continue
            x, y = _points(artist, ax)
            if not len(x):
                continue
            known = ~(np.isnan(x) | np.isnan(y))
            x, y = x[known], y[known]
            curve = isinstance(artist, Line2D) and len(artist.get_xdata()) > 2
            in_x = (x >= _less(ax, left, right, "x")) & (x <= _more(ax, left, right, "x"))
            in_y = (y >= _less(ax, low, high, "y")) & (y <= _more(ax, low, high, "y"))
            whole = (in_x & in_y).any() and (y <= _more(ax, low, high, "y")).all() if curve else (in_x & in_y).all()
            if not whole:
                found.append(f"{type(artist).__name__} {artist.get_label()} of {ax.get_label()}")
    return found


def _margin(ax: Axes, low: float, high: float, name: str) -> float:
    """A thousandth of the axis, in data of the scale."""
    log = getattr(ax, f"get_{name}scale")() == "log"
    return float(np.log10(high / low) if log else high - low) * 2e-3


def _less(ax: Axes, low: float, high: float, name: str) -> float:
    margin = _margin(ax, low, high, name)
    return low / 10.0**margin if getattr(ax, f"get_{name}scale")() == "log" else low - margin


def _more(ax: Axes, low: float, high: float, name: str) -> float:
    margin = _margin(ax, low, high, name)
    return high * 10.0**margin if getattr(ax, f"get_{name}scale")() == "log" else high + margin


def _points(artist: Artist, ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Where it is, in data of its axes."""
    none = np.zeros(0)
    if isinstance(artist, Line2D):
        if artist.get_transform() != ax.transData:
            return none, none
        x, y = (np.asarray(v, float) for v in artist.get_data())
        return x, y
    if isinstance(artist, FancyArrowPatch) or not isinstance(artist, Patch):
        return none, none
    path = artist.get_path().transformed(artist.get_patch_transform())
    corners = path.vertices if not isinstance(artist, Rectangle) else path.vertices[:4]
    return np.asarray(corners[:, 0], float), np.asarray(corners[:, 1], float)
