"""Figures: funnel, waterfall, state occupancy, cumulative incidence.

Every function takes ``ax=`` to draw into an existing figure, and returns the Figure.  No
global state of matplotlib is touched, so that a figure looks the same in a script, a
notebook and a server.  One colour per stage holds across all figures.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cascade.closed_form import Exact
from cascade.display import number, percent
from cascade.errors import InputError, is_whole
from cascade.files import write_atomically
from cascade.funnel import Funnel, percent_short
from cascade.model import Model
from cascade.results import Result, package_version

# Paul Tol's "muted" scheme (personal.sron.nl/~pault), told apart by colour-blind readers.
STAGE_COLOURS = {
    "detachment": "#332288",
    "breach": "#88CCEE",
    "intravasation": "#44AA99",
    "circulation": "#CC6677",
    "arrest": "#882255",
    "extravasation": "#DDCC77",
    "colonization": "#117733",
}
_MORE = ("#999933", "#AA4499", "#6699CC", "#997700", "#EE8866", "#77AADD")
GOAL_COLOUR = "#222222"
# Paul Tol's "bright" scheme and dashes: causes are told apart twice.
_CAUSE_COLOURS = (
    "#4477AA",
    "#EE6677",
    "#228833",
    "#CCBB44",
    "#66CCEE",
    "#AA3377",
    "#777777",
    "#004488",
    "#BB5566",
    "#DDAA33",
)
_INK, _QUIET, _GRID = "#222222", "#666666", "#DDDDDD"


Funnels = Funnel | Result | Exact


class Picture(Figure):
    """A Figure that a notebook shows by itself, without the state of pyplot."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()


def stage_colours(stages: Sequence[str]) -> dict[str, str]:
    """A colour for each stage: fixed for the standard ones, in order for others."""
    spare = iter([*_MORE, *STAGE_COLOURS.values()] * (1 + len(stages)))
    used = {STAGE_COLOURS[s] for s in stages if s in STAGE_COLOURS}
    return {s: STAGE_COLOURS[s] if s in STAGE_COLOURS else next(c for c in spare if c not in used) for s in stages}


def cause_colours(causes: Sequence[str]) -> dict[str, str]:
    """A colour for each cause of death, in order."""
    return {cause: _CAUSE_COLOURS[i % len(_CAUSE_COLOURS)] for i, cause in enumerate(causes)}


