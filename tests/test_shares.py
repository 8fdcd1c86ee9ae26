"""Shares as text: what is printed is read again, exactly, and never says what is not so."""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cascade
from cascade.answers.intervals import proportion
from cascade.answers.table import Table
from cascade.common.shares import (
    estimate_of_difference,
    estimate_of_number,
    estimate_of_share,
    percent,
    plain_percent,
    whole_percent,
)
from helpers.models import FRAIL


def numbers_in(text: str) -> list[Fraction]:
    """The shares that a text says, exactly as it says them."""
    if found := re.fullmatch(r"(?:below )?(-?)1 in ([\d.,]+(?:e\d+)?)", text):
        return [(-1 if found[1] else 1) / Fraction(found[2].replace(",", ""))]
    found = re.fullmatch(r"(?:above |below )?(-?[\d.]+)(?: to (-?[\d.]+))?(?: (%)| in ([\d,]+(?:e\d+)?))?", text)
    assert found, text
    unit = Fraction(1, 100) if found[3] else 1 / Fraction((found[4] or "1").replace(",", ""))
    return [Fraction(part) * unit for part in found.groups()[:2] if part]


def exactly(value: float) -> Fraction:
    """The shortest decimal of a double: what a person would say that it is."""
    return Fraction(repr(value))


probabilities = st.floats(0.0, 1.0)
small = st.floats(-14.0, 0.0).map(lambda power: 10.0**power)
shares = st.one_of(probabilities, small, small.map(lambda p: 1.0 - p))
three = st.lists(shares, min_size=3, max_size=3).map(sorted)
close = st.builds(
    lambda p, a, b: [p * (1 - 10.0**a), p, min(1.0, p * (1 + 10.0**b))],
    st.one_of(small, probabilities),
    st.floats(-12, 0),
    st.floats(-12, 0),
)


@given(st.one_of(three, close))
@example([0.099990, 0.1, 0.100006])
@example([0.9060, 0.9061, 0.9062])
@example([0.99996, 0.99998, 0.999999])
@example([0.0, 1e-6, 5e-6])
@example([0.99, 1.0, 1.0])
def test_printed_ends_lie_outside_and_apart(ends: list[float]) -> None:
    low, share, high = ends
    value, interval = estimate_of_share(share, low, high)
    (said,) = numbers_in(value)
    if 0.0 < share < 1.0:
        below, above = numbers_in(interval)
        assert below <= exactly(low)
        assert above >= exactly(high)
        assert 0 < said < 1, "no share but 0 reads as 0, none but 1 as 100 %"
        assert below < said or low == share
        assert said < above or high == share
        assert abs(said - exactly(share)) <= Fraction(6, 1000) * min(exactly(share), 1)
        # An end that counts is not rounded to what it is not.
        if exactly(low) * 1000 >= exactly(share):
            assert (below == 0) == (low == 0.0)
        if (1 - exactly(high)) * 1000 >= 1 - exactly(share):
            assert (above == 1) == (high == 1.0) or share < 1e-4
    elif share == 0.0:
        assert value == "0 %"
        if interval != "0 to 100 %":
            assert interval.startswith("below ")
            assert exactly(high) <= numbers_in(interval)[0] <= exactly(high) * Fraction(102, 100)
    else:
        assert value == "100 %"
        if interval != "0 to 100 %":
            assert interval.startswith("above ")
            assert numbers_in(interval)[0] <= exactly(low)
            assert numbers_in(interval)[0] < 1 or low == 1.0


signed = st.builds(lambda sign, size: sign * size, st.sampled_from([-1, 1]), st.one_of(small, probabilities))


@given(st.lists(signed, min_size=3, max_size=3).map(sorted))
@example([-2.77e-6, 0.0, 2.77e-6])
@example([-1e-6, 9.99e-5, 1.01e-4])
def test_printed_ends_of_differences_lie_outside_and_apart(ends: list[float]) -> None:
    low, difference, high = ends
    value, interval = estimate_of_difference(difference, low, high)
    (said,), (below, above) = numbers_in(value), numbers_in(interval)
    assert below <= exactly(low)
    assert above >= exactly(high)
    # Of 1 in N it is N that is rounded: an end that is the estimate itself may lie within that.
    assert abs(said - exactly(difference)) <= Fraction(6, 1000) * max(map(abs, map(exactly, ends)))
    assert below < said or low == difference
    assert said < above or high == difference
    assert "-0 " not in f"{interval} "


@given(st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3).map(sorted))
def test_printed_ends_of_numbers_lie_outside_and_apart(ends: list[float]) -> None:
    low, mean, high = ends
    value, interval = estimate_of_number(mean, low, high)
    said, (below, above) = Fraction(value), numbers_in(interval)
    assert below <= exactly(low) <= exactly(high) <= above
    assert (low == mean or below < said) and (mean == high or said < above)  # noqa: PT018


