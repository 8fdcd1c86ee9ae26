"""The gallery of lessons: every lesson has its card, every link leads somewhere, and nobody is let in who may not."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import cascade
from cascade.cli import main
from cascade.cli.classroom import Front
from cascade.cli.galleries import SEED, Served, file_of, timeline
from cascade.cli.teaching import notebooks_folder
from cascade.common.shares import percent
from cascade.lessons.gallery import GROUPS, Card, cards, gallery
from cascade.lessons.thumbnail import BARS, thumbnail, zooms
from cascade.lessons.words import languages, words
from cascade.patient.course import course_of
from cascade.patient.loader import disease
from cascade.patient.timeline import GROWN, studied

SVG = "{http://www.w3.org/2000/svg}"
CARD = 247
"""Pixels of the picture in the narrowest card of a wide page."""

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"


class Links(HTMLParser):
    """Addresses and pictures of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "svg":
            self.pictures.append(given.get("aria-label") or "")


@pytest.mark.parametrize("lang", languages())
def test_every_model_disease_and_notebook_has_a_card(lang: str) -> None:
    found = cards(lang)
    assert tuple(found) == GROUPS
    by_kind: dict[str, list[str]] = {"model": [], "disease": [], "notebook": []}
    for group in found.values():
        for card in group:
            by_kind[card.kind].append(card.name)
            assert card.level in (1, 2, 3)
            assert 5 <= card.minutes <= 90
            assert card.about.endswith((".", "?"))
            assert card.title
            cascade.load(card.model)
    assert sorted(by_kind["model"]) == sorted(entry.name for entry in cascade.models())
    assert sorted(by_kind["disease"]) == sorted(entry.name for entry in cascade.diseases())
    assert sorted(by_kind["notebook"]) == sorted(path.stem for path in notebooks_folder().glob("*.py"))
    # A sentence of its own for whatever is no cancer of people.
    about = words(lang)["about"]
    for group in set(GROUPS) - {"cancers"}:
        for card in found[group]:
            assert f"{card.kind} {card.name}" in about


def test_the_sentence_with_a_number_is_true() -> None:
    assert "one of a million cells" in words("en")["about"]["model textbook"]
    share = cascade.exact(cascade.load("textbook")).funnel().rows[-1].fraction_of_all
    assert 0.75e-6 < share < 1.5e-6


def test_a_thumbnail_says_and_draws_the_shares() -> None:
    model = cascade.load("platelets")
    shares = [1.0, *(row.fraction_of_all for row in cascade.exact(model).funnel())]
    picture = thumbnail(model, "<{shares}>")
    root = ET.fromstring(picture)  # noqa: S314
    assert root.get("aria-label") == f"<{', '.join(percent(share) for share in shares)}>"
    rows: dict[str, list[ET.Element]] = {}
    for box in root.iter(f"{SVG}rect"):
        rows.setdefault(box.get("y") or "", []).append(box)
    assert len(rows) == len(shares)
    for (_, *boxes), share, zoom in zip(rows.values(), shares, zooms(shares), strict=True):
        drawn = sum(float(box.get("width") or 0) for box in boxes)
        assert drawn == pytest.approx(BARS * share * zoom, abs=0.5)


@pytest.mark.parametrize("name", ["colon", "textbook", "platelets", "clusters"])
def test_each_bar_that_is_enlarged_says_how_much(name: str) -> None:
    """And no other does; what is written stands in the row of its bar, and is read at the width of a card."""
    model = cascade.load(name)
    shares = [1.0, *(row.fraction_of_all for row in cascade.exact(model).funnel())]
    root = ET.fromstring(thumbnail(model, ""))  # noqa: S314
    said = {int(float(t.get("y") or 0) / (180 / len(shares))): t for t in root.iter(f"{SVG}text")}
    for k, zoom in enumerate(zooms(shares)):
        assert (k in said) == (zoom > 1)
        if zoom > 1:
            told = (said[k].text or "").removeprefix("\N{MULTIPLICATION SIGN} ")
            power = "".join(str(RAISED.index(digit)) for digit in told if digit in RAISED)
            assert (10.0 ** int(power) if power else float(told)) == pytest.approx(zoom)
            assert float(said[k].get("font-size") or 0) * CARD / 320 >= 12
    assert zooms(shares)[-1] > 1
    assert max(float(box.get("x") or 0) + float(box.get("width") or 0) for box in root.iter(f"{SVG}rect")) <= BARS + 0.2


@pytest.mark.parametrize("card", cards("en")["patients"], ids=lambda card: card.name)
def test_lessons_on_patients_have_a_time_line_of_their_first_patient(card: Card) -> None:
    """Years against size: a line for the primary and for each metastasis that grows, as the lesson shows them."""
    root = ET.fromstring(timeline(card.name, "Of {n}", "years"))  # noqa: S314
    lines = [line.get("points", "").split() for line in root.iter(f"{SVG}polyline")]
    course = course_of(studied(disease(card.name)), seed=SEED, patient=1, care="none")
    growing = [lesion for lesion in course.lesions if lesion.number and lesion.fate in GROWN]
    assert root.get("aria-label") == f"Of {len(growing)}"
    assert len(lines) == 1 + len(growing)
    # The primary, drawn last, begins at the first year and never shrinks; the picture goes up to what kills.
    places = [tuple(map(float, place.split(","))) for place in lines[-1]]
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    assert places[0][0] == min(x for x, _ in places)
    assert all(0 <= x <= 320 and 0 <= y <= 180 for x, y in places)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"1 mm", "1 cm", "10 cm", "0"} <= set(texts)
    assert any((text or "").endswith(" years") for text in texts)
    page = gallery("en", lambda one: one.name if one == card else None, timeline)
    assert Links(page).pictures == [words("en")["gallery"]["timeline"].format(n=len(growing))]


