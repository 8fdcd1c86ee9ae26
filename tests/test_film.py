"""Films: the cells, rows and seconds of the lesson page; files that open again; counts that are the package's."""

from __future__ import annotations

import io
import math
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import cascade
from cascade.cli import main
from cascade.common.files import packaged
from cascade.lessons.looks import mark_of
from cascade.lessons.thumbnail import zooms as zooms_of
from cascade.plot import film_files
from cascade.plot.film_cells import DOTS, FilmCells
from cascade.plot.film_frames import Frames, _gesture
from cascade.plot.film_gestures import shapes_of
from cascade.plot.film_grounds import GROUNDS
from cascade.plot.film_layout import layout_of
from cascade.plot.film_lives import Lives, Track
from cascade.plot.film_marks import drawings, mark_path
from cascade.plot.film_pages import page_of
from cascade.plot.film_places import Places, mixed
from cascade.plot.film_scene import Scene, scene_of
from cascade.plot.film_svg import _numbers
from cascade.plot.film_words import Words, scheme_of
from cascade.plot.films import SVG_DOTS, film
from cascade.web.page import payload
from helpers.node import asked, in_node

MORE = ["emt", "b16f1-liver", "colon", "unlike-cells", "platelets"]

films = [("textbook", True), ("ctc-mouse", True), ("clusters", False)]
films += [pytest.param(name, True, marks=pytest.mark.full) for name in ("clusters", *MORE)]


def seconds_of(model: cascade.Model) -> list[float]:
    """Others in each row, so that none is taken for another."""
    return [2.0 + 0.5 * k for k in range(len(model.stages) + 1)]


@cache
def cells_of(name: str, until: float | None = None, *, lenses: bool = True) -> FilmCells:
    """The cells of a film; without lenses there are fewer to look at."""
    model = cascade.load(name)
    came = [1.0, *(row.fraction_of_all if lenses else 1.0 for row in cascade.exact(model, until=until).funnel().rows)]
    return FilmCells(Lives(model, seed=1889, until=until), came, seconds_of(model))


@cache
def scene(name: str = "clusters", lang: str = "en", dots: int = DOTS, *, dark: bool = False) -> Scene:
    return scene_of(
        cascade.load(name), seed=1889, first=0, until=None, words=Words(lang), dark=dark, dots=dots
    )  # fmt: skip


# The same film as the page -------------------------------------------------------------------------

PAGE = """
const cells = new FilmCells(new Model(given.payload), given.seconds, -1, 0, given.zooms);
while (!cells.ready) await new Promise((done) => setTimeout(done, 5));
const told = ({ cell, member, size, begin, rows }) => [cell, member, size, begin,
  rows.map(({ row, entered, left, cause, from, to }) => [row, entered, left, cause, from, to])];
const parts = cells.films.map(({ row, cells, each, weight, tracks }) => [row, cells, each, weight, tracks.map(told)]);
const all = { length: cells.length, parts, census: given.clocks.map((clock) => cells.census(clock)) };
console.log(JSON.stringify(all, (_, value) => value === Infinity ? "never" : value));
"""


def told(track: Track) -> list[Any]:
    stays = [[s.row, s.entered, s.left, s.cause, s.start, s.end] for s in track.stays]
    return [track.cell, track.member, track.size, track.begin, stays]


def same(page: Any, ours: Any) -> bool:
    """Whether two accounts agree, numbers to 1e-9."""
    if isinstance(page, list):
        return len(page) == len(ours) and all(map(same, page, ours))
    if page == "never":
        return bool(ours == math.inf)
    return bool(page == ours if isinstance(page, str) else math.isclose(page, ours, rel_tol=1e-9, abs_tol=1e-9))


