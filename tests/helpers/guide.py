"""Pages of the guide as people read them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


def read(page: Path) -> str:
    """The text of a page in one line, with words that lead to the glossary as mere words."""
    text = page.read_text(encoding="utf-8")
    return " ".join(re.sub(r"\{term\}`([^`<]*?)(?: <[^>]*>)?`", r"\1", text).split())


def module(name: str) -> ModuleType:
    """A Python file beside the guide, by its name."""
    spec = importlib.util.spec_from_file_location(f"guide_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found
