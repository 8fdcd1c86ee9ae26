"""What README, the guide and the descriptions say in numbers, against what the package has."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.body import cancer_names
from cascade.cli.teaching import notebooks_folder
from cascade.model import Model
from helpers.guide import read

ROOT = Path(__file__).parent.parent
GUIDE = {path.name: read(path) for path in (ROOT / "docs").rglob("*.md")}
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
EVERY = [README, *GUIDE.values()]
NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
           "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]  # fmt: skip


def numbers_before(noun: str) -> list[int]:
    """What README and the guide say there is of something, in words."""
    said = [word for text in EVERY for word in re.findall(rf"\b(\w+) {noun}", text)]
    return [NUMBERS.index(word.lower()) for word in said if word.lower() in NUMBERS]


def description(name: str) -> str:
    return " ".join(cascade.load(name).description.split())


@pytest.mark.parametrize(
    ("noun", "there_are"),
    [
        ("cancers of the catalogue", len(cancer_names())),
        ("treatments of the catalogue", len(cascade.treatments())),
        ("notebooks", len(list(notebooks_folder().glob("*.py")))),
    ],
)
def test_things_are_counted_right(noun: str, there_are: int) -> None:
    said = numbers_before(noun)
    assert said
    assert set(said) == {there_are}


def test_a_page_has_the_size_that_is_said(tmp_path: Path) -> None:
    (said,) = re.findall(r"one page of less than (\d+) kB", README)
    sizes = [
        cascade.simulate(cascade.load(name), cells=1000, seed=1).to_html(tmp_path / "t.html").stat().st_size / 1000
        for name in ("textbook", "colon")
    ]
    assert 0.7 * float(said) < max(sizes) < float(said)


def liver_per_lung(name: str) -> tuple[float, float]:
    """Metastases in the liver for one in the lung: in the autopsies, and colonies of the model."""
    model = cascade.load(name)
    found = {site.name: site.found for site in model.sites}
    rows = {row.organ: row.colonies for row in cascade.exact(model).organs()}
    return found["liver"] / found["lung"], rows["liver"] / rows["lung"]


def test_the_first_bed_leaves_its_mark() -> None:
    assert "the liver before the lung in colon cancer, the lung before the liver in breast cancer" in README
    assert min(liver_per_lung("colon")) > 1 > max(liver_per_lung("breast"))


def test_no_page_asks_why_a_cancer_spares_what_it_reaches() -> None:
    """Breast cancer comes to the liver in half of the autopsies."""
    texts = [*EVERY, *(p.read_text(encoding="utf-8") for p in notebooks_folder().glob("*.py"))]
    for name in cancer_names():
        sites = {s.name: s.found / s.of for s in cascade.load(name).sites if s.found is not None and s.of}
        for text in texts:
            for organ in re.findall(rf"{name} cancer (?:does not go to|not to|spares) the (\w+)", text):
                assert sites.get(organ, 0.0) < 0.05
    assert not any("breast cancer not?" in text for text in texts)


def test_what_descriptions_say_of_states_and_traits() -> None:
    textbook, unlike = cascade.load("textbook"), cascade.load("unlike-cells")
    assert f"in {NUMBERS[len(textbook.states)]} states" in description("textbook")
    passed = {row.step: row.fraction_of_previous for row in cascade.exact(textbook).funnel()}
    heavy = {"detachment", "breach", "intravasation", "colonization"}
    assert min(passed["circulation"], passed["arrest"]) > 0.85
    assert all(passed[step] < 0.25 for step in heavy)
    assert f"{NUMBERS[len(unlike.frailties)]} traits" in description("unlike-cells")
    assert unlike.correlations
    largest = max(part.size for part in cascade.load("clusters").clusters.sizes)
    assert f"clusters of up to {NUMBERS[largest]}" in description("clusters")


def test_half_lives_differ_sixtyfold() -> None:
    hours = {name: 1.0 / sum(h for _, _, h in cascade.load(name).hazards()) for name in ("ctc-mouse", "ctc-patient")}
    assert "differ about sixtyfold" in " ".join(cascade.load("ctc-mouse").limits.split())
    assert hours["ctc-patient"] / hours["ctc-mouse"] == pytest.approx(60, rel=0.05)


def test_most_cells_that_leave_are_mesenchymal_or_half_so_and_turn_back() -> None:
    assert description("emt").startswith("Most cells that leave the primary have become mesenchymal or half so")
    model = cascade.load("emt")
    leaving, late = Counter[str](), Counter[str]()
    for life in cascade.replay(model, seed=1, cells=range(8000)):
        for stays, states in ((leaving, ("detached",)), (late, ("extravasated",))):
            stays.update([stay.level for stay in life.stays if stay.state in states][-1:])
    assert leaving.total() > 1000
    changed = (leaving["mesenchymal"] + leaving["hybrid"]) / leaving.total()
    assert changed > 0.5
    assert leaving["mesenchymal"] > max(leaving["hybrid"], leaving["epithelial"])
    assert late["epithelial"] / late.total() > leaving["epithelial"] / leaving.total()


ACTS = {
    "anti-adhesion": {"arrest"},
    "anti-angiogenic": {"colonization"},
    "anticoagulant": {"arrest"},
    "antiplatelet": {"circulation", "arrest", "extravasation"},
    "chemotherapy": {"colonization"},
    "exercise": {"circulation", "arrest"},
    "hormone": {"colonization"},
    "mmp-inhibitor": {"breach", "colonization"},
    "nk-boost": {"circulation", "arrest", "extravasation"},
    "nk-depletion": {"circulation", "arrest", "extravasation"},
    "radiotherapy": {"detachment"},
    "targeted": {"colonization"},
}
"""In the states of which steps a treatment acts, as its description says."""


def test_treatments_act_where_their_descriptions_say() -> None:
    model = cascade.load("textbook")
    stage = {state.name: state.stage for state in model.states}
    for entry in cascade.treatments():
        effects = cascade.treatment(entry.name).effects
        touched = {n.split(".")[0] for e in effects for k in model.hazard_table.matching(e.hazard)
                   for n in [model.hazard_names()[k]]}  # fmt: skip
        assert {stage[name] for name in touched} == ACTS.get(entry.name, set()), entry.name
    assert "seeding" not in cascade.treatment("mmp-inhibitor").description


def fitted_again(model: Model, names: list[str], start: list[float], luzzi: Any) -> Model:
    """The model with four hazards fitted to the four figures."""
    from scipy.optimize import least_squares

    targets = [o for o in model.observations if o.role == "calibrated"][:4]

    def with_these(logs: Any) -> Model:
        return model.with_(hazards=dict(zip(names, map(float, np.exp(logs)), strict=True)))

    def distance(logs: Any) -> list[float]:
        got = luzzi.figures(cascade.exact(with_these(logs)))
        return [float(np.log(got[t.name] / t.value)) for t in targets]

    solved = least_squares(distance, np.log(start), xtol=1e-10, ftol=1e-10)
    assert solved.cost < 1e-3
    return with_these(solved.x)


def test_what_b16f1_would_be_with_other_hazards() -> None:
    """Its description and limits: what constant hazards would do by day 3, a faster extravasation by day 5."""
    sys.path.insert(0, str(ROOT / "experiments"))
    try:
        import luzzi_1998
    finally:
        sys.path.remove(str(ROOT / "experiments"))
    model = cascade.load("b16f1-liver")
    old = {name: value for name, _, value in model.hazards()}
    three = ["lodged.extravasated", "extravasated.micrometastasis", "dormant.death of dormant cells"]
    assert "would put half of the macroscopic tumours on day 3" in description("b16f1-liver")
    states = [
        {**s.model_dump(), "phases": 1, "moves": [{**m.model_dump(), "hazard": m.hazard / s.phases} for m in s.moves]}
        for s in model.states
    ]
    start = [*(old[name] for name in three), 1e-4]
    flat = fitted_again(model.with_(states=states), [*three, "micrometastasis.macrometastasis"], start, luzzi_1998)
    early = cascade.exact(flat).occupancy([72.0, 312.0])["macrometastasis"]
    assert early[0] / early[1] == pytest.approx(0.5, abs=0.05)
    (share,) = re.findall(r"([\d.]+) % of the macrometastases would exist on day 5", " ".join(model.limits.split()))
    start = [1.6 * old[three[0]], *(old[name] for name in (*three[1:], "micrometastasis.regression"))]
    fast = fitted_again(model, [*three, "micrometastasis.regression"], start, luzzi_1998)
    assert "an extravasation of 0.127 per hour" in " ".join(model.limits.split())
    assert {n: h for n, _, h in fast.hazards()}[three[0]] == pytest.approx(0.127, abs=5e-4)
    early = cascade.exact(fast).occupancy([120.0, 312.0])["macrometastasis"]
    assert 100 * early[0] / early[1] == pytest.approx(float(share), abs=0.05)


ORDER = {  # disagreements of guides and autopsies: what stands behind what
    "lung": ("brain", ["adrenal", "liver", "bone", "kidney"]),
    "uterus": ("omentum", ["peritoneum", "ovaries", "vagina"]),
}


def test_where_guides_and_autopsies_disagree() -> None:
    for name in cancer_names():
        cancer = cascade.body.cancer(name)
        assert bool(cancer.disagreements) == (name in ORDER)
        if name in ORDER:
            last, before = ORDER[name]
            sites = {site.name: site.found for site in cascade.load(name).sites}
            (text,) = cancer.disagreements
            assert f"behind {', '.join(before[:-1])} and {before[-1]}" in text
            assert all(sites[organ] > sites[last] for organ in before)


LEADS = {  # where the colonies of a cancer are, as its description says: routes, and the bed that holds most
    "cervix": ({"direct growth", "lymph"}, {"lung"}),
    "liver": ({"direct growth"}, {"lung"}),
    "mouth_throat": ({"direct growth", "lymph"}, {"lung"}),
    "ovary": ({"peritoneum"}, set()),
}


@pytest.mark.parametrize("name", LEADS)
def test_descriptions_say_by_which_route_most_colonies_come(name: str) -> None:
    wanted, beds = LEADS[name]
    table = cascade.exact(cascade.load(name)).organs()
    shares = {route: sum(row.share for row in table.of_route(route)) for route in {row.route for row in table}}
    assert sum(shares[route] for route in wanted) >= 0.5
    most = max(table.of_route("blood"), key=lambda row: row.arrested).organ
    assert most in beds or not beds
