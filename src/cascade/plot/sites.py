"""Figures by organ: where colonies arise, and the model against the autopsies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cascade.answers.intervals import proportion
from cascade.answers.organs import OrganRow, Organs
from cascade.common.colours import GRID, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.shares import percent, plain_percent
from cascade.common.text import hours, number
from cascade.model import Conditioned, Model
from cascade.plot.fitting import LABEL, LINE, NAME, broken, headline, settle, width_of
from cascade.plot.style import Picture, few, figure_around, plain, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

ROUTE_COLOURS = ("#882255", "#117733", "#DDAA33", "#6699CC", "#AA4499", "#777777", "#44AA99")

COLONIES_WIDE = 3.0
"""Inches across the bars of colonies, at least."""

FITTED = "soil fit"
"""The source of a soil that was fitted to autopsies."""

AUTOPSY_COLOUR, MODEL_COLOUR = "#222222", "#EE6677"


def organs_of(source: object) -> Organs:
    """The table by organ of what is to be drawn."""
    if not isinstance(source, Result | Exact):
        raise InputError("source", source, "a result or an exact answer")
    return source.organs()


def organs(source: Result | Exact, *, ax: Axes | None = None) -> Figure:
    """Share of patients with a metastasis in each organ, model against autopsies; colonies by organ beside it.

    Whiskers are 95 % intervals.  With ``ax`` only the comparison is drawn; without autopsies,
    and of conditioned models, only the colonies are.

    Parameters
    ----------
    source : Result or Exact
        Of a model with sites, such as those of the cancers.
    ax : matplotlib Axes, optional
    """
    table = organs_of(source)
    model = source.model
    # Autopsies tell of all cells of a patient, not of those alone that reach a goal.
    whole = model.exposure and source.until is None and not isinstance(model, Conditioned)
    compared = [row for row in table if _site(model, row.organ).scored] if whole else []
    counted, arise = f"{table.label}: {made_of(source, table)}", f"Where colonies arise{rough(table)}"
    high = LABEL * LINE * sum(broken(row.organ, NAME).count("\n") + 1.6 for row in _shown(table))
    if ax is not None:
        figure = figure_around(ax)
        if compared:
            _against_autopsies(ax, compared, source, counted)
        else:
            _colonies(ax, table, counted)
    elif compared:
        figure = Picture(
            figsize=(13.0, max(4.2, 1.6 + 0.3 * max(len(compared), len(_shown(table))))), layout="constrained"
        )
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.05])
        headline(figure, counted)
        _colonies(left, table, arise)
        _against_autopsies(right, compared, source, "Blood-borne: model and autopsies")
        settle(figure, {left: (COLONIES_WIDE, high), right: (3.6, LABEL * LINE * 1.2 * len(compared))})
    else:
        figure = Picture(figsize=(8.0, max(3.5, 1.6 + 0.3 * len(_shown(table)))), layout="constrained")
        headline(figure, counted)
        only = figure.add_subplot()
        _colonies(only, table, arise)
        settle(figure, {only: (COLONIES_WIDE, high)})
    sign(figure, source)
    return figure


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
    return percent(count / total, 2) + of


def _site(model: Model, name: str) -> Any:
    return next(site for site in model.sites if site.name == name)


def _shown(table: Organs, most: int = 18) -> list[OrganRow]:
    """Rows worth a bar: the most colonies first within their routes."""
    largest = sorted(table, key=lambda row: -row.colonies)[:most]
    return [row for row in table if row in largest and row.colonies > 0]


def _colonies(ax: Axes, table: Organs, title: str) -> None:
    rows, total = _shown(table), sum(row.colonies for row in table)
    routes = list(dict.fromkeys(row.route for row in table))
    palette = dict(zip(routes, ROUTE_COLOURS * 3, strict=False))
    labelled: set[str] = set()
    for y, row in enumerate(rows):
        label = broken(row.route, NAME, 9.0) if row.route not in labelled else None
        labelled.add(row.route)
        ax.barh(y, row.share, color=palette[row.route], height=0.7, label=label)
        if not table.exact:
            ax.plot([row.low, row.high], [y, y], color=INK, linewidth=1.3, solid_capstyle="butt")
        end = max(row.share, row.high)
        text = share_of(row.colonies, total, exact=table.exact)
        ax.annotate(text, (end, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(range(len(rows)), [broken(row.organ, NAME) for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    _room_beside(ax, rows, [share_of(row.colonies, total, exact=table.exact) for row in rows])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    left_out = sum(row.colonies > 0 for row in table) - len(rows)
    more = f"\n({left_out} sites with fewer colonies are not shown)" if left_out > 0 else ""
    ax.set_xlabel(f"share of all colonies{more}", fontsize=10, loc="left")
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    if rows:
        ax.legend(
            frameon=False, fontsize=9, title="route", alignment="left", loc="upper left", bbox_to_anchor=(1.0, 1.0)
        )
    else:
        ax.text(0.5, 0.5, "no colonies", transform=ax.transAxes, ha="center", color=QUIET)
    plain(ax, title)


def _room_beside(ax: Axes, rows: Sequence[OrganRow], texts: Sequence[str]) -> None:
    """An axis from 0 to where the last text ends, whose marks and line end at all colonies."""
    ends = [max(row.share, row.high) for row in rows]
    # The narrowest that these axes become.
    free = [max(0.3, 1.0 - (width_of(text, 9.0) + 0.15) / COLONIES_WIDE) for text in texts]
    ax.set_xlim(0.0, max((end / part for end, part in zip(ends, free, strict=True)), default=1.0))
    _end_at_all(ax)


def _end_at_all(ax: Axes) -> None:
    """Marks of an axis of shares, and its line, end at 100 %: what lies beyond is room for texts."""
    low, high = ax.get_xlim()
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(max(low, 0.0), min(high, 1.0))
    ax.set_xticks([t for t in ticks if low <= t <= min(high, 1.0 + 1e-9)])
    if high > 1.0:
        ax.spines["bottom"].set_bounds(low, 1.0)


def _against_autopsies(ax: Axes, rows: Sequence[OrganRow], source: Result | Exact, title: str) -> None:
    model = source.model
    exposure = model.exposure
    assert exposure is not None
    cells = source.cells if isinstance(source, Result) else 1_000_000
    points = []
    for row in rows:
        site = _site(model, row.organ)
        modelled = [exposure.share(n / cells, site.detection)
                    for n in (row.colonies_low, row.colonies, row.colonies_high)]  # fmt: skip
        points.append((row.organ, site.found / site.of, proportion(site.found, site.of), modelled))
    points.sort(key=lambda point: point[1])
    for y, (_, seen, (low, high), (below, middle, above)) in enumerate(points):
        ax.plot([low, high], [y + 0.14, y + 0.14], color=AUTOPSY_COLOUR, linewidth=1.3)
        ax.plot([seen], [y + 0.14], "o", color=AUTOPSY_COLOUR, markersize=5, label="autopsies" if y == 0 else None)
        ax.plot([below, above], [y - 0.14, y - 0.14], color=MODEL_COLOUR, linewidth=1.3)
        ax.plot([middle], [y - 0.14], "D", color=MODEL_COLOUR, markersize=5, label="model" if y == 0 else None)
    ax.set_yticks(range(len(points)), [broken(point[0], NAME) for point in points])
    ax.set_xlim(left=-0.005)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    fitted = any(FITTED in _site(model, row.organ).source for row in rows)
    note = "soil was fitted to these counts: calibrated" if fitted else "soil is not that fitted to these counts"
    ax.set_xlabel(f"share of patients with a metastasis there\n({note})", fontsize=10, loc="left")
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    _end_at_all(ax)
    # Outside: a whisker may be anywhere.
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    plain(ax, title)
