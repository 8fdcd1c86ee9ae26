"""All figures of all models of the catalogue, in all styles, looked at as far as a machine can."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from matplotlib.figure import Figure

import cascade
from cascade import plot
from cascade.patient.course import course_of
from cascade.plot.look import STYLES
from helpers.inspect import clashes, cut, faint, outside, small, texts_of
from helpers.of_patients import OF_FITS

MODELS = {entry.name: entry.group for entry in cascade.models()}
TYPE = {"paper": 6.0, "screen": 8.6, "slide": 5.7}
"""Points of the smallest type; of a slide those of the fullest figure."""


@cache
def model_of(name: str) -> Any:
    return cascade.load(name)


@cache
def exact(name: str) -> Any:
    return cascade.exact(model_of(name))


@cache
def counted(name: str) -> Any:
    return cascade.simulate(model_of(name), cells=30_000, seed=1)


@cache
def compared(name: str) -> Any:
    model = model_of(name)
    first = model.hazard_names()[0]
    return cascade.compare(model, model.with_(name="changed", scale={first: 0.3}), cells=20_000, seed=1)


@cache
def selected(name: str) -> Any:
    return cascade.selection(model_of(name), cells=20_000, seed=1)


FIGURES: dict[str, Callable[[str, str], Figure]] = {
    "funnel": lambda name, style: plot.funnel(counted(name), style=style),
    "exact funnel": lambda name, style: plot.funnel(exact(name), style=style),
    "both": lambda name, style: plot.funnel(counted(name), exact(name), style=style),
    "funnels": lambda name, style: plot.funnel(
        counted(name), exact(name), labels=["as it was counted", "as it is solved"], style=style
    ),
    "alluvial": lambda name, style: plot.alluvial(exact(name), style=style),
    "counted alluvial": lambda name, style: plot.alluvial(counted(name), style=style),
    "occupancy": lambda name, style: plot.occupancy(counted(name), style=style),
    "living occupancy": lambda name, style: plot.occupancy(counted(name), living=True, style=style),
    "incidence": lambda name, style: plot.incidence(counted(name), style=style),
    "patients": lambda name, style: plot.patients(exact(name), style=style),
    "organs": lambda name, style: plot.organs(exact(name), style=style),
    "counted organs": lambda name, style: plot.organs(counted(name), style=style),
    "body": lambda name, style: plot.body(exact(name), style=style),
    "counted body": lambda name, style: plot.body(counted(name), style=style),
    "arrested body": lambda name, style: plot.body(exact(name), what="arrested", style=style),
    "comparison": lambda name, style: plot.comparison(compared(name), style=style),
    "selection": lambda name, style: plot.selection(selected(name), style=style),
    "elasticities": lambda name, style: plot.elasticities(exact(name), style=style),
}


def can_draw(kind: str, name: str) -> bool:
    """Whether there is such a figure of a model."""
    model = model_of(name)
    if kind == "patients":
        return model.exposure is not None
    if "organs" in kind or "body" in kind:
        return bool(model.sites)
    if kind == "selection":
        return bool(model.frailties)
    if name.startswith("ctc"):
        return "elasticities" not in kind  # of a way that all take
    return True


CASES = [
    (kind, name, style)
    for k, name in enumerate(MODELS)
    for kind in FIGURES
    for style in STYLES
    # On paper all; as screens have the layout of paper and slides are of one size, every fourth model is enough there.
    if (style == "paper" or k % 4 == 0) and can_draw(kind, name)
]


def faults(figure: Figure, style: str) -> dict[str, Any]:
    """All that a machine sees."""
    found = {
        "texts on each other": clashes(figure),
        "cut": cut(figure),
        "small": small(figure, TYPE[style]),
        "faint": faint(figure),
        "outside": outside(figure),
    }
    return {what: which for what, which in found.items() if which}


@pytest.mark.sampled(24, 56)
@pytest.mark.parametrize(("kind", "name", "style"), CASES, ids=lambda part: part)
def test_nothing_is_cut_small_faint_outside_or_on_another(kind: str, name: str, style: str) -> None:
    figure = FIGURES[kind](name, style)
    assert faults(figure, style) == {}
    width, height = figure.get_size_inches() * 25.4
    if style == "paper" and "body" not in kind:
        assert width == pytest.approx(89, abs=0.1) or width == pytest.approx(183, abs=0.1)
    if style == "paper":
        assert width <= 183.1
        assert height <= 247, "a page"
    if style == "slide":
        assert (width, height) == pytest.approx((338.667, 190.5), abs=0.1)
    assert len(plot.alt_text(figure)) > 60


# Figures of patients: of none, few and many lesions, dead and alive.


@cache
def one_of(patient: int, times: float = 1.0, secondary: float = 0.2) -> Any:
    disease = cascade.disease("textbook")
    more = disease.with_(efficiency=times * disease.efficiency, lesions={"secondary": secondary})
    return course_of(more, seed=1, patient=patient)


@cache
def cohort_of(patients: int) -> Any:
    return cascade.cohort(cascade.disease("textbook"), patients=patients, seed=1)


@cache
def exact_disease() -> Any:
    return cascade.exact(cascade.disease("textbook"), traits={})


PATIENTS = {
    "of none, dead": (1,),
    "of none, young": (12,),
    "of one": (0,),
    "of 3": (3,),
    "of 49, dead": (326, 3.0, 1.0),
    "of 171": (13,),
    "of 298, dead": (47, 3.0, 1.0),
    "of 914": (13, 3.0, 1.0),
}
"""Number of a patient, and what is changed of the disease, by the number of founders."""

COHORTS: dict[str, Callable[[str], Figure]] = {
    "few patients": lambda style: plot.number_and_sizes(cohort_of(30), style=style),
    "patients": lambda style: plot.number_and_sizes(cohort_of(5000), style=style),
    "four years": lambda style: plot.number_and_sizes(
        exact_disease(), years=(5, 9, 12, 15), level="established", of="distant", beside=cohort_of(5000), style=style
    ),
    "exact": lambda style: plot.number_and_sizes(exact_disease(), style=style),
    "both": lambda style: plot.number_and_sizes(
        cohort_of(5000), years=(6, 15), of="nodal", beside=exact_disease(), style=style
    ),
    "one year, by size": lambda style: plot.number_and_sizes(cohort_of(5000), years=15, level=5.0, style=style),
}


@cache
def treated(patients: int, times: float = 5.0, care: str = "surgery") -> Any:
    disease = cascade.disease("textbook")
    more = disease.with_(efficiency=times * disease.efficiency)
    return cascade.cohort(more, patients=patients, seed=1, care=care)


@cache
def twice(patients: int) -> Any:
    disease = cascade.disease("textbook")
    more = disease.with_(efficiency=5.0 * disease.efficiency)
    return cascade.compare(more, care=("none", "surgery+hormone"), patients=patients, seed=1)


NET = "freedom from distant metastasis"
FOLLOWED: dict[str, Callable[[str], Figure]] = {
    "course under care": lambda style: plot.course(treated(300, 5.0, "surgery+hormone").patient(16), style=style),
    "course of nobody known": lambda style: plot.course(treated(300).patient(6), style=style),
    "course of many, under care": lambda style: plot.course(treated(300).patient(5), style=style),
    "survival of all": lambda style: plot.survival(treated(3000), style=style),
    "survival of few": lambda style: plot.survival(treated(25), style=style),
    "survival by N": lambda style: plot.survival(treated(3000), end=NET, by="N", style=style),
    "survival by a trait": lambda style: plot.survival(treated(3000), end=NET, by="trait.pace", style=style),
    "survival incidence": lambda style: plot.survival(
        treated(3000), end="cumulative incidence of distant metastasis", seen="true", style=style
    ),
    "at_diagnosis of many": lambda style: plot.at_diagnosis(treated(3000), style=style),
    "at_diagnosis of few": lambda style: plot.at_diagnosis(treated(25, 0.01), style=style),
    "hazard_by_year of many": lambda style: plot.hazard_by_year(treated(3000), style=style),
    "hazard_by_year of few": lambda style: plot.hazard_by_year(treated(25), style=style),
    "hazard_by_year of death": lambda style: plot.hazard_by_year(treated(3000), end="overall survival", style=style),
    "incidence_by_site of many": lambda style: plot.incidence_by_site(treated(3000), style=style),
    "incidence_by_site of few": lambda style: plot.incidence_by_site(treated(25, 0.01), style=style),
    "outcomes of many": lambda style: plot.outcomes(treated(3000), style=style),
    "outcomes of few": lambda style: plot.outcomes(treated(25, 0.01), style=style),
    "saved of many": lambda style: plot.saved(twice(2000), style=style),
    "saved of few": lambda style: plot.saved(twice(20), style=style),
    "two_courses of one": lambda style: plot.two_courses(twice(2000), style=style),
    "ten with care": lambda style: plot.ten(treated(300), style=style),
    "ten without": lambda style: plot.ten(cohort_of(30), style=style),
    "blood_and_lead of one": lambda style: plot.blood_and_lead(one_of(3), style=style),
    "calibrated breast": lambda style: plot.calibrated(cascade.disease("breast"), style=style),
    "calibrated colon": lambda style: plot.calibrated(cascade.disease("colon"), style=style),
    "calibrated with long names": lambda style: plot.calibrated(long_names(), style=style),
}


def long_names() -> cascade.Disease:
    """Breast cancer with a target whose name has two lines, far from what the disease says."""
    breast = cascade.disease("breast")
    assert breast.calibration is not None
    row = breast.calibration.rows[0]
    name = "those who were seen by a physician of the second cohort, with dollars ($) and an unusually long account"
    rows = (row.model_copy(update={"name": name, "simulated": 0.0}), *breast.calibration.rows[12:24])
    return breast.with_(calibration=breast.calibration.model_copy(update={"rows": rows}))


OF_PATIENTS: dict[str, Callable[[str], Figure]] = (
    {
        f"{kind} {which}": lambda style, kind=kind, which=which: getattr(plot, kind)(
            one_of(*PATIENTS[which]), style=style
        )
        for kind in ("course", "seeding_tree")
        for which in PATIENTS
    }
    | {f"number_and_sizes {which}": draw for which, draw in COHORTS.items()}
    | FOLLOWED
)


@pytest.mark.sampled(16, 28)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("which", OF_PATIENTS)
def test_nothing_of_patients_is_cut_small_faint_outside_or_on_another(which: str, style: str) -> None:
    figure = OF_PATIENTS[which](style)
    assert faults(figure, style) == {}
    width, height = figure.get_size_inches() * 25.4
    if style == "paper":
        assert width == pytest.approx(183, abs=0.1)
        assert height <= 247, "a page"
    if style == "slide":
        assert (width, height) == pytest.approx((338.667, 190.5), abs=0.1)
    assert any(
        text.get_text().replace("\n", " ").endswith("never for decisions about a patient.") for text in texts_of(figure)
    )
    assert len(plot.alt_text(figure)) > 60


def test_every_figure_is_tried() -> None:
    patients = {which.split()[0] for which in OF_PATIENTS}
    other = {
        "Picture",
        "alt_text",
        "cause_colours",
        "check_path",
        "film",
        "has_body",
        "save",
        "stage_colours",
        "waterfall",
    }
    assert {kind.split()[-1] for kind in FIGURES} == set(plot.__all__) - other - patients - OF_FITS | {
        "both",
        "funnels",
    }


# Each check sees the fault that it is for.


def blank() -> tuple[Figure, Any]:
    """A figure of one funnel, in which nothing is wrong."""
    figure = FIGURES["exact funnel"]("textbook", "paper")
    assert faults(figure, "paper") == {}
    return figure, figure.axes[0]


def test_a_text_on_another_is_seen() -> None:
    figure, ax = blank()
    x, y = ax.texts[0].get_position()
    ax.text(x, y + 0.1, "again", fontsize=6)
    assert list(faults(figure, "paper")) == ["texts on each other"]


def test_a_text_that_is_cut_is_seen() -> None:
    figure, _ = blank()
    figure.text(0.97, 0.02, "too far", fontsize=6)
    assert "cut" in faults(figure, "paper")


def test_small_type_is_seen() -> None:
    figure, ax = blank()
    ax.texts[0].set_fontsize(5.9)
    assert list(faults(figure, "paper")) == ["small"]


@pytest.mark.parametrize(("colour", "on_a_bar"), [("#808080", False), ("#222222", True)])
def test_a_faint_text_is_seen_on_white_and_on_a_bar(colour: str, on_a_bar: bool) -> None:
    figure, ax = blank()
    bar = max(ax.patches, key=lambda p: p.get_width())
    ax.barh(20, 1, color="#4A2C12")
    ax.set_ylim(22, ax.get_ylim()[1])
    assert faint(figure) == []
    ax.text(
        0.5 if on_a_bar else bar.get_x(),
        20 if on_a_bar else 15,
        "abc",
        color=colour,
        fontsize=6,
        ha="center",
        va="center",
    )
    assert [text for text, _ in faint(figure)] == ["abc"]


@pytest.mark.parametrize("what", ["dot", "bar", "whisker", "curve"])
def test_what_leaves_its_axes_is_seen(what: str) -> None:
    figure, ax = blank()
    low, high = ax.get_xlim()
    if what == "dot":
        ax.plot([high * 1.1], [2], "o")
    elif what == "bar":
        ax.barh(2, high * 1.1)
    elif what == "whisker":
        ax.plot([low, high * 1.01], [2, 2])
    else:
        ax.plot([low, (low + high) / 2, high], [1, -9, 1])
    ax.set_xlim(low, high)
    ax.set_ylim(7, -1.5) if what != "curve" else ax.set_ylim(-1.5, 7)
    found = outside(figure)
    assert bool(found) == (what != "curve")
    if what == "curve":
        ax.set_ylim(-20, 0.5)
        assert outside(figure)


def test_types_of_styles_are_those_of_the_file() -> None:
    assert STYLES["paper"].small == TYPE["paper"]
    assert STYLES["screen"].small == TYPE["screen"]
    assert STYLES["paper"].text == 7.0
    for style in STYLES:
        sizes = {float(t.get_fontsize()) for t in texts_of(FIGURES["exact funnel"]("colon", style))}
        assert min(sizes) == STYLES[style].small