def _figure(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    if ax is not None:
        figure = ax.get_figure(root=True)
        assert isinstance(figure, Figure)
        return figure, ax
    picture = Picture(figsize=size, layout="constrained")
    return picture, picture.add_subplot()


def _plain(ax: Axes, title: str) -> None:
    """A quiet frame: no box, a light grid, the title at the left."""
    ax.set_title(_words(title), loc="left", fontsize=12, color=_INK)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(_QUIET)
    ax.tick_params(colors=_INK, labelsize=10)
    ax.set_axisbelow(True)


def _words(text: str) -> str:
    """Text of the user's for a figure: a dollar sign begins no formula."""
    return text.replace("$", r"\$")


def _funnel_of(source: Funnels) -> Funnel:
    if isinstance(source, Funnel):
        return source
    if not isinstance(source, Result | Exact):
        raise InputError("source", source, "a result, an exact answer or a funnel")
    return source.funnel()


def _sign(figure: Figure, *sources: object) -> None:
    """Note on the figure what it shows; ``save`` writes it into the file."""
    notes = []
    for source in sources:
        if isinstance(source, Result | Exact):
            model = f"model {source.model.name} (sha256 {source.model.digest()[:16]}), until {source.until}"
            made = f"seed {source.seed}, cells {source.cells}" if isinstance(source, Result) else "exact answer"
            notes.append(f"{model}, {made}")
        elif isinstance(source, Funnel):
            notes.append(source.label)
    figure.set_label("; ".join(notes))


def check_path(path: str | Path) -> Path:
    """A path whose ending says a format that ``save`` can write."""
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in (".png", ".svg", ".pdf"):
        raise InputError("path", str(path), "a name that ends in .png, .svg or .pdf")
    return Path(path)


def save(figure: Figure, path: str | Path, *, dpi: int = 150) -> Path:
    """Write a figure, whole or not at all; PNG and SVG carry model, seed and version.

    Raises
    ------
    InputError
        When the ending is not .png, .svg or .pdf, or the file cannot be written.
    """
    path = check_path(path)
    kind = path.suffix.lower().lstrip(".")
    if not is_whole(dpi) or not 10 <= dpi <= 2000:
        raise InputError("dpi", dpi, "a whole number from 10 to 2000")
    maker = f"metastatic-cascade {package_version()}"
    note = f"{figure.get_label()}; {maker}"
    metadata: dict[str, Any] = {"Title": "cascade", "Creator": maker}
    metadata["Subject" if kind == "pdf" else "Description"] = note
    if kind == "svg":
        metadata["Date"] = None
    if kind == "pdf":
        metadata["CreationDate"] = None
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    write_atomically(path, buffer.getvalue())
    return path


def funnel(*sources: Funnels, ax: Axes | None = None, labels: Sequence[str] | None = None) -> Figure:
    """Survival funnel on a log scale: share of all cells that passed each step.

    Whiskers are 95 % intervals, the text is the share of the previous step.  Of a single
    result, drawn without ``ax``, a second panel shows what the lost cells died of.

    Parameters
    ----------
    sources : Result, Exact or Funnel
        One, or several side by side (with the same steps).
    ax : matplotlib Axes, optional
    labels : sequence of str, optional
        Names of the sources; default: their own.

    Returns
    -------
    matplotlib.figure.Figure
    """
    funnels = [_funnel_of(source) for source in sources]
    if not funnels:
        raise InputError("sources", sources, "at least one result, exact answer or funnel")
    steps = [row.step for row in funnels[0]]
    for other in funnels[1:]:
        if [row.step for row in other] != steps:
            raise InputError("sources", [row.step for row in other], f"funnels with the same steps: {steps}")
    names = list(labels) if labels is not None else [f.label for f in funnels]
    if len(names) != len(funnels):
        raise InputError("labels", names, f"{len(funnels)} names")
    height = 1.9 + len(steps) * (0.42 + 0.2 * len(funnels))
    # "lost" is the cause that a funnel of plain numbers has: nothing to show of it.
    with_causes = ax is None and len(funnels) == 1 and any(set(row.lost) - {"lost"} for row in funnels[0])
    title = f"{names[0]}: {number(funnels[0].cells)} cells" if len(funnels) == 1 else "Survival funnel"
    if with_causes:
        figure: Figure = Picture(figsize=(12.0, height + 0.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.45, 1], sharey=True)
        figure.suptitle(_words(title), x=0.01, ha="left", fontsize=13, color=_INK)
        _causes(right, funnels[0])
        _bars(left, funnels, names, "How many passed each step", 5.2)
    else:
        figure, left = _figure(ax, (9.0, height))
        _bars(left, funnels, names, title, left.get_window_extent().width / figure.dpi)
    _sign(figure, *sources)
    return figure


def _bars(ax: Axes, funnels: Sequence[Funnel], names: Sequence[str], title: str, inches: float) -> None:
    """Bars of the share that passed each step, with whiskers and texts; ``inches`` is the width of the axes."""
    steps = [row.step for row in funnels[0]]
    palette = stage_colours(steps)
    floor = 10.0 ** np.floor(np.log10(min(_smallest(f) for f in funnels)) - 0.3)
    width = 0.8 / len(funnels)
    size = 9.0 if len(funnels) < 3 else 7.5
    room = -np.log10(floor)
    for j, (one, name) in enumerate(zip(funnels, names, strict=True)):
        ys = np.arange(len(steps)) + (j - (len(funnels) - 1) / 2) * width
        for y, row in zip(ys, one, strict=True):
            colour = _shade(palette[row.step], 0.55 * j / len(funnels))
            ax.barh(y, max(row.fraction_of_all - floor, 0.0), left=floor, height=width * 0.86, color=colour)
            end = max(row.fraction_of_all, row.high)
            if not one.exact and row.passed:
                ax.plot([max(row.low, floor), row.high], [y, y], color=_INK, linewidth=1.4, solid_capstyle="butt")
            if not one.exact and not row.passed:
                ax.plot([row.high], [y], marker="<", color=_INK, markersize=5)
            text = (
                f"{percent(row.fraction_of_previous)} of previous"
                if row.passed
                else f"none: below {_share_text(row.high)} of all"
            )
            text += f"   {name}" if len(funnels) > 1 else f"   ({number(row.passed)})" if row.passed else ""
            halo = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            ax.annotate(
                _words(text),
                (end, y),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=size,
                color=_INK,
                bbox=halo,
            )
            # Decades that the axis must span for this text to end inside it.
            taken = min(0.0088 * size * len(text) + 0.2, 0.85 * inches)
            room = max(room, (np.log10(end) - np.log10(floor)) * inches / (inches - taken))
    ax.set_xscale("log")
    ax.set_xlim(floor, floor * 10.0**room)
    ax.set_yticks(range(len(steps)), [_words(step) for step in steps])
    ax.set_ylim(len(steps) - 0.4, -0.6)
    # At most one tick per 0.8 inch: their labels are words.
    most = max(2.0, inches / room * -np.log10(floor) / 0.8)
    ticks = 10.0 ** -np.arange(0.0, -np.log10(floor) + 0.5, max(1.0, np.ceil(-np.log10(floor) / most)))
    ax.set_xticks(ticks)
    ax.xaxis.set_major_formatter(FuncFormatter(_share_label))
    ax.minorticks_off()
    ax.grid(axis="x", color=_GRID, linewidth=0.7)
    ax.set_xlabel("share of all cells that passed the step (log scale)", fontsize=10, loc="left")
    _plain(ax, title)
    ax.spines["bottom"].set_bounds(floor, 1.0)


def _smallest(one: Funnel) -> float:
    shares = [row.fraction_of_all for row in one if row.fraction_of_all > 0]
    bounds = [row.high for row in one if row.fraction_of_all == 0 and row.high > 0]
    return min([*shares, *bounds, 0.1])


def _share_label(value: float, _: object) -> str:
    """Tick of a logarithmic axis of shares: one notation all along it."""
    power = round(-np.log10(value))
    if power == 0:
        return "all"
    return f"1 in {10**power:,}" if power <= 3 else f"1 in $10^{{{power}}}$"


def _share_text(share: float) -> str:
    """A share in words: per cent while that is readable, 1 in N below."""
    return percent(share) if share >= 1e-3 or share == 0 else f"1 in {float(f'{1 / share:.3g}'):,.0f}"


def _shade(colour: str, lighter: float) -> tuple[float, float, float]:
    """The colour, mixed with white by the share ``lighter``."""
    r, g, b = (c + (1.0 - c) * lighter for c in colors.to_rgb(colour))
    return r, g, b


def _causes(ax: Axes, one: Funnel) -> None:
    """What those died of whose furthest step it was, as stacked shares."""
    causes = list(dict.fromkeys(cause for row in one for cause in row.lost))
    palette = cause_colours(causes)
    for y, row in enumerate(one):
        total = sum(row.lost.values()) + row.still
        if total <= 0:
            ax.text(0.01, y, "none lost", va="center", fontsize=9, color=_QUIET)
            continue
        left = 0.0
        for cause in [*causes, "still there"]:
            share = (row.still if cause == "still there" else row.lost.get(cause, 0.0)) / total
            colour = _shade(palette[cause], 0.4) if cause in palette else colors.to_rgb("#E6E6E6")
            ax.barh(y, share, left=left, height=0.69, color=colour, edgecolor="white", linewidth=0.8)
            if share > 0.12:
                dark = sum(colour) < 1.5
                ax.text(
                    left + share / 2,
                    y,
                    percent_short(share),
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if dark else _INK,
                )
            left += share
    still = any(row.still for row in one)
    handles = [
        ax.barh([np.nan], [0], color=_shade(palette[c], 0.4) if c in palette else "#E6E6E6", label=_words(c))
        for c in [*causes, *(["still there"] if still else [])]
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=9,
        title="lost to",
        alignment="left",
    )
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v)))
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.set_xlabel("share of the cells that came no further", fontsize=10, loc="left")
    _plain(ax, "What became of the others")
    ax.spines["left"].set_visible(False)


