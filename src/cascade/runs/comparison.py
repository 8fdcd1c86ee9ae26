"""The very same cells under two models: who is saved, who is lost, and at which step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Literal

import numpy as np
import numpy.typing as npt

from cascade.answers.intervals import Interval, batch_variance, clustered_difference, paired_difference
from cascade.answers.kinds import KINDS
from cascade.answers.table import Table, Texts
from cascade.common.arguments import check_cells
from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.shares import estimate_of_difference
from cascade.common.text import hours, number, text_table
from cascade.model import Model
from cascade.runs.histories import History, replay, traits_of

SUCCESS, ALIVE = "success", "alive"

BY_VISIT = (
    "The two models have other states, ways or starts ({differ}). What a cell has in common under both is its draws,"
    " by number of the cell and of its visit: its n-th visit has the same luck under both, whatever the state. Where"
    " the two lives have come to different states, they are paired by that luck alone, and mean nothing for each other."
)

SAME_SUCCESS = (
    "The same success: under both, or under neither; on the way there, these cells may have come to other steps."
)

COUPLING = (
    "Which cells are saved or lost depends on how the two runs share their draws;"
    " only the net difference is a property of the two models."
)


@dataclass(frozen=True)
class ComparisonRow:
    """One step: distinct cells that passed it under each model; or one kind of colony: cells that founded one.

    ``difference`` is (gained - lost) / all cells, with its 95 % interval ``low``, ``high``.
    """

    step: str
    passed: int
    passed_other: int
    gained: int
    lost: int
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class End:
    """How a life ended: the furthest step, its cause of death ("" without one), and the kind of end."""

    step: str
    cause: str
    kind: Literal["death", "alive", "success"]


@dataclass(frozen=True)
class CauseRow:
    """Cells that ``model`` held or killed at a step by a cause, and what became of them under ``other``.

    ``saved``: they succeed; ``moved``: they end at another step or by another cause;
    ``lost``: cells that succeed under ``model`` and end so under ``other``.
    """

    step: str
    cause: str
    kind: str
    cells: int
    saved: int
    moved: int
    lost: int


@dataclass(frozen=True)
class TwoLives:
    """One cell under both models; ``pairing`` as of the comparison."""

    names: tuple[str, str]
    one: History
    two: History
    pairing: str = ""

    def __str__(self) -> str:
        like = ", ".join(f"{trait} {z:.2g}" for trait, z in self.one.traits.items())
        units = {life.member: life for life in self.one.fragments}
        others = {life.member: life for life in self.two.fragments}
        parts = [f"cell {self.one.cell}{': ' * bool(like)}{like}", self._table(self.one, self.two)]
        for member in sorted({*units, *others}):
            parts += [f"fragment from member {member}", self._table(units.get(member), others.get(member))]
        return "\n".join([*parts, *[self.pairing] * bool(self.pairing)])

    def _table(self, one: History | None, two: History | None) -> str:
        """Two lives side by side, of which one may not have been."""
        stays = (one.stays if one else ()), (two.stays if two else ())
        named = any(stay.level for life in stays for stay in life)
        lines = []
        for left, right in zip_longest(*stays):
            cells = [
                [s.state, *[s.level] * named, hours(s.entered), s.way] if s else [""] * (3 + named)
                for s in (left, right)
            ]
            lines.append([*cells[0], "=" if left == right else "|", *cells[1]])
        one_side, other_side = ([name, *["level"] * named, "entered", "left by"] for name in self.names)
        texts = (0, 1, 3, 4, 5, 6, 8) if named else (0, 2, 3, 4, 6)
        mark = len(one_side)
        return text_table([*one_side, "", *other_side], lines, left=texts, keys=(mark, mark + 1))


@dataclass(frozen=True, eq=False)
class Comparison(ByValue, Table[ComparisonRow]):
    """The same cells under two models.

    Attributes
    ----------
    model, other : Model
    seed : int
    cells : int
        With clusters: all cells of all units.
    furthest : (stages + 1, stages + 1) int
        Cells by the furthest stage under ``model`` (rows) and under ``other`` (columns).
    ends : mapping of (End, End) to int
        Cells by how they end under ``model`` and under ``other``.
    saved_cells, lost_cells : tuple of int
        Numbers of the cells (of clusters: the founders) that were saved and lost, the lowest thousand of each.
    batches : (batches, 1 + 2 steps + 2 kinds) int
        Of clusters: cells, those that passed each step under ``model`` and under ``other``, then those that founded a
        colony of each kind, by batch of founders, which are what is independent; empty for plain cells.
    numbers : range
        Numbers of the cells; of clusters, of the founders.
    colonies : (kinds + 1, kinds + 1) int
        Cells by the kind of colony that they founded (distant, nodal, local, none) under ``model`` (rows) and under
        ``other`` (columns); empty where one of the models has no sites.
    """

    model: Model
    other: Model
    seed: int
    cells: int
    until: float | None
    furthest: npt.NDArray[np.int64]
    ends: Mapping[tuple[End, End], int]
    saved_cells: tuple[int, ...]
    lost_cells: tuple[int, ...]
    batches: npt.NDArray[np.int64]
    numbers: range
    colonies: npt.NDArray[np.int64]

    @property
    def names(self) -> tuple[str, str]:
        """What the two models are called here: where both have one name, which of them is meant."""
        one, two = self.model.name, self.other.name
        return (one, two) if one != two else (f"{one} (first)", f"{two} (second)")

    @cached_property
    def pairing(self) -> str:
        """What it is that a cell shares under models with other states, ways or starts; "" where these are the same.

        Hazards, frailties, factors and treatments may differ: then every visit is to a state that both have.
        """
        one, two = _ways(self.model), _ways(self.other)
        differ = [name for name in dict.fromkeys([*one, *two]) if one.get(name) != two.get(name)]
        listed = ", ".join(differ[:6]) + (f" and {len(differ) - 6} more" if len(differ) > 6 else "")
        return BY_VISIT.format(differ=listed) if differ else ""

    def causes(self) -> tuple[CauseRow, ...]:
        """What became of the cells by step and cause of death under ``model``, the most saved first."""
        sums: dict[End, list[int]] = {}
        for (one, two), n in self.ends.items():
            for end in (one, two):
                sums.setdefault(end, [0, 0, 0, 0])
            sums[one][0] += n
            if one != two:
                sums[one][1 if two.kind == SUCCESS else 2] += n
                if one.kind == SUCCESS:
                    sums[two][3] += n
        rows = [CauseRow(e.step, e.cause, e.kind, *n) for e, n in sums.items() if e.kind != SUCCESS]
        return tuple(sorted(rows, key=lambda r: (-r.saved - r.lost, -r.moved, r.step, r.cause)))

    @property
    def fewer_cells(self) -> float:
        """How many times fewer cells tell the difference than two independent runs would need.

        The ratio of the variances of the difference in success: independent over paired.
        """
        if len(self.batches):
            cells, steps = self.batches[:, 0], len(self.model.stages)
            before, after = self.batches[:, steps], self.batches[:, 2 * steps]
            paired = batch_variance(after - before, cells)
            independent = batch_variance(after, cells) + batch_variance(before, cells)
            return independent / paired if paired > 0 else float("inf")
        one, two = (float(self.furthest.sum(axis=1 - side)[-1]) / self.cells for side in (0, 1))
        independent = one * (1 - one) + two * (1 - two)
        paired = (self.saved + self.lost) / self.cells - ((self.saved - self.lost) / self.cells) ** 2
        return independent / paired if paired > 0 else float("inf")

    def replay(self, cells: Sequence[int]) -> tuple[TwoLives, ...]:
        """Both lives of each cell, in full."""
        numbers = check_cells(cells)  # once: what is given may be an iterator
        for cell in numbers:
            if cell not in self.numbers:
                raise InputError(
                    "cells", cell, f"a cell of this comparison: {self.numbers.start} to {self.numbers[-1]}"
                )
        lives = (replay(m, seed=self.seed, cells=numbers, until=self.until) for m in (self.model, self.other))
        return tuple(TwoLives(self.names, one, two, self.pairing) for one, two in zip(*lives, strict=True))

    def traits(self) -> dict[str, dict[str, float]]:
        """What the saved and the lost cells were like: mean of each frailty, among all cells 1.

        Of those in ``saved_cells`` and ``lost_cells``; a group without cells is left out.
        """
        means: dict[str, dict[str, float]] = {}
        for group, cells in (("saved", self.saved_cells), ("lost", self.lost_cells)):
            for trait, z in traits_of(self.model, seed=self.seed, cells=cells).items():
                if cells:
                    means.setdefault(trait, {})[group] = float(z.mean())
        return means

    def _traits(self) -> str:
        """The same as text."""
        means_of = self.traits()
        groups = [g for g, cells in (("saved", self.saved_cells), ("lost", self.lost_cells)) if cells]
        lines = [[trait, *(f"{means[group]:.3g}" for group in groups)] for trait, means in means_of.items()]
        counts = {"saved": len(self.saved_cells), "lost": len(self.lost_cells)}
        what = "founders " if self.model.clusters else ""
        header = ["trait (mean of all cells: 1)", *(f"of {counts[g]:,} {what}{g}" for g in groups)]
        return text_table(header, lines) if lines else ""

    @property
    def saved(self) -> int:
        """Cells that succeed under ``other`` only."""
        return int(self.furthest[:-1, -1].sum())

    @property
    def lost(self) -> int:
        """Cells that succeed under ``model`` only."""
        return int(self.furthest[-1, :-1].sum())

    @property
    def unchanged(self) -> int:
        """Cells with the same success: under both, or under neither.  They may have come to other steps."""
        return self.cells - self.saved - self.lost

    @property
    def difference(self) -> Interval:
        """95 % interval of the difference in the probability of success, paired by cell."""
        return self._difference(len(self.model.stages), self.saved, self.lost)

    def _difference(self, step: int, gained: int, lost: int) -> Interval:
        """Interval of the difference in the share that passed a step, the first being 1."""
        return self._paired(step, len(self.model.stages) + step, gained, lost)

    def _paired(self, one: int, two: int, gained: int, lost: int) -> Interval:
        """Interval of a difference in shares; of clusters from the columns of their batches."""
        if not len(self.batches):
            return paired_difference(gained, lost, self.cells)
        change = self.batches[:, two] - self.batches[:, one]
        largest = self.model.clusters.largest  # type: ignore[union-attr]
        return clustered_difference(change, self.batches[:, 0], (gained, lost), largest)

    @property
    def saved_from(self) -> dict[str, int]:
        """Saved cells by the step at which ``model`` held or killed them."""
        return dict(zip(self.model.stages, map(int, self.furthest[:-1, -1]), strict=True))

    @property
    def lost_at(self) -> dict[str, int]:
        """Lost cells by the step at which ``other`` holds or kills them."""
        return dict(zip(self.model.stages, map(int, self.furthest[-1, :-1]), strict=True))

    @property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """One row per step."""
        rows = []
        for k, step in enumerate(self.model.stages, 1):
            gained, lost = int(self.furthest[:k, k:].sum()), int(self.furthest[k:, :k].sum())
            before, after = int(self.furthest[k:].sum()), int(self.furthest[:, k:].sum())
            low, high = self._difference(k, gained, lost)
            rows.append(ComparisonRow(step, before, after, gained, lost, (gained - lost) / self.cells, low, high))
        return tuple(rows)

    def kinds(self) -> tuple[ComparisonRow, ...]:
        """One row per kind of colony, distant metastases first; ``step`` is what it is called.

        A cell that founds a nodal colony in place of a distant one is lost to the distant and gained by the nodal
        ones, and the same success.  Empty where one of the models has no sites.
        """
        rows, first, number_of = [], 1 + 2 * len(self.model.stages), len(KINDS)
        for k, kind in enumerate(KINDS.values() if len(self.colonies) else ()):
            before, after = int(self.colonies[k].sum()), int(self.colonies[:, k].sum())
            both = int(self.colonies[k, k])
            gained, lost = after - both, before - both
            low, high = self._paired(first + k, first + number_of + k, gained, lost)
            rows.append(ComparisonRow(kind, before, after, gained, lost, (gained - lost) / self.cells, low, high))
        return tuple(rows)

    def as_text(self) -> Texts:
        """Headings and lines: one for each kind of colony, distant metastases first, then one for each step."""
        kinds = self.kinds()
        one, two = self.names
        counted = f"{'founded or ' * bool(kinds)}passed: "
        header = ["colony, step" if kinds else "step", counted + one, counted + two, "gained", "lost"]
        lines = [
            [
                row.step,
                *(number(n) for n in (row.passed, row.passed_other, row.gained, row.lost)),
                *estimate_of_difference(row.difference, row.low, row.high),
            ]
            for row in (*kinds, *self.rows)
        ]
        return [*header, "difference", "95 % interval"], lines

    def __str__(self) -> str:
        end = self._summary()
        tables = [text_table(*self.as_text()), self._causes(), self._traits()]
        parts = [part for table in tables if table for part in (table, "")] + [end]
        if self.saved + self.lost:
            parts.append(
                f"two independent runs would need {self.fewer_cells:.3g} times as many cells for this difference"
            )
        return "\n".join([*parts, self.below])

    @property
    def below(self) -> str:
        """What the pairing means."""
        return "\n".join([SAME_SUCCESS, COUPLING, *[self.pairing] * bool(self.pairing)])

    def _summary(self) -> str:
        told = [f"{row.step}: gained {row.gained:,}, lost {row.lost:,}" for row in self.kinds()[:1]]
        success = f"saved {self.saved:,}, lost {self.lost:,}, the same success {self.unchanged:,}"
        goals = " (success: any colony)" * bool(told)
        return "; ".join([*told, f"{success} of {self.cells:,} cells{goals}"])

    def _causes(self, most: int = 12) -> str:
        """The causes from which or to which most cells moved, as text."""
        rows = [row for row in self.causes() if row.saved + row.lost + row.moved]
        header = ["step", "ended by", "cells", "saved from it", "moved from it", "lost to it"]
        lines = [
            [r.step, r.cause or f"({r.kind})", *(number(n) for n in (r.cells, r.saved, r.moved, r.lost))]
            for r in rows[:most]
        ]
        return text_table(header, lines, left=(0, 1), keys=(0, 1)) if rows else ""

    @property
    def caption(self) -> str:
        """Who is saved and who is lost."""
        return f"{self._summary()}. {SAME_SUCCESS}"


def _ways(model: Model) -> dict[str, tuple[object, ...]]:
    """What a visit to each state can end in, in the order in which a draw chooses; where cells start, what breaks."""
    ways: dict[str, tuple[object, ...]] = {
        s.name: (s.stage, s.phases, *(m.to for m in s.moves), "", *(d.cause for d in s.deaths)) for s in model.states
    }
    ways["the start"] = tuple((share.state, share.share) for share in model.start.states if share.share > 0)
    if model.clusters is not None:
        # A fragment has luck of its own: where one model alone makes some, the same cells are in other units.
        broken = ((b.state, b.hazard > 0, b.on_entering > 0) for b in model.clusters.breaks)
        ways["breaks of clusters"] = tuple(part for part in broken if any(part[1:]))
    return ways
