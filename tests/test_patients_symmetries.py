"""What must not change a bit of a patient, and what must change it in one direction alone."""

from __future__ import annotations

import math
import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cascade.common.errors import CascadeError, InputError
from cascade.patient import counts as counting
from cascade.patient.cohort import Cohort, cohort
from cascade.patient.counts import Counts, PatientChunk, counted, one_patient
from cascade.patient.course import course_of
from cascade.patient.disease import Disease
from cascade.patient.kernel.inputs import Lesions
from cascade.patient.lowered import GROUPS, rules_of
from helpers.diseases import PLAIN, TEXTBOOK, all_kinds, on_route, shed_by
from helpers.reference_patients import Patients

PATIENTS, SEED = 3000, 21
MANY = all_kinds()["many lesions"]


def same(one: Counts, two: Counts) -> bool:
    """Whether every number of both is the same."""
    arrays = all(np.array_equal(getattr(one, name), getattr(two, name)) for name in Counts.ARRAYS)
    return arrays and one.made == two.made


def of(disease: Disease, patient: int, seed: int = SEED) -> Lesions:
    """The lesions of a patient."""
    return one_patient(rules_of(disease, disease.years, (disease.years,), ()), seed, patient)[0]


def rows(lesions: Lesions, *names: str) -> dict[int, tuple[Any, ...]]:
    """Columns of lesions by identity."""
    columns = [
        getattr(lesions, name).tolist() for name in names or ("shed", "founded", "pace", "early", "asleep", "slept")
    ]
    return dict(zip(lesions.identity.tolist(), zip(*columns, strict=True), strict=True))


@pytest.mark.parametrize("disease", [TEXTBOOK, MANY], ids=["textbook", "many"])
def test_threads_and_chunks(disease: Disease) -> None:
    patients = PATIENTS if disease is TEXTBOOK else 200
    wanted = cohort(disease, patients=patients, seed=SEED).counts
    few = cohort(disease, patients=60, seed=SEED).counts
    for workers in (1, 2, 3):
        with ThreadPoolExecutor(workers) as pool:
            for chunk in (None, 1, 7, 177, patients - 1, 1 << 20):
                number, truth = (60, few) if chunk in (1, 7) else (patients, wanted)
                assert same(cohort(disease, patients=number, seed=SEED, executor=pool, chunk=chunk).counts, truth)


def test_a_process_pool_with_spawn() -> None:
    wanted = cohort(MANY, patients=200, seed=SEED).counts
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert same(cohort(MANY, patients=200, seed=SEED, executor=pool, chunk=71).counts, wanted)


def test_merged_ranges_in_any_order() -> None:
    whole = cohort(TEXTBOOK, patients=PATIENTS, seed=SEED)
    parts = [cohort(TEXTBOOK, patients=range(a, b), seed=SEED) for a, b in pairwise([0, 1, 300, 1000, 2999, PATIENTS])]
    merged = parts[3].merge(parts[0]).merge(parts[4]).merge(parts[1]).merge(parts[2])
    assert same(merged.counts, whole.counts)
    assert merged.ranges == whole.ranges == ((0, PATIENTS),)
    gap = parts[0].merge(parts[2])
    assert gap.ranges == ((0, 1), (300, 1000))
    assert gap.patients == 701
    assert gap.patient(999).lesions == whole.patient(999).lesions
    with pytest.raises(InputError, match="0 to 0 or 300 to 999"):
        gap.patient(5)
    for other, field in (
        (parts[2], "patients"),
        (cohort(TEXTBOOK, patients=range(5, 6), seed=SEED + 1), "seed"),
        (cohort(TEXTBOOK, patients=range(5, 6), seed=SEED, until_years=3), "years"),
        (cohort(TEXTBOOK, patients=range(5, 6), seed=SEED, times=(1.0,)), "times"),
        (cohort(TEXTBOOK, patients=range(5, 6), seed=SEED, sizes_mm=()), "sizes_mm"),
        (cohort(PLAIN, patients=range(5, 6), seed=SEED), "disease"),
    ):
        with pytest.raises(InputError, match=f"merge: {field}"):
            gap.merge(other)


