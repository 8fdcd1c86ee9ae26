"""The numbers and colours that JavaScript shares with Python, written as a module ``constants.js``.

Python is their home.  The module is made anew for every page, so none of it can be stale;
``python -m cascade.web.constants FILE`` writes it for editors and for the check of types.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np

from cascade.answers import funnel
from cascade.common import colours, shares, text
from cascade.kernel import births, numerics, rare, streams, visits

_SHARED: dict[ModuleType, str] = {
    streams: """ROUNDS MULTIPLIER_0 MULTIPLIER_1 WEYL_0 WEYL_1 WORD_BITS HALF_BITS LOW_HALF
        KIND_VISIT KIND_START KIND_FRAILTY KIND_CLOCK KIND_RARE MEMBER_BITS""",
    numerics: """BIAS EXPONENT_SHIFT LN2 LN2_HIGH LN2_LOW LOG2_E MOST_EXPONENT
        LOG_1 LOG_2 LOG_3 LOG_4 LOG_5 LOG_6 LOG_7 EXP_1 EXP_2 EXP_3 EXP_4 EXP_5
        MOST_CENTRAL CENTRE_SQUARE TAIL_SHIFT FAR_TAIL_FROM CENTRE TAIL FAR_TAIL""",
    births: "BOOST_ATTEMPT",
    visits: "LEAST_LEFT",
    rare: "RARE",
    shares: "FIGURES LEAST_IN_PERCENT POWERS_FROM",
    funnel: "MOST_CAUSES",
    text: "HOURS_PER_DAY HOURS_PER_YEAR",
    colours: "INK QUIET GRID ALIVE_COLOUR GOAL_COLOUR PALE_VESSELS ARTERY_TEXT VEIN_TEXT",
}
# JavaScript has no whole numbers of 64 bits: of patterns of bits it is given the high words.
_HIGH_WORDS = {
    "HIGH_OF_ONE": numerics.BITS_OF_ONE,
    "HIGH_OF_SQRT_HALF": numerics.BITS_OF_SQRT_HALF,
    "HIGH_OF_MANTISSA": numerics.MANTISSA_MASK,
}
_STYLED = ("INK", "QUIET", "GRID", "BAND", "ALIVE_COLOUR", "PAGE_TEXT", "PAGE_SMALL")


def constants() -> dict[str, object]:
    """Every shared constant by its name."""
    named = {name: getattr(module, name) for module, names in _SHARED.items() for name in names.split()}
    return named | {name: bits >> np.int64(32) for name, bits in _HIGH_WORDS.items()}


def constants_module() -> str:
    """``constants.js``."""
    lines = [f"export const {name} = {_literal(value)};\n" for name, value in constants().items()]
    return "// What is shared with Python, which has written it.\n// @ts-check\n\n" + "".join(lines)


def colour_properties(selector: str) -> str:
    """The colours and sizes of type of the style sheets, for what ``selector`` selects."""
    named = [f"--{name.lower().replace('_', '-')}: {getattr(colours, name)};" for name in _STYLED]
    return f"{selector} {{ {' '.join(named)} }}\n"


def _literal(value: object) -> str:
    """A value in JavaScript: of a double the shortest decimals that give the same bits."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, int | np.integer):
        return hex(value) if value > 0xFFFF else str(value)
    return json.dumps(float(value) if isinstance(value, Decimal) else value, allow_nan=False)


if __name__ == "__main__":
    where = Path(sys.argv[1])
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(constants_module(), encoding="utf-8")
