"""Lessons: what a page is given is the package's; the film shows real cells; words are there in every language."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

import cascade
from cascade.cli import main
from cascade.common.colours import LOOKS
from cascade.common.sight import contrast, distance
from cascade.lessons.knobs import knobs_of
from cascade.lessons.looks import DARK_STAGE, LEAST, LIGHT_STAGE, causes_of, mark_of, on_dark
from cascade.lessons.page import page, write_lesson
from cascade.lessons.soils import VEINS, by_other_vessels, cancer_of
from cascade.lessons.words import FIRST, digest, languages, terms, told, words
from cascade.runs.arms import cells_for
from cascade.runs.founders import first_founder
from cascade.runs.taught import lesson
from cascade.web.page import cast_of, payload
from helpers.node import asked, in_node

PLATELETS = cascade.load("platelets")
TEXTS = Path(cascade.__file__).parent / "web" / "texts"
MODELS = [entry.name for entry in cascade.models()]
KNOBBED = ["platelets", "emt", "clusters", "b16f1-liver", "ctc-mouse"]


# Words --------------------------------------------------------------------------------------------


def test_every_language_has_the_words_of_every_other() -> None:
    english = words("en")
    for lang in languages():
        table = words(lang)
        assert list(table) == list(english)
        for section in [*table]:
            if section == "terms":
                assert set(english["terms"]) <= set(table["terms"])
                continue
            assert list(table[section]) == list(english[section]), section
            for key, text in table[section].items():
                assert text.strip(), (section, key)
                holes = [sorted(re.findall(r"\{(\w+)\}", one[section][key])) for one in (table, english)]
                assert holes[0] == holes[1], (lang, section, key)


@pytest.mark.parametrize("lang", [path.name.split(".")[1] for path in TEXTS.glob("models.*.toml")])
def test_what_models_say_of_themselves_is_translated_and_up_to_date(lang: str) -> None:
    """Each with the digest of what was translated: a changed sentence asks for another translation."""
    models = {name: cascade.load(name) for name in MODELS}
    diseases = {f"disease {row.name}": cascade.disease(row.name) for row in cascade.diseases()}
    for name, one in {**models, **diseases}.items():
        said = told(lang, name, one.description, one.limits)
        assert said != (one.description.strip(), one.limits.strip()), f"{name}: {digest(one.description, one.limits)}"
        assert all(said), name
    textbook = cascade.load("textbook")
    assert told(lang, "textbook", "Something else.", textbook.limits) == ("Something else.", textbook.limits.strip())


def test_every_name_of_the_catalogue_is_told_in_every_other_language() -> None:
    vessels = {VEINS, *(vessel.name for sex in ("male", "female") for vessel in cascade.body.circulation(sex).vessels)}
    needed = {t.name for t in cascade.treatments()} | {"knob vessel", "knob soil"}
    needed |= {
        way for name in cascade.body.cancer_names() for way in by_other_vessels(cascade.body.cancer(name))
    } & vessels
    for name in MODELS:
        model = cascade.load(name)
        cast = cast_of(model)
        needed |= {f"model {name}", *cast["stages"], *cast["causes"], cast["goal"], f"goal {cast['goal']}"}
        needed |= {site.name for site in model.sites or ()}
        # Knobs of cancers are some ten models each, and their words are always the same.
        needed |= set() if cancer_of(model) else {f"knob {knob.id}" for knob in knobs_of(model, None)}
        hinted = {*cast["stages"], cast["goal"]}
        for lang in languages():
            assert hinted <= set(words(lang)["hints"]), (lang, name)
            assert set(cast["causes"]) <= set(words(lang)["words"]), (lang, name)
    for lang in set(languages()) - {FIRST}:
        assert needed - set(terms(lang)) == set(), lang
    assert {n for n in needed if n.startswith(("knob", "goal"))} <= set(terms("en"))


def test_no_text_waits_for_a_use_that_is_gone() -> None:
    """Each key stands in the code, or begins like one that is put together there."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("web/js", "lessons", "plot", "runs", "patient")
        for path in (Path(cascade.__file__).parent / folder).rglob("*.*")
        if path.suffix in (".js", ".py")
    )
    made = set(re.findall(r"[`\"'](\w+\.\w+_)\$\{", code)) | {"patient.card_", "patient.fate_", "patient.head_"}

    def used(section: str, key: str) -> bool:
        whole = f"{section}.{key}"
        return whole in code or f'"{key}"' in code or any(whole.startswith(stem) for stem in made)

    named = {"hints", "words", "treatments", "about", "units", "terms", "cleared"}  # read as a whole
    waiting = [f"{s}.{k}" for s, table in words("en").items() if s not in named for k in table if not used(s, k)]
    waiting = [key for key in waiting if not re.search(r"_(none|one|many|lives|dies|other|short|heard|drug|\d)$", key)]
    assert waiting == []
    assert not used("film", "a text that nobody says")


