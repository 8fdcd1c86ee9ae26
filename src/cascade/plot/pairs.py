"""Courses side by side: one patient under two cares, and ten patients under one."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from cascade.common.colours import DEATH_COLOUR, INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.patient.cohort import Cohort
from cascade.patient.compared import CareComparison
from cascade.patient.course import Course
from cascade.plot.courses import Shown
from cascade.plot.fitting import broken, lines_in, width_of
from cascade.plot.founders import caption_of
from cascade.plot.look import Look, look_of
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.strips import TIME, year_marks
from cascade.plot.style import sign
from cascade.plot.visits import band, care_caption, moments_of

TEN = 10


def two_courses(source: CareComparison, number: int | None = None, *, style: str = "screen") -> Figure:
    """One patient under both cares, one above the other.

    Parameters
    ----------
    source : CareComparison
        From ``cascade.compare(disease, care=(..., ...), patients=...)``.
    number : int, optional
        Of the patient. Default: who gains most years under the second care.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is none, or the number is none of its patients'.
    """
    if not isinstance(source, CareComparison):
        raise InputError("source", source, "the same patients under two cares, from cascade.compare(disease, ...)")
    chosen = number if number is not None else next(iter(source.who), source.numbers[0])
    both = source.patient(chosen)
    names = [f"{care}: {told.ended}" for care, told in zip(source.cares, both, strict=True)]
    more = both[1].years - both[0].years
    sentence = f"Patient {chosen:,} lives {abs(more):.1f} years {'longer' if more >= 0 else 'shorter'}"
    sentence += f" under {source.cares[1]}"
    label = f"{source.disease.title or source.disease.name}: patient {chosen:,} (seed {source.seed}) under two cares"
    return _drawn(Rows(both, tuple(names), label, sentence, 1, 0.2), style)


def ten(source: Cohort, first: int | None = None, *, style: str = "screen") -> Figure:
    """Ten patients one after the other by number, ordered by how long they live: how much is chance.

    Parameters
    ----------
    source : Cohort
    first : int, optional
        Number of the first of them. Default: the first of the cohort.
    style : str
        "screen", "paper" or "slide".

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no cohort, or has not so many patients from there on.
    """
    if not isinstance(source, Cohort):
        raise InputError("source", source, "a cohort, from cascade.cohort(...)")
    begin = source.ranges[0][0] if first is None else first
    told = sorted((source.patient(begin + k) for k in range(TEN)), key=lambda one: (one.years, one.patient))
    names = [f"patient {one.patient:,}: {one.ended}" for one in told]
    label = f"{source.label}: ten patients one after the other"
    if source.care is not None:
        label += f", care {source.care}"
    sentence = f"Ten patients with one disease: they live {told[0].years:.1f} to {told[-1].years:.1f} years with it"
    return _drawn(Rows(tuple(told), tuple(names), label, sentence, 2, 0.1), style)


@dataclass(frozen=True)
class Rows:
    """Courses and what stands above each; how many columns, and how high a panel is for its figure's width."""

    courses: tuple[Course, ...]
    names: tuple[str, ...]
    label: str
    sentence: str
    columns: int
    tall: float

    @property
    def made(self) -> str:
        """Of which patients, under which cares, in words."""
        one = self.courses[0]
        numbers = sorted({course.patient for course in self.courses})
        told = f"patient {numbers[0]}" if len(numbers) == 1 else f"patients {numbers[0]}:{numbers[-1] + 1}"
        cares = dict.fromkeys(c.clinical.care for c in self.courses if c.clinical is not None)
        care = f", care {' and '.join(cares)}" if cares else ""
        return f"disease {one.disease.name} (sha256 {one.disease.digest()[:16]}), {told}, seed {one.seed}{care}"

    @property
    def end(self) -> float:
        """The last year of any."""
        return max(one.years for one in self.courses)

    @property
    def organs(self) -> list[str]:
        """Sites of lesions that grow, the primary first."""
        grown = (lesion.site for one in self.courses for lesion in Shown(one).growing)
        return list(dict.fromkeys(["primary", *sorted(set(grown) - {"primary"})]))


def _drawn(rows: Rows, style: str) -> Figure:
    figure = made(look_of(style), 2, lambda look, width, high: _plan(rows, look, width, high))
    told = "; ".join(rows.names)
    sign(figure, rows.made, alt=f"{rows.label}. Sizes of lesions by year, one panel each: {told}.")
    return figure