class Backwards(Executor):
    """Does nothing before the result of the first is asked for, and then the last first."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Any, Any, Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, fn, args, kwargs))
        if len(self.waiting) >= 2:
            for late, work, given, named in reversed(self.waiting):
                late.set_result(work(*given, **named))
            self.waiting = []
        return future


def test_chunks_in_another_order() -> None:
    wanted = cohort(TEXTBOOK, patients=1000, seed=SEED).counts
    assert same(cohort(TEXTBOOK, patients=1000, seed=SEED, executor=Backwards(), chunk=250).counts, wanted)


def test_times_sizes_and_years_change_no_patient() -> None:
    """What is counted changes nothing that is lived; a longer time adds to it."""
    long = of(TEXTBOOK, 3)
    for sizes, times in (((), (0.0,)), ((2.0, 1e9), (1.0, 2.0))):
        assert rows(one_patient(rules_of(TEXTBOOK, 15.0, times, sizes), SEED, 3)[0]) == rows(long)
    for number in range(40):
        short, whole = (rows(one_patient(rules_of(TEXTBOOK, y, (y,), ()), SEED, number)[0]) for y in (8.0, 15.0))
        close = {identity: row for identity, row in whole.items() if row[0] <= 8 * 365.25}
        # In transit at the shorter end, with descendants of those who founded before it alone.
        assert close.keys() == short.keys()
        for identity, row in short.items():
            assert row == pytest.approx(close[identity], rel=1e-12)


def recounted(made: Cohort) -> Counts:
    """All counts of a cohort once more, from the courses of its patients."""
    disease, times, sizes = made.disease, made.times, made.sizes_mm
    sites = {site.name: site.kind for site in disease.cancer.model().sites}
    shape = len(made.groups), 3 + len(sizes), len(times)
    total, square, some, most = (np.zeros(shape, np.int64) for _ in range(4))
    number = np.zeros((len(GROUPS), *shape[1:], counting.NUMBERS + 1), np.int64)
    alive, deaths, shed = np.zeros(len(times), np.int64), np.zeros((2, len(times) + 1), np.int64), 0
    for start, stop in made.ranges:
        for patient in range(start, stop):
            course = made.patient(patient)
            shed += len(course.lesions) - 1
            lives = [not course.cause or time < course.years for time in times]
            if course.cause:
                deaths[("the tumour", "other causes").index(course.cause), sum(lives)] += 1
            cells = course.cells(times)
            for t, time in enumerate(times):
                if not lives[t]:
                    continue
                alive[t] += 1
                here = np.zeros(shape[:2], np.int64)
                for lesion in course.lesions[1:]:
                    old = lesion.founded + disease.lesions.early_days / lesion.pace / 365.25
                    reached = [lesion.shed <= time, lesion.founded <= time, bool(lesion.early_cells) and old <= time]
                    reached += [reached[2] and cells[lesion.number, t] >= disease.cells_of(mm) for mm in sizes]
                    for group in (lesion.site, "anywhere", sites[lesion.site]):
                        here[made.groups.index(group)] += reached
                total[:, :, t] += here
                square[:, :, t] += here**2
                some[:, :, t] += here > 0
                most[:, :, t] = np.maximum(most[:, :, t], here)
                for g, name in enumerate(GROUPS):
                    for x, n in enumerate(here[made.groups.index(name)]):
                        number[g, x, t, min(n, counting.NUMBERS)] += n > 0
    return Counts(total, square, some, most, number, alive, deaths, shed)


SMALL = {
    "textbook": (TEXTBOOK, 150),
    "many lesions": (MANY, 40),
    "short lives": (all_kinds()["short lives"], 100),
    "own organs": (all_kinds()["own organs"], 60),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", SMALL)
def test_courses_add_up_to_what_was_counted(name: str) -> None:
    disease, patients = SMALL[name]
    times, sizes = (0.0, 3.0, 6.5, 9.0, 12.0, disease.years), (0.05, 1.0, 5.0, 20.0)
    made = cohort(disease, patients=range(7, 7 + patients), seed=SEED, times=times, sizes_mm=sizes)
    again = recounted(made)
    for array in Counts.ARRAYS:
        assert np.array_equal(getattr(made.counts, array), getattr(again, array)), array
    assert made.counts.made == again.made
    assert made.counts.total[-4].max() > 10
    assert made.counts.deaths.sum() > 0


def test_a_founder_left_out_changes_nothing_but_his_descendants() -> None:
    slow = Patients(MANY, SEED)
    patients = (slow.patient(n) for n in range(60))
    number, whole = next((n, p) for n, p in enumerate(patients) if len({s.parent for s in p.lesions}) > 3)
    by_parent: dict[int | None, list[int]] = {}
    for seed in whole.lesions:
        by_parent.setdefault(seed.parent, []).append(seed.identity)
    left_out = max((s for s in whole.lesions[1:] if s.identity in by_parent), key=lambda s: len(by_parent[s.identity]))
    gone, todo = set(), [left_out.identity]
    while todo:
        gone.add(todo[-1])
        todo += by_parent.get(todo.pop(), [])
    rest = slow.patient(number, without=[left_out.identity])
    assert len(gone) > 1
    assert {s.identity: s for s in rest.lesions} == {s.identity: s for s in whole.lesions if s.identity not in gone}
    assert rest.death >= whole.death


@pytest.mark.parametrize("disease", [TEXTBOOK, MANY], ids=["textbook", "many"])
def test_less_shedding_adds_no_founder_by_any_time(disease: Disease) -> None:
    """Every clock rings as often or less, and later; what it rings for keeps its identity and its life."""
    less = disease.with_(shedding=tuple(s.model_copy(update={"per_day": 0.5 * s.per_day}) for s in disease.shedding))
    names = ("shed", "founded", "early", "site", "number", "slept")
    fewer = 0
    for number in range(60):
        more, some = (rows(of(d, number), *names) for d in (disease, less))
        assert some.keys() <= more.keys()
        fewer += len(more) - len(some)
        for identity, (shed, founded, *rest) in some.items():
            before = more[identity]
            # A descendant of one that founded earlier; the table's own rounding.
            assert shed >= before[0] * (1 - 1e-12)
            assert list(before[2:]) == rest
            assert founded - shed == pytest.approx(before[1] - before[0], abs=1e-11 * (1 + founded))
    assert fewer > 20


def test_shedding_and_efficiency_are_one_number() -> None:
    """Twice the cells with half the chance each: the same patients to the bit, for powers of two are exact."""
    twice = TEXTBOOK.with_(
        shedding=tuple(s.model_copy(update={"per_day": 2.0 * s.per_day}) for s in TEXTBOOK.shedding),
        efficiency=TEXTBOOK.efficiency / 2.0,
    )
    assert same(cohort(TEXTBOOK, patients=500, seed=SEED).counts, cohort(twice, patients=500, seed=SEED).counts)


@pytest.mark.parametrize("name", ["plain", "exponential growth", "logistic growth", "power growth"])
def test_twice_as_fast_is_twice_as_early(name: str) -> None:
    """All time scales of the tumour halved, to the bit; the cells' own clock stays, so that only lives do not scale."""
    slow = all_kinds()[name].with_(death={"other": None}, lesions={"secondary": 0.0, "asleep": 0.5}, years=20.0)
    growth = slow.tumour.growth
    fast = slow.with_(
        years=10.0,
        tumour={"growth": growth.model_copy(update={"doubling_days": 0.5 * (growth.doubling_days or 0.0)})},
        shedding=tuple(s.model_copy(update={"per_day": 2.0 * s.per_day}) for s in slow.shedding),
        lesions={"early_days": 0.5 * slow.lesions.early_days, "asleep_years": 0.5 * slow.lesions.asleep_years},
    )
    seen = 0
    for number in range(30):
        one, two = (rows(of(d, number), "shed", "founded", "early", "slept", "pace", "asleep") for d in (slow, fast))
        assert one.keys() == two.keys()
        seen += len(one) - 1
        for identity, (shed, founded, early, slept, pace, asleep) in one.items():
            again = two[identity]
            assert (again[0], *again[2:]) == (0.5 * shed, early, 0.5 * slept, pace, 0.5 * asleep)
            assert again[1] - again[0] == pytest.approx(founded - shed, abs=1e-11 * (1 + founded))
    assert seen > 20