@in_node
@pytest.mark.parametrize(("name", "lenses"), films)
def test_rows_and_seconds_are_those_of_the_page(name: str, lenses: bool) -> None:
    model, ours = cascade.load(name), cells_of(name, lenses=lenses)
    clocks = [0.0, 1.0, 0.5 * ours.length, ours.length]
    zooms = None if lenses else [1] * ours.rows
    given = {"payload": payload(model, seed=1889), "seconds": seconds_of(model), "clocks": clocks, "zooms": zooms}
    page = asked("model.js filmcells.js", PAGE, given)
    assert [part[:3] for part in page["parts"]] == [[p.row, p.cells, p.each] for p in ours.parts]
    assert same([part[3] for part in page["parts"]], [p.weight for p in ours.parts])
    for part, mine in zip(page["parts"], ours.parts, strict=True):
        assert same(part[4], [told(track) for track in mine.tracks])
    assert math.isclose(page["length"], ours.length, rel_tol=1e-9)
    for clock, rows in zip(clocks, page["census"], strict=True):
        for row, mine in zip(rows, ours.census(clock), strict=True):
            assert (row["came"], row["passed"]) == pytest.approx((mine.came, mine.passed), abs=1e-9)
            assert row["dead"] == pytest.approx(mine.dead, abs=1e-9)


@in_node
def test_dots_stand_where_those_of_the_page_stand() -> None:
    """Up to the place and size of a row, of which the page has others."""
    layout, grounds = layout_of(len(GROUNDS)), list(GROUNDS)
    numbers = [0, 1, 77, 406_728, 2**40 + 5]
    code = """const places = (cell) => given.rows.map((row) => placeOf({ cell, member: 3 }, row));
    console.log(JSON.stringify(given.numbers.map(places)));"""
    page = asked("filmdraw.js", code, {"numbers": numbers, "rows": list(range(len(grounds)))})
    life = Lives(cascade.load("textbook"), seed=1).of([0])[0][0]
    for cell, places in zip(numbers, page, strict=True):
        track = Track(cell, 3, 1, life.stays)
        dot = Places([track], layout.rows, grounds, [], layout.head).dot[0]
        for row, (a, b) in enumerate(places):
            i = np.array([dot + np.uint64(104729 * row)])
            assert (mixed(i)[0], mixed(i + np.uint64(15485863))[0]) == pytest.approx((a, b), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "until"),
    [("textbook", None), ("clusters", None), ("ctc-mouse", 0.2), pytest.param("emt", None, marks=pytest.mark.full)],
)
def test_at_the_end_the_bars_are_what_the_package_counts(name: str, until: float | None) -> None:
    model, ours = cascade.load(name), cells_of(name, until)
    census = ours.census(math.inf)
    for part, end in ours.bounds():
        counted = cascade.simulate(model, cells=part.cells, seed=1889, until=until).funnel()
        first = cascade.simulate(model, cells=DOTS, seed=1889, until=until).funnel().rows[0].entered
        weight = first * part.cells / DOTS
        for k in range(part.row, end):
            came = counted.rows[k].entered if k < len(model.stages) else counted.rows[-1].passed
            assert census[k].came * weight == pytest.approx(came)
            if k < len(model.stages):
                assert census[k].passed * weight == pytest.approx(counted.rows[k].passed)
                died = {cause: share * weight for cause, share in census[k].dead.items()}
                assert died == pytest.approx({c: n for c, n in counted.rows[k].lost.items() if n})
                assert census[k].here * weight == pytest.approx(counted.rows[k].still, abs=1e-6)


def test_with_fewer_dots_each_stands_for_more_cells_at_the_same_pace() -> None:
    model = cascade.load("textbook")
    came = [1.0, *(row.fraction_of_all for row in cascade.exact(model).funnel().rows)]
    many = cells_of("textbook")
    few = FilmCells(many.lives, came, seconds_of(model), dots=100, pace=many.means)
    assert [(p.row, p.cells * 10, p.each) for p in few.parts] == [(p.row, p.cells, p.each * 10) for p in many.parts]
    everyone = {(t.cell, t.member): t for part in many.parts for t in part.tracks}
    assert all(everyone[t.cell, t.member] == t for part in few.parts for t in part.tracks)


