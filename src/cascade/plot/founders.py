"""What became of each founder of a patient, as figures draw it: marks at shedding and founding, dashes in sleep."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes

from cascade.common.colours import INK, QUIET, organ_mark
from cascade.common.version import package_version
from cascade.patient.course import Course
from cascade.patient.disease import Disease
from cascade.patient.questions import Answers
from cascade.patient.tables import WARNING
from cascade.plot.fitting import width_of
from cascade.plot.look import Look
from cascade.plot.sheet import Sheet

SLEEPERS = "Only cells that found are told; of those that sleep most never wake."
"""Wherever cells that sleep are shown."""

DASHES = (0, (2.6, 1.7))
"""Of what is asleep."""


FATES = {
    "grows": ("grows", "grow"),
    "died out": ("died out", "died out"),
    "in transit": ("still a single cell", "still single cells"),
}
"""What became of founders, and how figures say it of one and of several."""


@dataclass(frozen=True)
class Life:
    """A founder and its lesion: years of the tumour, infinity: never, or not in the years that are told.

    Attributes
    ----------
    lesion, parent : int
    site : str
    shed, asleep, woke, founded : float
    last : float
        Until when it is there: the end, unless it died out before.
    fate : str
        "grows", "died out" or "in transit".
    mm : float
        Diameter at the end.
    """

    lesion: int
    parent: int
    site: str
    shed: float
    asleep: float
    woke: float
    founded: float
    last: float
    fate: str
    mm: float

    @property
    def gone(self) -> bool:
        """Whether it died out."""
        return self.fate == "died out"

    @property
    def single(self) -> float:
        """Until when it is a single cell."""
        return min(self.founded, self.last)


def lives_of(course: Course) -> tuple[Life, ...]:
    """Every founder of a patient, in the order in which they were shed."""
    return tuple(
        Life(row.lesion, row.parent, row.site, row.shed, row.asleep, row.woke, row.founded, course.end_of(row.lesion),
             course.lesions[row.lesion].fate, row.mm)
        for row in course.founders()
    )  # fmt: skip


def counts_of(lives: Sequence[Life]) -> str:
    """How many founders there are, and what became of them, in words."""
    fates = Counter(life.fate for life in lives)
    told = [f"{fates[fate]:,} {words[fates[fate] > 1]}" for fate, words in FATES.items() if fates[fate]]
    if not told:
        return "no cell was shed that founds"
    return f"{len(lives):,} founder{'s' * (len(lives) > 1)}: {', '.join(told)}"


def packed(spans: Sequence[tuple[float, float]], most: int) -> list[int]:
    """A lane for each span of time, in the order of their starts: one that is free, or a new one.

    Where there are ``most`` already, the lane to which none came for the longest time is shared: no span is left out.

    Examples
    --------
    >>> packed([(0, 2), (1, 3), (2, 4)], 9), packed([(0, 2), (1, 3), (1.5, 4)], 2)
    ([0, 1, 0], [0, 1, 0])
    """
    ends: list[float] = []
    starts: list[float] = []
    lanes: list[int] = []
    for start, end in spans:
        free = next((k for k, last in enumerate(ends) if last <= start), None)
        if free is None and len(ends) < most:
            free = len(ends)
            ends.append(end)
            starts.append(start)
        elif free is None:
            free = min(range(len(ends)), key=lambda k: starts[k])
        ends[free], starts[free] = max(ends[free], end), start
        lanes.append(free)
    return lanes


def draw_lane(ax: Axes, y: float, lives: Sequence[Life], look: Look, per_inch: float, *, size: float = 1.0) -> None:
    """Founders of one organ in a lane as single cells: open where shed, dashed in sleep, full where they founded.

    Where several sleep at once their dashes are drawn once: each has its own marks.

    Parameters
    ----------
    ax : Axes
    y : float
        The lane.
    lives : sequence of Life
    look : Look
    per_inch : float
        Years that an inch of the axis spans.
    size : float
        Of marks, over that of the look.
    """
    colour = organ_mark(lives[0].site).colour
    for start, end in joined(part for life in lives for part in _moving(life)):
        ax.plot([start, end], [y, y], color=colour, linewidth=look.thin, zorder=2.8, label="_moving")
    for start, end in joined((min(life.asleep, life.single), min(life.woke, life.single)) for life in lives):
        ax.plot([start, end], [y, y], color="white", linewidth=1.5 * look.line, zorder=2.9, label="_ground")
        ax.plot([start, end], [y, y], color=colour, linewidth=look.line, linestyle=DASHES, dash_capstyle="butt",
                zorder=3, label="_sleep")  # fmt: skip
    for life in lives:
        _marks(ax, y, life, look, per_inch, size * look.mark)


def _moving(life: Life) -> list[tuple[float, float]]:
    """When a founder is a single cell and awake."""
    slept = min(life.asleep, life.single), min(life.woke, life.single)
    return [(life.shed, slept[0]), (slept[1], life.single)]


def joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans of time, those that meet as one.

    Examples
    --------
    >>> joined([(3, 4), (0, 2), (1, 2.5), (5, 5)])
    [(0, 2.5), (3, 4)]
    """
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _marks(ax: Axes, y: float, life: Life, look: Look, per_inch: float, points: float) -> None:
    """Open where a founder was shed, full where it founded; one mark where both are the same to the eye."""
    colour, mark = organ_mark(life.site)
    named = f"founder {life.lesion}"
    if math.isinf(life.founded) or (life.founded - life.shed) / per_inch * 72.0 > 0.9 * points:
        ax.plot([life.shed], [y], marker=mark, color=colour, markersize=0.85 * points, markerfacecolor="white",
                markeredgewidth=1.2 * look.thin, linestyle="none", zorder=4,
                label=named if math.isinf(life.founded) else f"_shed {life.lesion}")  # fmt: skip
    if math.isfinite(life.founded):
        ax.plot([life.founded], [y], marker=mark, color=colour, markersize=points, markeredgecolor="white",
                markeredgewidth=0.5 * look.thin, linestyle="none", zorder=5, label=named)  # fmt: skip


