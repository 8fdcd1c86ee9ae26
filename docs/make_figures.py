"""Make the figures that README and guide show, from fixed seeds; with --sheets DIR every figure on contact sheets.

    python docs/make_figures.py
    python docs/make_figures.py --sheets sheets

The sheets are for a person to look at: all figures of the package, in every style, as they are, as somebody without
green or red cones sees them, and in grey.
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

import cascade
from cascade.common.colours import GRID
from cascade.common.sight import MATRICES
from cascade.patient.course import Course, course_of

FOLDER = Path(__file__).parent / "figures"
SEED = 1889
PATIENT = 23
"""Of the figures of one patient."""
OPERATED, CARE = 9477, "surgery+hormone"
"""Of the course that README shows, and what is done for that patient."""


def main() -> None:
    """Draw and save every figure of README and guide."""
    textbook, luzzi = cascade.load("textbook"), cascade.load("b16f1-liver")
    result, exact = cascade.simulate(textbook, cells=10**8, seed=SEED), cascade.exact(textbook)
    liver = cascade.simulate(luzzi, cells=10**7, seed=1998, until=312)
    depleted = textbook.with_(scale={"*.immune killing": 0.2})
    treated = textbook.with_treatments(cascade.treatment("nk-depletion"))
    figures = {
        "funnel": cascade.plot.funnel(result, exact),
        "alluvial": cascade.plot.alluvial(exact),
        "occupancy": cascade.plot.occupancy(liver),
        "incidence": cascade.plot.incidence(result),
        "side-by-side": cascade.plot.funnel(
            result, exact, cascade.exact(depleted), labels=["simulated", "exact", "immune killing x 0.2"]
        ),
        "body": cascade.plot.body(cascade.exact(cascade.load("colon"))),
        "organs": cascade.plot.organs(cascade.simulate(cascade.load("breast"), cells=10**8, seed=SEED)),
        "comparison": cascade.plot.comparison(cascade.compare(textbook, treated, cells=2 * 10**7, seed=SEED)),
        "elasticities": cascade.plot.elasticities(exact, most=10),
        "own-counts": cascade.plot.funnel(
            cascade.Funnel.from_counts({"injected": 1000, "arrested": 870, "extravasated": 800, "grown": 0})
        ),
    }
    disease = cascade.disease("textbook")
    some = cascade.cohort(disease, patients=20_000, seed=SEED)
    figures |= {
        "course": cascade.plot.course(cascade.cohort(disease, patients=10_000, seed=SEED, care=CARE).patient(OPERATED)),
        "seeding-tree": cascade.plot.seeding_tree(some.patient(PATIENT)),
        "number-and-sizes": cascade.plot.number_and_sizes(some, beside=cascade.exact(disease)),
    }
    rich = disease.with_(efficiency=5.0 * disease.efficiency)
    treated = cascade.cohort(rich, patients=20_000, seed=SEED, care="surgery")
    twice = cascade.compare(rich, care=("none", "surgery"), patients=20_000, seed=SEED)
    figures |= {
        "survival": cascade.plot.survival(treated, end="freedom from distant metastasis", by="N"),
        "at-diagnosis": cascade.plot.at_diagnosis(treated),
        "hazard": cascade.plot.hazard_by_year(treated),
        "incidence-by-site": cascade.plot.incidence_by_site(treated),
        "outcomes": cascade.plot.outcomes(treated),
        "ten": cascade.plot.ten(treated),
        "saved": cascade.plot.saved(twice),
        "two-courses": cascade.plot.two_courses(twice),
        "blood-and-lead": cascade.plot.blood_and_lead(some.patient(PATIENT)),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, figure in figures.items():
        cascade.plot.save(figure, FOLDER / f"{name}.png", dpi=130)


# Contact sheets.

SHOWN = {
    "funnel": ("textbook", "colon", "mouse-tail-vein", "clusters", "ctc-mouse"),
    "both": ("textbook", "brain"),
    "funnels": ("textbook", "emt"),
    "alluvial": ("textbook", "colon", "mouse-tail-vein", "b16f1-liver", "ovary"),
    "occupancy": ("textbook", "colon", "b16f1-liver"),
    "incidence": ("textbook", "colon", "mouse-spleen"),
    "organs": ("colon", "breast", "leukemia", "mouse-tail-vein"),
    "body": ("colon", "esophagus", "ovary", "mouse-left-ventricle"),
    "patients": ("colon", "breast"),
    "comparison": ("textbook", "breast"),
    "selection": ("unlike-cells",),
    "elasticities": ("textbook", "colon"),
}
"""Models of each figure on the sheets."""

FOUNDERS = (0, 1, 3, 8, 60, 300)
"""Numbers of founders of the patients on the sheets, or the next that anybody has."""

WIDE, GAP, HEAD, TALL = 2400, 24, 34, 3000
"""Pixels: of a sheet across, between figures, of a name above one, and of a sheet down at most."""


def drawings(style: str) -> Iterator[tuple[str, Callable[[], Figure]]]:
    """Every figure of the sheets, with what it is called."""
    for kind, models in SHOWN.items():
        for name in models:
            yield f"{kind}: {name}, {style}", lambda kind=kind, name=name: _drawn(kind, name, style)
    for founders in FOUNDERS:
        one = patient_with(founders)
        for kind in ("course", "seeding_tree"):
            called = f"{kind}: {len(one.lesions) - 1} founders, {style}"
            yield called, lambda kind=kind, one=one: getattr(cascade.plot, kind)(one, style=style)
    some = cascade.cohort(cascade.disease("textbook"), patients=20_000, seed=SEED)
    exact = cascade.exact(cascade.disease("textbook"), traits={})
    for called, source, beside in (("counted", some, None), ("both", some, exact), ("exact", exact, None)):
        yield (
            f"number_and_sizes: {called}, {style}",
            lambda source=source, beside=beside: cascade.plot.number_and_sizes(source, beside=beside, style=style),
        )


@cache
def patient_with(founders: int) -> Course:
    """The first patient with as many founders or more, of a disease in which metastases seed as tumours do."""
    disease = cascade.disease("textbook")
    seeding = (
        disease.with_(efficiency=3.0 * disease.efficiency, lesions={"secondary": 1.0}) if founders > 8 else disease
    )
    patients = (course_of(seeding, seed=SEED, patient=number) for number in range(2000))
    return next(one for one in patients if founders <= len(one.lesions) - 1 <= 1.3 * founders)


def _drawn(kind: str, name: str, style: str) -> Figure:
    """One of them."""
    model, plot = cascade.load(name), cascade.plot
    if kind == "comparison":
        treated = model.with_treatments(cascade.treatment("nk-depletion"))
        return plot.comparison(cascade.compare(model, treated, cells=2 * 10**6, seed=SEED), style=style)
    if kind == "selection":
        return plot.selection(cascade.selection(model, cells=10**6, seed=SEED), style=style)
    if kind in ("occupancy", "incidence"):
        draw = getattr(plot, kind)
        return draw(cascade.simulate(model, cells=10**6, seed=SEED), style=style)
    exact = cascade.exact(model)
    if kind in ("both", "funnels"):
        counted = cascade.simulate(model, cells=10**6, seed=SEED)
        if kind == "both":
            return plot.funnel(counted, exact, style=style)
        weaker = cascade.exact(model.with_(scale={"*.immune killing": 0.2}))
        return plot.funnel(counted, exact, weaker, labels=["counted", "exact", "killing x 0.2"], style=style)
    draw = getattr(plot, kind)
    return draw(exact, style=style)


def pixels_of(figure: Figure, wide: int) -> Image.Image:
    """A figure, of two columns so many pixels across, and of one in proportion."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=wide / figure.look.width(2))  # type: ignore[attr-defined]
    return Image.open(buffer).convert("RGB")


