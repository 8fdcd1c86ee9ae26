"""Chunks of patients who are diagnosed, treated and followed: counts by year, and the register."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cascade import kernel
from cascade.common.compiled import cached
from cascade.common.errors import CascadeError, InputError
from cascade.engine.executor import Workers
from cascade.kernel.streams import key_of
from cascade.patient import kernel as patient_kernel
from cascade.patient.clinic.lowered import clinic_of
from cascade.patient.counts import LESIONS, NUMBERS, Counts, doubled
from cascade.patient.disease import Disease
from cascade.patient.follow.followed import Followed
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import Scheme
from cascade.patient.kernel import clinic
from cascade.patient.kernel import clinic_inputs as at
from cascade.patient.kernel.inputs import MADE, ROOM, UNFINISHED, Lesions, lesions_room, out_of, scratch_of
from cascade.patient.ranges import DAYS_PER_YEAR

if TYPE_CHECKING:
    from cascade.patient.cohort import Cohort

MOST_ROWS = 1_000_000
"""Of a register that is handed out."""

LARGEST = 1 << 14
"""Patients of a chunk: each has a row of the register while it is worked on."""


class Known(NamedTuple):
    """What a chunk of patients adds up to."""

    counts: Counts
    followed: Followed

    @classmethod
    def gathered(cls, parts: Iterable[Known]) -> Known:
        """All chunks together."""
        every = iter(parts)
        first = next(every)
        for part in every:
            first = cls(first.counts + part.counts, first.followed + part.followed)
        return first


@dataclass(frozen=True)
class KnownChunk:
    """Patients ``first`` to ``first + number`` of a disease under one of its cares."""

    disease: Disease
    care: str
    years: float
    times: tuple[float, ...]
    sizes: tuple[float, ...]
    seed: int
    first: int
    number: int
    stop: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))

    def run(self) -> tuple[Counts, Register, npt.NDArray[np.int64]]:
        """Counts, the register, and founders that divided first since the time before, (n, T).

        All patients of the chunk; those whose lesions need more room are run again, the same to the bit.
        """
        rules, read = clinic_of(self.disease, self.care, self.years, self.times, self.sizes)
        out, rows = (
            out_of(rules, self.number, NUMBERS),
            at.rows_of(self.number, *_widths(self.disease), len(self.times)),
        )
        scratch, run = scratch_of(rules), cached(clinic.run_known, kernel, patient_kernel)
        treatments = len(read.care.after)
        timeline = at.timeline_of(treatments, len(rules.shed.rate))
        listed, room = np.empty(0, np.uint64), LESIONS
        while True:
            out = out._replace(short=np.zeros(max(len(listed), self.number), np.uint64))
            out.tally[ROOM] = 0
            lesions, pieces = lesions_room(room), at.pieces_room(room, treatments)
            run(
                rules, read, key_of(self.seed), np.uint64(self.first), self.number, listed, lesions, pieces, timeline,
                scratch, self.stop, out, rows,
            )  # fmt: skip
            if out.tally[UNFINISHED]:
                raise CascadeError("stopped")
            listed = out.short[: out.tally[ROOM]]
            if not len(listed):
                break
            room = doubled(room, int(listed[0]))
        arrays: dict[str, Any] = {name: getattr(out, name) for name in Counts.ARRAYS}
        patients = np.arange(self.first, self.first + self.number)
        register = _register(self.disease, self.years, patients, rows)
        return Counts(**arrays, made=int(out.tally[MADE])), register, rows.founded


def counted_known(chunk: KnownChunk) -> Known:
    """Counts of a chunk; a function of the module, so that it can be sent to a process."""
    counts, register, _ = chunk.run()
    return Known(counts, Followed.of(register))


def registered(chunk: KnownChunk) -> Register:
    """The register of a chunk."""
    return chunk.run()[1]


def register_for(disease: Disease, care: str, patients: range, *, years: float, seed: int) -> Register:
    """The register of patients of a disease, without a cohort: on all threads, the same as a cohort's to the bit.

    Parameters
    ----------
    disease : Disease
    care : str
    patients : range
    years : float
        That are followed, of the tumour.
    seed : int

    Returns
    -------
    Register
    """
    workers, stop = Workers(progress=False, unit="patients"), np.zeros(1, np.uint8)
    clinic_of(disease, care, years, (years,), ())  # once, not in each thread
    chunks = (
        KnownChunk(disease, care, years, (years,), (), seed, part.start, len(part), stop)
        for part in workers.cut(patients, LARGEST)
    )
    parts = workers.results(registered, chunks, len(patients), stop)
    return Register.joined(sorted(parts, key=lambda part: int(part.patient[0])))


def diameters(disease: Disease, register: Register) -> npt.NDArray[np.float64]:
    """Of the primaries at diagnosis, in mm, (n,); 0: never diagnosed."""
    volume = 6.0 * register.cells / (np.pi * disease.tumour.cells_per_cm3)
    return np.asarray(10.0 * volume ** (1.0 / 3.0))


def _widths(disease: Disease) -> tuple[int, int]:
    return len(disease.traits), len(disease.sites)


def _register(disease: Disease, years: float, patients: Any, rows: at.Rows) -> Register:
    column = {name: rows.number[:, i] for i, name in enumerate(at.NUMBERS)}
    known = column["mode"] > 0
    named = "subtype mode negative_screens nodes_removed nodes_positive metastasis_seen seeded seeded_early cause"
    whole: dict[str, Any] = {name: column[name].astype(np.int64) for name in named.split()}
    in_years: dict[str, Any] = {
        name: column[name] / DAYS_PER_YEAR
        for name in ("diagnosed", "visible", "surgery", "local", "distant", "distant_true", "death")
    }
    # What comes on the day of diagnosis, or of death, must not be told apart from it by rounding.
    for name in ("local", "distant", "distant_true", "death"):
        in_years[name] = np.where(known, np.maximum(in_years[name], in_years["diagnosed"]), in_years[name])
    return Register(
        scheme=Scheme.of(disease, years),
        patient=patients,
        age=column["age"],
        traits=rows.trait,
        cells=np.where(known, np.exp(column["log_cells"]), 0.0),
        there=rows.there,
        at_death=np.where(column["cause"][:, None] > 0, rows.left, 0),
        autopsied=np.where(column["cause"][:, None] > 0, rows.opened, 0),
        seen_at=rows.seen / DAYS_PER_YEAR,
        end=np.full(len(patients), years),
        **whole,
        **in_years,
    )


def register_of(cohort: Cohort, patients: int | range | None) -> Register:
    """The register of patients of a cohort; see `Cohort.register`."""
    from cascade.patient.cohort import patient_range

    if cohort.care is None:
        raise InputError("care", None, f"a cohort under a care, such as care={next(iter(cohort.disease.cares))!r}")
    asked = [range(*r) for r in cohort.ranges] if patients is None else [patient_range(patients)]
    for part in asked:
        if not any(start <= part.start and part.stop <= stop for start, stop in cohort.ranges):
            told = " or ".join(f"{start:,}:{stop:,}" for start, stop in cohort.ranges)
            raise InputError("patients", patients, f"patients of this cohort: {told}")
    if sum(map(len, asked)) > MOST_ROWS:
        raise InputError("patients", patients, f"at most {MOST_ROWS:,} at a time, such as range(0, {MOST_ROWS})")
    parts = []
    for part in asked:
        for start in range(part.start, part.stop, LARGEST):
            number = min(LARGEST, part.stop - start)
            chunk = KnownChunk(
                cohort.disease, cohort.care, cohort.years, (cohort.years,), (), cohort.seed, start, number
            )
            parts.append(registered(chunk))
    return Register.joined(parts)


class OneKnown(NamedTuple):
    """One patient as the kernel leaves it."""

    lesions: Lesions
    pieces: at.Pieces
    timeline: at.Timeline
    course: npt.NDArray[np.float64]
    traits: npt.NDArray[np.float64]
    row: npt.NDArray[np.float64]
    there: npt.NDArray[np.int64]
    seen: npt.NDArray[np.float64]


def one_known(disease: Disease, care: str, years: float, seed: int, patient: int) -> OneKnown:
    """One patient under a care, as the cohort counted it."""
    rules, read = clinic_of(disease, care, years, (years,), ())
    treatments, room = len(read.care.after), LESIONS
    timeline, scratch = at.timeline_of(treatments, len(rules.shed.rate)), scratch_of(rules)
    rows = at.rows_of(1, *_widths(disease), 1)
    row, there, seen = rows.number[0], rows.there[0], rows.seen[0]
    while True:
        lesions, pieces = lesions_room(room), at.pieces_room(room, treatments)
        one = cached(clinic.one_known, kernel, patient_kernel)
        key = key_of(seed)
        number = int(one(rules, read, key, np.uint64(patient), lesions, pieces, timeline, scratch, row, there, seen))
        if number >= 0:
            break
        room = doubled(room, patient)
    kept = Lesions._make(part[:number] for part in lesions)
    cut = at.Pieces._make(part[:number] for part in pieces)
    return OneKnown(kept, cut, timeline, scratch.course.copy(), scratch.trait.copy(), row, there, seen)
