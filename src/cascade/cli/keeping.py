"""Never over another run: what stands in a file or folder already, and whether it is the same run."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cascade.common.errors import CascadeError, InputError
from cascade.common.version import STREAM_VERSION
from cascade.model import Model

FORCE = "write to another, or give --force"
RESULT = "result.cascade"
MARKS = re.compile(r"sha256 \w{16}|until [\w.+-]+,|seed \d+,|cells \d+|numbers \d+:\d+")
"""What in the note of a figure tells one run from another."""


@dataclass(frozen=True)
class Recipe:
    """What a run is known by.

    Attributes
    ----------
    models : tuple of Model
        One, or the two that are compared.
    seed : int or None
        None where one will be drawn: then the run is like no other.
    cells : range
    until : float or None
    """

    models: tuple[Model, ...]
    seed: int | None
    cells: range
    until: float | None

    def is_of(self, path: Path) -> bool:
        """Whether a saved result is that of this run."""
        from cascade.runs.saved import open_result

        try:
            saved = open_result(path)
        except CascadeError:
            return False
        # A result holds the factors of a shared capacity that its cells have brought about.
        same = _digest(saved.model, self.models[0]) == self.models[0].digest()
        cells, streams = ((self.cells.start, self.cells.stop),), saved.versions.get("streams")
        made = saved.seed, saved.ranges, saved.until, streams
        return same and made == (self.seed, cells, self.until, STREAM_VERSION)

    @property
    def numbers(self) -> str:
        """Which cells, for a note: of clusters it counts the cells of all units, which nobody knows before the run."""
        return f"numbers {self.cells.start}:{self.cells.stop}"

    def is_drawn(self, path: Path) -> bool:
        """Whether the note in a figure is that of this run; one that does not tell its numbers counts from 0 on."""
        marks = [f"sha256 {model.digest()[:16]}" for model in self.models]
        marks += [f"until {self.until},", f"seed {self.seed},"]
        noted = MARKS.findall(note_in(path))
        counted = [mark for mark in noted if mark.startswith("cells")]
        told = [mark for mark in noted if mark.startswith("numbers")]
        plain = self.cells.start == 0 and not any(model.clusters for model in self.models)
        same = told == [self.numbers] or (plain and not told and counted == [f"cells {len(self.cells)}"])
        return same and [mark for mark in noted if mark not in (*counted, *told)] == marks

    def is_shown(self, path: Path) -> bool:
        """Whether a lesson is that of this run, without arms; of however many cells: it shows the first of them."""
        from cascade.lessons.page import lesson_in

        found = lesson_in(path)
        if found is None or found["model"] is None:
            return False
        made = found["lesson"], found["seed"], found["first"], found["model"]["until"], found["arms"], found["lang"]
        return made == (self.models[0].name, str(self.seed), self.cells.start, self.until, [], "en")


def _digest(saved: Model, wanted: Model) -> str:
    """Digest of a saved model, without the factors of its capacity where the one that is wanted has none."""
    if saved.capacity is None or wanted.capacity is None or wanted.capacity.factors is not None:
        return saved.digest()
    return saved.with_(capacity=saved.capacity.model_copy(update={"factors": None})).digest()


def note_in(path: Path) -> str:
    """The note that ``plot.save`` has written into a figure; empty where there is none."""
    data, kind = path.read_bytes(), path.suffix.lower()
    if kind == ".png":
        return "".join(_texts_of_png(data))
    pattern = rb"<dc:description>(.*?)</dc:description>" if kind == ".svg" else rb"/Subject \((.*?)\)\n"
    match = re.search(pattern, data, re.DOTALL)
    text = match[1].decode("utf-8", "replace") if match else ""
    return html.unescape(text) if kind == ".svg" else text.replace("\\(", "(").replace("\\)", ")")


def _texts_of_png(data: bytes) -> Iterator[str]:
    """Descriptions in the chunks of a PNG: length, kind, data, checksum, one after the other."""
    at = 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in (b"tEXt", b"iTXt") and data[at + 8 :].startswith(b"Description\0"):
            text = data[at + 8 : at + 8 + length].removeprefix(b"Description\0").lstrip(b"\0")
            yield text.decode("latin-1" if kind == b"tEXt" else "utf-8", "replace")
        at += 12 + length


def never_over_another(option: str, path: Path | None, same: bool, force: bool) -> None:
    """Refuse to write a file over that of another run, or over what is of none, or where none can be: before any work.

    Raises
    ------
    InputError
        When the file exists and is not of the same run, or its folder does not.
    """
    if path is None:
        return
    if path.exists() and not path.is_file():
        raise InputError(option, str(path), "a file, not a folder or a device")
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise InputError(option, str(path), f"a file in a folder that can be written to; {path.parent} is none")
    if force or same or not path.is_file():
        return
    match = re.search(r"model (\S+) .*?seed (\d+)", note_in(path))
    held = f"another run (model {match[1]}, seed {match[2]})" if match else "something else"
    raise InputError(option, str(path), f"a file that does not hold {held}: {FORCE}")


def never_in_the_folder_of_another(folder: Path | None, recipe: Recipe, files: Sequence[str], force: bool) -> None:
    """Refuse to write into the folder of another run, or over files that are of none.

    Raises
    ------
    InputError
        When a file of these names stands there, without the saved result of the same run.
    """
    taken = [] if folder is None else [name for name in files if (folder / name).exists()]
    if folder is None or force or not taken or recipe.is_of(folder / RESULT):
        return
    raise InputError("--out", str(folder), f"a folder that does not hold {_held(folder, taken)}: {FORCE}")


def _held(folder: Path, taken: Sequence[str]) -> str:
    """What a folder holds, in words."""
    from cascade.runs.saved import open_result

    try:
        saved = open_result(folder / RESULT)
    except CascadeError:
        return f"files of these names ({', '.join(taken)})"
    until = "" if saved.until is None else f", until {saved.until:g} h"
    cells = " and ".join(f"{start}:{stop}" for start, stop in saved.ranges)
    return f"another run (model {saved.model.name}, seed {saved.seed}, cells {cells}{until})"
