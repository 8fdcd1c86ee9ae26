"""What a run of a conditioned model needs whose cells differ: proposals for their traits, and their own hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.common.errors import CascadeError
from cascade.common.portable import exp, in_order
from cascade.common.types import Floats
from cascade.engine.compiled import tilted
from cascade.engine.spreads import spreads
from cascade.engine.tilting import DONE, EXCEEDED, Proposal, Tilt
from cascade.kernel.inputs import Own
from cascade.kernel.streams import key_of
from cascade.lowering.lowered import Aim, Lowered
from cascade.lowering.within_reach import check_chance

MOST_AT_ONCE = 4096
"""Cells of a chunk: each brings a multiplier for every exit."""

SCOUTS = 2048
"""Cells that tell what those that succeed are like."""

SCOUTING_SEED = 20260
MARGIN = 0.02
"""Added to the logarithm of the bound: its search comes this close."""

WIDER = 1.05
NARROWEST = 0.5


class Chosen(NamedTuple):
    """How the cells of a conditioned model are chosen."""

    tilt: Tilt
    proposal: Proposal

    def own_of(self, key: npt.NDArray[np.uint64], cells: npt.NDArray[np.uint64]) -> tuple[Own, Floats]:
        """Hazards and starts of cells, and log Z (n, F) of their independent frailties."""
        size = len(cells)
        logs, start = np.empty((size, len(self.tilt.gamma))), np.zeros(size, np.uint32)
        multiplier = np.empty((1 + len(self.tilt.exit_profile), size))
        end = tilted("choose")(self.tilt, *self.proposal, key, cells, logs, start, multiplier)
        if end != DONE:
            told = "a chance above the bound that was searched" if end == EXCEEDED else "no traits in a million tries"
            raise CascadeError(f"the cells that reach the goal could not be chosen: {told}; please report the model")
        return Own(multiplier, start), logs


def raised(powers: Floats, logs: Floats) -> Floats:
    """Products of powers (P, F) of frailties, from their logarithms (n, F): (n, P)."""
    return np.array(
        [[exp(in_order(p * x for p, x in zip(row, z, strict=True))) for row in powers.tolist()] for z in logs.tolist()]
    )


def with_own_profiles(lowered: Lowered) -> tuple[Lowered, Tilt]:
    """The arrays of a conditioned model with a multiplier for each exit that cells do not share, and what it is."""
    aim = lowered.aim
    assert aim is not None
    early = aim.before[lowered.exit_source]
    target = lowered.exit_target
    sources = np.where(early, aim.state[lowered.exit_source], -1)
    targets = np.where(early & (target >= 0) & aim.before[target], aim.state[target], -1)
    rows: dict[tuple[int, int, int], int] = {(0, -1, -1): 0}
    columns = zip(lowered.exit_profile.tolist(), sources.tolist(), targets.tolist(), strict=True)
    profile = np.array([rows.setdefault(row, len(rows)) for row in columns], np.int64)
    own = np.array(list(rows)[1:], np.int64).reshape(len(rows) - 1, 3)
    powers = np.zeros((len(rows), len(lowered.frailty_cv)))
    tilt = _tilt(lowered, aim, own)
    return replace(lowered, exit_profile=profile, profiles=powers), tilt


def _tilt(lowered: Lowered, aim: Aim, own: npt.NDArray[np.int64]) -> Tilt:
    shares = lowered.start_share / in_order(lowered.start_share.tolist())
    return Tilt(
        # Copies: what is lowered can only be read, which numba takes for another type.
        type(aim.system)._make(part.copy() for part in aim.system), aim.hazard.copy(), aim.profile.copy(),
        aim.inside.copy(), aim.goal.copy(), aim.prize.copy(),
        lowered.profiles.copy(), lowered.frailty_gamma.copy(), spreads(lowered),
        aim.state[lowered.start_state], shares,
        own[:, 0].copy(), own[:, 1].copy(), own[:, 2].copy(),
    )  # fmt: skip


@lru_cache(maxsize=8)
def chosen(lowered: Lowered) -> Chosen:
    """How the cells of a conditioned model are chosen: searched once for all its runs.

    Raises
    ------
    InputError
        For a goal that is out of reach of doubles.
    """
    _, tilt = with_own_profiles(lowered)
    size, key = len(tilt.gamma), key_of(SCOUTING_SEED)
    # From the most common of those that succeed to their means.
    mode = np.zeros(size)
    plain = Proposal(*_of(tilt, mode, np.ones(size)), 0.0)
    tilted("climb")(tilt, 0, plain.centre, plain.width, mode, 1e-2)
    mean, square = np.where(tilt.gamma, 1.0, mode), np.ones(size)
    for f in np.flatnonzero(tilt.gamma).tolist():
        mean[f] = exp(float(mode[f]))
    for _ in range(2):
        centre, width = _of(tilt, mean, np.ones(size))
        check_chance(tilted("moments")(tilt, centre, width, key, SCOUTS, mean, square))
    spread = np.sqrt(np.where(square > mean * mean, square - mean * mean, 0.0))
    narrow = np.where(spread > NARROWEST, np.where(spread < 1.0, spread, 1.0), NARROWEST)
    tries = [_bounded(tilt, *_of(tilt, mean, widths), mode) for widths in (np.full(size, WIDER), WIDER * narrow)]
    return Chosen(tilt, min(tries, key=lambda proposal: proposal.most))


def _of(tilt: Tilt, mean: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Centres and widths of proposals with these means: normal ones, and gamma ones of the same rate."""
    return np.where(tilt.gamma, tilt.spread * mean, mean), np.where(tilt.gamma, tilt.spread, width)


def _bounded(tilt: Tilt, centre: Floats, width: Floats, mode: Floats) -> Proposal:
    """A proposal with its bound: the highest top that is found from several places."""
    size, highest = len(mode), -np.inf
    for start in _starts(mode, size):
        highest = max(highest, tilted("climb")(tilt, 1, centre, width, start, 1e-4))
    return Proposal(centre, width, highest + MARGIN)


def _starts(mode: Floats, size: int) -> Sequence[Floats]:
    ends = [sign * reach * one for one in np.eye(size) for reach in (1.0, 3.0) for sign in (1.0, -1.0)]
    return [mode.copy(), np.zeros(size), 2.0 * mode, 0.5 * mode, *(mode + end for end in ends)]
