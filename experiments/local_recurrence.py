"""Cells left where a breast tumour was: local recurrence, and how many die of it (EBCTCG 2005 and 2011).

In trials of radiotherapy, or of more surgery, that made much of a difference, 26 % had a local recurrence (of breast
or nodes) within five years without and 7 % with it; three quarters of all local recurrences came in these years; 49.5 %
and 44.6 % of the 25,000 women died of the tumour within fifteen years: one death less for four local recurrences
(EBCTCG 2005).  After breast-conserving surgery of 7,287 women without nodes 31.0 % and 15.6 % had any recurrence within
ten years, and 20.5 % and 17.2 % died within fifteen (EBCTCG 2011).

Three numbers are calibrated here, to the three figures of local recurrence: in how many women cells are left, how many
cells, and in how many fewer with radiotherapy.  What they do to deaths follows: cells that are left grow and shed until
they are seen and taken out again.  A recurrence counts as local where no distant metastasis was seen before it.  The
women have mammograms every year, and drugs once a metastasis is seen (in the trials some had others before); nobody is
screened.

Naive comparator: a local recurrence kills as often as a primary does.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace

import numpy as np

import cascade
from _clock import by, since
from _draws import whole
from _ranked import COMPARED
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

WITHOUT, WITH = "surgery that leaves cells", "with radiotherapy"
FIVE, TEN, FIFTEEN, EVENTUAL = 5.0, 10.0, 15.0, 25.0
LOCAL, LOCAL_WITH, EARLY = 0.26, 0.07, 0.75
"""Local recurrence within five years, without and with radiotherapy; the share of all that comes by then."""

VISITS = [{"eyes": ["mammography"], "every_years": 1.0, "for_years": EVENTUAL}]
DECADES = np.arange(3.0, 9.0, 1.0)
"""Logarithms of the numbers of cells that are tried."""

MET = 0.1
"""Relative distance within which the three figures of local recurrence are met."""

FEWER = 4
"""Part of the patients that is enough to tell how soon local recurrences come."""

OVER, NO_NODES = "EBCTCG 2005 (25,000 women): B", "EBCTCG 2011 (7,287 women): B"


@dataclass(frozen=True)
class Left:
    """In which share of women cells are left, as many, and times how many with radiotherapy."""

    share: float
    cells: float
    factor: float


def operated_on(disease: cascade.Disease, left: Left) -> cascade.Disease:
    """The disease of an era without screening, under surgery that leaves cells, without and with radiotherapy."""
    plain = disease.care_of("surgery")
    assert plain.surgery is not None
    leaves = {"local_recurrence": left.share, "left_cells": left.cells, "again": True}
    nodes = plain.radiotherapy.nodes if plain.radiotherapy else ()
    cares = [
        {**plain.model_dump(), "name": name, "visits": VISITS, "surgery": plain.surgery.model_copy(update=leaves),
         "radiotherapy": {"local_factor": factor, "nodes": nodes}}
        for name, factor in ((WITHOUT, 1.0), (WITH, left.factor))
    ]  # fmt: skip
    return disease.with_(
        care=cares, death={"other": None}, presentation={"screening": []}, autopsy=None, calibration=None, variants=()
    )


def operated(r: Register) -> np.ndarray:
    """Who is operated, and has no metastasis that is seen."""
    return (r.mode > 0) & (r.metastasis_seen == 0) & np.isfinite(r.surgery)


def local(disease: cascade.Disease, r: Register) -> np.ndarray:
    """Years from surgery to a recurrence in breast or nodes, if it is the first; infinity: none."""
    nodal = [j for j, site in enumerate(disease.sites) if disease.kinds[site] == "nodal"]
    there = np.minimum(r.local, np.where(r.seen_at > r.surgery[:, None], r.seen_at, np.inf)[:, nodal].min(axis=1))
    return np.where(there < r.distant, since(r, there), np.inf)


def local_by(disease: cascade.Disease, r: Register, years: float) -> float:
    """Share of the operated with a local recurrence seen first, within the years."""
    return float(by(local(disease, r), years)[operated(r)].mean())


def found(disease: cascade.Disease, plan: Calibration) -> Left:
    """What meets the three figures of local recurrence.

    How many women cells are left in does not change when they come back: the number of cells follows from how soon,
    then the share.  Where no number of cells, or no share, meets its figure, the nearest stands, and `missed` says so.
    """
    few = replace(plan, patients=plan.patients // FEWER)
    early = []
    for decade in DECADES:
        r = register_of(operated_on(disease, Left(1.0, float(10.0**decade), 1.0)), WITHOUT, few)
        early.append(local_by(disease, r, FIVE) / local_by(disease, r, EVENTUAL))
    cells = float(10.0 ** np.interp(EARLY, early, DECADES))
    all_of_them = register_of(operated_on(disease, Left(1.0, cells, 1.0)), WITHOUT, plan)
    share = LOCAL / local_by(disease, all_of_them, FIVE)
    return Left(min(share, 1.0), cells, LOCAL_WITH / LOCAL)


def dead(r: Register, of: np.ndarray) -> float:
    """Share of some women that dies of the tumour within fifteen years."""
    died = (r.cause == 1 + CAUSES.index("tumour")) & (since(r, r.death) < FIFTEEN)
    return float(died[of].mean())


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    left = found(disease, plan)
    both = operated_on(disease, left)
    registers = {name: register_of(both, name, plan) for name in (WITHOUT, WITH)}
    some = operated(registers[WITHOUT])
    none = some & (registers[WITHOUT].nodes_positive == 0)
    back = {name: local_by(disease, r, FIVE) for name, r in registers.items()}
    fewer = back[WITHOUT] - back[WITH]
    deaths = {name: dead(r, some) for name, r in registers.items()}
    saved = deaths[WITHOUT] - deaths[WITH]
    soon = back[WITHOUT] / local_by(disease, registers[WITHOUT], EVENTUAL)
    rows = [
        Row("local recurrence within five years", "calibrated", LOCAL, back[WITHOUT], None, OVER),
        Row("local recurrence within five years, radiotherapy", "calibrated", LOCAL_WITH, back[WITH], None, OVER),
        Row("of local recurrences within five years", "calibrated", EARLY, soon, None, OVER),
        Row("of women in whom cells are left", "illustrative", None, left.share, None),
        Row("dead of the tumour in 15 years, cells left", "predicted", 0.495, deaths[WITHOUT], None, OVER),
        Row("dead of the tumour in 15 years, radiotherapy", "predicted", 0.446, deaths[WITH], None, OVER),
        Row("fewer dead in 15 years, by radiotherapy", "predicted", 0.050, saved, None, OVER),
        Row("fewer dead, for a local recurrence less", "predicted", 0.050 / 0.19, saved / fewer, None, OVER),
        Row(
            "fewer dead, for a local recurrence less, if it killed as a primary does",
            COMPARED,
            None,
            deaths[WITH],
            None,
        ),
    ]
    any_by = {
        name: float(by(np.minimum(local(disease, r), since(r, r.distant)), TEN)[none].mean())
        for name, r in registers.items()
    }
    dead_none = {name: dead(r, none) for name, r in registers.items()}
    rows += [
        Row("any recurrence in 10 years, no nodes, cells left", "predicted", 0.310, any_by[WITHOUT], None, NO_NODES),
        Row("any recurrence in 10 years, no nodes, radiotherapy", "predicted", 0.156, any_by[WITH], None, NO_NODES),
        Row("dead of the tumour in 15 years, no nodes, cells left", "predicted", 0.205, dead_none[WITHOUT], None,
            NO_NODES),
        Row("dead of the tumour in 15 years, no nodes, radiotherapy", "predicted", 0.172, dead_none[WITH], None,
            NO_NODES),
        Row("fewer dead in 15 years, no nodes, for a recurrence less in 10", "predicted", 0.033 / 0.154,
            (dead_none[WITHOUT] - dead_none[WITH]) / (any_by[WITHOUT] - any_by[WITH]), None, NO_NODES),
    ]  # fmt: skip
    return rows


def missed(rows: list[Row]) -> list[str]:
    """Figures of local recurrence that the three numbers do not meet."""
    return [
        f"{row.name}: {row.value:.3g} for {row.observed:.3g}"
        for row in rows
        if row.role == "calibrated" and row.observed and row.value and abs(row.value / row.observed - 1.0) > MET
    ]


if __name__ == "__main__":
    sys.exit(whole("local_recurrence", __doc__, 12_000, 2005, asked, wrong=missed))
