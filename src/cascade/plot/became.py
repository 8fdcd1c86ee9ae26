"""What became of those who were diagnosed: shares that add up to all of them, one on the other."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_PALE, DEATH_COLOUR, QUIET
from cascade.common.types import Floats, Ints
from cascade.patient.cohort import Cohort
from cascade.patient.follow.answers import FollowUp
from cascade.patient.follow.estimators import at_risk, incidence
from cascade.patient.follow.months import CENSORED, COMPETING, EVENT
from cascade.plot.followed import last_month
from cascade.plot.notation import one_in
from cascade.plot.since import Area, Page, Panel, drawn, followed, made_from


def outcomes(source: Cohort | FollowUp, *, seen: str = "scheduled", style: str = "screen") -> Figure:
    """Cumulative incidence of what competes, stacked: what came first, and what became of the patients.

    Above, whether a distant metastasis was seen or the patient died before; below, who is alive, and who died of what.

    Parameters
    ----------
    source : Cohort or FollowUp
        Under a care.
    seen : str
        "scheduled" or "true".
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a source that is none, or another word.
    """
    follow = followed(source)
    first = follow.left("cumulative incidence of distant metastasis", seen=seen, among="all diagnosed")[0]
    died = follow.left("cumulative incidence of death of the tumour")[0]
    last = last_month(at_risk(died))
    years = np.arange(last + 1) / 12.0
    event, competing = shares_of(first, last)
    above = (
        Area("a distant metastasis was seen", DEATH_COLOUR, years, event),
        Area("died before one was seen", QUIET, years, competing),
        Area("neither so far", ALIVE_PALE, years, np.maximum(1.0 - event - competing, 0.0)),
    )
    of_tumour, of_others = shares_of(died, last)
    below = (
        Area("died of the tumour", DEATH_COLOUR, years, of_tumour),
        Area("died of other causes", QUIET, years, of_others),
        Area("alive", ALIVE_PALE, years, np.maximum(1.0 - of_tumour - of_others, 0.0)),
    )
    tumour, others, alive = (one_in(float(area.share[12 * (last // 12)])) for area in below)
    told = f"after {last // 12} years {tumour} have died of the tumour, {others} of other causes; {alive} are alive"
    page = Page(
        f"{follow.label}: what became of the diagnosed", f"{told[0].upper()}{told[1:]}",
        (
            Panel("What came first", (), "of the diagnosed", 1.0, areas=above),
            Panel("What became of them", (), "of the diagnosed", 1.0, areas=below),
        ),
        ("Cumulative incidence of what competes (Aalen and Johansen); Monte Carlo intervals stand in the tables of "
         "survival.",),
        made_from(source), f"Stacked shares of the diagnosed by year since diagnosis. {follow.label}: {told}.",
        heights=(0.2, 0.2),
    )  # fmt: skip
    return drawn(page, style)


def shares_of(left: Ints, last: int) -> tuple[Floats, Floats]:
    """Shares with the event, and with the competing one, by the end of each month."""
    event, competing = (
        incidence(left).share[: last + 1],
        incidence(left[[COMPETING, EVENT, CENSORED]]).share[: last + 1],
    )
    return carried(event), carried(competing)


def carried(share: Floats) -> Floats:
    """A share that is not known any more stays what it was: nobody is left to whom something happens."""
    known = np.flatnonzero(np.isfinite(share))
    return np.asarray(share[known[np.searchsorted(known, np.arange(len(share)), side="right") - 1]])