def test_an_unknown_language_is_refused_with_what_there_is() -> None:
    with pytest.raises(cascade.InputError, match="en, de"):
        words("fr")


# Colours and marks --------------------------------------------------------------------------------


def test_causes_are_told_apart_by_colour_or_mark_in_both_styles() -> None:
    """Two causes of a model never have both the same mark and colours that somebody takes for one."""
    for name in MODELS:
        marks, colours = causes_of(list(cast_of(cascade.load(name))["causes"]))
        for cause, (light, dark) in colours.items():
            assert contrast(light, LIGHT_STAGE) >= LEAST, cause
            assert contrast(dark, DARK_STAGE) >= LEAST, cause
            for other in set(colours) - {cause}:
                if marks[cause] != marks[other]:
                    continue
                # Two names for one thing: never in one model.
                pytest.fail(f"{name}: {cause} and {other} have one mark")


def test_a_cause_of_ones_own_has_a_mark_and_a_colour_that_is_seen() -> None:
    for cause in ("heat", "a long name of my own", "étouffement", "x"):
        assert mark_of(cause) == mark_of(cause)
        assert mark_of(cause) in {"square", "bar", "vee", "open"}
    for colour in [*LOOKS["causes"].values(), "#000000", "#010203", "#0000FF"]:
        assert contrast(on_dark(colour), DARK_STAGE) >= LEAST


# Knobs and arms -----------------------------------------------------------------------------------


def test_the_ringed_cell_is_the_first_that_gets_there() -> None:
    model = cascade.Model.from_survival({"arrest": 0.2, "exit": 0.02})
    cell, looked = first_founder(model, seed=4)
    before = cascade.simulate(model, cells=cell, seed=4)
    with_it = cascade.simulate(model, cells=cell + 1, seed=4)
    assert before.funnel().rows[-1].passed == 0
    assert with_it.funnel().rows[-1].passed == 1
    assert looked == cell + 1
    later, _ = first_founder(model, seed=4, first=cell + 1)
    assert later > cell
    none = model.with_(hazards={f"{model.states[-2].name}.{model.states[-1].name}": 0.0})
    assert first_founder(none, seed=4) == (-1, 0)


def test_an_arm_says_what_compare_says() -> None:
    data = lesson(PLATELETS, treat=[cascade.treatment("antiplatelet")])
    (arm,) = data["arms"]
    pairs = cascade.compare(
        PLATELETS, PLATELETS.with_treatments(cascade.treatment("antiplatelet")), cells=arm["cells"], seed=1889
    )
    assert (arm["founders"], arm["lost"], arm["saved"]) == (
        cascade.simulate(PLATELETS, cells=arm["cells"], seed=1889).funnel().rows[-1].passed,
        list(pairs.lost_cells),
        list(pairs.saved_cells),
    )
    assert 1000 <= cells_for(0.5) < cells_for(1e-3) < cells_for(1e-9)


def test_another_model_beside_needs_the_same_steps() -> None:
    with pytest.raises(cascade.InputError, match="same steps"):
        lesson(PLATELETS, beside=cascade.load("clusters"))
    data = lesson(PLATELETS, beside=cascade.load("platelets-all-four"))
    assert [arm["name"] for arm in data["arms"]] == ["platelets-all-four"]


# The film -----------------------------------------------------------------------------------------