def _plan(rows: Rows, look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    heading = Heading(look, width - 2 * pad, rows.label, rows.sentence)
    key = Key([Entry(site, *organ_mark(site)) for site in rows.organs], look, width - 2 * pad)
    note = caption_of(rows.made, care_caption(rows.courses[-1]) if look.terse < 2 else "")
    told = broken(note, width - 2 * pad - 0.8 * look.em, look.small)
    foot = look.leading(lines_in([told])) + 0.5 * look.em
    marks, gap = width_of("one cell", look.small) + 1.0 * look.em, 1.0 * look.em
    columns = (
        min(len(rows.courses), rows.columns + 3) if look.terse and len(rows.courses) > rows.columns else rows.columns
    )
    alone = columns > rows.columns  # marks of sizes at the first column alone
    wide = (width - 2 * pad - gap * (columns - 1) - (marks - 0.3 * look.em if alone else 0.0)) / columns
    deep = -(-len(rows.courses) // columns)
    names = [broken(name, wide, look.small) for name in rows.names]
    title, below = look.leading(lines_in(names) + 1.6), look.leading(0.9)
    inches = rows.tall * width
    begin = pad + heading.height + key.height + 0.4 * look.em
    fixed = begin + deep * (title + below) + look.leading(2.0) + foot + pad
    if high:
        inches = max((high - fixed) / deep, 0.04 * width)

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        for k, (one, name) in enumerate(zip(rows.courses, names, strict=True)):
            column, row = divmod(k, deep)
            left, top = pad + column * (wide + gap), begin + row * (title + below + inches)
            beside = 0.3 * look.em if alone else marks
            left += marks - beside if alone else 0.0
            sheet.text(left, top, name)
            ax = sheet.axes(left + beside, top + title, wide - beside - 0.6 * look.em, inches)
            ax.set_label(name)
            _small(ax, one, look, (wide - beside, inches), rows.end)
            ax.tick_params(axis="y", labelleft=not (alone and column))
            ax.tick_params(axis="x", labelbottom=row == deep - 1)
            if row == deep - 1 and not (column and look.terse):
                ax.set_xlabel(TIME, fontsize=look.small, loc="left", labelpad=0.2 * look.small)
        sheet.text(pad, begin + deep * (title + below + inches) + look.leading(2.0), told, color=QUIET)

    return Plan(fixed + deep * inches, draw)


def _small(ax: Axes, one: Course, look: Look, inches: tuple[float, float], end: float) -> None:
    """The lesions of a patient that grow, thin until they are seen; treatments, visits and the end."""
    shown, told = Shown(one), one.clinical
    ax.set_yscale("log")
    ax.set_xlim(0.0, 1.02 * end)
    ax.set_ylim(0.7, 1e13)
    for lesion in sorted(shown.growing, key=lambda lesion: shown.ends[lesion.number]):
        years, cells = shown.curve(lesion)
        colour = organ_mark(lesion.site).colour
        ax.plot(years, cells, color=colour, linewidth=look.thin, label=f"lesion {lesion.number}", zorder=3)
        seen = years >= shown.seen(lesion)
        ax.plot(years[seen], cells[seen], color=colour, linewidth=1.3 * look.line, zorder=4, solid_capstyle="butt",
                label=f"_seen {lesion.number}")  # fmt: skip
    if told is not None:
        for given in told.given:
            if given.end > given.begin:
                band(ax, given)
            else:
                ax.axvline(given.begin, color=QUIET, linewidth=look.thin, zorder=1, label=f"_event {given.name}")
        across = blended_transform_factory(ax.transData, ax.transAxes)
        y = 1.0 + 0.5 * look.leading(1) / inches[1]
        for moment in moments_of(told, one.years):
            ax.plot([moment.years], [y], transform=across, marker="o", markersize=0.6 * look.mark, clip_on=False,
                    color=QUIET, markerfacecolor=INK if moment.seen else "white", markeredgewidth=look.thin,
                    linestyle="none", label="_visit seen" if moment.seen else "_visit")  # fmt: skip
    if one.cause:
        colour = DEATH_COLOUR if one.cause == "the tumour" else QUIET
        ax.axvline(one.years, color=colour, linewidth=look.line, zorder=5, label="_death")
    frame(ax, look, left=True)
    marks = {1.0: "one cell"} | {one.disease.cells_of(mm): text for mm, text in SIZES.items()}
    if inches[1] < look.leading(5):
        marks = {n: text for n, text in marks.items() if text in ("one cell", "1 cm")}
    ax.set_yticks(list(marks), list(marks.values()))
    ax.minorticks_off()
    ax.set_xticks(year_marks(end, inches[0], look))


SIZES = {1.0: "1 mm", 10.0: "1 cm", 100.0: "10 cm"}
"""Marks of diameters, in millimetres."""
