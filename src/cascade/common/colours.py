"""Colours of steps and causes of death: the same in figures and in pages, told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Sequence

# Paul Tol's "muted" scheme (personal.sron.nl/~pault), told apart by colour-blind readers.
STAGE_COLOURS = {
    "detachment": "#332288",
    "breach": "#88CCEE",
    "intravasation": "#44AA99",
    "circulation": "#CC6677",
    "arrest": "#882255",
    "extravasation": "#DDCC77",
    "colonization": "#117733",
}
_MORE = ("#999933", "#AA4499", "#6699CC", "#997700", "#EE8866", "#77AADD")
GOAL_COLOUR = "#222222"
# Paul Tol's "bright" scheme and dashes: causes are told apart twice.
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
INK, QUIET, GRID = "#222222", "#666666", "#DDDDDD"
ALIVE_COLOUR = "#332288"
ARTERY, VEIN, PORTAL = "#D08280", "#8AA0CC", "#A58FC6"
ARTERY_TEXT, VEIN_TEXT, PORTAL_TEXT = "#A63A37", "#35538F", "#64468F"
# Paler behind moving cells, which must stand out.
PALE_VESSELS = {"artery": "#EDCBC9", "vein": "#CBD5E8", "portal": "#D9CFE8"}


def stage_colours(stages: Sequence[str]) -> dict[str, str]:
    """A colour for each stage: fixed for the standard ones, in order for others."""
    spare = iter([*_MORE, *STAGE_COLOURS.values()] * (1 + len(stages)))
    used = {STAGE_COLOURS[s] for s in stages if s in STAGE_COLOURS}
    return {s: STAGE_COLOURS[s] if s in STAGE_COLOURS else next(c for c in spare if c not in used) for s in stages}


def cause_colours(causes: Sequence[str]) -> dict[str, str]:
    """A colour for each cause of death, in order."""
    return {cause: CAUSE_COLOURS[i % len(CAUSE_COLOURS)] for i, cause in enumerate(causes)}
