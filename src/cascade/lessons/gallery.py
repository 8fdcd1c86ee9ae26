"""The page from which a class begins: each lesson and notebook with a picture, a sentence, its level and minutes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from cascade.catalog import load, models
from cascade.common.version import package_version
from cascade.lessons.looks import properties
from cascade.lessons.tasks import looked_at
from cascade.lessons.thumbnail import thumbnail
from cascade.lessons.words import languages, words

GROUPS = ("start", "experiments", "cancers", "patients", "notebooks")


@dataclass(frozen=True)
class Card:
    """What the gallery shows of a lesson.

    Attributes
    ----------
    kind : str
        "model", "disease" or "notebook".
    name, title, about : str
    level, minutes : int
    model : str
        Whose picture it has; of a disease none: it has a time line.
    """

    kind: str
    name: str
    title: str
    about: str
    level: int
    minutes: int
    model: str


@cache
def _plan() -> dict[str, Any]:
    return tomllib.loads((files("cascade.lessons") / "gallery.toml").read_text(encoding="utf-8"))


@cache
def cards(lang: str) -> Mapping[str, tuple[Card, ...]]:
    """The cards of each group, in order."""
    table, plan = words(lang), _plan()
    found: dict[str, list[Card]] = {group: [] for group in GROUPS}
    named = {entry["name"] for group in ("start", "experiments") for entry in plan[group]}
    others = [{"name": entry.name, **plan["of_others"]} for entry in models() if entry.name not in named]
    for group in GROUPS:
        kind = {"patients": "disease", "notebooks": "notebook"}.get(group, "model")
        for entry in others if group == "cancers" else plan[group]:
            name, about = entry["name"], table["about"]
            sentence = about.get(f"{kind} {name}", about["cancer" if group == "cancers" else "own"])
            title = table["terms"].get(f"{kind} {name}") or _title(kind, name)
            shown = entry.get("model", name)
            found[group].append(Card(kind, name, title, sentence, entry["level"], entry["minutes"], shown))
    return MappingProxyType({group: tuple(of_group) for group, of_group in found.items()})


def sheds(disease: str) -> float:
    """How much the tumour of a lesson on patients sheds, in standard deviations above the middle."""
    plan = _plan()
    given = {entry["name"]: entry["sheds"] for entry in plan["patients"]}
    return float(given.get(disease, plan["of_other_diseases"]["sheds"]))


def _title(kind: str, name: str) -> str:
    """What a lesson is called where no table has a name for it."""
    if kind == "model":
        return load(name).title or name
    return name.replace("_", " ").lstrip("0123456789 ").capitalize()


def gallery(
    lang: str,
    link: Callable[[Card], str | None],
    timeline: Callable[[str, str, str], str],
    others: Sequence[tuple[str, str]] = (),
) -> str:
    """The page as text.

    Parameters
    ----------
    lang : str
    link : callable
        The address of a card; None: it is left out.
    timeline : callable
        The picture of a lesson on patients, of a disease, its label and what years are called.
    others : sequence of (language, address)
        The gallery in other languages.
    """
    table = words(lang)
    say, page = table["gallery"], table["page"]

    def picture_of(card: Card) -> str:
        if card.kind == "disease":
            return timeline(card.name, say["timeline"], table["units"]["years"])
        return _picture(card.model, say["picture"])

    sections = []
    for group, of_group in cards(lang).items():
        shown = [(card, address) for card in of_group if (address := link(card)) is not None]
        if shown:
            listed = "".join(_card(card, address, say, picture_of(card)) for card, address in shown)
            sections.append(f"<section><h2>{escape(say[group])}</h2><ul>{listed}</ul></section>")
    named = [(other, escape(address), escape(words(other)["gallery"]["language"])) for other, address in others]
    elsewhere = "".join(f'<a lang="{o}" hreflang="{o}" href="{address}">{name}</a>' for o, address, name in named)
    text = (files("cascade.web") / "gallery.html").read_text(encoding="utf-8")
    for mark, part in (
        ("<!--LANG-->", lang),
        ("/*STYLE*/", properties()),
        ("<!--TITLE-->", escape(say["title"])),
        ("<!--HEADING-->", escape(say["title"])),
        ("<!--LEAD-->", escape(say["lead"])),
        ("<!--LEVELS-->", escape(say["levels"])),
        ("<!--LANGUAGES-->", elsewhere),
        ("<!--SECTIONS-->", "".join(sections)),
        ("<!--NOTICE-->", f"{escape(page['notice'])} cascade {package_version()}."),
    ):
        text = text.replace(mark, part, 1)
    return text


@cache
def _drawn(model: str) -> str:
    """The picture of a model, solved once for all languages; a mark stands where its label will."""
    shown = load(model)
    return thumbnail(shown, "<{shares}>", looked_at(shown))


def _picture(model: str, label: str) -> str:
    """The picture of a model with its label in a language."""
    before, _, after = label.partition("{shares}")
    return _drawn(model).replace("&lt;", escape(before), 1).replace("&gt;", escape(after), 1)


def _card(card: Card, address: str, say: dict[str, str], picture: str) -> str:
    facts = f"{say['level'].format(n=card.level)}, {say['minutes'].format(n=card.minutes)}"
    return (
        f'<li><a href="{escape(address)}">{picture}<b>{escape(card.title)}</b></a>'
        f"<p>{escape(card.about)}</p><small>{escape(facts)}</small></li>"
    )


def languages_beside(lang: str) -> list[str]:
    """The other languages in which there is a gallery."""
    return [other for other in languages() if other != lang]
