"""Text of other people's, made fit for a terminal, a figure and a page."""

from __future__ import annotations

import re

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