def waterfall(source: Funnels, *, ax: Axes | None = None) -> Figure:
    """Decades lost per step: where, on a log scale, the cells go.

    Parameters
    ----------
    source : Result, Exact or Funnel
    ax : matplotlib Axes, optional
    """
    one = _funnel_of(source)
    rows = [row for row in one if row.fraction_of_all > 0]
    figure, ax = _figure(ax, (1.9 + 1.15 * len(one), 5.0))
    palette = stage_colours([row.step for row in one])
    before = 0.0
    for x, row in enumerate(rows):
        after = float(np.log10(row.fraction_of_all))
        ax.bar(x, after - before, bottom=before, color=palette[row.step], width=0.72)
        if x:
            ax.plot([x - 1 + 0.36, x + 0.36], [before, before], color=_QUIET, linewidth=0.8)
        ax.annotate(
            f"{after - before:.2f}".replace("-", "\u2212"),
            (x, after),
            xytext=(0, -4),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9.5,
            color=_INK,
        )
        before = after
    for x in range(len(rows), len(one)):
        ax.annotate("none\npassed", (x, before), ha="center", va="top", fontsize=9, color=_QUIET)
    ax.set_xticks(
        range(len(one)), [_words(row.step).replace(" ", "\n") for row in one], rotation=0 if len(one) < 8 else 30
    )
    ax.set_xlim(-0.6, len(one) - 0.4)
    ax.set_ylim(before * 1.09 - 0.25, 0.15)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, p: _share_label(10.0**v, p)))
    ax.set_yticks(np.arange(0, np.floor(before) - 1, -1.0))
    ax.grid(axis="y", color=_GRID, linewidth=0.7)
    ax.set_ylabel("share of all cells", fontsize=10)
    _plain(ax, f"{one.label}: decades lost at each step")
    _sign(figure, source)
    return figure


