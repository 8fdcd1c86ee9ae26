"""Words, numbers and colours of a film: those of the lesson page, which it is a film of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cascade.common.colours import LOOKS
from cascade.common.shares import percent
from cascade.lessons.looks import causes_of
from cascade.lessons.words import words


class Words:
    """What is said in a language.

    Parameters
    ----------
    lang : str
        Of the words: a file of ``web/texts``, such as "en" or "de".

    Raises
    ------
    InputError
        When there are no words in the language.
    """

    def __init__(self, lang: str) -> None:
        self.table, self.lang = words(lang), lang

    def __call__(self, key: str, **values: str) -> str:
        """The text ``section.key``."""
        section, _, name = key.partition(".")
        return self.table[section][name].format(**values)

    def term(self, name: str) -> str:
        """What a step, cause or goal is called."""
        return self.table["terms"].get(name, name)

    def hint(self, step: str) -> str:
        """A few words on a step; "" of a step that only its model has."""
        return self.table["hints"].get(step, "")

    def question(self, number: int, goal: str) -> str:
        """How many reach the goal, as a question."""
        asked = f"goal {goal}"
        if asked in self.table["terms"]:
            return self("film.question", n=self.whole(number), goal=self.term(asked))
        return self("film.question_far", n=self.whole(number), goal=self.term(goal))

    def cells(self, first: int, last: int) -> str:
        """Which cells."""
        return self("film.numbers", first=self.whole(first), last=self.whole(last))

    def until(self, hours: float) -> str:
        """The end of the run."""
        return self("film.hour", hours=self._localised(f"{hours:,g}"))

    def counted(self, came: float, looked: float, *, last: bool) -> str:
        """How many cells of the film have come to a row."""
        if last and round(came) == 0:
            return self("film.founded_none", all=self.whole(looked))
        return self("film.came", n=self.whole(came), all=self.whole(looked))

    def share(self, share: float) -> str:
        """A share with three figures that count; below one in ten thousand as 1 in N."""
        return self._localised(percent(share))

    def whole(self, number: float) -> str:
        """A whole number with its thousands."""
        return self._localised(f"{round(number):,}")

    def _localised(self, text: str) -> str:
        """Points and commas as the language has them."""
        numbers = self.table["numbers"]
        marks = {".": numbers["decimal"], ",": numbers["thousands"]}
        marked = re.sub(r"(?<=\d)[.,](?=\d)", lambda mark: marks[mark[0]], text)
        for english, key, hole in (("1 in ", "one_in", "n"), ("above ", "above", "share")):
            if marked.startswith(english):
                return numbers[key].format(**{hole: marked.removeprefix(english)})
        return marked


@dataclass(frozen=True)
class Scheme:
    """Colours by the name that they have in the style of the page, and of causes colours and marks.

    Attributes
    ----------
    colours : dict of str to str
        paper, stage, ink, quiet, band, edge, passed, alive, tissue, tissue-dark, lumen, lumen-dark: "#rrggbb".
    causes, marks : dict of str to str
    """

    colours: dict[str, str]
    causes: dict[str, str]
    marks: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """A colour by its name."""
        return self.colours[name]

    def cause(self, name: str) -> str:
        """The colour of a cause."""
        return self.causes.get(name, self["quiet"])


def scheme_of(causes: list[str], *, dark: bool) -> Scheme:
    """The colours of the page in light or dark style."""
    marks, colours = causes_of(causes)
    return Scheme(dict(LOOKS["dark" if dark else "light"]), {c: two[dark] for c, two in colours.items()}, marks)
