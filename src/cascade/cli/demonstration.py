"""The demo: the standard cascade at full size, the exact answer beside it, and a published experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cascade.catalog import load
from cascade.common.columns import paragraphs
from cascade.common.text import number
from cascade.engine.executor import Progress
from cascade.runs.result import Result
from cascade.runs.simulation import simulate
from cascade.solution.answer import Exact, exact
from cascade.web.page import check_page

NOTICE = "For research and teaching, never for decisions about a patient."
DAY_13 = 312.0


@dataclass(frozen=True)
class Demonstration:
    """What the demo shows.

    Attributes
    ----------
    standard, published : Result
        The standard cascade, and B16F1 melanoma in the mouse liver until day 13.
    standard_exact, published_exact : Exact
    path : Path
        The figure.
    page : Path or None
        The page for a browser, where one was asked for.
    """

    standard: Result
    standard_exact: Exact
    published: Result
    published_exact: Exact
    path: Path
    page: Path | None = None

    def __str__(self) -> str:
        parts = []
        for result, answer in ((self.standard, self.standard_exact), (self.published, self.published_exact)):
            end = "" if result.until is None else f", {result.until / 24:g} days"
            parts.append(paragraphs(f"{result.label}: {number(result.cells)} cells{end}, seed {result.seed}"))
            parts.append(result.funnel().table(beside=answer.funnel()))
            parts.append("")
        files = [f"figure: {self.path.resolve()}", *([f"page: {self.page.resolve()}"] if self.page else [])]
        return "\n".join([*parts, *files, NOTICE])


def demo(
    *,
    cells: float = 1e8,
    seed: int = 1889,
    path: str | Path = "cascade-demo.png",
    html: str | Path | None = None,
    progress: Progress = None,
) -> Demonstration:
    """Run the standard cascade and a published experiment, and draw the funnel.

    Parameters
    ----------
    cells : int
        Cells of the standard cascade.
    seed : int
        The default is the year in which Paget compared seed and soil.
    path : str or Path
        Where the figure goes (.png, .svg or .pdf).
    html : str or Path, optional
        Where a page goes that works without installation and network (.html).
    progress : bool or callable, optional
    """
    from cascade import plot

    plot.check_path(path)  # before the work, not after it
    if html is not None:
        check_page(html)
    textbook, luzzi = load("textbook"), load("b16f1-liver")
    standard = simulate(textbook, cells=cells, seed=seed, progress=progress)
    published = simulate(luzzi, cells=min(cells, 1e6), seed=seed, until=DAY_13, progress=False)
    shown = plot.save(plot.funnel(standard), path)
    page = None if html is None else standard.to_html(html)
    return Demonstration(standard, exact(textbook), published, exact(luzzi, until=DAY_13), shown, page)
