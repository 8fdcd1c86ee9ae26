"""Who seeded whom: a lane for each lesion below that of its source, from shedding to the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import INK, QUIET, organ_mark, organ_of
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.patient.course import Course
from cascade.plot.fitting import broken, inches_of, lines_in, width_of, words
from cascade.plot.founders import (
    DASHES,
    SLEEPERS,
    Life,
    Sign,
    caption_of,
    counts_of,
    draw_end,
    draw_lane,
    draw_signs,
    joined,
    lives_of,
    made_of,
    packed,
    rows_of,
    signs_of,
    told_mm,
)
from cascade.plot.look import Look, look_of
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.strips import TIME, draw_last, year_marks
from cascade.plot.style import figure_around, sign

LANES, ON_SLIDES = 60, 24
"""At most; then lesions that seeded nobody share, and all of them are drawn."""


def seeding_tree(source: Course, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """Who seeded whom, over the years of the tumour: a lane for each lesion, below that of its source.

    Lines go down from the source at the moment of shedding.  A lane is dashed while its founder, or the lesion, sleeps,
    and thin while it dies out or is on its way.  Where there are too many lanes those that seeded nobody share one with
    others of their source and site; each has its own mark, and nobody is left out.

    Parameters
    ----------
    source : Course
        Of a patient: ``cohort.patient(number)``.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no course.
    """
    if not isinstance(source, Course):
        raise InputError("source", source, "the course of a patient, from cohort.patient(number)")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    tree = Tree(source, lives_of(source))
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(tree, fitted, width, high))
    else:
        inches = inches_of(ax)
        _draw(ax, tree, lanes_of(tree, LANES), look, inches)
        ax.set_title(broken(source.label, inches[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(figure or drawn, made_of(source), alt=_said(tree))
    return figure or drawn


@dataclass(frozen=True)
class Tree:
    """A patient, and what became of each founder."""

    course: Course
    lives: tuple[Life, ...]

    @property
    def counts(self) -> str:
        """How many founders, and what became of them, in words."""
        return counts_of(self.lives)

    @property
    def sources(self) -> int:
        """Metastases that seeded others."""
        return len({life.parent for life in self.lives} - {0})


@dataclass(frozen=True)
class Lane:
    """Lesions in one lane: one, or several that seeded nobody; their source, and what stands at the end of the lane."""

    lives: tuple[Life, ...]
    parent: int
    name: str

    @property
    def colour(self) -> str:
        """Of the organ; of several organs none."""
        colours = {organ_mark(life.site).colour for life in self.lives}
        return colours.pop() if len(colours) == 1 else QUIET


@dataclass
class Crowd:
    """A lesion that seeded others; or those of a source and site that seeded nobody, and how many lanes they have."""

    lives: list[Life]
    parent: int
    lanes: int = 1


def crowds_of(lives: Sequence[Life], most: int) -> list[Crowd]:
    """Lesions in crowds with about as many lanes as asked for, or one each where there is room; nobody is left out.

    Each lesion that seeded others is one of its own.  The others of a source and a site are together; where there are
    still too many, of a source and an organ, or of a source; then the fullest crowd is given another lane until there
    are ``most``.
    """
    sources = {life.parent for life in lives}
    leaves: dict[int, Counter[str]] = {}
    for life in lives:
        if life.lesion not in sources:
            leaves.setdefault(life.parent, Counter())[life.site] += 1
    level = dict.fromkeys(leaves, 0)
    number = sum(map(len, leaves.values())) + len(sources - {0})
    for next_level in (1, 2):
        for parent in sorted(leaves, key=lambda parent: -len(leaves[parent])):
            if number > most:
                before, after = ({_named(site, at) for site in leaves[parent]} for at in (level[parent], next_level))
                level[parent] = next_level
                number -= len(before) - len(after)
    found: dict[object, Crowd] = {}
    for life in lives:
        key: object = life.lesion
        if life.lesion not in sources:
            key = (life.parent, _named(life.site, level[life.parent]))
        found.setdefault(key, Crowd([], life.parent)).lives.append(life)
    crowds = list(found.values())
    for _ in range(min(most, len(lives)) - len(crowds)):
        max(crowds, key=lambda crowd: len(crowd.lives) / crowd.lanes).lanes += 1
    return crowds


def _named(site: str, level: int) -> str:
    """What lesions of a source must share to be in one crowd: the site, the organ, or nothing."""
    return (site, organ_of(site) or site, "")[level]


def lanes_of(tree: Tree, most: int) -> list[Lane]:
    """Lanes below the primary's, each source above those that it seeded."""
    below: dict[int, list[list[Lane]]] = {}
    for crowd in crowds_of(tree.lives, most):
        if crowd.lanes == len(crowd.lives):  # one for each, also where one could follow another
            groups = [[Lane((life,), crowd.parent, _name(life))] for life in crowd.lives]
        else:
            places = packed([(life.shed, life.last) for life in crowd.lives], crowd.lanes)
            groups = [[]]
            for place in range(max(places) + 1):
                some = tuple(life for life, own in zip(crowd.lives, places, strict=True) if own == place)
                groups[0].append(Lane(some, crowd.parent, "" if place else _together(crowd, max(places) + 1)))
        below.setdefault(crowd.parent, []).extend(groups)
    found: list[Lane] = []
    stack = _in_order(below.get(0, []))
    while stack:
        lane = stack.pop()
        found.append(lane)
        if len(lane.lives) == 1:
            stack += _in_order(below.get(lane.lives[0].lesion, []))
    return found


