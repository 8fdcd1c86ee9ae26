r"""What is done after diagnosis, as data with names: staging, surgery, radiotherapy, drugs, visits, restaging.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cascade.common.numbers import plain_number
from cascade.model.base import Keys, Name, Part, Share, Text
from cascade.model.treatments import Effect
from cascade.patient.ranges import Cells, Days, Millimetres, Ratio, Years

NOTHING = "none"
"""The care that every disease has: nothing is done."""

LogKill = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=15, allow_inf_nan=False)]
Slowed = Annotated[float, BeforeValidator(plain_number), Field(ge=0.01, le=10, allow_inf_nan=False)]


MOMENTS = "surgery", "second surgery"
"""Of what is given: no drug has such a name."""


class Surgery(Part):
    """The primary, and nodes, are taken out.

    Parameters
    ----------
    delay_days : float
        From diagnosis on.
    if_seen : bool
        Whether also where a metastasis is seen.
    local_recurrence : float
        Share of patients in whom cells are left, from which the tumour comes back.
    left_cells : float
        As many then.
    again : bool, optional
        Whether what comes back there is taken out, all of it, ``delay_days`` after it is seen; without ``if_seen`` only
        where no distant metastasis has been seen before it, or with it.
    source : tuple of str
    """

    delay_days: Days = 30.0
    if_seen: bool = False
    local_recurrence: Share = 0.0
    left_cells: Cells = 1e4
    again: bool | None = None
    source: Keys = ()


class Radiotherapy(Part):
    """Of the place from which the primary was taken, and of nodes.

    Parameters
    ----------
    local_factor : float
        So many times as many patients have cells left.
    nodes : tuple of str
        Nodal sites whose metastases all die on the day of surgery, those of nodes that stay as well.
    source : tuple of str
    """

    local_factor: Share = 0.3
    nodes: Annotated[tuple[Name, ...], Field(strict=False, max_length=16)] = ()
    source: Keys = ()


class Systemic(Part):
    """A treatment that reaches all cells, for a while.

    Parameters
    ----------
    name : str
    begins : str
        After "surgery" (only those who were operated), after "diagnosis", or once a distant "metastasis seen" is known
        of, at diagnosis or later; a day later at the earliest.
    after_days, for_years : float
    given_to : str
        "all", "none seen" (no metastasis seen at diagnosis), "metastasis seen", "nodes" (of whom the pathologist found
        some).
    subtypes : tuple of str, optional
        Of the disease: patients of other subtypes are not given it. Default: of all subtypes.
    share : float
        Of these.
    log_kill : float
        All but 10^-log_kill of the cells die: on its first day those of lesions below ``kill_below_mm``, and, as long
        as it is given, of cells that begin a lesion.  Single cells that sleep are not reached before they wake.
    kill_below_mm : float
    resistant : float, optional
        Share of lesions, and of cells that begin one, of which ``log_kill`` kills nothing: another for each treatment.
        Default: none.
    slows : float
        Pace of growth of primary and lesions, times what it was.
    wakes : float
        Hazard of a sleeping lesion to go on, times what it was.
    treatment : str, optional
        A treatment of cells of the package, by name.
    effects : tuple of Effect
        On hazards of the cells, on their way to founding.
    source : tuple of str
    """

    name: Name
    begins: Literal["surgery", "diagnosis", "metastasis seen"] = "surgery"
    after_days: Days = 30.0
    for_years: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=200, allow_inf_nan=False)] = 5.0
    given_to: Literal["all", "none seen", "metastasis seen", "nodes"] = "all"
    subtypes: Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=16)] | None = None
    share: Share = 1.0
    log_kill: LogKill = 0.0
    kill_below_mm: Millimetres = 5.0
    resistant: Share | None = None
    slows: Slowed = 1.0
    wakes: Ratio = 1.0
    treatment: Name | None = None
    effects: Annotated[tuple[Effect, ...], Field(strict=False)] = ()
    source: Keys = ()

    def share_of(self, subtype: str) -> float:
        """Share of the patients of a subtype, "" where a disease has none, in whom it works."""
        return self.share if self.subtypes is None or subtype in self.subtypes else 0.0


class Visits(Part):
    """Regular visits after surgery, or after diagnosis where there is none.

    Parameters
    ----------
    eyes : tuple of str
    every_years, for_years : float
    source : tuple of str
    """

    eyes: Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=8)]
    every_years: Annotated[float, BeforeValidator(plain_number), Field(ge=0.05, le=100, allow_inf_nan=False)] = 1.0
    for_years: Years = 10.0
    source: Keys = ()


class Care(Part):
    """What is done for a patient, from diagnosis on.

    Parameters
    ----------
    name, title, description : str
    staging : tuple of str, optional
        Eyes that look at diagnosis. Default: those of the presentation.
    restaging : tuple of str, optional
        Eyes that look everywhere on the day on which a distant metastasis is first known of after diagnosis, by
        symptoms or at a visit. Default: nobody looks for others then.
    surgery : Surgery, optional
    radiotherapy : Radiotherapy, optional
    systemic : tuple of Systemic
    visits : tuple of Visits
    source : tuple of str
    """

    name: Name
    title: Text = ""
    description: Text = ""
    staging: Annotated[tuple[Name, ...], Field(strict=False, max_length=8)] | None = None
    restaging: Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=8)] | None = None
    surgery: Surgery | None = None
    radiotherapy: Radiotherapy | None = None
    systemic: Annotated[tuple[Systemic, ...], Field(strict=False, max_length=4)] = ()
    visits: Annotated[tuple[Visits, ...], Field(strict=False, max_length=4)] = ()
    source: Keys = ()
