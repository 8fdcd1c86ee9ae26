"""Texts that fit: how wide they are, and long ones broken into lines."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from cascade.common.notices import notice
from cascade.common.text import printable

MOST_LINES = 2
"""Of the title of a small panel."""


@cache
def _renderer() -> RendererAgg:
    return RendererAgg(8, 8, 100.0)  # type: ignore[no-untyped-call]


def width_of(text: str, size: float, weight: str = "normal") -> float:
    """Inches that a line of text takes, as it stands; a little more, as letters keep to the pixels of a picture."""
    if not text:
        return 0.0
    letters = FontProperties(size=size, weight=weight)
    with letters_missing():
        pixels, _, _ = _renderer().get_text_width_height_descent(printable(text), letters, ismath=False)  # type: ignore[no-untyped-call]
    return 1.03 * float(pixels) / 100.0


def words(text: str) -> str:
    """Text of the user's for a figure: a dollar sign begins no formula, and what no file may hold is replaced."""
    return "\n".join(map(printable, text.split("\n"))).replace("$", r"\$")


def broken(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """Text of the user's for a figure, with as many lines as a width asks for; every line of it is kept."""
    lines: list[str] = []
    for given in text.split("\n"):
        line = ""
        for word in given.split(" "):
            longer = f"{line} {word}" if line else word
            if line and width_of(longer, size, weight) > inches:
                lines.append(line)
                longer = word
            # A word that is too long by itself is cut where the width ends.
            while len(longer) > 1 and width_of(longer, size, weight) > inches:
                fits = next(
                    n for n in range(len(longer) - 1, 0, -1) if n == 1 or width_of(longer[:n], size, weight) <= inches
                )
                lines.append(longer[:fits])
                longer = longer[fits:]
            line = longer
        lines.append(line)
    return words("\n".join(lines))


def lines_in(texts: Sequence[str]) -> int:
    """The most lines that one of the texts has."""
    return max((text.count("\n") + 1 for text in texts), default=1)


def smaller(text: str, inches: float, size: float, least: float = 6.0, weight: str = "normal") -> float:
    """The size of type with which a line of text is no wider than that, but for what would be too small to read."""
    return max(least, min(size, size * inches / max(width_of(text, size, weight), 1e-9)))


def inches_of(ax: Axes) -> tuple[float, float]:
    """Width and height of axes, as they stand now."""
    box = ax.get_window_extent()
    dpi = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    return box.width / dpi, box.height / dpi


@contextmanager
def letters_missing() -> Iterator[None]:
    """One notice in place of a warning for each letter of a script that the font does not have."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    missing = [str(w.message) for w in caught if "missing from font" in str(w.message)]
    for one in caught:
        if "missing from font" not in str(one.message):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if missing:
        font = missing[0].rpartition("font(s) ")[2].rstrip(".")
        notice(
            f"names in a figure have letters that its font ({font}) lacks: they are drawn as boxes; install a font"
            " that has them and say so: matplotlib.rcParams['font.family'] = ['DejaVu Sans', 'Noto Sans CJK SC']"
        )


def shortened(text: str, inches: float, size: float) -> str:
    """A line of text that fits; what is left out is told by an ellipsis."""
    if width_of(text, size) <= inches:
        return text
    while text and width_of(f"{text}...", size) > inches:
        text = text[:-1]
    return f"{text.rstrip()}..."


def two_lines(text: str, wide: float, size: float) -> list[str]:
    """A title in at most two lines; what is left out is told by an ellipsis."""
    lines = broken(" ".join(text.split()), wide, size, "bold").split("\n")
    if len(lines) <= MOST_LINES:
        return lines
    last = lines[MOST_LINES - 1]
    while last and width_of(f"{last}...", size, "bold") > wide:
        last = last[:-1]
    return [*lines[: MOST_LINES - 1], f"{last.rstrip()}..."]