@in_node
def test_lenses_keep_every_bar_between_a_tenth_and_all() -> None:
    shares = [
        [1.0, 0.5, 0.09, 0.0101, 0.01, 3e-4, 3e-4, 2e-5, 1e-5],
        [1.0, 0.1, 0.1],
        [1.0, 1e-9, 0.0],
        [1.0, 1.0, 0.3],
    ]
    for row, zooms in zip(shares, asked("filmcells.js", "console.log(JSON.stringify(given.rows.map(zoomsOf)))",
                                        {"rows": shares}), strict=True):  # fmt: skip
        assert zooms[0] == 1
        for share, zoom in zip(row, zooms, strict=True):
            assert share == 0 or 0.1 <= share * zoom * (1 + 1e-12) <= 1 + 1e-9
        assert zooms == sorted(zooms)


FILM = """
const film = async (payload, seconds, founder) => {
  const model = new Model(payload), cells = new FilmCells(model, seconds, founder, 0);
  while (!cells.ready) await new Promise((done) => setTimeout(done, 5));
  return [model, cells];
};
"""


@in_node
@pytest.mark.parametrize("name", ["textbook", "clusters", "emt", "b16f1-liver"])
def test_at_the_end_the_film_has_counted_what_the_package_counts(name: str) -> None:
    """Dots before the first lens are the first cells; behind it those of so many more, by the factors of the lenses."""
    model = cascade.load(name)
    base = payload(model, seed=1889)
    found = asked(
        "model.js filmcells.js",
        FILM
        + """const [model, cells] = await film(given.payload, given.seconds, -1);
        const films = cells.films.map(({ row, cells, each }) => [row, cells, each]);
        console.log(JSON.stringify({ films, census: cells.census(1e9) }));""",
        {"payload": base, "seconds": [2.0] * (len(model.stages) + 1)},
    )
    bounds = [row for row, _, _ in found["films"]] + [len(model.stages) + 1]
    for (row, cells, each), behind in zip(found["films"], bounds[1:], strict=True):
        counted = cascade.simulate(model, cells=int(cells), seed=1889).funnel()
        first = cascade.simulate(model, cells=1000, seed=1889).funnel()
        weight = first.rows[0].entered * cells / 1000
        for k in range(row, behind):
            came = counted.rows[k].entered if k < len(model.stages) else counted.rows[-1].passed
            assert found["census"][k]["came"] * weight == pytest.approx(came)
            if k < len(model.stages):
                dead = {c: p * weight for c, p in found["census"][k]["dead"].items()}
                assert dead == pytest.approx({c: n for c, n in counted.rows[k].lost.items() if n})
        assert each * cells == pytest.approx(100_000)


@in_node
def test_a_slider_moved_leaves_the_dead_dead_and_gives_the_living_the_new_odds() -> None:
    """At a moment of the film: whatever has happened stays, and who lives goes on by the new hazards.

    A step in which half die: those that are in it when deaths become seven times as fast pass by one in eight,
    whatever they have waited. The number is binomial: a false alarm in a million.
    """
    model = cascade.Model.from_survival({"arrest": 0.9, "exit": 0.5})
    found = asked(
        "model.js filmcells.js",
        FILM
        + """const [model, cells] = await film(given.payload, [2, 6, 4], 3);
        const clock = given.clock, before = structuredClone(cells.films[0].tracks);
        model.scaleDeaths(1, 7);
        cells.change(clock);
        while (!cells.ready) await new Promise((done) => setTimeout(done, 5));
        const after = cells.films[0].tracks;
        let kept = 0, inside = 0, passed = 0, apart = 0;
        before.forEach((track, i) => {
          const past = track.rows.filter(({ to }) => to <= clock), now = after[i];
          past.forEach((stay, k) => {
            kept += 1;
            if (JSON.stringify(stay) !== JSON.stringify(now.rows[k])) apart += 1;
          });
          const stay = track.rows.find(({ from, to }) => from <= clock && clock < to);
          if (!stay || stay.row !== 1) return;
          inside += 1;
          if (now.rows[1].to <= clock) apart += 1;
          if (now.rows.length > 2) passed += 1;
        });
        console.log(JSON.stringify({ kept, inside, passed, apart }));""",
        {"payload": payload(model, seed=8), "clock": 3.6},
    )
    assert found["apart"] == 0
    assert found["kept"] > 500
    assert found["inside"] > 150
    assert stats.binomtest(found["passed"], found["inside"], 1 / 8).pvalue > 1e-6
    assert stats.binomtest(found["passed"], found["inside"], 1 / 2).pvalue < 1e-6, "the test can fail"


