"""What pages and notebooks draw for themselves has the colours of the package; nothing is imported twice on a page."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "notebooks").glob("*.py"))]
PAGES = [page for page in PAGES if "_generated" not in page.parts]

DRAWING = {"plot", "bar", "barh", "step", "stairs", "scatter", "hist", "fill_between", "fill_betweenx", "errorbar",
           "stem", "semilogx", "semilogy", "loglog", "axhline", "axvline", "axhspan", "axvspan", "hlines", "vlines",
           "pie", "boxplot", "violinplot", "Circle", "Rectangle", "Line2D", "Patch"}  # fmt: skip
"""What matplotlib gives a colour of its own where it is told none."""

COLOUR = {"c", "color", "colors", "facecolor", "fc", "edgecolor"}


def code_of(page: Path) -> str:
    """The Python of a page in order; of cells of the guide without their options."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".py":
        return text
    blocks = re.findall(r"^```(?:python|\{code-cell\}.*?)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(re.sub(r"^(:.*|%.*)$", "", block, flags=re.MULTILINE) for block in blocks)


def uncoloured(code: str) -> list[str]:
    """Calls that draw and say no colour; figures of the package itself are no such calls."""
    found = []
    for call in ast.walk(ast.parse(code)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in DRAWING and not {key.arg for key in call.keywords} & COLOUR:
            found.append(ast.unparse(call))
    return found


def imported_twice(code: str) -> list[str]:
    """Imports that stand on a page more than once, in one scope."""
    lines = [ast.unparse(node) for node in ast.parse(code).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return [line for line, times in Counter(lines).items() if times > 1]


DRAWN = [page for page in PAGES if code_of(page).strip()]


@pytest.mark.parametrize("page", DRAWN, ids=lambda page: page.name)
def test_nothing_is_drawn_in_the_colours_of_matplotlib(page: Path) -> None:
    code = code_of(page)
    assert uncoloured(code) == []
    # Figures of pyplot have neither the package's look nor a text for who cannot see them.
    assert "pyplot" not in code


@pytest.mark.parametrize(
    "page", [page for page in DRAWN if "{code-cell}" in page.read_text("utf-8")], ids=lambda p: p.name
)
def test_no_page_imports_a_thing_twice(page: Path) -> None:
    assert imported_twice(code_of(page)) == []


def test_a_drawing_without_a_colour_and_a_second_import_are_seen() -> None:
    assert uncoloured("axes.barh(names, shares, 0.38, label=organ)\naxes.plot(x, y, color=INK)") == [
        "axes.barh(names, shares, 0.38, label=organ)"
    ]
    assert imported_twice("import a\nimport b\nimport a") == ["import a"]
    assert {"a_cancer.md", "a_treatment.md", "3_seed_and_soil.py"} <= {page.name for page in DRAWN}
