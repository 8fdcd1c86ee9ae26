"""From a lowered model to a system that is solved state by state: components in order, and what censoring fills in.

A strongly connected component is a set of states of which each can be reached from each.  Between
components there is no way back.  Within one, the state with the fewest ways in and out is censored first
(minimum degree), which leaves hubs as the heart to the end, where little is left to fill in.

References: Markowitz HM. Manage Sci 1957;3:255-269.
"""

from __future__ import annotations

import heapq

import numpy as np

from cascade.common.types import Ints, Mask
from cascade.elimination.system import System
from cascade.lowering.lowered import Lowered


def components(size: int, source: Ints, target: Ints) -> Ints:
    """Number of the component of each state, (S,); moves lead to equal or higher numbers."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(source)), (source, target)), shape=(size, size))
    count, labels = connected_components(graph, connection="strong")
    label = np.asarray(labels, np.int64)
    rank = _ranks(int(count), label[source], label[target])
    # Of equal rank, the one whose first state comes first.
    least = np.full(count, size)
    np.minimum.at(least, label, np.arange(size))
    number = np.empty(count, np.int64)
    number[np.lexsort((least, rank))] = np.arange(count)
    return np.asarray(number[label])


def _ranks(count: int, source: Ints, target: Ints) -> Ints:
    """Longest way to each component: all moves between them lead to higher ranks."""
    between = np.unique(np.stack([source, target])[:, source != target], axis=1)
    rank, missing = np.zeros(count, np.int64), np.bincount(between[1], minlength=count)
    begin = np.searchsorted(between[0], np.arange(count + 1))
    ready = np.flatnonzero(missing == 0).tolist()
    while ready:
        c = ready.pop()
        for d in between[1, begin[c] : begin[c + 1]].tolist():
            rank[d] = max(rank[d], rank[c] + 1)
            missing[d] -= 1
            if not missing[d]:
                ready.append(d)
    return rank


def system_of(lowered: Lowered, live: Mask) -> System:
    """The states and those exits that have a hazard, ready to be solved.

    Parameters
    ----------
    lowered : Lowered
    live : (E,) bool
    """
    exits = np.flatnonzero(live)
    exits = exits[np.argsort(lowered.exit_source[exits], kind="stable")]
    source, target = lowered.exit_source[exits], lowered.exit_target[exits]
    moves = target >= 0
    label = components(lowered.size, source[moves], target[moves])
    order, before, after = _censoring(label, source[moves], target[moves])
    begin = np.searchsorted(label[order], np.arange(int(label.max()) + 2))
    place = np.empty(lowered.size, np.int64)
    place[order] = np.arange(lowered.size) - begin[label[order]]
    columns = [np.array([p for places in row for p in places], np.int64) for row in (before, after)]
    ends = [
        np.concatenate([[0], np.cumsum([len(places) for places in row])]).astype(np.int64) for row in (before, after)
    ]
    return System(
        order, begin.astype(np.int64), place, label,
        np.searchsorted(source, np.arange(lowered.size + 1)).astype(np.int64),
        exits, target, lowered.exit_transition[exits],
        ends[0], columns[0], ends[1], columns[1],
        np.asarray(lowered.stage, np.int64), np.asarray(lowered.absorbing),
    )  # fmt: skip


def _censoring(label: Ints, source: Ints, target: Ints) -> tuple[Ints, list[list[int]], list[list[int]]]:
    """States by component in the order of their places, and for each the places before it that lead to and from it."""
    within = (label[source] == label[target]) & (source != target)
    ways: dict[int, tuple[set[int], set[int]]] = {}
    for s, t in zip(source[within].tolist(), target[within].tolist(), strict=True):
        ways.setdefault(s, (set(), set()))[1].add(t)
        ways.setdefault(t, (set(), set()))[0].add(s)
    order: list[int] = []
    before: list[list[int]] = []
    after: list[list[int]] = []
    members = np.argsort(label, kind="stable")
    for states in np.split(members, np.flatnonzero(np.diff(label[members])) + 1):
        if len(states) == 1:
            order.append(int(states[0]))
            before.append([])
            after.append([])
            continue
        censored = _minimum_degree(states.tolist(), ways)[::-1]
        place = {s: p for p, (s, _, _) in enumerate(censored)}
        order += list(place)
        before += [sorted(place[i] for i in into) for _, into, _ in censored]
        after += [sorted(place[j] for j in out) for _, _, out in censored]
    return np.array(order, np.int64), before, after


def _minimum_degree(
    states: list[int], ways: dict[int, tuple[set[int], set[int]]]
) -> list[tuple[int, set[int], set[int]]]:
    """The states in the order in which they are censored, with the states left that lead to and from each then."""
    queue = [(len(ways[s][0]) * len(ways[s][1]), s) for s in states]
    heapq.heapify(queue)
    left, censored = set(states), []
    while queue:
        degree, s = heapq.heappop(queue)
        if s not in left or degree != len(ways[s][0]) * len(ways[s][1]):
            continue  # a later entry says how it is now
        into, out = ways[s]
        left.remove(s)
        censored.append((s, into, out))
        for i in into:
            ways[i][1].discard(s)
            ways[i][1].update(out - {i})
        for j in out:
            ways[j][0].discard(s)
            ways[j][0].update(into - {j})
        for t in sorted(into | out):
            heapq.heappush(queue, (len(ways[t][0]) * len(ways[t][1]), t))
    return censored
