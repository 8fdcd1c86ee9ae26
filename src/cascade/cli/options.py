"""Options of the commands: how they are written, and what becomes of them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cascade import catalog
from cascade.common.columns import paragraphs
from cascade.common.errors import CascadeError, InputError, ModelError, shorten
from cascade.common.jsons import json_text
from cascade.common.notices import be_patient
from cascade.common.numbers import readings
from cascade.model import Model
from cascade.model.treatments import Treatment

NOTICE = "For research and teaching, never for decisions about a patient."

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A name from 'cascade models', or a .toml file.")]

Cells = Annotated[str, typer.Option(metavar="N", help="Number of cells (1e6), or a range of cell numbers (1000:2000).")]

Seed = Annotated[str | None, typer.Option(metavar="N", help="Whole number >= 0; drawn and shown if not given.")]

Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="End of the run: hours, or with a unit: 90s, 20min, 36h, 13d.")
]

Treat = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[@FROM:TO]",
        help="Treat with an entry of 'cascade models' or a .toml file, for a time: nk-depletion@0h:2d. Repeatable.",
    ),
]

Given = Annotated[
    list[str] | None,
    typer.Option(
        metavar="GOAL",
        help="Only cells that reach it: a step, a state, an organ, a milestone or a cause of death. Repeatable: or.",
    ),
]

Injected = Annotated[
    list[str] | None,
    typer.Option(
        "--injected",
        metavar="STATE[=SHARE]",
        help="Begin in a state of the model instead: circulating. Repeatable, with shares: arrested=0.3.",
    ),
]


def path_of(text: object) -> Path:
    """A path that can be one: not empty, no longer than the system allows."""
    given = str(text)
    if not given.strip():
        raise typer.BadParameter("a name that is not empty")
    try:
        os.lstat(given)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass  # whoever reads or writes there will tell
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"a name that the system takes ({getattr(error, 'strerror', error)})") from None
    return Path(given)


Figure = Annotated[
    Path | None, typer.Option("--out", metavar="PATH", parser=path_of, help="Also a figure: .png, .svg or .pdf.")
]

Folder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", parser=path_of, help="Folder for the result, the table and the figure."),
]

Force = Annotated[bool, typer.Option("--force", help="Write over what holds another run.")]

Threads = Annotated[int | None, typer.Option(min=1, max=1024, metavar="N", help="Threads; default: one per processor.")]


def _patiently(value: bool) -> bool:
    """Say nothing about what is waited for, where that was asked for."""
    if value:
        be_patient()
    return value


AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, and nothing else on standard output.", callback=_patiently)
]

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress bar, no word about compiling.", callback=_patiently)
]


class Kind(StrEnum):
    """Figures that ``cascade plot`` draws."""

    funnel = "funnel"
    alluvial = "alluvial"
    waterfall = "waterfall"
    occupancy = "occupancy"
    incidence = "incidence"
    organs = "organs"
    body = "body"


class Style(StrEnum):
    """For whom ``cascade plot`` draws."""

    screen = "screen"
    paper = "paper"
    slide = "slide"


def parse_whole(text: str) -> int:
    """A whole number as people write it: 1000000, 1_000_000, 1,000,000 or 1e6."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,3}([,_][0-9]{3})+", text):
        return int(re.sub("[,_]", "", text))
    if not re.fullmatch(r"[0-9]{1,40}(\.[0-9]{1,40})?([eE]\+?[0-9]{1,3})?", text):
        raise ValueError
    value = Decimal(text)
    if value != value.to_integral_value():
        raise ValueError
    return int(value)


def parse_cells(text: str) -> int | range:
    """A number of cells, or a range of cell numbers ``first:stop``.

    Raises
    ------
    InputError
        When it is none, or has two readings: 10.000 is ten to some and ten thousand to others.
    """
    for part in text.split(":"):
        said = sorted(set(readings(part.strip()).values()))
        if len(said) > 1 or re.fullmatch(r"\s*\d{1,3}(\.\d{3})+\s*", part):
            plain = " or ".join(f"{value:g}" if value % 1 else f"{value:.0f}" for value in said)
            raise InputError("--cells", text, f"a number without marks: {plain}")
    try:
        if ":" in text:
            first, stop = map(parse_whole, text.split(":"))
            if first < stop:
                return range(first, stop)
        elif (number := parse_whole(text)) > 0:
            return number
    except (ValueError, ArithmeticError):
        pass
    raise InputError("--cells", text, "a whole number > 0 such as 1e6, or a rising range such as 1000:2000")


def parse_seed(text: str | None) -> int | None:
    """A whole number >= 0, or None."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,100}", text):
        raise InputError("--seed", text, "a whole number >= 0")
    return int(text)


def parse_hours(text: str | None, option: str = "--until", *, zero: bool = False) -> float | None:
    """A time in hours, or with a unit; 0 only where it may be."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*([0-9.,eE+-]+)\s*(s|min|h|d|)\s*", text)
    if match and len(said := sorted(set(readings(match[1]).values()))) > 1:
        plain = f"{said[1]:.0f}{match[2]}, or {said[0]:.4f}{match[2]}"
        raise InputError(option, text, f"a time with one reading: {plain}")
    try:
        if match is None:
            raise ValueError
        value = float(match[1]) * {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "": 1.0, "d": 24.0}[match[2]]
        if not (0 < value < math.inf or (zero and value == 0)):
            raise ValueError
    except ValueError:
        raise InputError(option, text, "a time > 0 in hours, or with a unit: 90s, 20min, 36h, 13d") from None
    return value


