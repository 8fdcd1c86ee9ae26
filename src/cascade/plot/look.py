"""Styles of figures: sizes of type, widths of lines and of paper, for the screen, a journal and a slide."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cascade.common.colours import LOOKS
from cascade.common.errors import InputError

MILLIMETRES = 25.4
"""Of an inch."""


@dataclass(frozen=True)
class Look:
    """Sizes in points; widths and height of a figure in millimetres.

    Attributes
    ----------
    name : str
        "screen", "paper" or "slide".
    text, small, title : float
        Sizes of type.
    line, thin, heavy, mark : float
        Widths of lines, and the size of a mark.
    one, two : float
        Width of a figure of one and of two columns.
    height : float
        Of a slide; 0 where a figure is as high as it needs to be.
    dpi : int
        Pixels per inch of a picture that is saved.
    terse : int
        Of a slide, how much less is shown so that what is shown can be read: 0 for all, and a step more each time.
    """

    name: str
    text: float
    small: float
    title: float
    line: float
    thin: float
    heavy: float
    mark: float
    one: float
    two: float
    dpi: int
    height: float = 0.0
    terse: int = 0

    @property
    def em(self) -> float:
        """Inches of the size of the text."""
        return self.text / 72.0

    @property
    def slide(self) -> bool:
        """Whether the height is given, and the title is a sentence."""
        return self.height > 0

    def kept(self, number: int, *, least: int, step: int = 1, after: int = 0) -> int:
        """Of so many things how many are shown: on a slide fewer each time that it shows less, after so many times."""
        return max(min(number, least), number - step * max(0, self.terse - after))

    def width(self, columns: int) -> float:
        """Inches across a figure of one or two columns."""
        return (self.one, self.two)[columns - 1] / MILLIMETRES

    def leading(self, lines: float, *, small: bool = True) -> float:
        """Inches that so many lines of text take."""
        return lines * 1.28 * (self.small if small else self.text) / 72.0

    def smaller(self, factor: float) -> Look:
        """Smaller type and lines on as large a slide."""
        sizes = {name: getattr(self, name) * factor for name in ("text", "small", "line", "thin", "heavy", "mark")}
        return replace(self, **sizes)


STYLES = {name: Look(name=name, **sizes) for name, sizes in LOOKS["styles"].items()}
"""By name: what ``style=`` takes."""


def look_of(style: object) -> Look:
    """The look of a style.

    Raises
    ------
    InputError
        When there is none of this name.
    """
    if not isinstance(style, str) or style not in STYLES:
        raise InputError("style", style, f"one of {sorted(STYLES)}")
    return STYLES[style]
