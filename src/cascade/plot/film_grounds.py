"""What lies behind the cells of a film: tissue, vessel walls, blood; as ``web/js/grounds.js`` draws them.

All lengths are units of the film, see ``film_layout``; y grows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Ellipse, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from cascade.plot.film_layout import CAPILLARIES, POINT, Box
from cascade.plot.film_words import Scheme


def _scattered(i: int) -> float:
    """Numbers that look drawn at random and are the same each time."""
    return (i * 0.7548776662) % 1.0


def _primary(ax: Axes, box: Box, scheme: Scheme) -> None:
    a = np.linspace(0.0, 2 * math.pi, 41)
    r = 1 + 0.08 * np.sin(5 * a) + 0.05 * np.sin(8 * a + 1)
    x = box.x + box.w / 2 + 0.437 * box.w * r * np.cos(a)
    y = box.y + 0.56 * box.h + 0.4 * box.h * r * np.sin(a)
    ax.add_patch(Polygon(np.column_stack([x, y]), color=scheme["tissue"], lw=0))


def _membrane(ax: Axes, box: Box, scheme: Scheme) -> None:
    k = np.arange(31)
    x, y = box.x + box.w * k / 30, box.y + box.h - 4 + 1.5 * np.sin(1.1 * k)
    ax.plot(x, y, color=scheme["tissue-dark"], lw=4 * POINT, solid_capstyle="butt")


def _matrix(ax: Axes, box: Box, scheme: Scheme) -> None:
    x, y, w, h = box
    for k in range(22):
        a, b = _scattered(k + 3), _scattered(3 * k + 1)
        left, top = x + w * a - 0.1 * w, y + h * (0.15 + 0.75 * b)
        curve = [
            (max(x, left), top),
            (left + 0.06 * w, top - 0.3 * h * (a - 0.5)),
            (left + 0.14 * w, top + 0.3 * h * (b - 0.3)),
            (min(x + w, left + 0.2 * w), min(top + 0.1 * h, y + h)),
        ]
        path = Path(curve, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        fibre = PathPatch(path, fill=False, ec=scheme["tissue-dark"], lw=1.3 * POINT)
        ax.add_patch(fibre)
        fibre.set_clip_path(Rectangle((x, y), w, h, transform=ax.transData))


def _lumen(ax: Axes, box: Box, scheme: Scheme) -> None:
    x, y, w, h = box
    ax.add_patch(Rectangle((x, y), w, h, fc=scheme["lumen"], lw=0))
    lines = [[(x, y + 0.5), (x + w, y + 0.5)]]
    for k in range(14):
        left, top = x + 0.9 * w * _scattered(k + 5), y + h * (0.12 + 0.8 * _scattered(2 * k + 9))
        lines.append([(left, top), (left + 0.08 * w, top)])
    ax.add_collection(LineCollection(lines, colors=scheme["lumen-dark"], linewidths=1.2 * POINT), autolim=False)


def _capillary(ax: Axes, box: Box, scheme: Scheme) -> None:
    x, y, w, h = box
    step = w / CAPILLARIES
    half, top = 0.3 * step, y + 0.35 * h + 0.3 * step
    arch = np.linspace(math.pi, 2 * math.pi, 17)
    ax.add_patch(Rectangle((x, y), w, h, fc=scheme["lumen"], lw=0))
    # Between two capillaries there is tissue, at both ends half of it.
    for k in range(CAPILLARIES + 1):
        middle = x + k * step
        xs = np.concatenate([[middle - half], middle + half * np.cos(arch), [middle + half]])
        ys = np.concatenate([[y + h], top + half * np.sin(arch), [y + h]])
        ax.add_patch(Polygon(np.column_stack([np.clip(xs, x, x + w), ys]), color=scheme["stage"], lw=0))


def _wall(ax: Axes, box: Box, scheme: Scheme) -> None:
    _tissue(ax, box, scheme)
    x, y, w, _ = box
    for k in range(14):
        centre = (x + (k + 0.5) * w / 14, y + 5)
        ax.add_patch(Ellipse(centre, 0.054 * w, 8, color=scheme["lumen-dark"], lw=0))


def _tissue(ax: Axes, box: Box, scheme: Scheme) -> None:
    x, y, w, h = box
    r = 17.0
    dx, dy, angles = r * math.sqrt(3), 1.5 * r, math.pi / 6 + np.arange(4) * math.pi / 3
    combs = [
        np.column_stack([cx + r * np.cos(angles), y + row * dy + r * np.sin(angles)])
        for row in range(math.ceil((h + 2 * r) / dy))
        for cx in x + dx * np.arange(-1, (w + 2 * r) / dx) + (dx / 2 if row % 2 else 0.0)
    ]
    cells = LineCollection(combs, colors=scheme["tissue"], linewidths=1.4 * POINT)
    ax.add_collection(cells, autolim=False)
    cells.set_clip_path(Rectangle((x, y), w, h, transform=ax.transData))


GROUNDS: dict[str, Callable[[Axes, Box, Scheme], None]] = {
    "primary": _primary,
    "membrane": _membrane,
    "matrix": _matrix,
    "lumen": _lumen,
    "capillary": _capillary,
    "wall": _wall,
    "tissue": _tissue,
}
"""By the names that ``lessons/stages.toml`` has for them."""


def draw_ground(ax: Axes, kind: str, box: Box, scheme: Scheme) -> None:
    """The ground of a row."""
    ax.add_patch(Rectangle((box.x, box.y), box.w, box.h, fc=scheme["stage"], lw=0))
    GROUNDS[kind](ax, box, scheme)