@contextmanager
def blaming(argument: str, *fields: str) -> Iterator[None]:
    """Errors about what is named here, in the words of the command line: which argument it stands in."""
    try:
        yield
    except InputError as error:
        raise (error.renamed(argument) if error.field in (fields or ("model", "treatment")) else error) from None


def in_words_of_the_command(error: InputError, arguments: Sequence[str]) -> InputError:
    """An error of a function about an argument that the command has as an option, by the name of that.

    What the options of the command are, it tells itself: one that is added later is named as well.
    """
    from cascade.cli.app import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    command = next((commands[word] for word in arguments if word in commands), None)
    for option in command.params if command else ():
        if re.split(r"[.\[]", error.field)[0] in (option.name, option.opts[0].removeprefix("--")):
            told = option.opts[0] if option.opts[0].startswith("-") else str(option.metavar or option.name).strip("[]")
            return error.renamed(told)
    return error


def loaded(argument: str, name: str) -> Model:
    """The model of an argument, which errors name."""
    with blaming(argument):
        return catalog.load(name)


def injected(model: Model, wanted: Sequence[str] | None) -> Model:
    """The model with cells that begin in the states named as ``STATE``, or ``STATE=SHARE`` of several."""
    if not wanted:
        return model
    living = {state.name for state in model.states}
    shares: dict[str, float] = {}
    for text in wanted:
        name, equals, share = text.rpartition("=")
        if not equals or text in living:  # a name may hold the sign
            name, share = text, "1"
        if name in shares:
            raise InputError("--injected", text, "each state once")
        try:
            shares[name] = float(share)
        except ValueError:
            raise InputError("--injected", text, "a state, or state=share such as arrested=0.3") from None
        if not 0 <= shares[name] <= 1:
            raise InputError("--injected", text, "a share from 0 to 1")
    with blaming("--injected", "state", *(f"state[{name!r}]" for name in shares)):
        return model.injected(shares)


def treatments_of(wanted: Sequence[str] | None) -> list[Treatment]:
    """The treatments named as ``NAME``, ``NAME@FROM:TO`` or ``NAME@FROM:``."""
    chosen = []
    for text in wanted or ():
        name, at, times = text.partition("@")
        begin, colon, end = times.partition(":")
        if at and not (begin and colon):
            raise InputError("--treat", text, "a name, or name@from:to such as nk-depletion@1d:10d")
        start = parse_hours(begin or None, "--treat", zero=True)
        stop = parse_hours(end, "--treat") if end else math.inf if at else None
        try:
            with blaming("--treat"):
                chosen.append(catalog.treatment(name, start, stop))
        except ModelError as error:
            raise CascadeError(f"--treat = {shorten(text)}: {error}") from None
    return chosen


def treated(model: Model, wanted: Sequence[str] | None) -> Model:
    """The model with treatments, named as in `treatments_of`."""
    for text, one in zip(wanted or (), treatments_of(wanted), strict=True):
        try:
            model = model.with_treatments(one)
        except InputError:
            raise InputError("--treat", text, _acting_on(model, one)) from None
    return model


def reaching(model: Model, goals: Sequence[str] | None) -> Model:
    """The model of the cells alone that reach one of the goals; without goals of all cells."""
    if not goals:
        return model
    try:
        with blaming("--given", "goal"):
            return model.given(list(goals))
    except ModelError as error:
        raise CascadeError(f"--given = {', '.join(map(shorten, goals))}: {error}") from None


def _acting_on(model: Model, treatment: Treatment) -> str:
    """What a treatment must be to act on a model, as somebody writes it in a file."""
    names = model.hazard_names()
    acts = ", ".join(effect.hazard for effect in treatment.effects)
    factor = treatment.effects[0].factor
    lines = [f"name = {treatment.name!r}", "[[effects]]", f"hazard = {names[0]!r}", f"factor = {float(factor):g}"]
    return (
        f"a treatment that acts on a hazard of {model.name} ({', '.join(names[:6])}{', ...' * (len(names) > 6)});"
        f" this one acts on {acts}. A file of your own, mine.toml, could hold:\n  " + "\n  ".join(lines)
    )


def pool_of(threads: int | None) -> AbstractContextManager[Executor | None]:
    """Threads to work on; None: the package's own choice."""
    return nullcontext() if threads is None else ThreadPoolExecutor(threads)


def as_range(cells: int | range) -> range:
    """Numbers of the cells."""
    return cells if isinstance(cells, range) else range(cells)


def output_folder(out: Path | None) -> Path | None:
    """The output folder, made if need be, before any long work begins."""
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("--out", str(out), f"a folder that can be made ({error.strerror})") from None
    return out


def say(text: str) -> None:
    """Text for people on standard output, no wider than their terminal."""
    typer.echo(paragraphs(text))


def print_json(data: Any) -> None:
    """Data for machines on standard output."""
    typer.echo(json_text(data))
