"""The page on what is calibrated says what is so."""

from __future__ import annotations

import math
import re

import cascade
from cascade import body
from helpers.guide import DOCS, read

TEXT = read(DOCS / "calibrated.md")


def said(pattern: str) -> list[float]:
    """The numbers of a sentence of the page."""
    found = re.search(pattern, TEXT)
    assert found is not None, pattern
    return [float(part) for part in found.groups()]


def test_nodes() -> None:
    ratios: dict[str, list[float]] = {"regional": [], "distant": []}
    for name in body.cancer_names():
        rows = {row.figure: row for row in cascade.scorecard([name])}
        for use in body.cancer(name).routes:
            for site in use.sites:
                if site.column and site.column.startswith("lymph nodes "):
                    row = rows[f"patients with a metastasis: {site.name}"]
                    ratios[site.column.removeprefix("lymph nodes ")].append(math.log(row.value / row.published))
    regional, cancers, distant = said(
        r"The model has ([\d.]+) times as many patients with regional nodes as the counts of (\d+) cancers,"
        r" and ([\d.]+)"
    )
    assert len(ratios["regional"]) == len(ratios["distant"]) == cancers
    assert round(math.exp(sum(ratios["regional"]) / cancers), 1) == regional
    assert round(math.exp(sum(ratios["distant"]) / cancers), 1) == distant
    assert max(ratios["distant"]) < 0.0 < min(ratios["regional"])


def test_heparin_and_cells_that_were_injected() -> None:
    rows = {(row.model, row.figure): row for row in cascade.scorecard()}
    low, high, model = said(
        r"The cited work has ([\d.]+) to ([\d.]+) times as many lung colonies; the model ([\d.]+)\."
    )
    heparin = rows["mouse-tail-vein", "lung colonies, heparin / none"]
    assert (heparin.low, heparin.high, round(heparin.value, 1)) == (low, high, model)
    alive = [row.value for (_, figure), row in rows.items() if figure.startswith("alive / injected, 24 h, in chick")]
    least, most = said(r"Of four models (\d+) to (\d+) % of the cells live after a day")
    assert (round(100 * min(alive)), round(100 * max(alive))) == (least, most)


def test_the_share_held() -> None:
    assert "about a tenth" in TEXT
    assert round(body.fitted().share_held, 1) == 0.1
