"""What is seen of metastases, site by site: symptoms, eyes, and whether these look at a site at all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from cascade.common.types import Floats
from cascade.patient.clinic.eyes import Eye, Sight
from cascade.patient.diagnosed.fates import Fates, Look
from cascade.patient.diagnosed.primary import Hazard
from cascade.patient.disease import Disease
from cascade.patient.sources import Sources


class Clinic:
    """A disease's symptoms and eyes, site by site."""

    def __init__(self, disease: Disease, sources: Sources) -> None:
        self.disease, self.sources = disease, sources
        kinds = [disease.kinds[site] for site in sources.sites]
        self.distant = np.array([kind == "distant" for kind in kinds])
        presentation, made = disease.presentation, {}
        self.hazard: list[Hazard | None] = []
        for site, kind in zip(sources.sites, kinds, strict=True):
            # Local growth is the primary's neighbour, and gives none of its own.
            of = presentation.of(site) if presentation is not None and kind != "local" else None
            if of is not None and of not in made:
                made[of] = Hazard(disease, sources, of)
            self.hazard.append(made[of] if of is not None else None)
        self.hazards = tuple(made.values())
        self.sleeps = [disease.lesions.of(site, "asleep") > 0 for site in sources.sites]
        self.kinds_of = [[kind for kind in sources.kinds if j in kind.sites] for j in range(len(sources.sites))]
        self.eyes = {eye.name: eye for eye in disease.eyes}

    def sight(self, eye: Eye, site: int) -> Sight | None:
        """How an eye sees metastases of a site, if it looks there in anybody."""
        name = self.sources.sites[site]
        of = eye.of(name, self.disease.kinds[name])
        return of if of is not None and of.looked_at > 0 else None

    def sights(self, names: Sequence[str]) -> list[Sight]:
        """All that some eyes see of any site."""
        found = (self.sight(self.eyes[n], j) for n in names for j in range(len(self.sources.sites)))
        return list({(s.half_mm, s.width, s.most): s for s in found if s is not None}.values())

    def patterns(self, looks: Sequence[tuple[str, float]], site: int, symptoms: bool) -> list[tuple[float, list[Look]]]:
        """Which eyes look at a site: probabilities, and their looks; ``looks``: names of eyes and lags in days.

        ``symptoms``: whether a lesion there has given symptoms.
        """
        always: list[tuple[Sight, float]] = []
        some: list[tuple[Sight, float]] = []
        for name, lag in looks:
            of = self.sight(self.eyes[name], site)
            if of is None or (of.only_with_symptoms and not symptoms):
                continue
            (always if of.looked_at >= 1.0 else some).append((of, lag))
        out = []
        for which in product((True, False), repeat=len(some)):
            chance, mine = 1.0, list(always)
            for (of, lag), looked in zip(some, which, strict=True):
                chance *= of.looked_at if looked else 1.0 - of.looked_at
                mine += [(of, lag)] if looked else []
            lags = sorted({lag for _, lag in mine})
            out.append((chance, [Look(lag, tuple(of for of, at in mine if at == lag)) for lag in lags]))
        return out


class Shown:
    """Founders-to-be that have shown themselves, by site and pattern of looks, as functions of the time since shed."""

    def __init__(self, clinic: Clinic, fates: Fates) -> None:
        self.clinic, self.fates = clinic, fates
        self._ways = fates.sources.ways[0]
        self._kept: dict[object, Floats] = {}

    def of(self, looks: Sequence[Sequence[Look]]) -> Floats:
        """Of all ways, with the looks at each site: K times the chance to found, (Q, W)."""
        clinic, ways = self.clinic, self._ways
        alike: dict[object, list[int]] = {}
        for j, each in enumerate(looks):
            seen = tuple((k.lag, tuple((s.half_mm, s.width, s.most) for s in k.sights)) for k in each)
            key: object = id(clinic.kinds_of[j][0]), clinic.sleeps[j], id(clinic.hazard[j]), seen
            alike.setdefault(key, []).append(j)
        out = np.zeros((len(self.fates.ages), len(ways.site)))
        for of, sites in alike.items():
            j = sites[0]
            if clinic.hazard[j] is None and not looks[j]:
                continue
            mine = np.flatnonzero(np.isin(ways.site, sites))
            place = of, tuple(mine.tolist())
            if place not in self._kept:
                self._kept[place] = self.fates.shown(
                    clinic.kinds_of[j], clinic.sleeps[j], clinic.hazard[j], looks[j], mine
                )
            out[:, mine] = self._kept[place] * ways.chance[mine]
        return out
