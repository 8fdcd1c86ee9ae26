"""Moving cells in a browser: what a notebook mounts, on a page of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cascade
from cascade.model import Model
from cascade.plot.moving import _life
from cascade.web.constants import colour_properties
from cascade.web.modules import joined
from cascade.web.page import cast_of

STYLE = Path(cascade.__file__).parent / "web" / "motion.css"


def mounted(model: Model, folder: Path, cells: int = 240, seed: int = 5) -> Path:
    """A page with the cells of a model, as the widget shows them; `globalThis.motion` is what moves them."""
    result = cascade.simulate(model, cells=cells, seed=seed)
    histories = result.replay(range(cells))
    data = {
        "cast": cast_of(model),
        "lives": [_life(life, result) for history in histories for life in (history, *history.fragments)],
    }
    style = colour_properties(".cascade-motion") + STYLE.read_text(encoding="utf-8")
    code = f"const given = {json.dumps(data).replace('<', chr(92) + 'u003c')};\n{joined('motion.js')}"
    code += 'globalThis.motion = new Motion(document.querySelector("#host"), given.cast); motion.show(given.lives);'
    head = f'<meta charset="utf-8"><style>body {{ margin: 16px; }}\n{style}</style>'
    path = folder / "moving.html"
    page = f'<!doctype html><html lang="en"><head>{head}</head><body><div id="host"></div>'
    path.write_text(f'{page}<script type="module">{code}</script></body></html>', encoding="utf-8")
    return path


def opened(browser: Any, path: Path, width: int = 1280, **how: Any) -> Any:
    """The page in a window of this width."""
    page = browser.new_context(viewport={"width": width, "height": 1000}, **how).new_page()
    page.goto(path.as_uri())
    page.wait_for_function("() => globalThis.motion?.tracks?.length > 0")
    return page