def as_seen(picture: Image.Image, sight: str) -> Image.Image:
    """A picture as it is, without green or red cones, or in grey."""
    if sight == "all cones":
        return picture
    value = np.asarray(picture) / 255.0
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    grey = np.tile([0.2126, 0.7152, 0.0722], (3, 1))
    light = np.clip(light @ np.array(MATRICES.get(sight, grey)).T, 0.0, 1.0)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.round(255 * value).astype(np.uint8))


def sheets(folder: Path) -> None:
    """All figures on contact sheets, a set for each style and for each who sees."""
    folder.mkdir(parents=True, exist_ok=True)
    for style in ("paper", "slide", "screen"):
        across = (WIDE - 3 * GAP) // 2
        shown = [(called, pixels_of(draw(), across)) for called, draw in drawings(style)]
        for sight in (*MATRICES, "grey"):
            for k, page in enumerate(_pages(shown), start=1):
                as_seen(page, sight).save(folder / f"{style}-{sight.replace(' ', '-')}-{k}.png")


def _pages(shown: list[tuple[str, Image.Image]]) -> Iterator[Image.Image]:
    """Two columns of figures, each under its name, on pages of a height."""
    columns: list[list[tuple[str, Image.Image]]] = [[], []]
    heights = [GAP, GAP]
    for called, picture in shown:
        side = heights.index(min(heights))
        if heights[side] + HEAD + picture.height + GAP > TALL and max(heights) > GAP:
            yield _page(columns, max(heights))
            columns, heights, side = [[], []], [GAP, GAP], 0
        columns[side].append((called, picture))
        heights[side] += HEAD + picture.height + GAP
    yield _page(columns, max(heights))


