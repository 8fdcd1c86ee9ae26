"""Tables and paragraphs as text of a width: as wide as they are, or as a terminal is.

A table that is too wide first wraps its headings, then its columns of words; what is still too
wide is folded: further columns follow below, beside the first one again.  Nothing is left out.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest
from textwrap import wrap
from typing import TextIO

from cascade.common.printable import printable

LEAST_WIDTH = 40
"""A terminal narrower than this breaks the lines itself."""

GAP = "  "

_WIDTH: ContextVar[int | None] = ContextVar("width", default=None)

Cells = Sequence[Sequence[str]]


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Columns of the terminal, or what the variable COLUMNS says; None where output goes to a file or pipe.

    Parameters
    ----------
    stream : TextIO, optional
        Where the output goes; default: stdout.
    """
    stream = sys.stdout if stream is None else stream
    if not os.environ.get("COLUMNS", "").isdigit() and not (stream is not None and stream.isatty()):
        return None
    return max(LEAST_WIDTH, shutil.get_terminal_size().columns)


@contextmanager
def fitted(width: int | None) -> Iterator[None]:
    """Within this, tables are no wider; None: as wide as they are."""
    before = _WIDTH.set(width)
    try:
        yield
    finally:
        _WIDTH.reset(before)


def text_width(most: int) -> int:
    """Width of paragraphs: that of the terminal, where there is one, but at most so many columns."""
    width = _WIDTH.get()
    return most if width is None else min(most, width)


def paragraphs(text: str) -> str:
    """Lines that are too long for the terminal broken between words, what follows indented."""
    width = _WIDTH.get()
    if width is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, width))


def text_table(
    header: Sequence[str], rows: Iterable[Sequence[str]], left: Collection[int] = (0,), keys: Sequence[int] = (0,)
) -> str:
    """Aligned columns; those in ``left`` to the left, all others to the right.

    Where the table has to be folded, the columns in ``keys`` say in each part which row it is.

    Examples
    --------
    >>> print(text_table(["step", "n"], [["arrest", "12"], ["exit", "3"]]))
    step     n
    ------  --
    arrest  12
    exit     3
    """
    lines = [[printable(cell) for cell in line] for line in (header, *rows)]
    width = _WIDTH.get()
    parts = [range(len(header))] if width is None else _blocks(lines, left, keys, width)
    return "\n\n".join(_block(lines, columns, left, width) for columns in parts)


def _block(lines: Cells, columns: Sequence[int], left: Collection[int], width: int | None) -> str:
    """Some columns of a table; every line of it may take several of the text."""
    cells = [[line[c] for c in columns] for line in lines]
    to_left = {i for i, c in enumerate(columns) if c in left}
    widths = _widths(cells, to_left, width)
    heads = _line(cells[0], widths, to_left, hang="")
    body = [part for line in cells[1:] for part in _line(line, widths, to_left)]
    return "\n".join([*heads, GAP.join("-" * w for w in widths), *body])


def _blocks(lines: Cells, left: Collection[int], keys: Sequence[int], width: int) -> list[list[int]]:
    """Columns that fit beside each other, in order; from the second block on beside the keys."""
    blocks: list[list[int]] = [[]]
    for column in range(len(lines[0])):
        columns = sorted({*blocks[-1], column})
        cells = [[line[c] for c in columns] for line in lines]
        fits = _total(_least(cells, {i for i, c in enumerate(columns) if c in left})) <= width
        if fits or not set(blocks[-1]) - set(keys):
            blocks[-1] = columns
        else:
            blocks.append(sorted({*keys, column}))
    return blocks


def _widths(cells: Cells, to_left: Collection[int], width: int | None) -> list[int]:
    """Widths of columns: of words, as much less than all of them as must be, the widest first."""
    widths = [max(len(line[c]) for line in cells) for c in range(len(cells[0]))]
    if width is None or _total(widths) <= width:
        return widths
    body = [max((len(line[c]) for line in cells[1:]), default=0) for c in range(len(widths))]
    widths = [max(b, _longest_word([head])) for b, head in zip(body, cells[0], strict=True)]
    least = _least(cells, to_left)
    while _total(widths) > width and widths != least:
        widest = max((c for c in range(len(widths)) if widths[c] > least[c]), key=lambda c: widths[c])
        widths[widest] -= 1
    # Headings in what room is left.
    for c, head in enumerate(cells[0]):
        widths[c] = max(widths[c], min(len(head), widths[c] + width - _total(widths)))
    return widths


def _least(cells: Cells, to_left: Collection[int]) -> list[int]:
    """Widths with headings and words wrapped as far as they can be; numbers stay in one line."""
    least = []
    for c in range(len(cells[0])):
        column = [line[c] for line in cells[1:]]
        if c in to_left:
            body = max((min(len(t), len(_indent(t) + GAP) + _longest_word([t])) for t in column), default=0)
        else:
            body = max(map(len, column), default=0)
        least.append(max(body, _longest_word([cells[0][c]])))
    return least


def _longest_word(texts: Iterable[str]) -> int:
    return max((len(word) for text in texts for word in text.split()), default=0)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _line(cells: Sequence[str], widths: Sequence[int], to_left: Collection[int], hang: str = GAP) -> list[str]:
    """One line of a table, in as many lines of text as its longest cell needs."""
    parts = [_broken(cell, w, hang) for cell, w in zip(cells, widths, strict=True)]
    lines = []
    for texts in zip_longest(*parts, fillvalue=""):
        pairs = enumerate(zip(texts, widths, strict=True))
        lines.append(GAP.join(text.ljust(w) if c in to_left else text.rjust(w) for c, (text, w) in pairs).rstrip())
    return lines


def _broken(line: str, width: int, hang: str = GAP) -> list[str]:
    """A line broken between words, what follows indented by ``hang`` more."""
    if len(line) <= width:
        return [line]
    indent = _indent(line)
    return wrap(
        line.lstrip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent + hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
