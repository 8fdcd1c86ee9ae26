"""The circulation as a network of vessels and capillary beds, and what it does to a cell in closed form.

The whole blood goes right heart -> lung -> left heart -> beds by their share of cardiac
output -> veins -> right heart, some of it by the portal vein and the liver.  In every bed a
cell is held, passes or dies.  Organs are data here: no name is known to the code but those
of the two hearts, where a circuit begins and the arteries do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, ValidationError, model_validator

from cascade.common.errors import Fault, InputError, ModelError, is_number, nearest
from cascade.common.frozen import FrozenDict
from cascade.common.portable import in_order, log, solve
from cascade.model.base import FrozenMapping, Hazard, Keys, Name, Part, Share, Source, Text, faults_of

RIGHT_HEART, LEFT_HEART, ARTERIES = "right heart", "left heart", "arteries"
FLOW_TOLERANCE = 1e-9
"""How far the flows of the beds may be from the cardiac output in sum."""

Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Volume = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class Vessel(Part):
    """A vessel without capillaries: its transit time is volume / flow, or given in seconds."""

    name: Name
    to: Name
    volume: Volume | None = None
    seconds: Positive | None = None
    source: Keys = ()


class Bed(Part):
    """A capillary bed; ``flow`` is the share of the cardiac output that the arteries send to it.

    With a ``volume`` (share of the blood) it has a transit time of its own; the others share
    the volume of the systemic capillaries.  ``source``: of its flow, where that is not of the whole circulation.
    """

    name: Name
    flow: Share
    volume: Volume | None = None
    organ: Name | None = None
    to: Name = "veins"
    source: Keys = ()

    @property
    def site(self) -> str:
        """The organ that the bed belongs to."""
        return self.organ or self.name


class CellClass(Part):
    """How cells of one class fare in beds and vessels.

    Parameters
    ----------
    name : str
    share : float
        Share of the cells that enter the blood.
    arrest : float
        Probability of being held, per bed.
    bed_deaths : mapping of str to float
        Probability of dying of each cause, per bed.
    vessel_deaths : mapping of str to float
        Hazard per hour of each cause, in vessels.
    half_life_hours : float, optional
        If given, all of these are multiplied by one factor, such that half the cells of the
        pool are gone after this time.  (In the whole network, where passages are not
        exponential, it takes up to an eighth longer when the half-life is near two circuits.)
    """

    name: Name
    share: Share = 1.0
    arrest: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    bed_deaths: FrozenMapping[Name, Share] = Field(default_factory=FrozenDict)
    vessel_deaths: FrozenMapping[Name, Hazard] = Field(default_factory=FrozenDict)
    half_life_hours: Positive | None = None
    source: Keys = ()
    note: Text = ""

    @model_validator(mode="after")
    def _chances_fit(self) -> CellClass:
        total = self.arrest + in_order(self.bed_deaths.values())
        if total > 1.0:
            raise ValueError(f"chances of arrest and death in a bed that sum to 1 at most, not {total:g}")
        return self


class Ways(NamedTuple):
    """Ways out of a vessel or bed, as hazards per hour."""

    moves: dict[str, float]
    held: dict[str, float]
    deaths: dict[str, float]


class Circuit(NamedTuple):
    """What becomes of a cell in one circuit of the blood."""

    held: dict[str, float]
    deaths: dict[str, float]
    hours: float

    @property
    def hazard(self) -> float:
        """Loss per hour."""
        return (in_order(self.held.values()) + in_order(self.deaths.values())) / self.hours


class Circulation(Part):
    """Vessels and beds with their flows, volumes and transit times.

    Parameters
    ----------
    name : str
    cardiac_output : float
        Litres per minute.
    blood_volume : float
        Litres.
    capillary_volume : float
        Share of the blood in the capillaries of the beds that have no volume of their own.
    vessels : tuple of Vessel
    beds : tuple of Bed
        Their flows sum to 1.

    Raises
    ------
    ModelError
        When the flows do not add up, or a way leads nowhere.
    """

    name: Name
    cardiac_output: Positive
    blood_volume: Positive
    capillary_volume: Volume
    vessels: Annotated[tuple[Vessel, ...], Field(strict=False)]
    beds: Annotated[tuple[Bed, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    source: Keys = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise ModelError(str(data.get("name", "?")), faults_of(error), "circulation") from None
        faults = list(self._faults())
        if faults:
            raise ModelError(self.name, faults, "circulation")

    def _faults(self) -> Iterator[Fault]:
        total = in_order(bed.flow for bed in self.beds)
        if abs(total - 1.0) > FLOW_TOLERANCE:
            yield Fault("beds", total, "flows that add up to the cardiac output: a sum of 1")
        names = [*(vessel.name for vessel in self.vessels), *(bed.name for bed in self.beds)]
        for name in sorted({n for n in names if names.count(n) > 1}):
            yield Fault("beds", name, "each vessel and bed is named once")
        ways = [(f"vessels[{i}].to", vessel.name, vessel.to) for i, vessel in enumerate(self.vessels)]
        ways += [(f"beds[{i}].to", bed.name, bed.to) for i, bed in enumerate(self.beds)]
        for path, _, to in ways:
            if to not in [*names, ARTERIES]:
                yield Fault(path, to, f"a vessel or bed; {nearest(to, names)}")
        for i, vessel in enumerate(self.vessels):
            if (vessel.volume is None) == (vessel.seconds is None):
                yield Fault(f"vessels[{i}]", vessel.name, "a volume or seconds, one of the two")
            elif vessel.volume is not None and not any(to == vessel.name for _, _, to in ways):
                yield Fault(f"vessels[{i}].volume", vessel.volume, "seconds: no blood comes to this vessel")
        for name in (RIGHT_HEART, LEFT_HEART):
            if name not in names:
                yield Fault("vessels", name, "both hearts, by these names")
        if {RIGHT_HEART, LEFT_HEART} <= set(names) and not any(to not in [*names, ARTERIES] for _, _, to in ways):
            yield from self._wrong_ways(ways)

    def _wrong_ways(self, ways: Sequence[tuple[str, str, str]]) -> Iterator[Fault]:
        """Faults of the order in which the blood goes round."""
        to = {name: target for _, name, target in ways}
        upper = to[RIGHT_HEART]
        beds = {bed.name: bed for bed in self.beds}
        for path, name, target in ways:
            if (target == ARTERIES) != (name == LEFT_HEART):
                yield Fault(path, target, f"'{ARTERIES}' from the left heart, and from nowhere else")
            elif target == LEFT_HEART and name != upper:
                yield Fault(
                    path, target, "a way to the right heart: only the bed that it feeds leads to the left heart"
                )
            elif name == RIGHT_HEART and (target not in beds or to[target] != LEFT_HEART):
                yield Fault(path, target, "a bed that leads to the left heart")
            elif name not in (LEFT_HEART, RIGHT_HEART, upper) and not _arrives(name, to):
                yield Fault(path, target, "a way that leads to the right heart: this one goes in a circle")
        for i, bed in enumerate(self.beds):
            if bed.flow == 0 and bed.name != upper:
                yield Fault(f"beds[{i}].flow", bed.flow, "a flow above 0")

    @cached_property
    def _vessels(self) -> Mapping[str, Vessel]:
        return FrozenDict((vessel.name, vessel) for vessel in self.vessels)

    @cached_property
    def _beds(self) -> Mapping[str, Bed]:
        return FrozenDict((bed.name, bed) for bed in self.beds)

    def is_bed(self, node: str) -> bool:
        """Whether a node of the network is a capillary bed."""
        return node not in self._vessels

    def site(self, node: str) -> str:
        """The organ of a bed."""
        return self._beds[node].site

    @cached_property
    def organs(self) -> tuple[str, ...]:
        """Organs with a bed, in alphabetical order."""
        return tuple(sorted({bed.site for bed in self.beds}))

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All vessels and beds."""
        return (*self._vessels, *self._beds)

    def source_of(self, node: str) -> tuple[str, ...]:
        """Keys of the sources of the transit time of a vessel or bed."""
        return (self._vessels[node].source if node in self._vessels else ()) or self.source

    def flow_source(self, node: str) -> tuple[str, ...]:
        """Keys of the sources of the flow to a bed, where it has some of its own."""
        return self._beds[node].source if node in self._beds else ()

    def onward(self, node: str) -> dict[str, float]:
        """Where a cell that passes goes next, with the shares."""
        to = self._vessels[node].to if node in self._vessels else self._beds[node].to
        return {bed.name: bed.flow for bed in self.beds if bed.flow > 0} if to == ARTERIES else {to: 1.0}

    def first_beds(self, vessel: str) -> dict[str, float]:
        """Capillary beds that cells come to first, when they enter by a vessel, with the shares."""
        shares: dict[str, float] = {}
        for node, share in self.onward(vessel).items():
            ahead = {node: 1.0} if self.is_bed(node) else self.first_beds(node)
            for bed, part in ahead.items():
                shares[bed] = shares.get(bed, 0.0) + share * part
        return shares

    @cached_property
    def flows(self) -> Mapping[str, float]:
        """Flow through every vessel and bed, as a share of the cardiac output.

        Flow in equals flow out everywhere; where no blood comes from the heart it is 0.
        """
        visits = self._visits({RIGHT_HEART: 1.0}, {n: self.onward(n) for n in self.nodes}, cut=RIGHT_HEART)
        return FrozenDict(zip(self.nodes, visits.tolist(), strict=True))

    def organ_flow(self, organ: str) -> float:
        """Share of the cardiac output that passes an organ; the portal blood passes the liver, too."""
        if organ not in self.organs:
            raise InputError("organ", organ, f"an organ with a capillary bed; {nearest(organ, self.organs)}")
        return in_order(flow for node, flow in self.flows.items() if self.is_bed(node) and self.site(node) == organ)

    def hours(self, node: str) -> float:
        """Mean transit time of a vessel or bed."""
        # A conserved tracer stays in a part of the way for its volume over its flow.
        circuit = self.blood_volume / self.cardiac_output / 60.0
        if node in self._beds:
            volume = self._beds[node].volume
            if volume is not None:
                return volume * circuit / self.flows[node]
            shared = in_order(self.flows[bed.name] for bed in self.beds if bed.volume is None)
            return self.capillary_volume * circuit / shared
        vessel = self._vessels[node]
        if vessel.seconds is not None:
            return vessel.seconds / 3600.0
        assert vessel.volume is not None
        return vessel.volume * circuit / self.flows[node]

    def _visits(self, start: Mapping[str, float], onward: Mapping[str, Mapping[str, float]], cut: str) -> Any:
        """Expected visits to each node, of cells that start with the given shares; none comes back to ``cut``."""
        # Visits v solve v = start + P^T v, without the way back to ``cut``: one circuit, or all of them.
        index = {node: i for i, node in enumerate(self.nodes)}
        matrix = np.eye(len(index))
        for node, ways in onward.items():
            for target, chance in ways.items():
                if target != cut:
                    matrix[index[target], index[node]] -= chance
        begin = np.zeros(len(index))
        for node, share in start.items():
            begin[index[node]] += share
        return solve(matrix, begin)

    def ways(self, node: str, cells: CellClass, homing: Mapping[str, float] | None = None) -> Ways:
        """Hazards of the ways out of a vessel or bed for a class of cells (with ``scaled`` already done)."""
        hours = self.hours(node)
        if not self.is_bed(node):
            return Ways(_times(self.onward(node), 1.0 / hours), {}, dict(cells.vessel_deaths))
        organ = self.site(node)
        passing = max(0.0, 1.0 - cells.arrest - in_order(cells.bed_deaths.values()))
        return Ways(
            _times(self.onward(node), passing / hours),
            {organ: cells.arrest * (homing or {}).get(organ, 1.0) / hours},
            _times(cells.bed_deaths, 1.0 / hours),
        )

    def circuit(self, cells: CellClass, homing: Mapping[str, float] | None = None) -> Circuit:
        """One circuit that begins in the right heart, in closed form."""
        held, deaths, hours = self._outcomes({RIGHT_HEART: 1.0}, cells, homing, cut=RIGHT_HEART)
        return Circuit(held, deaths, hours)

    def arrests(
        self, entries: Mapping[str, float], cells: CellClass, homing: Mapping[str, float] | None = None
    ) -> dict[str, float]:
        """Probability of being held in each organ at last, for a cell that enters where it is said.

        Parameters
        ----------
        entries : mapping of str to float
            Vessels by which the cells enter, with the number of cells.
        cells : CellClass
        homing : mapping, optional
            Factors on the hazard of arrest in organs.
        """
        for vessel, number in entries.items():
            if vessel not in self.nodes:
                raise InputError("entries", vessel, f"a vessel; {nearest(vessel, self.nodes)}")
            if not is_number(number) or not 0 <= number < math.inf:
                raise InputError(f"entries[{vessel!r}]", number, "a number of cells >= 0")
        check_homing(self, homing or {}, "homing")
        return self._outcomes(entries, self.scaled(cells, homing), homing, cut="")[0]

    def _outcomes(
        self, start: Mapping[str, float], cells: CellClass, homing: Mapping[str, float] | None, cut: str
    ) -> tuple[dict[str, float], dict[str, float], float]:
        ways = {node: self.ways(node, cells, homing) for node in self.nodes}
        total = {node: in_order(v for group in w for v in group.values()) for node, w in ways.items()}
        visits = self._visits(start, {n: _times(w.moves, 1.0 / total[n]) for n, w in ways.items()}, cut)
        held: dict[str, float] = {}
        deaths: dict[str, float] = {}
        hours = 0.0
        for node, n in zip(self.nodes, visits.tolist(), strict=True):
            hours += n / total[node]
            for into, group in ((held, ways[node].held), (deaths, ways[node].deaths)):
                for name, hazard in group.items():
                    into[name] = into.get(name, 0.0) + n * hazard / total[node]
        return held, deaths, hours

    def scaled(self, cells: CellClass, homing: Mapping[str, float] | None = None) -> CellClass:
        """The class with its chances of arrest and death such that its half-life comes out, homing included."""
        if cells.half_life_hours is None:
            return cells
        wanted = log(2.0) / cells.half_life_hours
        # Fixed point: the hazard of loss is nearly proportional to the chances, so each step corrects by the ratio.
        factor = 1.0
        for _ in range(200):
            arrest, bed_deaths = cells.arrest * factor, _times(cells.bed_deaths, factor)
            if arrest + in_order(bed_deaths.values()) >= 1.0:
                break
            changed = {"arrest": arrest, "bed_deaths": bed_deaths, "vessel_deaths": _times(cells.vessel_deaths, factor)}
            now = cells.model_copy(update={**changed, "half_life_hours": None})
            ratio = wanted / self.circuit(now, homing).hazard
            if abs(ratio - 1.0) < 1e-13:
                return now
            factor *= ratio
        raise InputError("half_life_hours", cells.half_life_hours, "hours that some chance of arrest per bed can give")


def _arrives(start: str, onward: Mapping[str, str]) -> bool:
    """Whether the way from a vessel or bed comes to the right heart."""
    node, steps = start, 0
    while node != RIGHT_HEART and node in onward and steps <= len(onward):
        node, steps = onward[node], steps + 1
    return node == RIGHT_HEART


def _times(values: Mapping[str, float], factor: float) -> dict[str, float]:
    return {name: value * factor for name, value in values.items()}


def check_homing(circulation: Circulation, homing: Mapping[str, float], field: str) -> None:
    """Factors for organs that are there."""
    if not isinstance(homing, Mapping):
        raise InputError(field, homing, "a mapping of organs to factors")
    for organ, value in homing.items():
        if organ not in circulation.organs:
            raise InputError(field, organ, f"an organ with a capillary bed; {nearest(organ, circulation.organs)}")
        if not is_number(value) or not (value == 0 or 1e-6 <= value <= 1e6):
            raise InputError(f"{field}[{organ!r}]", value, "0, or a factor from 1e-6 to 1e6")
