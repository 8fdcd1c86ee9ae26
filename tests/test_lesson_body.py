"""The body of a lesson: every site has its place, and picture and table say what the package computes."""

from __future__ import annotations

import itertools
import json
import math
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.common.shares import percent
from cascade.model import Model
from cascade.web.anatomy import APART, anatomy, bodies, outline_of, within
from cascade.web.modules import IMPORT, module, needed
from cascade.web.page import payload

WEB = files("cascade.web")
NAMES = [*cascade.body.cancer_names(), *cascade.body.injection_names()]
OWN = Model(
    name="own",
    stages=["way"],
    states=[
        {"name": "start", "stage": "way", "moves": [{"to": site, "hazard": hazard} for site, hazard in
                                                    (("left lung", 0.2), ("lung", 0.3), ("Atlantis", 0.1))],
         "deaths": [{"cause": "lost", "hazard": 0.4}]},
        *({"name": site, "absorbing": True, "site": site, "landmark": "colony"}
          for site in ("left lung", "lung", "Atlantis")),
    ],
    sites=[{"name": site, "route": "a road of my own"} for site in ("left lung", "lung", "Atlantis")],
)  # fmt: skip


def texts_in(lang: str) -> dict[str, Any]:
    return tomllib.loads((WEB / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))


def picture(model: Model) -> dict[str, Any]:
    drawn = anatomy(model)
    assert drawn is not None
    return drawn


@pytest.mark.parametrize("name", NAMES)
def test_every_site_has_a_place_of_its_own_inside_the_body(name: str) -> None:
    model = cascade.load(name)
    drawn = picture(model)
    inside = outline_of(bodies()[drawn["animal"]])
    assert [site["name"] for site in drawn["sites"]] == [site.name for site in model.sites]
    at = [site["at"] for site in drawn["sites"]]
    assert None not in at
    left, top, wide, high = drawn["view"]
    for x, y in at:
        assert within(inside, (x, y))
        assert left < x < left + wide
        assert top < y < top + high
    assert drawn["origin"] is not None
    points = [*at, drawn["origin"][:2]]
    assert min(math.dist(a, b) for a, b in itertools.combinations(points, 2)) >= APART - 0.1


@pytest.mark.parametrize("name", NAMES)
def test_places_and_colonies_are_those_of_the_data(name: str) -> None:
    """No site of the catalogue has had to give way to another; every colony belongs to a site of the picture."""
    model, known = cascade.load(name), bodies()
    drawn = picture(model)
    places = known[drawn["animal"]]["places"] | {
        site: at
        for own in ("female", name)
        if own == name or (name in cascade.body.cancer_names() and cascade.body.cancer(name).sex == own)
        for site, at in known["human"].get(own, {}).items()
    }
    assert {site["name"]: list(site["at"]) for site in drawn["sites"]} == {s.name: places[s.name] for s in model.sites}
    colonies = [state for site in drawn["sites"] for state in site["colonies"]]
    assert sorted(colonies) == sorted(state.name for state in model.states if state.landmark == "colony")
    assert all(site["roads"] and site["colonies"] for site in drawn["sites"])


def test_roads_are_those_by_which_cells_come_first() -> None:
    def to(name: str, site: str) -> list[str]:
        return next(one["roads"] for one in picture(cascade.load(name))["sites"] if one["name"] == site)

    assert to("colon", "liver") == ["portal vein", "arteries"]
    assert to("breast", "liver") == ["arteries"]
    assert to("colon", "lung") == ["veins"]
    assert to("prostate", "bone") == ["vertebral plexus", "arteries"]
    assert to("mouse-spleen", "liver") == ["splenic vein", "arteries"]
    assert to("ovary", "omentum") == ["peritoneum"]
    kinds = {name: {kind for kind, *_ in picture(cascade.load(name))["roads"]} for name in ("colon", "lung", "brain")}
    assert kinds["colon"] == {"portal", "vein", "artery", "lymph", "other"}
    assert "portal" not in kinds["lung"]
    assert "lymph" not in kinds["brain"]


