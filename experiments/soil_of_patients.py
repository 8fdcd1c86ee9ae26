"""Soil of a disease, so that autopsies of its patients find metastases in organs as often as they were found.

The soil of the cells (fit_soil.py) was fitted as if each autopsy were of a patient with the same exposure.  Patients of
a disease differ a hundredfold in what their tumours shed, and those with any metastasis have many.  Here the chance to
found in an organ is multiplied until the eye ``autopsy`` finds a metastasis there in as many of the dead as Disibio and
French counted (1914 to 1943, before chemotherapy: care ``surgery``, no screening).  How many of theirs died of the
tumour was not read, only that all had it: the share is the one that makes all organs together as frequent as they were
counted, 1 at most; nobody else has a metastasis.

Organs in which at least five were counted have a factor of their own, those with fewer one factor together, those that
nobody counted that of all; peritoneum and nodes, which cells come to by other routes, have none.  The total of what is
founded by the blood stays as it is: the efficiency is fitted elsewhere (calibrate.py), and the two scripts take turns.

Then how far the organs seen at diagnosis move when each count moves by its standard error: if further than what shares
at diagnosis are to tell apart, they are illustrative.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import cascade
from _registers import Calibration, register_of
from cascade.common.text import text_table
from cascade.patient import OrganLesions
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES
from cascade.patient.origins import origins
from cascade.patient.variants import changed

LEAST = 5
BESIDE = {"breast": ("skin",), "colon": ("kidney", "pancreas", "small intestine", "stomach")}
"""Columns that count what grew into an organ from beside, or was sown there by a surgeon, too: not used."""

ROUNDS = 8
FACTORS = 0.02, 50.0


def counted(disease: cascade.Disease) -> dict[str, float]:
    """Shares of the autopsies by organ that blood leads to, as far as sites and columns have one name."""
    seen = disease.cancer.autopsies
    assert seen is not None, "a cancer that was autopsied"
    by_blood = {way.site for way in origins(disease)[0].ways if way.route == "blood"}
    elsewhere = {way.site for way in origins(disease)[0].ways if way.route != "blood"} - by_blood
    elsewhere |= set(BESIDE.get(disease.cancer.name, ()))
    sites = [s for s in disease.sites if disease.kinds[s] == "distant" and s in seen.found and s not in elsewhere]
    return {site: seen.found[site] / seen.of for site in sites if site in by_blood}


def autopsied(disease: cascade.Disease, plan: Calibration) -> dict[str, float]:
    """Shares of those who die of the tumour in whom the autopsy finds a metastasis, by site."""
    r = register_of(disease.with_(presentation={"screening": []}), "surgery", plan)
    dead = (r.mode > 0) & (r.cause == 1 + CAUSES.index("tumour"))
    return dict(zip(disease.sites, (r.autopsied[dead] > 0).mean(axis=0).tolist(), strict=True))


def in_all(found: dict[str, float], observed: dict[str, float]) -> dict[str, float]:
    """Of all who are autopsied: as many of them died of the tumour as make the organs together as frequent."""
    whole = sum(found[site] for site in observed)
    died = min(1.0, sum(observed.values()) / whole) if whole > 0 else 1.0
    return {site: died * share for site, share in found.items()}


def at_diagnosis(disease: cascade.Disease, plan: Calibration) -> dict[str, float]:
    """Shares of those with a metastasis seen at diagnosis in whom it is seen in an organ."""
    r: Register = register_of(disease.with_(presentation={"screening": []}, autopsy=None), "surgery", plan)
    some = (r.mode > 0) & (r.metastasis_seen > 0)
    there = r.seen_at[some] <= r.diagnosed[some][:, None] + 1e-9
    return dict(zip(disease.sites, there.mean(axis=0).tolist(), strict=True))


def with_soil(disease: cascade.Disease, soil: dict[str, float]) -> cascade.Disease:
    """The disease with factors of organs, scaled so that as many founders come by the blood as before."""
    chances = {way.site: way.chance for way in origins(disease)[0].ways if way.route == "blood"}
    scale = sum(chances.values()) / sum(chance * soil.get(site, 1.0) for site, chance in chances.items())
    organs = dict(disease.lesions.organs)
    for site in chances:
        factor = float(f"{np.clip(soil.get(site, 1.0) * scale, *FACTORS):.4g}")
        organs[site] = organs.get(site, OrganLesions()).model_copy(update={"soil": factor})
    return disease.with_(lesions={"organs": organs}, calibration=None, variants=[])


def soil_of(disease: cascade.Disease, site: str) -> float:
    """As it stands."""
    return disease.lesions.of(site, "soil")


def refitted(disease: cascade.Disease, observed: dict[str, float], plan: Calibration) -> cascade.Disease:
    """Factors until the autopsies are met."""
    of = disease.cancer.autopsies.of  # type: ignore[union-attr]
    own = [site for site, share in observed.items() if share * of >= LEAST]
    rest = [site for site in observed if site not in own]
    blood = [way.site for way in origins(disease)[0].ways if way.route == "blood"]
    for _ in range(ROUNDS):
        found = in_all(autopsied(disease, plan), observed)
        times = {site: np.log1p(-observed[site]) / np.log1p(-max(found[site], 0.5 / plan.patients)) for site in own}
        few = (sum(observed[s] for s in rest) + 0.5 / of) / (sum(found[s] for s in rest) + 0.5 / of)
        every = sum(observed.values()) / sum(found[s] for s in observed)
        times |= {s: few if s in rest else every for s in blood if s not in own}
        soil = {s: float(np.clip(soil_of(disease, s) * times[s], *FACTORS)) for s in blood}
        disease = with_soil(disease, soil)
    return disease


def moved(disease: cascade.Disease, observed: dict[str, float], plan: Calibration) -> dict[str, tuple[float, float]]:
    """Shares at diagnosis by organ, where its count is a standard error less, and more."""
    of = disease.cancer.autopsies.of  # type: ignore[union-attr]
    out = {}
    for site, share in observed.items():
        if share * of < LEAST:
            continue
        ends = []
        for sign in (-1.0, 1.0):
            other = share + sign * float(np.sqrt(share * (1.0 - share) / of))
            factor = np.log1p(-other) / np.log1p(-share)
            put = changed(disease, {f"lesions.organs.{site}.soil": soil_of(disease, site) * float(factor)})
            ends.append(at_diagnosis(put, plan)[site])
        out[site] = (ends[0], ends[1])
    return out


def main() -> int:
    """Refit, show, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of a disease that has a calibration")
    parser.add_argument("--disease", type=Path, help="a file in place of the disease of the package")
    parser.add_argument("--patients", type=int, default=20_000, help="default: %(default)d")
    parser.add_argument("--seed", type=int, default=1943, help="default: %(default)d")
    parser.add_argument("--show", action="store_true", help="refit nothing, show the disease as it is")
    parser.add_argument("--write", type=Path, help="the file of the disease with what was found; its fit is dropped")
    options = parser.parse_args()
    plan = replace(Calibration.of(options.name), patients=options.patients, seed=options.seed)
    disease = cascade.disease(str(options.disease or options.name))
    kept = [variant.model_copy(update={"calibration": None}) for variant in disease.variants]
    observed = counted(disease)
    before = in_all(autopsied(disease, plan), observed)
    if not options.show:
        disease = refitted(disease, observed, plan)
    found = autopsied(disease, plan)
    after, there, ends = in_all(found, observed), at_diagnosis(disease, plan), moved(disease, observed, plan)
    lines = []
    for site in sorted(observed, key=lambda s: -observed[s]):
        low, high = ends.get(site, (float("nan"),) * 2)
        shown = (observed[site], before[site], after[site], soil_of(disease, site), there[site], low, high)
        lines.append([site, *(f"{v:.3g}" for v in shown)])
    header = ["organ", "autopsies", "as it was", "simulated", "soil", "seen at diagnosis", "count - 1 s.e.", "+ 1 s.e."]
    print(text_table(header, lines))
    died = max(after[s] / found[s] for s in observed if found[s] > 0)
    print(f"\nof the autopsied {died:.3g} died of the tumour; seen at diagnosis: of those with a metastasis seen then")
    if options.write is not None:
        disease.with_(variants=kept).save(options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
