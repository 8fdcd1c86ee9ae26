"""How large a model may be."""

from __future__ import annotations

MAX_STATES = 65_535
"""Largest number of states after expansion into phases."""

MAX_STAGES = 31
"""Steps of a cascade."""

MAX_MILESTONES = 30
"""Distinct milestones that one model may have."""
