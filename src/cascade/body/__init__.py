"""The body: the circulation as a network, the routes of spread, and the cancers that take them.

All of it is data that lowers to a multi-state model: nothing below this package knows an organ.
"""

from cascade.body.animals import animal_circulation
from cascade.body.calibration import Fit, fitted
from cascade.body.cancers import Autopsies, Cancer, GuideSite, RouteSite, RouteUse, cancer, cancer_names
from cascade.body.injecting import injection, injection_names
from cascade.body.network import Bed, CellClass, Circulation, Vessel
from cascade.body.reference import cell_classes, circulation, finding
from cascade.body.vessels import came_in

__all__ = [
    "Autopsies",
    "Bed",
    "Cancer",
    "CellClass",
    "Circulation",
    "Fit",
    "GuideSite",
    "RouteSite",
    "RouteUse",
    "Vessel",
    "animal_circulation",
    "came_in",
    "cancer",
    "cancer_names",
    "cell_classes",
    "circulation",
    "finding",
    "fitted",
    "injection",
    "injection_names",
]
