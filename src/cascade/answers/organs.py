"""Tables by organ: how many cells were held, left the vessels and founded colonies in each site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cascade.answers.intervals import clustered_proportion, proportion
from cascade.answers.kinds import KINDS
from cascade.answers.table import Table, Texts, check_same, heading_beside
from cascade.common.errors import InputError
from cascade.common.shares import estimate_of_share, percent
from cascade.common.text import number, text_table
from cascade.model import Model
from cascade.model.observables import Kind


@dataclass(frozen=True)
class OrganRow:
    """One site.

    Attributes
    ----------
    organ, route : str
    arrested, extravasated, colonies : float
        Cells held, cells out of the vessels, colonies founded; whole numbers when counted,
        expected numbers when exact.  A cell that is held twice counts twice.
    share : float
        Share of all colonies.
    low, high : float
        95 % interval of ``share``, given the number of all colonies; for an exact answer the share.
    colonies_low, colonies_high : float
        95 % interval of the colonies expected of so many cells; for an exact answer their number.
    kind : str
        What colonies here are: distant, nodal or local.
    """

    organ: str
    route: str
    arrested: float
    extravasated: float
    colonies: float
    share: float
    low: float
    high: float
    colonies_low: float
    colonies_high: float
    kind: Kind = "distant"


@dataclass(frozen=True)
class Organs(Table[OrganRow]):
    """Rows by organ: distant sites, nodal ones, local ones; of a kind the routes in turn, the most colonies first."""

    left = (0, 1, 2)

    rows: tuple[OrganRow, ...]
    cells: float
    label: str = ""
    exact: bool = False
    digest: str = field(default="", compare=False, repr=False)
    end: str = field(default="", compare=False, repr=False)

    def of_route(self, route: str) -> list[OrganRow]:
        """Rows of one route, of whatever kind, the most colonies first."""
        rows = [row for row in self.rows if row.route == route]
        return sorted(rows, key=lambda row: (-row.colonies, -row.arrested, row.organ))

    def table(self, beside: Organs | None = None) -> str:
        """The table as text; colonies of another one, such as the exact answer, in a column of their own.

        Raises
        ------
        InputError
            When the organs differ.
        """
        return text_table(*self.as_text(beside), left=self.left)

    def as_text(self, beside: Organs | None = None) -> Texts:
        """Headings and lines; ``beside`` is told for as many cells."""
        header = ["organ", "kind", "route", "lodged", "in the tissue", "colonies", "of colonies"]
        header += [] if self.exact else ["95 % interval"]
        colonies = {}
        if beside is not None:
            if not isinstance(beside, Organs):
                raise InputError(
                    "beside", beside, "a table of organs, such as that of the exact answer: exact.organs()"
                )
            check_same(sorted(row.organ for row in beside), sorted(row.organ for row in self), "organs")
            header += [heading_beside("exact" if beside.exact else "simulated", "colonies", beside, self)]
            colonies = {row.organ: row.colonies * self.cells / beside.cells for row in beside}
        lines = []
        for row in self.rows:
            line = [row.organ, row.kind, row.route]
            line += [number(n) for n in (row.arrested, row.extravasated, row.colonies)]
            line += [percent(row.share)] if self.exact else estimate_of_share(row.share, row.low, row.high)
            line += [number(colonies[row.organ])] if beside is not None else []
            lines.append(line)
        return header, lines

    @property
    def caption(self) -> str:
        """Whose table it is, of how many cells."""
        return f"{self.label}: {number(self.cells)} cells"


def organs_of(
    model: Model,
    arrivals: Mapping[str, float],
    cells: float,
    *,
    exact: bool,
    batches: Mapping[str, npt.NDArray[np.int64]] | None = None,
    sizes: npt.NDArray[np.int64] | None = None,
    end: str = "",
) -> Organs:
    """The table, from the number of arrivals in each state.

    ``batches``: of clusters, units that ended in a state by batch of founders: fragments of one
    founder may found several colonies.  ``sizes``: cells by batch.  ``end``: of the run, in words.

    Raises
    ------
    InputError
        When the model names no sites.
    """
    if not model.sites:
        raise InputError("model", model.name, "a model with sites, such as those of the cancers ('cascade models')")
    sums = {(site.name, landmark): 0.0 for site in model.sites for landmark in ("arrested", "extravasated", "colony")}
    for state in model.states:
        if state.site is not None and state.landmark is not None:
            sums[state.site, state.landmark] += arrivals.get(state.name, 0.0)
    total = sum(n for (_, landmark), n in sums.items() if landmark == "colony")
    rows = []
    for site in model.sites:
        colonies = sums[site.name, "colony"]
        share = colonies / total if total else 0.0
        low, high = (share, share) if exact else proportion(int(colonies), int(total))
        fewest, most = (
            (colonies, colonies) if exact else (cells * part for part in proportion(int(colonies), int(cells)))
        )
        if batches is not None and sizes is not None and model.clusters is not None:
            everywhere = sum((batches[s.name] for s in model.states if s.landmark == "colony"), start=np.int64(0))
            in_this_site = sum(
                (batches[s.name] for s in model.states if s.landmark == "colony" and s.site == site.name),
                start=np.zeros_like(everywhere),
            )
            low, high = clustered_proportion(in_this_site, np.asarray(everywhere), model.clusters.largest)
            fewest, most = (cells * part for part in clustered_proportion(in_this_site, sizes, model.clusters.largest))
        held, out = sums[site.name, "arrested"], sums[site.name, "extravasated"]
        if not exact:
            held, out, colonies = int(held), int(out), int(colonies)
        rows.append(OrganRow(site.name, site.route, held, out, colonies, share, low, high, fewest, most, site.kind))
    routes = list(dict.fromkeys(row.route for row in rows))
    kinds = list(KINDS)
    rows.sort(key=lambda row: (kinds.index(row.kind), routes.index(row.route), -row.colonies, -row.arrested, row.organ))
    return Organs(tuple(rows), cells, model.title or model.name, exact, model.digest(), end)
