"""Tables as text and as HTML: the same rows for a terminal and a notebook."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

HOURS_PER_DAY = 24.0
HOURS_PER_YEAR = 8766.0

UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
"""Characters that steer a terminal or turn a line around, or that no XML may hold, for a class of a pattern."""

_UNPRINTABLE = re.compile(f"[{UNPRINTABLE}]")


def printable(text: str) -> str:
    r"""Text of other people's for a terminal or a figure: what cannot be printed becomes a question mark in a diamond.

    Examples
    --------
    >>> printable("\x1b[31mred"), printable("Čapek \N{GREEK SMALL LETTER MU}m")
    ('\ufffd[31mred', 'Čapek μm')
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Aligned columns; those in ``left`` to the left, all others to the right.

    Examples
    --------
    >>> print(text_table(["step", "n"], [["arrest", "12"], ["exit", "3"]]))
    step     n
    ------  --
    arrest  12
    exit     3
    """
    lines = [[printable(cell) for cell in line] for line in (header, *rows)]
    widths = [max(len(line[c]) for line in lines) for c in range(len(header))]

    def line_of(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(w) if c in left else cell.rjust(w) for c, (cell, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line_of(lines[0]), "  ".join("-" * w for w in widths), *map(line_of, lines[1:])])


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A plain HTML table of the same cells."""
    head = "".join(f"<th>{html.escape(printable(cell))}</th>" for cell in header)
    lines = ("".join(f"<td>{html.escape(printable(cell))}</td>" for cell in row) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    title = f"<caption>{html.escape(printable(caption))}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


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


def percent(fraction: float) -> str:
    """A fraction as per cent with three figures that count.

    Examples
    --------
    >>> percent(0.1), percent(0.0000123), percent(8.4e-7), percent(0.98765)
    ('10 %', '0.00123 %', '8.40e-5 %', '98.8 %')
    """
    value = 100.0 * fraction
    if value == 0:
        return "0 %"
    if abs(value) >= 0.001:
        decimals = max(0, 2 - exponent_of(abs(value)))
        text = f"{value:.{decimals}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{mantissa}e{int(exponent)} %"


def exponent_of(value: float) -> int:
    """Exponent of a positive number in scientific notation."""
    return int(f"{value:e}".partition("e")[2])


def hours(value: float) -> str:
    """A time in the unit in which it is read best.

    Examples
    --------
    >>> hours(0.01), hours(0.5), hours(30), hours(240), hours(50_000)
    ('36 s', '30 min', '30 h', '10 d', '5.7 y')
    """
    if not value < float("inf"):
        return "never" if value == float("inf") else "-"
    for unit, size in (("y", HOURS_PER_YEAR), ("d", HOURS_PER_DAY)):
        if value >= 2 * size:
            return f"{value / size:.3g} {unit}"
    if value >= 1:
        return f"{value:.3g} h"
    return f"{value * 60:.3g} min" if value >= 1 / 60 else f"{value * 3600:.3g} s"
