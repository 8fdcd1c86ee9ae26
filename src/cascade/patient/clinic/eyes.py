r"""Whatever looks: imaging, a screening test, an autopsy, the pathologist who counts nodes.

A lesion of diameter d is seen with the probability

    most / (1 + (half_mm / d)^{1 / width})

logistic in log d.  Each lesion has one threshold for each eye, for good: two scans of one lesion see the same, and a
lesion is seen from some diameter on, which differs from lesion to lesion.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BeforeValidator, Field

from cascade.common.frozen import FrozenDict
from cascade.common.numbers import plain_number
from cascade.common.types import Floats
from cascade.model.base import FrozenMapping, Keys, Name, Part, Share, Text
from cascade.patient.ranges import Millimetres

Width = Annotated[float, BeforeValidator(plain_number), Field(ge=0.01, le=3, allow_inf_nan=False)]


class Sight(Part):
    """How an eye sees lesions of a place.

    Parameters
    ----------
    half_mm : float
        Diameter at which half as many are seen as of the largest.
    width : float
        Of the logistic curve, in logarithms of the diameter.
    most : float
        Sensitivity for the largest.
    looked_at : float
        Share of the patients in whom the eye looks there at all.
    only_with_symptoms : bool
        Whether it looks there only when a lesion there has given symptoms.
    source : tuple of str
    """

    half_mm: Millimetres
    width: Width = 0.3
    most: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    looked_at: Share = 1.0
    only_with_symptoms: bool = False
    source: Keys = ()

    def sensitivity(self, mm: Floats | float) -> Floats:
        """Share of lesions of a diameter that are seen where the eye looks."""
        d = np.asarray(mm, np.float64)
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray(self.most / (1.0 + (self.half_mm / d) ** (1.0 / self.width)))


class Eye(Part):
    """Something that looks.

    Parameters
    ----------
    name, title : str
    primary : Sight, optional
        Of the primary, and of what comes back where it was.
    lesions : Sight, optional
        Of metastases in any distant organ.
    organs : mapping of str to Sight
        Of metastases in an organ, or in nodes, instead of ``lesions``.
    source : tuple of str
    """

    name: Name
    title: Text = ""
    primary: Sight | None = None
    lesions: Sight | None = None
    organs: FrozenMapping[Name, Sight] = Field(default_factory=FrozenDict)
    source: Keys = ()

    def of(self, site: str, kind: str) -> Sight | None:
        """How it sees metastases of a site; nodes only where they are named."""
        return self.organs.get(site, self.lesions if kind == "distant" else None)


class Pathologist(Part):
    """Who counts nodes that were taken out.

    Parameters
    ----------
    stations : tuple of str
        Sites from which nodes are taken.
    nodes : int
        There, in each of them: a metastasis is in any, all alike.
    removed : int
        Of these.
    least_mm : float
        Metastases that are seen (above 0.2 mm a node counts as positive).
    source : tuple of str
    """

    stations: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    nodes: Annotated[int, Field(ge=1, le=500)] = 20
    removed: Annotated[int, Field(ge=0, le=500)] = 15
    least_mm: Millimetres = 0.2
    source: Keys = ()
