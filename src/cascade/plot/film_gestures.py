"""How a cell dies in a drawing that moves (SVG): torn, squeezed, touched by a killer, fallen apart.

The shapes and ways are those of ``web/js/filmdraw.js``.  Each gesture stands once, with its keyframes, for all cells
that die of one cause: a cell adds the moment at which it dies, as a delay, and its size.
"""

from __future__ import annotations

from typing import NamedTuple

from cascade.plot.film_places import GESTURE

DISC = '<circle r="1"'
HALVES = ('<path d="M0-1A1 1 0 0 0 0 1Z"', '<path d="M0-1A1 1 0 0 1 0 1Z"')


class Shape(NamedTuple):
    """A shape around a cell of radius 1, and how it is moved at the begin and at the end of a gesture."""

    drawn: str
    begin: str
    end: str


def shapes_of(mark: str) -> list[Shape]:
    """The shapes of the gesture of a mark.

    Examples
    --------
    >>> [shape.end for shape in shapes_of("slashes")]
    ['translate(-2px,0)', 'translate(2px,0)']
    """
    if mark == "slashes":
        return [Shape(half, "none", f"translate({x}px,0)") for half, x in zip(HALVES, (-2, 2), strict=True)]
    if mark == "lens":
        return [Shape(DISC, "none", "scale(2,.2)")]
    if mark in ("cross", "star"):
        return [Shape('<circle r="1.5"', "translate(5px,-4px)", "none")]
    ends = [(x, y) for x in (-1.4, 1.4) for y in (-1.4, 1.4)]
    return [Shape('<circle r=".5"', "none", f"translate({x}px,{y}px)") for x, y in ends]


class Gestures:
    """The gestures of a drawing.

    Parameters
    ----------
    pace : float
        Seconds of the drawing in one of the film.
    total : float
        Seconds of the drawing, its held end among them.
    """

    def __init__(self, pace: float, total: float) -> None:
        self.pace, self.total = pace, total
        self.rules: list[str] = []
        self.parts: dict[str, str] = {}

    def add(self, key: str, mark: str, colour: str) -> None:
        """Draw the gesture of a cause once; nothing is seen of it until it begins."""
        # A keyframe of CSS, no share.
        over = f"{100.0 * GESTURE * self.pace / self.total:.2f}" + "%"
        inner = ""
        for shape in shapes_of(mark):
            name = f"g{len(self.rules):x}"
            moved = f"0%{{opacity:1;transform:{shape.begin}}}{over}{{opacity:0;transform:{shape.end}}}100%{{opacity:0}}"
            self.rules.append(f"@keyframes {name}{{{moved}}}")
            inner += f'{shape.drawn} class="g" opacity="0" style="animation-name:{name}"/>'
        self.parts[key] = f'<g id="g{key}" fill="{colour}">{inner}</g>'

    def of(self, key: str, second: float, radius: float) -> str:
        """The gesture of a cell that dies at a second of the film."""
        return f'<use href="#g{key}" transform="scale({radius:.1f})" style="--d:{second * self.pace:.2f}s"/>'

    @property
    def style(self) -> str:
        """What all have, and their keyframes."""
        return f".g{{animation-delay:var(--d)}}{''.join(self.rules)}"
