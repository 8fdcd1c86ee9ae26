"""What all figures share: a picture that notebooks show, notes and texts on what it shows, saving."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.curves import Curves
from cascade.answers.funnel import Funnel
from cascade.common.errors import InputError, is_whole
from cascade.common.files import as_path, write_atomically
from cascade.common.text import printable
from cascade.common.version import package_version
from cascade.model import Model
from cascade.plot.fitting import letters_missing
from cascade.plot.look import STYLES, Look
from cascade.runs.comparison import Comparison
from cascade.runs.result import Result
from cascade.runs.traits import Selection
from cascade.solution.answer import Exact


class Picture(Figure):
    """A Figure that a notebook shows by itself, without the state of pyplot, and with a text for who cannot see it.

    Attributes
    ----------
    look : Look
        Its style.
    """

    look: Look = STYLES["screen"]

    def _repr_png_(self) -> bytes:
        return self._png(100)

    def _repr_html_(self) -> str:
        """The picture with its text, where a notebook takes HTML."""
        return self._html(100)

    def _mime_(self) -> tuple[str, str]:
        """For marimo, whose own pictures of figures have no text; of twice the pixels, as those have."""
        return "text/html", self._html(200)

    def _png(self, dpi: int) -> bytes:
        buffer = io.BytesIO()
        with letters_missing():
            self.savefig(buffer, format="png", dpi=dpi)
        return buffer.getvalue()

    def _html(self, dpi: int) -> str:
        picture = base64.b64encode(self._png(dpi)).decode("ascii")
        alt, width = html.escape(alt_text(self), quote=True), round(100 * self.get_figwidth())
        style = f"width: {width}px; max-width: 100%"
        return f'<img alt="{alt}" src="data:image/png;base64,{picture}" style="{style}">'


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


def sign(figure: Figure, *sources: object, alt: str) -> None:
    """Note on the figure what it shows, and what is seen in it; ``save`` writes both into the file."""
    figure.set_label(printable("; ".join(_note_of(source) for source in sources)))
    said = _ALT.get(figure, "")
    _ALT[figure] = f"{said} {printable(alt)}".strip()


_ALT: WeakKeyDictionary[Figure, str] = WeakKeyDictionary()
"""Texts of figures, also of those that somebody else made and drew into."""


def alt_text(figure: Figure) -> str:
    """What is seen in a figure, for those who cannot see it: the text of its SVG, and for ``alt`` in HTML.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From a function of this module, or one whose axes it drew into.

    Returns
    -------
    str
        Whole sentences: what is shown, of what, and the numbers that matter.
    """
    if not isinstance(figure, Figure) or figure not in _ALT:
        raise InputError("figure", figure, "a Figure, such as cascade.plot.funnel(...) gives back")
    return _ALT[figure]


def _note_of(source: object) -> str:
    """Models with their digests, the end of the run, and how it was made; a text says it itself."""
    if isinstance(source, Funnel):
        return source.label
    if isinstance(source, str):
        return source
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


def save(figure: Figure, path: str | Path, *, dpi: int | None = None) -> Path:
    """Write a figure, whole or not at all; the file carries model, seed and version.

    The same figure gives the same bytes: no file has a date in it.  PDF has its letters as TrueType fonts
    (type 42), which can be edited and searched; SVG has a title and a text for who cannot see it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path
        Ends in .png, .svg or .pdf.
    dpi : int, optional
        Pixels per inch of a PNG; default: those of the style (150, of a paper 300, of a slide 120).

    Raises
    ------
    InputError
        When the ending is not .png, .svg or .pdf, or the file cannot be written.
    """
    if not isinstance(figure, Figure):
        raise InputError("figure", figure, "a Figure, such as cascade.plot.funnel(...) gives back")
    path = check_path(path)
    kind = path.suffix.lower().lstrip(".")
    if dpi is None:
        dpi = figure.look.dpi if isinstance(figure, Picture) else STYLES["screen"].dpi
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
    if figure.get_layout_engine() is not None:  # of a figure that somebody made
        # Laid out once and for all: each further round of the layout would move things by a hair.
        with letters_missing():
            figure.draw_without_rendering()
        figure.set_layout_engine("none")
    buffer = io.BytesIO()
    # Without salt SVG is given names by chance; letters of type 42 are those that journals take.
    with letters_missing(), rc_context({"svg.hashsalt": "cascade", "pdf.fonttype": 42}):
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    content = buffer.getvalue()
    write_atomically(path, _described(content, figure) if kind == "svg" else content)
    return path


def _described(svg: bytes, figure: Figure) -> bytes:
    """A drawing with a title and a text, as readers of screens tell them."""
    title, text = html.escape(str(figure.get_label())), html.escape(_ALT.get(figure, ""))
    begin = svg.index(b"<svg ")
    end = svg.index(b">", begin) + 1
    told = f"\n <title>{title}</title>\n <desc>{text}</desc>".encode()
    return svg[: end - 1] + b' role="img"' + svg[end - 1 : end] + told + svg[end:]
