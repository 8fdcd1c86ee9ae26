"""JSON in the one dialect that every reader knows: what has no word there, such as infinity, is null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def plain_data(value: Any) -> Any:
    """The same value as plain Python, with None for numbers that JSON has no word for.

    Examples
    --------
    >>> plain_data({"left": float("inf"), "entered": np.float32(0.5), "levels": ("bare",)})
    {'left': None, 'entered': 0.5, 'levels': ['bare']}
    """
    if isinstance(value, Mapping):
        return {key: plain_data(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain_data(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_text(data: Any, *, indent: int | None = 1) -> str:
    """Data as JSON that also a strict reader takes.

    Raises
    ------
    TypeError
        For a value that is no plain data.
    """
    return json.dumps(plain_data(data), indent=indent, allow_nan=False)
