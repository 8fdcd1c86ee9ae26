r"""Sums over patients of one pace: densities of diagnosis by mode, and what is seen, there and hidden then.

For a patient of multipliers m who is diagnosed at t, with lesions at a site seen with the mean s_j and not seen with
u_j (Poisson, independent), distant sites alone:

    P(none seen) = prod_j E e^{-s_j},   P(none hidden) = prod_j E e^{-u_j},   P(none) = e^{-sum (s_j + u_j)},

E over which eyes look at the site.  By a metastasis of site j: that lesion besides, seen if the site is distant, and
eyes that look at a site with symptoms look there.  Every sum is over patients, not a mean: means are ratios of sums,
so that they are of those who are diagnosed.
"""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats
from cascade.patient.diagnosed.diagnosis import Diagnosis, Looks

MODES = ("symptoms", "screening", "metastasis")
"""How a patient is diagnosed: by symptoms of the primary, at a screening visit, by symptoms of a metastasis."""

LEAST = 1e-7
"""Of all densities: days with less are left out, but for their own weight."""

Sums = dict[str, Floats]


class Totals:
    """Sums over patients of one pace.

    Parameters
    ----------
    diagnosis : Diagnosis
    """

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis, self.distant = diagnosis, diagnosis.clinic.distant
        d = diagnosis
        density = d.weights * (d.symptoms + d.screening + d.undiagnosed * d.staged.rate.sum(axis=(0, 1)))
        # Days on which nobody is diagnosed cost as much as others.
        self.some = np.flatnonzero(density > LEAST * density.sum()) if density.sum() > 0 else np.zeros(0, int)

    def _by_site(self, number: Floats, route: Floats, site: Floats) -> Floats:
        """Mean numbers of patients by site and day, (S, J, T), of (R, J, T)."""
        some = number[:, :, self.some]
        flat = route @ some.reshape(len(some), -1)
        return np.asarray(flat.reshape(len(route), *some.shape[1:]) * site[:, :, None])

    def _looked(self, looks: Looks, there: Floats, route: Floats, site: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean seen, P(none seen) and P(none hidden), by site: (S, J, T) each."""
        mean = self._by_site(looks.number[0], route, site)
        none = np.exp(-mean)
        unhidden = np.exp(np.minimum(mean - there, 0.0))
        for j in np.flatnonzero(looks.chance[0] < 1.0):
            mean[:, j], none[:, j], unhidden[:, j] = 0.0, 0.0, 0.0
            for chance, number in zip(looks.chance[:, j], looks.number[:, :, j : j + 1], strict=True):
                if chance > 0:
                    seen = self._by_site(number, route, site[:, j : j + 1])[:, 0]
                    mean[:, j] += chance * seen
                    none[:, j] += chance * np.exp(-seen)
                    unhidden[:, j] += chance * np.exp(np.minimum(seen - there[:, j], 0.0))
        return mean, none, unhidden

    def of(self, route: Floats, site: Floats, traits: Floats, weight: Floats) -> Sums:
        """Sums over some patients.

        Parameters
        ----------
        route, site : (S, R), (S, J) float
            Multipliers.
        traits : (S, F) float
            Values of traits.
        weight : (S,) float

        Returns
        -------
        dict of str to array
            By mode (3,) first: ``profile`` (3, T) by day of diagnosis; ``seen``, ``there``, ``hidden``, ``unseen``
            (none is seen and one is there): patients; ``seen_number``, ``there_number``, ``early_number``; by site
            (3, J) ``site_seen``, ``site_there`` and the same with ``_number``; ``traits`` (3, F); ``seen_profile``.
        """
        d, staged, distant = self.diagnosis, self.diagnosis.staged, self.distant
        some = self.some
        surfaced = self._by_site(staged.surfaced, route, site).sum(axis=1)
        unsurfaced = np.exp(-surfaced) * (weight[:, None] * d.weights[some])
        rate = self._by_site(staged.rate, route, site)
        by_site = rate * (unsurfaced * d.undiagnosed[some])[:, None]
        third = by_site.sum(axis=1)
        modes = np.stack([unsurfaced * d.symptoms[some], unsurfaced * d.screening[some], third])
        of_distant = by_site[:, distant].sum(axis=1)
        there = self._by_site(staged.there, route, site)
        seen, none, unhidden = self._looked(staged.seen, there, route, site)
        more = (
            (seen, none, unhidden)
            if staged.with_symptoms is staged.seen
            else self._looked(staged.with_symptoms, there, route, site)
        )
        out: Sums = {}
        profile = np.zeros((3, len(d.days)))
        profile[:, some] = modes.sum(axis=1)
        out["profile"] = profile
        none_seen, none_hidden = none[:, distant].prod(axis=1), unhidden[:, distant].prod(axis=1)
        none_there = np.exp(-there[:, distant].sum(axis=1))
        # Not of those of whom a distant metastasis has led to diagnosis.
        rest = np.stack([modes[0], modes[1], third - of_distant])
        unseen = rest * none_seen
        seen_profile = np.zeros((3, len(d.days)))
        seen_profile[:, some] = (modes - unseen).sum(axis=1)
        out["seen_profile"] = seen_profile
        out["seen"] = (modes - unseen).sum(axis=(1, 2))
        out["there"] = (modes - rest * none_there).sum(axis=(1, 2))
        out["unseen"] = (rest * (none_seen - none_there)).sum(axis=(1, 2))
        hidden = modes * (1.0 - none_hidden)
        if more[2] is not unhidden:
            change = np.where(distant[:, None], _over(more[2], unhidden), 1.0)
            hidden[2] = third - (by_site * change).sum(axis=1) * none_hidden
        out["hidden"] = hidden.sum(axis=(1, 2))
        out |= self._by_organ(modes, by_site, there, (seen, none), more[0])
        for name in ("seen", "there"):
            out[f"{name}_number"] = out[f"site_{name}_number"][:, distant].sum(axis=1)
        out["early_number"] = self._early(modes, unsurfaced, route, site)
        out["traits"] = modes.sum(axis=2) @ traits
        return out

    def _by_organ(
        self, modes: Floats, by_site: Floats, there: Floats, usual: tuple[Floats, Floats], more: Floats
    ) -> Sums:
        """Patients, and numbers, by site of those seen and there; ``usual``: mean seen, and P(none seen)."""
        seen, none = usual
        led = by_site.sum(axis=(0, 2))  # patients whom a metastasis of a site has led to diagnosis
        out = {
            "site_seen": _summed(modes, 1.0 - none), "site_there": _summed(modes, -np.expm1(-there)),
            "site_seen_number": _summed(modes, seen), "site_there_number": _summed(modes, there),
        }  # fmt: skip
        out["site_seen"][2] += np.einsum("sjt,sjt->j", by_site, none)
        out["site_there"][2] += np.einsum("sjt,sjt->j", by_site, np.exp(-there))
        out["site_seen_number"][2] += led
        out["site_there_number"][2] += led
        if more is not seen:
            out["site_seen_number"][2] += np.einsum("sjt,sjt->j", by_site, more - seen)
        return out

    def _early(self, modes: Floats, unsurfaced: Floats, route: Floats, site: Floats) -> Floats:
        """Distant lesions there that were shed before the primary could be seen, by mode."""
        d, staged, mine = self.diagnosis, self.diagnosis.staged, self.distant
        early = [self._by_site(part[:, mine], route, site[:, mine]).sum(axis=1) for part in staged.early]
        number = np.array([(modes[m] * early[m == 1]).sum() for m in range(3)])
        first = self._by_site(staged.early_rate[:, mine], route, site[:, mine]).sum(axis=1)
        number[2] += (first * unsurfaced * d.undiagnosed[self.some]).sum()
        return number


def _summed(modes: Floats, number: Floats) -> Floats:
    """Sums over patients and days of (3, S, T) and (S, J, T): (3, J)."""
    return np.asarray(np.matmul(number, modes.transpose(1, 2, 0)).sum(axis=0).T)


def _over(some: Floats, of: Floats) -> Floats:
    """The ratio; where a site surely holds something hidden, it is multiplied by 0 afterwards, whatever it is."""
    return np.divide(some, of, out=np.ones_like(of), where=of > 0)
