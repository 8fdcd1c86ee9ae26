"""Where states stand in pictures: the names of places that are no bed, vessel or site."""

PRIMARY = "primary"
"""Beside the primary; the step counts what a cell has behind it."""

POOL = "circulating"
"""Round and round: no longer followed from bed to bed."""

BEFORE_THE_VESSEL = 3
"""Steps of the cascade that a cell takes beside the primary."""