def test_a_bar_is_enlarged_until_it_is_a_tenth() -> None:
    for shares in ([1.0, 0.5, 0.02, 1e-6], [1.0, 0.1, 0.01], [1.0, 0.0]):
        zooms = zooms_of(shares)
        assert zooms[0] == 1
        assert zooms == sorted(zooms)
        assert all(share == 0 or share * zoom > 0.0999999 for share, zoom in zip(shares, zooms, strict=True))


# Words, marks, colours -----------------------------------------------------------------------------


def test_every_mark_of_the_page_is_a_path_in_its_box() -> None:
    for name in drawings():
        path = mark_path(name)
        assert np.abs(path.vertices).max() <= 1.01, name
    round_ = mark_path("ring").vertices
    assert np.hypot(*round_.T) == pytest.approx(0.8)
    # From the right above around the left to the right below.
    open_ = mark_path("open").vertices
    assert open_[[0, -1]].tolist() == pytest.approx(np.array([[0.6, -0.6], [0.6, 0.6]]))
    assert open_[:, 0].min() == pytest.approx(-0.85, abs=0.01)
    assert mark_path("none of them").vertices.tolist() == mark_path("bar").vertices.tolist()


def test_colours_are_those_of_the_page() -> None:
    light, dark = (scheme_of(["shear"], dark=dark) for dark in (False, True))
    assert light["paper"] == "#FFFFFF"
    assert set(light.colours) == set(dark.colours) >= {"stage", "ink", "quiet", "band", "edge", "passed", "alive"}
    assert light.marks == {"shear": mark_of("shear")}
    assert light.cause("unknown") == light["quiet"]


def test_every_ground_of_a_step_can_be_drawn() -> None:
    assert {stage["ground"] for stage in packaged("cascade.lessons", "stages.toml")["stages"].values()} <= set(GROUNDS)


@pytest.mark.parametrize(
    ("lang", "share", "rare", "whole"),
    [("en", "12.3 %", "1 in 1,000,000", "1,000"), ("de", "12,3 %", "1 von 1.000.000", "1.000")],
)
def test_numbers_are_written_as_in_the_language(lang: str, share: str, rare: str, whole: str) -> None:
    words = Words(lang)
    assert (words.share(0.123), words.share(1e-6), words.whole(1000)) == (share, rare, whole)
    assert "macrometastasis" in words.question(1000, "macrometastasis") or lang == "de"
    assert "my own goal" in words.question(1000, "my own goal")


def test_what_stands_below_says_how_the_film_was_made() -> None:
    treated = cascade.load("textbook").with_treatments(cascade.treatment("nk-boost"))
    made = scene_of(treated, seed=7, first=5, until=240.0, words=Words("de"), dark=True)
    assert made.below[1].startswith(
        "textbook + NK-Zellen gestärkt, seed 7, Zellen 5 bis 100.004, bis Stunde 240, cascade "
    )
    assert "kein fairer Durchschnitt" in made.below[0]
    assert made.title == "Von 100.000 Zellen, die aufbrechen: wie viele gründen eine Makrometastase?"


# Pictures ------------------------------------------------------------------------------------------


def test_a_picture_shows_the_bars_as_long_as_was_counted() -> None:
    drawn = scene()
    frames = Frames(drawn, 640)
    picture, unit = frames.at(drawn.length), 0.5
    colour = np.array([int(drawn.scheme["passed"][k : k + 2], 16) for k in (1, 3, 5)])
    for k, counted in enumerate(drawn.cells.census(drawn.length)):
        x, y, w, h = (unit * side for side in drawn.layout.tracks[k])
        line = picture[int(y + h / 3), int(x) : int(x + w)]
        long = int((np.abs(line.astype(int) - colour).max(axis=1) <= 2).sum())
        assert long == pytest.approx(w * counted.passed * drawn.rows[k].zoom, abs=1.5)


def test_a_picture_is_the_same_whichever_was_drawn_before() -> None:
    drawn = scene()
    one, other = Frames(drawn, 480), Frames(drawn, 480)
    for clock in (0.0, 4.0, 2.0):
        one.at(clock)
    assert one.at(3.0).shape == (270, 480, 3)
    assert np.array_equal(one.at(3.0), other.at(3.0))
    assert not np.array_equal(one.at(3.0), other.at(5.0))