def test_a_site_that_nobody_has_placed() -> None:
    at = {site["name"]: site["at"] for site in picture(OWN)["sites"]}
    assert list(at["lung"]) == bodies()["human"]["places"]["lung"]
    assert APART <= math.dist(at["lung"], at["left lung"]) < 3 * APART
    assert at["Atlantis"] is None
    assert anatomy(cascade.load("textbook")) is None


def test_texts_are_the_same_in_both_languages() -> None:
    english, german = (texts_in(lang)["body"] for lang in ("en", "de"))
    assert list(english) == list(german)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", german[key]))
    code = "".join(module(name) for name in needed("bodyscene.js"))
    used = set(re.findall(r'"body\.(\w+)"', code)) | {"alt_human", "alt_animal", "site", "road", "share", "cells"}
    assert used == set(english)


COLOURS = """--paper: #fff; --stage: #f6f7f9; --ink: #15202b; --quiet: #5b6675; --grid: #d9dde2; --band: #eef0f3;
    --alive: #0a5fd0; --passed: #5b6675;"""


@cache
def scripts() -> str:
    names = dict.fromkeys(name for entry in ("model.js", "texts.js", "bodyscene.js") for name in needed(entry))
    return "".join(re.sub(r"^export ", "", IMPORT.sub("", module(name)), flags=re.MULTILINE) for name in names)


def page_of(model: Model, where: Path, *, lang: str = "en", until: float | None = None) -> Path:
    """A page with the scene alone."""
    data = json.dumps({"model": payload(model, seed=1, until=until), "anatomy": anatomy(model)})
    texts = json.dumps({"lang": lang, "terms": {}, "texts": texts_in(lang)})
    style = (WEB / "bodyscene.css").read_text(encoding="utf-8")
    where.write_text(f"""<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>scene</title>
        <meta name="viewport" content="width=device-width, initial-scale=1"><style>
        :root {{ {COLOURS} font-size: 17px; }} * {{ box-sizing: border-box; }}
        body {{ margin: 0; padding: 16px; font: 1rem/1.4 sans-serif; }}
        {style}</style><main id="host"></main><script>(() => {{ "use strict"; {scripts()}
        const data = {data}, host = document.querySelector("#host"), model = new Model(data.model);
        const scene = new BodyScene(host, data, speaker({texts}));
        Object.assign(window, {{ scene, model, segmentsCross }});
        scene.update(model.exact()); scene.shown(true); }})();</script></html>""", encoding="utf-8")  # fmt: skip
    return where


ROWS = """() => Object.fromEntries([...document.querySelectorAll("tr[data-site]")].map((row) =>
    [row.dataset.site, [...row.querySelectorAll("[data-value]")].map((cell) => Number(cell.dataset.value))]))"""
DISCS = """() => Object.fromEntries([...scene.drawing.circles].map(([site, circle]) =>
    [site.name, Number(circle.getAttribute("r"))]))"""


