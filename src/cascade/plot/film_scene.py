"""What a film shows: its cells and rows, what is said of them, and what stands above and below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cascade.answers.funnel import Funnel
from cascade.common.files import packaged
from cascade.common.version import package_version
from cascade.lessons.page import UNKNOWN_STAGE
from cascade.model import Model
from cascade.plot.film_cells import DOTS, SET_OUT, FilmCells
from cascade.plot.film_layout import Layout, layout_of
from cascade.plot.film_lives import Lives
from cascade.plot.film_places import Places
from cascade.plot.film_words import Scheme, Words, scheme_of
from cascade.runs.founders import first_founder
from cascade.solution.answer import exact
from cascade.web.page import cast_of

NAMED = 3
"""Causes at most that are named below a bar."""

GOAL_SECONDS = 4.0
"""Of the row of those that have passed all steps."""


COMMON = 0.5
"""Share of all cells from which on it is no feat to get there."""


@dataclass(frozen=True)
class Row:
    """A row of the film, as it is said.

    Attributes
    ----------
    name, hint : str
    ground : str
    came : float
        Exact share of all cells that come to it.
    zoom, factor : float
        How much its bar is enlarged, and how much more than the one above.
    causes : tuple of (str, str)
        Causes of death and their shares of those who die here, in words.
    opens : str
        Where dots open: how many cells a dot is from here.
    """

    name: str
    hint: str
    ground: str
    came: float
    zoom: float
    factor: float
    causes: tuple[tuple[str, str], ...]
    opens: str


@dataclass(frozen=True)
class Scene:
    """A film that can be drawn at each of its seconds.

    Attributes
    ----------
    title : str
        The question.
    rows : tuple of Row
    below : tuple of str
        Who is ringed; and model, seed, cells and version.
    cells : FilmCells
    dots : FilmCells
        Those that are drawn, which may be fewer.
    places : tuple of Places
        Of the parts of the film.
    ringed : Places or None
        Of the cell that founds.
    causes : tuple of str
    """

    title: str
    rows: tuple[Row, ...]
    below: tuple[str, ...]
    cells: FilmCells
    dots: FilmCells
    places: tuple[Places, ...]
    ringed: Places | None
    causes: tuple[str, ...]
    layout: Layout
    words: Words
    scheme: Scheme

    @property
    def length(self) -> float:
        """Seconds, at the pace of the lesson."""
        ring = self.cells.ringed
        # The colony of the ringed cell grows for three seconds.
        return max(self.cells.length, ring.stays[-1].start + 3.5 if ring else 0.0)


def scene_of(
    model: Model, *, seed: int, first: int, until: float | None, words: Words, dark: bool, dots: int = DOTS
) -> Scene:
    """The film of a model; with fewer dots than a lesson has where the file would grow too large."""
    funnel, cast = exact(model, until=until).funnel(), cast_of(model)
    came = [1.0, *(row.fraction_of_all for row in funnel.rows)]
    stages = packaged("cascade.lessons", "stages.toml")["stages"]
    looks = [stages.get(name, UNKNOWN_STAGE) for name in model.stages]
    looks.append({"ground": "tissue", "seconds": GOAL_SECONDS})
    # Where most get there, none is looked for.
    common = came[-1] > COMMON
    founder, looked = (-1, 0) if common else first_founder(model, seed=seed, first=first, until=until)
    lives, seconds = Lives(model, seed=seed, first=first, until=until), [look["seconds"] for look in looks]
    cells = FilmCells(lives, came, seconds, founder=founder)
    fewer = cells if dots == DOTS else FilmCells(lives, came, seconds, founder=founder, dots=dots, pace=cells.means)
    rows = _rows([*model.stages, cast["goal"]], looks, funnel, fewer, words)
    causes, layout, grounds = tuple(cast["causes"]), layout_of(len(rows)), [row.ground for row in rows]
    places = [Places(part.tracks, layout.rows, grounds, causes, layout.head) for part in fewer.parts]
    ring = cells.ringed
    return Scene(
        title=words.question(SET_OUT, cast["goal"]),
        rows=rows,
        below=(
            words("film.lead_all") if common else _of_ring(words, founder, looked, first),
            _made(model, words, seed=seed, first=first, until=until),
        ),
        cells=cells,
        dots=fewer,
        places=tuple(places),
        ringed=Places([ring], layout.rows, grounds, causes, layout.head) if ring else None,
        causes=causes,
        layout=layout,
        words=words,
        scheme=scheme_of(list(causes), dark=dark),
    )


def _rows(
    names: list[str], looks: list[dict[str, str]], funnel: Funnel, cells: FilmCells, words: Words
) -> tuple[Row, ...]:
    """What is said of each row."""
    zooms, opening = cells.zooms, {part.row: _opens(part.each, words) for part in cells.parts[1:]}
    opening[0] = words("film.first_cells", n=words.whole(cells.parts[0].each))
    came = [1.0, *(row.fraction_of_all for row in funnel.rows)]
    return tuple(
        Row(
            name=words.term(name),
            hint=words.hint(name),
            ground=looks[k]["ground"],
            came=came[k],
            zoom=zooms[k],
            factor=zooms[k] / zooms[k - 1] if k else 1.0,
            causes=_causes(funnel.rows[k].lost, words) if k < len(funnel.rows) else (),
            opens=opening.get(k, ""),
        )
        for k, name in enumerate(names)
    )


def _causes(lost: Mapping[str, float], words: Words) -> tuple[tuple[str, str], ...]:
    """The commonest causes of death in a row, with their shares of those who die there."""
    number = sum(lost.values())
    commonest = sorted(lost.items(), key=lambda item: -item[1])[:NAMED]
    return tuple(
        (cause, f"{words.term(cause)} {words.whole(100 * n / number)} %")
        for cause, n in commonest
        if number and n / number >= 0.01
    )


def _opens(each: float, words: Words) -> str:
    """How many cells a dot is."""
    return words("film.one_cell") if each <= 1.5 else words("film.cells", n=words.whole(each))


def _of_ring(words: Words, founder: int, looked: int, first: int) -> str:
    """Who is ringed: a cell that was looked for, no fair sample."""
    if founder < 0:
        return words("film.no_founder", n=words.whole(looked))
    return words("film.ringed", cell=words.whole(founder), looked=words.whole(founder - first + 1))


def _made(model: Model, words: Words, *, seed: int, first: int, until: float | None) -> str:
    """Of what the film is, and from what it can be made again."""
    name = model.name
    for treatment in model.treatments:
        name = name.replace(f" + {treatment.name}", f" + {words.term(treatment.name)}")
    parts = [name, f"seed {seed}", words.cells(first, first + SET_OUT - 1)]
    if until is not None:
        parts.append(words.until(until))
    return f"{', '.join([*parts, f'cascade {package_version()}'])}.  {words('page.notice')}"