@in_node
def test_an_hour_of_a_cell_and_a_moment_of_the_film_are_each_others() -> None:
    found = asked(
        "model.js filmcells.js",
        FILM
        + """const [model, cells] = await film(given.payload, [4, 2, 2, 2, 2, 2, 6, 4], -1);
        const worst = [];
        for (const track of cells.films[0].tracks.slice(0, 300)) for (const stay of track.rows) {
          // Behind a lens the dots of more cells are shown, with a pace of their own.
          if (!Number.isFinite(stay.to) || stay.row >= cells.films[1].row) continue;
          for (const part of [0.35, 0.6, 0.9, 0.99]) {
            const clock = stay.from + part * (stay.to - stay.from), hour = cells._hourAt(track, clock);
            if (hour > stay.entered) worst.push(Math.abs(cells._momentOf(track, hour) - clock));
            if (hour < stay.entered || hour > stay.left) worst.push(99);
          }
        }
        console.log(JSON.stringify([worst.length, Math.max(...worst)]));""",
        {"payload": payload(cascade.load("textbook"), seed=2)},
    )
    assert found[0] > 100
    assert found[1] < 1e-6


# The file -----------------------------------------------------------------------------------------


@pytest.mark.sampled(2, 8)
@pytest.mark.parametrize("lang", languages()[1:])
@pytest.mark.parametrize("name", ["rectum", *sorted({*MODELS} - {"rectum"})])
def test_the_lesson_of_every_model_is_small_in_other_languages(name: str, lang: str) -> None:
    """First that with the most to tell; English ones are written in ``test_lesson_pages.py``."""
    assert len(page(lesson(cascade.load(name), lang=lang, looked=10_000)).encode()) < 400_000


def test_a_lesson_is_one_small_file_that_asks_nothing_of_the_network(tmp_path: Any) -> None:
    data = lesson(PLATELETS, treat=[cascade.treatment("nk-boost")])
    text = write_lesson(data, tmp_path / "x.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 400_000
    assert not re.search(r"(src|href)=", text.partition("<script>")[0])
    assert "default-src 'none'" in text
    assert "never for decisions about a patient" in text
    evil = PLATELETS.with_(title="</script><script>alert(1)</script>", description="<!-- <script>")
    assert "</script><script>" not in page(lesson(evil, treat=[cascade.treatment("nk-boost")]))
    with pytest.raises(cascade.InputError, match="its lesson would have"):
        write_lesson(data | {"headline": "x" * 1_000_000}, tmp_path / "y.html")
    assert not (tmp_path / "y.html").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "on what"),
        (["platelets", "--patient", "breast"], "MODEL platelets and --patient breast"),
        (["platelets", "--lang", "fr"], "--lang"),
        (["plateletts"], "platelets"),
        (["platelets", "--treat", "aspirin"], "--treat"),
        (["platelets", "--treat", "nk-boost@2d"], "name@from:to"),
        (["ctc-mouse", "--treat", "nk-depletion"], "--treat = 'nk-depletion'"),
        (["platelets", "--beside", "clusters"], "--beside"),
        (["--patient", "brest"], "--patient"),
        (["--patient", "breast", "--treat", "nk-boost"], "--treat"),
        (["platelets", "--seed", "x"], "--seed"),
    ],
)
def test_wrong_input_is_refused_with_the_name_of_the_option(
    arguments: list[str], told: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.html"
    with pytest.raises(SystemExit) as ended:
        main(["lesson", *arguments, "--out", str(out)])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_a_lesson_takes_the_place_of_one_on_the_same_model_and_of_nothing_else(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.html"
    asked_for = ["lesson", "ctc-mouse", "--quiet", "--out", str(out)]
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(asked_for)
        assert ended.value.code == 0, capsys.readouterr().err
    for other in ("my own notes", out.read_text(encoding="utf-8").replace('"lesson":"ctc-mouse"', '"lesson":"mine"')):
        out.write_text(other, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(asked_for)
        assert ended.value.code == 2
        assert out.read_text(encoding="utf-8") == other


def test_sights_tell_the_living_from_the_dead() -> None:
    alive = LOOKS["dark"]["alive"]
    assert contrast(alive, DARK_STAGE) >= LEAST
    for cause in LOOKS["causes"].values():
        assert distance(alive, on_dark(cause)) > 0.08, cause
