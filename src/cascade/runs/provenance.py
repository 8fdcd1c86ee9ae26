"""Which program made a result, and what of it today's program can still say truly."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from cascade.common.errors import InputError
from cascade.common.frozen import FrozenDict
from cascade.common.portable import log1p, power
from cascade.common.version import STREAM_VERSION, package_version
from cascade.model import Model


@cache
def versions_here() -> FrozenDict[str, Any]:
    """Versions of what a result is made with: the package, its random streams, Python, numpy and numba."""
    # Looked up once: it takes as long as half a million visits.
    used = {name: version(name) for name in ("numpy", "numba")}
    told = {"cascade": package_version(), "streams": STREAM_VERSION, "python": platform.python_version(), **used}
    return FrozenDict(told)


def same_lives(model: Model, one: object, two: object = STREAM_VERSION) -> bool:
    """Whether the cells of a model live one life under two versions of the random streams.

    Not every new version changes every model; ``common.version`` says which it changes.
    """
    changed = {2: bool(model.factors), 3: bool(model.frailties), 4: _rounded_otherwise(model)}
    if not (isinstance(one, int) and isinstance(two, int) and 1 <= min(one, two) <= max(one, two) <= STREAM_VERSION):
        return False
    return not any(changed[later] for later in range(min(one, two) + 1, max(one, two) + 1))


def _rounded_otherwise(model: Model) -> bool:
    """Whether streams 4 may draw other frailties than 3, whose spreads the system rounded."""
    cvs = [(frailty.cv, frailty.distribution == "gamma") for frailty in model.frailties]
    moved = [cv**-2.0 != power(cv, -2.0) if gamma else math.log1p(cv**2) != log1p(cv**2) for cv, gamma in cvs]
    return bool(model.correlations) or any(moved)


def check_lives(model: Model, versions: Mapping[str, Any], what: str) -> None:
    """That the cells of a result can be lived again here.

    Raises
    ------
    InputError
        When they would live other lives; it says what remains true, and what to do.
    """
    streams = versions.get("streams")
    if same_lives(model, streams):
        return
    maker = versions.get("cascade", "unknown")
    wanted = (
        f"a result whose cells live the same lives under the random streams of this version ({STREAM_VERSION}); the"
        f" counts, tables and figures of this one are true as they are, but {what} would show other cells: simulate"
        f" anew, or install metastatic-cascade {maker}"
    )
    raise InputError("streams", streams, wanted)


def together(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """Versions of results that are merged: each that differs names both."""
    names = dict.fromkeys([*one, *two])
    told = {name: [v[name] for v in (one, two) if name in v] for name in names}
    joined = {name: ", ".join(dict.fromkeys(map(str, values))) for name, values in told.items()}
    return {name: joined[name] if len(set(told[name])) > 1 else told[name][0] for name in names}
