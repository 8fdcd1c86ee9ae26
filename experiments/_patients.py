"""How fast patients are: the kernel against NumPy over patients, and against plain Python event by event.

Both rivals simulate the same disease with the same outputs (lesions by time, group and level: their sum, the patients
with any; and patients by number of founders), and draw delays from tables of quantiles instead of living lives. Neither
can tell a patient again, or the same patient under another disease.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import cascade
from cascade.patient.delays import delays_of
from cascade.patient.kernel.inputs import EXPONENTIAL, GOMPERTZ, Rules
from cascade.patient.laws import Laws
from cascade.patient.lowered import group_names, rules_of

QUANTILES = 512
Best = Callable[[int, Callable[[], object]], tuple[float, object]]
Target = tuple[str, float, float, str]
YEAR = 365.25


@dataclass(frozen=True)
class Bench:
    """A disease as both rivals read it."""

    rules: Rules
    quantiles: np.ndarray  # (W, QUANTILES) days from shedding to founding
    groups: int

    @classmethod
    def of(cls, disease: cascade.Disease, years: float, sizes: tuple[float, ...]) -> Bench:
        """Tables; delays from their exact laws."""
        rules = rules_of(disease, years, tuple(float(y) for y in range(int(years) + 1)), sizes)
        if rules.curve.law not in (EXPONENTIAL, GOMPERTZ):
            raise ValueError("the rivals know exponential and Gompertz growth")
        if not rules.sites.counted.all():
            raise ValueError("the rivals count the lesions of all sites among the cells that kill")
        rows, ranks = [], (np.arange(QUANTILES) + 0.5) / QUANTILES
        days = np.geomspace(1e-4, 70_000.0, 2000)
        for delays in delays_of(disease):
            for w in range(delays.awake.shape[1]):
                shares = delays.founded(days, w) + 1e-14 * np.arange(len(days))
                rows.append(np.interp(ranks, shares, days))
        return cls(rules, np.array(rows), len(group_names(disease)))

    def log_size(self, own: np.ndarray) -> np.ndarray:
        """Logarithm of the cells."""
        c = self.rules.curve
        if c.law == EXPONENTIAL:
            return c.rate * own
        return c.limit * -np.expm1(-c.rate / c.limit * own)

    def own(self, logs: np.ndarray) -> np.ndarray:
        """Own time of a size."""
        c = self.rules.curve
        if c.law == EXPONENTIAL:
            return logs / c.rate
        return -np.log1p(-np.minimum(logs / c.limit, 1.0 - 1e-15)) * c.limit / c.rate


def with_numpy(bench: Bench, patients: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All patients at once, generation by generation: totals, patients with any, patients by number of founders."""
    rules, draw = bench.rules, np.random.default_rng(seed)
    p, shed, sites, ways = rules.patients, rules.shed, rules.sites, rules.ways
    traits = np.exp(p.spread * (draw.standard_normal((patients, len(p.spread))) @ p.lower.T) - 0.5 * p.spread**2)
    pace0 = np.prod(np.where(p.on_growth, traits, 1.0), axis=1)
    route = np.prod(np.where(p.on_route[None], traits[:, :, None], 1.0), axis=1)
    age = p.age_low + draw.random(patients) * (p.age_high - p.age_low)
    now = p.other_rate * np.exp(p.other_slope * age)
    death = np.log1p(p.other_slope * draw.exponential(size=patients) / now) / p.other_slope * YEAR
    alone = bench.own(np.array(rules.burden)) / pace0
    horizon = np.minimum(np.minimum(rules.horizon, death), alone)
    who, pace, anchor = np.arange(patients), pace0, np.zeros(patients)
    asleep, slept, origin, share = (
        np.full(patients, np.inf),
        np.zeros(patients),
        np.zeros(patients, int),
        np.ones(patients),
    )
    made: list[tuple[np.ndarray, ...]] = []
    while len(who):
        own = pace * (horizon[who] - anchor)
        own = np.where(own <= asleep, own, np.maximum(asleep, own - pace * slept))
        new = []
        for o in np.unique(origin):
            at = origin == o
            for r in range(len(shed.rate)):
                of = np.arange(ways.first[o], ways.first[o + 1])
                of = of[ways.route[of] == r]
                if not len(of):
                    continue
                total = np.interp(own[at], shed.own[r], shed.sum[r])
                factor = share[at] * shed.rate[r] * route[who[at], r] * pace[at] ** shed.gamma[r]
                number = draw.poisson(factor * total * ways.chance[of].sum())
                source = np.repeat(np.flatnonzero(at), number)
                amount = np.repeat(total, number) * draw.random(len(source))
                which = of[
                    np.searchsorted(np.cumsum(ways.chance[of]) / ways.chance[of].sum(), draw.random(len(source)))
                ]
                u = np.interp(amount, shed.sum[r], shed.own[r])
                day = anchor[source] + u / pace[source] + np.where(u > asleep[source], slept[source], 0.0)
                new.append((source, which, day))
        source, which, day = (np.concatenate(part) for part in zip(*new, strict=True))
        founded = day + bench.quantiles[which, (draw.random(len(which)) * QUANTILES).astype(int)]
        site, lost = ways.site[which], who[source]
        u, gone = draw.random(len(site)), sites.gone[ways.site[which]]
        cells = np.where(
            u < gone, 0.0, 1.0 + np.floor(np.log(np.maximum((1 - u) / (1 - gone), 1e-300)) / sites.log_q[site])
        )
        own = bench.own(np.log(np.maximum(cells, 1.0)))
        speed = pace0[lost] * sites.ratio[site]
        begin = founded + (rules.early - own) / speed
        sleeps = draw.random(len(site)) < sites.asleep[site]
        stop = np.where(sleeps, np.maximum(rules.asleep_own, own), np.inf)
        rest = np.where(sleeps, draw.exponential(size=len(site)) * sites.sleep_days[site], 0.0)
        made.append((lost, site, day, founded, cells, speed, begin, stop, rest))
        go = (founded < horizon[lost]) & (cells > 0) & (sites.origin[site] >= 0)
        who, pace, anchor, asleep, slept = lost[go], speed[go], begin[go], stop[go], rest[go]
        origin, share = sites.origin[site[go]], sites.secondary[site[go]]
    lost, site, day, founded, cells, speed, begin, stop, rest = (
        np.concatenate(part) for part in zip(*made, strict=True)
    )

    def burden(when: np.ndarray) -> np.ndarray:
        t = when[lost]
        own = speed * (t - begin)
        own = np.where(own <= stop, own, np.maximum(stop, own - speed * rest))
        grown = np.where((cells > 0) & (t > founded) & (own > 0), np.exp(bench.log_size(np.maximum(own, 0.0))), 0.0)
        return np.exp(bench.log_size(pace0 * when)) + np.bincount(lost, grown, patients)

    low, high = np.zeros(patients), horizon.copy()
    dies = (burden(horizon) >= math.exp(rules.burden)) | (alone <= horizon)
    for _ in range(30):
        middle = 0.5 * (low + high)
        over = burden(middle) >= math.exp(rules.burden)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    end = np.where(dies, high, np.where(death <= rules.horizon, death, np.inf))
    old = np.where(cells > 0, founded + rules.early / speed, np.inf)
    grown = [begin + own / speed + np.where(own > stop, rest, 0.0) for own in rules.sizes]
    levels = [day, founded, old, *(np.maximum(np.where(cells > 0, when, np.inf), old) for when in grown)]
    times, count = rules.times, len(rules.times)
    total, some = (np.zeros((bench.groups, len(levels), count), int) for _ in range(2))
    number = np.zeros((count, 65), int)
    last = np.searchsorted(times, end)
    for x, when in enumerate(levels):
        at = np.searchsorted(times, when)
        ok = at < last[lost]
        for column in range(3):
            group = sites.groups[site, column]
            # How many a patient has in a group at each time: counted from its first on, up to death.
            keys, place = np.unique(lost[ok] * bench.groups + group[ok], return_inverse=True)
            grid = np.zeros((len(keys), count + 1), int)
            np.add.at(grid, (place, at[ok]), 1)
            grid = np.cumsum(grid, axis=1)[:, :count] * (np.arange(count) < last[keys // bench.groups][:, None])
            np.add.at(total[:, x], keys % bench.groups, grid)
            np.add.at(some[:, x], keys % bench.groups, grid > 0)
            if x == 1 and column == 1:
                for t in range(count):
                    number[t] += np.bincount(np.minimum(grid[:, t], 64), minlength=65)
    return total, some, number


class Plain:
    """Patient by patient, event by event, in plain Python: the next founder of each source waits in a queue."""

    def __init__(self, bench: Bench, seed: int) -> None:
        rules = bench.rules
        self.rules, self.delays = rules, bench.quantiles.tolist()
        self.draw = random.Random(seed)  # noqa: S311 (a rival, not a secret)
        self.own, self.sum = rules.shed.own.tolist(), rules.shed.sum.tolist()
        self.chance, self.route_of = rules.ways.chance.tolist(), rules.ways.route.tolist()
        self.gompertz = rules.curve.law == GOMPERTZ
        levels = 3 + len(rules.sizes)
        self.total = [[[0] * len(rules.times) for _ in range(levels)] for _ in range(bench.groups)]
        # Ways of an origin by one route lie side by side.
        self.spans: dict[int, list[tuple[int, int, int]]] = {}
        for o, (first, stop) in enumerate(pairwise(rules.ways.first.tolist())):
            for r in range(len(rules.shed.rate)):
                of = [w for w in range(first, stop) if self.route_of[w] == r]
                self.spans.setdefault(o, []).extend([(r, of[0], of[-1] + 1)] if of else [])

    def log_size(self, own: float) -> float:
        """Logarithm of the cells at an own time."""
        c = self.rules.curve
        return c.limit * -math.expm1(-c.rate / c.limit * own) if self.gompertz else c.rate * own

    def own_time(self, logs: float) -> float:
        """Own time of a size."""
        c = self.rules.curve
        return -math.log1p(-logs / c.limit) * c.limit / c.rate if self.gompertz else logs / c.rate

    def _between(self, xs: list[float], ys: list[float], x: float) -> float:
        i = min(bisect.bisect_right(xs, x), len(xs) - 1)
        return ys[i - 1] + (ys[i] - ys[i - 1]) * (x - xs[i - 1]) / (xs[i] - xs[i - 1])

    def patient(self) -> int:
        """One patient; the number of founders-to-be."""
        rules, draw, p = self.rules, self.draw, self.rules.patients
        z = [draw.gauss(0, 1) for _ in p.spread]
        logs = [sum(a * b for a, b in zip(row, z, strict=True)) for row in p.lower.tolist()]
        trait = [math.exp(s * x - 0.5 * s * s) for s, x in zip(p.spread.tolist(), logs, strict=True)]
        pace = math.prod(t for t, on in zip(trait, p.on_growth, strict=True) if on)
        age = p.age_low + draw.random() * (p.age_high - p.age_low)
        now = p.other_rate * math.exp(p.other_slope * age)
        self.other = math.log1p(p.other_slope * draw.expovariate(1) / now) / p.other_slope * YEAR
        self.horizon = min(rules.horizon, self.other, self.own_time(rules.burden) / pace)
        self.pace = pace
        self.route = [
            math.prod(t for t, on in zip(trait, p.on_route[:, r], strict=True) if on)
            for r in range(len(rules.shed.rate))
        ]
        self.lesions = [(pace, 0.0, math.inf, 0.0, 1.0)]
        self.queue: list[tuple[float, int, int, int, int, float]] = []
        self.found: list[tuple[float, ...]] = []
        self._begin(0, 0)
        while self.queue:
            self._founder(*heapq.heappop(self.queue))
        self._count(self._end())
        return len(self.found)

    def _begin(self, lesion: int, origin: int) -> None:
        for span in self.spans[origin]:
            self._next(lesion, *span, 0.0)

    def _next(self, lesion: int, r: int, first: int, stop: int, reached: float) -> None:
        """The next founder of a source by a route, if it is shed before the horizon."""
        speed, anchor, asleep, slept, part = self.lesions[lesion]
        shed = self.rules.shed
        whole = part * shed.rate[r] * self.route[r] * speed ** shed.gamma[r] * sum(self.chance[first:stop])
        reached += self.draw.expovariate(1) / whole if whole > 0 else math.inf
        own = speed * (self.horizon - anchor)
        own = own if own <= asleep else max(asleep, own - speed * slept)
        if own > self.own[r][0] and reached < self._between(self.own[r], self.sum[r], own):
            at = self._between(self.sum[r], self.own[r], reached)
            day = anchor + at / speed + (slept if at > asleep else 0.0)
            heapq.heappush(self.queue, (day, lesion, r, first, stop, reached))

    def _founder(self, day: float, lesion: int, r: int, first: int, stop: int, reached: float) -> None:
        draw, sites = self.draw, self.rules.sites
        self._next(lesion, r, first, stop, reached)
        w = draw.choices(range(first, stop), self.chance[first:stop])[0]
        site = int(self.rules.ways.site[w])
        founded = day + self.delays[w][draw.randrange(QUANTILES)]
        speed = self.pace * sites.ratio[site]
        u, gone = draw.random(), sites.gone[site]
        cells = 0 if u < gone else 1 + math.floor(math.log((1 - u) / (1 - gone)) / sites.log_q[site])
        own = self.own_time(math.log(cells)) if cells else 0.0
        sleeps = draw.random() < sites.asleep[site]
        asleep = max(self.rules.asleep_own, own) if sleeps else math.inf
        slept = draw.expovariate(1) * sites.sleep_days[site] if sleeps else 0.0
        anchor = founded + (self.rules.early - own) / speed
        self.found.append((day, founded, cells, speed, anchor, asleep, slept, site))
        if cells and founded < self.horizon and sites.origin[site] >= 0:
            self.lesions.append((speed, anchor, asleep, slept, float(sites.secondary[site])))
            self._begin(len(self.lesions) - 1, int(sites.origin[site]))

    def _cells(self, when: float) -> float:
        whole = math.exp(self.log_size(self.pace * when))
        for _, founded, cells, speed, anchor, asleep, slept, _ in self.found:
            own = speed * (when - anchor)
            own = own if own <= asleep else max(asleep, own - speed * slept)
            whole += math.exp(self.log_size(own)) if cells and when > founded and own > 0 else 0.0
        return whole

    def _end(self) -> float:
        """The day of death, by halving; infinity: alive at the end."""
        most = math.exp(self.rules.burden)
        if self._cells(self.horizon) < most * (1 - 1e-12):
            return self.other if self.other <= self.rules.horizon else math.inf
        low, high = 0.0, self.horizon
        for _ in range(30):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self._cells(middle) >= most else (middle, high)
        return high

    def _count(self, end: float) -> None:
        rules = self.rules
        last = bisect.bisect_left(rules.times, end)
        for day, founded, cells, speed, anchor, asleep, slept, site in self.found:
            old = founded + rules.early / speed if cells else math.inf
            sizes = [anchor + own / speed + (slept if own > asleep else 0.0) for own in rules.sizes]
            levels = [day, founded, old, *(max(size, old) if cells else math.inf for size in sizes)]
            for x, when in enumerate(levels):
                for t in range(bisect.bisect_left(rules.times, when), last):
                    for g in rules.sites.groups[int(site)]:
                        self.total[g][x][t] += 1


def peak(number: float) -> float:
    """Peak MB of one process that runs so many patients of the textbook disease."""
    script = (
        "import sys, resource, cascade\n"
        "cascade.cohort(cascade.disease('textbook'), patients=float(sys.argv[1]), seed=1, progress=False)\n"
        "kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(kb / (1024 if sys.platform != 'darwin' else 1024**2))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(number)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def exact_rows(disease: cascade.Disease, runs: int, best_of: Best) -> list[Target]:
    """The exact answer: at one set of traits, and averaged over traits."""
    laws, year = Laws(disease), [10.0 * YEAR]
    sizes = [disease.cells_of(mm) for mm in (1.0, 5.0, 10.0, 20.0)]

    def at_traits() -> object:
        found = laws.at(year, pace=1.1, route=[1.5, 0.7])
        return found.mean, found.shares("anywhere", "founded")

    def with_errors() -> object:
        found = laws.at(year, pace=1.1, route=[1.5, 0.7])
        return found.mean, found.mean_error, found.number("anywhere", "founded")

    once, _ = best_of(max(runs, 3), at_traits)
    errors, _ = best_of(max(runs, 3), with_errors)
    print(f"exact at one set of traits: means and P(N = n) in {once:.3f} s, with their errors in {errors:.3f} s")
    begin = time.perf_counter()
    whole = laws.averaged([y * YEAR for y in range(1, 16)], sizes, groups=["anywhere"])
    seconds, worst = time.perf_counter() - begin, float(np.nanmax(whole.none_error))
    return [
        ("exact at one set of traits, means and P(N = n), n < 32, seconds", once, 0.05, "at most"),
        ("exact, averaged over traits, 15 times and 7 levels, seconds", seconds, 10.0, "at most"),
        ("its largest standard error of a share of patients", worst, 1e-3, "at most"),
    ]


CARES = "none", "surgery", "surgery+hormone"


def care_rows(disease: cascade.Disease, runs: int, best_of: Best, one: ThreadPoolExecutor) -> list[Target]:
    """Patients who are found, treated and followed, against the same ones at whom nobody looks; one thread."""
    asked = {"patients": 10**5, "seed": 1, "until_years": 25.0, "executor": one}
    plain, _ = best_of(runs, lambda: cascade.cohort(disease, **asked))
    rows = []
    for care in CARES:
        seconds, _ = best_of(runs, lambda: cascade.cohort(disease, care=care, **asked))  # noqa: B023
        print(f"10^5 patients of textbook over 25 years, care {care}: {seconds:.2f} s, without {plain:.2f} s")
        rows.append((f"patients under care {care!r}, times the seconds without", seconds / plain, 2.0, "at most"))
    return rows


def mean_of(disease: cascade.Disease, founders: float, years: float) -> cascade.Disease:
    """The disease with so many founders-to-be of a patient, by its efficiency."""
    for _ in range(4):
        made = cascade.cohort(disease, patients=20_000, seed=7, until_years=years).counts.made / 20_000
        disease = disease.with_(efficiency=disease.efficiency * founders / made)
    return disease


def patients(runs: int, best_of: Best) -> list[Target]:
    """Figures to reach, measured in this run."""
    disease, years = cascade.disease("textbook"), 15.0
    sizes = tuple(disease.cells_of(mm) for mm in (1.0, 5.0, 10.0, 20.0))
    targets = []
    with ThreadPoolExecutor(2) as two, ThreadPoolExecutor(1) as one:
        for mean, most in ((5.0, 4.0), (20.0, 12.0)):
            used = mean_of(disease, mean, years)
            seconds, found = best_of(runs, lambda: cascade.cohort(used, patients=10**6, seed=1, executor=two))  # noqa: B023
            made = found.counts.made / 1e6  # type: ignore[attr-defined]
            print(f"10^6 patients of textbook, {made:.2f} founders-to-be each, two threads: {seconds:.2f} s")
            targets.append((f"10^6 patients at a mean of {mean:g} founders-to-be, seconds", seconds, most, "at most"))
        seconds, _ = best_of(runs, lambda: cascade.cohort(disease, patients=10**5, seed=1, executor=two))
        targets.append(("10^5 patients of textbook, warm, seconds", seconds, 0.5, "at most"))
        targets += care_rows(disease, runs, best_of, one)
        used = mean_of(disease, 5.0, years)
        bench = Bench.of(used, years, sizes)
        ours, _ = best_of(runs, lambda: cascade.cohort(used, patients=200_000, seed=1, executor=one))
        arrays, _ = best_of(min(runs, 2), lambda: with_numpy(bench, 200_000, 1))
        begin = time.perf_counter()
        plain_python = Plain(bench, 1)
        for _ in range(4_000):
            plain_python.patient()
        plain = (time.perf_counter() - begin) * 50
        targets.append(("patients/s, one thread, against NumPy", arrays / ours, 2.0, "at least"))
        targets.append(("patients/s, one thread, against plain Python", plain / ours, 25.0, "at least"))
        per_s = [2e5 / each for each in (ours, arrays, plain)]
        print("patients a second, one thread: kernel {:,.0f}, NumPy {:,.0f}, Python {:,.0f}".format(*per_s))
    many, few = peak(1e6), peak(1e4)
    targets.append(("peak MB with 10^6 patients against 10^4", many / few, 1.1, "at most"))
    return [*targets, *exact_rows(disease, runs, best_of)]
