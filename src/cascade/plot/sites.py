"""Figures by organ: where colonies arise, and the model against the autopsies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cascade.answers.intervals import paired_difference, proportion
from cascade.answers.organs import OrganRow, Organs
from cascade.common.colours import INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.common.shares import plain_percent
from cascade.common.text import hours, number
from cascade.model import Conditioned, Model
from cascade.plot.fitting import broken, inches_of, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import decade_label, few, one_in
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.style import figure_around, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

FITTED = "soil fit"
"""The source of a soil that was fitted to autopsies."""

NAMES = 0.2
"""Of a figure's width that names of organs may have, in each panel."""

MOST = 18
"""Sites that are shown, of more those with most colonies."""


def organs_of(source: object) -> Organs:
    """The table by organ of what is to be drawn."""
    if not isinstance(source, Result | Exact):
        raise InputError("source", source, "a result or an exact answer")
    return source.organs()


def organs(source: Result | Exact, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """Shares of the colonies by organ, on a log axis; beside it patients with a metastasis, model against autopsies.

    Each organ has its colour and mark.  Whiskers are 95 % intervals.  With ``ax`` only the comparison with
    autopsies is drawn; without autopsies, and of conditioned models, only the colonies are.

    Parameters
    ----------
    source : Result or Exact
        Of a model with sites, such as those of the cancers.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (183 mm wide, 89 mm without autopsies, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    table = organs_of(source)
    model = source.model
    # Autopsies tell of all cells of a patient, not of those alone that reach a goal.
    whole = model.exposure and source.until is None and not isinstance(model, Conditioned)
    compared = _compared([row for row in table if _site(model, row.organ).scored], source) if whole else []
    counted = f"{table.label}: {made_of(source, table)}"
    if ax is None:
        columns = 2 if compared else 1
        drawn = made(look, columns, lambda fitted, width, high: _plan(source, table, compared, fitted, width, high))
    else:
        inches = inches_of(ax)
        if compared:
            names = [broken(one.organ, 3 * NAMES * inches[0], look.small) for one in compared]
            _against_autopsies(ax, compared, names, look, _note(source.model, compared))
        else:
            _colonies(ax, table, look, inches, 3 * NAMES * inches[0])
        ax.set_title(broken(counted, inches[0], look.title), loc="left", fontsize=look.title, color=INK, gid="title")
        drawn = figure_around(ax)
    sign(figure or drawn, source, alt=_said(counted, table, compared))
    return figure or drawn


def made_of(source: Result | Exact, table: Organs) -> str:
    """How many cells, until when, and how many colonies were counted."""
    made = f"{number(source.cells)} cells" if isinstance(source, Result) else "exact"
    made += f", until {hours(source.until)}" if source.until is not None else ""
    colonies = sum(row.colonies for row in table)
    return made if table.exact else f"{made}, {number(colonies)} {'colony' if colonies == 1 else 'colonies'}"


def rough(table: Organs) -> str:
    """Of shares of few colonies: that the exact answer tells more."""
    total = sum(row.colonies for row in table)
    return " (so few that the exact answer tells more)" if total and few(total, exact=table.exact) else ""


def share_of(count: float, total: float, *, exact: bool) -> str:
    """A share for a label; of few that were counted how many of how many."""
    of = f" ({number(count)} of {number(total)})" if few(total, exact=exact) else ""
    return one_in(count / total) + of


def _site(model: Model, name: str) -> Any:
    return next(site for site in model.sites if site.name == name)


def _shown(table: Organs, look: Look | None = None) -> list[OrganRow]:
    """Rows worth a mark: the most colonies first within their routes."""
    most = MOST if look is None else look.kept(MOST, least=5, step=2)
    largest = sorted(table, key=lambda row: -row.colonies)[:most]
    return [row for row in table if row in largest and row.colonies > 0]


class Compared(NamedTuple):
    """An organ: share of autopsies with a metastasis there, share of patients of the model, both with intervals."""

    organ: str
    seen: tuple[float, float, float]
    modelled: tuple[float, float, float]
    exact: bool


def _compared(rows: Sequence[OrganRow], source: Result | Exact) -> list[Compared]:
    """The organs that can be compared, those with most autopsies last."""
    exposure = source.model.exposure
    assert exposure is not None
    cells = source.cells if isinstance(source, Result) else 1_000_000
    found = []
    for row in rows:
        site = _site(source.model, row.organ)
        modelled = [exposure.share(n / cells, site.detection)
                    for n in (row.colonies_low, row.colonies, row.colonies_high)]  # fmt: skip
        low, high = proportion(site.found, site.of)
        found.append(Compared(row.organ, (low, site.found / site.of, high),
                              (modelled[0], modelled[1], modelled[2]), isinstance(source, Exact)))  # fmt: skip
    return sorted(found, key=lambda one: one.seen[1])


def _note(model: Model, compared: Sequence[Compared]) -> str:
    """Whether the model was fitted to what it is compared with."""
    fitted = any(FITTED in _site(model, one.organ).source for one in compared)
    return "soil was fitted to these counts: calibrated" if fitted else "soil is not that fitted to these counts"


def _plan(
    source: Result | Exact, table: Organs, compared: Sequence[Compared], look: Look, width: float, high: float
) -> Plan:
    """Colonies at the left, autopsies at the right: those of the organs with most, where there is no room for all."""
    left_out = len(compared) - look.kept(len(compared), least=5, step=2)
    note, compared = _note(source.model, compared), compared[left_out:]
    note += f"; {len(compared)} of {len(compared) + left_out} organs" if left_out else ""
    pad, gap = 0.4 * look.em, 1.8 * look.em
    sentence = _sentence(table)
    heading = Heading(look, width - 2 * pad, f"{table.label}: {made_of(source, table)}{rough(table)}", sentence)
    half = (width - 2 * pad - gap) / 2 if compared else width - 2 * pad
    wide = NAMES * width * (1 if compared else 1.6)
    lines = _lines(table, look, wide)
    left_names = max((width_of(part, look.small) for line in lines for part in line.text.split("\n")), default=0.0)
    left_names += 0.8 * look.em
    names = [broken(one.organ, wide, look.small) for one in compared]
    right_names = max((width_of(part, look.small) for name in names for part in name.split("\n")), default=0.0)
    right_names += 0.8 * look.em
    key = Key([Entry("autopsies", INK, "o"), Entry("model (colour of the organ)", QUIET, "D", filled=not table.exact)],
              look, half) if compared else None  # fmt: skip
    above, below = look.leading(1.7, small=False) + key.height if key else 0.0, look.leading(3.9 + 2 * bool(left_out))
    need = [sum(line.high for line in lines) * look.leading(1) + look.leading(0.6),
            sum(max(1.75, name.count("\n") + 1.4) for name in names) * look.leading(1)]  # fmt: skip
    top = pad + heading.height
    tall = max(*need, 5 * look.em)
    if high:
        tall = max(tall, min(1.5 * tall, high - top - above - below - pad))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        if compared:
            sheet.text(pad, top, "Where colonies arise", fontsize=look.text, gid="panel")
        inches = half - left_names, tall
        ax = sheet.axes(pad + left_names, top + above, *inches)
        ax.set_label("colonies")
        _colonies(ax, table, look, inches, wide)
        if key is not None:
            x = pad + half + gap
            sheet.text(x, top, "Patients with a metastasis, by blood", fontsize=look.text, gid="panel")
            key.draw(sheet, x, top + look.leading(1.25, small=False))
            ax = sheet.axes(x + right_names, top + above, half - right_names - 1.3 * look.em, tall)
            ax.set_label("autopsies")
            _against_autopsies(ax, compared, names, look, note)

    return Plan(top + above + tall + below + pad, draw)


class _LineOf(NamedTuple):
    """A line of the list of organs: the heading of a route, or a site; and how many lines high it is."""

    text: str
    row: OrganRow | None
    high: float


def _lines(table: Organs, look: Look, inches: float) -> list[_LineOf]:
    """Sites by kind and route, under the names of both: the distant metastases first."""
    lines: list[_LineOf] = []
    group = None
    for row in _shown(table, look):
        if (row.kind, row.route) != group:
            group = row.kind, row.route
            text = broken(f"{row.kind}, by {row.route}", inches, look.small)
            lines.append(_LineOf(text, None, text.count("\n") + 1.25))
        text = broken(row.organ, inches, look.small)
        lines.append(_LineOf(text, row, text.count("\n") + 1.25))
    return lines


def _colonies(ax: Axes, table: Organs, look: Look, inches: tuple[float, float], names: float) -> None:
    """A mark for each site at its share of all colonies, on a log axis; the share at the right."""
    lines, total = _lines(table, look, names), sum(row.colonies for row in table)
    if not lines:
        ax.text(0.5, 0.5, "no colonies", transform=ax.transAxes, ha="center", color=QUIET, fontsize=look.small)
        ax.set_xticks([])
        ax.set_yticks([])
        frame(ax, look)
        return
    rows = [line.row for line in lines if line.row is not None]
    said = {row.organ: share_of(row.colonies, total, exact=table.exact) for row in rows}
    beside = max(width_of(text, look.small) for text in said.values()) + 1.0 * look.em
    low = math.log10(min(row.share if table.exact or row.low <= 0 else row.low for row in rows)) - 0.12
    part = max(0.3 * inches[0], inches[0] - beside)
    end = low + (0.06 - low) * inches[0] / part
    ax.set_xlim(low, end)
    ax.set_ylim(sum(line.high for line in lines), -0.3)
    y, places = 0.0, []
    for line in lines:
        middle = y + line.high / 2
        places.append(middle)
        y += line.high
        row = line.row
        if row is None:
            continue
        look_of_organ = organ_mark(row.organ)
        if not table.exact and row.low > 0:
            ax.plot([math.log10(row.low), math.log10(row.high)], [middle] * 2, color=look_of_organ.colour,
                    linewidth=look.line, solid_capstyle="butt", zorder=3)  # fmt: skip
        entry = Entry(row.organ, look_of_organ.colour, look_of_organ.mark, filled=True)
        ax.plot([math.log10(row.share)], [middle], marker=entry.mark, linestyle="none", zorder=4, label=row.organ,
                **entry.how(look))  # fmt: skip
        ax.text(end, middle, said[row.organ], fontsize=look.small, ha="right", va="center", color=INK)
    ax.set_yticks(places, [line.text for line in lines])
    ticks = [float(d) for d in range(0, math.floor(low), -1) if d >= low]
    step = max(1, math.ceil(len(ticks) * (width_of("1 in 1,000", look.small) + 0.5 * look.em) / part))
    ax.set_xticks(ticks[::step], [decade_label(-tick) for tick in ticks[::step]])
    frame(ax, look, grid="x")
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        if line.row is None:
            label.set(color=QUIET, fontstyle="italic")
    ax.spines["bottom"].set_bounds(low, 0.06)
    left_out = sum(row.colonies > 0 for row in table) - len(rows)
    more = f"\n({left_out} sites with fewer colonies are not shown)" if left_out > 0 else ""
    ax.set_xlabel(f"share of all colonies (log scale){more}", fontsize=look.small, loc="left",
                  labelpad=0.3 * look.small)  # fmt: skip


def _against_autopsies(ax: Axes, compared: Sequence[Compared], names: Sequence[str], look: Look, note: str) -> None:
    """A dot of what was seen, a diamond of the model below it, each with its interval."""
    for y, one in enumerate(compared):
        colour = organ_mark(one.organ).colour
        for (low, middle, high), shift, shade, mark, filled in (
            (one.seen, 0.14, INK, "o", True),
            (one.modelled, -0.14, colour, "D", not one.exact),
        ):
            entry = Entry(one.organ, shade, mark, filled)
            ax.plot([low, high], [y + shift] * 2, color=shade, linewidth=look.line, solid_capstyle="butt", zorder=3)
            ax.plot([middle], [y + shift], marker=mark, linestyle="none", zorder=4, **entry.how(look))
    ax.set_yticks(range(len(compared)), names)
    ax.set_ylim(-0.5, len(compared) - 0.5)
    ax.set_xlim(left=-0.01, right=min(1.0, max(one.seen[2] for one in compared) * 1.25) + 0.01)
    ax.set_xlim(right=max(ax.get_xlim()[1], *(one.modelled[2] + 0.01 for one in compared)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    frame(ax, look, grid="x")
    label = broken(
        f"share of patients with a metastasis there\n({note})", max(inches_of(ax)[0], 14 * look.em), look.small
    )
    ax.set_xlabel(label, fontsize=look.small, loc="left", labelpad=0.3 * look.small)
    end_at_all(ax)


def end_at_all(ax: Axes) -> None:
    """Marks of an axis of shares, and its line, end at 100 %."""
    low, high = ax.get_xlim()
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(max(low, 0.0), min(high, 1.0))
    ax.set_xticks([t for t in ticks if low <= t <= min(high, 1.0 + 1e-9)])
    ax.spines["bottom"].set_bounds(low, min(high, 1.0))


def _sentence(table: Organs) -> str:
    """What a slide says above it: where most colonies are, if the counts tell it."""
    rows = sorted(_shown(table), key=lambda row: -row.colonies)
    if not rows:
        return "No colonies" if table.exact else "No colonies among these cells"
    first, *others = rows
    second = others[0].colonies if others else 0.0
    if not table.exact and paired_difference(first.colonies, second, sum(row.colonies for row in table)).low <= 0:
        return "Too few colonies to tell in which organ most arise"
    return f"Colonies are commonest in {first.organ}: {one_in(first.share)}"


def _said(title: str, table: Organs, compared: Sequence[Compared]) -> str:
    """The figure in words."""
    rows = sorted(_shown(table), key=lambda row: -row.colonies)[:6]
    text = f"Shares of all colonies by organ. {title}. " + ", ".join(f"{r.organ} {one_in(r.share)}" for r in rows) + "."
    if compared:
        most = ", ".join(
            f"{one.organ} {one_in(one.modelled[1])} against {one_in(one.seen[1])}" for one in compared[:-5:-1]
        )
        text += f" Patients with a metastasis there, model against autopsies: {most}."
    return text