DISCS_AT_THE_END = f"() => {{ scene._finish(); return ({DISCS})(); }}"
# Pictures follow at once, and each look at the clock takes so many milliseconds.
LATE_PICTURES = f"""(late) => {{
  const [now, next] = [performance.now, window.requestAnimationFrame];
  let time = 1000, waiting = null;
  performance.now = () => time += late;
  window.requestAnimationFrame = (frame) => {{ waiting = frame; return 1; }};
  scene.visible = true;
  scene.grow();
  const first = document.querySelectorAll(".body-rider").length;
  for (let frame = waiting; frame; frame = waiting) {{ waiting = null; frame(time); }}
  [performance.now, window.requestAnimationFrame] = [now, next];
  if (!first) throw new Error("nobody is on the way");
  return [document.querySelectorAll(".body-rider").length, ({DISCS})()];
}}"""


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens the scene of a model, by default where nothing moves; complaints of the browser fail the test."""
    contexts, complaints = [], []

    def open_page(model: Model, width: int = 1280, *, motion: str = "reduce", **how: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 800}, reduced_motion=motion))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"file://{page_of(model, tmp_path / 'scene.html', **how)}")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def organs(model: Model, until: float | None = None) -> dict[str, list[float]]:
    """Shares of all colonies and of all cells, by site, as the package computes them."""
    return {row.organ: [row.share, row.colonies] for row in cascade.exact(model, until=until).organs(1.0)}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["colon", "ovary", "mouse-spleen", "leukemia"])
def test_table_and_discs_say_what_the_package_computes(name: str, opened: Any) -> None:
    model = cascade.load(name)
    page = opened(model)
    if page.query_selector(".body-rest button"):
        page.click(".body-rest button")
    wanted, rows = organs(model), page.evaluate(ROWS)
    assert set(rows) == set(wanted)
    for site, numbers in wanted.items():
        assert rows[site] == pytest.approx(numbers, rel=1e-9, abs=0.0)
    shares = [share for share, _ in rows.values()]
    assert shares == sorted(shares, reverse=True)
    discs = page.evaluate(DISCS)
    whole = page.evaluate("scene.drawing.radius(1)")
    seen = {site: share for site, (share, _) in wanted.items() if whole * math.sqrt(share) > 2.0}
    assert seen
    for site, share in seen.items():
        assert discs[site] ** 2 == pytest.approx(whole**2 * share, rel=0.02)
    shown = {site: page.inner_text(f'tr[data-site="{site}"] .body-number') for site in wanted}
    assert shown == {site: percent(share) for site, (share, _) in wanted.items()}


def test_a_slider_and_an_end_change_the_table(opened: Any) -> None:
    page = opened(OWN, until=2.0)
    assert sum(colonies for _, colonies in organs(OWN, 2.0).values()) < 0.55
    for site, numbers in organs(OWN, 2.0).items():
        assert page.evaluate(ROWS)[site] == pytest.approx(numbers, rel=1e-9)
    model = cascade.load("colon")
    page = opened(model)
    step = len(model.stages) - 1
    page.evaluate(f"model.scaleDeaths({step}, 3); scene.restore('all'); scene.update(model.exact())")
    stage = {state.name: state.stage for state in model.states}
    more = {n: 3.0 for n, part, _ in model.hazards() if hasattr(part, "cause")
            and stage[n.partition(".")[0]] == model.stages[step]}  # fmt: skip
    for site, numbers in organs(model.with_(scale=more)).items():
        assert page.evaluate(ROWS)[site] == pytest.approx(numbers, rel=1e-9)


def test_an_own_model_lists_what_has_no_place(opened: Any) -> None:
    page = opened(OWN, lang="de")
    assert "Atlantis 16,7 %" in page.inner_text(".body-elsewhere")
    assert page.evaluate(ROWS)["Atlantis"] == pytest.approx([1 / 6, 0.1])
    page = opened(cascade.load("colon"))
    assert not page.is_visible(".body-elsewhere")


LABELS = """() => {
  const leaders = [...document.querySelectorAll(".body-leader")].map((path) =>
    path.getAttribute("d").slice(1).split("L").map((point) => point.split(" ").map(Number)));
  const boxes = [...document.querySelectorAll(".body-labels text")].map((text) => text.getBoundingClientRect());
  const frame = document.querySelector(".body-svg").getBoundingClientRect();
  const pairs = boxes.flatMap((_, i) => boxes.slice(i + 1).map((_, j) => [i, i + 1 + j]));
  return {
    number: boxes.length,
    crossed: pairs.filter(([i, j]) => segmentsCross(leaders[i], leaders[j])).length,
    overlaid: pairs.filter(([i, j]) => boxes[i].left < boxes[j].right && boxes[j].left < boxes[i].right &&
      boxes[i].top < boxes[j].bottom - 1 && boxes[j].top < boxes[i].bottom - 1).length,
    outside: boxes.filter((box) => box.left < frame.left || box.right > frame.right || box.top < frame.top ||
      box.bottom > frame.bottom).length,
    wide: document.documentElement.scrollWidth,
    small: [...document.querySelectorAll("button")].filter((button) => !button.hidden &&
      button.getBoundingClientRect().height < 44).length,
  };
}"""


@pytest.mark.sampled(4)
@pytest.mark.parametrize("width", [1280, 400, 320, 1920])
@pytest.mark.parametrize("name", ["esophagus", "mouse-tail-vein", "pancreas", "cervix", "brain"])
def test_labels_stand_apart_and_their_leaders_never_cross(name: str, width: int, opened: Any) -> None:
    found = opened(cascade.load(name), width).evaluate(LABELS)
    assert found.pop("number") >= (6 if width < 600 else 11)
    assert found == {"crossed": 0, "overlaid": 0, "outside": 0, "wide": width, "small": 0}


def test_colonies_grow_again_unless_motion_is_not_wanted(opened: Any) -> None:
    page = opened(cascade.load("colon"), motion="no-preference")
    page.bring_to_front()
    # At once: on a busy machine the animation is over before another question is asked.
    begun = page.evaluate(f"() => {{ document.querySelector('.body-again').click(); return ({DISCS})(); }}")
    page.wait_for_function("scene.began + 5000 < performance.now()", polling=200)
    page.wait_for_function("document.querySelectorAll('.body-rider').length === 0", polling=200)
    grown = page.evaluate(DISCS)
    assert begun["epicolic nodes"] < grown["epicolic nodes"]
    page = opened(cascade.load("colon"))
    assert not page.is_visible(".body-again")
    assert page.evaluate(DISCS) == grown
    page.evaluate("scene.grow()")
    assert page.evaluate(DISCS) == grown


def test_the_last_picture_is_drawn_when_the_time_is_over(opened: Any) -> None:
    """On a machine where the time runs out while a picture is drawn: cells on their way stood still for ever."""
    page = opened(cascade.load("colon"), motion="no-preference")
    finished = page.evaluate(DISCS_AT_THE_END)
    for late in (0.3, 0.7, 1.1, 1.9):
        left, discs = page.evaluate(LATE_PICTURES, 1000 * late)
        assert left == 0
        assert discs == finished


SEEN = "[scene.state(), scene.outline.hidden, scene.network.element.hidden]"
NETWORK = """() => Object.fromEntries([...document.querySelectorAll(".network-svg text:not(.from)")].map((text) =>
    [text.textContent, Number(text.getAttribute("y"))]))"""


@pytest.mark.parametrize("name", ["colon", "mouse-spleen"])
def test_the_network_says_what_the_table_says(name: str, opened: Any) -> None:
    """Each organ with a bed has its share beside its name; where the blood takes no cell stands below."""
    model = cascade.load(name)
    page = opened(model)
    page.click(".body-views button >> nth=1")
    assert page.evaluate(SEEN) == ["network", True, False]
    shown, rows, below = page.evaluate(NETWORK), organs(model), page.inner_text(".body-network .body-elsewhere")
    beds = {site.name for site in model.sites if site.flow is not None} & set(shown)
    assert len(beds) > 10
    for site, (share, _) in rows.items():
        if share > 0 and site not in beds:
            assert f"{site} {percent(share)}" in below
        elif share > 0:
            assert any(text == percent(share) and y == shown[site] for text, y in shown.items()), site
    page.evaluate("scene.restore('')")
    assert page.evaluate(SEEN) == ["", False, True]


def test_the_network_shows_where_the_cells_come_in(opened: Any) -> None:
    """The arrow ends at the vessel that takes the blood of the primary, and moves with it."""
    cancer = cascade.body.cancer("colon")
    ends = {}
    for way in ("portal vein", "veins"):
        page = opened(cancer.with_(drainage={way: 1.0}).model())
        page.evaluate("scene.restore('network')")
        (end,) = page.eval_on_selector_all(".network-tip", "all => all.map((tip) => tip.getAttribute('d'))")
        ends[way] = float(end[1:].split()[0])
    trunk = page.evaluate("scene.network.place.x(scene.network.network.hearts[0][1])")
    assert ends["veins"] < trunk < ends["portal vein"]


def test_the_address_keeps_whether_all_sites_are_listed(opened: Any) -> None:
    page = opened(cascade.load("breast"))
    page.evaluate("window.told = 0; document.addEventListener('changed', () => { told += 1; })")
    assert page.evaluate("scene.state()") == ""
    assert page.inner_text(".body-rest button") == "15 more"
    page.focus(".body-rest button")
    page.keyboard.press("Enter")
    assert page.evaluate("[scene.state(), told, document.activeElement.tagName]") == ["all", 1, "BUTTON"]
    assert len(page.evaluate(ROWS)) == 25
    page.evaluate("scene.restore('')")
    assert len(page.evaluate(ROWS)) == 10
