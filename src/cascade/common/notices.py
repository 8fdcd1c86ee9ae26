"""Notices on stderr: each said once, never an error, also where there is no stderr."""

from __future__ import annotations

import contextlib
import sys

from cascade.common.columns import fitted, paragraphs, terminal_width

_said: set[str] = set()
_patient = False


def notice(text: str, *, waiting: bool = False) -> None:
    """Say something on stderr, once in a process.

    Nothing is said where there is no stderr, or it is closed: a service, or an app without a
    window, has None in its place.

    Parameters
    ----------
    text : str
    waiting : bool
        Whether it only says what is waited for; ``be_patient`` silences that.
    """
    stream = sys.stderr
    if stream is None or text in _said or (waiting and _patient):
        return
    _said.add(text)
    # In one piece: threads and processes write beside each other.  A reader that went away is no fault of the run.
    with contextlib.suppress(OSError, ValueError), fitted(terminal_width(stream)):
        stream.write(paragraphs(f"cascade: {text}") + "\n")
        stream.flush()


def be_patient(on: bool = True) -> None:
    """Say no more in this process what is waited for: quiet was asked for, or machines read."""
    global _patient
    _patient = on
