"""Death of other causes against the life table that it cites."""

from __future__ import annotations

import math

from scipy.integrate import quad

from helpers.diseases import TEXTBOOK

WOMEN = 81.4
"""Years that women live on average: Arias E, Xu J. Natl Vital Stat Rep 2022;70(19)."""


def expected_years(at: float) -> float:
    """Years that are lived by the law of the textbook disease, with another hazard at its age."""
    law = TEXTBOOK.death.other
    assert law is not None
    slope = math.log(2.0) / law.doubling_years
    newborn = at * math.exp(-slope * law.at_age)
    return float(quad(lambda t: math.exp(-newborn / slope * math.expm1(slope * t)), 0.0, 130.0)[0])


def test_women_of_the_textbook_live_as_long_as_the_life_table_says() -> None:
    law = TEXTBOOK.death.other
    assert law is not None
    assert law.source == ("arias2022",)
    assert abs(expected_years(law.per_year) - WOMEN) < 0.1
    assert abs(expected_years(1.02 * law.per_year) - WOMEN) > 0.1  # 2 % are seen
