"""Notebooks that are run with their sliders where somebody puts them: what they show, and what they define."""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any

import cascade
from cascade.cli.teaching import notebooks_folder

FOLDER = notebooks_folder()
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.py"))


def run(name: str, **values: Any) -> dict[str, Any]:
    """What a notebook defines when its sliders stand at these values."""
    return shown(name, **values)[1]


def shown(name: str, **values: Any) -> tuple[str, dict[str, Any]]:
    """What it shows, and what it defines."""
    plain = all(isinstance(value, float | int | str) for value in values.values())
    return _driven_once(name, tuple(values.items())) if plain else _driven(name, values)


@cache
def _driven_once(name: str, values: tuple[tuple[str, Any], ...]) -> tuple[str, dict[str, Any]]:
    return _driven(name, dict(values))


def _driven(name: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outputs, defined = module.app.run(defs=values or None)
    return " ".join(map(_as_html, outputs)), dict(defined)


def _as_html(output: Any) -> str:
    return str(output._mime_()[1]) if isinstance(output, cascade.plot.Picture) else str(getattr(output, "text", ""))
