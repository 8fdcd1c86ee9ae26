"""A tornado: which hazards move an answer, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.kinds import KINDS
from cascade.common.arguments import check_flag
from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK, QUIET
from cascade.common.errors import InputError, is_whole
from cascade.plot.fitting import broken, inches_of, lines_in, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import figure_around, sign
from cascade.solution.answer import Exact

MORE, LESS = ALIVE_COLOUR, DEATH_COLOUR
"""More of it, or less, with a higher hazard: apart by their side, too."""

NAMES = 0.46
"""Of a figure's width that names of hazards may have."""


def elasticities(
    source: Exact,
    *,
    of: str | None = None,
    mean_hours: bool = False,
    most: int = 15,
    ax: Axes | None = None,
    style: str = "screen",
) -> Figure:
    """By how many per cent an answer changes per per cent of each hazard: the strongest first.

    Parameters
    ----------
    source : Exact
    of : str, optional
        Step, milestone, organ or kind of colony, as for ``Exact.elasticities``; default: distant metastases, of a
        model without sites success.
    mean_hours : bool
        Of the mean time until it happens.
    most : int
        Hazards that are shown.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (89 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    look = look_of(style)
    if not isinstance(source, Exact):
        raise InputError("source", source, "an exact answer, from cascade.exact(...)")
    check_flag(mean_hours, "mean_hours")
    if not is_whole(most) or most < 1:
        raise InputError("most", most, "a whole number > 0")
    figure = None if ax is None else figure_around(ax)
    if of is None and not mean_hours and source.distant > 0:
        of = "distant"
    rates = {name: rate for name, rate in source.elasticities(of, mean_hours=mean_hours).items() if abs(rate) > 0}
    if not rates:
        raise InputError("source", source.label, "an answer that some hazard moves")
    shown = {name: rates[name] for name in sorted(rates, key=lambda name: -abs(rates[name]))[:most]}
    named = {_named(source, name): rate for name, rate in shown.items()}
    what = of or source.lowered.stages[-1]
    what = f"the mean time to {what}" if mean_hours else _chance_of(source, what)

    def titled(number: int) -> str:
        more = f"; {len(rates) - number} weaker hazards not shown" if len(rates) > number else ""
        return f"{source.label}: what moves {what}{more}"

    title = titled(len(shown))
    if ax is None:
        drawn = made(look, 1, lambda fitted, width, high: _plan(named, titled, fitted, width, high))
    else:
        inches = inches_of(ax)
        _draw(ax, named, [broken(name, 2 * NAMES * inches[0], look.small) for name in named], look, inches[0])
        ax.set_title(broken(title, inches[0], look.title), loc="left", fontsize=look.title, color=INK, gid="title")
        drawn = figure_around(ax)
    told = ", ".join(f"{name} {_told(rate)}" for name, rate in named.items())
    alt = f"Bars of the change of an answer in per cent for one per cent more of each hazard. {title}. {told}."
    sign(figure or drawn, source, alt=alt)
    return figure or drawn


def _plan(every: Mapping[str, float], titled: Callable[[int], str], look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    rates = dict(list(every.items())[: look.kept(len(every), least=5)])
    heading = Heading(look, width - 2 * pad, titled(len(rates)), f"What matters most: {next(iter(rates))}")
    names = [broken(name, NAMES * width, look.small) for name in rates]
    beside = max(width_of(line, look.small) for name in names for line in name.split("\n")) + 0.8 * look.em
    pitch = max(1.5 * look.em, look.leading(lines_in(names) + 0.25))
    top, below = pad + heading.height, look.leading(3.6)
    if high:
        pitch = max(pitch, min(1.5 * pitch, (high - top - below - pad) / len(names)))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        across = width - 2 * pad - beside - 0.9 * look.em
        _draw(sheet.axes(pad + beside, top, across, pitch * len(names)), rates, names, look, across)

    return Plan(top + pitch * len(names) + below + pad, draw)


def _told(rate: float) -> str:
    """An elasticity with its sign."""
    return (f"{rate:+.2f}" if abs(rate) >= 0.095 else f"{rate:+.2g}").replace("-", "\N{MINUS SIGN}")


def _draw(ax: Axes, rates: Mapping[str, float], names: Sequence[str], look: Look, inches: float) -> None:
    """Bars from a line at none, each with its number where it ends."""
    values = list(rates.values())
    ax.barh(range(len(values)), values, color=[MORE if v > 0 else LESS for v in values], height=0.66, linewidth=0)
    for place, value in enumerate(values):
        ax.annotate(
            _told(value), (value, place), (0.4 * look.small * (1 if value > 0 else -1), 0), textcoords="offset points",
            ha="left" if value > 0 else "right", va="center", fontsize=look.small, color=INK,
        )  # fmt: skip
    low, high = min(0.0, *values), max(0.0, *values)
    beside = width_of("+0.0001", look.small) + 0.7 * look.em
    sides = (beside if low < 0 else 0.2 * look.em, beside if high > 0 else 0.2 * look.em)
    per_inch = (high - low) / max(inches - sum(sides), 0.2 * inches)
    ax.set_xlim(low - sides[0] * per_inch, high + sides[1] * per_inch)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.45, -0.55)
    ax.axvline(0.0, color=QUIET, linewidth=look.thin)
    ax.locator_params(axis="x", nbins=max(2, int(inches / (width_of("\u22120.25", look.small) + 1.2 * look.em))))
    frame(ax, look, grid="x")
    label = broken("per cent of change for one per cent more of the hazard", inches, look.small)
    ax.set_xlabel(label, fontsize=look.small, loc="left", labelpad=0.3 * look.small)


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
    if of in KINDS:
        return f"the share that founds a {KINDS[of]}" if of != "local" else f"the share that makes {KINDS[of]}"
    return f"the number of colonies in {of}"