def test_minutes_of_a_card_are_those_of_a_plan() -> None:
    """Of a notebook the plan that it has; pages have both."""
    for group in cards("en").values():
        for card in group:
            path = notebooks_folder() / f"{card.name}.py"
            text = path.read_text(encoding="utf-8") if card.kind == "notebook" else "**15 minutes** **45 minutes**"
            assert f"**{card.minutes} minutes**" in text, card.name


def test_a_folder_of_lessons_leads_to_all_of_them_and_asks_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lessons"
    asked = ["teach", "--out", str(folder), "--only", "ctc-mouse", "--only", "platelets", "--quiet"]
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 0, capsys.readouterr().err
    index = (folder / "index.html").read_text(encoding="utf-8")
    found = Links(index)
    assert sorted(found.links) == ["ctc-mouse.html", "platelets.html"]
    assert all((folder / link).is_file() for link in found.links)
    assert len(found.pictures) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["ctc-mouse.html", "index.html", "platelets.html"]
    assert not re.search(r"https?:(?!//www\.w3\.org/)", index)
    # Again into the same folder, but never into one that holds something else.
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 0
    (folder / "index.html").write_text("<p>mine</p>")
    for wrong, told in (
        (asked, "--force"),
        ([*asked[:3], "--only", "aspirin"], "--only"),
        ([*asked, "--lang", "x"], "--lang"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2
        assert told in capsys.readouterr().err
    assert (folder / "index.html").read_text() == "<p>mine</p>"


def test_the_gallery_in_the_class_leads_to_pages_that_are_there() -> None:
    served = Served(notebooks_folder())
    for lang in languages():
        text = (served.answer("/", f"lang={lang}") or b"").decode()
        assert f'<html lang="{lang}">' in text
        for link in Links(text).links:
            path, _, query = link.partition("?")
            if "file=" in query:
                assert (notebooks_folder() / query.removeprefix("file=")).is_file()
            elif path == "/":
                assert served.answer(path, query)
            else:
                name = re.fullmatch(rf"/lessons/{lang}/([\w-]+\.html)", path)
                assert name
                assert name[1] in {file_of(card) for group in cards(lang).values() for card in group}
    assert served.answer("/lessons/en/ctc-mouse.html", "")
    for nothing in ("/lessons/en/x.html", "/lessons/fr/ctc-mouse.html", "/lessons/en/../../secret", "/x"):
        assert served.answer(nothing, "") is None


@pytest.mark.parametrize(
    ("path", "query", "inner", "wanted"),
    [
        ("/", "", 200, b"ours /"),
        ("/lessons/en/x.html", "", 200, b"ours /lessons/en/x.html"),
        ("/", "", 303, b"theirs /"),
        ("/lessons/en/x.html", "", 401, b"theirs /"),
        ("/lessons/en/none.html", "", 200, b"no lesson is called so"),
        ("/", "file=1.py", 200, b"theirs /"),
        ("/assets/x.js", "", 200, b"theirs /assets/x.js"),
    ],
)
def test_pages_of_ours_are_for_whom_the_notebooks_let_in(path: str, query: str, inner: int, wanted: bytes) -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": inner, "headers": [(b"set-cookie", b"a=b")]})
        await send({"type": "http.response.body", "body": f"theirs {scope['path']}".encode()})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    def page_of(asked: str, _: str) -> bytes | None:
        return None if "none" in asked else f"ours {asked}".encode()

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    # A browser of other tests may have a loop in this thread.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(Front(app, page_of)(scope, receive, send))).result()
    assert sent[1]["body"] == wanted
    if wanted.startswith(b"ours"):
        assert sent[0]["status"] == 200
        assert (b"set-cookie", b"a=b") in sent[0]["headers"]
    elif wanted.startswith(b"theirs"):
        assert sent[0]["status"] == inner
    else:
        assert sent[0]["status"] == 404


@pytest.mark.full
@pytest.mark.parametrize("lang", languages())
def test_the_gallery_can_be_read_by_everybody(browser: Any, tmp_path: Path, lang: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="pip install 'metastatic-cascade[browser]'")
    path = tmp_path / "g.html"
    text = gallery(lang, lambda card: f"{card.kind}-{card.name}.html", timeline, [("de", "de.html")])
    path.write_text(text, encoding="utf-8")
    for width in (1920, 1280, 400, 320):
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width in (1280, 320):
            assert [v["id"] for v in axe.Axe().run(page)["violations"]] == []
        context.close()
