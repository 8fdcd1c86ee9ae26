"""Founders as cells: their lives, replayed by the kernel of cells; and what of a patient is drawn by identity alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cascade.engine.prepare import environment, prepare
from cascade.kernel.streams import key_of, philox
from cascade.lowering.lowered import Lowered
from cascade.patient.disease import Disease
from cascade.patient.kernel.streams import EARLIER, KIND_FATE, KIND_FOUNDER, identity_of
from cascade.patient.lowered import traits_of
from cascade.runs.histories import History, histories_of

SLEEPS = ("dormant", "held in check in a node")
"""Milestones of single cells that sleep."""

OUT_OF_THE_VESSEL = "extravasated"


def life_of(lowered: Lowered, seed: int, cell: int) -> History:
    """The life of one cell of a conditioned model, whatever its number."""
    return histories_of(lowered, prepare(lowered, environment(lowered, None)), seed, [cell])[0]


def earlier(identity: int, seed: int) -> int:
    """The number as which a founder lives before it is shed: an address that no founder of its lesion has."""
    w0, w1, _, _ = _words(identity, EARLIER, KIND_FOUNDER, seed)
    return int(identity_of(np.uint64(w0), np.uint64(w1)))


def subtype_of(disease: Disease, seed: int, primary: int) -> int:
    """Place of the subtype of a patient, from the identity of the primary, as the kernel draws it; 0 without any."""
    word = _words(primary, np.uint64(0), KIND_FATE, seed)[3]
    shares = traits_of(disease).subtype
    return int(np.searchsorted(shares[:-1], (float(word) + 0.5) * 2.0**-32, side="right"))


def _words(identity: int, number: np.uint64, purpose: np.uint64, seed: int) -> tuple[int, int, int, int]:
    k0, k1 = key_of(seed)
    low, high = np.uint64(identity & 0xFFFFFFFF), np.uint64(identity >> 32)
    words: tuple[int, int, int, int] = philox(low, high, number, purpose, k0, k1)
    return words


def firsts(life: History, milestone: Mapping[str, Any], landmark: Mapping[str, Any]) -> dict[str, float]:
    """Hours at which a founder was first out of the vessels, fell asleep, and last woke."""
    found: dict[str, float] = {}
    for stay in life.stays:
        if landmark[stay.state] == OUT_OF_THE_VESSEL:
            found.setdefault("out", stay.entered)
        if milestone[stay.state] in SLEEPS:
            found.setdefault("asleep", stay.entered)
            found["woke"] = stay.left
    return found