@given(st.one_of(shares, st.floats(1e-300, 1e-9)))
def test_a_share_alone_is_right_to_half_a_per_cent_of_itself(share: float) -> None:
    text = percent(share)
    (said,) = numbers_in(text)
    assert abs(said - exactly(share)) <= Fraction(6, 1000) * exactly(share)
    assert (said == 0) == (share == 0.0)
    assert (said == 1) == (share == 1.0)
    assert ("1 in" in text) == (0.0 < share < 1e-4)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1e-6, "1 in 1,000,000"),
        (1e-4, "0.0100 %"),
        (0.5, "50.0 %"),
        (0.09996, "10.0 %"),
        (0.9997, "99.97 %"),
        (1 - 1e-9, "above 99.9999 %"),
    ],
)
def test_shares_that_people_know(share: float, text: str) -> None:
    assert percent(share) == text


@given(shares)
@example(0.1)
@example(0.0199999)
@example(1e-4)
def test_a_share_has_three_figures_that_count(share: float) -> None:
    """Also where some are zeros; more only of what would be 100 %, and two or one less before it."""
    text = percent(share)
    if text.endswith(" %") and "above" not in text and 0 < share < 1:
        figures = len(text.removesuffix(" %").replace(".", "").lstrip("0"))
        assert figures == 3 or (figures > 3 and share > 0.999)
    (plain,), (said,) = numbers_in(plain_percent(share)), numbers_in(text)
    assert plain == said
    assert re.fullmatch(r".*[1-9] %|\d+ %|(above|1 in) .*", plain_percent(share))


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_whole_per_cents_say_none_and_all_only_of_none_and_all(part: int, of: int) -> None:
    share = min(part, of) / of
    text = whole_percent(share)
    assert (text == "0 %") == (share == 0.0)
    assert (text == "100 %") == (share == 1.0)
    if text[0] not in "<>":
        assert abs(int(text.removesuffix(" %")) - 100 * share) <= 0.5 + 1e-9


@given(st.integers(1, 10**9), st.data())
def test_no_counted_row_reads_as_an_interval_of_nothing(of: int, data: st.DataObject) -> None:
    """What a table of counts prints, of any count of any number of cells."""
    count = data.draw(st.integers(0, of))
    value, interval = estimate_of_share(count / of, *proportion(count, of))
    if 0 < count < of:
        low, high = interval.removesuffix(" %").partition(" in ")[0].split(" to ")
        assert len({low, high, value.removesuffix(" %")}) == 3, (value, interval)


def test_the_first_row_that_a_new_user_sees() -> None:
    """A tenth of ten to the eight cells: 10 to 10 % it was."""
    funnel = cascade.Funnel.from_counts({"shed": 10**8, "detached": 10_001_000, "all of these": 10_001_000})
    lines = funnel.as_text()[1]
    assert [line[4:6] for line in lines] == [["10.001 %", "9.995 to 10.007 %"]] * 2
    whole = cascade.Funnel.from_counts({"shed": 10_000, "kept": 10_000})
    assert whole.as_text()[1][0][4:6] == ["100 %", "above 99.97 %"]


# Everywhere.


def home_made(text: str) -> list[int]:
    """Lines on which a share or an interval is formatted by hand."""
    lines = []
    for string in ast.walk(ast.parse(text)):
        parts = string.values if isinstance(string, ast.JoinedStr) else []
        for i, part in enumerate(parts):
            if not isinstance(part, ast.Constant) or not i:
                continue
            before, around = parts[i - 1], " ".join(map(ast.unparse, parts[i - 1 : i + 2 : 2]))
            by_hand = isinstance(before, ast.FormattedValue) and before.format_spec is not None
            if (by_hand and str(part.value).startswith((" %", "%"))) or (
                part.value in (" to ", " - ") and re.search(r"low|high|lower|upper|interval|ends", around)
            ):
                lines.append(string.lineno)
    return lines


def test_no_share_and_no_interval_is_formatted_by_hand() -> None:
    """There is one home for it."""
    planted = 'f"{x:.1f} %"\nf"{row.low:.3g} to {row.high:.3g}"\nf"{percent(low)} to {percent(high)}"\nf"{x} %"'
    assert home_made(planted) == [1, 2, 3]
    package = Path(cascade.__file__).parent
    found = {str(path.relative_to(package)): home_made(path.read_text()) for path in package.rglob("*.py")}
    assert {name for name, lines in found.items() if lines} <= {"common/shares.py"}


def counted_tables() -> list[Table[object]]:
    """Of many cells, so that intervals are narrow, and of few."""
    model, colon = cascade.load("textbook"), cascade.load("colon")
    weaker = model.with_(scale={"*.immune killing": 0.2}, name="weak")
    tables: list[Table[object]] = [cascade.compare(model, weaker, cells=10**6, seed=1)]
    for cells in (3, 10**7):
        tables += [cascade.simulate(model, cells=cells, seed=1).funnel()]
        tables += [cascade.simulate(colon, cells=cells, seed=1).organs()]
    return [*tables, cascade.selection(FRAIL, cells=10**6, seed=1)]


def test_no_table_prints_an_interval_of_nothing() -> None:
    for table in counted_tables():
        header, lines = table.as_text()
        at = header.index("95 % interval")
        for line in lines:
            if " to " in line[at] and line[at] != "0 to 100 %":
                low, high = re.match(r"(\S+) to (\S+)", line[at]).groups()  # type: ignore[union-attr]
                assert len({low, high, line[at - 1].removesuffix(" %")}) == 3, line
