"""Marks of causes of death as paths of matplotlib, read from ``web/js/marks.js``, which alone says how they look."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from matplotlib.path import Path

_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_VALUES = {"M": 2, "L": 2, "H": 1, "h": 1, "V": 1, "A": 7, "Q": 4, "Z": 0}
"""Letters of a path of SVG that marks are made of, and how many numbers follow each."""


def line_of(mark: str) -> float:
    """Width of its lines, in units of the film: dots are nothing but their width."""
    return 3.0 if mark == "dots" else 2.0


@cache
def drawings() -> dict[str, str]:
    """The marks as paths of SVG, in a box from -1 to 1, y downwards."""
    text = (files("cascade.web") / "js" / "marks.js").read_text(encoding="utf-8")
    return dict(re.findall(r'^  (\w+): "([^"]+)",$', text, re.MULTILINE))


@cache
def mark_path(mark: str) -> Path:
    """A mark as a path; for a name that is none, a bar.

    Examples
    --------
    >>> mark_path("cross").vertices.tolist()
    [[-0.75, -0.75], [0.75, 0.75], [-0.75, 0.75], [0.75, -0.75]]
    """
    vertices: list[tuple[float, float]] = []
    codes: list[int] = []
    for letter, numbers in _commands(drawings().get(mark, drawings()["bar"])):
        x, y = vertices[-1] if vertices else (0.0, 0.0)
        points, kind = _points(letter, numbers, x, y)
        vertices += points or [vertices[0]]
        codes += [kind] * max(1, len(points))
    path = Path(vertices, codes)
    path.should_simplify = False  # dots are lines so short that they would go
    return path


def _commands(text: str) -> Iterator[tuple[str, list[float]]]:
    """The letters of a path with their numbers, a letter for each time that it is meant."""
    for letter, after in re.findall(r"([A-Za-z])([^A-Za-z]*)", text):
        numbers, size = [float(number) for number in re.findall(_NUMBER, after)], _VALUES[letter]
        if not size:
            yield letter, []
        for k in range(0, len(numbers), size or 1):
            # More pairs after the first of M are lines.
            yield "L" if letter == "M" and k else letter, numbers[k : k + size]


def _points(letter: str, numbers: list[float], x: float, y: float) -> tuple[list[tuple[float, float]], int]:
    """Vertices that a command adds from (x, y), and their code."""
    match letter, numbers:
        case "M", [a, b]:
            return [(a, b)], int(Path.MOVETO)
        case "L", [a, b]:
            return [(a, b)], int(Path.LINETO)
        case "H", [a]:
            return [(a, y)], int(Path.LINETO)
        case "h", [a]:
            return [(x + a, y)], int(Path.LINETO)
        case "V", [b]:
            return [(x, b)], int(Path.LINETO)
        case "Q", [a, b, c, d]:
            return [(a, b), (c, d)], int(Path.CURVE3)
        case "A", [radius, _, _, large, sweep, a, b]:
            return _arc((x, y), (a, b), radius, large=large > 0, sweep=sweep > 0), int(Path.LINETO)
        case _:
            return [], int(Path.CLOSEPOLY)


def _arc(
    begin: tuple[float, float], end: tuple[float, float], radius: float, *, large: bool, sweep: bool
) -> list[tuple[float, float]]:
    """Points of an arc of a circle, by the rule of SVG for its centre."""
    (x, y), (a, b) = begin, end
    half = math.hypot(a - x, b - y) / 2
    radius = max(radius, half)
    off = math.sqrt(max(0.0, radius**2 - half**2)) / (2 * half) * (1 if large != sweep else -1)
    cx, cy = (x + a) / 2 - off * (b - y), (y + b) / 2 + off * (a - x)
    first, last = math.atan2(y - cy, x - cx), math.atan2(b - cy, a - cx)
    turn = (last - first) % (2 * math.pi) - (0 if sweep else 2 * math.pi)
    steps = max(2, math.ceil(abs(turn) / 0.2))
    angles = [first + turn * k / steps for k in range(1, steps + 1)]
    return [(cx + radius * math.cos(angle), cy + radius * math.sin(angle)) for angle in angles]
