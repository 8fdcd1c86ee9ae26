"""The film of a lesson as a file for slides: GIF, MP4 or a drawing that moves (SVG)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from cascade.common.arguments import MOST_CELLS, check_flag, check_seed
from cascade.common.errors import InputError, is_number
from cascade.common.files import as_path, write_atomically
from cascade.common.text import printable
from cascade.engine.executor import Progress, reporter
from cascade.model import Model, check_model
from cascade.plot.film_cells import SET_OUT
from cascade.plot.film_files import encoder, gif_frames, gif_of, mp4_frames, mp4_of
from cascade.plot.film_scene import Scene, scene_of
from cascade.plot.film_svg import svg_of
from cascade.plot.film_words import Words

SHORTEST, LONGEST = 2.0, 120.0
"""Seconds of a film."""

SUFFIXES = (".gif", ".mp4", ".svg")

SVG_DOTS = (500, 250, 100, 50)
"""Of the first rows of a drawing, where each dot is written down with its moves: the most for which there is room."""

MOST_BYTES = 1_000_000
"""Of a drawing."""

WORTH = 1e7
"""Visits to states that a frame takes as long as: then a terminal is shown a bar."""


def film(
    model: Model,
    path: str | Path,
    *,
    seed: int = 1889,
    first: int = 0,
    until: float | None = None,
    seconds: float = 20.0,
    lang: str = "en",
    dark: bool = False,
    progress: Progress = None,
) -> Path:
    """Write the film of a lesson: real cells that move from step to step and die, and the bars of the funnel.

    The cells, their rows and their pace are those of the page that ``cascade lesson`` writes.

    Parameters
    ----------
    model : Model
        With its treatments.
    path : str or Path
        Ends in .gif, .mp4 (with the extra ``film``) or .svg.
    seed, first : int
        Of the cells, and the number of the first one.
    until : float, optional
        Hours after which the cells are looked at.
    seconds : float
        That the film lasts, from 2 to 120; the whole of it is shown however short it is.
    lang : str
        Of what is written: "en" or "de".
    dark : bool
        Light on dark.
    progress : bool or callable, optional
        True: a bar on stderr; a callable is given (done, all) frames.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        When the ending, the language or a number is none that can be; when the model has no exact answer.
    CascadeError
        For an .mp4 without the extra ``film``.
    """
    where = check_film(path)
    _check(model, seed, first, seconds, dark=dark)
    kind, words = where.suffix.lower(), Words(lang)
    if kind == ".mp4":
        encoder()  # before any work
    scene = partial(scene_of, model, seed=seed, first=first, until=until, words=words, dark=dark)
    write_atomically(where, _content(kind, scene, seconds, note_of(model, seed, first, until), progress))
    return where


def _check(model: Model, seed: int, first: int, seconds: float, *, dark: bool) -> None:
    """Refuse what cannot be, before any work."""
    check_model(model)
    check_seed(seed)
    if not is_number(seconds) or not SHORTEST <= seconds <= LONGEST:
        raise InputError("seconds", seconds, f"a number from {SHORTEST:g} to {LONGEST:g}")
    if not isinstance(first, int) or isinstance(first, bool) or not 0 <= first <= MOST_CELLS - SET_OUT:
        raise InputError("first", first, f"a whole number from 0 to {MOST_CELLS - SET_OUT}")
    check_flag(dark, "dark")


def check_film(path: object) -> Path:
    """A path whose ending says a kind of film.

    Raises
    ------
    InputError
        When it does not.
    """
    if not isinstance(path, str | Path) or Path(path).suffix.lower() not in SUFFIXES:
        raise InputError("path", str(path), "a name that ends in .gif, .mp4 or .svg")
    return as_path(path)


def note_of(model: Model, seed: int, first: int, until: float | None) -> str:
    """What stands in the file: of which run it is a film."""
    about = f"until {until}, seed {seed}, cells {first}:{first + SET_OUT}"
    return f"model {printable(model.name)[:80]} (sha256 {model.digest()[:16]}), {about}; cascade film"


def _content(kind: str, scene: Callable[..., Scene], seconds: float, note: str, progress: Progress) -> bytes:
    """The file."""
    if kind == ".svg":
        return _drawing(scene, seconds, note, progress)
    made, number = (gif_of, gif_frames(seconds)) if kind == ".gif" else (mp4_of, mp4_frames(seconds))
    with reporter(progress, number, WORTH, "frames") as tell:
        return made(scene(), seconds, note, tell)


def _drawing(scene: Callable[..., Scene], seconds: float, note: str, progress: Progress) -> bytes:
    """A drawing with as many dots as there is room for."""
    for dots in SVG_DOTS:
        drawn = scene(dots=dots)
        with reporter(progress, len(drawn.places), WORTH, "parts") as tell:
            text = svg_of(drawn, seconds, note, tell)
        if len(text) <= MOST_BYTES:
            break
    return text
