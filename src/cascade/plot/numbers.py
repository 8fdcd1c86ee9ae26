"""How many lesions patients have, since when, and how large: counted as dots with intervals, exact as thin ink."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.patient.questions import Answers, Simulated
from cascade.patient.tables import Level
from cascade.plot.asked import Shown, level_name, together, told_of, years_of
from cascade.plot.fitting import broken, inches_of, lines_in, width_of
from cascade.plot.founders import caption_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import at_most, decade_label, one_in, power
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, apart, frame, made
from cascade.plot.strips import TIME, year_marks
from cascade.plot.style import figure_around, sign

DECADES = 1e-6
"""Of the highest value on an axis: the least that it goes down to."""

MARKS = "osD^"
"""Of the years, the first one's first."""

NEARLY_ALL = 0.999


def number_and_sizes(
    source: Answers,
    *,
    years: float | Sequence[float] = (),
    level: Level = "founded",
    of: str = "anywhere",
    beside: Answers | None = None,
    ax: Axes | None = None,
    style: str = "screen",
) -> Figure:
    """When patients have lesions, how many, and how large: three panels.

    Left, the share of patients with any, by year; in the middle the law of their number at some years; right, the mean
    number at least as large as each size.  Counts are dots with 95 % intervals, and of none an arrow down from the
    upper bound; an exact answer is a thin line and open diamonds.  With ``ax`` the middle panel alone is drawn.

    Parameters
    ----------
    source : Cohort or exact answer
    years : float or sequence of float
        At most four of ``source.times``.  Default: the last and two before it.
    level : str or float
        Which lesions are counted in the middle: "shed", "founded", "established" or one of ``sizes_mm``.
    of : str
        "anywhere", "distant", "nodal" or "local".
    beside : exact answer or Cohort, optional
        Exact beside counted, or the other way round; of the same years and sizes.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none, a year that was not counted, or answers that do not belong together.
    """
    if not isinstance(source, Answers):
        raise InputError("source", source, "a cohort, from cascade.cohort(...), or the exact answer of a disease")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    shown = Shown(source, together(source, beside), years_of(source, years, of, level), level, of)
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(shown, fitted, width, high))
    else:
        _number(ax, shown, look, inches_of(ax))
        ax.set_title(broken(shown.heading, inches_of(ax)[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(figure or drawn, shown.made, alt=_said(shown))
    return figure or drawn


def _plan(shown: Shown, look: Look, width: float, high: float) -> Plan:
    """Three panels side by side, the key above them, the caption below."""
    pad = 0.4 * look.em
    heading = Heading(look, width - 2 * pad, shown.heading, _sentence(shown))
    key = Key(_entries(shown), look, width - 2 * pad)
    note = broken(_caption(shown), width - 2 * pad - 0.8 * look.em, look.small)
    marks = width_of("1 in 10,000", look.small) + 0.9 * look.em
    names = [level_name(level) for level in shown.levels]
    beside = max(width_of(name, look.small) for name in names) + 2.2 * look.em
    right = width_of("0.0001", look.small) + 0.9 * look.em
    room = width - 2 * pad - 2 * marks - beside - right - 2.4 * look.em
    wide = [0.28 * room, 0.40 * room, 0.32 * room]
    left = [pad + marks, pad + 2 * marks + wide[0] + beside, width - pad - wide[2]]
    top = pad + heading.height + key.height + 0.5 * look.em + look.leading(1.5, small=False)
    heads = look.small if look.slide else look.text
    lines = lines_in([_axis(k, shown, look, inches) for k, inches in enumerate(wide)])
    below, foot = look.leading(2.4 + lines), look.leading(lines_in([note])) + 0.4 * look.em
    tall = 0.27 * width
    if high:
        tall = max(0.2 * width, min(0.36 * width, high - top - below - foot - pad))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        for k, (letter, title, panel) in enumerate(_PANELS):
            start = left[k] - (right if k == 2 else marks)
            line = top - look.leading(1.4, small=False)
            sheet.text(start, line, letter, fontsize=heads, fontweight="bold")
            sheet.text(start + 1.2 * look.em, line, title, fontsize=heads)
            ax = sheet.axes(left[k], top, wide[k], tall)
            ax.set_label(title)
            panel(ax, shown, look, (wide[k], tall))
        sheet.text(pad, max(top + tall + below, high - foot - pad), note, color=QUIET)

    # On a slide in smaller type, until the heads of the panels fit.
    fits = all(
        width_of(f"{letter}  {title}", heads) < wide[k] + (right, marks)[k < 2] + (beside if k == 0 else 0.0)
        for k, (letter, title, _) in enumerate(_PANELS)
    )
    return Plan(top + tall + below + foot + pad + (0.0 if fits or not high else high), draw)


def _axis(panel: int, shown: Shown, look: Look, inches: float) -> str:
    """What stands below a panel, in lines of its width."""
    text = (TIME, f"number of {told_of(shown.of, shown.level)}", "lesions at least so large (mm)")[panel]
    return broken(text, max(inches, 7.0 * look.em), look.small)


def _label(ax: Axes, panel: int, shown: Shown, look: Look, inches: tuple[float, float]) -> None:
    ax.set_xlabel(_axis(panel, shown, look, inches[0]), fontsize=look.small, loc="left",
                  labelpad=(0.3 + 1.28 * (panel == 2)) * look.small)  # fmt: skip


def _entries(shown: Shown) -> list[Entry]:
    """The years, and what is exact."""
    filled = not shown.alone_exact
    entries = [
        Entry(f"after {year:g} years", colour, mark if filled else "D", filled)
        for year, colour, mark in zip(shown.years, shown.colours, MARKS, strict=False)
    ]
    if filled and any(answer.exact_answer for answer in shown.answers):
        entries.append(Entry("exact", INK, "D", filled=False))
    return entries


def _dots(
    ax: Axes, xs: Sequence[float], values: Sequence[tuple[float, float, float]], look: Look, how: dict[str, Any]
) -> None:
    """Counts with their intervals on a log axis; of none an arrow down from the upper bound."""
    low, _ = ax.get_ylim()
    colour = how["color"]
    for x, (value, below, above) in zip(xs, values, strict=True):
        if value > low:
            ax.plot([x, x], [max(below, low), above], color=colour, linewidth=0.8 * look.line, zorder=3,
                    solid_capstyle="butt", label="_interval")  # fmt: skip
            ax.plot([x], [value], linestyle="none", markersize=look.mark, markeredgecolor="white", zorder=5,
                    markeredgewidth=0.5 * look.thin, **how)  # fmt: skip
        elif value <= 0 and low < above:
            ax.plot([x], [above], linestyle="none", marker="v", color=colour, markersize=0.9 * look.mark, zorder=4,
                    markerfacecolor="white", markeredgewidth=look.thin, label="_none")  # fmt: skip


def _log(ax: Axes, values: Sequence[tuple[float, float, float]], look: Look, high: float, *, share: bool) -> None:
    """A log axis for these values: with room below for the lowest of them, and whole decades as marks."""
    some = [value for value, _, _ in values if value > 0]
    bounds = [above for value, _, above in values if value <= 0 < above]
    top = 1.25 if share else 1.6 * max([above for _, _, above in values] or [1.0])
    least = min([*some, *(above for above in bounds if above > 1e-9)] or [0.1])
    low = max(min(least / 2.0, top / 20.0), DECADES * top)
    ax.set_yscale("log")
    ax.set_ylim(low, top)
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(top))
    step = max(1, math.ceil((last - first) * 1.9 * look.leading(1) / max(high, 0.1)))
    ticks = range(last, first - 1, -step)
    ax.set_yticks(
        [10.0**k for k in ticks],
        [decade_label(-k) if share else f"{10.0**k:,g}" if k > -5 else power(k) for k in ticks],
    )
    ax.minorticks_off()


def _when(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float]) -> None:
    """The share of patients with any, by year and level."""
    tables = {level: [answer.lesions(level, shown.of) for answer in shown.answers] for level in shown.levels}
    last = shown.source.times[-1]
    ax.set_xlim(-0.04 * last, 1.06 * last)
    every = [(row.some, row.some_low, row.some_high) for some in tables.values() for one in some for row in one]
    # Years before anybody has any are not what the axis is for.
    _log(ax, [value for value in every if value[0] > 0] or every, look, inches[1], share=True)
    ends, low = [], ax.get_ylim()[0]
    for level in tables:
        for table in tables[level]:
            rows = [row for row in table if row.some > low]
            if table.exact:
                ax.plot([row.years for row in rows], [row.some for row in rows], color=INK, linewidth=look.thin * 1.4,
                        zorder=4, label=f"exact {level_name(level)}")  # fmt: skip
            else:
                how = {"color": ALIVE_COLOUR, "marker": "o", "label": f"share {level_name(level)}"}
                values = [(row.some, row.some_low, row.some_high) for row in rows]
                if shown.beside is None:
                    # Broken where nobody has any.
                    way = [row.some if row.some > low else math.nan for row in table]
                    ax.plot([row.years for row in table], way, color=ALIVE_COLOUR, zorder=2,
                            linewidth=look.thin, label="_way")  # fmt: skip
                _dots(ax, [row.years for row in rows], values, look, how)
        at = tables[level][0].rows[-1].some
        ends.append((max(at, low), level_name(level)))
    _names(ax, ends, look, inches, INK if shown.source.exact_answer else ALIVE_COLOUR)
    frame(ax, look, left=True)
    ax.set_xticks(year_marks(last, inches[0], look))
    _label(ax, 0, shown, look, inches)


def _names(ax: Axes, ends: Sequence[tuple[float, str]], look: Look, inches: tuple[float, float], colour: str) -> None:
    """Names at the right of the axes, pushed apart."""
    low, top = (math.log10(v) for v in ax.get_ylim())
    places = [(top - math.log10(at)) / (top - low) * inches[1] for at, _ in ends]
    found = apart(places, [look.leading(1.1)] * len(ends), 0.0, inches[1])
    for (_, name), place, y in zip(ends, places, found, strict=True):
        start, end = 1.0 + 0.3 * look.em / inches[0], 1.0 + 1.2 * look.em / inches[0]
        ax.plot([start, end], [1 - place / inches[1], 1 - y / inches[1]], transform=ax.transAxes, color=colour,
                linewidth=look.thin, clip_on=False, label="_leader")  # fmt: skip
        ax.text(end + 0.3 * look.em / inches[0], 1 - y / inches[1], name, transform=ax.transAxes, va="center",
                fontsize=look.small, color=dark(colour))  # fmt: skip


def _number(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float]) -> None:
    """The law of the number, on a log axis."""
    laws = {(j, k): shown.numbers(answer, year) for j, answer in enumerate(shown.answers)
            for k, year in enumerate(shown.years)}  # fmt: skip
    numbers = shown.alone + 1
    places = [*map(float, range(numbers)), numbers + 0.6]
    ax.set_xlim(-0.9, numbers + 1.5)
    _log(ax, [value for law in laws.values() for value in law.shares], look, inches[1], share=True)
    low = ax.get_ylim()[0]
    for (_, k), law in laws.items():
        shift = 0.0 if len(shown.years) == 1 else (k / (len(shown.years) - 1) - 0.5) * 0.46
        xs = [x + shift for x in (*places[: len(law.shares) - 1], places[-1])]
        if law.exact:
            seen = [(x, value) for x, (value, _, _) in zip(xs, law.shares, strict=True) if value > low]
            ax.plot([x for x, _ in seen], [value for _, value in seen], marker="D", linestyle="none", zorder=6,
                    color=shown.exact_colour(k), markersize=1.5 * look.mark, markerfacecolor="none",
                    markeredgewidth=look.thin, label=f"exact {shown.years[k]:g}", clip_on=False)  # fmt: skip
        else:
            _dots(ax, xs, law.shares, look, {"color": shown.colours[k], "marker": MARKS[k],
                                             "label": f"number {shown.years[k]:g}"})  # fmt: skip
    frame(ax, look, left=True)
    step = 1 if numbers * 1.6 * look.em < inches[0] else 2 if numbers * 0.8 * look.em < inches[0] else 4
    ticks = [float(n) for n in range(0, numbers, step)]
    if step > 1 and numbers - ticks[-1] < step:
        ticks.pop()
    ax.set_xticks([*ticks, places[-1]], [*(f"{n:.0f}" for n in ticks), f"\u2265{numbers}"])
    _label(ax, 1, shown, look, inches)


