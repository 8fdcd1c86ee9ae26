"""Presentation, eyes and care as the kernel of patients reads them, in days and own time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cascade.common import portable
from cascade.common.types import Floats
from cascade.lowering.conditioned import aimed, chances, tilted
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.model.treatments import Treatment
from cascade.patient.clinic.care import Care, Systemic
from cascade.patient.clinic.cells import only_kills, shedding_factor, treated, treatment_of
from cascade.patient.clinic.eyes import Eye, Sight
from cascade.patient.clinic.presentation import Symptoms
from cascade.patient.disease import Disease
from cascade.patient.founding import model_of
from cascade.patient.kernel import clinic_inputs as kernel
from cascade.patient.kernel.inputs import Curve, Lives, Rules
from cascade.patient.lowered import curve_of, largest_with_symptoms, lives_of, own_times, rules_of, shed_tables
from cascade.patient.origins import Founds, Way, origins
from cascade.patient.ranges import DAYS_PER_YEAR

PRIMARY = 0xFFFF
"""Number of the place of the primary in addresses."""

GIVEN_TO = ("all", "none seen", "metastasis seen", "nodes")

BEGINS = ("surgery", "diagnosis", "metastasis seen")


@lru_cache(maxsize=32)
def clinic_of(
    disease: Disease, care: str, years: float, times: tuple[float, ...], sizes: tuple[float, ...]
) -> tuple[Rules, kernel.Clinic]:
    """What the kernel reads of a disease and one of its cares.

    Parameters
    ----------
    disease : Disease
    care : str
    years, times, sizes
        As of `rules_of`.
    """
    rules, chosen = rules_of(disease, years, times, sizes), disease.care_of(care)
    curve = curve_of(disease.tumour.growth)
    regimes, lives = _regimes(disease, chosen, rules)
    distant = np.array([disease.kinds[site] == "distant" for site in disease.sites])
    eyes = _eyes(disease)
    return rules._replace(lives=lives), kernel.Clinic(
        signs=_signs(disease, curve),
        eyes=eyes,
        screens=_screens(disease),
        killing=_killing(disease),
        care=_care(disease, chosen, curve),
        regimes=regimes,
        natural=chosen.surgery is None and not chosen.systemic,
        distant=distant,
        waits=bool(eyes.symptoms.any()),
        autopsy=[eye.name for eye in disease.eyes].index(disease.autopsy) if disease.autopsy is not None else -1,
    )


def _signs(disease: Disease, curve: Curve) -> kernel.Signs:
    """Tables of the symptoms of the primary and of each site."""
    of = disease.presentation
    places: list[Symptoms | None] = [None] * (1 + len(disease.sites))
    if of is not None:
        places = [of.primary, *(of.of(site) for site in disease.sites)]
    keys = [None if one is None else (one.exponent, one.least_mm) for one in places]
    known = list(dict.fromkeys(key for key in keys if key is not None)) or [(1.0, disease.mm(1e6))]
    rules = [(exponent, disease.cells_of(least)) for exponent, least in known]
    table = shed_tables(disease, curve, rules, largest_with_symptoms(disease))
    rate = [
        0.0
        if one is None
        else one.per_year / DAYS_PER_YEAR * portable.exp(-one.exponent * portable.log(disease.cells_of(one.at_mm)))
        for one in places
    ]
    return kernel.Signs(table, np.array([-1 if key is None else known.index(key) for key in keys]), np.array(rate))


def _eyes(disease: Disease) -> kernel.Eyes:
    every = sorted(site.name for site in model_of(disease.cancer).sites)
    rows = [_sights(disease, eye) for eye in disease.eyes]
    columns: dict[str, list[list[Any]]] = {name: [] for name in ("most", "half", "width", "looked", "symptoms")}
    for row in rows:
        columns["most"].append([sight.most if sight and sight.looked_at > 0 else 0.0 for sight in row])
        half = [portable.log(disease.cells_of(sight.half_mm)) if sight else 0.0 for sight in row]
        columns["half"].append(half)
        columns["width"].append([3.0 * sight.width if sight else 1.0 for sight in row])
        columns["looked"].append([sight.looked_at if sight else 0.0 for sight in row])
        columns["symptoms"].append([bool(sight and sight.only_with_symptoms) for sight in row])
    shape = len(rows), 1 + len(disease.sites)
    place = np.array([PRIMARY, *(every.index(site) for site in disease.sites)], np.uint64)
    kinds = {name: bool if name == "symptoms" else np.float64 for name in columns}
    made: dict[str, Any] = {name: np.array(rows, kinds[name]).reshape(shape) for name, rows in columns.items()}
    return kernel.Eyes(**made, place=place)


def _sights(disease: Disease, eye: Eye) -> list[Sight | None]:
    return [eye.primary, *(eye.of(site, disease.kinds[site]) for site in disease.sites)]


def _screens(disease: Disease) -> kernel.Screens:
    every = disease.presentation.screening if disease.presentation is not None else ()
    numbers = [[s.from_age, s.to_age, s.every_years, s.attends] for s in every]
    columns = np.array(numbers, np.float64).reshape(-1, 4).T.copy()
    return kernel.Screens(_indices(disease, [s.eye for s in every]), *columns)


def _indices(disease: Disease, names: Sequence[str]) -> Any:
    known = [eye.name for eye in disease.eyes]
    return np.array([known.index(name) for name in names], np.int64)


def _flags(disease: Disease, names: Sequence[str]) -> Any:
    return np.array([eye.name in names for eye in disease.eyes], bool)


def _killing(disease: Disease) -> kernel.Killing:
    death = disease.death
    primary = portable.log(death.primary_cells) if death.primary_cells is not None else np.inf
    organ = [portable.log(death.organs[site]) if site in death.organs else np.inf for site in disease.sites]
    return kernel.Killing(primary, np.array(organ), bool(death.organs) or death.primary_cells is not None)


def staging_of(disease: Disease, care: Care) -> tuple[str, ...]:
    """Eyes that look at diagnosis."""
    if care.staging is not None:
        return care.staging
    return disease.presentation.staging if disease.presentation is not None else ()


def _care(disease: Disease, care: Care, curve: Curve) -> kernel.Care:
    surgery, seen = care.surgery, disease.pathologist
    sizes = [surgery.left_cells if surgery else 1.0, disease.cells_of(seen.least_mm) if seen else 1.0]
    left, least = own_times(curve, [sizes[0], max(sizes[1], 1.0)])
    rays = care.radiotherapy
    local = (surgery.local_recurrence if surgery else 0.0) * (rays.local_factor if rays else 1.0)
    given, most = care.systemic, disease.tumour.growth.most
    below = [min(disease.cells_of(one.kill_below_mm), most) for one in given]
    bits = _bits(disease, care)
    shape = len(care.visits), len(disease.eyes)
    return kernel.Care(
        staging=_flags(disease, staging_of(disease, care)),
        restaging=_flags(disease, care.restaging or ()),
        surgery=surgery is not None,
        delay=surgery.delay_days if surgery else 0.0,
        if_seen=bool(surgery and surgery.if_seen),
        local=local,
        again=bool(surgery and surgery.again),
        left=float(left),
        station=np.array([seen is not None and site in seen.stations for site in disease.sites]),
        irradiated=np.array([site in rays.nodes if rays is not None else False for site in disease.sites], bool),
        nodes=seen.nodes if seen else 1,
        removed=seen.removed if seen else 0,
        least=float(least) if seen and surgery else np.inf,
        begins=np.array([BEGINS.index(one.begins) for one in given], np.int64),
        after=np.array([one.after_days for one in given], np.float64),
        length=np.array([one.for_years * DAYS_PER_YEAR for one in given], np.float64),
        given=np.array([GIVEN_TO.index(one.given_to) for one in given], np.int64),
        share=_shares(disease, given),
        kill=np.array([portable.exp(-one.log_kill * portable.log(10.0)) for one in given], np.float64),
        below=own_times(curve, below),
        resistant=np.array([one.resistant or 0.0 for one in given], np.float64),
        slows=np.array([one.slows for one in given], np.float64),
        wakes=np.array([one.wakes for one in given], np.float64),
        later=any(one.begins == BEGINS[kernel.FROM_SIGHT] for one in given),
        bit=np.array([0 if bit is None else 1 << bit for bit in bits], np.int64),
        every=np.array([visits.every_years * DAYS_PER_YEAR for visits in care.visits], np.float64),
        visits=np.array([int(visits.for_years / visits.every_years + 1e-9) for visits in care.visits], np.int64),
        looks=np.array([_flags(disease, visits.eyes) for visits in care.visits], bool).reshape(shape),
        lingers=np.array([disease.lesions.of(site, "establishment") for site in disease.sites]),
    )


def _shares(disease: Disease, given: Sequence[Systemic]) -> Floats:
    """Of the patients of each subtype the share in whom a treatment works, (Y, K)."""
    kinds = [subtype.name for subtype in disease.subtypes] or [""]
    return np.array([[one.share_of(kind) for kind in kinds] for one in given], np.float64).reshape(-1, len(kinds))


def _bits(disease: Disease, care: Care) -> list[int | None]:
    """Of each systemic treatment that acts on cells its number among these."""
    numbers: list[int | None] = []
    for one in care.systemic:
        acts = treatment_of(disease, one) is not None
        numbers.append(sum(number is not None for number in numbers) if acts else None)
    return numbers


def _regimes(disease: Disease, care: Care, rules: Rules) -> tuple[kernel.Regimes, Lives]:
    """Arrays of the cells under each set of treatments, after those without any."""
    acting = [one for each in care.systemic if (one := treatment_of(disease, each)) is not None]
    ways = [way for origin in origins(disease) for way in origin.ways]
    founded = {way.route: way.founding for way in origins(disease)[0].ways}
    sets = [tuple(t for b, t in enumerate(acting) if m >> b & 1) for m in range(1 << len(acting))]
    base = [_cells(way, ()) for way in ways] if acting else []
    lowered = [way.lowered for way in ways]
    chance = [h for _, h, _ in base]
    states = len(rules.lives.mean)
    life = np.tile(np.arange(len(ways)), (len(sets), 1))
    bound, extra = np.ones((len(sets), len(ways))), np.zeros((len(sets), states))
    shed = np.ones((len(sets), len(disease.shedding)))
    for m, treatments in enumerate(sets[1:], start=1):
        for w, way in enumerate(ways):
            first = int(rules.lives.state0[w])
            here = slice(first, first + way.lowered.size)
            arrays, h, leaving = _cells(way, treatments)
            if only_kills(way.founding.model, treatments):
                extra[m, here] = np.maximum(leaving - base[w][2], 0.0)
            else:
                life[m, w] = len(lowered)
                lowered.append(arrays)
                chance.append(h)
                bound[m, w] = _bound(arrays, h / base[w][1])
        shed[m] = [
            shedding_factor(founded[s.route], treatments) if s.route in founded else 1.0 for s in disease.shedding
        ]
    if len(lowered) == len(ways):
        whole = np.ones(states)
        return kernel.Regimes(life, whole, extra, shed, bound), rules.lives
    return kernel.Regimes(life, np.concatenate(chance), extra, shed, bound), lives_of(lowered)


def _cells(way: Way, treatments: tuple[Treatment, ...]) -> tuple[Lowered, Floats, Floats]:
    """Of the founders of a way under treatment: arrays, chances to found and whole hazards of leaving, by state."""
    return _cells_of(way.founding.model, way.site, treatments)


@lru_cache(maxsize=1024)
def _cells_of(model: Any, site: str, treatments: tuple[Treatment, ...]) -> tuple[Lowered, Floats, Floats]:
    under = treated(model, treatments)
    every = lower(under)
    made, aim = aimed(Founds(site, under), every)
    h = chances(aim, np.ones((1, 1)))
    whole = np.zeros(every.size)
    hazards = every.exit_hazard * every.multipliers[0, every.exit_transition]
    np.add.at(whole, every.exit_source, hazards)
    return tilted(made, aim, h), h[0], whole[aim.state]


def _bound(cells: Lowered, ratio: Floats) -> float:
    """The most that a spell of a regime multiplies a weight by: from any state to any that is come to from it."""
    size = cells.size
    reach = np.eye(size, dtype=np.float32)
    reach[cells.exit_source[cells.exit_hazard > 0], cells.exit_target[cells.exit_hazard > 0]] = 1.0
    steps = 1
    while steps < size:
        reach = (reach @ reach > 0).astype(np.float32)
        steps *= 2
    least = np.where(reach > 0, ratio[None, :], np.inf).min(axis=1)
    # Room for rounding in the product of many.
    return max(1.0, float((ratio / least).max()) * (1.0 + 1e-9), float(ratio.max()) * (1.0 + 1e-9))
