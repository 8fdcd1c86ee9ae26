"""Shares on the page: by the same rule as in tables, and of all causes that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.answers.funnel import MOST_CAUSES, FunnelRow, causes_text
from cascade.common.shares import percent, whole_percent
from cascade.web.modules import joined

NODE = shutil.which("node")
FOLDER = Path(cascade.__file__).parent / "web" / "js"
RANDOM = np.random.default_rng(1)


def in_node(name: str, code: str, given: object) -> Any:
    """What a piece of code says that knows a module and is given data."""
    text = f"{joined(name)}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({code}));"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def many_shares() -> list[float]:
    """Round ones, halves between two texts, ends, and any from 1e-300 to 1."""
    spread = 10.0 ** RANDOM.uniform(-9, 0, 20_000)
    tiny = 10.0 ** -RANDOM.uniform(9, 300, 500)
    round_ones = [k / n for n in (7, 8, 100, 1000, 2000, 40_000, 10**6) for k in range(1, min(n, 2000) + 1)]
    near = [x for p in (1e-4, 1e-5, 0.001, 0.01, 0.1, 0.5) for x in (np.nextafter(p, 0), p, np.nextafter(p, 1))]
    return [
        0.0,
        1.0,
        1 - 1e-6,
        1 - 9e-7,
        1 - 2**-53,
        5e-324,
        *map(float, [*spread, *tiny, *(1 - spread), *round_ones, *near]),
    ]


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_the_page_writes_every_share_as_the_tables_do() -> None:
    shares = many_shares()
    found = in_node("shares.js", "given.map((x) => [percent(x), wholePercent(x)])", shares)
    differ = [(x, said) for x, said in zip(shares, found, strict=True) if said != wanted(x)]
    assert differ == []


def wanted(share: float) -> list[str]:
    return [percent(share), whole_percent(share)]


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("causes", [0, 1, 3, MOST_CAUSES, MOST_CAUSES + 1, 12])
def test_the_page_tells_causes_as_the_table_does(causes: int) -> None:
    """Rare ones are not 0 %, frequent ones not 100 %, and that there are more is said."""
    for spread in (1.0, 1e3, 1e6):
        lost = {f"cause {k}": float(spread**-k) for k in range(causes)}
        for still in (0.0, 0.1, 1e3):
            said = in_node("lensbars.js", "causesTold(given.lost, given.still)", {"lost": lost, "still": still})
            row = FunnelRow("step", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, lost, still)
            texts = [" ".join(pair) for pair in said["causes"]]
            texts += [f"(still there {said['still']})"] if said["still"] else []
            assert ", ".join(texts) + (", ..." if said["more"] else "") == causes_text(row)


def home_made(text: str) -> list[str]:
    """Texts that end a number with a per cent sign, but for widths of the style sheet."""
    return re.findall(r"\$\{[^{}]*\} %|1 in \$\{", text)


def test_no_other_module_writes_shares() -> None:
    assert home_made("`${Math.round(p)} %`") == ["${Math.round(p)} %"]
    found = {path.name for path in FOLDER.glob("*.js") if home_made(path.read_text())}
    assert found == {"shares.js"}
