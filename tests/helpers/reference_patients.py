"""A slow, readable simulator of patients on the same draws: what the kernel of patients must do, lesion by lesion.

Written from the rules, on Python's own integers and functions, with the closed forms of the growth laws in place of
the kernel's table of shedding, and founders that walk through the states of the cell model.  It reads the same
``Disease``.  A lesion's *own time* is its pace times the days since it had one cell, or would have had; it stands
still while the lesion sleeps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from statistics import NormalDist

import numpy as np

from cascade.body import Cancer
from cascade.body.routes import routes
from cascade.model import Model
from cascade.patient.disease import Disease
from cascade.patient.founding import foundings
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers.reference import RARE, RARE_START, Reference, exactly, holds_rare, uniforms, words

PATIENT, CLOCK, FOUNDER, LESION, FATE, GROWTH = (kind << 24 for kind in (8, 9, 10, 11, 12, 20))
VISIT, START, RARE_VISIT = 0, 1 << 24, 4 << 24


Place = tuple[str, int]
"""A state and one of its phases."""


class Ground:
    """Places of a model of cells, the ways between them, and the chance to found in each site from each place."""

    def __init__(self, model: Model) -> None:
        states = {state.name: state for state in model.states}
        places = [(s.name, p) for s in model.states if not s.absorbing for p in range(s.phases)]
        self.starts = {(s.state, 0): s.share for s in model.start.states}
        self.moves: dict[Place, list[tuple[Place, float]]] = {}
        self.total: dict[Place, float] = {}
        for name, phase in places:
            state = states[name]
            onward = [((m.to, 0) if phase == state.phases - 1 else (name, phase + 1), m.hazard) for m in state.moves]
            self.moves[name, phase] = onward
            self.total[name, phase] = sum(h for _, h in onward) + sum(d.hazard for d in state.deaths)
        self.sites = sorted({s.site for s in model.states if s.landmark == "colony" and s.site})
        self.goals = {
            site: {s.name for s in model.states if s.landmark == "colony" and s.site == site} for site in self.sites
        }
        number = {place: i for i, place in enumerate(places)}
        matrix, found = np.eye(len(places)), np.zeros((len(places), len(self.sites)))
        for place, i in number.items():
            for to, hazard in self.moves[place]:
                if to in number:
                    matrix[i, number[to]] -= hazard / self.total[place]
                for j, site in enumerate(self.sites):
                    found[i, j] += hazard / self.total[place] * (to[0] in self.goals[site])
        solved = np.linalg.solve(matrix, found)
        self.chance: dict[str, dict[Place, float]] = {}
        for j, site in enumerate(self.sites):
            # Where no way leads to the goal the solution is rounding, if not 0.
            leading = set(self.goals[site])
            while (
                more := {p[0] for p in places if any(to[0] in leading and h > 0 for to, h in self.moves[p])} - leading
            ):
                leading |= more
            here = {place: float(solved[i, j]) for place, i in number.items() if place[0] in leading}
            self.chance[site] = here | {(goal, 0): 1.0 for goal in self.goals[site]}


class Walk:
    """Founders of one site: cells of a model, each step weighed by the chance to found there from where it leads."""

    def __init__(self, ground: Ground, site: str, key: list[int]) -> None:
        self.key, self.goals = key, ground.goals[site]
        self.moves, self.total, self.chance = ground.moves, ground.total, ground.chance[site]
        starts = [(place, share * self.chance.get(place, 0.0)) for place, share in ground.starts.items()]
        self.starts = [start for start in starts if start[1] > 0.0]
        self.share = sum(share for _, share in self.starts) / sum(ground.starts.values())

    def begin(self, cell: int) -> Place:
        """Where a founder is when it has just been shed."""
        shares = [share for _, share in self.starts]
        if holds_rare(shares, RARE_START):
            w0, w1, _, w3 = words(cell, 0, START, self.key)
            return self.starts[exactly(shares, (((w1 & 0xFFFF) << 32 | w0) << 16) | (w3 & 0xFFFF))][0]
        return self.starts[_at(shares, uniforms(cell, 0, START, self.key)[0])][0]

    def path(self, cell: int) -> list[tuple[Place, float]]:
        """Places that a founder comes to, each with the hours since it was shed; the last is where it founds."""
        place, hours = self.begin(cell), 0.0
        came = [(place, hours)]
        visit = 0
        while place[0] not in self.goals:
            wait, _, choice = uniforms(cell, visit, VISIT, self.key)
            hours += -math.log(wait) / self.total[place]
            ways = [(to, h * self.chance.get(to, 0.0)) for to, h in self.moves[place] if h > 0]
            ways = [way for way in ways if way[1] > 0.0]
            weights = [weight for _, weight in ways]
            if holds_rare(weights, RARE):
                high = words(cell, visit, VISIT, self.key)[3]
                low = words(cell, visit, RARE_VISIT, self.key)[0]
                place = ways[exactly(weights, high << 32 | low)][0]
            else:
                place = ways[_at(weights, choice)][0]
            visit += 1
            came.append((place, hours))
        return came

    def hours(self, cell: int) -> float:
        """From shedding to the first division."""
        return self.path(cell)[-1][1]


def _at(shares: list[float], choice: float) -> int:
    """The part in which a draw lies."""
    rest = choice * sum(shares)
    for i, share in enumerate(shares):
        if rest < share:
            return i
        rest -= share
    return len(shares) - 1


@lru_cache(maxsize=64)
def grounds(cancer: Cancer, source: str) -> dict[str, Ground]:
    """By the routes on which a source sheds."""
    return {founding.route: Ground(founding.model) for founding in foundings(cancer, source)}


@dataclass
class Seed:
    """A lesion, or the primary (``parent`` None): days of the tumour, and own time."""

    identity: int
    parent: int | None
    route: str
    site: str
    number: int
    shed: float
    founded: float
    pace: float
    early: float = 1.0
    anchor: float = 0.0
    asleep: float = math.inf
    slept: float = 0.0

    def own(self, day: float) -> float:
        """Own time on a day."""
        own = self.pace * (day - self.anchor)
        if own <= self.asleep:
            return own
        return max(self.asleep, own - self.pace * self.slept)

    def day(self, own: float) -> float:
        """The day of an own time."""
        day = self.anchor + own / self.pace
        return day if own <= self.asleep else day + self.slept


@dataclass
class Patient:
    """One patient; ``death``: day, infinity where there is none within the years; ``cause`` 1: burden, 2: other."""

    age: float
    death: float
    cause: int
    traits: list[float]
    lesions: list[Seed] = field(default_factory=list)


class Patients:
    """The rules of a disease, one patient at a time."""

    def __init__(self, disease: Disease, seed: int, years: float | None = None) -> None:
        self.disease, self.seed = disease, seed
        self.years = disease.years if years is None else years
        self.key = [int(word) for word in np.random.SeedSequence(seed).generate_state(2, np.uint32)]
        self.growth = disease.tumour.growth
        self.numbers = list(routes().names)
        # Of all routes that the cells could take.
        self.places = sorted(site.name for site in disease.cancer.model().sites)

    # What there is to draw from.

    def identity(self, of: int, number: int, kind: int) -> int:
        """2^62 and 62 bits."""
        w0, w1, _, _ = words(of, number, kind, self.key)
        return (1 << 62) + (w0 | ((w1 & 0x3FFFFFFF) << 32))

    def clock(self, route: str, site: str) -> int:
        """The address of the clock of a route and a site."""
        return (self.numbers.index(route) << 16) | self.places.index(site)

    @cache  # noqa: B019
    def walks(self, source: str) -> dict[tuple[str, str], Walk]:
        """By route and site, of what a source sheds."""
        shed = [s.route for s in self.disease.shedding]
        known = grounds(self.disease.cancer, source)
        wanted = shed if source == "primary" else list(known)
        made = {}
        for route in wanted:
            for site in known[route].sites:
                walk = Walk(known[route], site, self.key)
                if walk.share > 0.0:
                    made[route, site] = walk
        return made

    @cached_property
    def _blank(self) -> Reference:
        """For the gamma draws, which are those of cells."""
        return Reference(foundings(self.disease.cancer)[0].model, self.seed)

    # The patient.

    def traits(self, primary: int) -> list[float]:
        """Traits of mean 1."""
        named = self.disease.traits
        matrix = np.eye(len(named))
        for part in self.disease.correlations:
            a, b = ([t.name for t in named].index(name) for name in part.between)
            matrix[a, b] = matrix[b, a] = part.value
        drawn = [uniforms(primary, 0, (2 << 24) | f, self.key)[0] for f in range(len(named))]
        normal = np.linalg.cholesky(matrix) @ [NormalDist().inv_cdf(u) for u in drawn] if named else []
        found = []
        for f, trait in enumerate(named):
            if trait.distribution == "gamma":
                found.append(self._blank._gamma(primary, (2 << 24) | f, trait.spread**-2.0))
            else:
                found.append(math.exp(trait.spread * float(normal[f]) - trait.spread**2 / 2))
        return found

    def patient(self, number: int, without: Collection[int] = ()) -> Patient:
        """A patient; founders whose identities are in ``without`` are left out, and whatever descends from them."""
        disease = self.disease
        primary = self.identity(number, 0, PATIENT)
        u_age, u_other, u_kind = uniforms(primary, 0, FATE, self.key)
        low, high = disease.tumour.onset_age_years
        age = low + u_age * (high - low)
        traits = self.traits(primary)
        kind = disease.subtypes[_at([s.share for s in disease.subtypes], u_kind)] if disease.subtypes else None

        def product(target: str, *others: str) -> float:
            names = {target, *others}
            return math.prod(z for z, t in zip(traits, disease.traits, strict=True) if names & set(t.acts_on))

        pace = product("growth") * (kind.growth if kind else 1.0)
        leaks = {
            s.route: product(f"shedding.{s.route}") * (kind.shedding.get(s.route, 1.0) if kind else 1.0)
            for s in disease.shedding
        }
        soil = {
            site: product(f"soil.{site}", "seeding") * (kind.soil.get(site, 1.0) if kind else 1.0)
            for site in disease.sites
        }
        other = math.inf
        if law := disease.death.other:
            slope = math.log(2) / law.doubling_years
            now = law.per_year * math.exp(slope * (age - law.at_age))
            other = math.log1p(slope * -math.log(u_other) / now) / slope * DAYS_PER_YEAR
        burden, end = disease.death.burden_cells, self.years * DAYS_PER_YEAR
        alone = float(self.growth.days(burden)[0]) / pace if burden < self.growth.most else math.inf
        horizon = min(end, other, alone)
        found = [Seed(primary, None, "", "primary", 0, 0.0, 0.0, pace)]
        for lesion in found:  # grows
            if lesion.founded < horizon:
                found += [s for s in self.founders(lesion, horizon, leaks, soil, pace) if s.identity not in without]
        death, cause = other, 2 if other < math.inf else 0
        if self.cells(found, horizon) >= burden or alone <= horizon:
            death, cause = self.day_of(burden, found, horizon), 1
        if death > end:
            death, cause = math.inf, 0
        return Patient(age, death, cause, traits, found)

    def founders(
        self, lesion: Seed, horizon: float, leaks: dict[str, float], soil: dict[str, float], pace: float
    ) -> list[Seed]:
        """What a lesion sheds by the horizon that founds one day."""
        first = lesion.parent is None
        share = 1.0 if first else self.disease.lesions.of(lesion.site, "secondary")
        if share == 0.0 or lesion.early == 0.0 or (not first and lesion.site not in self.disease.can_shed):
            return []
        rules = {s.route: s for s in self.disease.shedding}
        made = []
        for (route, site), walk in self.walks("primary" if first else lesion.site).items():
            rule = rules[route]
            onset = float(self.growth.days(rule.onset_cells)[0])
            own = lesion.own(horizon)
            if own <= onset:
                continue
            before = float(self.growth.shed(onset, rule.exponent)[0])
            by_horizon = float(self.growth.shed(own, rule.exponent)[0]) - before
            a_unit = (
                share
                * rule.per_day
                * rule.at_cells**-rule.exponent
                * leaks[route]
                * lesion.pace ** (rule.per_division - 1.0)
            )
            whole = a_unit * by_horizon * walk.share * self.disease.efficiency_in(site) * soil[site]
            clock, reached, amounts = self.clock(route, site), 0.0, []
            for k in itertools.count():
                reached += -math.log(uniforms(lesion.identity, k, CLOCK | clock, self.key)[0])
                if reached >= whole:
                    break
                amounts.append(before + by_horizon * (reached / whole))
            days = self.growth.days_of_shed(amounts, rule.exponent) if amounts else []
            for k, own in enumerate(days):
                day = lesion.day(float(own))
                identity = self.identity(lesion.identity, k, FOUNDER | clock)
                founded = day + walk.hours(identity) / 24.0
                own_pace = pace * self.ratio(site, identity)
                made.append(self.begun(Seed(identity, lesion.identity, route, site, k, day, founded, own_pace)))
        return made

    def ratio(self, site: str, identity: int) -> float:
        """How many times as fast as the primary a lesion grows."""
        lesions = self.disease.lesions
        spread = lesions.of(site, "growth_spread")
        if spread == 0.0:
            return lesions.of(site, "growth_ratio")
        u = uniforms(identity, 0, GROWTH, self.key)[0]
        return lesions.of(site, "growth_ratio") * math.exp(math.sqrt(3.0) * spread * (2.0 * u - 1.0))

    def early(self, site: str) -> tuple[float, float]:
        """Chance that a founder is gone at the end of the early phase, and 1 - q of the geometric law of the rest."""
        less = self.growth.slope
        birth = less / self.disease.lesions.of(site, "establishment")
        grown = math.exp(less * self.disease.lesions.early_days)
        death = birth - less
        return death * (grown - 1) / (birth * grown - death), less / (birth * grown - death)

    def begun(self, lesion: Seed) -> Seed:
        """A founder with its early size, its anchor and its sleep."""
        lesions = self.disease.lesions
        u_early, u_sleep, u_whether = uniforms(lesion.identity, 0, LESION, self.key)
        gone, one = self.early(lesion.site)
        if u_early < gone:
            return replace(lesion, early=0.0, anchor=lesion.founded)
        cells = 1.0 + math.floor(math.log((1 - u_early) / (1 - gone)) / math.log1p(-one)) if one < 1.0 else 1.0
        own = float(self.growth.days(cells)[0])
        made = replace(lesion, early=cells, anchor=lesion.founded + (lesions.early_days - own) / lesion.pace)
        if u_whether < lesions.of(lesion.site, "asleep"):
            made.asleep = max(float(self.growth.days(lesions.asleep_cells)[0]), own)
            made.slept = -math.log(u_sleep) * lesions.of(lesion.site, "asleep_years") * DAYS_PER_YEAR
        return made

    # Death by burden.

    def cells(self, lesions: list[Seed], day: float) -> float:
        """Cells of a patient that kill together, on a day."""
        total = 0.0
        for lesion in lesions:
            if lesion.site in (self.disease.death.not_counted or ()):
                continue
            if lesion.early > 0 and day > lesion.founded and (own := lesion.own(day)) > 0:
                total += float(self.growth.size(own)[0])
        return total

    def day_of(self, burden: float, lesions: list[Seed], latest: float) -> float:
        """When all cells together come to a number, by halving."""
        low, high = 0.0, latest
        while high - low > 1e-13 * high:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.cells(lesions, middle) >= burden else (middle, high)
        return high
