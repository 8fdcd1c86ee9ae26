"""Correlations of log-normal frailties: what can hold together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault, is_number, nearest
from cascade.common.portable import in_order
from cascade.model.raw import get, items, text_of


def correlation_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Correlations of what cannot be correlated, or cannot all hold together."""
    frailties = {text_of(get(f, "name")): get(f, "distribution", "lognormal") for f in items(data, "frailties")}
    names = [name for name in frailties if name is not None]
    given = items(data, "correlations")
    matrix = [[float(a == b) for b in names] for a in names]
    seen: set[frozenset[str]] = set()
    for i, correlation in enumerate(given):
        pair, value = items(correlation, "between"), get(correlation, "value")
        path = f"correlations[{i}]"
        if len(pair) != 2 or not all(isinstance(name, str) for name in pair) or not is_number(value):
            return  # has a fault of type
        for name in pair:
            if name not in frailties:
                yield Fault(f"{path}.between", name, f"the name of a frailty; {nearest(name, names)}")
            elif frailties[name] != "lognormal":
                yield Fault(f"{path}.between", name, "log-normal frailties: only these can be correlated")
        if pair[0] == pair[1] or frozenset(pair) in seen:
            yield Fault(f"{path}.between", pair, "two frailties, each pair once")
        seen.add(frozenset(pair))
        if set(pair) <= set(names):
            a, b = (names.index(name) for name in pair)
            matrix[a][b] = matrix[b][a] = float(value)
    if given and cholesky(matrix) is None:
        values = [get(correlation, "value") for correlation in given]
        yield Fault("correlations", values, "a positive definite matrix: these cannot all hold together")


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Rows of the lower triangle L with L L^T = matrix, in a fixed order of sums; None where there is none."""
    done: list[list[float]] = []
    for i, row in enumerate(matrix):
        line: list[float] = []
        for j in range(i):
            line.append((row[j] - in_order(a * b for a, b in zip(line, done[j], strict=False))) / done[j][j])
        left = row[i] - in_order(a * a for a in line)
        if left < 1e-12:
            return None
        done.append([*line, math.sqrt(left)])
    return done
