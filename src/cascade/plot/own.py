"""What every figure of own data says: what is shown, and how it was made."""

from __future__ import annotations

from cascade.common.errors import InputError
from cascade.inference.counted import Counts
from cascade.inference.data import Data
from cascade.inference.fitted import Fit

WARNING = "For research and teaching, never for decisions about a patient."


def counts_of(source: object) -> Counts:
    """The counts that are shown.

    Raises
    ------
    InputError
        For what has none.
    """
    counted = source.data if isinstance(source, Fit) else source
    if isinstance(counted, Data) and not isinstance(counted, Counts):
        raise InputError(
            "source", counted.told, "counts, times or findings; looks at cells have no figure of their own"
        )
    if not isinstance(counted, Counts):
        raise InputError(
            "source",
            type(source).__name__,
            "data, from cascade.Data.counts(...), or a fit of them, from cascade.fit(...)",
        )
    return counted


def made_of(source: Data | Fit) -> str:
    """What is shown, and how it was made."""
    told = source.data.told if isinstance(source, Fit) else source.told
    if not isinstance(source, Fit):
        return told
    models = {model.name: model.digest()[:16] for model in source.likelihood.models.values()}
    named = " and ".join(f"model {name} (sha256 {digest})" for name, digest in models.items())
    return f"{told}; {named}, fitted: {', '.join(dict.fromkeys(free.name for free in source.free))}"
