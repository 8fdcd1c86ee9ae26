r"""Chances of times and of findings under a model.

F_k(t): the share of cells to which event k has happened first by t, with f_k its rate; S = 1 - sum_k F_k.  Cells stay
where an event is to enter a state, so that F_k counts each once.  Of a row that is seen from e on,

    at t:  f_k(t) / S(e);      in (a, b]:  (F_k(b) - F_k(a)) / S(e);      not by t:  S(t) / S(e).

Where the first of N cells makes the event, S is S^N throughout, and f is N f S^(N - 1).  What is found in k of n that
were looked at once at t has the chance 1 - (1 - p(t))^N, p the share of cells that are there then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Ints
from cascade.inference.data import Data
from cascade.inference.free import Free
from cascade.inference.independent import Chances, Independent
from cascade.inference.meeting import alike_arms, observable_of
from cascade.inference.seen import Seen
from cascade.inference.timed import Time, Times
from cascade.model import Model
from cascade.solution.shares import Shares, Values


def likelihood_of_times(models: Mapping[str, Model], data: Times, free: Sequence[Free]) -> Independent:
    """Of times to events.

    Raises
    ------
    InputError
        For an event that the model does not know; where several events and several cells meet.
    """
    several = [row for row in data.rows if row.cells != 1]
    if several and len(data.events) > 1:
        wanted = "1, where there are several events: which of them comes first to many cells is not told by one time"
        raise InputError("cells", several[0].cells, wanted)
    parts = []
    for arms, mine in alike_arms(models, free):
        rows = [i for i, row in enumerate(data.rows) if row.arm in arms]
        parts.append(_OfTimes(models[arms[0]], data, rows, mine, free))
    names = [_named(row, data) for row in data.rows]
    animals = [(row.arm, row.animal) for row in data.rows]
    chances = _joined(parts, len(data), len(free))
    return Independent(models, free, chances, names, np.ones(len(data)), animals, what=data.told)


def likelihood_of_seen(models: Mapping[str, Model], data: Seen, free: Sequence[Free]) -> Independent:
    """Of findings: two data of each row, those in whom it was found and those in whom it was not.

    Raises
    ------
    InputError
        For an observable that the model does not know.
    """
    parts = []
    for arms, mine in alike_arms(models, free):
        rows = [i for i, row in enumerate(data.rows) if row.arm in arms]
        parts.append(_OfSeen(models[arms[0]], data, rows, mine, free))
    found, of = (np.array([float(getattr(row, what)) for row in data.rows]) for what in ("found", "of"))
    weights = np.stack([found, of - found], axis=1).ravel()
    names = [f"{row.observable!r} in {row.found} of {row.of} at {row.hours:g} h" for row in data.rows for _ in "01"]
    share = np.stack([found / of, 1.0 - found / of], axis=1).ravel()
    most = float((weights[weights > 0] * np.log(share[weights > 0])).sum())
    chances = _joined(parts, len(weights), len(free))
    return Independent(
        models, free, chances, names, weights, [("", f"{i}") for i in range(len(weights))], what=data.told, most=most
    )


def _joined(parts: Sequence[_OfTimes | _OfSeen], count: int, size: int) -> Chances:
    """All chances from those of alike arms."""

    def chances(theta: Floats, slopes: bool) -> tuple[Floats, Floats]:
        log, slope = np.full(count, -np.inf), np.zeros((count, size))
        for part in parts:
            found, moved = part.at(theta[part.mine], slopes=slopes)
            log[part.places] = found
            if slopes:
                slope[np.ix_(part.places, part.mine)] = np.where(np.isfinite(found), moved, 0.0).T
        return log, slope

    return chances


class _OfTimes:
    """Log chances of rows of arms that are alike."""

    def __init__(
        self, model: Model, data: Times, rows: Sequence[int], mine: Sequence[int], free: Sequence[Free]
    ) -> None:
        self.mine, self.places = np.array(mine, np.int64), np.array(rows, np.int64)
        some = [data.rows[i] for i in rows]
        events = list(data.events)
        observables = [observable_of(name, data, model) for name in events]
        groups = [model.hazard_table.named(free[p].name, "free") for p in mine]
        at = {t for row in some for t in (row.after, row.by, row.entry) if 0 < t < np.inf}
        times = np.array(sorted(at))
        place = {t: i for i, t in enumerate(times.tolist())} | {0.0: len(times), np.inf: len(times)}
        self.after, self.by, self.entry = (
            np.array([place[getattr(row, what)] for row in some], np.int64) for what in ("after", "by", "entry")
        )
        self.exact = np.array([row.exact for row in some])
        self.censored = np.array([row.censored for row in some])
        self.event = np.array([events.index(row.event) if row.event else 0 for row in some], np.int64)
        self.cells = np.array([row.cells for row in some])
        # Rates only where a time is known: they are not where hazards change with time.
        rates = bool(self.exact.any())
        self.shares = Shares(model, observables, times, groups, stopped=True, rates=rates)

    def at(self, theta: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """Log chances (n,), and their derivatives (P, n)."""
        values = self.shares.at(theta, slopes=slopes)
        size = len(self.mine) if slopes else 0
        share, slope, wrong = _at_zero(values, size)
        log_free, free_slope = _log_without(share.sum(axis=0), slope.sum(axis=1), self.cells, self.entry)
        late, late_slope = _log_without(share.sum(axis=0), slope.sum(axis=1), self.cells, self.after)
        which = self.event
        out, moved = late - log_free, late_slope - free_slope  # of censored rows
        # Between two looks: of one cell F(b) - F(a) of its event, of several by the chance that none has come there.
        between = ~self.exact & ~self.censored
        gained = share[which, self.by] - share[which, self.after]
        gained_slope = slope[:, which, self.by] - slope[:, which, self.after]
        log, log_slope = _log_of(gained, gained_slope, wrong[which, self.by] + wrong[which, self.after])
        many, many_slope = _log_first(share[which], slope[:, which], self.cells, self.after, self.by)
        log, log_slope = (np.where(self.cells == 1, one, more) for one, more in ((log, many), (log_slope, many_slope)))
        out, moved = np.where(between, log - log_free, out), np.where(between, log_slope - free_slope, moved)
        if self.exact.any():
            by = np.where(self.exact, self.by, 0)
            rate, rate_slope = values.rate[which, by], values.rate_slope[:size, which, by]
            log, log_slope = _log_of(rate, rate_slope, values.rate_error[which, by])
            alone, alone_slope = _log_without(share.sum(axis=0), slope.sum(axis=1), self.cells - 1.0, by)
            log, log_slope = log + np.log(self.cells) + alone, log_slope + alone_slope
            out = np.where(self.exact, log - log_free, out)
            moved = np.where(self.exact, log_slope - free_slope, moved)
        return out, moved


class _OfSeen:
    """Log chances that it is found, and that it is not, of rows of arms that are alike."""

    def __init__(
        self, model: Model, data: Seen, rows: Sequence[int], mine: Sequence[int], free: Sequence[Free]
    ) -> None:
        self.mine = np.array(mine, np.int64)
        self.places = np.array([2 * i + k for i in rows for k in (0, 1)], np.int64)
        some = [data.rows[i] for i in rows]
        names = list(dict.fromkeys(row.observable for row in some))
        times = sorted({row.hours for row in some})
        groups = [model.hazard_table.named(free[p].name, "free") for p in mine]
        self.shares = Shares(model, [observable_of(name, data, model) for name in names], np.array(times), groups)
        self.which = np.array([names.index(row.observable) for row in some], np.int64)
        self.when = np.array([times.index(row.hours) for row in some], np.int64)
        self.cells = np.array([row.cells for row in some])

    def at(self, theta: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """Log chances (2 n,), and their derivatives (P, 2 n)."""
        values = self.shares.at(theta, slopes=slopes)
        share = np.where(values.value > values.error, values.value, 0.0)[self.which, self.when]
        slope = values.slope[:, self.which, self.when] if slopes else np.zeros((0, len(share)))
        every = np.arange(len(share))
        without, without_slope = _log_without(share, slope, self.cells, every)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(-np.expm1(without))
            found_slope = np.where(share > 0, -np.exp(without) * without_slope / -np.expm1(without), 0.0)
        log = np.stack([found, without], axis=1).ravel()
        return log, np.stack([found_slope, without_slope], axis=2).reshape(len(slope), 2 * len(share))


def _at_zero(values: Values, size: int) -> tuple[Floats, Floats, Floats]:
    """Shares, derivatives and errors, with a last time at which nothing has happened."""
    events = len(values.value)
    share = np.concatenate([np.clip(values.value, 0.0, 1.0), np.zeros((events, 1))], axis=1)
    slope = np.concatenate([values.slope[:size], np.zeros((size, events, 1))], axis=2)
    return share, slope, np.concatenate([values.error, np.zeros((events, 1))], axis=1)


def _log_of(value: Floats, slope: Floats, wrong: Floats) -> tuple[Floats, Floats]:
    """Logarithm and its derivatives; -inf of what is not above its error."""
    some = value > wrong
    safe = np.where(some, value, 1.0)
    return np.where(some, np.log(safe), -np.inf), np.where(some, slope / safe, 0.0)


def _log_without(share: Floats, slope: Floats, cells: Floats, at: Ints) -> tuple[Floats, Floats]:
    """Logarithm of the chance that it has happened to none of some cells, and its derivatives (P, n)."""
    left = np.maximum(1.0 - share[at], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(cells > 0, cells * np.log1p(-np.minimum(share[at], 1.0)), 0.0)
        moved = np.where(left > 0, -cells * slope[:, at] / left, 0.0)
    return log, moved


def _log_first(share: Floats, slope: Floats, cells: Floats, after: Ints, by: Ints) -> tuple[Floats, Floats]:
    """Logarithm of the chance that it comes to the first of some cells between two times; shares (n, times)."""
    each = np.arange(len(cells))
    with np.errstate(divide="ignore", invalid="ignore"):
        at_a, at_b = (cells * np.log1p(-share[each, at]) for at in (after, by))
        slope_a, slope_b = (-cells * slope[:, each, at] / (1.0 - share[each, at]) for at in (after, by))
        gone = -np.expm1(at_b - at_a)
        log = np.where(gone > 0, at_a + np.log(np.where(gone > 0, gone, 1.0)), -np.inf)
        moved = slope_a - np.where(gone > 0, np.exp(at_b - at_a) * (slope_b - slope_a) / gone, 0.0)
    return log, moved


def _named(row: Time, data: Data) -> str:
    """What a row says."""
    told = f"{row.unit} of {row.arm!r} in {data.name}"
    if row.censored:
        return f"{told}: nothing by {row.after:g} h"
    return f"{told}: {row.event!r} " + (f"at {row.by:g} h" if row.exact else f"from {row.after:g} to {row.by:g} h")