def _sizes(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float]) -> None:
    """The mean number of lesions at least as large as each size: founders and those that last, then diameters."""
    sizes = shown.source.sizes_mm
    logs = [math.log10(mm) for mm in sizes]
    step = max(0.35, (logs[-1] - logs[0]) * 0.22 if logs else 1.0)
    first = logs[0] if logs else 0.0
    places = [first - 2.2 * step, first - 1.2 * step, *logs]
    tables = {(j, k): shown.sizes(answer, year) for j, answer in enumerate(shown.answers)
              for k, year in enumerate(shown.years)}  # fmt: skip
    ax.set_xlim(places[0] - 0.5 * step, places[-1] + 0.5 * step)
    values = {key: [(row.mean, row.mean_low, row.mean_high) for row in table.rows[1:]] for key, table in tables.items()}
    _log(ax, [value for some in values.values() for value in some], look, inches[1], share=False)
    low = ax.get_ylim()[0]
    both = shown.beside is not None
    for (_, k), table in tables.items():
        some = values[_, k]
        seen = [(x, value) for x, (value, _, _) in zip(places, some, strict=True) if value > low]
        xs, ys = [x for x, _ in seen], [value for _, value in seen]
        if table.exact:
            ax.plot(
                xs,
                ys,
                color=shown.exact_colour(k),
                linewidth=1.4 * look.thin,
                zorder=4,
                label=f"exact {shown.years[k]:g}",
            )
            continue
        if not both:
            ax.plot(xs, ys, color=shown.colours[k], linewidth=look.thin, zorder=2, label="_way")
        shift = (k - (len(shown.years) - 1) / 2) * 0.06 * step
        _dots(ax, [x + shift for x in places], some, look,
              {"color": shown.colours[k], "marker": MARKS[k], "label": f"sizes {shown.years[k]:g}"})  # fmt: skip
    frame(ax, look, left=True)
    told = ["founded", "", *(f"{mm:g}" for mm in sizes)]
    ax.set_xticks(places, told)
    _thinned(ax, places, told, look, inches[0])
    ax.annotate("established", (places[1], 0.0), xycoords=("data", "axes fraction"), xytext=(0, -1.95 * look.small),
                textcoords="offset points", ha="center", va="top", fontsize=look.small, color=INK)  # fmt: skip
    _label(ax, 2, shown, look, inches)


