"""What kind of file somebody gave where another kind is wanted, told by its first bytes and never by its name."""

from __future__ import annotations

import json
from pathlib import Path

MOST = 1 << 26
"""Bytes of a file of JSON that are read: a larger one is not told."""

ZIP = b"PK"

SWEEP = {"sweep", "model", "hazards", "factors"}
"""What the first line of a kept sweep names."""

BEGINNINGS = {
    b"\x89PNG": "a figure (PNG)",
    b"%PDF": "a figure (PDF)",
    b"<svg": "a figure (SVG)",
    b"<?xml": "a figure (SVG)",
    b"<!doctype html": "a page (HTML)",
}


def kind_of(path: Path) -> str:
    """What kind of file it is, in words; "" where it cannot be told.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "asked.txt"
    ...     _ = path.write_text("step,entered,passed")
    ...     kind_of(path)
    'a table or other text'
    """
    try:
        with path.open("rb") as file:
            held = file.read(MOST)
    except OSError:
        return ""
    if not held:
        return "empty"
    if held.startswith(ZIP):
        return ""  # its recipe tells more
    for beginning, kind in BEGINNINGS.items():
        if held.lstrip()[: len(beginning)].lower() == beginning.lower():
            return kind
    try:
        text = held.decode()
    except ValueError:
        return ""
    first = _keys(text.partition("\n")[0])
    if first >= SWEEP:
        return "a sweep (cascade.open_sweep)"
    every = _keys(text)
    if "fit" in every:
        return "a saved fit (cascade.open_fit)"
    return "data in JSON" if every else "a table or other text" if text.isprintable() or "\n" in text else ""


def _keys(text: str) -> set[str]:
    """Names in an object in JSON; none where it is something else."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    return set(told) if isinstance(told, dict) else set()
