"""One row of own data: what was counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """One row: what was counted.

    Attributes
    ----------
    animal, arm, observable : str
    hours : float
    count : int
        0 where it is only known to be below ``limit``.
    cells : float
        That the animal was given.
    fraction : float
        Of the tissue that was looked at.
    limit : float
        0, or the number that the count is known to be below: it was under the limit of detection.
    """

    animal: str
    arm: str
    observable: str
    hours: float
    count: int
    cells: float
    fraction: float
    limit: float
