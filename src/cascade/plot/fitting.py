"""Texts that fit: long names broken into lines, titles within their figure, axes as wide as their contents need."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from cascade.common.notices import notice
from cascade.common.text import printable

TITLE, SUPTITLE, LABEL = 12.0, 13.0, 10.0
"""Sizes of type, in points."""

LINE = 1.4 / 72
"""Inches from line to line, per point of type."""

NAME = 2.4
"""Inches that a name of a step or cause has beside an axis."""

_MARGIN = 0.1
_ROUNDS = 4
_AROUND = 1.2
"""Inches above and below axes."""


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


def broken(text: str, inches: float, size: float = LABEL, weight: str = "normal") -> str:
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


def headline(figure: Figure, title: str) -> None:
    """The title of a figure of several panels."""
    text = broken(title, figure.get_figwidth() - 2 * _MARGIN, SUPTITLE)
    figure.suptitle(text, x=0.01, ha="left", fontsize=SUPTITLE, color="#222222")


def settle(figure: Figure, least: Mapping[Axes, tuple[float, float]]) -> None:
    """Grow a figure of ours until its axes have the width and height that they need, then break titles that are cut.

    Parameters
    ----------
    figure : Figure
        With constrained layout: labels and legends have taken their room from the axes.
    least : mapping of Axes to (float, float)
        Inches across and down.
    """
    # So that the layout finds room at once, and does not give up.
    figure.set_figheight(max(figure.get_figheight(), max(high for _, high in least.values()) + _AROUND))
    for _ in range(_ROUNDS):
        with letters_missing():
            figure.draw_without_rendering()
        wide, high = (max(need[k] / max(inches_of(ax)[k], 0.1) - 1.0 for ax, need in least.items()) for k in (0, 1))
        titles = _break_titles(figure)
        if wide <= 0.01 and high <= 0.01 and not titles:
            return
        across, down = figure.get_size_inches()
        # Panels of one row share what is added to it.
        row = sum(inches_of(ax)[0] for ax in figure.axes if ax.get_visible() and _in_first_row(ax))
        column = sum(inches_of(ax)[1] for ax in figure.axes if ax.get_visible() and _in_first_column(ax))
        figure.set_size_inches(across + max(0.0, wide) * row, down + max(0.0, high) * column)


def _in_first_row(ax: Axes) -> bool:
    spec = ax.get_subplotspec()
    return spec is not None and spec.is_first_row()


def _in_first_column(ax: Axes) -> bool:
    spec = ax.get_subplotspec()
    return spec is not None and spec.is_first_col()


def _break_titles(figure: Figure) -> bool:
    """Whether a title of axes was wider than what is free to its right, and was broken."""
    changed = False
    for ax in (ax for ax in figure.axes if ax.get_visible()):
        title = title_of(ax)
        if title is None or not title.get_text():
            continue
        text = title.get_text().replace(r"\$", "$")
        plain = " ".join(text.split("\n"))
        fits = broken(plain, _free(ax), TITLE)
        if fits != title.get_text() and title.get_window_extent().width / figure.dpi > _free(ax):
            title.set_text(fits)
            changed = True
    return changed


def title_of(ax: Axes) -> Text | None:
    """The title at the left of axes."""
    found = [text for text in ax.findobj(Text, include_self=False) if text.get_gid() == "title"]
    return found[0] if found and isinstance(found[0], Text) else None


def _free(ax: Axes) -> float:
    """Inches from the left of axes to the next axes on their right, or to the edge of the figure."""
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    box = ax.get_window_extent()
    others = [other.get_window_extent() for other in figure.axes if other is not ax and other.get_visible()]
    beside = [o.x0 for o in others if o.x0 > box.x0 + 1 and o.y0 < box.y1 and o.y1 > box.y0]
    return float((min([figure.bbox.x1, *beside]) - box.x0) / figure.dpi) - _MARGIN
