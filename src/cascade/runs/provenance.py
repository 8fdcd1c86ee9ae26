"""Which program made a result, and what of it today's program can still say truly."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from cascade.common.errors import InputError
from cascade.common.frozen import FrozenDict
from cascade.common.version import STREAM_VERSION, package_version
from cascade.engine.prepare import MOST_BIAS, environment, rare, resolution_of
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.visits import expected_visits


@cache
def versions_here() -> FrozenDict[str, Any]:
    """Versions of what a result is made with: the package, its random streams, Python, numpy and numba."""
    # Looked up once: it takes as long as half a million visits.
    used = {name: version(name) for name in ("numpy", "numba")}
    told = {"cascade": package_version(), "streams": STREAM_VERSION, "python": platform.python_version(), **used}
    return FrozenDict(told)


MOST_OTHERS = 1e-5
"""Share of the cells that at the very most may live other lives, and the lives still pass for the same."""


def same_lives(model: Model, one: object, two: object = STREAM_VERSION, until: float | None = None) -> bool:
    """Whether the cells of a model live one life under two versions of the random streams, up to the end of a run.

    Not every new version changes every model; ``common.version`` says which it changes.
    """
    if not (isinstance(one, int) and isinstance(two, int) and 1 <= min(one, two) <= max(one, two) <= STREAM_VERSION):
        return False
    between = range(min(one, two) + 1, max(one, two) + 1)
    # Spreads of frailties were rounded by the system of whoever ran the model, which nobody knows any more.
    changed = {2: bool(model.factors), 3: bool(model.frailties), 4: bool(model.frailties)}
    if any(changed.get(later) for later in between):
        return False
    if 5 in between and _has_rare(model, until):
        return False
    return 4 not in between or _judged_otherwise(model, until) <= MOST_OTHERS


def _judged_otherwise(model: Model, until: float | None) -> float:
    """Share of cells, at most, in whose lives streams before 4 took two moments for one, and a move came first."""
    lowered = lower(model)
    return resolution_of(lowered, environment(lowered, until)).bias * expected_visits(model, until).mean


def _has_rare(model: Model, until: float | None) -> bool:
    """Whether cells choose among ways of which one is rare: streams before 5 did so with 32 bits."""
    lowered = lower(model)
    return rare(lowered, environment(lowered, until)) is not None


def doubt(model: Model, versions: Mapping[str, Any], until: float | None) -> str:
    """Why the counts of a result may be untrue; "" where they are true whatever the version that made them."""
    streams = versions.get("streams")
    if not isinstance(streams, int) or streams >= 5:
        return ""
    if _has_rare(model, until):
        return (
            f"The random streams that made these counts (version {streams}) chose with 32 bits: what is taken by less"
            " than one in a million of the cells that could was counted too often or too rarely, and the counts may"
            " be untrue there. Simulate anew."
        )
    if streams >= 4 or _judged_otherwise(model, until) <= MOST_BIAS:
        return ""
    return (
        f"The random streams that made these counts (version {streams}) took moments late in a life for one, and moves"
        " then came before deaths and switches: the counts may be untrue. Simulate anew."
    )


def check_lives(model: Model, versions: Mapping[str, Any], what: str, until: float | None) -> None:
    """That the cells of a result can be lived again here.

    Raises
    ------
    InputError
        When they would live other lives; it says what remains true, and what to do.
    """
    streams = versions.get("streams")
    if same_lives(model, streams, until=until):
        return
    maker = versions.get("cascade", "unknown")
    untrue = doubt(model, versions, until)
    remains = (
        "the counts of this one may be untrue" if untrue else "the counts, tables and figures of this one are true"
    )
    wanted = (
        f"a result whose cells live the same lives under the random streams of this version ({STREAM_VERSION});"
        f" {remains}{'' if untrue else ' as they are'}, but {what} would show other cells: simulate anew"
        f"{'' if untrue else f', or install metastatic-cascade {maker}'}"
    )
    raise InputError("streams", streams, wanted)


def together(one: Mapping[str, Any], two: Mapping[str, Any]) -> dict[str, Any]:
    """Versions of results that are merged: each that differs names both; of streams the newer (lives are the same)."""
    names = dict.fromkeys([*one, *two])
    told = {name: [v[name] for v in (one, two) if name in v] for name in names}
    joined = {name: ", ".join(dict.fromkeys(map(str, values))) for name, values in told.items()}
    joined["streams"] = max(told["streams"])
    return {name: joined[name] if len(set(told[name])) > 1 else told[name][0] for name in names}
