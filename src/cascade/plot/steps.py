"""The funnel: one as a waterfall of decades lost, several as points side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.funnel import Funnel
from cascade.common.errors import InputError
from cascade.plot.arms import draw_arms, said_of_arms
from cascade.plot.look import look_of
from cascade.plot.style import figure_around, sign
from cascade.plot.waterfalls import Steps, draw_waterfall, said_of
from cascade.runs.result import Result
from cascade.solution.answer import Exact

Funnels = Funnel | Result | Exact


def funnel_of(source: Funnels) -> Funnel:
    """The funnel of what is to be drawn."""
    if isinstance(source, Funnel):
        return source
    if not isinstance(source, Result | Exact):
        raise InputError("source", source, "a result, an exact answer or a funnel")
    return source.funnel()


def funnel(
    *sources: Funnels, ax: Axes | None = None, labels: Sequence[str] | None = None, style: str = "screen"
) -> Figure:
    """Waterfall of the cells that are lost: how many decades at each step, and of what they die.

    A bar goes from the share of all cells that came to a step to the share that passed it, on a log scale from
    "all", split by cause of death in proportion to the deaths of the step.  What is exact ends its bar with a
    line; what was counted is a dot with its 95 % interval, and where nobody was seen to pass, an arrow that
    begins at the upper bound.  A count and the exact answer of the same model and end are drawn as one.  Other
    sources stand side by side, as points.

    Parameters
    ----------
    sources : Result, Exact or Funnel
        One, or several (with the same steps).
    ax : matplotlib Axes, optional
    labels : sequence of str, optional
        Names of the sources; default: their own.
    style : str
        "screen", "paper" (89 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure
    """
    look = look_of(style)
    funnels = [funnel_of(source) for source in sources]
    if not funnels:
        raise InputError("sources", sources, "at least one result, exact answer or funnel")
    steps = [row.step for row in funnels[0]]
    for other in funnels[1:]:
        if [row.step for row in other] != steps:
            raise InputError("sources", [row.step for row in other], f"funnels with the same steps: {steps}")
    names = _names(funnels, labels)
    figure = None if ax is None else figure_around(ax)
    pair = _counted_and_exact(funnels)
    if len(funnels) == 1 or (pair is not None and labels is None):
        shown = Steps(funnels[0], None, names[0]) if pair is None else Steps(*pair, names[0])
        drawn = draw_waterfall(shown, look, ax)
        said = said_of(shown)
    else:
        drawn = draw_arms(funnels, names, look, ax)
        said = said_of_arms(funnels, names)
    sign(figure or drawn, *sources, alt=said)
    return figure or drawn


def _names(funnels: Sequence[Funnel], labels: Sequence[str] | None) -> list[str]:
    """Names of the sources."""
    wanted = "a list of one name: there is one source" if len(funnels) == 1 else f"a list of {len(funnels)} names"
    if labels is not None and (isinstance(labels, str) or not isinstance(labels, Iterable)):
        raise InputError("labels", labels, wanted)
    names = list(labels) if labels is not None else [f.label for f in funnels]
    if len(names) != len(funnels) or not all(isinstance(name, str) for name in names):
        raise InputError("labels", names, wanted)
    return names


def _counted_and_exact(funnels: Sequence[Funnel]) -> tuple[Funnel, Funnel] | None:
    """The exact answer of a model, and a count of cells of the same model until the same end."""
    if len(funnels) != 2 or funnels[0].exact == funnels[1].exact:
        return None
    exact, count = sorted(funnels, key=lambda one: not one.exact)
    same = count.digest == exact.digest != "" and count.end == exact.end
    return (exact, count) if same else None


def waterfall(source: Funnels, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """Decades lost per step: the same as ``funnel`` of one source.

    Parameters
    ----------
    source : Result, Exact or Funnel
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" or "slide".
    """
    return funnel(source, ax=ax, style=style)
