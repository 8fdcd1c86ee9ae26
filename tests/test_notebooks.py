"""The notebooks: each runs as a script, with sliders set, and as an app in a real browser."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cascade
from helpers.notebooks import FOLDER, NOTEBOOKS, run, shown
from helpers.processes import teaching

pytestmark = pytest.mark.full
pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
pytest.importorskip("anywidget", reason="pip install 'metastatic-cascade[notebooks]'")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_runs_and_teaches(name: str) -> None:
    run(name)
    text = (FOLDER / f"{name}.py").read_text()
    assert text.index("?") < text.index("slider"), "opens with a question"
    for part in ("The number that surprises", "## Things to try", "*Sources.*"):
        assert part in text
    assert "For research and teaching, never for decisions about a patient" in " ".join(text.split())
    for part in ("For the teacher: answers", "**15 minutes**"):
        assert part in text
    for asked in ast.walk(ast.parse(text)):
        if isinstance(asked, ast.FunctionDef) and asked.name != "_":
            assert ast.get_docstring(asked), f"{asked.name}: a question to the package, said in a sentence"
            assert (asked.end_lineno or 0) - asked.lineno <= 15


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_number_that_a_notebook_shows_is_less_than_nothing_by_nothing(name: str) -> None:
    """What rounds to 0 has no sign."""
    signed_zero = re.compile(r"(?<![\w.])[-\u2212+]0(\.0+)?(?=\s?%|[\s|<,;)])")
    assert signed_zero.search("| -0.0% |")
    assert not signed_zero.search("| -0.05% | 1-0 % | e-05 |")
    told = shown(name)[0]
    assert len(told) > 500
    assert not signed_zero.search(told)


def test_there_are_six_to_eight() -> None:
    assert 6 <= len(NOTEBOOKS) <= 8


def test_sliders_change_what_is_said() -> None:
    one = run("1_the_bottleneck", factor=10.0, step="colonization")
    assert one["after"].success > 5 * one["before"].success
    # One of two great hurdles, each halved: about fourfold; hardly anything where few die.
    assert one["gains"]["colonization"] > 3 > 2 > one["gains"]["intravasation"] > one["gains"]["arrest"]
    none, many = (run("2_the_first_bed", held=held, tied=False)["ratio"] for held in (0.0, 0.4))
    assert many > 2 * none
    flow, soil = (run("3_seed_and_soil", cancer_name="breast", weight=w)["organs"] for w in (0.35, 1.0))
    share = [next(row.share for row in table if row.organ == "bone") for table in (flow, soil)]
    assert share[0] != share[1]
    exact = {row.organ: row.share for row in cascade.exact(cascade.load("breast")).organs()}
    assert share[1] == pytest.approx(exact["bone"], rel=1e-9), "all soil is the model itself"
    cloak = run("4_the_cloak", platelets=0.01, killing=1.0)
    assert cloak["pairs"].saved == 0
    assert cloak["pairs"].lost > 20
    assert cloak["gain_without"] == pytest.approx(1.0)
    added, company = (run("5_clusters", power=p, protected=False)["per_cell"][6] for p in (1.0, 3.0))
    assert added == pytest.approx(1.0, abs=0.02)
    assert company > 10
    few, lots = (run("6_chance", cells=n) for n in (10_000, 3_000_000))
    assert sum(n == 0 for n in few["patients"]) > sum(n == 0 for n in lots["patients"])
    assert (
        run("7_reading_an_experiment", day=0.0)["alive"].keys()
        != run("7_reading_an_experiment", day=13.0)["alive"].keys()
    )
    assert 30 <= run("8_exact_and_simulated", number=3000, seed=2)["hits"] <= 40


def deaths_of(model: cascade.Model, step: str) -> list[str]:
    return [f"{s.name}.{death.cause}" for s in model.states if s.stage == step for death in s.deaths]


def test_the_bottleneck_scales_what_its_label_says_and_its_rule_holds() -> None:
    """Odds × 10 divide every death in the states of a step by 10; 1 / (1 - q / 2) is what halving gives, see below.

    A cell that comes into a state, with hazards d of death and m of moves, and comes back to it
    from a move with probability r, dies in it with probability q = d / (d + m (1 - r)).  Halved,
    d / 2 stands for d: its chance to succeed grows by (d + m (1 - r)) / (d / 2 + m (1 - r)).
    """
    model = cascade.load("textbook")
    for step in model.stages:
        changed = run("1_the_bottleneck", factor=10.0, step=step)["after"]
        wanted = cascade.exact(model.with_(scale=dict.fromkeys(deaths_of(model, step), 0.1)))
        assert changed.success == pytest.approx(wanted.success, rel=1e-9)
    said = run("1_the_bottleneck")
    single = {s: [x.name for x in model.states if x.stage == s] for s in model.stages}
    alone = [step for step, names in single.items() if len(names) == 1]
    # One cell in ten thousand goes from the primary into the blood: around breach and intravasation.
    around = {"breach", "intravasation"}
    assert len(alone) == 6
    for step in alone:
        rule = 1.0 / (1.0 - said["dying"][step] / 2.0)
        assert (
            said["gains"][step] == pytest.approx(rule, rel=1e-9) if step not in around else said["gains"][step] < rule
        )
    # The class is told which they are, and that this is why shares that are alike gain otherwise.
    assert set(said["around"]) == {f"*{step}*" for step in around}
    assert said["gains"]["colonization"] > 2.0, "more than one state can"
    assert said["dying"]["circulation"] > 3 * (1 - cascade.exact(model).funnel().rows[3].fraction_of_previous)


def test_the_first_bed_decides_the_order_of_liver_and_lung() -> None:
    """The title: liver first in colon cancer, lung first in breast cancer, in the autopsies and at the fitted share."""
    fitted = run("2_the_first_bed", held=0.1, tied=False)
    assert fitted["seen_per_lung"]["colon"] > 1 > fitted["seen_per_lung"]["breast"]
    assert fitted["per_lung"]["colon"] > 1 > fitted["per_lung"]["breast"]
    assert [fitted["top"][name][0][0] for name in ("colon", "breast")] == ["liver", "lung"]
    for name, sites in fitted["counts"].items():
        assert all(site.found / site.of > 0.1 for site in sites.values()), "both cancers come to both organs"
        # "Half of all cells held" is further from the autopsies than the fitted share, and so is none.
        off = [abs(fitted[k][name] / fitted["seen_per_lung"][name] - 1) for k in ("per_lung", "none_per_lung")]
        assert off[0] < off[1]
        assert off[0] < abs(fitted["half_per_lung"][name] / fitted["seen_per_lung"][name] - 1)
    into = cascade.body.came_in(cascade.exact(cascade.load("colon")).events(), cascade.body.circulation("male"))
    assert into["portal vein"] > 0.95 * sum(into.values()), "nearly all blood of the colon"


@pytest.mark.parametrize("cancer", ["breast", "colon", "lung", "melanoma", "prostate"])
def test_without_soil_only_flow_is_left(cancer: str) -> None:
    flow, soil = (run("3_seed_and_soil", cancer_name=cancer, weight=w) for w in (0.0, 1.0))
    fates = {row.organ: row.colonies / row.extravasated for row in flow["organs"].of_route("blood")}
    assert len(fates) > 15
    assert max(fates.values()) == pytest.approx(min(fates.values()), rel=1e-9), "all soils are alike"
    assert flow["rank"] < soil["rank"], "soil is fitted to the order of the organs"
    assert flow["most"].route != "blood", "what leads of all is not what leads by blood"
    assert soil["most"].route == "lymph"
    sites = {site.name: site for site in flow["full"].sites}
    for organ in ("kidney", "skeletal muscle"):
        # "Much blood is not enough": more blood than bone has, and fewer metastases.
        assert sites[organ].flow > 2 * sites["bone"].flow
        assert sites[organ].found <= sites["bone"].found or cancer == "colon"


def test_every_published_figure_stands_beside_the_models() -> None:
    """By the rules of experiments/luzzi_1998.py."""
    folder = FOLDER.parent / "experiments"
    sys.path.insert(0, str(folder))
    try:
        import luzzi_1998
    finally:
        sys.path.remove(str(folder))
    model = cascade.load("b16f1-liver")
    figures = luzzi_1998.figures(cascade.exact(model))
    wanted = {name: value for name, value in figures.items() if value is not None}
    said = run("7_reading_an_experiment")
    assert said["modelled"] == pytest.approx(wanted, rel=1e-9)
    for row, seen in zip(said["compared"], model.observations, strict=True):
        assert (row["figure"], row["published"]) == (seen.name, seen.value)
        if seen.role == "not available":
            assert (row["role"], row["model"]) == ("not compared", None)
        else:
            assert row["role"] == {"calibrated": "fitted", "predicted": "predicted"}[seen.role]
            assert row["model against published"] == pytest.approx(wanted[seen.name] / seen.value - 1)
    assert len(said["predicted"]) == 1
    assert len(said["fitted"]) + len(said["predicted"]) + len(said["missing"]) == len(model.observations)
    assert said["worst"] < 0.01


def test_what_other_notebooks_say_of_numbers() -> None:
    clusters = cascade.load("clusters")
    said = run("5_clusters", power=1.0, protected=False)
    assert said["whole"] == pytest.approx(3.0, rel=0.01), "cells merely add up"
    assert said["verdict"] == "fewer"
    assert said["rare"] == pytest.approx(sum(part.share for part in clusters.clusters.sizes if part.size > 1))
    low, high = clusters.observations[0].low, clusters.observations[0].high
    assert said["published"].value == pytest.approx((low * high) ** 0.5, rel=0.01), "the middle of what was published"
    for platelets in (0.1, 0.5, 0.9):
        assert run("4_the_cloak", platelets=platelets, killing=1.0)["pairs"].saved == 0, (
            "a lower count never saves a cell"
        )
    assert run("4_the_cloak", platelets=10.0, killing=1.0)["pairs"].saved > 0


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_has_a_figure(name: str) -> None:
    """Drawn with the package, which gives it a text for who cannot see it."""
    told = shown(name)[0]
    pictures = re.findall(r'<img alt="([^"]*)" src="data:image/png', told)
    assert pictures
    assert all(len(text) > 60 for text in pictures)
    assert told.count("<img") == len(pictures)
    assert "pyplot" not in (FOLDER / f"{name}.py").read_text()


def test_two_patients_say_what_chance_allows() -> None:
    """One-sided where one has none: the odds of 0.025 to the power of 1/n (Clopper and Pearson)."""
    for seen, enough in ((3, False), (6, True)):
        sliders = {"seen_slider": SimpleNamespace(value=seen), "exposure_slider": SimpleNamespace(value=0.6)}
        said = run("6_chance", cells=1_000_000, **sliders)
        least = 0.025 ** (1 / seen)
        assert said["ratio"] == pytest.approx(least / (1 - least))
        assert (said["ratio"] > 1) == enough
    assert said["differing"] > said["none"]


def test_the_share_of_colonies_that_clusters_found_is_that_of_the_model() -> None:
    clusters = cascade.load("clusters")
    (effect,) = [e for e in clusters.clusters.effects if e.hazard == "extravasated.metastasis"]
    said = run("5_clusters", power=effect.power, protected=True)
    sizes = cascade.exact(clusters).sizes().rows[-1]
    # Clusters that break found as single cells: what is asked is who was shed together.
    assert said["by_clusters"] > sizes.clusters / (sizes.singles + sizes.clusters)
    assert 0.2 < said["by_clusters"] < 1


MOVED: dict[str, dict[str, Any]] = {
    "1": {"factor": 0.3, "step": "arrest"},
    "2": {"held": 0.2, "tied": True},
    "3": {"cancer_name": "breast", "weight": 0.5},
    "4": {"platelets": 100.0, "killing": 2.0},
    "5": {"power": 2.0, "protected": True},
    "6": {"cells": 300_000},
    "7": {"day": 7.0},
    "8": {"number": 3000, "seed": 5},
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_runs_with_its_sliders_moved(name: str) -> None:
    """How soon a slider is answered is measured in experiments/benchmark.py."""
    assert run(name, **MOVED[name[0]]).keys() >= MOVED[name[0]].keys()


def test_moving_cells_hold_the_replayed_lives() -> None:
    result = cascade.simulate(cascade.load("clusters"), cells=300, seed=3)
    widget = cascade.moving_cells(result, range(50))
    lives = result.replay(range(50))
    units = [unit for history in lives for unit in (history, *history.fragments)]
    assert [[s["state"] for s in life["stays"]] for life in widget.lives] == [[s.state for s in u.stays] for u in units]
    few = cascade.simulate(cascade.load("textbook"), cells=range(30, 80), seed=3)
    assert [life["cell"] for life in cascade.moving_cells(few).lives] == [str(n) for n in range(30, 80)]
    assert [life["cell"] for life in cascade.moving_cells(few, (n for n in (31, 30))).lives] == ["31", "30"]  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="at most 2000"):
        cascade.moving_cells(result, range(2001))
    with pytest.raises(cascade.InputError, match="simulate"):
        cascade.moving_cells(cascade.load("clusters"))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def address(browser: Any) -> Iterator[str]:  # noqa: ARG001
    """The gallery, as ``cascade teach`` starts it."""
    with teaching() as address:
        yield address


# The widget lives in a shadow tree; its element bears the animation.
COUNTS = """(finish) => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  const { motion } = all(document).find((e) => e.motion);
  if (finish) motion.finish();
  return motion.counts();
}"""


def test_a_class_opens_the_gallery_and_moves_a_slider(browser: Any, address: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 2300})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("text=The Bottleneck", timeout=60_000)
    page.goto(f"{address}&file=1_the_bottleneck.py")
    page.wait_for_selector("text=founds a macrometastasis", timeout=60_000)
    before = page.inner_text("text=founds a macrometastasis")
    thumb = page.locator("[role=slider]").first
    thumb.focus()
    thumb.press("Home")
    page.wait_for_function("(old) => !document.body.innerText.includes(old)", arg=before, timeout=20_000)
    after = page.inner_text("text=founds a macrometastasis")
    assert after != before
    assert "detachment \u00d7 0.01" in page.inner_text("body"), "the factor itself"
    # Cells move, and are counted.
    page.wait_for_selector("canvas", timeout=30_000)
    before_it = page.evaluate(COUNTS, False)
    page.click("button:has-text('Play')")
    page.wait_for_function(f"(waiting) => ({COUNTS})(false).waiting < waiting", arg=before_it["waiting"])
    page.screenshot(path=tmp_path / "app.png")
    end = page.evaluate(COUNTS, True)
    assert end["waiting"] + sum(end["alive"]) + sum(sum(d.values()) for d in end["dead"]) == end["cells"] > 0
    assert {url.split("/")[2].partition(":")[0] for url in asked if "//" in url} <= {"127.0.0.1", ""}
    page.close()