def draw_end(ax: Axes, y: float, life: Life, look: Look, year: float, *, size: float = 1.0) -> None:
    """The line of a lesion that dies out, and a bar where it ended, if it did before ``year``."""
    colour = organ_mark(life.site).colour
    ax.plot([life.founded, life.last], [y, y], color=colour, linewidth=look.thin, zorder=2.8, label="_early")
    if life.last < year:
        ax.plot([life.last], [y], marker="|", color=colour, markersize=1.1 * size * look.mark,
                markeredgewidth=1.4 * look.thin, linestyle="none", zorder=4, label=f"_out {life.lesion}")  # fmt: skip


class Sign(NamedTuple):
    """Of the key of a course: what is drawn, "open", "full", "out", "dashed", "thick", "thick dashed"; its name."""

    kind: str
    name: str


def signs_of(lives: Sequence[Life], year: float) -> list[Sign]:
    """What has to be explained of these founders."""
    signs = []
    if lives:
        signs.append(Sign("open", "cell is shed"))
    if any(math.isfinite(life.asleep) for life in lives):
        signs.append(Sign("dashed", "sleeps as a single cell"))
    if any(math.isfinite(life.founded) for life in lives):
        signs.append(Sign("full", "divides for the first time"))
    if any(life.gone and life.last < year for life in lives):
        signs.append(Sign("out", "dies out"))
    return signs


def rows_of(signs: Sequence[Sign], look: Look, width: float) -> list[list[tuple[float, Sign]]]:
    """Signs in rows of a width, each with its inches from the left."""
    rows: list[list[tuple[float, Sign]]] = [[]]
    x = 0.0
    for sign in signs:
        wide = _sample(look) + width_of(sign.name, look.small) + 1.3 * look.em
        if rows[-1] and x + wide > width:
            rows.append([])
            x = 0.0
        rows[-1].append((x, sign))
        x += wide
    return rows if signs else []


def _sample(look: Look) -> float:
    """Inches from the left of a sign to its name."""
    return 2.1 * look.em


def draw_signs(sheet: Sheet, left: float, top: float, rows: Iterable[Sequence[tuple[float, Sign]]]) -> None:
    """The key of marks and lines, its top left there."""
    from matplotlib.lines import Line2D

    look = sheet.look
    for k, row in enumerate(rows):
        y = top + look.leading(k + 0.5)
        for x, sign in row:
            start = left + x
            ends = [start + 0.1 * look.em, start + 1.7 * look.em]
            marked = sign.kind in ("open", "full", "out")
            at = [(ends[0] + ends[1]) / 2] if marked else ends
            line = Line2D([v / sheet.width for v in at], [1 - y / sheet.height] * len(at), color=QUIET,
                          transform=sheet.figure.transFigure)  # fmt: skip
            if marked:
                size = look.mark * (1.9 if sign.kind == "out" else 1.1)
                line.set(marker="|" if sign.kind == "out" else "o", linestyle="none", markersize=size,
                         markerfacecolor="white" if sign.kind == "open" else QUIET,
                         markeredgewidth=1.4 * look.thin)  # fmt: skip
            else:
                line.set(linewidth=look.heavy if "thick" in sign.kind else look.line,
                         linestyle=DASHES if "dashed" in sign.kind else "-")  # fmt: skip
            sheet.figure.add_artist(line)
            sheet.text(start + _sample(look), y + 0.36 * look.small / 72.0, sign.name, va="baseline", color=INK)


def of_disease(disease: Disease) -> str:
    """A disease with the digest that says which."""
    return f"disease {disease.name} (sha256 {disease.digest()[:16]})"


def made_of(source: Course | Answers) -> str:
    """What a figure shows, as its file and its caption say it: disease, digest, seed, patients."""
    if isinstance(source, Course):
        which = f"patient {source.patient:,}, seed {source.seed}, {source.years:.4g} years of the tumour"
    else:
        which = str(getattr(source, "made", "exact"))
    disease = getattr(source, "disease", None)
    return f"{of_disease(disease)}, {which}" if isinstance(disease, Disease) else which


def caption_of(made: str, *notes: str) -> str:
    """The text below a figure of patients."""
    told = [note for note in notes if note]
    return " ".join([*told, f"{made[0].upper()}{made[1:]}; metastatic-cascade {package_version()}.", WARNING])


def told_mm(mm: float) -> str:
    """A diameter beside a curve.

    Examples
    --------
    >>> told_mm(96.2), told_mm(6.31), told_mm(0.31), told_mm(0.02)
    ('96 mm', '6.3 mm', '0.3 mm', '<0.1 mm')
    """
    if mm < 0.1:
        return "<0.1 mm"
    return f"{mm:.0f} mm" if mm >= 9.95 else f"{mm:.1f} mm"
