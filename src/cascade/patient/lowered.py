"""The one place where a disease becomes arrays: what the kernel of patients reads, in days and own time.

Everything that makes a bit of a patient goes through functions with the same bits on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cascade.body.routes import routes
from cascade.common import portable
from cascade.common.compiled import cached
from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.engine.choices import cumulative, rare_groups, rates_and_bounds, start_thresholds
from cascade.lowering.lowered import Lowered
from cascade.patient.checks import correlation_matrix
from cascade.patient.disease import Disease
from cascade.patient.founding import model_of
from cascade.patient.growth import LAWS, Growth
from cascade.patient.kernel import growth as compiled
from cascade.patient.kernel.inputs import Curve, Lives, Patients, Rules, Shed, Sites, Ways
from cascade.patient.kernel.streams import ROUTE_BITS
from cascade.patient.origins import Origin, origins
from cascade.patient.ranges import DAYS_PER_YEAR, MOST_CELLS

NODES = 2048
"""Of the table of shedding, evenly over own time, and so many evenly over the logarithm of the size."""

NEAR_LARGEST = 1e-9
"""Beyond so small a part of the largest size missing, a tumour sheds evenly."""

WIDEST = math.sqrt(3.0)
"""Standard deviations to the ends of an even law."""

GROUPS = ("anywhere", "distant", "nodal", "local")
"""Groups of sites whose numbers of lesions are counted; each site is a group besides, before them."""

_GAUSS = np.polynomial.legendre.leggauss(8)


def group_names(disease: Disease) -> tuple[str, ...]:
    """Sites, and kinds of sites, that lesions are counted by."""
    return (*disease.sites, *GROUPS)


@lru_cache(maxsize=32)
def rules_of(disease: Disease, years: float, times: tuple[float, ...], sizes: tuple[float, ...]) -> Rules:
    """What the kernel reads of a disease.

    Parameters
    ----------
    disease : Disease
    years : float
        That are followed.
    times : tuple of float
        Years at which lesions are counted.
    sizes : tuple of float
        Cells from which on lesions are counted.
    """
    made, curve = origins(disease), curve_of(disease.tumour.growth)
    return Rules(
        curve=curve,
        shed=_shed(disease, curve),
        sites=_sites(disease, made),
        ways=_ways(disease, made),
        lives=lives_of([way.lowered for origin in made for way in origin.ways]),
        patients=traits_of(disease),
        early=float(disease.lesions.early_days),
        asleep_own=own_times(curve, [disease.lesions.asleep_cells])[0] if disease.sleeps else np.inf,
        burden=portable.log(disease.death.burden_cells),
        horizon=years * DAYS_PER_YEAR,
        times=np.array([time * DAYS_PER_YEAR for time in times]),
        sizes=own_times(curve, sizes),
        groups=len(group_names(disease)),
        kinds=len(GROUPS),
    )


def curve_of(growth: Growth) -> Curve:
    """A growth law as the kernel reads it."""
    points = ((0.0, 1.0), *growth.points)
    days = np.array([day for day, _ in points])
    logs = np.array([portable.log(cells) for _, cells in points])
    slopes = np.diff(logs) / np.diff(days) if growth.points else np.zeros(1)
    rate = portable.log(2.0) / growth.doubling_days if growth.doubling_days else float(slopes[0])
    limit = portable.log(growth.most) if np.isfinite(growth.most) else np.inf
    slopes = np.append(slopes, slopes[-1]) if growth.points else slopes
    return Curve(LAWS.index(growth.law), rate, limit, growth.power, days, logs, slopes)


def own_times(curve: Curve, cells: Sequence[float]) -> Floats:
    """Own times at which sizes are reached; infinity where they never are."""
    logs, own = np.array([portable.log(n) for n in cells]), np.zeros(len(cells))
    if len(cells):
        cached(compiled.times_of, *_rooms())(curve, logs, own)
    return own


def _rooms() -> tuple[object, ...]:
    from cascade import kernel
    from cascade.patient import kernel as patients

    return kernel, patients


def _shed(disease: Disease, curve: Curve) -> Shed:
    rules = [(shed.exponent, shed.onset_cells) for shed in disease.shedding]
    made = shed_tables(disease, curve, rules, largest_that_sheds(disease))
    rate = [shed.per_day * portable.exp(-shed.exponent * portable.log(shed.at_cells)) for shed in disease.shedding]
    return made._replace(rate=np.array(rate), gamma=np.array([s.per_division - 1.0 for s in disease.shedding]))


def largest_that_sheds(disease: Disease) -> float:
    """Cells up to which the law of shedding is followed: nobody lives with more in what sheds."""
    return float(min(disease.death.burden_cells, disease.tumour.growth.most * (1.0 - NEAR_LARGEST)))


def largest_with_symptoms(disease: Disease) -> float:
    """Cells up to which the law of symptoms is followed: with more nobody lives but in lesions that are not counted."""
    if not disease.death.not_counted:
        return largest_that_sheds(disease)
    return float(min(MOST_CELLS, disease.tumour.growth.most * (1.0 - NEAR_LARGEST)))


def shed_tables(disease: Disease, curve: Curve, rules: Sequence[tuple[float, float]], last: float) -> Shed:
    """Tables of the integral of n^exponent over own time, from an onset in cells to a last size; rates of 1."""
    growth = disease.tumour.growth
    own, total, slope = [], [], []
    for exponent, onset in rules:
        begin, end = own_times(curve, [onset, max(last, min(2.0 * onset, growth.most * (1.0 - NEAR_LARGEST)))])
        end = max(end, begin + 1.0)
        low, high = portable.log(onset), portable.log(max(last, 2.0 * onset))
        by_size = np.zeros(NODES)
        cached(compiled.times_of, *_rooms())(curve, low + (high - low) * np.arange(NODES) / NODES, by_size)
        evenly = begin + (end - begin) * np.arange(NODES + 1) / NODES
        nodes = np.concatenate([evenly, by_size, curve.days])
        nodes = np.unique(np.clip(nodes, begin, end))
        # Nodes that are one but for rounding; beside the node itself, for a slow law may end after 1e12 days.
        nodes = nodes[np.append(True, np.diff(nodes) > 1e-9 * nodes[1:])]
        missing = 2 * NODES + 64 + len(curve.days) - len(nodes)
        nodes = np.concatenate([nodes, end + 1e-3 * end * (1.0 + np.arange(missing))])
        sums, slopes = np.zeros(len(nodes)), np.zeros(len(nodes))
        cached(compiled.tabulate, *_rooms())(curve, exponent, nodes, *_GAUSS, sums, slopes)
        own.append(nodes)
        total.append(sums)
        slope.append(slopes)
    return Shed(np.array(own), np.array(total), np.array(slope), np.ones(len(rules)), np.zeros(len(rules)))


def early_phase(disease: Disease, site: str) -> tuple[float, float]:
    """Probability that no cell of a founder is left at the end of the early phase, and 1 - q of what is left."""
    slope = disease.tumour.growth.slope
    birth = slope / disease.lesions.of(site, "establishment")
    death = birth - slope
    less = portable.exp(-slope * disease.lesions.early_days)
    under = birth - death * less
    return death * -portable.expm1(-slope * disease.lesions.early_days) / under, slope * less / under


def _sites(disease: Disease, made: Sequence[Origin]) -> Sites:
    lesions, sites = disease.lesions, disease.sites
    origin = {source: o for o, each in enumerate(made) for source in each.sources}
    early = [early_phase(disease, site) for site in sites]
    names = group_names(disease)
    kinds = {site.name: site.kind for site in model_of(disease.cancer).sites}
    groups = [[j, names.index("anywhere"), names.index(kinds[site])] for j, site in enumerate(sites)]
    return Sites(
        ratio=np.array([lesions.of(site, "growth_ratio") for site in sites]),
        apart=np.array([WIDEST * lesions.of(site, "growth_spread") for site in sites]),
        gone=np.array([gone for gone, _ in early]),
        log_q=np.array([portable.log1p(-one) for _, one in early]),
        asleep=np.array([lesions.of(site, "asleep") for site in sites]),
        sleep_days=np.array([lesions.of(site, "asleep_years") * DAYS_PER_YEAR for site in sites]),
        secondary=np.array([lesions.of(site, "secondary") for site in sites]),
        counted=np.array([site not in (disease.death.not_counted or ()) for site in sites]),
        origin=np.array([origin.get(site, -1) for site in sites]),
        groups=np.array(groups),
    )


def _check_chances(disease: Disease, made: Sequence[Origin]) -> None:
    """That no shed cell founds more than once on average, over all sites."""
    for origin in made:
        for shed in disease.shedding:
            ways = [way for way in origin.ways if way.route == shed.route]
            whole = portable.in_order(way.chance * disease.efficiency_in(way.site) for way in ways)
            if whole > 1.0:
                most = disease.efficiency / whole
                wanted = f"at most {most:.6g}: with it every cell that is shed by {shed.route} founds"
                raise InputError("efficiency", disease.efficiency, wanted)


def _ways(disease: Disease, made: Sequence[Origin]) -> Ways:
    _check_chances(disease, made)
    every = [way for origin in made for way in origin.ways]
    shed, numbers = [s.route for s in disease.shedding], list(routes().names)
    # Of all routes that the cells could take, so that no clock changes where another route is shed by.
    places = sorted(site.name for site in model_of(disease.cancer).sites)
    address = [(numbers.index(way.route) << ROUTE_BITS) | places.index(way.site) for way in every]
    return Ways(
        first=np.cumsum([0, *(len(origin.ways) for origin in made)]),
        route=np.array([shed.index(way.route) for way in every]),
        site=np.array([disease.sites.index(way.site) for way in every]),
        clock=np.array(address, np.uint64),
        chance=np.array([way.chance * disease.efficiency_in(way.site) for way in every]),
        life=np.arange(len(every)),
    )


def lives_of(cells: Sequence[Lowered]) -> Lives:
    """Conditioned models, one after the other."""
    columns: dict[str, list[Any]] = {name: [] for name in Lives._fields}
    states = exits = starts = 0
    for one in cells:
        rate, bound = rates_and_bounds(one, one.exit_hazard[None])
        rare = rare_groups(one.exit_start, one.exit_hazard[None], rate)[0].reshape(-1, 2)[:, 0]
        moves = one.exit_start[::2]
        shares = one.start_share / portable.in_order(one.start_share.tolist())
        thresholds = start_thresholds(shares)
        with np.errstate(divide="ignore"):
            mean = 1.0 / rate[0].reshape(-1, 2)[:, 0]
        number = len(one.start_state)
        columns["state0"].append(np.array([states]))
        columns["start0"].append(np.array([starts]))
        columns["start_state"].append(one.start_state.astype(np.uint32))
        columns["start_cumulative"].append(cumulative(shares))
        columns["start_rare"].append(np.append(thresholds, np.zeros(number - len(thresholds), np.uint64)))
        columns["start_is_rare"].append(np.array([len(thresholds) > 0]))
        columns["mean"].append(mean)
        columns["exit0"].append(exits + moves[:-1])
        columns["rare"].append(rare)
        columns["ends"].append(one.absorbing)
        columns["bound"].append(bound[0])
        columns["hazard"].append(one.exit_hazard)
        columns["target"].append(np.where(one.exit_target < 0, 0, one.exit_target).astype(np.uint32))
        states, exits, starts = states + one.size, exits + len(one.exit_hazard), starts + number
    columns["start0"].append(np.array([starts]))
    columns["exit0"].append(np.array([exits]))
    return Lives(**{name: np.concatenate(parts) for name, parts in columns.items()})


def traits_of(disease: Disease) -> Patients:
    """What differs between patients, as the kernel reads it."""
    from cascade.model.correlations import cholesky

    traits, sites, shed = disease.traits, disease.sites, [s.route for s in disease.shedding]
    rows = cholesky(correlation_matrix(disease)) or []
    lower = np.zeros((len(traits), len(traits)))
    for i, row in enumerate(rows):
        lower[i, : len(row)] = row
    acts = [set(trait.acts_on) for trait in traits]
    kinds = disease.subtypes
    other = disease.death.other
    slope = portable.log(2.0) / other.doubling_years if other else 1.0
    # A gamma trait is known by its shape.
    spread = [1.0 / (t.spread * t.spread) if t.distribution == "gamma" else t.spread for t in traits]
    return Patients(
        lower=lower,
        gamma=np.array([trait.distribution == "gamma" for trait in traits], bool),
        spread=np.array(spread, np.float64),
        on_growth=np.array(["growth" in act for act in acts], bool),
        on_route=np.array([[f"shedding.{r}" in act for r in shed] for act in acts], bool).reshape(-1, len(shed)),
        on_site=np.array([[f"soil.{s}" in act or "seeding" in act for s in sites] for act in acts], bool).reshape(
            -1, len(sites)
        ),
        subtype=cumulative(np.array([k.share for k in kinds])) if kinds else np.ones(1),
        subtype_growth=np.array([k.growth for k in kinds] or [1.0]),
        subtype_route=np.array([[k.shedding.get(r, 1.0) for r in shed] for k in kinds] or [[1.0] * len(shed)]),
        subtype_site=np.array([[k.soil.get(s, 1.0) for s in sites] for k in kinds] or [[1.0] * len(sites)]),
        age_low=float(disease.tumour.onset_age_years[0]),
        age_high=float(disease.tumour.onset_age_years[1]),
        other_rate=other.per_year * portable.exp(-slope * other.at_age) if other else 0.0,
        other_slope=slope,
    )  # fmt: skip
