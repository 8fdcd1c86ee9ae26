"""Figures of patients: what is drawn is what the answers say, and nobody is left out."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import cascade
from cascade import InputError, plot
from cascade.common.colours import ALIVE_COLOUR, INK, organ_mark
from cascade.patient.course import Course, course_of
from cascade.patient.questions import Answers, Estimated
from cascade.patient.tables import NumberRow
from cascade.plot.founders import SLEEPERS, joined, lives_of, packed
from cascade.plot.look import STYLES
from cascade.plot.strips import groups_of
from cascade.plot.trees import LANES, Tree, crowds_of, lanes_of
from helpers.inspect import texts_of

PATIENTS = {"none": (1,), "one": (0,), "few": (3,), "49": (326, 3.0, 1.0), "171": (13,), "298": (47, 3.0, 1.0)}


@cache
def patient(which: str) -> Course:
    number, times, secondary = (*PATIENTS[which], 1.0, 0.2)[:3] if len(PATIENTS[which]) < 3 else PATIENTS[which]
    disease = cascade.disease("textbook")
    more = disease.with_(efficiency=times * disease.efficiency, lesions={"secondary": secondary})
    return course_of(more, seed=1, patient=number)


@cache
def some() -> Any:
    return cascade.cohort(cascade.disease("textbook"), patients=3000, seed=2)


class Poisson(Answers):
    """An exact answer of which all is known: Poisson numbers of a mean that grows, fewer of each larger size."""

    exact_answer = True
    times = (0.0, 5.0, 10.0)
    sizes_mm = (1.0, 10.0)
    label = "Poisson"
    groups = ("bone", "anywhere", "distant", "nodal", "local")

    def mean(self, level: int, time: int) -> float:
        return 0.3 * self.times[time] * 0.5**level

    def _estimated(self, group: int, level: int, time: int) -> Estimated:  # noqa: ARG002
        mean = self.mean(level, time)
        return Estimated(mean, mean, mean, *[-math.expm1(-mean)] * 3)

    def _numbers(self, kind: int, level: int, time: int) -> tuple[NumberRow, ...]:  # noqa: ARG002
        mean = self.mean(level, time)
        shares = [math.exp(-mean) * mean**n / math.factorial(n) for n in range(32)]
        return tuple(NumberRow(n, share, share, share) for n, share in enumerate(shares))


def panel(figure: Figure, label: str) -> Axes:
    return next(ax for ax in figure.axes if ax.get_label() == label)


def named(ax: Axes, start: str) -> dict[str, list[Line2D]]:
    """Lines by the rest of their label."""
    found: dict[str, list[Line2D]] = {}
    for line in ax.lines:
        label = str(line.get_label())
        if label.startswith(start):
            found.setdefault(label.removeprefix(start), []).append(line)
    return found


def absent(ax: Axes, course: Course) -> set[int]:
    """Founders without a mark of their own."""
    return {lesion.number for lesion in course.lesions[1:]} - {int(n) for n in named(ax, "founder ")}


@pytest.mark.parametrize("which", PATIENTS)
@pytest.mark.parametrize("style", STYLES)
def test_a_course_draws_every_lesion_that_grows_and_every_founder_once(which: str, style: str) -> None:
    course = patient(which)
    figure = plot.course(course, style=style)
    curves = named(panel(figure, "sizes"), "lesion ")
    grow = {lesion.number for lesion in course.lesions if lesion.number == 0 or lesion.fate == "grows"}
    assert {int(n) for n in curves} == grow
    assert all(len(lines) == 1 for lines in curves.values())
    strip = panel(figure, "single cells")
    assert absent(strip, course) == set()
    assert all(len(lines) == 1 for lines in named(strip, "founder ").values())
    assert len(named(panel(figure, "sizes"), "_from ")) == len(course.lesions) - 1


def test_curves_are_the_sizes_of_lesions_in_the_colours_and_with_the_marks_of_their_organs() -> None:
    course = patient("171")
    ax = panel(plot.course(course), "sizes")
    ends = named(ax, "_end ")
    for number, (line,) in named(ax, "lesion ").items():
        years, cells = line.get_data()
        told = course.cells_of(int(number), np.asarray(years))
        assert np.asarray(cells) == pytest.approx(np.maximum(told, 1.0))
        look = organ_mark(course.lesions[int(number)].site)
        assert to_hex(line.get_color()).upper() == look.colour
        assert ends[number][0].get_marker() == look.mark
        assert years[-1] == course.years
    # A lesion that sleeps has the size of its sleep from the one moment to the other.
    sleepers = named(ax, "_asleep ")
    asleep = {le.number for le in course.lesions if le.fate == "grows" and le.asleep < min(le.awake, course.years)}
    assert {int(n) for n in sleepers} == asleep
    assert asleep
    for number, (line,) in sleepers.items():
        lesion = course.lesions[int(number)]
        assert line.get_xdata()[0] == pytest.approx(lesion.asleep)
        assert line.get_xdata()[1] == pytest.approx(min(lesion.awake, course.years))
        assert line.get_linestyle() != "-"


def test_lines_come_from_the_source_at_the_moment_of_shedding() -> None:
    for which in ("few", "49"):
        course = patient(which)
        ax = panel(plot.course(course), "sizes")
        for number, lines in named(ax, "_way ").items():
            lesion = course.lesions[int(number)]
            x, y = lines[0].get_data()
            assert x[0] == lesion.shed
            assert y[0] == pytest.approx(float(course.cells_of(lesion.parent, lesion.shed)[0]))


@pytest.mark.parametrize("which", ["few", "171", "298"])
def test_marks_of_founders_stand_where_they_were_shed_founded_and_died_out(which: str) -> None:
    course = patient(which)
    for figure, label in ((plot.course(course), "single cells"), (plot.seeding_tree(course), "tree")):
        ax = panel(figure, label)
        marks, shed, out = (named(ax, start) for start in ("founder ", "_shed ", "_out "))
        for life in lives_of(course):
            (mark,) = marks[str(life.lesion)]
            founded = math.isfinite(life.founded)
            assert mark.get_xdata()[0] == (life.founded if founded else life.shed)
            assert (mark.get_markerfacecolor() == "white") == (not founded)
            if str(life.lesion) in shed:
                assert shed[str(life.lesion)][0].get_xdata()[0] == life.shed
            assert (str(life.lesion) in out) == (life.gone and life.last < course.years)
            if str(life.lesion) in out:
                assert out[str(life.lesion)][0].get_xdata()[0] == course.end_of(life.lesion)
        # Dashes cover the years in which any founder slept as a single cell, and no others.
        rows: dict[float, float] = {}
        for line in named(ax, "_sleep").get("", []):
            rows[line.get_ydata()[0]] = rows.get(line.get_ydata()[0], 0.0) + float(np.diff(line.get_xdata())[0])
        lanes: dict[float, list[tuple[float, float]]] = {}
        for life in lives_of(course):
            y = marks[str(life.lesion)][0].get_ydata()[0]
            lanes.setdefault(y, []).append((min(life.asleep, life.single), min(life.woke, life.single)))
        for y, spans in lanes.items():
            assert rows.get(y, 0.0) == pytest.approx(sum(end - start for start, end in joined(spans)))


def test_a_founder_that_is_left_out_or_drawn_elsewhere_is_seen() -> None:
    course = patient("few")
    ax = panel(plot.course(course), "single cells")
    named(ax, "founder ")["2"][0].remove()
    assert absent(ax, course) == {2}


def test_the_end_says_what_it_was() -> None:
    for which, text in (("none", "died of the tumour, 11.1 years"), ("few", "alive, 15 years")):
        course = patient(which)
        for figure in (plot.course(course), plot.seeding_tree(course)):
            assert text in [t.get_text() for t in texts_of(figure)]
            for ax in figure.axes:
                for line in named(ax, "end").get("", []):
                    assert set(line.get_xdata()) == {course.years}


@pytest.mark.parametrize("which", PATIENTS)
def test_captions_say_disease_digest_seed_patient_version_and_what_care_asks(which: str) -> None:
    course = patient(which)
    digest = course.disease.digest()[:16]
    for figure in (plot.course(course), plot.seeding_tree(course)):
        told = " ".join(t.get_text().replace("\n", " ") for t in texts_of(figure))
        for part in ("textbook", digest, f"seed {course.seed}", f"patient {course.patient}", "metastatic-cascade"):
            assert part in told, part
        assert (SLEEPERS in told) == (len(course.lesions) > 1)
        assert digest in figure.get_label()
        assert f"patient {course.patient}" in figure.get_label()


def test_numbers_in_captions_and_alt_texts_are_counted() -> None:
    course = patient("171")
    fates = [lesion.fate for lesion in course.lesions[1:]]
    grow, out, waits = (fates.count(fate) for fate in ("grows", "died out", "in transit"))
    told = f"171 founders: {grow} grow, {out} died out, {waits} still single cells."
    for figure in (plot.course(course), plot.seeding_tree(course)):
        assert told in plot.alt_text(figure)
        assert told in " ".join(t.get_text().replace("\n", " ") for t in texts_of(figure))
    slide = plot.course(course, style="slide")
    title = " ".join(next(t for t in slide.texts if t.get_gid() == "title").get_text().split())
    assert title == f"Of 171 founders {grow} grow, {out} died out and {waits} are still single cells"
    assert plot.alt_text(plot.course(patient("none"))).count("No cell was shed that founds.") == 1


@pytest.mark.parametrize("which", ["few", "49", "171", "298"])
def test_a_tree_has_sources_above_those_that_they_seeded(which: str) -> None:
    course = patient(which)
    ax = panel(plot.seeding_tree(course), "tree")
    assert absent(ax, course) == set()
    lane = {0: 0.0} | {int(n): line.get_ydata()[0] for n, (line,) in named(ax, "founder ").items()}
    sources = {lesion.parent for lesion in course.lesions[1:]}
    for lesion in course.lesions[1:]:
        assert lane[lesion.number] > lane[lesion.parent]
        # A source has its lane for itself.
        if lesion.number in sources:
            assert [n for n, y in lane.items() if y == lane[lesion.number]] == [lesion.number]
    # From the lane of the source to the first of each lane, when it was shed.
    for line in named(ax, "_from")[""]:
        year, (above, below) = line.get_xdata()[0], line.get_ydata()
        first = min((course.lesions[n] for n, y in lane.items() if y == below), key=lambda lesion: lesion.shed)
        assert first.shed == year
        assert lane[first.parent] == above
    assert len(named(ax, "_from")[""]) == len(set(lane.values())) - 1


@pytest.mark.parametrize("most", [1, 5, 20, 60, 1000])
@pytest.mark.parametrize("which", ["one", "few", "49", "171", "298"])
def test_lanes_are_no_more_than_asked_for_where_that_is_possible_and_hold_everybody(which: str, most: int) -> None:
    course = patient(which)
    tree = Tree(course, lives_of(course))
    lanes = lanes_of(tree, most)
    assert sorted(life.lesion for lane in lanes for life in lane.lives) == list(range(1, len(course.lesions)))
    sources = {life.parent for life in tree.lives}
    least = len(sources - {0}) + len({life.parent for life in tree.lives if life.lesion not in sources})
    assert len(lanes) <= max(most, least)
    assert all(life.parent == lane.parent for lane in lanes for life in lane.lives)
    assert all(len(lane.lives) == 1 or not sources & {life.lesion for life in lane.lives} for lane in lanes)
    if most >= len(tree.lives):
        assert len(lanes) == len(tree.lives)
    told = [lane.name for lane in lanes if "\u00d7" in lane.name]
    crowds = [crowd for crowd in crowds_of(tree.lives, most) if crowd.lanes < len(crowd.lives)]
    assert sorted(int(name.split("\u00d7 ")[1].split(",")[0]) for name in told) == sorted(len(c.lives) for c in crowds)


def test_a_figure_of_many_says_how_many_share() -> None:
    course = patient("298")
    tree = Tree(course, lives_of(course))
    shared = sum(len(lane.lives) for lane in lanes_of(tree, LANES) if len(lane.lives) > 1)
    told = " ".join(t.get_text().replace("\n", " ") for t in texts_of(plot.seeding_tree(course)))
    assert f"{shared} that seeded nobody share lanes" in told
    groups = groups_of(tree.lives, course.years, STYLES["screen"])
    assert sorted(life.lesion for group in groups for life in group.lives) == list(range(1, len(course.lesions)))
    shared = sum(len(group.lives) for group in groups if group.shared)
    told = " ".join(t.get_text().replace("\n", " ") for t in texts_of(plot.course(course)))
    assert f"{shared} of them share lanes" in told


def test_lanes_that_are_free_are_taken_and_no_two_overlap_while_there_is_room() -> None:
    rng = np.random.default_rng(3)
    starts = np.sort(rng.uniform(0, 10, 60))
    spans = [(float(a), float(a + b)) for a, b in zip(starts, rng.exponential(1.0, 60), strict=True)]
    lanes = packed(spans, 60)
    for k, (start, _) in enumerate(spans):
        assert all(spans[j][1] <= start for j in range(k) if lanes[j] == lanes[k])
    # No fewer lanes hold them: so many are under way at once.
    most = max(sum(a <= start < b for a, b in spans) for start, _ in spans)
    assert len(set(lanes)) == most
    assert set(packed(spans, 2)) == {0, 1}


# How many lesions, when, and how large.


def drawn(ax: Axes, start: str) -> dict[str, list[tuple[float, float]]]:
    """Marks by the rest of their label, as (x, y)."""
    return {
        rest: [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]
        for rest, lines in named(ax, start).items()
    }


def test_counts_are_dots_with_intervals_and_none_is_an_arrow_at_its_bound() -> None:
    cohort = some()
    figure = plot.number_and_sizes(cohort, years=(6, 15))
    when, many, large = figure.axes
    for level, points in drawn(when, "share ").items():
        table = cohort.lesions(float(level.split()[0]) if "mm" in level else level)
        assert points == [(row.years, row.some) for row in table if row.some > 0]
    for year in (6.0, 15.0):
        rows = cohort.number(year).rows
        shares = [share for _, share in drawn(many, "number ")[f"{year:g}"]]
        seen = [row.share for row in rows[: many_alone(many)] if row.share > 0]
        assert shares[: len(seen)] == seen
        rest = 1.0 - sum(row.share for row in rows[: many_alone(many)])
        assert len(shares) - len(seen) == (rest > 1e-12)
        assert sum(shares) == pytest.approx(1.0)
        sizes = [mean for _, mean in drawn(large, "sizes ")[f"{year:g}"]]
        assert sizes == [row.mean for row in cohort.sizes(year).rows[1:] if row.mean > 0]
    arrows = [y for _, y in drawn(many, "_none")[""]]
    bounds = {row.high for year in (6.0, 15.0) for row in cohort.number(year).rows if row.share == 0}
    assert arrows
    assert set(arrows) <= bounds
    bars = drawn(large, "_interval")[""]
    assert {high for _, high in bars} >= {row.mean_high for row in cohort.sizes(15.0).rows[1:]}


def many_alone(ax: Axes) -> int:
    """Numbers of lesions that have a place of their own."""
    return int(ax.get_xticklabels()[-1].get_text().removeprefix("\u2265"))


def test_exact_answers_are_ink_beside_counts_and_their_rest_is_what_is_missing_to_one() -> None:
    exact = Poisson()
    figure = plot.number_and_sizes(exact, years=(5, 10))
    when, many, large = figure.axes
    for year in (5, 10):
        points = drawn(many, "exact ")[f"{year}"]
        mean = exact.mean(1, exact.times.index(year))
        alone = many_alone(many)
        low = many.get_ylim()[0]
        expected = [math.exp(-mean) * mean**n / math.factorial(n) for n in range(alone)]
        expected.append(1.0 - sum(expected))
        assert [y for _, y in points] == pytest.approx([y for y in expected if y > low], rel=1e-6)
        means = [y for _, y in drawn(large, "exact ")[f"{year}"]]
        assert means == pytest.approx([exact.mean(level, exact.times.index(year)) for level in (1, 2, 3, 4)])
    assert [y for _, y in drawn(when, "exact ")["founded"]] == pytest.approx([-math.expm1(-0.75), -math.expm1(-1.5)])
    assert drawn(many, "number ") == {}
    both = plot.number_and_sizes(
        cascade.cohort(cascade.disease("textbook"), patients=50, seed=1, times=exact.times, sizes_mm=exact.sizes_mm),
        beside=exact, years=10,
    )  # fmt: skip
    colours = {to_hex(line.get_color()).upper() for lines in named(both.axes[1], "exact ").values() for line in lines}
    assert colours == {INK}
    assert next(to_hex(line.get_color()).upper() for line in named(both.axes[0], "share ")["founded"]) == ALIVE_COLOUR


def test_the_middle_panel_is_of_the_level_and_place_that_was_asked_for() -> None:
    cohort = some()
    many = plot.number_and_sizes(cohort, years=15, level=5, of="distant").axes[1]
    rows = cohort.number(15, 5, "distant").rows
    assert drawn(many, "number ")["15"][0][1] == rows[0].share
    title = plot.number_and_sizes(cohort, years=15, level=5.0, of="distant", style="slide").texts[0].get_text()
    assert "distant lesions of 5 mm or more" in title.replace("\n", " ")


@pytest.mark.parametrize(
    ("fields", "named_field"),
    [
        ({"years": 4.5}, "years"),
        ({"years": (1, 2, 3, 4, 5)}, "years"),
        ({"years": (5, 5)}, "years"),
        ({"level": 7.0}, "level"),
        ({"of": "bone"}, "of"),
        ({"beside": 3}, "beside"),
        ({"style": "poster"}, "style"),
        ({"ax": 3}, "ax"),
    ],
)
def test_wrong_arguments_are_named(fields: dict[str, Any], named_field: str) -> None:
    with pytest.raises(InputError) as caught:
        plot.number_and_sizes(some(), **fields)
    assert caught.value.field == named_field


def test_what_is_no_course_or_cohort_is_named() -> None:
    for draw in (plot.course, plot.seeding_tree, plot.number_and_sizes):
        with pytest.raises(InputError) as caught:
            draw(some().lesions())  # type: ignore[operator]
        assert caught.value.field == "source"
    with pytest.raises(InputError, match="an exact answer"):
        plot.number_and_sizes(some(), beside=some())
    with pytest.raises(InputError, match=r"beside\.times"):
        plot.number_and_sizes(some(), beside=Poisson())


def test_all_draw_into_axes_that_are_given() -> None:
    for draw in (
        lambda ax: plot.course(patient("few"), ax=ax),
        lambda ax: plot.seeding_tree(patient("few"), ax=ax),
        lambda ax: plot.number_and_sizes(some(), ax=ax),
    ):
        figure = Figure(figsize=(8, 5))
        ax = figure.add_subplot()
        assert draw(ax) is figure
        assert ax.lines
        assert plot.alt_text(figure)