def test_a_route_more_changes_no_founder_of_another() -> None:
    """Of the primary: clocks have addresses of their own."""
    both, blood = PLAIN, on_route("blood")
    for number in range(20):
        one, two = of(both, number), of(blood, number)
        names = ("shed", "founded", "early", "number")
        alone = rows(two, *names)
        assert alone.items() <= rows(one, *names).items()


def test_a_trait_more_changes_nothing_that_it_does_not_act_on() -> None:
    more = PLAIN.with_(traits=({"name": "fertile", "spread": 1.5, "acts_on": ["soil.bone"]},))
    bone = PLAIN.sites.index("bone")
    for number in range(30):
        one, two = of(PLAIN, number), of(more, number)
        kept = [dict(list(rows(each, "site", "shed", "founded", "early").items())) for each in (one, two)]
        others = [{i: row for i, row in each.items() if row[0] != bone} for each in kept]
        assert others[0] == others[1]
    assert any(len(of(PLAIN, n).site) != len(of(more, n).site) for n in range(30))


@pytest.mark.parametrize("room", [1, 2, 31])
def test_patients_that_need_more_room_are_the_same(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, one = cohort(MANY, patients=200, seed=SEED).counts, rows(of(MANY, 4))
    assert wanted.most.max() > 256
    monkeypatch.setattr(counting, "LESIONS", room)
    assert same(cohort(MANY, patients=200, seed=SEED, chunk=64).counts, wanted)
    assert rows(of(MANY, 4)) == one
    monkeypatch.setattr(counting, "LESIONS", 1 << 14)
    assert same(cohort(MANY, patients=200, seed=SEED).counts, wanted)


def test_more_lesions_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [len(of(MANY, patient).identity) for patient in range(40)]
    first = next(patient for patient, number in enumerate(numbers) if number > 300)
    monkeypatch.setattr(counting, "LESIONS", 8)
    monkeypatch.setattr(counting, "MOST_LESIONS", 300)
    for ask in (
        lambda: cohort(MANY, patients=40, seed=SEED, chunk=40),
        lambda: course_of(MANY, seed=SEED, patient=first),
    ):
        with pytest.raises(InputError, match=f"at most 300 lesions, which patient {first} exceeds"):
            ask()
    # As many as there may be are none too many.
    few = max((n for n in numbers if n <= 300), default=0)
    monkeypatch.setattr(counting, "MOST_LESIONS", few)
    patient = numbers.index(few)
    assert len(of(MANY, patient).identity) == few


def test_a_chunk_that_is_told_to_stop() -> None:
    rules = rules_of(TEXTBOOK, 15.0, (15.0,), ())
    with pytest.raises(CascadeError, match="stopped"):
        PatientChunk(rules, SEED, 0, 100, np.ones(1, np.uint8)).run()
    assert counted(PatientChunk(rules, SEED, 0, 100)).alive[0] > 0


def test_an_interrupt_ends_a_cohort() -> None:
    told = []

    def interrupts(done: int, _: int) -> None:
        told.append(done)
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cohort(TEXTBOOK, patients=100_000, seed=SEED, chunk=100, progress=interrupts)
    assert max(told) < 100_000
    # The next cohort is whole.
    assert cohort(TEXTBOOK, patients=100, seed=SEED).counts.alive[0] == 100


def test_progress_is_told_to_the_last() -> None:
    told: list[tuple[int, int]] = []
    cohort(TEXTBOOK, patients=1000, seed=SEED, chunk=130, progress=lambda done, every: told.append((done, every)))
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert done[-1] == 1000
    assert {every for _, every in told} == {1000}


class Wrong(Executor):
    """Gives back the first result for all."""

    def __init__(self) -> None:
        self.first: Any = None

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.first = fn(*args, **kwargs) if self.first is None else self.first
        future.set_result(self.first)
        return future


def test_an_executor_that_gives_back_other_work_is_found_out() -> None:
    with pytest.raises(CascadeError, match="the executor did not give back"):
        cohort(TEXTBOOK, patients=400, seed=SEED, chunk=100, executor=Wrong())


def test_the_last_patient_that_there_is() -> None:
    last = (1 << 62) - 1
    made = cohort(TEXTBOOK, patients=range(last, last + 1), seed=10**40)
    assert made.patients == 1
    assert made.patient(last).age > 0
    assert math.isfinite(made.patient(last).years)


def test_seeds_and_patients_are_unrelated() -> None:
    """Neighbours in seed or number share no lesion."""
    seen: set[int] = set()
    together = 0
    for seed, number in ((1, 0), (1, 1), (2, 0), (2, 1), (1, 1 << 32), (1, 1 << 33)):
        found = of(shed_by(TEXTBOOK, per_day=1e5), number, seed).identity.tolist()
        together += len(found)
        seen.update(found)
    assert len(seen) == together
    assert min(seen) >= 1 << 62