def occupancy(
    source: Result | Exact, *, times: Sequence[float] | None = None, living: bool = False, ax: Axes | None = None
) -> Figure:
    """Stacked shares of cells in each state over time (log scale), the dead on top.

    Parameters
    ----------
    source : Result or Exact
    times : sequence of float, optional
        Hours. Default: those of the result; for an exact answer a grid over its time scale.
    living : bool
        Shares of the living cells only: shows the few that are left after heavy losses.
    ax : matplotlib Axes, optional
    """
    curves = source.occupancy(_times_of(source, times)) if isinstance(source, Exact) else source.occupancy(times)
    if not len(curves.hours):
        raise InputError("source", curves.label, "a result in which something happened")
    figure, ax = _figure(ax, (9.5, 5.0))
    palette = _state_colours(source.model)
    alive = curves.values.sum(axis=0)
    # From where one cell in a thousand has left its start; of the living, while there are some.
    moved = 1.0 - curves.values[curves.names.index(source.model.start.states[0].state)]
    shown = np.arange(len(alive)) >= max(0, int(np.argmax(moved > 1e-3)) - 1)
    shown &= (alive > 0) | (not living)
    hours, values = curves.hours[shown], np.clip(curves.values[:, shown], 0, 1)
    ax.stackplot(
        hours,
        values / values.sum(axis=0) if living else values,
        colors=[palette[name] for name in curves.names],
        labels=[_words(name) for name in curves.names],
    )
    if not living:
        ax.fill_between(hours, values.sum(axis=0), 1.0, color="#EFEFEF", label="dead", linewidth=0)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v)))
    ax.set_ylabel("share of the living cells" if living else "share of all cells", fontsize=10)
    _time_axis(ax, hours)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    _plain(ax, f"{curves.label}: where the {'living ' if living else ''}cells are")
    _sign(figure, source)
    return figure


