"""Patients at diagnosis: by size of the tumour, and by site, who has metastases, seen and hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.intervals import proportion
from cascade.common.colours import DEATH_COLOUR, INK, QUIET, organ_mark
from cascade.common.sight import dark
from cascade.patient.cohort import Cohort
from cascade.patient.follow.answers import FollowUp
from cascade.patient.follow.scheme import T
from cascade.plot.fitting import broken, lines_in, width_of, words
from cascade.plot.founders import caption_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.since import followed, made_from
from cascade.plot.style import sign

MOST_SITES = 8
SIZES = {"T1": "T1, up to 20 mm", "T2": "T2, 20 to 50 mm", "T3": "T3, above 50 mm"}


@dataclass(frozen=True)
class Row:
    """A bar: of so many patients those with metastases, and of these those in whom some were seen."""

    name: str
    colour: str
    of: int
    there: int
    seen: int


@dataclass(frozen=True)
class Shown:
    """What is drawn."""

    follow: FollowUp
    sizes: tuple[Row, ...]
    sites: tuple[Row, ...]
    made: str


def at_diagnosis(source: Cohort | FollowUp, *, style: str = "screen") -> Figure:
    """Who has distant metastases at diagnosis, by size of the tumour and by site: filled those seen, open the hidden.

    Parameters
    ----------
    source : Cohort or FollowUp
        Under a care.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none, or where nobody was diagnosed.
    """
    follow = followed(source)
    stage = follow.counts.stage.sum(axis=(0, 2))  # T, seen, there
    sizes = tuple(
        Row(
            SIZES[name],
            DEATH_COLOUR,
            int(stage[t].sum()),
            int(stage[t, 0, 1] + stage[t, 1].sum()),
            int(stage[t, 1].sum()),
        )
        for t, name in enumerate(T)
        if stage[t].sum()
    )
    rows = [row for row in follow.sites_at_diagnosis().rows if row.kind == "distant" and row.there][:MOST_SITES]
    sites = tuple(Row(row.site, organ_mark(row.site).colour, row.patients, row.there, row.both) for row in rows)
    shown = Shown(follow, sizes, sites, made_from(source))
    look = look_of(style)
    figure = made(look, 2, lambda fitted, width, high: _plan(shown, fitted, width, high))
    sign(figure, made_from(source), alt=f"Distant metastases at diagnosis. {follow.label}: {_told(shown)}.")
    return figure


def _told(shown: Shown) -> str:
    """Shares with a metastasis by size, in words."""
    return "; ".join(
        f"{row.name}: {one_in(row.there / row.of)}, seen in {one_in(row.seen / row.of)}" for row in shown.sizes
    )


def _plan(shown: Shown, look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    there, seen = (sum(getattr(row, name) for row in shown.sizes) for name in ("there", "seen"))
    of = shown.follow.diagnosed
    sentence = f"At diagnosis {one_in(there / of)} have a metastasis, and in {one_in(seen / of)} it is seen"
    heading = Heading(look, width - 2 * pad, f"{shown.follow.label}: distant metastases at diagnosis", sentence)
    key = Key([Entry("seen", INK), Entry("hidden", INK, filled=False)], look, width - 2 * pad)
    sites = shown.sites[: look.kept(len(shown.sites), least=2, after=1)]
    notes = ["There: founded, and never to die out. Bars: 95 %, Monte Carlo, of those with any."]
    notes += [f"{len(sites)} of {len(shown.sites)} sites are shown."] * (len(sites) < len(shown.sites))
    note = broken(caption_of(shown.made, *notes), width - 2 * pad - 0.8 * look.em, look.small)
    foot = look.leading(lines_in([note])) + 0.5 * look.em
    groups = [("By size of the tumour", shown.sizes), ("By site", sites)]
    groups = [(title, rows) for title, rows in groups if rows]
    left = max(width_of(f"{row.name} ({row.of:,})", look.small) for _, rows in groups for row in rows) + 1.2 * look.em
    beside = width_of("99.9 %: 1 in 1,000 of these seen", look.small) + 0.8 * look.em
    across = width - 2 * pad - left - beside
    line = look.leading(1.5 if look.terse else 1.9)
    title, axis = look.leading(1.6, small=False), look.leading(2.6)
    tall = sum(title + line * len(rows) + axis for _, rows in groups)
    begin = pad + heading.height + key.height + 0.4 * look.em

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        top = begin
        for name, rows in groups:
            sheet.text(
                pad + left, top, f"{name} (share of the patients)", fontsize=look.small if look.slide else look.text
            )
            ax = sheet.axes(pad + left, top + title, across, line * len(rows))
            ax.set_label(name)
            _bars(ax, rows, look, across, by_size=rows is shown.sizes)
            top += title + line * len(rows) + axis
        sheet.text(pad, max(top, high - foot - pad), note, color=QUIET)

    return Plan(begin + tall + foot + pad, draw)


def _bars(ax: Axes, rows: Sequence[Row], look: Look, across: float, *, by_size: bool) -> None:
    top = 0.0
    for k, row in enumerate(rows):
        share, seen = row.there / row.of, row.seen / row.of
        low, high = proportion(row.there, row.of)
        top = max(top, high)
        how: dict[str, Any] = {"height": 0.62, "edgecolor": row.colour, "linewidth": look.thin}
        ax.barh([k], [share], color="white", label=f"there {row.name}", **how)
        ax.barh([k], [seen], color=row.colour, label=f"seen {row.name}", **how)
        ax.plot([low, high], [k, k], color=INK, linewidth=0.8 * look.line, solid_capstyle="butt", label="_interval")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0.0, 1.05 * top if top else 1.0)
    frame(ax, look, left=True, grid="x")
    ax.set_yticks(range(len(rows)), [words(f"{r.name} ({r.of:,})" if by_size else r.name) for r in rows])
    ax.tick_params(axis="y", length=0)
    ticks = np.array([t for t in ax.get_xticks() if 0 <= t <= ax.get_xlim()[1]])
    while len(ticks) * 3.2 * look.em > across and len(ticks) > 2:
        ticks = ticks[::2]
    ax.set_xticks(ticks, [one_in(float(t)) for t in ticks])
    for k, row in enumerate(rows):
        found = one_in(row.seen / row.there) if row.there else "0 %"
        ax.text(1.0 + 0.3 * look.em / across, k, f"{one_in(row.there / row.of)}: {found} of these seen", va="center",
                transform=ax.get_yaxis_transform(), fontsize=look.small, color=dark(row.colour))  # fmt: skip
