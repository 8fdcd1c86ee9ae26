"""The strip below a patient's lesions: founders while they are single cells, in lanes by site."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from cascade.common.colours import DEATH_COLOUR, QUIET, organ_mark, organ_of
from cascade.common.sight import dark
from cascade.patient.course import Course
from cascade.plot.fitting import words
from cascade.plot.founders import Life, draw_end, draw_lane, packed
from cascade.plot.look import Look
from cascade.plot.sheet import frame

LANES = 40
"""At most; then founders of a site share.  On a slide half of them."""

TIME = "years since the first cell of the tumour"

STEPS = tuple(m * 10.0**k for k in range(-3, 9) for m in (1, 2, 5))
"""Between marks of an axis of time."""
"""What the axis is of."""

SITES = 10
"""Of a slide; of more the organs alone have names."""

OTHERS = "other sites"
"""Of a slide, those with fewest founders together."""

FEW = 24
"""Founders up to which lines lead to each."""


@dataclass(frozen=True)
class Group:
    """Founders of a site, the lane of each, and how many lanes there are."""

    site: str
    lives: tuple[Life, ...]
    places: tuple[int, ...]
    lanes: int
    shared: bool

    @property
    def height(self) -> float:
        """In lines of text."""
        return max(0.62 * self.lanes, 1.02)


def groups_of(lives: Sequence[Life], year: float, look: Look) -> list[Group]:
    """Founders by site, the site of the first on top; on a slide of many sites by organ."""
    sites = {life.site for life in lives}
    together = look.slide and len(sites) > SITES
    named = {site: (organ_of(site) or site) if together else site for site in sites}
    if look.terse:  # the organs with fewest founders share their lanes
        number = Counter(named[life.site] for life in lives)
        kept = {name for name, _ in number.most_common(look.kept(SITES, least=4, after=1) - 1)}
        if len(number) > len(kept) + 1:
            named = {site: name if name in kept else OTHERS for site, name in named.items()}
    return _shared(lives, named, 0.012 * year, look.kept(LANES // 2, least=8, step=3) if look.slide else LANES)


def _shared(lives: Sequence[Life], named: Mapping[str, str], gap: float, most: int) -> list[Group]:
    by_site: dict[str, list[Life]] = {}
    for life in lives:
        by_site.setdefault(named[life.site], []).append(life)
    spans = {site: [(life.shed, _last(life) + gap) for life in some] for site, some in by_site.items()}
    need = {site: max(packed(some, len(some))) + 1 for site, some in spans.items()}
    given = dict.fromkeys(by_site, 1)
    # One lane more at a time to the site that is most crowded, until none is or there are no more.
    while sum(given.values()) < most and any(given[site] < need[site] for site in need):
        given[max(need, key=lambda site: need[site] / given[site] if given[site] < need[site] else 0.0)] += 1
    return [
        Group(site, tuple(some), tuple(packed(spans[site], given[site])), given[site], given[site] < need[site])
        for site, some in by_site.items()
    ]


def _last(life: Life) -> float:
    """Until when a founder takes its lane."""
    return life.last if life.gone else life.single


def year_marks(last: float, inches: float, look: Look) -> list[float]:
    """Marks of an axis of years, or of another time: as many as there is room for."""
    most = max(2.0, inches / (3.2 * look.em))
    step = next(step for step in STEPS if last / step <= most)
    return [k * step for k in range(math.floor(last / step + 1e-9) + 1)]


def draw_last(ax: Axes, course: Course, look: Look, *, named: bool) -> None:
    """The end of the patient."""
    colour = DEATH_COLOUR if course.cause else QUIET
    low, high = ax.get_ylim()
    ax.plot([course.years] * 2, [low, high], color=colour, linewidth=look.heavy * 0.8 if course.cause else look.thin,
            zorder=3.5, label="end", solid_capstyle="butt")  # fmt: skip
    if named:
        text = f"died of {course.cause}, {course.years:.1f}" if course.cause else f"alive, {course.years:g}"
        ax.annotate(f"{text} years", (course.years, 1.0), xycoords=("data", "axes fraction"),
                    xytext=(0, 0.3 * look.small), textcoords="offset points", ha="right", va="bottom",
                    fontsize=look.small, color=dark(colour))  # fmt: skip


def draw_strip(
    ax: Axes, course: Course, groups: Sequence[Group], look: Look, inches: tuple[float, float], span: float
) -> None:
    """A lane for each founder while it is a single cell, by site."""
    across, high = inches
    ax.set_xlim(-0.008 * span, span)
    heights = [group.height * look.leading(1) for group in groups]
    spare = (high - sum(heights)) / max(1, len(groups) + 1)
    ax.set_ylim(high, 0.0)
    top = spare
    many = sum(len(group.lives) for group in groups) > FEW
    size = 0.75 if many else 1.0
    for group, tall in zip(groups, heights, strict=True):
        pitch = tall / group.lanes
        for lane in range(group.lanes):
            y = top + (lane + 0.5) * pitch
            some = [life for life, place in zip(group.lives, group.places, strict=True) if place == lane]
            draw_lane(ax, y, some, look, span / across, size=size)
            for life in some:
                if life.gone:
                    draw_end(ax, y, life, look, course.years, size=size)
                _leaders(ax, y, life, look, many=many)
        text = f"{group.site}  \u00d7 {len(group.lives)}" if len(group.lives) > 1 else group.site
        ax.text(course.years + 1.7 * look.em * span / across, top + tall / 2, words(text), fontsize=look.small,
                color=dark(organ_mark(group.site).colour), va="center")  # fmt: skip
        top += tall + spare
    if not groups:
        ax.text(0.0, high / 2, "no cell was shed that founds", fontsize=look.small, color=QUIET, va="center")
    draw_last(ax, course, look, named=False)
    frame(ax, look)
    ax.set_yticks([])
    ax.spines["bottom"].set_bounds(0.0, course.years)
    ax.set_xticks(year_marks(course.years, across * course.years / span, look))
    ax.set_xlabel(TIME, fontsize=look.small, loc="left", labelpad=0.3 * look.small)


def _leaders(ax: Axes, y: float, life: Life, look: Look, *, many: bool) -> None:
    """Thin lines up from where a founder was shed, and from where its lesion began to grow; not of many."""
    for year, drawn in ((life.shed, True), (life.founded, life.fate == "grows")):
        if drawn and not many:
            ax.plot([year] * 2, [0.0, y], color=organ_mark(life.site).colour, linewidth=look.thin, alpha=0.9,
                    zorder=1.5, label="_leader")  # fmt: skip
