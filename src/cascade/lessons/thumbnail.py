"""A small picture of a model: the bars of its steps, who came in and what became of them, enlarged as in the lesson."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from cascade.common.colours import ALIVE_COLOUR, LOOKS
from cascade.common.shares import percent
from cascade.lessons.looks import causes_of
from cascade.model import Model
from cascade.solution.answer import exact

WIDTH, HEIGHT = 320, 180
TYPE = 16
"""Size of what is written, in a picture that is some 264 pixels wide on a page."""

BARS = 248
"""Of the width; beside them stands how much they are enlarged."""

PASSED, GROUND, INK = (LOOKS["light"][name] for name in ("passed", "band", "ink"))
LEAST = 0.1
"""Bars below are enlarged, by a power of ten."""


def zooms(shares: Sequence[float]) -> list[float]:
    """How much the bar of each row is enlarged, so that none falls below a tenth.

    Parameters
    ----------
    shares : sequence of float
        Of all cells, those that come to each row.

    Examples
    --------
    >>> zooms([1.0, 0.5, 0.02, 0.0004])
    [1.0, 1.0, 10.0, 1000.0]
    """
    zoom, found = 1.0, []
    for share in shares:
        if 0 < share * zoom < LEAST:
            zoom *= 10.0 ** math.floor(-math.log10(share * zoom))
        found.append(zoom)
    return found


def enlarged(zoom: float) -> str:
    """How much a bar is enlarged, as it is written beside it; nothing beside one that is not.

    Examples
    --------
    >>> enlarged(1.0), enlarged(1000.0), enlarged(1e5), enlarged(1e12)
    ('', '× 1000', '× 10⁵', '× 10¹²')
    """
    power = round(math.log10(zoom))
    if power > 3:
        return "\N{MULTIPLICATION SIGN} 10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
    return f"\N{MULTIPLICATION SIGN} {10**power}" if power else ""


def thumbnail(model: Model, label: str, until: float | None = None) -> str:
    """The picture as SVG, which says its shares to those who do not see it.

    Parameters
    ----------
    model : Model
    label : str
        With ``{shares}``, in whose place the shares that come to the steps stand.
    until : float, optional
        Hours after which the cells are looked at.
    """
    rows = exact(model, until=until).funnel().rows
    came = [1.0, *(row.fraction_of_all for row in rows)]
    entered = rows[0].entered
    height = HEIGHT / len(came)
    parts = []
    _, colours = causes_of(sorted({cause for row in rows for cause in row.lost}))
    for k, zoom in enumerate(zooms(came)):
        y, x = k * height + 0.12 * height, 0.0
        parts.append(f'<rect x="0" y="{y:.1f}" width="{BARS}" height="{0.76 * height:.1f}" fill="{GROUND}"/>')
        if zoom > 1:
            place = f'x="{WIDTH}" y="{(k + 0.5) * height + 0.35 * TYPE:.1f}" text-anchor="end"'
            parts.append(f'<text {place} font-size="{TYPE}" fill="{INK}">{enlarged(zoom)}</text>')
        lost = sorted(rows[k].lost.items(), key=lambda item: -item[1]) if k < len(rows) else []
        passed = came[k + 1] if k < len(rows) else came[k]
        pieces = [(PASSED if k < len(rows) else ALIVE_COLOUR, passed)]
        pieces += [(colours[cause][0], number / entered) for cause, number in lost]
        for colour, share in pieces:
            wide = min(share * zoom, 1.0) * BARS
            box = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{0.76 * height:.1f}"'
            if wide >= 0.3:
                parts.append(f'<rect {box} fill="{colour}"/>')
            x += wide
    said = escape(label.replace("{shares}", ", ".join(percent(share) for share in came)), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f"{''.join(parts)}</svg>"
    )
