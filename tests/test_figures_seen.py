"""What a figure tells apart by colour is told apart without the cones for green, or by a second mark."""

from __future__ import annotations

from itertools import combinations

import pytest

from cascade.plot.arms import entries_of
from cascade.plot.changes import _KINDS, _arms_of
from helpers.drawn import compared, textbook, textbook_exact
from helpers.seen import SIGHTS, apart

LEAST = 8.0
"""Distance of colours that a reader has to find again in a key; neighbours with an edge need no more."""


@pytest.mark.parametrize("sight", SIGHTS)
def test_entries_of_a_key_differ_in_colour_or_mark(sight: str) -> None:
    several = [textbook().funnel(), textbook_exact().funnel()] * 3
    for entries in (_arms_of(compared()), _KINDS, entries_of(several, list("abcdef"))):
        for one, two in combinations(entries, 2):
            assert one.mark != two.mark or apart(one.colour, two.colour, sight) >= LEAST
            assert one.mark != two.mark, "in grey, too"


def test_colours_too_near_are_seen() -> None:
    assert apart("#6699CC", "#77AADD", "deuteranopia") < LEAST
    assert apart("#44AA99", "#CC6677", "grey") < 10 < apart("#44AA99", "#CC6677")
    assert apart("#FFFFFF", "#000000") == pytest.approx(100.0, abs=0.1)