def test_the_ringed_cell_comes_to_its_colony() -> None:
    drawn = scene()
    assert drawn.ringed is not None
    assert drawn.cells.ringed is not None
    assert drawn.cells.ringed.furthest == len(drawn.rows) - 1
    seen = drawn.ringed.at(drawn.length, range(len(drawn.rows)))
    box = drawn.layout.rows[-1]
    assert box.y <= seen.y[0] <= box.y + box.h


@pytest.mark.full
@pytest.mark.parametrize("name", [entry.name for entry in cascade.models()])
def test_dots_stay_in_their_rows(name: str) -> None:
    drawn = scene(name)
    for clock in np.linspace(0.0, drawn.length, 5):
        for places, (part, end) in zip(drawn.places, drawn.dots.bounds(), strict=True):
            seen = places.at(float(clock), range(part.row, end))
            # Some fall from more than one row above: lymph leads past steps.
            top, bottom = drawn.layout.rows[0].y, drawn.layout.rows[end - 1]
            assert np.all((seen.x >= 28) & (seen.x <= 588))
            assert np.all((seen.y >= top) & (seen.y <= bottom.y + bottom.h))


# Files ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """Small pictures: what is in them is told elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film_files, "GIF_PIXELS", 320)
        patch.setattr(film_files, "MP4_PIXELS", 320)
        yield


