"""cascade: the metastatic cascade, simulated cell by cell and solved exactly.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cascade.common.errors import CascadeError, InputError, ModelError

if TYPE_CHECKING:
    from cascade import body, patient, plot
    from cascade.answers.funnel import Funnel
    from cascade.catalog import load, models, treatment, treatments
    from cascade.cli.demonstration import demo
    from cascade.inference.cohorts.fitted import DiseaseFit as DiseaseFit
    from cascade.inference.data import Data as Data
    from cascade.inference.designing import power
    from cascade.inference.fitted import Fit as Fit
    from cascade.inference.fitting import fit
    from cascade.inference.in_r import export_r
    from cascade.inference.indices import sensitivity
    from cascade.inference.published import studies, study
    from cascade.inference.saved import open_fit
    from cascade.inference.sweeping import sweep
    from cascade.inference.swept import Sweep as Sweep
    from cascade.inference.swept import open_sweep
    from cascade.model import Model
    from cascade.model.base import Source as Source
    from cascade.model.conditioned import Conditioned as Conditioned
    from cascade.model.conditioned import given
    from cascade.model.factors import Breakage as Breakage
    from cascade.model.factors import Clusters as Clusters
    from cascade.model.factors import Factor as Factor
    from cascade.model.factors import LevelEffect as LevelEffect
    from cascade.model.factors import SizeEffect as SizeEffect
    from cascade.model.factors import SizeShare as SizeShare
    from cascade.model.factors import Switch as Switch
    from cascade.model.observables import Ask as Ask
    from cascade.model.observables import Exposure as Exposure
    from cascade.model.observables import Observable as Observable
    from cascade.model.observables import Observation as Observation
    from cascade.model.observables import RouteSteps as RouteSteps
    from cascade.model.observables import Site as Site
    from cascade.model.parts import Correlation as Correlation
    from cascade.model.parts import Death as Death
    from cascade.model.parts import FrailHazard as FrailHazard
    from cascade.model.parts import Frailty as Frailty
    from cascade.model.parts import Move as Move
    from cascade.model.parts import Start as Start
    from cascade.model.parts import StartShare as StartShare
    from cascade.model.parts import State as State
    from cascade.model.treatments import Capacity as Capacity
    from cascade.model.treatments import Effect as Effect
    from cascade.model.treatments import Treatment
    from cascade.patient.answering import compare, exact
    from cascade.patient.cohort import Cohort as Cohort
    from cascade.patient.cohort import cohort
    from cascade.patient.course import Course as Course
    from cascade.patient.disease import Disease as Disease
    from cascade.patient.loader import disease, diseases
    from cascade.patient.saved import open_cohort
    from cascade.plot.moving import moving_cells
    from cascade.runs.chances import chance
    from cascade.runs.comparison import Comparison as Comparison
    from cascade.runs.histories import replay
    from cascade.runs.result import Result as Result
    from cascade.runs.resuming import resume
    from cascade.runs.saved import open_result
    from cascade.runs.simulation import simulate
    from cascade.runs.tallying import selection
    from cascade.scores.absolute import scale
    from cascade.scores.scoring import scorecard
    from cascade.solution.answer import Exact as Exact

__all__ = [
    "Ask",
    "Breakage",
    "Capacity",
    "CascadeError",
    "Clusters",
    "Cohort",
    "Conditioned",
    "Correlation",
    "Course",
    "Data",
    "Death",
    "Disease",
    "DiseaseFit",
    "Effect",
    "Exposure",
    "Factor",
    "Fit",
    "FrailHazard",
    "Frailty",
    "Funnel",
    "InputError",
    "LevelEffect",
    "Model",
    "ModelError",
    "Move",
    "Observable",
    "Observation",
    "RouteSteps",
    "Site",
    "SizeEffect",
    "SizeShare",
    "Source",
    "Start",
    "StartShare",
    "State",
    "Sweep",
    "Switch",
    "Treatment",
    "body",
    "chance",
    "cohort",
    "compare",
    "demo",
    "disease",
    "diseases",
    "exact",
    "export_r",
    "fit",
    "given",
    "load",
    "models",
    "moving_cells",
    "open_cohort",
    "open_fit",
    "open_result",
    "open_sweep",
    "patient",
    "plot",
    "power",
    "replay",
    "resume",
    "scale",
    "scorecard",
    "selection",
    "sensitivity",
    "simulate",
    "studies",
    "study",
    "sweep",
    "treatment",
    "treatments",
]

# Loaded at first use: importing the package must neither compile anything nor bring in
# numba, scipy, matplotlib or pydantic: so short is it that hardly an interrupt can fall
# into it.  No module may bear the name of a function here: importing it would put the
# module in the function's place.
_LATER = {
    # What the functions return, for annotations.
    "Cohort": "cascade.patient.cohort",
    "Comparison": "cascade.runs.comparison",
    "Conditioned": "cascade.model.conditioned",
    "Course": "cascade.patient.course",
    "Data": "cascade.inference.data",
    "Disease": "cascade.patient.disease",
    "Exact": "cascade.solution.answer",
    "DiseaseFit": "cascade.inference.cohorts.fitted",
    "Fit": "cascade.inference.fitted",
    "Funnel": "cascade.answers.funnel",
    "Model": "cascade.model",
    "Result": "cascade.runs.result",
    "Treatment": "cascade.model.treatments",
    "body": "cascade.body",
    "chance": "cascade.runs.chances",
    "cohort": "cascade.patient.cohort",
    "compare": "cascade.patient.answering",
    "demo": "cascade.cli.demonstration",
    "disease": "cascade.patient.loader",
    "diseases": "cascade.patient.loader",
    "exact": "cascade.patient.answering",
    "fit": "cascade.inference.fitting",
    "given": "cascade.model.conditioned",
    "load": "cascade.catalog",
    "models": "cascade.catalog",
    "moving_cells": "cascade.plot.moving",
    "open_cohort": "cascade.patient.saved",
    "export_r": "cascade.inference.in_r",
    "studies": "cascade.inference.published",
    "study": "cascade.inference.published",
    "open_fit": "cascade.inference.saved",
    "open_result": "cascade.runs.saved",
    "patient": "cascade.patient",
    "plot": "cascade.plot",
    "power": "cascade.inference.designing",
    "replay": "cascade.runs.histories",
    "resume": "cascade.runs.resuming",
    "scale": "cascade.scores.absolute",
    "scorecard": "cascade.scores.scoring",
    "selection": "cascade.runs.tallying",
    "sensitivity": "cascade.inference.indices",
    "simulate": "cascade.runs.simulation",
    "sweep": "cascade.inference.sweeping",
    "Sweep": "cascade.inference.swept",
    "open_sweep": "cascade.inference.swept",
    "treatment": "cascade.catalog",
    "treatments": "cascade.catalog",
}


# The parts of a model, as a file of it names them.
_LATER |= {
    name: module
    for module, names in {
        "cascade.model.base": "Source",
        "cascade.model.factors": "Breakage Clusters Factor LevelEffect SizeEffect SizeShare Switch",
        "cascade.model.observables": "Ask Exposure Observable Observation RouteSteps Site",
        "cascade.model.parts": "Correlation Death FrailHazard Frailty Move Start StartShare State",
        "cascade.model.treatments": "Capacity Effect",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from cascade.common.version import package_version

        return package_version()
    if name not in _LATER:
        raise AttributeError(f"module 'cascade' has no attribute {name!r}")
    try:
        module = importlib.import_module(_LATER[name])
    except Exception as error:
        from cascade.common.surroundings import blamed

        if reason := blamed(error):
            raise reason from error
        raise
    value = module if name in ("body", "patient", "plot") else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
