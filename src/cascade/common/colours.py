"""Colours and marks of figures and of the page, by name: read from ``looks.toml``, which says what they mean."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from cascade.common.sight import SIGHTS, contrast, distance, oklab, shown

LOOKS: dict[str, Any] = tomllib.loads((resources.files("cascade.common") / "looks.toml").read_text(encoding="utf-8"))
"""The file, as it is read."""

_COLOURS: dict[str, str] = LOOKS["colours"]
ALIVE_COLOUR, ALIVE_PALE, DEATH_COLOUR = _COLOURS["alive"], _COLOURS["alive_pale"], _COLOURS["death"]
INK, QUIET, GRID, BAND, GOAL_COLOUR = (_COLOURS[name] for name in ("ink", "quiet", "grid", "band", "goal"))
ARTERY, VEIN, PORTAL = (_COLOURS[name] for name in ("artery", "vein", "portal"))
ARTERY_TEXT, VEIN_TEXT, PORTAL_TEXT = (_COLOURS[f"{name}_text"] for name in ("artery", "vein", "portal"))
PALE_VESSELS = {name: _COLOURS[f"{name}_pale"] for name in ("artery", "vein", "portal")}
PAGE_TEXT, PAGE_SMALL = f"{LOOKS['page']['text']}px", f"{LOOKS['page']['small'] / LOOKS['page']['text']}rem"

CAUSES: dict[str, str] = LOOKS["causes"]
ORGANS: dict[str, dict[str, str]] = LOOKS["organs"]
SITES: dict[str, str] = {site: organ for organ, sites in LOOKS["sites"].items() for site in sites}

LEAST_CONTRAST, LEAST_FROM_ALIVE, BLUISH = 3.1, 0.13, -0.03
"""What a colour of a name of one's own keeps: contrast on white, distance in OKLab from what lives (to all who see
it), and of causes how far it goes towards blue."""

_MARKS = "sDv^P<*X>ohd"


class Mark(NamedTuple):
    """A colour "#rrggbb" and a mark of matplotlib."""

    colour: str
    mark: str


def stage_colours(stages: Sequence[str]) -> dict[str, str]:
    """The colour of each step: that of living cells, as steps have none of their own."""
    return dict.fromkeys(stages, ALIVE_COLOUR)


@cache
def cause_colour(cause: str) -> str:
    """The colour of a cause of death, by its name.

    A name that the file does not have gets one from its letters (SHA-256): always the same, in every model and
    figure, of a contrast of 3:1 on white, apart from what lives, and not bluish.

    Examples
    --------
    >>> cause_colour("shear"), cause_colour("early death") == cause_colour("apoptosis in foreign soil")
    ('#1F6311', True)
    """
    known = CAUSES.get(LOOKS["cause_of"].get(cause, cause))
    return known or _from_letters(cause, warm=True)


def cause_colours(causes: Sequence[str]) -> dict[str, str]:
    """A colour for each cause of death, by its name."""
    return {cause: cause_colour(cause) for cause in causes}


def organ_of(site: str) -> str | None:
    """The organ whose colour and mark a site has; None for a name of one's own."""
    return site if site in ORGANS else SITES.get(site)


@cache
def organ_mark(site: str) -> Mark:
    """Colour and mark of an organ or of a site in it, by name; of a name of one's own from its letters.

    Examples
    --------
    >>> organ_mark("liver")
    Mark(colour='#D37C2D', mark='s')
    >>> organ_mark("omentum") == organ_mark("peritoneum")
    True
    """
    organ = organ_of(site)
    if organ is not None:
        return Mark(**ORGANS[organ])
    return Mark(_from_letters(site, warm=False), _MARKS[_letters(site, 0)[3] % len(_MARKS)])


def _letters(name: str, attempt: int) -> bytes:
    return hashlib.sha256(f"{attempt} {name}".encode("utf-8", "surrogatepass")).digest()


def _from_letters(name: str, *, warm: bool) -> str:
    """The first colour drawn from the letters of a name that keeps all that is asked."""
    attempt = 0
    while True:
        r, g, b = (part / 255.0 for part in _letters(name, attempt)[:3])
        colour = shown((r * r, g * g, b * b))
        fits = contrast(colour) >= LEAST_CONTRAST and distance(colour, ALIVE_COLOUR) >= LEAST_FROM_ALIVE
        # Neither so dark that it passes for ink.
        fits = fits and contrast(colour) <= 12.0
        if fits and (not warm or all(oklab(colour, sight)[2] >= BLUISH for sight in SIGHTS)):
            return colour
        attempt += 1