@pytest.mark.usefixtures("small")
def test_a_gif_opens_with_its_frames_and_says_how_it_was_made(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = film(
        cascade.load("ctc-mouse"), tmp_path / "a.gif", seconds=2, until=0.5, progress=lambda *d: told.append(d)
    )  # fmt: skip
    with Image.open(path) as picture:
        assert (picture.size, picture.n_frames) == ((320, 180), 20)
        assert picture.info["loop"] == 0
        assert b"model ctc-mouse" in picture.info["comment"]
        lengths = []
        for k in range(picture.n_frames):
            picture.seek(k)
            lengths.append(picture.info["duration"])
    assert lengths == [100] * 19 + [2500]
    assert told[-1] == (20, 20)
    again = film(cascade.load("ctc-mouse"), tmp_path / "b.gif", seconds=2, until=0.5)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("small")
def test_a_gif_shows_what_was_drawn(tmp_path: Path) -> None:
    drawn = scene("ctc-mouse", dark=True)
    content = film_files.gif_of(drawn, 2.0, "", lambda _: None, 320)
    frames = Frames(drawn, 320)
    with Image.open(io.BytesIO(content)) as picture:
        for k, clock in enumerate(film_files.clocks(drawn, 20)):
            picture.seek(k)
            apart = np.abs(np.asarray(picture.convert("RGB")).astype(int) - frames.at(clock))
            assert apart.mean() < 4
            assert (apart.max(axis=2) > 60).mean() < 0.002
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("small")
def test_an_mp4_is_read_again(tmp_path: Path) -> None:
    reader = pytest.importorskip("imageio_ffmpeg", reason="pip install 'metastatic-cascade[film]'")
    path = film(cascade.load("ctc-mouse"), tmp_path / "a.mp4", seconds=2)
    assert reader.count_frames_and_secs(str(path)) == (48, pytest.approx(2.0, abs=0.1))
    about = subprocess.run(
        [reader.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr
    assert all(part in about for part in ("h264", "320x180", "24 fps", "yuv420p"))
    assert b"model ctc-mouse" in path.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"]


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(cascade.load("clusters"), tmp_path_factory.mktemp("drawn") / "a.svg")


def test_a_drawing_moves_without_a_script(drawing: Path) -> None:
    text = drawing.read_text(encoding="utf-8")
    assert len(text.encode()) < 1_000_000
    root = ET.fromstring(text)  # noqa: S314
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert tags.isdisjoint({"script", "foreignObject", "image"})
    assert not [key for one in root.iter() for key in one.attrib if key.startswith("on")]
    assert not [one for one in root.iter() for value in one.attrib.values() if "http" in value]
    moving = [one.get("style", "") for one in root.iter() if one.get("class") == "m"]
    assert len(moving) > 300
    assert all(f"@keyframes {style.removeprefix('animation-name:')}{{" in text for style in moving)
    assert "prefers-reduced-motion" in text
    names = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(names) == len(set(names))
    used = [value for one in root.iter() for key, value in one.attrib.items() if key.endswith("href")]
    assert {value.removeprefix("#") for value in used} <= set(names)
    assert "model clusters" in text


def test_every_enlarged_bar_says_how_many_times_it_is_too_long() -> None:
    """Also where the row above is enlarged as much."""
    drawn = scene("textbook")
    assert any(row.factor == 1 < row.zoom for row in drawn.rows)
    _, ax = page_of(drawn, 72.0)
    said = [text.get_text() for text in ax.texts if text.get_text().startswith("lens ")]
    assert said == [f"lens × {row.zoom:,.0f}" for row in drawn.rows if row.zoom > 1]  # noqa: RUF001


def test_numbers_of_a_drawing_hold_while_they_are_seen() -> None:
    """One after the other, the last for ever: in each row, how many have come by then."""
    drawn = scene()
    _, ax = page_of(drawn, 72.0)
    before = len(ax.texts)
    times = _numbers(ax, drawn)
    texts = {text.get_gid(): text.get_text() for text in ax.texts[before:]}
    assert texts.keys() == times.keys()
    for k, looked in enumerate(drawn.cells.looked_at):
        mine = [(name, *times[name]) for name in times if name.startswith(f"number{k}-")]
        assert mine[0][1] == 0.0
        assert math.isinf(mine[-1][2])
        assert [end for *_, end in mine[:-1]] == [begin for _, begin, _ in mine[1:]]
        for name, begin, _ in mine:
            came = looked * drawn.cells.census(begin)[k].came
            none = k + 1 == len(drawn.rows) and round(came) == 0 and begin >= drawn.length
            assert texts[name] == f"{'none of these' if none else f'{came:,.0f} of'} {looked:,.0f}", name
    assert len(texts) > len(drawn.rows) + 3, "they change"


def test_a_drawing_shows_one_number_in_a_row_at_any_time(drawing: Path) -> None:
    """Those of the end where nothing moves."""
    rows = len(cascade.load("clusters").stages) + 1
    svg = "{http://www.w3.org/2000/svg}"
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314
    wrapped = [one for one in root.iter(f"{svg}g") if any((c.get("id") or "").startswith("number") for c in one)]
    assert sum(one.get("opacity") is None for one in wrapped) == rows
    assert len(wrapped) > rows + 3


def test_a_drawing_holds_the_bars_of_the_end_still(drawing: Path) -> None:
    """What stands in the attributes, for whoever moves nothing."""
    text = drawing.read_text(encoding="utf-8")
    drawn = scene()
    bars = [
        (float(one.get("transform", "").split("(")[2].split()[0]), one.get("fill"))
        for one in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}rect")  # noqa: S314
        if one.get("class") == "m"
    ]
    passed = [w for w, colour in bars if colour == drawn.scheme["passed"]]
    ends = [c.passed * row.zoom for c, row in zip(drawn.cells.census(math.inf), drawn.rows, strict=True) if c.passed]
    assert passed == pytest.approx([drawn.layout.tracks[0].w * share for share in ends], abs=0.02)


def test_in_a_drawing_every_death_has_the_gesture_of_its_cause_at_its_moment(drawing: Path) -> None:
    """Unseen until then, and wherever nothing moves."""
    drawn = scene(dots=SVG_DOTS[0])
    deaths = sorted(
        (f"#gc{drawn.causes.index(track.stays[-1].cause)}", f"--d:{track.stays[-1].end * 20 / drawn.length:.2f}s")
        for part, end in drawn.dots.bounds()
        for track in part.tracks
        if track.stays[-1].cause and track.stays[-1].row in range(part.row, end)
    )
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314
    parts = list(root.iter())
    uses = [(one.get("href", ""), one.get("style", "")) for one in parts if one.tag.endswith("}use")]
    assert sorted(use for use in uses if use[0].startswith("#g")) == deaths
    assert len(deaths) > 300
    gestures = [one for one in parts if one.get("class") == "g"]
    assert {one.get("opacity") for one in gestures} == {"0"}
    text = drawing.read_text(encoding="utf-8")
    assert all(f"@keyframes {one.get('style', '').removeprefix('animation-name:')}{{" in text for one in gestures)
    for mark in drawings():
        assert len(shapes_of(mark)) == len(_gesture(mark, 1.0, np.zeros(1))), "as many shapes as in other films"


@pytest.mark.full
def test_in_a_browser_a_drawing_plays_and_stands_still_where_that_is_wanted(browser: Any, drawing: Path) -> None:
    for motion, number in (("no-preference", True), ("reduce", False)):
        page = browser.new_page(reduced_motion=motion)
        page.goto(drawing.as_uri())
        assert (page.evaluate("document.getAnimations().length") > 300) is number
        page.close()


# Refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"path": "a.avi"}, r"^path = .*\.gif, \.mp4 or \.svg"),
        ({"path": 3}, r"^path = "),
        ({"seconds": 1}, r"^seconds = 1: .*2 to 120|^seconds = "),
        ({"seconds": "x"}, r"^seconds = "),
        ({"lang": "fr"}, r"^lang = .*en, de"),
        ({"seed": -1}, r"^seed = "),
        ({"first": -1}, r"^first = "),
        ({"first": True}, r"^first = "),
        ({"until": -1}, r"^until = "),
        ({"dark": 2}, r"^dark = "),
        ({"model": "textbook"}, r"^model = "),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    given = {"model": cascade.load("ctc-mouse"), "path": tmp_path / "a.gif", **wrong}
    with pytest.raises(cascade.InputError, match=said):
        film(given.pop("model"), given.pop("path"), **given)
    assert not list(tmp_path.iterdir())


def test_without_the_encoder_an_mp4_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def none(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(film_files, "import_module", none)
    with pytest.raises(cascade.CascadeError, match=r"pip install 'metastatic-cascade\[film\]'"):
        film(cascade.load("ctc-mouse"), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def ended(*arguments: object) -> int:
    """The code with which the command ends."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0)


@pytest.mark.usefixtures("small")
def test_the_command_writes_a_film_and_never_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.gif"
    usual = ("--out", path, "--seconds", 2, "--until", "10min", "--quiet")
    assert ended("film", "ctc-mouse", *usual) == 0
    said = capsys.readouterr()
    assert f"saved: {path}" in said.out
    assert said.err == ""
    assert ended("film", "ctc-mouse", *usual, "--dark") == 0, "the same run in other colours"
    assert ended("film", "ctc-mouse", *usual, "--seed", 3) == 2
    assert "--force" in capsys.readouterr().err
    assert ended("film", "ctc-mouse", *usual, "--seed", 3, "--force") == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--out", "a.txt"), "--out = "),
        (("--out", "a.gif", "--lang", "fr"), "--lang = "),
        (("--out", "a.gif", "--seconds", "1"), "--seconds = "),
        (("--out", "a.gif", "--treat", "prayer"), "--treat = "),
        (("--out", "none/a.gif"), "--out = "),
    ],
)
def test_the_command_says_which_option_is_wrong(
    wrong: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ended("film", "textbook", *wrong) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert ended("film", "no-such-model", "--out", "a.gif") == 2
    assert "MODEL = " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.full
@pytest.mark.parametrize("name", ["textbook", "colon", "emt"])
def test_a_whole_gif_can_be_mailed(name: str) -> None:
    assert len(film_files.gif_of(scene(name, dark=True), 20.0, "", lambda _: None)) < 6_000_000


@pytest.mark.full
@pytest.mark.parametrize("name", ["emt", "colon", "unlike-cells"])
def test_a_drawing_of_many_cells_is_small(name: str, tmp_path: Path) -> None:
    assert film(cascade.load(name), tmp_path / "a.svg").stat().st_size < 1_000_000
