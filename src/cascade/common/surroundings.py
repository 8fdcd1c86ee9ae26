"""Surroundings in which a library cannot even be imported: which of them is at fault, and what to write there."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from cascade.common.errors import InputError

VARIABLES = {"matplotlib": "MPL", "numba": "NUMBA_", "llvmlite": "NUMBA_"}
"""Libraries that read variables of the environment as they are imported, and how these begin."""


def blamed(error: BaseException) -> InputError | None:
    """The error in words that name what is wrong around the program; None where nothing is.

    Parameters
    ----------
    error : exception
        What an import, or the first use of a library, has raised.
    """
    if isinstance(error, FileNotFoundError) and _nowhere():
        return InputError("the working directory", None, "a folder that exists: this one was deleted")
    rooms = {
        frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)
    }
    for library, begin in VARIABLES.items():
        given = {name: value for name, value in sorted(os.environ.items()) if name.startswith(begin)}
        if library not in rooms or not given or not isinstance(error, ValueError | KeyError | RuntimeError):
            continue
        # Those that are complained of, by value or by a word of their name, or all of them.
        text = str(error).lower()
        words = {name: [word for word in name.lower().split("_")[1:] if len(word) > 4] for name in given}
        named = {name: value for name, value in given.items() if value and repr(value).lower() in text}
        named = named or {name: given[name] for name in given if any(word in text for word in words[name])} or given
        return InputError(", ".join(named), ", ".join(named.values()), f"what {library} takes, or nothing ({error})")
    return None


def _nowhere() -> bool:
    """Whether the working directory was deleted."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False