def _page(columns: list[list[tuple[str, Image.Image]]], height: int) -> Image.Image:
    """One page."""
    page = Image.new("RGB", (WIDE, height), GRID)
    pen = ImageDraw.Draw(page)
    for side, column in enumerate(columns):
        x, y = GAP + side * (WIDE - GAP) // 2, GAP
        for called, picture in column:
            pen.text((x, y), called, fill="black", font_size=22)
            page.paste(picture, (x, y + HEAD))
            y += HEAD + picture.height + GAP
    return page


STILLS = (
    ("page", "textbook", "film=shown", 9.0),
    ("lesson-body", "colon", "film=shown&scene=3", None),
    ("lesson-patient", "breast", "patient=s", None),
)
"""Name, model (or disease), address and second of the film of each picture of a lesson."""


def stills() -> None:
    """Pictures of lessons, in a real browser (extra ``browser``, and Chromium)."""
    from playwright.sync_api import sync_playwright

    from cascade.lessons.page import write_lesson
    from cascade.patient.taught import patient_lesson
    from cascade.runs.taught import lesson

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, of, address, second in STILLS:
            data = patient_lesson(of) if name == "lesson-patient" else lesson(cascade.load(of))
            path = write_lesson(data, FOLDER / "page.html")
            # The page forbids what the wait below does: to evaluate text.
            page = browser.new_page(viewport={"width": 1280, "height": 860}, bypass_csp=True, reduced_motion="reduce")
            page.goto(f"file://{path.resolve()}#{address}")
            page.wait_for_timeout(2000)
            if second is not None:
                page.wait_for_function("cascade.lesson.scenes[0].scene.stage.cells.ready", timeout=60_000)
                page.evaluate("(t) => cascade.lesson.scenes[0].scene.stage.seek(t)", second)
            page.screenshot(path=FOLDER / f"{name}.png")
            path.unlink()
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheets", type=Path, metavar="DIR", help="all figures on contact sheets, into this folder")
    parser.add_argument("--no-stills", action="store_true", help="no pictures of the page, which need a browser")
    options = parser.parse_args()
    if options.sheets:
        sheets(options.sheets)
    else:
        main()
        if not options.no_stills:
            stills()
