"""What all figures share: colours, a quiet frame, labels of shares, and saving."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colors, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.curves import Curves
from cascade.answers.funnel import Funnel
from cascade.common.colours import INK, QUIET
from cascade.common.errors import InputError, is_whole
from cascade.common.files import as_path, write_atomically
from cascade.common.text import printable
from cascade.common.version import package_version
from cascade.model import Model
from cascade.plot.fitting import TITLE, broken, inches_of, letters_missing
from cascade.runs.comparison import Comparison
from cascade.runs.result import Result
from cascade.runs.traits import Selection
from cascade.solution.answer import Exact


class Picture(Figure):
    """A Figure that a notebook shows by itself, without the state of pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with letters_missing():
            self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def figure_of(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    """The given axes and their figure, or new ones of a size in inches."""
    if ax is not None:
        return figure_around(ax), ax
    picture = Picture(figsize=size, layout="constrained")
    return picture, picture.add_subplot()


def figure_around(ax: object) -> Figure:
    """The figure of axes that somebody gave.

    Raises
    ------
    InputError
        When they are none, or have been removed from theirs.
    """
    figure = ax.get_figure(root=True) if isinstance(ax, Axes) else None
    if not isinstance(figure, Figure):
        raise InputError("ax", ax, "Axes of matplotlib in a figure, or None")
    return figure


def plain(ax: Axes, title: str) -> None:
    """A quiet frame: no box, a light grid, the title at the left, no wider than the axes are now."""
    text = broken(title, inches_of(ax)[0], TITLE)
    ax.set_title(text, loc="left", fontsize=TITLE, color=INK, gid="title")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(QUIET)
    ax.tick_params(colors=INK, labelsize=10)
    ax.set_axisbelow(True)


def sign(figure: Figure, *sources: object) -> None:
    """Note on the figure what it shows; ``save`` writes it into the file."""
    figure.set_label(printable("; ".join(_note_of(source) for source in sources)))


def _note_of(source: object) -> str:
    """Models with their digests, the end of the run, and how it was made."""
    if isinstance(source, Funnel):
        return source.label
    if isinstance(source, Curves | Result | Exact):
        return f"{_named(source.model)}, {source.made}"
    assert isinstance(source, Comparison | Selection)
    models = (source.model, source.other) if isinstance(source, Comparison) else (source.model,)
    return f"{' and '.join(map(_named, models))}, until {source.until}, seed {source.seed}, cells {source.cells}"


def _named(model: Model | None) -> str:
    """A model with the digest that says which."""
    assert model is not None  # what has none is not drawn
    return f"model {model.name} (sha256 {model.digest()[:16]})"


def check_path(path: str | Path) -> Path:
    """A path whose ending says a format that ``save`` can write."""
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError("path", str(path), "a name that ends in .png, .svg or .pdf")
    return as_path(path)


def save(figure: Figure, path: str | Path, *, dpi: int = 150) -> Path:
    """Write a figure, whole or not at all; the file carries model, seed and version.

    The same figure gives the same bytes: no file has a date in it.

    Raises
    ------
    InputError
        When the ending is not .png, .svg or .pdf, or the file cannot be written.
    """
    if not isinstance(figure, Figure):
        raise InputError("figure", figure, "a Figure, such as cascade.plot.funnel(...) gives back")
    path = check_path(path)
    kind = path.suffix.lower().lstrip(".")
    if not is_whole(dpi) or not 10 <= dpi <= 2000:
        raise InputError("dpi", dpi, "a whole number from 10 to 2000")
    maker = f"metastatic-cascade {package_version()}"
    note = f"{figure.get_label()}; {maker}"
    metadata: dict[str, Any] = {"Title": "cascade", "Creator": maker}
    metadata["Subject" if kind == "pdf" else "Description"] = note
    if kind == "svg":
        metadata["Date"] = None
    if kind == "pdf":
        metadata["CreationDate"] = None
    if figure.get_layout_engine() is not None:
        # Laid out once and for all: each further round of the layout would move things by a hair.
        with letters_missing():
            figure.draw_without_rendering()
        figure.set_layout_engine("none")
    buffer = io.BytesIO()
    with letters_missing(), rc_context({"svg.hashsalt": "cascade"}):  # else SVG is given names by chance
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    write_atomically(path, buffer.getvalue())
    return path


FEW_COUNTED = 100
"""Counts below which a share is shown with the count that it comes from: with 100 its interval has some 20 points."""


def few(count: float, *, exact: bool) -> bool:
    """Whether a share of so many is too rough to stand alone."""
    return not exact and count < FEW_COUNTED


def share_label(value: float, _: object) -> str:
    """Tick of a logarithmic axis of shares: one notation all along it."""
    power = round(-np.log10(value))
    if power == 0:
        return "all"
    return f"1 in {10**power:,}" if power <= 3 else f"1 in $10^{{{power}}}$"


def shade(colour: str, lighter: float) -> tuple[float, float, float]:
    """The colour, mixed with white by the share ``lighter``."""
    r, g, b = (c + (1.0 - c) * lighter for c in colors.to_rgb(colour))
    return r, g, b
