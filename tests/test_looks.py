"""Colours by name: told apart by all who see them, blue for what lives alone, and one file that says them."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.markers import MarkerStyle

import cascade
from cascade.common import colours
from cascade.common.colours import (
    ALIVE_COLOUR,
    CAUSES,
    LOOKS,
    ORGANS,
    SITES,
    cause_colour,
    cause_colours,
    organ_mark,
    organ_of,
    stage_colours,
)
from cascade.common.sight import SIGHTS, contrast, dark, distance, oklab, on, seen
from helpers.seen import apart, lab

APART = 0.065
"""Least distance in OKLab of two causes, or two organs, to everybody: some 0.02 can be told apart side by side."""

OWN = [f"cause {k}" for k in range(300)] + ["hunger", "старость", "x" * 400, "", "immune Killing"]
SOURCE = Path(cascade.__file__).parent
MODELS = [entry.name for entry in cascade.models()]


def test_every_colour_has_its_contrast_on_white() -> None:
    for colour in (*CAUSES.values(), *(look["colour"] for look in ORGANS.values()), ALIVE_COLOUR, colours.QUIET):
        assert contrast(colour) >= 3.0, colour
    assert contrast(colours.INK) > 12
    assert contrast(colours.QUIET) >= 4.5, "second texts"


def test_causes_are_apart_from_each_other_and_from_life_to_everybody() -> None:
    for one, two in combinations(CAUSES, 2):
        assert distance(CAUSES[one], CAUSES[two]) >= APART, (one, two)
    for cause, colour in CAUSES.items():
        assert distance(colour, ALIVE_COLOUR) >= 0.13, cause


def test_no_cause_is_bluish_to_anybody() -> None:
    """Beyond the threshold a grey begins to look blue; what lives is far on the other side."""
    for sight in SIGHTS:
        assert all(oklab(colour, sight)[2] >= -0.03 for colour in CAUSES.values())
        assert oklab(ALIVE_COLOUR, sight)[2] < -0.1


def test_organs_are_apart_by_colour_and_each_has_a_mark_of_its_own() -> None:
    for one, two in combinations(ORGANS, 2):
        if "primary" not in (one, two) and distance(ORGANS[one]["colour"], ORGANS[two]["colour"]) < APART:
            raise AssertionError((one, two))
    marks = {organ: look["mark"] for organ, look in ORGANS.items() if organ != "primary"}
    assert len(set(marks.values())) == len(marks) == 12
    assert all(MarkerStyle(mark).get_path().vertices.size for mark in marks.values())


def test_every_site_and_cause_of_the_catalogue_is_mapped_by_name() -> None:
    sites, causes = set(), set()
    for name in MODELS:
        model = cascade.load(name)
        sites |= {site.name for site in model.sites}
        causes |= {death.cause for state in model.states for death in state.deaths}
    assert len(sites) > 70
    assert sorted(site for site in sites if organ_of(site) is None) == []
    assert sorted(site for site in SITES if site not in sites) == []
    known = {*CAUSES, *LOOKS["cause_of"]}
    assert causes == known
    assert set(SITES.values()) | {"primary"} == set(ORGANS)


@pytest.mark.parametrize("name", MODELS)
def test_no_two_causes_of_a_model_have_the_same_colour(name: str) -> None:
    causes = list(dict.fromkeys(death.cause for state in cascade.load(name).states for death in state.deaths))
    drawn = cause_colours(causes)
    assert len(set(drawn.values())) == len(causes)


def test_a_name_of_ones_own_has_a_colour_of_its_own_whatever_stands_beside_it() -> None:
    for name in OWN:
        colour = cause_colour(name)
        assert cause_colours(["first", name, "last"])[name] == cause_colours([name])[name] == colour
        assert contrast(colour) >= 3.0
        assert distance(colour, ALIVE_COLOUR) >= 0.13
        assert all(oklab(colour, sight)[2] >= -0.03 for sight in SIGHTS)
        look = organ_mark(f"my {name}")
        assert contrast(look.colour) >= 3.0
        assert distance(look.colour, ALIVE_COLOUR) >= 0.13
        assert MarkerStyle(look.mark).get_path() is not None
    # Nearly all differ: colours of letters, not of a short list.
    assert len({cause_colour(name) for name in OWN}) > 0.98 * len(OWN)
    assert len({organ_mark(f"my {name}").mark for name in OWN}) > 8


def test_steps_have_the_colour_of_what_lives() -> None:
    assert set(stage_colours(["one", "two", "arrest"]).values()) == {ALIVE_COLOUR}


def test_sight_agrees_with_another_reckoning() -> None:
    """CIE L*a*b* and its own matrices: the same colours are near, the same are far."""
    pairs = [(CAUSES[a], CAUSES[b]) for a, b in combinations(CAUSES, 2)]
    for sight in ("all cones", "deuteranopia"):
        for one, two in pairs:
            ok = sum((x - y) ** 2 for x, y in zip(oklab(one, sight), oklab(two, sight), strict=True)) ** 0.5
            assert 0.4 < ok / (apart(one, two, sight) / 230) < 2.5, (one, two, sight)
    assert lab(seen("#E2615F", "grey"))[1] == pytest.approx(0.0, abs=0.5)
    for own in (*CAUSES.values(), ALIVE_COLOUR):
        assert seen(own, "all cones") == own
        assert lab(seen(own, "deuteranopia")) == pytest.approx(lab(own, "deuteranopia"), abs=0.6)


def test_oklab_has_the_published_values() -> None:
    """Ottosson 2020: white is (1, 0, 0); pure red 0.628, 0.225, 0.126."""
    assert oklab("#FFFFFF") == pytest.approx((1.0, 0.0, 0.0), abs=1e-4)
    assert oklab("#FF0000") == pytest.approx((0.62796, 0.22486, 0.12585), abs=2e-4)


def test_text_is_darkened_until_it_can_be_read_and_no_further() -> None:
    for colour in (*CAUSES.values(), *(look["colour"] for look in ORGANS.values())):
        text = dark(colour)
        assert contrast(text) >= 4.5
        assert text == colour or contrast(text) < 5.0
    for colour in (*CAUSES.values(), *map(cause_colour, OWN)):
        assert contrast(on(colour), colour) >= 4.5, "what is written in a bar"


def test_colours_too_near_or_too_blue_would_be_seen() -> None:
    assert distance("#BE8322", "#B3640A") > APART > distance("#485F0E", "#8C2D04")  # green and rust without red cones
    assert oklab("#781852", "protanopia")[2] < -0.03  # a violet that is blue to whom red cones lack


def test_no_other_file_says_a_colour_by_its_number() -> None:
    """Figures, page, experiments, notebooks and guide read looks.toml; white and black alone may be written down."""
    found = []
    folders = [SOURCE, *(Path(__file__).parents[1] / name for name in ("experiments", "notebooks", "docs"))]
    endings = (".py", ".css", ".js", ".html")
    paths = [path for folder in folders for path in folder.rglob("*") if path.suffix in endings]
    paths = [path for path in paths if "_generated" not in path.parts]  # what the guide's build has written there
    assert {"organotropism.py", "make_figures.py", "1_the_bottleneck.py", "lesson.css"} <= {path.name for path in paths}
    for path in sorted(paths):
        code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        numbers = re.findall(r"#[0-9A-Fa-f]{6}\b|(?<=[ :(])#[0-9A-Fa-f]{3}\b", code)
        plain = ("#FFFFFF", "#FFF", "#000000")
        found += [(path.name, n) for n in numbers if n.upper() not in plain]
    assert found == []
