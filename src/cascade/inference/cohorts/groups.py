r"""What a table of patients counts, and what a register of simulated patients says to it.

Patients are put into classes.  What is counted of them factorises:

    sizes at diagnosis;  a metastasis seen at diagnosis, given the size;  nodes, given the size and no metastasis;
    cells in a tube, given the size and the metastasis;  distant metastases seen in intervals of years, over the
    person-years in them, given size and nodes and none at diagnosis.

The first four are multinomial, the last is Poisson with a rate that is even within an interval; who dies or is lost
leaves the person-years.  Of each group the sum over its cells of

    2 (k log(k / m) - (k - m)),    m = n p or rate x person-years,

is its deviance; they add up to minus twice the log likelihood over the saturated one.  Shares and rates of the model
are counted from simulated patients: with K of them behind m, its variance is m^2 / K, so that the squares are divided
by 1 + m / K, as much as the error of the simulation adds to that of the data.

Classes of which few were counted are put together with their neighbours, and groups of few with each other, for the
rate of a few simulated patients is rough.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from cascade.common.types import Floats, Ints, Mask
from cascade.inference.cohorts.rows import Classes, Patient, Patients
from cascade.inference.headed import ONE_ARM
from cascade.patient.blood import tubes
from cascade.patient.disease import Disease
from cascade.patient.follow.register import Register
from cascade.patient.known import diameters

ANY = -1
"""Place of those whose class is not known, or does not matter."""

ALL = "all"
"""Of whom everybody is."""

FEW = 5.0
"""Counted in fewer, classes and groups are put together."""

LEAST = 1e-3
"""Expected where patients were counted and none simulated."""


@dataclass(frozen=True, eq=False)
class Group:
    """Patients who were counted by one thing.

    Attributes
    ----------
    arm : str
    what : str
        'mm', 'metastasis', 'nodes', 'tube', or 'years': of distant metastases.
    mm, nodes, metastasis : int
        Of which class they are, of each; ``ANY`` where it does not matter.
    observed : (C,) float
        How many, by class of what was counted.
    exposure : (C,) float
        Of how many; of metastases by interval the person-years in it.
    """

    arm: str
    what: str
    mm: int
    nodes: int
    metastasis: int
    observed: Floats
    exposure: Floats

    def named(self, classes: Classes) -> str:
        """Whose it is: '10 to 20 mm, N0'."""
        metastasis = {ANY: "", 0: "no metastasis seen", 1: "metastasis seen"}[self.metastasis]
        told = [classes.told("mm", self.mm), classes.told("nodes", self.nodes), metastasis]
        arm = [] if self.arm == ONE_ARM else [self.arm]
        return ", ".join([*arm, *(part for part in told if part)]) or ALL


class Said(NamedTuple):
    """What a register says to a group: shares or rates (C,), and how many simulated patients or events are behind each.

    A share that is expected, such as of cells in tubes, has a number behind it that is not whole.
    """

    value: Floats
    behind: Floats


class _Placed(NamedTuple):
    """Patients by class, (n,); -1 for what is not known."""

    mm: Ints
    nodes: Ints
    metastasis: Ints
    weight: Floats


def groups_of(data: Patients) -> tuple[Group, ...]:
    """Everything that a table counts, in the order of the factors."""
    return tuple(group for arm in data.arms for group in _of_arm(data, arm))


def _of_arm(data: Patients, arm: str) -> Iterator[Group]:
    rows, classes = [row for row in data.rows if row.arm == arm], data.classes
    of = _placed(rows, classes)
    tube = np.array([_place(row.tube, classes.tube) if row.tube >= 0 else ANY for row in rows])
    counted = {"mm": of.mm, "metastasis": of.metastasis, "nodes": of.nodes, "tube": tube}
    for what, mm, metastasis in _given(data, of):
        some = (counted[what] >= 0) & ((of.mm == mm) | (what == "mm"))
        if metastasis != ANY:  # of whom nobody said that one was seen, none was
            some &= (of.metastasis == 1) == (metastasis == 1)
        numbers = np.bincount(counted[what][some], of.weight[some], _width(what, classes)).astype(float)
        if numbers.sum() > 0:
            yield Group(arm, what, mm, ANY, metastasis, numbers, np.full(len(numbers), numbers.sum()))
    years = np.array([row.years for row in rows])
    event = np.array([row.event for row in rows])
    followed = ~np.isnan(years) & (of.metastasis != 1)
    for mm in sorted(set(of.mm[followed].tolist())):
        for nodes in sorted(set(of.nodes[followed & (of.mm == mm)].tolist())):
            some = followed & (of.mm == mm) & (of.nodes == nodes)
            seen, time = _in_intervals(years[some], event[some], of.weight[some], classes.years)
            yield Group(arm, "years", mm, nodes, 0, seen, time)


def _given(data: Patients, of: _Placed) -> Iterator[tuple[str, int, int]]:
    """What is counted, of which class of sizes, and of whom by metastasis."""
    sizes = sorted(set(of.mm.tolist()))
    if "mm" not in data.given:
        yield "mm", ANY, ANY
    if "metastasis" not in data.given:
        yield from (("metastasis", mm, ANY) for mm in sizes)
    if "nodes" not in data.given:
        yield from (("nodes", mm, 0) for mm in sizes)
    yield from (("tube", mm, seen) for mm in sizes for seen in (0, 1))


def _placed(rows: Sequence[Patient], classes: Classes) -> _Placed:
    """Rows by class."""
    mm = [_place(row.mm_from, classes.mm) if "size" in row.known else ANY for row in rows]
    nodes = [_place(row.nodes_from, classes.nodes) if "nodes" in row.known else ANY for row in rows]
    seen, weight = [row.metastasis for row in rows], [float(row.patients) for row in rows]
    return _Placed(np.array(mm), np.array(nodes), np.array(seen), np.array(weight))


def _place(value: float, borders: Sequence[float]) -> int:
    """In which class a number is."""
    return int(np.searchsorted(np.asarray(borders, float), value, side="right"))


def _width(what: str, classes: Classes) -> int:
    """Classes of what is counted."""
    return 2 if what == "metastasis" else len(getattr(classes, what)) + (0 if what == "years" else 1)


def _chosen(of: _Placed, mm: int, nodes: int, metastasis: int) -> Mask:
    """Who is of all these classes."""
    some = np.ones(len(of.weight), bool)
    if mm != ANY:
        some &= of.mm == mm
    if nodes != ANY:
        some &= of.nodes == nodes
    if metastasis != ANY:
        some &= of.metastasis == metastasis
    return some


def _in_intervals(years: Floats, event: Mask, weight: Floats, ends: Sequence[float]) -> tuple[Floats, Floats]:
    """Events in each interval (T,), and person-years in it."""
    lasts = np.array(ends)
    begins = np.append(0.0, lasts[:-1])
    time = np.clip(years[:, None], begins, lasts) - begins
    # Of a visit on the last day of an interval what is seen is seen in it.
    place = np.searchsorted(lasts, np.maximum(years - 1e-9, 0.0), side="right")
    inside = event & (place < len(lasts))
    return np.bincount(place[inside], weight[inside], len(ends)).astype(float), weight @ time


class Viewed:
    """A register, by the classes of a table.

    Parameters
    ----------
    disease : Disease
    register : Register
    classes : Classes
    tube : bool
        Whether cells in a tube are asked for.
    """

    def __init__(self, disease: Disease, register: Register, classes: Classes, *, tube: bool) -> None:
        known = register.mode > 0
        register = register[known]
        mm = np.searchsorted(np.array(classes.mm), diameters(disease, register), side="right")
        nodes = np.searchsorted(np.array(classes.nodes, float), register.nodes_positive, side="right")
        nodes = np.where(register.nodes_positive < 0, ANY, nodes)
        self.classes, self.patient = classes, register.patient
        self.of = _Placed(mm, nodes, register.metastasis_seen, np.ones(len(register)))
        self.mean = tubes(disease, register) if tube else np.zeros(len(register))
        distant = register.distant - register.diagnosed
        out = np.minimum(register.death, register.end) - register.diagnosed
        self.event = distant <= out
        self.years = np.minimum(distant, out)

    def says(self, group: Group, of: Mask | None = None) -> Said:
        """What it says to a group; ``of`` some of the patients alone."""
        some = _chosen(self.of, group.mm, group.nodes, group.metastasis)
        if of is not None:
            some &= of
        if group.what == "years":
            seen, time = _in_intervals(self.years[some], self.event[some], self.of.weight[some], self.classes.years)
            return Said(seen / np.maximum(time, 1.0), seen)
        if group.what == "tube":
            edges = np.array([0.0, *self.classes.tube])
            above = np.array([np.sum(stats.poisson.sf(edge - 1, self.mean[some])) for edge in edges])
            numbers = np.append(above[:-1] - above[1:], above[-1])
        else:
            places = getattr(self.of, group.what)[some]
            numbers = np.bincount(places[places >= 0], minlength=_width(group.what, self.classes)).astype(float)
        return Said(numbers / max(float(numbers.sum()), 1.0), numbers)


class Expected(NamedTuple):
    """What is expected in each of the counts (M,), and what the simulation adds to its squared error, over it."""

    m: Floats
    added: Floats


class Together:
    """The counts of all groups, few ones together.

    Parameters
    ----------
    groups : sequence of Group

    Attributes
    ----------
    observed : (M,) float
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.place = np.array(_places(groups), np.int64)
        self.size = int(self.place.max()) + 1
        self.exposure = np.concatenate([group.exposure for group in groups])
        self.observed = self._sum(np.concatenate([group.observed for group in groups]))

    def _sum(self, values: Floats) -> Floats:
        return np.asarray(np.bincount(self.place, values, self.size))

    def expected(self, said: Sequence[Said]) -> Expected:
        """What is expected of each count."""
        value, behind = (np.concatenate([getattr(one, name) for one in said]) for name in Said._fields)
        m = self.exposure * value
        whole = self._sum(m)
        squared = self._sum(np.divide(m**2, behind, out=np.zeros_like(m), where=behind > 0))
        return Expected(whole, np.divide(squared, whole, out=np.zeros_like(whole), where=whole > 0))

    def residuals(self, m: Floats, added: Floats) -> Floats:
        """Signed roots of the terms of the deviance, (M,), each over what the simulation adds to its error."""
        k, m = self.observed, np.maximum(m, LEAST * (self.observed > 0))
        ratio = np.divide(k, m, out=np.ones_like(k), where=(k > 0) & (m > 0))
        deviance = 2.0 * (k * np.log(ratio) - (k - m))
        return np.asarray(np.sign(k - m) * np.sqrt(np.maximum(deviance, 0.0) / (1.0 + added)))


def _places(groups: Sequence[Group]) -> list[int]:
    """In which count each class of each group is."""
    sets: dict[tuple[object, ...], list[int]] = {}
    for i, group in enumerate(groups):
        # Of metastases by year those of any class count, of shares those beside the commonest.
        rare = group.observed.sum() - (0.0 if group.what == "years" else group.observed.max())
        alone = (i,) if rare >= FEW else ()
        sets.setdefault((group.arm, group.what, *alone), []).append(i)
    count, found = 0, [np.zeros(0, int)] * len(groups)
    for some in sets.values():
        joined = _joined(np.sum([groups[i].observed for i in some], axis=0))
        for i in some:
            found[i] = count + joined
        count += int(joined.max()) + 1
    return [int(place) for part in found for place in part]


def _joined(observed: Floats) -> Ints:
    """Neighbouring classes together until few are counted in none; what is left at the end joins the last."""
    places, held = [], 0.0
    place = 0
    for k in observed:
        places.append(place)
        held += float(k)
        if held >= FEW:
            place, held = place + 1, 0.0
    if held < FEW and place > 0:
        places = [min(one, place - 1) for one in places]
    return np.array(places)
