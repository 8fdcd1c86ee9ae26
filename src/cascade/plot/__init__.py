"""Figures: funnel, alluvial, occupancy, incidence, organs, the body, selection, comparison, elasticities.

Every function takes ``ax=`` to draw into an existing figure, ``style=`` for the screen, a paper or a slide, and
returns the Figure.  No global state of matplotlib is touched, so that a figure looks the same in a script, a
notebook and a server.  Colours and marks are those of ``common/looks.toml``: living cells are blue, steps have no
colour, causes of death and organs have theirs by name.
"""

from cascade.common.colours import cause_colours, stage_colours
from cascade.plot.animals import data
from cascade.plot.autopsies import patients
from cascade.plot.became import outcomes
from cascade.plot.believed import posterior
from cascade.plot.bodies import body, has_body
from cascade.plot.calibrations import calibrated
from cascade.plot.changes import comparison, selection
from cascade.plot.courses import course
from cascade.plot.curves import incidence, occupancy
from cascade.plot.derivatives import elasticities
from cascade.plot.films import film
from cascade.plot.followed import hazard_by_year, incidence_by_site, saved, survival
from cascade.plot.laboratory import blood_and_lead
from cascade.plot.numbers import number_and_sizes
from cascade.plot.pairs import ten, two_courses
from cascade.plot.profiled import fit, profile
from cascade.plot.sites import organs
from cascade.plot.staged import at_diagnosis
from cascade.plot.steps import funnel, waterfall
from cascade.plot.streams import alluvial
from cascade.plot.style import Picture, alt_text, check_path, save
from cascade.plot.trees import seeding_tree
from cascade.plot.uncertain import heat_map, tornado

__all__ = [
    "Picture",
    "alluvial",
    "alt_text",
    "at_diagnosis",
    "blood_and_lead",
    "body",
    "calibrated",
    "cause_colours",
    "check_path",
    "comparison",
    "course",
    "data",
    "elasticities",
    "film",
    "fit",
    "funnel",
    "has_body",
    "hazard_by_year",
    "heat_map",
    "incidence",
    "incidence_by_site",
    "number_and_sizes",
    "occupancy",
    "organs",
    "outcomes",
    "patients",
    "posterior",
    "profile",
    "save",
    "saved",
    "seeding_tree",
    "selection",
    "stage_colours",
    "survival",
    "ten",
    "tornado",
    "two_courses",
    "waterfall",
]