def _name(life: Life) -> str:
    """What stands at the end of a lane of one lesion."""
    return f"{life.site}  {told_mm(life.mm)}" if life.fate == "grows" else life.site


def _in_order(groups: Sequence[Sequence[Lane]]) -> list[Lane]:
    """Lanes by when the first of their group was shed, the last one first, as a stack has them."""
    return [lane for group in sorted(groups, key=lambda group: group[0].lives[0].shed) for lane in group][::-1]


def _together(crowd: Crowd, lanes: int) -> str:
    """What stands at the end of the first lane of several lesions."""
    sites = {life.site for life in crowd.lives}
    organs = {organ_of(site) for site in sites}
    named = f"{len(sites)} sites"
    if len(sites) == 1 or (len(organs) == 1 and None not in organs):
        named = crowd.lives[0].site if len(sites) == 1 else f"{organs.pop()}"
    return f"{named}  \u00d7 {len(crowd.lives)}" + (f", {lanes} lanes" if lanes > 1 else "")


def _plan(tree: Tree, look: Look, width: float, high: float) -> Plan:
    """Lanes, names at their ends, the key and the caption below."""
    pad, course = 0.4 * look.em, tree.course
    heading = Heading(look, width - 2 * pad, f"{course.label}: {course.ended}", _sentence(tree))
    lanes = lanes_of(tree, look.kept(ON_SLIDES, least=12, step=4) if look.slide else LANES)
    signs = rows_of(_signs(tree), look, width - 2 * pad)
    note = broken(_caption(tree, lanes, look), width - 2 * pad - 0.8 * look.em, look.small)
    foot = look.leading(len(signs)) + look.leading(lines_in([note])) + 0.9 * look.em
    top, axis = pad + heading.height + look.leading(1.2), look.leading(2.6)
    pitch = look.leading(1.5 if len(lanes) < 14 else 1.06)
    if not high and len(lanes) > LANES:
        pitch = look.leading(1.06) * LANES / len(lanes)
    if look.terse > 2:  # names of some lanes are left out
        pitch = min(pitch, (high - top - axis - foot - pad - 0.5 * look.em) / (len(lanes) + 1))
    tall = (len(lanes) + 1) * pitch + 0.5 * look.em
    if high:
        tall = max(tall, min(high - top - axis - foot - pad, (len(lanes) + 1) * look.leading(2.6)))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        ax = sheet.axes(pad + 0.5 * look.em, top, width - 2 * pad - 0.5 * look.em, tall)
        ax.set_label("tree")
        _draw(ax, tree, lanes, look, (width - 2 * pad - 0.5 * look.em, tall))
        y = max(top + tall + axis + 0.3 * look.em, high - foot - pad)
        draw_signs(sheet, pad, y, signs)
        sheet.text(pad, y + look.leading(len(signs)) + 0.3 * look.em, note, color=QUIET)

    return Plan(top + tall + axis + foot + pad, draw)


