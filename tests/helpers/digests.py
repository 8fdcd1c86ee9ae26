"""A fingerprint of every count of a result."""

from __future__ import annotations

import hashlib

import numpy as np

from cascade.runs.result import Result


def digest(result: Result) -> str:
    """Hash over every count of a result."""
    t = result.totals
    parts = [t.counts, t.started, t.overtaken, t.watched, np.array([t.watched_total, t.visits])]
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()
