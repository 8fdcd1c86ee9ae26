"""A tornado: which hazards move an answer, and by how much."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.arguments import check_flag
from cascade.common.colours import GRID, INK, QUIET
from cascade.common.errors import InputError, is_whole
from cascade.plot.fitting import LINE, NAME, broken, lines_in, settle
from cascade.plot.style import figure_of, plain, sign
from cascade.solution.answer import Exact

MORE, LESS = "#4477AA", "#EE8866"
"""More of it, or less, with a higher hazard: apart in grey, too, and by their side."""


def elasticities(
    source: Exact, *, of: str | None = None, mean_hours: bool = False, most: int = 15, ax: Axes | None = None
) -> Figure:
    """By how many per cent an answer changes per per cent of each hazard: the strongest first.

    Parameters
    ----------
    source : Exact
    of : str, optional
        Step, milestone or organ, as for ``Exact.elasticities``; default: success.
    mean_hours : bool
        Of the mean time until it happens.
    most : int
        Hazards that are shown.
    ax : matplotlib Axes, optional
    """
    if not isinstance(source, Exact):
        raise InputError("source", source, "an exact answer, from cascade.exact(...)")
    check_flag(mean_hours, "mean_hours")
    if not is_whole(most) or most < 1:
        raise InputError("most", most, "a whole number > 0")
    rates = {name: rate for name, rate in source.elasticities(of, mean_hours=mean_hours).items() if abs(rate) > 0}
    if not rates:
        raise InputError("source", source.label, "an answer that some hazard moves")
    shown = sorted(rates, key=lambda name: -abs(rates[name]))[:most]
    given = ax
    figure, ax = figure_of(ax, (8.5, 1.4 + 0.32 * len(shown)))
    places, values = np.arange(len(shown)), np.array([rates[name] for name in shown])
    ax.barh(places, values, color=[MORE if v > 0 else LESS for v in values], height=0.72)
    for place, value in zip(places.tolist(), values.tolist(), strict=True):
        told = f"{value:+.2f}" if abs(value) >= 0.095 else f"{value:+.2g}"
        ax.annotate(
            told.replace("-", "\N{MINUS SIGN}"), (value, place), (4 if value > 0 else -4, 0),
            textcoords="offset points", ha="left" if value > 0 else "right", va="center", fontsize=9, color=INK,
        )  # fmt: skip
    names = [broken(_named(source, name), NAME + 1.4, 9.5) for name in shown]
    ax.set_yticks(places, names, fontsize=9.5)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.margins(x=0.16)
    ax.axvline(0.0, color=QUIET, linewidth=1.0)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    what = of or source.lowered.stages[-1]
    what = f"the mean time to {what}" if mean_hours else _chance_of(source, what)
    ax.set_xlabel("change in per cent, for one per cent more of the hazard", fontsize=10, loc="left")
    more = f"; {len(rates) - len(shown)} weaker hazards not shown" if len(rates) > len(shown) else ""
    plain(ax, f"{source.label}: what moves {what}{more}")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    sign(figure, source)
    if given is None:
        settle(figure, {ax: (4.5, len(shown) * max(0.3, 9.5 * LINE * lines_in(names) + 0.06))})
    return figure


def _named(source: Exact, name: str) -> str:
    """A hazard in words: a move or a switch with an arrow, a death with a colon."""
    state, way = name.split(".", 1)
    deaths = {transition.name for transition in source.lowered.transitions if transition.is_death}
    return f"{state}: {way}" if name in deaths else f"{state} \N{RIGHTWARDS ARROW} {way}"


def _chance_of(source: Exact, of: str) -> str:
    """The answer in words."""
    if of in source.lowered.stages:
        return f"the share that passes {of}"
    if of in source.lowered.milestones:
        return f"the share that is ever {of}"
    return f"the number of colonies in {of}"
