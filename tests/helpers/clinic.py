"""Patients through diagnosis, staging, surgery and visits by brute force, as the rules say: numpy alone, no kernel.

Draws every trait, founder, threshold and clock of each patient, with the tables of the disease (chances to found, laws
of delays, growth) and nothing of the exact answer.  First generation alone; the primary sheds without a limit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cascade.patient.clinic.care import Care
from cascade.patient.clinic.eyes import Sight
from cascade.patient.delays import delays_of
from cascade.patient.disease import Disease
from cascade.patient.lowered import early_phase
from cascade.patient.origins import origins
from cascade.patient.pace import Traits
from helpers.tumours import DAYS

YEARS_AFTER = (0.0, 1.0, 2.0, 5.0)


class Patients(NamedTuple):
    """One row a patient; years of the tumour."""

    diagnosed: Any  # inf: never
    mode: Any  # 0 never, 1 symptoms, 2 screening, 3 a metastasis
    age: Any  # at diagnosis
    mm: Any
    pace: Any
    traits: Any  # (n, F)
    seen: Any  # (n, J) distant and nodal lesions that are seen
    there: Any  # (n, J)
    early: Any  # distant lesions there that were shed before the primary could be seen
    true: Any  # years since diagnosis until a distant lesion could be seen
    scheduled: Any


def threshold(sight: Sight, uniform: Any, disease: Disease) -> Any:
    """Own times of the primary's law from which on a lesion of such a threshold is seen."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mm = sight.half_mm * (uniform / (sight.most - uniform)) ** sight.width
    cells = np.maximum(np.where(uniform < sight.most, np.pi / 6.0 * (mm / 10.0) ** 3, np.inf), 0.0)
    return own_of(disease, cells * disease.tumour.cells_per_cm3)


def own_of(disease: Disease, cells: Any) -> Any:
    growth = disease.tumour.growth
    reached = cells < min(growth.most, 1e30)
    return np.where(reached, growth.days(np.where(reached, np.maximum(cells, 1.0), 1.0)), np.inf)


class Table:
    """A rising function of own time, both ways."""

    def __init__(self, disease: Disease, begin: float, exponent: float, scale: float) -> None:
        growth = disease.tumour.growth
        last = float(own_of(disease, np.array([min(1e16, 0.99999 * growth.most)]))[0])
        self.own = np.linspace(begin, last, 200_001)
        self.value = scale * (growth.shed(self.own, exponent) - growth.shed([begin], exponent))

    def at(self, own: Any) -> Any:
        return np.interp(own, self.own, self.value)

    def own_at(self, value: Any) -> Any:
        return np.where(value < self.value[-1], np.interp(value, self.value, self.own), np.inf)


def hazard(disease: Disease, of: Any) -> Table:
    scale = of.per_year / DAYS * disease.cells_of(of.at_mm) ** -of.exponent
    return Table(disease, float(own_of(disease, np.array([disease.cells_of(of.least_mm)]))[0]), of.exponent, scale)