def _thinned(ax: Axes, places: Sequence[float], told: Sequence[str], look: Look, inches: float) -> None:
    """Marks of diameters, as many as there is room for."""
    left, right = ax.get_xlim()
    shown, last = list(told), -math.inf
    for k in range(2, len(places)):
        at = (places[k] - left) / (right - left) * inches
        half = width_of(told[k], look.small) / 2
        if at - half < last + 0.3 * look.em:
            shown[k] = ""
        else:
            last = at + half
    ax.set_xticks(places, shown)


_PANELS: tuple[tuple[str, str, Callable[[Axes, Shown, Look, tuple[float, float]], None]], ...] = (
    ("a", "When: patients with any", _when),
    ("b", "How many", _number),
    ("c", "How large: mean number", _sizes),
)


def _caption(shown: Shown) -> str:
    notes = []
    if any(isinstance(answer, Simulated) for answer in shown.answers):
        notes.append("Of patients who are alive then; bars: 95 % intervals; arrows down: none seen, at most so many.")
    exact = [answer.lesions(shown.level, shown.of).note for answer in shown.answers if answer.exact_answer]
    notes += [f"Exact: {note[:1].lower()}{note[1:]}" for note in exact if note]
    return caption_of(shown.made, *notes)


def _sentence(shown: Shown) -> str:
    """What a slide says above it."""
    some = 1.0 - shown.numbers(shown.source, shown.years[-1]).shares[0][0]
    share = "nearly all" if some > NEARLY_ALL else one_in(some)
    return f"After {shown.years[-1]:g} years {share} of these patients have {told_of(shown.of, shown.level)}"


def _said(shown: Shown) -> str:
    """The figure in words."""
    source = shown.source
    told = []
    for year in shown.years:
        row = next(row for row in source.lesions(shown.level, shown.of) if row.years == year)
        any_ = one_in(row.some) if row.some else at_most(row.some_high)
        told.append(f"after {year:g} years {any_} have any, {row.mean:.3g} on average")
    how = "exact" if source.exact_answer else "simulated"
    beside = (
        "" if shown.beside is None else f", beside {'the exact answer' if shown.beside.exact_answer else 'a cohort'}"
    )
    return (
        f"When patients have lesions, how many and how large, {how}{beside}. {source.label},"
        f" {told_of(shown.of, shown.level)}: {'; '.join(told)}."
        " Three panels on log axes: shares with any by year, shares by number, mean number by least size."
    )
