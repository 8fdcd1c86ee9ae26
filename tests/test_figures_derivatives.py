"""The tornado of elasticities against the numbers that it shows."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

import cascade
from cascade import plot
from cascade.plot.derivatives import LESS, MORE
from helpers.drawn import heading


@pytest.mark.parametrize(
    ("name", "of", "mean_hours"), [("textbook", None, False), ("colon", "liver", False), ("emt", None, True)]
)
def test_bars_are_the_strongest_elasticities_in_order(name: str, of: str | None, *, mean_hours: bool) -> None:
    exact = cascade.exact(cascade.load(name))
    figure = plot.elasticities(exact, of=of, mean_hours=mean_hours, most=6)
    (ax,) = figure.axes
    rates = exact.elasticities(of, mean_hours=mean_hours)
    expected = sorted(rates.items(), key=lambda row: -abs(row[1]))[:6]
    bars = sorted(ax.patches, key=lambda bar: bar.get_y())
    deaths = {t.name for t in exact.lowered.transitions if t.is_death}
    for (hazard, rate), bar, label, text in zip(expected, bars, ax.get_yticklabels(), ax.texts, strict=True):
        assert bar.get_width() == pytest.approx(rate)
        assert to_hex(bar.get_facecolor()).upper() == (MORE if rate > 0 else LESS)
        state, way = hazard.split(".", 1)
        sign = ": " if hazard in deaths else " → "
        assert label.get_text().replace("\n", " ") == f"{state}{sign}{way}"
        assert float(text.get_text().replace("\N{MINUS SIGN}", "-")) == pytest.approx(rate, abs=0.0051)
        # The number stands beside its bar, on the side on which the bar ends.
        assert (text.get_position()[0] > 0) == (rate > 0)
    left = len([rate for rate in rates.values() if abs(rate) > 0]) - 6
    assert f"{left} weaker hazards not shown" in heading(figure)
    low, high = ax.get_xlim()
    assert low < min(bar.get_width() for bar in bars)
    assert high > max(0.0, *(bar.get_width() for bar in bars))


def test_what_cannot_be_drawn_is_named() -> None:
    exact = cascade.exact(cascade.load("textbook"))
    with pytest.raises(cascade.InputError, match=r"^source = 3: an exact answer"):
        plot.elasticities(3)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match=r"^most = 0: a whole number"):
        plot.elasticities(exact, most=0)
    with pytest.raises(cascade.InputError, match=r"^of = 'colonisation': .*colonization"):
        plot.elasticities(exact, of="colonisation")
