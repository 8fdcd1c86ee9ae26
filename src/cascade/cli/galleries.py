"""The gallery of lessons: a folder that any web server or school platform can host, and the first page of a class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from cascade.catalog import load
from cascade.common.errors import InputError, nearest
from cascade.common.files import write_atomically
from cascade.lessons.gallery import Card, cards, gallery, languages_beside
from cascade.lessons.page import page, write_lesson
from cascade.lessons.tasks import looked_at
from cascade.lessons.words import FIRST, languages
from cascade.patient.taught import patient_lesson
from cascade.patient.thumbnail import timeline_picture
from cascade.runs.taught import lesson

SEED = 1889
"""The year in which Paget compared seed and soil."""


def file_of(card: Card) -> str:
    """The file of a lesson in the folder of a gallery."""
    return f"{'patient-' if card.kind == 'disease' else ''}{card.name}.html"


def data_of(card: Card, lang: str) -> dict[str, Any]:
    """What the lesson of a card is made of."""
    if card.kind == "disease":
        return patient_lesson(card.name, seed=SEED, lang=lang)
    model = load(card.name)
    return lesson(model, seed=SEED, until=looked_at(model), lang=lang)


@cache
def timeline(disease: str, label: str, years: str) -> str:
    """The picture of a lesson on patients."""
    return timeline_picture(disease, seed=SEED, label=label, years=years)


def chosen(lang: str, only: Iterable[str]) -> list[Card]:
    """The cards of lessons, all or those of some names.

    Raises
    ------
    InputError
        When a name is none.
    """
    there = [card for group in cards(lang).values() for card in group if card.kind != "notebook"]
    names = [*dict.fromkeys(card.name for card in there)]
    for name in only:
        if name not in names:
            raise InputError(
                "--only", name, f"a name of 'cascade models' or 'cascade diseases'; {nearest(name, names)}"
            )
    return [card for card in there if not only or card.name in set(only)]


def write_gallery(folder: Path, lang: str, only: Iterable[str], done: Callable[[Card], object]) -> list[Path]:
    """Write lessons and the page that leads to them; each whole or not at all.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    lang : str
    only : iterable of str
        Names of models and diseases; empty: all.
    done : callable
        Told of each card when its lesson is written.
    """
    wanted = chosen(lang, list(only))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for card in wanted:
        written.append(write_lesson(data_of(card, lang), folder / file_of(card)))
        done(card)
    there = {(card.kind, card.name) for card in wanted}
    text = gallery(lang, lambda card: file_of(card) if (card.kind, card.name) in there else None, timeline)
    index = folder / "index.html"
    write_atomically(index, text.encode())
    return [*written, index]


class Served:
    """The gallery of a class: its first page, and lessons that are made when somebody first opens them."""

    def __init__(self, notebooks: Path) -> None:
        self.notebooks = {path.stem for path in notebooks.glob("*.py")}
        self.made: dict[tuple[str, str], bytes] = {}

    def answer(self, path: str, query: str) -> bytes | None:
        """The page of an address; None: it is none of ours."""
        if path == "/" and "file=" not in query:
            asked = re.search(r"(?:^|&)lang=([\w-]+)(?:&|$)", query)
            return self.first(asked[1] if asked and asked[1] in languages() else FIRST)
        found = re.fullmatch(r"/lessons/([\w-]+)/(patient-)?([\w-]+)\.html", path)
        if not found or found[1] not in languages():
            return None
        lang, kind, name = found[1], "disease" if found[2] else "model", found[3]
        there = (card for group in cards(lang).values() for card in group)
        card = next((card for card in there if (card.kind, card.name) == (kind, name)), None)
        if card is None:
            return None
        key = lang, f"{kind} {name}"
        if key not in self.made:
            self.made[key] = page(data_of(card, lang)).encode()
        return self.made[key]

    def first(self, lang: str) -> bytes:
        """The page with all lessons and the notebooks that are there."""

        def link(card: Card) -> str | None:
            if card.kind == "notebook":
                return f"/?file={card.name}.py" if card.name in self.notebooks else None
            return f"/lessons/{lang}/{file_of(card)}"

        return gallery(lang, link, timeline, [(other, f"/?lang={other}") for other in languages_beside(lang)]).encode()