def incidence(
    source: Result | Exact, *, times: Sequence[float] | None = None, ax: Axes | None = None, log: bool = True
) -> Figure:
    """Cumulative incidence of each cause of death, and of success, over time.

    Parameters
    ----------
    source : Result or Exact
    times : sequence of float, optional
        Hours, as for ``occupancy``.
    ax : matplotlib Axes, optional
    log : bool
        Logarithmic shares, so that rare ends can be seen.
    """
    curves = source.incidence(_times_of(source, times)) if isinstance(source, Exact) else source.incidence(times)
    if not len(curves.hours):
        raise InputError("source", curves.label, "a result in which something happened")
    figure, ax = _figure(ax, (9.5, 5.0))
    goals = [state.name for state in source.model.states if state.stage is None]
    palette = cause_colours([name for name in curves.names if name not in goals])
    dashes = ["-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1))]
    order = np.argsort(-curves.values[:, -1])
    for rank, i in enumerate(order):
        name, values = curves.names[i], curves.values[i]
        shown = np.where(values > 0, values, np.nan) if log else values
        if np.isnan(shown).all():
            continue
        goal = name in goals
        style: Any = "-" if goal else dashes[rank % len(dashes)]
        ax.plot(
            curves.hours,
            shown,
            color=GOAL_COLOUR if goal else palette[name],
            linestyle=style,
            linewidth=2.4 if goal else 1.8,
            label=f"{_words(name)}  {_share_text(values[-1])}",
        )
    if not (curves.values > 0).any():
        raise InputError("source", curves.label, "a result in which something happened")
    if log:
        ax.set_yscale("log")
        smallest = min(float(v[v > 0].max()) for v in curves.values if (v > 0).any())
        ax.set_ylim(10.0 ** np.floor(np.log10(smallest) - 1), 1.5)
        ax.yaxis.set_major_formatter(FuncFormatter(_share_label))
    else:
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v)))
    ax.grid(color=_GRID, linewidth=0.7)
    ax.set_ylabel("cumulative share of all cells", fontsize=10)
    _time_axis(ax, curves.hours)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=9,
        title="end, and its share",
        alignment="left",
    )
    _plain(ax, f"{curves.label}: how lives end")
    _sign(figure, source)
    return figure


def _state_colours(model: Model) -> dict[str, tuple[float, float, float]]:
    """Colours of states: that of the stage, lighter for each further state of it."""
    palette = stage_colours(model.stages)
    found: dict[str, tuple[float, float, float]] = {}
    for stage in model.stages:
        members = [state.name for state in model.states if state.stage == stage]
        for i, name in enumerate(members):
            found[name] = _shade(palette[stage], 0.75 * i / max(len(members), 2))
    for i, goal in enumerate(name for name in (state.name for state in model.states) if name not in found):
        found[goal] = _shade(GOAL_COLOUR, 0.3 * i)
    return found


def _times_of(source: Exact, times: Sequence[float] | None) -> Sequence[float]:
    """Times for the curves of an exact answer: from a hundredth of the shortest mean to the longest."""
    if times is not None:
        return [t for t in times if t > 0]  # the axis of time is logarithmic
    means = [t.mean_hours for t in source.times() if np.isfinite(t.mean_hours) and t.mean_hours > 0]
    low, high = (min(means) / 100, max(means) * 20) if means else (0.01, 1000.0)
    return [float(t) for t in np.geomspace(low, min(high, source.until or high), 160)]


def _time_axis(ax: Axes, hours: np.ndarray[Any, Any]) -> None:
    """A log axis of time with marks at minutes, hours, days, months, years."""
    marks = {
        1 / 3600: "1 s",
        10 / 3600: "10 s",
        1 / 60: "1 min",
        1 / 6: "10 min",
        1: "1 h",
        10: "10 h",
        24: "1 d",
        240: "10 d",
        2400: "100 d",
        8766: "1 y",
        87660: "10 y",
    }
    low, high = float(hours[0]), float(hours[-1])
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    shown = {h: text for h, text in marks.items() if low <= h <= high}
    if np.log10(high / low) > 6:
        shown = {h: text for h, text in shown.items() if text not in ("10 s", "10 min", "10 h", "100 d")}
    ax.set_xticks(list(shown), list(shown.values()))
    ax.minorticks_off()
    ax.set_xlabel("time since the start (log scale)", fontsize=10, loc="left")
