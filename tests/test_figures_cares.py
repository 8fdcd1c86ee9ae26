"""Figures of patients under a care: what is drawn is what the tables say, and what is hidden is drawn as hidden."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cascade
from cascade import plot
from cascade.common.errors import InputError
from cascade.plot.courses import GROWN
from cascade.plot.pairs import TEN
from cascade.plot.visits import thresholds_of
from helpers.diseases import PLAIN, TEXTBOOK
from helpers.inspect import texts_of
from helpers.of_patients import OF_PATIENTS

RICH = TEXTBOOK.with_(efficiency=2e-4)
NET = "freedom from distant metastasis"


@cache
def cohort(care: str = "surgery") -> cascade.Cohort:
    return cascade.cohort(RICH, patients=4_000, seed=1, care=care)


@cache
def both() -> Any:
    return cascade.compare(RICH, care=("none", "surgery"), patients=2_000, seed=1)


def line_of(ax: Axes, label: str) -> Any:
    (found,) = (line for line in ax.lines if line.get_label() == label)
    return found


def told_of(figure: Figure) -> str:
    return " ".join(" ".join(t.get_text() for t in texts_of(figure)).split())


def test_survival_is_the_curve_with_the_numbers_at_risk() -> None:
    follow = cohort().follow_up()
    figure = plot.survival(cohort(), end=NET, by="N")
    curve, ax = follow.curve(NET, "N"), figure.axes[0]
    for g, name in enumerate(("N0", "N1")):
        (drawn,) = (line for line in ax.lines if str(line.get_label()).split(" (")[0] == name)
        share = curve.share[g, : len(drawn.get_ydata())]
        assert drawn.get_ydata() == pytest.approx(share[np.isfinite(share)])
        assert drawn.get_xdata()[12] == pytest.approx(1.0)
    assert f"{int(curve.at_risk[0, 0]):,}" in told_of(figure)
    assert f"{int(curve.at_risk[1, 25]):,}" in told_of(figure)
    assert "deaths are censored" in told_of(figure)
    assert "Monte Carlo" in told_of(figure)
    # Of those who died before surgery nobody is followed for long, and it is said.
    assert "not known (until year" in told_of(figure)


def test_the_exact_answer_stands_beside_and_the_difference_below() -> None:
    alike = RICH.with_(traits=(), correlations=(), lesions={"secondary": 0.0}, death={"other": None},
                       care=[{"name": "surgery", "surgery": {}, "visits": [{"eyes": ["bone scan"]}]}])  # fmt: skip
    found = cascade.cohort(alike, patients=3_000, seed=1, care="surgery")
    exact = cascade.exact(alike, until_years=25.0).diagnosed("surgery")
    figure = plot.survival(found, end=NET, beside=exact)
    drawn = line_of(figure.axes[0], "exact")
    assert drawn.get_ydata() == pytest.approx(exact.freedom(drawn.get_xdata().tolist()).value[1])
    strip = line_of(figure.axes[1], "simulated less exact")
    assert np.abs(strip.get_ydata()).max() < 5.85
    with pytest.raises(InputError, match="beside"):
        plot.survival(found, beside=exact)


def test_saved_and_lost_are_those_of_the_table() -> None:
    figure = plot.saved(both())
    rows = both().saved().rows
    upper, lower = figure.axes[:2]
    assert line_of(upper, "surgery").get_ydata()[5] == pytest.approx(rows[5].two)
    assert line_of(upper, "none").get_ydata()[5] == pytest.approx(rows[5].one)
    heights = [bar.get_height() for bar in lower.patches]
    assert rows[6].saved / rows[6].followed == pytest.approx(heights[6])
    assert min(heights) <= 0.0


def test_what_is_there_is_open_and_what_is_seen_is_filled() -> None:
    figure = plot.at_diagnosis(cohort())
    stage = cohort().follow_up().counts.stage.sum(axis=(0, 2))
    ax = figure.axes[0]
    (there,) = [b.patches[0] for b in ax.containers if b.get_label() == "there T2, 20 to 50 mm"]
    (seen,) = [b.patches[0] for b in ax.containers if b.get_label() == "seen T2, 20 to 50 mm"]
    of = stage[1].sum()
    assert there.get_width() == pytest.approx((of - stage[1, 0, 0]) / of)
    assert seen.get_width() == pytest.approx(stage[1, 1].sum() / of)
    assert there.get_facecolor()[:3] == (1.0, 1.0, 1.0)


def test_hazards_are_those_of_both_tables() -> None:
    figure = plot.hazard_by_year(cohort())
    for ax, seen in zip(figure.axes, ("scheduled", "true"), strict=True):
        rows = cohort().follow_up().hazard(NET, seen=seen).rows
        assert line_of(ax, seen).get_ydata()[3] == pytest.approx(rows[3].per_year)
    assert "told from noise" in told_of(figure)


def test_sites_have_the_colours_of_their_names() -> None:
    figure = plot.incidence_by_site(cohort())
    table = cohort().follow_up().organs_since([10])
    share = {row.site: row.share for row in table.rows}
    assert line_of(figure.axes[0], "liver").get_ydata()[10] == pytest.approx(share["liver"])
    assert line_of(figure.axes[0], "liver").get_color() == "#D37C2D"


def test_what_became_of_patients_adds_up_and_is_that_of_the_tables() -> None:
    figure = plot.outcomes(cohort())
    follow = cohort().follow_up()
    heights: dict[str, Any] = {}
    for ax in figure.axes:
        whole = np.zeros(1)
        for area in ax.collections:
            points = area.get_paths()[0].vertices
            at = points[np.isclose(points[:, 0], 10.0)][:, 1]
            heights[str(area.get_label())] = at.max() - at.min() if len(at) > 2 else 0.0
            whole = np.append(whole, points[:, 1].max())
        assert whole.max() == pytest.approx(1.0)
    dead = follow.survival("cumulative incidence of death of the tumour", years=[10]).rows[0].share
    alive = follow.survival("overall survival", years=[10]).rows[0].share
    seen = (
        follow.survival("cumulative incidence of distant metastasis", among="all diagnosed", years=[10]).rows[0].share
    )
    free = follow.survival("distant-metastasis-free survival", among="all diagnosed", years=[10]).rows[0].share
    for name, share in {
        "died of the tumour": dead,
        "alive": alive,
        "died of other causes": 1.0 - alive - dead,
        "a distant metastasis was seen": seen,
        "died before one was seen": 1.0 - free - seen,
        "neither so far": free,
    }.items():
        # At a step both levels stand: of the month before, too.
        assert heights[name] == pytest.approx(share, abs=0.02), name
    with pytest.raises(InputError, match="seen"):
        plot.outcomes(cohort(), seen="sometimes")


def test_a_course_is_thin_until_it_is_seen_and_ends_where_it_was_taken_out() -> None:
    rows = cohort("surgery+hormone").register(range(600))
    number = int(rows.patient[np.isfinite(rows.distant) & (rows.distant > rows.diagnosed) & (rows.cause == 1)][0])
    course = cohort("surgery+hormone").patient(number)
    assert course.clinical is not None
    ax = plot.course(course).axes[0]
    first = min(range(1, len(course.lesions)), key=lambda n: course.clinical.seen[n])  # type: ignore[union-attr]
    whole, seen = line_of(ax, f"lesion {first}"), line_of(ax, f"_seen {first}")
    assert seen.get_linewidth() > 1.5 * whole.get_linewidth()
    assert seen.get_xdata()[0] == pytest.approx(course.clinical.seen[first], abs=0.2)
    assert seen.get_xdata()[0] >= course.clinical.seen[first]
    if math.isfinite(course.lesions[0].gone):
        assert line_of(ax, "lesion 0").get_xdata()[-1] == pytest.approx(course.clinical.surgery)
    visits = [line for line in ax.lines if str(line.get_label()).startswith("_visit")]
    assert {float(line.get_xdata()[0]) for line in visits} <= {v.years for v in course.clinical.visits}
    assert any(line.get_label() == "_visit seen" for line in visits)
    assert any(c.get_label() == "_treatment hormone" for c in ax.collections)


@pytest.mark.parametrize("style", ["screen", "slide"])
def test_names_of_what_is_done_lie_on_no_name_of_a_lesion_and_on_none_of_theirs(style: str) -> None:
    """Of women who are treated again near the end, so that little room is left behind it."""
    breast = cascade.cohort(cascade.disease("breast"), patients=2_000, seed=4, care="surgery+hormone")
    rows = breast.register()
    back = np.isfinite(rows.distant) & (rows.distant > rows.diagnosed) & (rows.cause == 1)
    for number in rows.patient[back][:4].tolist():
        course = breast.patient(number)
        assert course.clinical is not None
        figure = plot.course(course, style=style)
        figure.canvas.draw()
        ax = figure.axes[0]
        done = {one.name for one in course.clinical.given} | {f"diagnosed by {course.clinical.mode}"}
        boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
        names = [boxes[name] for name in done if name in boxes]
        assert len(names) == len(done)
        last = ax.transData.transform((course.years, 1.0))[0]
        assert all(box.x1 <= last + 1.0 for box in names)
        assert all(not one.overlaps(other) for k, one in enumerate(names) for other in names[:k])


def test_an_eye_has_its_line_while_it_looks_where_it_sees_half() -> None:
    """Screening of the primary; after diagnosis of the organs in which the patient has lesions."""
    rows = cohort("surgery+hormone").register(range(600))
    numbers = rows.patient[(rows.negative_screens > 1) & np.isfinite(rows.distant)]
    courses = (cohort("surgery+hormone").patient(int(number)) for number in numbers)
    course = next(c for c in courses if c.clinical and sum(eye == "mammography" for *_, eye in c.clinical.looks) > 1)
    told = course.clinical
    assert told is not None
    ax = plot.course(course).axes[0]
    lines = {
        str(line.get_label()).removeprefix("_half seen "): line
        for line in ax.lines
        if str(line.get_label()).startswith("_half seen ")
    }
    cells = RICH.cells_of
    for name, half_mm in {"mammography": 6.2, "computed tomography": 8.0}.items():
        level = lines[name].get_ydata()
        assert set(level) == {cells(half_mm)}
        eye = next(eye for eye in RICH.eyes if eye.name == name)
        sight = eye.primary if name == "mammography" else eye.lesions
        assert sight is not None
        assert sight.sensitivity(RICH.mm(level[0])) == pytest.approx(0.5 * sight.most)
    screens = [year for year, _, eye in told.looks if eye == "mammography"]
    assert lines["mammography"].get_xdata().tolist() == [screens[0], screens[-1]]
    assert screens[-1] <= told.diagnosed
    visits = [year for year, _, eye in told.looks if eye == "computed tomography"]
    assert lines["computed tomography"].get_xdata().tolist() == [visits[0], visits[-1]]
    assert visits[0] == told.diagnosed
    if all(lesion.site != "bone" or lesion.fate != "grows" for lesion in course.lesions):
        assert "bone scan" not in lines
    assert "sees half as many" in told_of(plot.course(course))
    assert "sees half as many" not in told_of(plot.ten(cohort("surgery+hormone")))  # which has no such lines


def test_between_staging_and_restaging_no_line_says_that_an_eye_looks() -> None:
    """And two eyes of nearly one size have one text, for two would lie on each other."""
    eyes = [
        {"name": name, "lesions": {"half_mm": mm, "width": 0.3}} for name, mm in (("scan", 8.0), ("another scan", 8.3))
    ]
    both = ["scan", "another scan"]
    care = [{"name": "surgery", "surgery": {}, "staging": both, "restaging": both}]
    disease = RICH.with_(eyes=eyes, care=care, autopsy=None, presentation={"staging": [], "screening": []})
    found = cascade.cohort(disease, patients=400, seed=1, care="surgery")
    rows = found.register()
    late = np.isfinite(rows.distant) & (rows.metastasis_seen == 0) & (rows.distant > rows.diagnosed + 2.0)
    course = found.patient(int(rows.patient[late][0]))
    told = course.clinical
    assert told is not None
    figure = plot.course(course)
    ax = figure.axes[0]
    lines = [line for line in ax.lines if "half seen" in str(line.get_label())]
    middle = (told.diagnosed + told.distant) / 2.0
    assert len(lines) == 4
    assert not any(min(line.get_xdata()) <= middle <= max(line.get_xdata()) for line in lines)
    assert {float(line.get_xdata()[0]) for line in lines} == {told.diagnosed, told.distant}
    assert [text.get_text() for text in ax.texts if "scan" in text.get_text()] == ["scan, 8.0 mm; another scan, 8.3 mm"]
    assert "and at restaging" in told_of(figure)


def test_lines_of_eyes_are_of_places_at_which_the_eye_looks_and_bear_its_whole_name() -> None:
    """Of the brain with symptoms alone, of an organ at which it never looks, and of an eye with a comma in its name."""
    few = {"half_mm": 3.0, "width": 0.3}
    eyes = [
        {"name": "scan", "lesions": few, "organs": {"brain": few | {"half_mm": 5.0, "only_with_symptoms": True},
                                                    "liver": few | {"half_mm": 4.0, "looked_at": 0.0}}},
        {"name": "scan, low dose", "lesions": few},
    ]  # fmt: skip
    care = [{"name": "surgery", "surgery": {}, "visits": [{"eyes": ["scan", "scan, low dose"]}]}]
    disease = RICH.with_(eyes=eyes, care=care, autopsy=None, presentation={"staging": [], "screening": []})
    found, brains = cascade.cohort(disease, patients=200, seed=1, care="surgery"), set()
    for number in range(60):
        course = found.patient(number)
        lines = {line.name: line for line in thresholds_of(course)}
        told = course.clinical
        assert told is not None
        assert set(lines) <= {"scan; scan, low dose", "scan, brain", "scan, low dose"}
        distant = {one.site for one in course.lesions[1:] if one.fate in GROWN and disease.kinds[one.site] == "distant"}
        # Where the scan looks at none of the organs the other eye stands alone, under its whole name.
        assert ("scan, low dose" in lines) <= (distant <= {"liver", "brain"})
        signs = [s for s, one in zip(told.symptoms, course.lesions, strict=True) if one.site == "brain"]
        if "scan, brain" in lines:
            assert lines["scan, brain"].begin >= min(signs)
        grown = {one.site for one in course.lesions if one.fate == "grows"}
        brains |= {("scan, brain" in lines, "brain" in grown)}
    assert (False, True) in brains  # a metastasis in the brain that gave no symptoms before a visit has no line


def test_who_is_seen_by_nobody_has_no_lines_of_eyes() -> None:
    course = cascade.cohort(PLAIN, patients=10, seed=1).patient(3)
    assert not any("half seen" in str(line.get_label()) for line in plot.course(course).axes[0].lines)


def test_ten_patients_are_in_order_and_all_there() -> None:
    figure = plot.ten(cohort(), first=20)
    names = [ax.get_label() for ax in figure.axes]
    assert len(names) == TEN
    years = [cohort().patient(int(str(name).split()[1].rstrip(":"))).years for name in names]
    assert years == sorted(years)


def test_both_courses_are_of_who_gains_most() -> None:
    figure = plot.two_courses(both())
    number = both().who[0]
    assert f"patient {number:,}" in told_of(figure)
    one, two = both().patient(number)
    assert [str(ax.get_label()).split(":")[0] for ax in figure.axes] == ["none", "surgery"]
    assert max(line_of(figure.axes[0], "lesion 0").get_xdata()) == pytest.approx(one.years)
    assert one.years < two.years


def test_blood_is_drawn_as_it_was_reported() -> None:
    course = cascade.cohort(TEXTBOOK, patients=10, seed=1).patient(3)
    figure = plot.blood_and_lead(course)
    ax = next(ax for ax in figure.axes if ax.get_label() == "CA125")
    dots = [line for line in ax.lines if line.get_label() in ("_positive", "_negative")]
    visits = [float(line.get_xdata()[0]) for line in dots]
    rows = [row for row in course.laboratory(visits).rows if row.test == "CA125"]
    assert [float(line.get_ydata()[0]) for line in dots] == pytest.approx([row.reported for row in rows])
    assert [line.get_label() == "_positive" for line in dots] == [row.positive for row in rows]


@pytest.mark.parametrize("name", sorted(OF_PATIENTS))
def test_something_else_is_refused_by_name(name: str) -> None:
    for wrong in (3, "surgery", None):
        with pytest.raises(InputError) as error:
            getattr(plot, name)(wrong)
        assert error.value.field == "source"


def test_a_cohort_without_a_look_is_refused() -> None:
    plain = cascade.cohort(PLAIN, patients=10, seed=1)
    for draw in (plot.survival, plot.at_diagnosis, plot.hazard_by_year, plot.incidence_by_site):
        with pytest.raises(InputError, match="care"):
            draw(plain)
    nobody = TEXTBOOK.with_(presentation={"primary": {"per_year": 0.0}, "screening": [], "lesions": {"per_year": 0.0}})
    with pytest.raises(InputError, match="some were diagnosed"):
        plot.survival(cascade.cohort(nobody, patients=10, seed=1, care="none"))
