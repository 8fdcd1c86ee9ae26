"""A slow, readable simulator of diagnosed and treated patients on the same draws: what the kernel must do.

Written from the rules.  A lesion's own time is a list of pieces, each with a pace; care begins a new piece.  First the
patient runs the natural course, which says when the tumour becomes known, and then the same one again under the care.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from scipy import stats

from cascade.model.treatments import Treatment
from cascade.patient.clinic.care import Systemic
from cascade.patient.clinic.cells import only_kills, shedding_factor, treated, treatment_of
from cascade.patient.clinic.eyes import Sight
from cascade.patient.clinic.presentation import Symptoms
from cascade.patient.disease import Disease
from cascade.patient.founding import Founding, foundings
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers.reference import RARE, exactly, holds_rare, uniforms, words
from helpers.reference_patients import (
    CLOCK,
    FATE,
    FOUNDER,
    PATIENT,
    RARE_VISIT,
    VISIT,
    Ground,
    Patients,
    Place,
    Seed,
    Walk,
    _at,
    grounds,
)  # fmt: skip

EYE, SYMPTOM, KILL, SCREEN, LOOK, CARE = (kind << 24 for kind in (14, 15, 16, 17, 18, 19))
STRIP_CLOCK, STRIP_FOUNDER = 32, 64
BED = 256
"""Added to the numbers of draws of what grows where the primary was."""

PRIMARY_PLACE = 0xFFFF


@dataclass
class Stretch:
    """A time of the care, from a day on, with all that is given together.

    ``kills``: treatments that begin; ``spares``: share of the cells that live on of those that divide first in it.
    """

    day: float
    slow: float = 1.0
    wake: float = 1.0
    kills: tuple[int, ...] = ()
    regime: tuple[int, ...] = ()
    spares: float = 1.0


@dataclass
class Piece:
    """Of the own time of a lesion: from a day on it grows by ``pace``."""

    day: float
    end: float
    own: float
    pace: float
    stretch: int
    bed: bool

    def at(self, day: float) -> float:
        return self.own + self.pace * (day - self.day)

    @property
    def last(self) -> float:
        return self.at(self.end)


@dataclass
class Lesion(Seed):
    """A lesion with its pieces."""

    pieces: list[Piece] = field(default_factory=list)
    gone: float = math.inf
    node: int = 0
    killed: int = 0

    def piece(self, day: float) -> Piece | None:
        """That in which a day lies."""
        for piece in self.pieces:
            if piece.day <= day < piece.end:
                return piece
        return None

    def size_own(self, day: float) -> float:
        """Own time on a day; minus infinity where there is nothing."""
        piece = self.piece(day)
        return -math.inf if piece is None or self.early == 0.0 else piece.at(day)


@dataclass
class Plan:
    """What is done for one patient: days; no surgery where infinite."""

    stretches: list[Stretch]
    surgery: float = math.inf
    left: bool = False
    again: float = math.inf


@dataclass
class Row:
    """One patient as the register tells; days but for the age."""

    age: float
    traits: list[float]
    lesions: list[Lesion]
    death: float
    cause: int
    diagnosed: float = math.inf
    mode: int = 0
    screens: int = 0
    cells: float = 0.0
    visible: float = math.inf
    surgery: float = math.inf
    removed: int = 0
    positive: int = -1
    seen: bool = False
    there: list[int] = field(default_factory=list)
    seen_at: list[float] = field(default_factory=list)
    seeded: int = 0
    seeded_early: int = 0
    local: float = math.inf
    distant: float = math.inf
    truly: float = math.inf
    strips: int = 0
    given: set[int] = field(default_factory=set)


@dataclass
class Person:
    """What a patient brings."""

    identity: int
    age: float
    traits: list[float]
    pace: float
    leaks: dict[str, float]
    soil: dict[str, float]
    other: float
    kind: str


class Clinics(Patients):
    """The rules of a disease under a care, one patient at a time."""

    def __init__(self, disease: Disease, seed: int, years: float, care: str) -> None:
        super().__init__(disease, seed, years)
        self.care = disease.care_of(care)
        self.end = years * DAYS_PER_YEAR
        self.of_cells: list[Treatment | None] = [treatment_of(disease, given) for given in self.care.systemic]
        self.known: dict[tuple[str, str, tuple[int, ...]], tuple[Ground, bool, float]] = {}
        self.bounds: dict[tuple[str, str, str, tuple[tuple[int, ...], ...]], float] = {}
        self.eye = {eye.name: (i, eye) for i, eye in enumerate(disease.eyes)}

    def days_of(self, cells: float) -> float:
        """Own time of a size."""
        return float(self.growth.days(cells)[0]) if cells < self.growth.most else math.inf

    def sum(self, own: float, exponent: float) -> float:
        """Of shedding, or symptoms, by own time."""
        return float(self.growth.shed(max(own, 0.0), exponent)[0])

    # Who it is.

    def person(self, number: int) -> Person:
        """Traits, and what they act on."""
        disease = self.disease
        primary = self.identity(number, 0, PATIENT)
        u_age, u_other, u_kind = uniforms(primary, 0, FATE, self.key)
        low, high = disease.tumour.onset_age_years
        age = low + u_age * (high - low)
        traits = self.traits(primary)
        kind = disease.subtypes[_at([s.share for s in disease.subtypes], u_kind)] if disease.subtypes else None

        def product(*names: str) -> float:
            found = zip(traits, disease.traits, strict=True)
            return math.prod(z for z, trait in found if set(names) & set(trait.acts_on))

        leaks, soil = {}, {}
        for rule in disease.shedding:
            times = kind.shedding.get(rule.route, 1.0) if kind else 1.0
            leaks[rule.route] = product(f"shedding.{rule.route}") * times
        for site in disease.sites:
            soil[site] = product(f"soil.{site}", "seeding") * (kind.soil.get(site, 1.0) if kind else 1.0)
        other = math.inf
        if law := disease.death.other:
            slope = math.log(2) / law.doubling_years
            now = law.per_year * math.exp(slope * (age - law.at_age))
            other = math.log1p(slope * -math.log(u_other) / now) / slope * DAYS_PER_YEAR
        pace = product("growth") * (kind.growth if kind else 1.0)
        return Person(primary, age, traits, pace, leaks, soil, other, kind.name if kind else "")

    # How a lesion grows under a plan.

    def grown(self, made: Lesion, plan: Plan) -> Lesion:
        """With its pieces, to the end of the years."""
        lesions, day, asleep_left = self.disease.lesions, made.founded, made.slept
        first = made.parent is None
        own = made.pace * (day - made.anchor)
        since, early = 0.0, not first
        bed = False
        if made.early == 0.0:
            return made
        ends = [stretch.day for stretch in plan.stretches[1:]] + [math.inf]
        for s, (stretch, end) in enumerate(zip(plan.stretches, ends, strict=True)):
            if end <= made.founded:
                continue
            if stretch.day >= made.founded:
                if stretch.day == plan.surgery and (first or self.taken(made)):
                    if not first or not plan.left:
                        made.gone = stretch.day
                        return made
                    left = self.care.surgery.left_cells if self.care.surgery else 0.0
                    own, bed = min(self.days_of(left), own), True
                if first and stretch.day == plan.again:
                    made.gone = stretch.day
                    return made
                for i in stretch.kills:
                    cells = float(self.growth.size(own)[0]) if own > 0 else 1.0
                    if early and since < lesions.early_days:
                        cells = made.early ** (since / lesions.early_days)
                    u, resists, _ = uniforms(made.identity, i, KILL, self.key)
                    if self.spared(i, cells) or resists < (self.care.systemic[i].resistant or 0.0):
                        continue
                    left_cells = self.survivors(made, i, cells, u)
                    if left_cells == 0.0:
                        made.gone = stretch.day
                        made.killed += 1
                        return made
                    made.killed += left_cells < cells
                    own, early = self.days_of(left_cells), False
            day = max(stretch.day, made.founded)
            until = min(end, self.end)
            while day < until:
                if own < made.asleep or asleep_left <= 0.0:
                    pace, stop = made.pace * stretch.slow, until
                    sleeps = own < made.asleep and day + (made.asleep - own) / pace < until
                    if sleeps:
                        stop = day + (made.asleep - own) / pace
                    made.pieces.append(Piece(day, stop, own, pace, s, bed))
                    since += pace * (stop - day)
                    own = made.asleep if sleeps else own + pace * (stop - day)
                else:
                    stop = min(until, day + asleep_left / stretch.wake if stretch.wake > 0 else math.inf)
                    asleep_left = 0.0 if stop < until else asleep_left - stretch.wake * (stop - day)
                    made.pieces.append(Piece(day, stop, own, 0.0, s, bed))
                day = stop
        return made

    def spared(self, i: int, cells: float) -> bool:
        """Whether a lesion is too large for a treatment to kill cells of it."""
        given = self.care.systemic[i]
        return given.log_kill == 0.0 or self.disease.mm(cells) >= given.kill_below_mm

    def survivors(self, made: Lesion, i: int, cells: float, u: float) -> float:
        """Cells after the first day of a treatment that kills."""
        e = 1.0 if made.parent is None else self.disease.lesions.of(made.site, "establishment")
        mean = cells * 10.0 ** -self.care.systemic[i].log_kill * e
        if mean > 64.0:
            lineages = mean
        else:
            lineages = 0
            while stats.poisson.cdf(lineages, mean) <= u:
                lineages += 1
        return 0.0 if lineages == 0 else min(cells, max(1.0, lineages / e))

    def node(self, identity: int) -> int:
        """Where in its station a lesion lies."""
        nodes = self.disease.pathologist.nodes if self.disease.pathologist else 1
        return int(uniforms(identity, 0, SYMPTOM, self.key)[1] * nodes)

    def taken(self, made: Lesion) -> bool:
        """Whether its node is taken out, or irradiated."""
        rays = self.care.radiotherapy
        return self.removed(made) or (rays is not None and made.site in rays.nodes)

    def removed(self, made: Lesion) -> bool:
        """Whether its node is taken out."""
        pathologist = self.disease.pathologist
        return pathologist is not None and made.site in pathologist.stations and made.node < pathologist.removed

    # What lesions shed.

    def founding(self, source: str, route: str) -> Founding:
        """Of cells of a source on a route."""
        return next(f for f in foundings(self.disease.cancer, source) if f.route == route)

    def under(self, source: str, route: str, regime: tuple[int, ...]) -> tuple[Ground, bool, float]:
        """Cells under some treatments: how they go; whether these only kill; the factor on shedding."""
        if (source, route, regime) not in self.known:
            founding = self.founding(source, route)
            given = tuple(t for i in regime if (t := self.of_cells[i]))
            plain = grounds(self.disease.cancer, source)[route]
            ground = Ground(treated(founding.model, given)) if given else plain
            factor = shedding_factor(founding, given) if given else 1.0
            self.known[source, route, regime] = ground, only_kills(founding.model, given), factor
        return self.known[source, route, regime]

    def founders(self, lesion: Lesion, person: Person, plan: Plan, horizon: float) -> list[Lesion]:  # type: ignore[override]
        """What a lesion sheds by the horizon that founds one day."""
        first = lesion.parent is None
        share = 1.0 if first else self.disease.lesions.of(lesion.site, "secondary")
        if share == 0.0 or lesion.early == 0.0 or (not first and lesion.site not in self.disease.can_shed):
            return []
        rules = {rule.route: rule for rule in self.disease.shedding}
        source, made = "primary" if first else lesion.site, []
        for (route, site), walk in self.walks(source).items():
            rule = rules[route]
            onset = self.days_of(rule.onset_cells)
            a_unit = share * rule.per_day * rule.at_cells**-rule.exponent * person.leaks[route]
            a_unit *= walk.share * self.disease.efficiency_in(site) * person.soil[site]
            runs, total = [], 0.0
            for piece in lesion.pieces:
                low, high = max(piece.own, onset), piece.at(min(piece.end, horizon))
                if piece.day >= horizon or piece.pace == 0.0 or high <= low:
                    continue
                factor = self.under(source, route, plan.stretches[piece.stretch].regime)[2]
                each = a_unit * piece.pace ** (rule.per_division - 1.0) * factor
                begin = self.sum(low, rule.exponent)
                amount = each * (self.sum(high, rule.exponent) - begin)
                runs.append((total, total + amount, piece, begin, each))
                total += amount
            if total == 0.0:
                continue
            clock = self.clock(route, site)
            most = self.heaviest(source, route, site, plan)
            for m in itertools.count():
                scale = 1.0 if m == 0 else 2.0 ** (m - 1)
                if m > 0 and scale >= most:
                    break
                kind = CLOCK if m == 0 else (STRIP_CLOCK + m) << 24
                named = FOUNDER if m == 0 else (STRIP_FOUNDER + m) << 24
                reached, rung = 0.0, []
                for k in itertools.count():
                    ring, v, _ = uniforms(lesion.identity, k, kind | clock, self.key)
                    reached += -math.log(ring) / scale
                    if reached >= total:
                        break
                    run = next(run for run in runs if reached < run[1])
                    amount = run[3] + (reached - run[0]) / run[4]
                    rung.append((v if m == 0 else scale * (1.0 + v), run[2], amount))
                days = self.growth.days_of_shed([amount for _, _, amount in rung], rule.exponent) if rung else []
                for k, ((latent, piece, _), own) in enumerate(zip(rung, days, strict=True)):
                    day = piece.day + (float(own) - piece.own) / piece.pace
                    identity = self.identity(lesion.identity, k, named | clock)
                    founded, weight = self.life(identity, walk, source, route, site, day, plan)
                    at = next(stretch for stretch in reversed(plan.stretches) if stretch.day <= founded)
                    if not latent < weight * at.spares:
                        continue
                    pace = person.pace * self.ratio(site, identity)
                    seed = self.begun(Seed(identity, lesion.identity, route, site, k, day, founded, pace))
                    new = Lesion(**vars(seed), node=self.node(identity))
                    if founded > plan.surgery and self.taken(new):
                        continue
                    self.strips += m > 0
                    made.append(self.grown(new, plan))
        return made

    def heaviest(self, source: str, route: str, site: str, plan: Plan) -> float:
        """A bound of all weights of founders."""
        regimes = tuple(stretch.regime for stretch in plan.stretches)
        if (source, route, site, regimes) not in self.bounds:
            self.bounds[source, route, site, regimes] = self.bound(source, route, site, regimes)
        return self.bounds[source, route, site, regimes]

    def bound(self, source: str, route: str, site: str, regimes: tuple[tuple[int, ...], ...]) -> float:
        """The product of the largest changes of a weight."""
        most, before = 1.0, self.under(source, route, ())[0].chance[site]
        for regime in regimes:
            ground, kills, _ = self.under(source, route, regime)
            now = self.under(source, route, ())[0].chance[site] if kills else ground.chance[site]
            if now is not before:
                most *= max(1.0, max(now[x] / before[x] for x in before if before[x] > 0.0))
            before = now
        return most

    def life(
        self, cell: int, walk: Walk, source: str, route: str, site: str, shed: float, plan: Plan
    ) -> tuple[float, float]:
        """Day on which a founder-to-be founds, and its weight then."""
        plain = self.under(source, route, ())[0]
        s = max(i for i, stretch in enumerate(plan.stretches) if stretch.day <= shed)

        def told(s: int) -> tuple[Ground, dict[Place, float], Ground]:
            ground, kills, _ = self.under(source, route, plan.stretches[s].regime)
            moving = plain if kills else ground
            return moving, moving.chance[site], ground

        place, day, visit = walk.begin(cell), shed, 0
        moving, chance, ground = told(s)
        weight = chance[place] / plain.chance[site][place]
        while place[0] not in walk.goals:
            wait, _, choice = uniforms(cell, visit, VISIT, self.key)
            left = -math.log(wait)  # of a unit exponential
            while True:
                due = day + left / moving.total[place] / 24.0
                change = plan.stretches[s + 1].day if s + 1 < len(plan.stretches) else math.inf
                stop = min(due, change)
                if moving is not ground:
                    weight *= math.exp(-(ground.total[place] - moving.total[place]) * 24.0 * (stop - day))
                if due <= change:
                    day = due
                    break
                left -= (change - day) * 24.0 * moving.total[place]
                day, s, old = change, s + 1, chance
                moving, chance, ground = told(s)
                weight *= chance[place] / old[place]
            ways = [(to, h * chance.get(to, 0.0)) for to, h in moving.moves[place] if h > 0]
            ways = [way for way in ways if way[1] > 0.0]
            weights = [w for _, w in ways]
            if holds_rare(weights, RARE):
                high = words(cell, visit, VISIT, self.key)[3]
                low = words(cell, visit, RARE_VISIT, self.key)[0]
                place = ways[exactly(weights, high << 32 | low)][0]
            else:
                place = ways[_at(weights, choice)][0]
            visit += 1
        return day, weight

    # A whole course.

    def course(self, person: Person, plan: Plan) -> tuple[list[Lesion], float, int]:
        """Lesions, day of death and its cause."""
        killing = self.disease.death
        horizon = min(self.end, person.other)
        first = Lesion(person.identity, None, "", "primary", 0, 0.0, 0.0, person.pace)
        found = [self.grown(first, plan)]
        for lesion in found:  # grows
            alone = math.inf if lesion.site in (killing.not_counted or ()) else killing.burden_cells
            if lesion.parent is None and killing.primary_cells is not None:
                alone = min(alone, killing.primary_cells)
            alone = min(alone, killing.organs.get(lesion.site, alone))
            for piece in lesion.pieces:
                if lesion.founded < horizon and (own := self.days_of(alone)) <= piece.last and piece.pace > 0:
                    horizon = min(horizon, max(piece.day, piece.day + (own - piece.own) / piece.pace))
            if lesion.founded < horizon:
                found += self.founders(lesion, person, plan, horizon)
        cuts = [s.day for s in plan.stretches if s.day < horizon] + [horizon]
        for low, high in itertools.pairwise(cuts):
            # What is done on the last day of a stretch has not been done within it.
            before = math.nextafter(high, 0.0)
            if self.kills(found, before):
                while high - low > 1e-13 * high:
                    middle = 0.5 * (low + high)
                    low, high = (low, middle) if self.kills(found, middle) else (middle, high)
                return found, high, 1
        if horizon < min(self.end, person.other):
            return found, horizon, 1
        return (found, person.other, 2) if person.other <= self.end else (found, math.inf, 0)

    def kills(self, lesions: list[Lesion], day: float) -> bool:
        """Whether cells kill on a day."""
        killing, by_site = self.disease.death, dict[str, float]()
        for lesion in lesions:
            if lesion.founded < day and (own := lesion.size_own(day)) > 0:
                by_site[lesion.site] = by_site.get(lesion.site, 0.0) + float(self.growth.size(own)[0])
        counted = [cells for site, cells in by_site.items() if site not in (killing.not_counted or ())]
        if sum(counted) >= killing.burden_cells:
            return True
        if killing.primary_cells is not None and by_site.get("primary", 0.0) >= killing.primary_cells:
            return True
        return any(by_site.get(site, 0.0) >= cells for site, cells in killing.organs.items())

    # Symptoms and eyes.

    def symptoms(self, lesion: Lesion, bed: bool = False) -> float:
        """Day of the symptoms of a lesion, or of what grows where the primary was."""
        of: Symptoms | None = None
        if (presentation := self.disease.presentation) is not None:
            of = presentation.primary if lesion.parent is None else presentation.of(lesion.site)
        if of is None or of.per_year == 0.0:
            return math.inf
        left = -math.log(uniforms(lesion.identity, BED if bed else 0, SYMPTOM, self.key)[0])
        least = self.days_of(self.disease.cells_of(of.least_mm))
        rate = of.per_year / DAYS_PER_YEAR * self.disease.cells_of(of.at_mm) ** -of.exponent
        for piece in lesion.pieces:
            if piece.bed != bed or piece.pace == 0.0 or piece.last <= least:
                continue
            begin = self.sum(max(piece.own, least), of.exponent)
            amount = rate * (self.sum(piece.last, of.exponent) - begin) / piece.pace
            if amount >= left * (1.0 - 1e-12):  # a symptom that led to care on its very day comes before this care
                own = float(self.growth.days_of_shed(begin + left * piece.pace / rate, of.exponent)[0])
                return min(piece.day + (own - piece.own) / piece.pace, piece.end)
            left -= amount
        return math.inf

    def sight(self, eye: str, lesion: Lesion) -> Sight | None:
        """How an eye sees a lesion, where it looks there in this patient."""
        i, of = self.eye[eye]
        first = lesion.parent is None
        sight = of.primary if first else of.of(lesion.site, self.disease.kinds[lesion.site])
        place = PRIMARY_PLACE if first else self.places.index(lesion.site)
        if sight is None or uniforms(self.who, i << 16 | place, LOOK, self.key)[0] >= sight.looked_at:
            return None
        return sight

    def seen_from(self, eye: str, lesion: Lesion, bed: bool = False) -> float:
        """Own time from which on an eye sees a lesion."""
        sight = self.sight(eye, lesion)
        if sight is None:
            return math.inf
        u = uniforms(lesion.identity, self.eye[eye][0] + BED * bed, EYE, self.key)[0]
        if u >= sight.most:
            return math.inf
        return self.days_of(self.disease.cells_of(sight.half_mm * (u / (sight.most - u)) ** sight.width))

    def sees(self, eye: str, lesion: Lesion, day: float, symptoms: dict[str, float]) -> bool:
        """Whether an eye sees a lesion on a day; ``symptoms``: the first of each site."""
        piece = lesion.piece(day)
        if piece is None or lesion.early == 0.0 or (sight := self.sight(eye, lesion)) is None:
            return False
        if sight.only_with_symptoms and symptoms.get(lesion.site, math.inf) > day:
            return False
        return piece.at(day) >= self.seen_from(eye, lesion, piece.bed)

    # The patient.

    def patient(self, number: int) -> Row:  # type: ignore[override]
        """All that the register tells of a patient."""
        person = self.person(number)
        self.who, self.strips = person.identity, 0
        presentation, care = self.disease.presentation, self.care
        assert presentation is not None
        lesions, death, cause = self.course(person, Plan([Stretch(0.0)]))
        row = Row(person.age, person.traits, lesions, death, cause)
        row.there = [0] * len(self.disease.sites)
        row.seen_at = [math.inf] * len(self.disease.sites)
        primary, alive = lesions[0], min(death, self.end)

        ways = [(self.symptoms(primary), 1)]
        ways += [(self.symptoms(lesion), 3) for lesion in lesions[1:]]
        visits = []
        for c, screening in enumerate(presentation.screening):
            u, comes, _ = uniforms(person.identity, c, SCREEN, self.key)
            for k in itertools.count():
                at = screening.from_age + screening.every_years * (u + k)
                if at > screening.to_age or comes >= screening.attends:
                    break
                day = (at - person.age) * DAYS_PER_YEAR
                visits.append(day)
                if day > 0.0 and self.sees(screening.eye, primary, day, {}):
                    ways.append((day, 2))
        known, mode = min(ways)
        staging = care.staging if care.staging is not None else presentation.staging
        eyes = [*staging, *(screening.eye for screening in presentation.screening)]
        row.visible = min((self.seen_from(eye, primary) for eye in eyes), default=math.inf) / person.pace
        if known > alive:
            return row
        row.diagnosed, row.mode = known, mode
        row.screens = sum(day < known for day in visits)
        row.cells = float(self.growth.size(primary.size_own(known))[0])
        there = [lesion for lesion in lesions[1:] if lesion.founded <= known and lesion.early > 0]
        signs = self.by_site(lesions)
        for lesion in there:
            row.there[self.disease.sites.index(lesion.site)] += 1
            seen = any(self.sees(eye, lesion, known, signs) for eye in staging) or self.symptoms(lesion) == known
            if self.disease.kinds[lesion.site] == "distant":
                row.seeded += 1
                row.seeded_early += lesion.shed < row.visible
                row.seen |= seen

        sight, local = known if row.seen else math.inf, math.inf
        self.cared_for(person, row, staging, sight, local)
        # What waits for something to be seen begins: what is seen first goes first.
        for _ in range(2):
            operates = care.surgery is not None and bool(care.surgery.again) and local == math.inf
            operates = operates and (care.surgery.if_seen or row.local < row.distant)  # type: ignore[union-attr]
            waits = {"metastasis": row.distant if sight == math.inf else math.inf}
            waits["local"] = row.local if operates else math.inf
            what = min(waits, key=lambda name: waits[name])
            if waits[what] == math.inf:
                break
            sight, local = (waits[what], local) if what == "metastasis" else (sight, waits[what])
            self.cared_for(person, row, staging, sight, local)
        return row

    def cared_for(self, person: Person, row: Row, staging: tuple[str, ...], sight: float, local: float) -> None:
        """The course under the care, and what is seen of it, of a patient in whom a metastasis is seen on a day.

        ``local``: the day on which something is seen where the primary was, which is taken out.
        """
        row.surgery, row.removed, row.positive = math.inf, 0, -1
        row.seen_at = [math.inf] * len(self.disease.sites)
        row.local = row.distant = row.truly = math.inf
        plan = self.plan(person, row, nodes=False, sight=sight, local=local)
        lesions, death, cause = self.course(person, plan)
        if plan.surgery < min(death, self.end):
            row.surgery = plan.surgery
            pathologist = self.disease.pathologist
            if pathologist is not None:
                least = self.days_of(self.disease.cells_of(pathologist.least_mm))
                row.removed = pathologist.removed * len(pathologist.stations)
                before = math.nextafter(plan.surgery, 0.0)
                row.positive = len(
                    {
                        (lesion.site, lesion.node)
                        for lesion in lesions[1:]
                        if self.removed(lesion) and lesion.size_own(before) >= least
                    }
                )
            if row.positive > 0:
                plan = self.plan(person, row, nodes=True, sight=sight, local=local)
                lesions, death, cause = self.course(person, plan)
        row.lesions, row.death, row.cause, row.strips = lesions, death, cause, self.strips
        row.given = {i for stretch in plan.stretches if stretch.day <= min(death, self.end) for i in stretch.kills}
        self.watched(row, staging)
        row.local = min(row.local, local)

    def by_site(self, lesions: list[Lesion]) -> dict[str, float]:
        """The first symptoms of lesions of each site."""
        signs = dict[str, float]()
        for lesion in lesions[1:]:
            signs[lesion.site] = min(signs.get(lesion.site, math.inf), self.symptoms(lesion))
        return signs

    def plan(self, person: Person, row: Row, *, nodes: bool, sight: float, local: float) -> Plan:
        """What is done, once it is known who is given what, and when a metastasis is seen first."""
        care, plan = self.care, Plan([])
        days = {0.0}
        if care.surgery is not None and (care.surgery.if_seen or not row.seen):
            plan.surgery = row.diagnosed + care.surgery.delay_days
            share = care.surgery.local_recurrence * (care.radiotherapy.local_factor if care.radiotherapy else 1.0)
            plan.left = uniforms(person.identity, 0, CARE, self.key)[0] < share
            plan.again = local + care.surgery.delay_days
            days |= {plan.surgery, plan.again} - {math.inf}
        spells = []
        for i, given in enumerate(care.systemic):
            since = {"surgery": plan.surgery, "diagnosis": row.diagnosed, "metastasis seen": sight}[given.begins]
            begin = since + given.after_days
            fits = {"all": True, "none seen": not row.seen, "metastasis seen": row.seen, "nodes": nodes}
            picked = uniforms(person.identity, 1 + i, CARE, self.key)[0] < given.share
            picked = picked and (given.subtypes is None or person.kind in given.subtypes)
            if begin < math.inf and fits[given.given_to] and picked:
                spells.append((i, begin, begin + given.for_years * DAYS_PER_YEAR))
        days |= {day for _, begin, end in spells for day in (begin, end)}
        for day in sorted(days):
            now = [i for i, begin, end in spells if begin <= day < end]
            plan.stretches.append(
                Stretch(
                    day,
                    math.prod(care.systemic[i].slows for i in now),
                    math.prod(care.systemic[i].wakes for i in now),
                    tuple(i for i, begin, _ in spells if begin == day),
                    tuple(i for i in now if self.of_cells[i] is not None),
                    math.prod(self.left(care.systemic[i]) for i in now if not self.spared(i, 1.0)),
                )
            )
        return plan

    @staticmethod
    def left(given: Systemic) -> float:
        """Share of the cells that begin a lesion which a treatment leaves alive."""
        return 1.0 - (1.0 - (given.resistant or 0.0)) * (1.0 - 10.0**-given.log_kill)

    def watched(self, row: Row, staging: tuple[str, ...]) -> None:
        """What is seen from diagnosis on."""
        care, known = self.care, row.diagnosed
        last = min(row.death, self.end)
        signs = self.by_site(row.lesions)
        looks: list[tuple[float, tuple[str, ...]]] = [(known, staging)]
        base = row.surgery if row.surgery < math.inf else known
        for visits in care.visits:
            number = math.floor(visits.for_years / visits.every_years * (1 + 1e-12))
            after = [(k + 1) * visits.every_years * DAYS_PER_YEAR for k in range(number)]
            looks += [(base + days, visits.eyes) for days in after]
        looks = sorted(look for look in looks if look[0] <= last)
        eyes = {eye for visits in care.visits for eye in visits.eyes} or set(staging)
        self.looked(row, looks, eyes, signs)
        if row.seen:
            row.distant = row.truly = known
        elif care.restaging and row.distant < math.inf:
            looks.append((row.distant, care.restaging))
            self.looked(row, looks, eyes, signs)
        bed = row.lesions[0]
        days = []
        for day, seeing in looks[1:]:
            piece = bed.piece(day)
            if piece is not None and piece.bed and any(self.sees(eye, bed, day, {}) for eye in seeing):
                days.append(day)
        sign = self.symptoms(bed, bed=True)
        row.local = min([math.inf, *days, *([sign] if sign <= last else [])])

    def looked(
        self, row: Row, looks: list[tuple[float, tuple[str, ...]]], eyes: set[str], signs: dict[str, float]
    ) -> None:
        """When lesions are seen, by so many looks or by symptoms."""
        known, last = row.diagnosed, min(row.death, self.end)
        for lesion in row.lesions[1:]:
            if lesion.founded > last or lesion.early == 0.0:
                continue
            days = [day for day, seeing in looks if any(self.sees(eye, lesion, day, signs) for eye in seeing)]
            sign = self.symptoms(lesion)
            days += [sign] if sign <= last else []
            j = self.disease.sites.index(lesion.site)
            row.seen_at[j] = min([row.seen_at[j], *days])
            if self.disease.kinds[lesion.site] == "distant":
                row.distant = min([row.distant, *days])
                row.truly = min(
                    row.truly, self.ever(lesion, eyes, signs, known, last), sign if sign <= last else row.truly
                )

    def ever(self, lesion: Lesion, eyes: set[str], signs: dict[str, float], known: float, last: float) -> float:
        """The first day, from diagnosis on, on which an eye could see a lesion."""
        first = math.inf
        for eye in sorted(eyes):
            own, sight = self.seen_from(eye, lesion), self.sight(eye, lesion)
            if sight is None or own == math.inf:
                continue
            since = signs.get(lesion.site, math.inf) if sight.only_with_symptoms else known
            for piece in lesion.pieces:
                begin = max(piece.day, known, since)
                if begin >= piece.end:
                    continue
                day = begin if piece.at(begin) >= own else math.inf
                if day == math.inf and piece.last >= own and piece.pace > 0:
                    day = piece.day + (own - piece.own) / piece.pace
                if day <= last:
                    first = min(first, day)
        return first
