"""Colours of steps and causes of death: the same in figures and in pages, told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Sequence

# Paul Tol's "muted" scheme (personal.sron.nl/~pault), told apart by colour-blind readers; in an order
# in which neighbours differ in lightness too, for those who print in grey.
STAGE_COLOURS = {
    "detachment": "#332288",
    "breach": "#88CCEE",
    "intravasation": "#44AA99",
    "circulation": "#882255",
    "arrest": "#CC6677",
    "extravasation": "#DDCC77",
    "colonization": "#117733",
}
_MORE = ("#997700", "#A6DBA0", "#661100", "#BBCC33", "#222255", "#AA4499", "#6699CC", "#FFAABB")
LEAST_STEP = 12.0
"""Least difference in lightness of two steps that follow each other, where there is a choice."""

GOAL_COLOUR = "#222222"
# Paul Tol's "bright" scheme, and dashes of lines or hatches of areas: causes are told apart twice.
CAUSE_COLOURS = (
    "#4477AA",
    "#EE6677",
    "#228833",
    "#CCBB44",
    "#66CCEE",
    "#AA3377",
    "#777777",
    "#004488",
    "#BB5566",
    "#DDAA33",
)
CAUSE_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "|||", "+++", "ooo", "//..", "--..")
INK, QUIET, GRID = "#222222", "#666666", "#DDDDDD"
ALIVE_COLOUR = "#332288"
ARTERY, VEIN, PORTAL = "#D08280", "#8AA0CC", "#A58FC6"
ARTERY_TEXT, VEIN_TEXT, PORTAL_TEXT = "#A63A37", "#35538F", "#64468F"
# Paler behind moving cells, which must stand out.
PALE_VESSELS = {"artery": "#EDCBC9", "vein": "#CBD5E8", "portal": "#D9CFE8"}


def stage_colours(stages: Sequence[str]) -> dict[str, str]:
    """A colour for each stage: fixed for the standard ones, in order for others."""
    used = {STAGE_COLOURS[s] for s in stages if s in STAGE_COLOURS}
    every = [c for c in (*_MORE, *STAGE_COLOURS.values()) if c not in used]
    chosen: dict[str, str] = {}
    spare: list[str] = []
    for k, stage in enumerate(stages):
        spare = spare or list(every)
        beside = [chosen[s] for s in stages[max(0, k - 1) : k]]
        beside += [STAGE_COLOURS[s] for s in stages[k + 1 : k + 2] if s in STAGE_COLOURS]
        chosen[stage] = STAGE_COLOURS[stage] if stage in STAGE_COLOURS else _unlike(spare, beside)
        spare = [c for c in spare if c != chosen[stage]]
    return chosen


def _unlike(spare: Sequence[str], beside: Sequence[str]) -> str:
    """The first colour that is lighter or darker than those beside it; the first of all where none is."""
    fits = (c for c in spare if all(abs(lightness(c) - lightness(b)) >= LEAST_STEP for b in beside))
    return next(fits, spare[0])


def lightness(colour: str) -> float:
    """CIE L* of a colour "#rrggbb": 0 of black, 100 of white.

    Examples
    --------
    >>> round(lightness("#000000")), round(lightness("#777777")), round(lightness("#FFFFFF"))
    (0, 50, 100)
    """
    parts = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    light = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    y = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), light, strict=True))
    return 116.0 * (y ** (1 / 3) if y > 0.008856 else 7.787 * y + 16 / 116) - 16.0


def cause_colours(causes: Sequence[str]) -> dict[str, str]:
    """A colour for each cause of death, in order."""
    return {cause: CAUSE_COLOURS[i % len(CAUSE_COLOURS)] for i, cause in enumerate(causes)}


def cause_hatches(causes: Sequence[str]) -> dict[str, str]:
    """A hatch for each cause of death, in order: no two causes have the same colour and hatch."""
    return {cause: CAUSE_HATCHES[i % len(CAUSE_HATCHES)] for i, cause in enumerate(causes)}
