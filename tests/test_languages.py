"""A language is a file of words: whoever adds one has lessons and a gallery in it, which read numbers as it does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.cli.galleries import Served, write_gallery
from cascade.cli.teaching import notebooks_folder
from cascade.lessons import gallery, words
from cascade.lessons.page import lesson_in
from cascade.plot.film_words import Words
from helpers.node import asked, in_node

TEXTS = Path(cascade.__file__).parent / "web" / "texts"
NUMBERS = {"en": ("1,234.5", "12.345"), "de": ("1.234,5", "12,345"), "fr": ("1 234,5", "12,345")}
"""A thousand and more, and some twelve, as they are typed."""


def forget() -> None:
    for kept in (words.words, words._of_models, gallery.cards):
        kept.cache_clear()


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """English under another name, with a word and numbers of its own, and nothing but this one file."""
    folder = tmp_path / "texts"
    shutil.copytree(TEXTS, folder)
    text = (TEXTS / "en.toml").read_text(encoding="utf-8")
    changes = {
        'thousands = ","': 'thousands = " "',
        'decimal = "."': 'decimal = ","',
        'one_in = "1 in {n}"': 'one_in = "1 sur {n}"',
        'above = "above {share}"': 'above = "plus de {share}"',
        'language = "English"': 'language = "Français"',
        'tasks = "Tasks"': 'tasks = "Exercices"',
    }
    for before, after in changes.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    (folder / "fr.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(words, "_folder", lambda: folder)
    forget()
    yield "fr"
    forget()


def texts_of(lang: str) -> dict[str, Any]:
    return {name: table for name, table in words.words(lang).items() if name != "terms"}


def test_languages_are_the_files_and_the_first_is_that_of_the_package() -> None:
    assert words.languages() == ("en", "de")
    assert {f"{lang}.toml" for lang in words.languages()} == {p.name for p in TEXTS.glob("*.toml")} - {"models.de.toml"}


@pytest.mark.parametrize("asked_for", [("ctc-mouse",), ("--patient", "textbook")], ids=lambda part: part[-1])
def test_a_file_that_is_added_is_a_language_of_lessons(
    asked_for: tuple[str, ...], french: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words.languages() == ("en", "de", french)
    out = tmp_path / "x.html"
    with pytest.raises(SystemExit) as ended:
        main(["lesson", *asked_for, "--lang", french, "--quiet", "--out", str(out)])
    assert ended.value.code == 0, capsys.readouterr().err
    data = lesson_in(out)
    assert data is not None
    assert f'<html lang="{french}">' in out.read_text(encoding="utf-8")
    assert data["texts"]["scenes"]["tasks"] == "Exercices"
    if "--patient" not in asked_for:
        # What was not translated is told in the words of the package.
        assert data["about"] == cascade.load("ctc-mouse").description.strip()


def test_a_file_that_is_added_is_a_language_of_galleries(french: str, tmp_path: Path) -> None:
    write_gallery(tmp_path / "out", french, ["ctc-mouse"], lambda _: None)
    assert 'lang="fr"' in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    served = Served(notebooks_folder())
    assert b"Exercices" in (served.answer("/lessons/fr/ctc-mouse.html", "") or b"")
    assert b'<html lang="fr">' in (served.answer("/", "lang=fr") or b"")
    # Each language is told in its own name.
    first = (served.answer("/", "") or b"").decode()
    assert all(f'href="/?lang={lang}">{name}</a>' in first for lang, name in (("de", "Deutsch"), ("fr", "Français")))
    assert "English</a>" not in first


WRITTEN = {
    "en": ["12.3 %", "1 in 1,190,000", "above 99.9999 %", "1,234"],
    "de": ["12,3 %", "1 von 1.190.000", "über 99,9999 %", "1.234"],
    "fr": ["12,3 %", "1 sur 1 190 000", "plus de 99,9999 %", "1 234"],
}


@in_node
@pytest.mark.parametrize("lang", WRITTEN)
def test_pages_and_films_write_numbers_as_their_language_does(lang: str, french: str) -> None:
    code = """const say = speaker(given), [a, b, c] = given.shares;
      console.log(JSON.stringify([say.share(a), say.share(b), say.share(c), say.whole(1234)]));"""
    shares = [0.123, 8.4e-7, 1 - 1e-9]
    found = asked("texts.js", code, {"lang": lang, "texts": texts_of(lang), "terms": {}, "shares": shares})
    assert found == WRITTEN[lang]
    film = Words(lang)
    assert [*(film.share(share) for share in shares), film.whole(1234)] == WRITTEN[lang]
    assert film.cells(0, 999)
    assert "7" in film.until(7)
    assert french in words.languages()


@in_node
@pytest.mark.parametrize("lang", NUMBERS)
def test_a_page_reads_numbers_as_its_language_writes_them(lang: str, french: str) -> None:
    found = asked(
        "taskform.js texts.js",
        "const say = speaker(given); console.log(JSON.stringify(given.typed.map((text) => readNumber(say, text))));",
        {"lang": lang, "texts": texts_of(lang), "terms": {}, "typed": [*NUMBERS[lang], "1000", "x"]},
    )
    assert found == [1234.5, 12.345, 1000, None]
    assert french in words.languages()
