"""Moving cells in a notebook: replayed lives on a canvas, in marimo and in Jupyter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from cascade.common.arguments import check_cells
from cascade.common.errors import CascadeError, InputError
from cascade.runs.histories import History
from cascade.runs.result import Result
from cascade.web.constants import colour_properties
from cascade.web.modules import joined
from cascade.web.page import cast_of

MOST = 2000
"""Lives that a browser shows at once."""

FIRST = 200
"""Lives that are shown when nobody says which."""


def moving_cells(result: Result, cells: Sequence[int] | None = None) -> Any:
    """Replayed cells that move from step to step: a widget for marimo and Jupyter.

    Parameters
    ----------
    result : Result
    cells : sequence of int, optional
        Numbers of cells of the run (of clusters: of founders), at most 2000.  Default: the first 200.

    Returns
    -------
    anywidget.AnyWidget
        Play, pause, one event; point at a cell and it tells its story.

    Raises
    ------
    CascadeError
        Without the extra ``notebooks``.
    """
    if not isinstance(result, Result):
        raise InputError("result", result, "what cascade.simulate gives back")
    if cells is None:
        first, end = result.ranges[0]
        cells = range(first, min(end, first + FIRST))
    numbers = check_cells(cells)
    if len(numbers) > MOST:
        raise InputError("cells", len(numbers), f"at most {MOST} cells")
    histories = result.replay(numbers)
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise CascadeError("moving cells need more: pip install 'metastatic-cascade[notebooks]'") from None
    style = (files("cascade") / "web" / "motion.css").read_text(encoding="utf-8")
    lives = [_life(life, result) for history in histories for life in (history, *history.fragments)]
    fields = {
        "_esm": joined("widget.js"),
        "_css": colour_properties(".cascade-motion") + style,
        "cast": traitlets.Dict(cast_of(result.model)).tag(sync=True),
        "lives": traitlets.List(lives).tag(sync=True),
    }
    return type("MovingCells", (anywidget.AnyWidget,), fields)()


def _life(life: History, result: Result) -> dict[str, Any]:
    """A life as the canvas reads it; a stay that never ends has no time of leaving."""
    lowered = result.lowered
    stage = {name: int(k) for name, k in zip(lowered.states, lowered.state_stage, strict=True)}
    name = f"{life.cell}" if not life.member and life.size == 1 else f"{life.cell}, member {life.member}"
    stays = [
        {
            "state": s.state,
            "stage": stage[s.state],
            "entered": s.entered,
            "left": s.left if math.isfinite(s.left) else None,
            "ended_by": s.ended_by,
            "died": s.died,
            "level": s.level,
        }
        for s in life.stays
    ]
    return {"cell": name, "size": life.size, "stays": stays}