def _draw(ax: Axes, tree: Tree, lanes: Sequence[Lane], look: Look, inches: tuple[float, float]) -> None:
    """The tree in axes of so many inches."""
    course, (across, high) = tree.course, inches
    primary = course.disease.mm(float(course.cells_of(0, course.years)[0]))
    names = [f"primary  {told_mm(primary)}", *(lane.name for lane in lanes)]
    beside = max(width_of(name, look.small, "bold") for name in names) + 1.4 * look.em
    span = course.years / max(0.4, 1.0 - beside / across)
    ax.set_xlim(-0.012 * span, span)
    ax.set_ylim(len(lanes) + 0.6, -0.6)
    row = high / (len(lanes) + 1.2)
    per_inch = span / across
    place = {0: 0} | {life.lesion: k for k, lane in enumerate(lanes, 1) for life in lane.lives}
    ax.plot([0.0, course.years], [0.0, 0.0], color=INK, linewidth=look.heavy, zorder=3, label="lesion 0",
            solid_capstyle="butt")  # fmt: skip
    ax.plot([0.0], [0.0], marker=organ_mark("primary").mark, color=INK, markersize=look.mark * 1.3, zorder=5,
            linestyle="none", label="_first")  # fmt: skip
    size = 1.25 if row > 1.2 * look.leading(1) else 1.0
    thin = look.thin * (1.0 if len(lanes) <= 30 else 0.6)
    for k, lane in enumerate(lanes, 1):
        for some in _by_site(lane.lives):
            _lesions(ax, k, some, course, look)
            draw_lane(ax, k, some, look, per_inch, size=size)
            for life in some:
                if life.gone:
                    draw_end(ax, k, life, look, course.years, size=size)
        first = min(life.shed for life in lane.lives)
        ax.plot([first] * 2, [place[lane.parent], k], color=QUIET, linewidth=thin, zorder=1.5, label="_from")
    draw_last(ax, course, look, named=True)
    last = -math.inf
    for k, name in enumerate(names):
        if not name or (k - last) * row < 0.95 * look.leading(1):
            continue
        last = k
        colour = lanes[k - 1].colour if k else INK
        ax.text(course.years + 0.9 * look.em * per_inch, k, words(name), fontsize=look.small, color=dark(colour),
                va="center", fontweight="normal" if k else "bold", zorder=6)  # fmt: skip
    frame(ax, look)
    ax.set_yticks([])
    ax.spines["bottom"].set_bounds(0.0, course.years)
    ax.set_xticks(year_marks(course.years, across * course.years / span, look))
    ax.set_xlabel(TIME, fontsize=look.small, loc="left", labelpad=0.3 * look.small)


def _by_site(lives: Sequence[Life]) -> list[list[Life]]:
    found: dict[str, list[Life]] = {}
    for life in lives:
        found.setdefault(life.site, []).append(life)
    return list(found.values())


def _lesions(ax: Axes, y: int, lives: Sequence[Life], course: Course, look: Look) -> None:
    """Lesions that grow, from founding on; dashed while the lesion sleeps."""
    colour = organ_mark(lives[0].site).colour
    growing = [life for life in lives if life.fate == "grows"]
    for start, end in joined((life.founded, course.years) for life in growing):
        ax.plot([start, end], [y, y], color=colour, linewidth=look.heavy, zorder=3.2, solid_capstyle="butt",
                label="_grows")  # fmt: skip
    if len(lives) > 1:
        return
    for life in growing:
        lesion = course.lesions[life.lesion]
        start, end = min(lesion.asleep, course.years), min(lesion.awake, course.years)
        if start < end:
            ax.plot([start, end], [y, y], color="white", linewidth=1.5 * look.heavy, zorder=3.3, label="_ground",
                    solid_capstyle="butt")  # fmt: skip
            ax.plot([start, end], [y, y], color=colour, linewidth=look.heavy, linestyle=DASHES, zorder=3.4,
                    dash_capstyle="butt", label=f"_asleep {life.lesion}")  # fmt: skip


def _signs(tree: Tree) -> list[Sign]:
    signs = signs_of(tree.lives, tree.course.years)
    growing = [tree.course.lesions[life.lesion] for life in tree.lives if life.fate == "grows"]
    if growing:
        signs.append(Sign("thick", "grows"))
    if any(lesion.asleep < min(lesion.awake, tree.course.years) for lesion in growing):
        signs.append(Sign("thick dashed", "sleeps as a lesion"))
    return signs


def _caption(tree: Tree, lanes: Sequence[Lane], look: Look) -> str:
    shared = sum(len(lane.lives) for lane in lanes if len(lane.lives) > 1)
    note = f"{tree.counts[0].upper()}{tree.counts[1:]}."
    if shared:
        note += f" {shared:,} that seeded nobody share lanes with others of their source; each has its mark."
    if look.terse > 2:
        note += " Lanes too near for their names have none."
    return caption_of(made_of(tree.course), note, SLEEPERS if tree.lives and not look.terse else "")


def _sentence(tree: Tree) -> str:
    """What a slide says above it."""
    number, sources = len(tree.lives), tree.sources
    if not number:
        return "No cell was shed that founds a metastasis"
    own = sum(life.parent == 0 for life in tree.lives)
    if not sources:
        return f"The primary seeded {'the one founder' if number == 1 else f'all {number:,} founders'}"
    others = f"{sources:,} metastases" if sources > 1 else "a metastasis"
    return f"The primary seeded {own:,} of {number:,} founders, {others} the rest"


def _said(tree: Tree) -> str:
    """The figure in words."""
    course = tree.course
    text = f"Tree of who seeded whom over the years of the tumour. {course.label}: {course.ended}."
    text += f" {_sentence(tree)}. {tree.counts[0].upper()}{tree.counts[1:]}."
    number = Counter(life.parent for life in tree.lives)
    told = [f"{course.lesions[parent].site} {some}" for parent, some in number.most_common(5) if parent]
    return text + (f" Founders that metastases seeded: {', '.join(told)}." if told else "")