def simulate(disease: Disease, care: Care, years: float, patients: int, seed: int) -> Patients:
    """So many patients."""
    rng, n, growth = np.random.default_rng(seed), patients, disease.tumour.growth
    presentation = disease.presentation
    assert presentation is not None
    staging = presentation.staging if care.staging is None else care.staging
    sites, kinds = disease.sites, np.array([disease.kinds[s] for s in disease.sites])
    eyes = {eye.name: eye for eye in disease.eyes}

    # Traits: log-normal ones alone, independent but for the correlations of the disease.
    p = Traits(disease).p
    traits = np.exp(p.spread * (rng.standard_normal((n, len(p.spread))) @ p.lower.T) - 0.5 * p.spread**2)
    pace = np.where(p.on_growth, traits, 1.0).prod(axis=1)
    route = np.where(p.on_route, traits[:, :, None], 1.0).prod(axis=1)
    site = np.where(p.on_site, traits[:, :, None], 1.0).prod(axis=1)

    # The primary.
    low, high = disease.tumour.onset_age_years
    age = DAYS * rng.uniform(low, high, n)
    own_death = own_of(disease, np.array([min(disease.death.burden_cells, disease.death.primary_cells or np.inf)]))[0]
    end = np.minimum(own_death / pace, years * DAYS)
    if (other := disease.death.other) is not None:
        slope = np.log(2.0) / other.doubling_years
        begun = other.per_year * np.exp(slope * (age / DAYS - other.at_age))
        end = np.minimum(end, DAYS / slope * np.log1p(slope * rng.exponential(size=n) / begun))
    by_symptoms = np.full(n, np.inf)
    if presentation.primary is not None:
        by_symptoms = hazard(disease, presentation.primary).own_at(rng.exponential(size=n) * pace) / pace
    watching = dict.fromkeys([*staging, *(s.eye for s in presentation.screening)])
    could: dict[str, Any] = {}
    for name in watching:
        sight = eyes[name].primary
        if sight is not None:
            looks = rng.random(n) < sight.looked_at
            could[name] = np.where(looks, threshold(sight, rng.random(n), disease) / pace, np.inf)
    by_screening = np.full(n, np.inf)
    for screening in presentation.screening:
        first = DAYS * (screening.from_age + screening.every_years * rng.random(n))
        comes = rng.random(n) < screening.attends
        from_then = could[screening.eye]
        k = np.maximum(np.ceil((age + np.where(comes, from_then, 0.0) - first) / (DAYS * screening.every_years)), 0.0)
        visit = first + k * DAYS * screening.every_years
        here = comes & np.isfinite(from_then) & (visit <= DAYS * screening.to_age)
        by_screening = np.minimum(by_screening, np.where(here, visit - age, np.inf))
    primary = np.minimum(by_symptoms, by_screening)

    # Founders, shed until a primary that is diagnosed by itself is taken out.
    delay = care.surgery.delay_days if care.surgery is not None else 0.0
    until = np.minimum(primary, end) + delay
    who, at, shed, came = ([] for _ in range(4))
    (delays, *_), ways = delays_of(disease), origins(disease)[0].ways
    for w, way in enumerate(ways):
        r = [s.route for s in disease.shedding].index(way.route)
        rule, j = disease.shedding[r], sites.index(way.site)
        onset = float(own_of(disease, np.array([rule.onset_cells]))[0])
        table = Table(disease, onset, rule.exponent, rule.per_day * rule.at_cells**-rule.exponent)
        total = table.at(pace * until)
        mean = (
            way.chance
            * disease.efficiency_in(way.site)
            * route[:, r]
            * site[:, j]
            * pace ** (rule.per_division - 1.0)
            * total
        )
        mine = np.repeat(np.arange(n), rng.poisson(mean))
        begun = table.own_at(rng.random(len(mine)) * total[mine]) / pace[mine]
        who.append(mine)
        at.append(np.full(len(mine), j))
        shed.append(begun)
        came.append(begun + np.exp(np.interp(rng.random(len(mine)), delays.awake[:, w], np.log(delays.days))))
    who, at, shed, came = (np.concatenate(part) for part in (who, at, shed, came))
    lesions = disease.lesions
    of = {
        name: np.array([lesions.of(s, name) for s in sites])[at]
        for name in ("growth_ratio", "growth_spread", "asleep", "asleep_years")
    }
    gone, one = np.array([early_phase(disease, s) for s in sites]).T
    left = rng.random(len(who)) >= gone[at]
    who, at, shed, came = (part[left] for part in (who, at, shed, came))
    of = {name: part[left] for name, part in of.items()}
    m, early = len(who), lesions.early_days
    with np.errstate(divide="ignore"):
        more = np.floor(np.log(rng.random(m)) / np.log1p(-one[at]))
    begun = own_of(disease, 1.0 + np.where(one[at] < 1.0, more, 0.0))
    speed = pace[who] * of["growth_ratio"]
    if of["growth_spread"].any():
        speed = speed * np.exp(np.sqrt(3.0) * of["growth_spread"] * rng.uniform(-1.0, 1.0, m))
    sleep = np.where(rng.random(m) < of["asleep"], rng.exponential(size=m) * DAYS * of["asleep_years"], 0.0)
    stop = np.maximum(begun, float(own_of(disease, np.array([lesions.asleep_cells]))[0]))

    def own_at(day: Any) -> Any:
        """Own time of each lesion; -1 before the end of its early phase."""
        awake = begun - early + speed * (day - came)
        slept = awake - speed * sleep
        own = np.where((sleep > 0) & (slept < stop), np.minimum(awake, stop), slept)
        return np.where(speed * (day - came) >= early, own, -1.0)

    def day_of(own: Any) -> Any:
        grown = came + (np.maximum(own, begun) - begun + early) / speed
        return grown + np.where((own > stop), sleep, 0.0)

    surfaced = np.full(m, np.inf)
    for j, name in enumerate(sites):
        symptoms = presentation.of(name)
        if symptoms is not None and kinds[j] != "local":
            mine = at == j
            clock = hazard(disease, symptoms).own_at(rng.exponential(size=mine.sum()) * speed[mine])
            full = np.full(m, np.inf)
            full[mine] = clock
            surfaced = np.where(mine, day_of(full), surfaced)
    by_lesion = np.full(n, np.inf)
    np.minimum.at(by_lesion, who, surfaced)

    # Diagnosis and staging.
    day = np.minimum(primary, by_lesion)
    mode = np.where(by_lesion < primary, 3, np.where(by_screening < by_symptoms, 2, 1))
    mode = np.where(day < end, mode, 0)
    day = np.where(mode > 0, day, np.inf)
    then = np.where(mode > 0, day, 0.0)[who]
    own = own_at(then)
    distant = kinds[at] == "distant"
    led = (surfaced <= then) & (mode[who] == 3)
    has_led = np.zeros((n, len(sites)), bool)
    has_led[who[led], at[led]] = True
    there = (came <= then) & (mode[who] > 0)
    seen = led.copy()
    event, visit = (np.minimum(surfaced, np.inf) for _ in range(2))
    every_day = {name for visits in care.visits for name in visits.eyes} or set(staging)
    for name in dict.fromkeys([*staging, *sorted(every_day)]):
        looks = rng.random((n, len(sites)))
        uniform = rng.random(m)
        for j, place in enumerate(sites):
            sight, mine = eyes[name].of(place, kinds[j]), at == j
            if sight is None:
                continue
            looked = looks[who, j] < sight.looked_at
            from_then = threshold(sight, uniform, disease)
            if name in staging:
                here = looked if not sight.only_with_symptoms else looked & has_led[who, j]
                seen |= mine & here & there & (own >= 0) & (own >= from_then)
            looked &= not sight.only_with_symptoms
            if name in every_day:
                first = np.where(mine & looked, np.maximum(day_of(from_then), then), np.inf)
                event = np.minimum(event, first)
                for visits in care.visits:
                    if name not in visits.eyes:
                        continue
                    step = DAYS * visits.every_years
                    with np.errstate(invalid="ignore"):
                        k = np.maximum(np.ceil((first - then - delay) / step), 1.0)
                    k = np.where(k <= np.floor(visits.for_years / visits.every_years + 1e-9), k, np.inf)
                    visit = np.minimum(visit, then + delay + k * step)

    def by_site(which: Any) -> Any:
        out = np.zeros((n, len(sites)), np.int64)
        np.add.at(out, (who[which], at[which]), 1)
        return out

    visible = np.min([*could.values()], axis=0) if could else np.full(n, np.inf)
    shed_early = np.bincount(who[there & distant & (shed < visible[who])], minlength=n)
    after = []
    counts = distant & (shed <= then + delay)
    for when in (event, visit):
        first = np.full(n, np.inf)
        np.minimum.at(first, who[counts], when[counts])
        after.append((first - np.where(mode > 0, day, 0.0)) / DAYS)
    mm = 10.0 * np.cbrt(6.0 * growth.size(pace * np.where(mode > 0, day, 0.0)) / (np.pi * disease.tumour.cells_per_cm3))
    return Patients(
        day / DAYS, mode, (age + day) / DAYS, mm, pace, traits, by_site(seen), by_site(there), shed_early, *after
    )
