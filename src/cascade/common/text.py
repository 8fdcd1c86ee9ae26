"""Tables as text and as HTML: the same rows for a terminal and a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from cascade.common.columns import text_table as text_table
from cascade.common.printable import UNPRINTABLE as UNPRINTABLE
from cascade.common.printable import printable as printable
from cascade.common.shares import percent as percent

HOURS_PER_DAY = 24.0
HOURS_PER_YEAR = 8766.0


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "", below: str = "") -> str:
    """A plain HTML table of the same cells; what stands below it, line by line."""
    head = "".join(f"<th>{html.escape(printable(cell))}</th>" for cell in header)
    lines = ("".join(f"<td>{html.escape(printable(cell))}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    title = f"<caption>{html.escape(printable(caption))}</caption>" if caption else ""
    rest = "".join(f"<p>{html.escape(printable(line))}</p>" for line in below.splitlines())
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def number(value: float) -> str:
    """A number of cells: grouped digits, decimals only where they say something.

    Examples
    --------
    >>> number(1234567), number(12.3456), number(0.00123), number(0)
    ('1,234,567', '12.3', '0.00123', '0')
    """
    if value == 0:
        return "0"
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.3g}"


def hours(value: float) -> str:
    """A time in the unit in which it is read best.

    Examples
    --------
    >>> hours(0.01), hours(0.5), hours(30), hours(240), hours(5_000), hours(50_000)
    ('36 s', '30 min', '30 h', '10 d', '6.84 months', '5.7 y')
    """
    if not value < float("inf"):
        return "never" if value == float("inf") else "-"
    for unit, size in (("y", HOURS_PER_YEAR), ("months", HOURS_PER_YEAR / 12), ("d", HOURS_PER_DAY)):
        if value >= 2 * size:
            return f"{value / size:.3g} {unit}"
    if value >= 1:
        return f"{value:.3g} h"
    return f"{value * 60:.3g} min" if value >= 1 / 60 else f"{value * 3600:.3g} s"
