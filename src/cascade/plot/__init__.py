"""Figures: funnel, waterfall, occupancy, incidence, organs, the body, selection, comparison.

Every function takes ``ax=`` to draw into an existing figure, and returns the Figure.  No
global state of matplotlib is touched, so that a figure looks the same in a script, a
notebook and a server.  One colour per stage holds across all figures.
"""

from cascade.common.colours import cause_colours, stage_colours
from cascade.plot.bodies import body, has_body
from cascade.plot.changes import comparison, selection
from cascade.plot.curves import incidence, occupancy
from cascade.plot.derivatives import elasticities
from cascade.plot.sites import organs
from cascade.plot.steps import funnel, waterfall
from cascade.plot.style import Picture, check_path, save

__all__ = [
    "Picture",
    "body",
    "cause_colours",
    "check_path",
    "comparison",
    "elasticities",
    "funnel",
    "has_body",
    "incidence",
    "occupancy",
    "organs",
    "save",
    "selection",
    "stage_colours",
    "waterfall",
]
