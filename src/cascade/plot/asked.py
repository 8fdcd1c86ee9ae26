"""What a figure of the number of lesions asks of answers: years, levels, the law of the number, its colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cascade.answers.intervals import proportion
from cascade.common.colours import ALIVE_COLOUR, INK
from cascade.common.errors import InputError
from cascade.common.sight import shades
from cascade.patient.questions import Answers, Simulated
from cascade.patient.tables import LesionTable, Level
from cascade.plot.founders import made_of

MOST_YEARS = 4
MOST_ALONE = 16
"""Numbers of lesions that are shown one by one; those above are together."""

TAIL = 0.004
"""Share of patients who may have more than the last number that is shown alone."""


def together(source: Answers, beside: object) -> Answers | None:
    """The other answer, of the same years and sizes: one is counted, one exact."""
    if beside is None:
        return None
    if not isinstance(beside, Answers) or beside.exact_answer == source.exact_answer:
        other = "a cohort" if source.exact_answer else "an exact answer"
        raise InputError("beside", beside, f"{other} of the disease, or None")
    for name in ("times", "sizes_mm"):
        if getattr(beside, name) != getattr(source, name):
            raise InputError(f"beside.{name}", getattr(beside, name), f"the same as here: {getattr(source, name)}")
    return beside


def years_of(source: Answers, years: object, of: str, level: Level) -> tuple[float, ...]:
    """Years that were asked for, rising; the last and two before it where none were."""
    asked = tuple(years) if isinstance(years, Iterable) and not isinstance(years, str | Mapping) else (years,)
    if not asked:
        seen = [row.years for row in source.lesions(level, of) if row.some > 0.002] or list(source.times)
        asked = tuple({seen[-1], seen[len(seen) // 2], seen[len(seen) // 5]})
    if len(asked) > MOST_YEARS:
        raise InputError("years", years, f"at most {MOST_YEARS} years at which lesions were counted")
    if None in asked:  # a single number may stand for the last year, a figure's years may not
        raise InputError("years", years, "years at which lesions were counted")
    for year in asked:
        source.number(year, level, of)  # says what is wrong with any of the three
    if len(set(asked)) < len(asked):
        raise InputError("years", years, "different years")
    return tuple(sorted(float(year) for year in asked))


class Numbers(NamedTuple):
    """The law of the number: shares of 0, 1, ... lesions, then of more than the last; with their intervals."""

    shares: tuple[tuple[float, float, float], ...]
    exact: bool


@dataclass(frozen=True)
class Shown:
    """Answers, and what is asked of them."""

    source: Answers
    beside: Answers | None
    years: tuple[float, ...]
    level: Level
    of: str

    @property
    def answers(self) -> list[Answers]:
        """One or both."""
        return [self.source] if self.beside is None else [self.source, self.beside]

    @cached_property
    def colours(self) -> list[str]:
        """Of the years: the later the darker; blue of counts, grey where all is exact."""
        return shades(INK if self.alone_exact else ALIVE_COLOUR, len(self.years))

    @property
    def alone_exact(self) -> bool:
        """Whether nothing is counted."""
        return all(answer.exact_answer for answer in self.answers)

    def exact_colour(self, year: int) -> str:
        """Of what is exact: ink beside counts, which have the colours of the years."""
        return self.colours[year] if self.alone_exact else INK

    @property
    def levels(self) -> list[Level]:
        """Of the panel at the left: all founders, those that last, and the largest that anybody has."""
        last = len(self.source.times) - 1
        seen = [mm for mm in self.source.sizes_mm if self.source.lesions(mm, self.of).rows[last].some > 0]
        return ["founded", "established", *seen[-2:]]

    @cached_property
    def alone(self) -> int:
        """The last number that is shown by itself."""
        last = 3
        for answer in self.answers:
            for year in self.years:
                rows, rest = answer.number(year, self.level, self.of).rows, 1.0
                for row in rows[: MOST_ALONE + 1]:
                    rest -= row.share
                    if rest > TAIL:
                        last = max(last, row.number + 1)
        return min(last, MOST_ALONE)

    def numbers(self, answer: Answers, year: float) -> Numbers:
        """The law of the number at a year."""
        rows = answer.number(year, self.level, self.of).rows
        first = [(row.share, row.low, row.high) for row in rows[: self.alone + 1] if not row.or_more]
        return Numbers((*first, _rest(answer, year, first)), answer.exact_answer)

    def sizes(self, answer: Answers, year: float) -> LesionTable:
        """By size, without cells that are only shed."""
        return answer.sizes(year, self.of)

    @property
    def heading(self) -> str:
        """Whose lesions."""
        where = "" if self.of == "anywhere" else f"{self.of} "
        return f"{self.source.label}: how many {where}lesions, when and how large"

    @property
    def made(self) -> str:
        """How the answers were made."""
        return "; beside: ".join(made_of(answer) for answer in self.answers)


def _rest(answer: Answers, year: float, first: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The share with more lesions than are shown one by one, with its interval."""
    share = max(0.0, 1.0 - sum(value for value, _, _ in first))
    if not isinstance(answer, Simulated):
        low, high = (1.0 - min(1.0, sum(value[k] for value in first)) for k in (2, 1))
        return share, low, high
    alive = int(answer.counts.alive[answer.times.index(year)])
    return (share, *(proportion(round(share * alive), alive) if alive else (0.0, 1.0)))


def level_name(level: Level) -> str:
    """A level, beside its line."""
    return level if isinstance(level, str) else f"{level:g} mm or more"


def told_of(of: str, level: Level) -> str:
    """Which lesions are counted, in a few words.

    Examples
    --------
    >>> told_of("anywhere", "founded"), told_of("distant", 5.0)
    ('founded lesions', 'distant lesions of 5 mm or more')
    """
    where = "" if of == "anywhere" else f"{of} "
    if not isinstance(level, str):
        return f"{where}lesions of {level:g} mm or more"
    return f"{where}lesions that are shed" if level == "shed" else f"{level} {where}lesions"
