"""What a chunk of patients adds up to, and the chunk: the piece of work that any executor can be handed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cascade import kernel
from cascade.common.compiled import cached
from cascade.common.errors import CascadeError, InputError
from cascade.common.frozen import ByValue
from cascade.common.types import Ints
from cascade.kernel.streams import key_of
from cascade.patient import kernel as patient_kernel
from cascade.patient.kernel import course
from cascade.patient.kernel.inputs import MADE, ROOM, UNFINISHED, Lesions, Rules, lesions_room, out_of, scratch_of

LESIONS = 256
"""Room for the lesions of a patient, at first: doubled for those who have more."""

MOST_LESIONS = 1_000_000

NUMBERS = 64
"""Numbers of lesions that are counted one by one: more are counted as that many or more."""


@dataclass(frozen=True, eq=False)
class Counts(ByValue):
    """Counts of patients and lesions among those who are alive, by group of sites, level and time.

    Attributes
    ----------
    total : (groups, levels, times) int
        Lesions.
    square : (groups, levels, times) int
        Squares of the numbers of each patient, summed.
    some : (groups, levels, times) int
        Patients with any.
    most : (groups, levels, times) int
        The largest number in one patient.
    number : (kinds, levels, times, NUMBERS + 1) int
        Patients by their number of lesions.
    alive : (times,) int
    deaths : (2, times + 1) int
        By burden and of other causes, by the first time at which the patient is dead.
    made : int
        Founders-to-be that were shed in time.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("total", "square", "some", "most", "number", "alive", "deaths")

    total: Ints
    square: Ints
    some: Ints
    most: Ints
    number: Ints
    alive: Ints
    deaths: Ints
    made: int

    @classmethod
    def gathered(cls, parts: Iterable[Counts]) -> Counts:
        """Counts of all parts together, in whatever order they come."""
        sums: dict[str, Ints] = {}
        made = 0
        for part in parts:
            for name in cls.ARRAYS:
                new = getattr(part, name)
                if name not in sums:
                    sums[name] = new.copy()
                elif name == "most":
                    np.maximum(sums[name], new, out=sums[name])
                else:
                    sums[name] += new
            made += part.made
        return cls(**sums, made=made)

    def __add__(self, other: Counts) -> Counts:
        """Counts of both together."""
        return Counts.gathered([self, other])


@dataclass(frozen=True)
class PatientChunk:
    """Patients ``first`` to ``first + number``; those that share ``stop`` are ended together."""

    rules: Rules
    seed: int
    first: int
    number: int
    stop: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))

    def run(self) -> Counts:
        """All patients of the chunk; those whose lesions need more room are run again, the same to the bit."""
        out = out_of(self.rules, self.number, NUMBERS)
        scratch, run = scratch_of(self.rules), cached(course.run, kernel, patient_kernel)
        listed, room = np.empty(0, np.uint64), LESIONS
        while True:
            # Room for those that are short once more: their numbers are read while new ones are written.
            out = out._replace(short=np.zeros(max(len(listed), self.number), np.uint64))
            out.tally[ROOM] = 0
            first, number = np.uint64(self.first), self.number
            run(self.rules, key_of(self.seed), first, number, listed, lesions_room(room), scratch, self.stop, out)
            if out.tally[UNFINISHED]:
                raise CascadeError("stopped")
            listed = out.short[: out.tally[ROOM]]
            if not len(listed):
                break
            room = doubled(room, int(listed[0]))
        arrays: dict[str, Any] = {name: getattr(out, name) for name in Counts.ARRAYS}
        return Counts(**arrays, made=int(out.tally[MADE]))


def doubled(room: int, patient: int) -> int:
    """Room for twice as many lesions, or an error that names the patient."""
    if room >= MOST_LESIONS:
        wanted = (
            f"a disease whose patients have at most {MOST_LESIONS:,} lesions, which patient {patient} exceeds: a lower"
            " death.burden_cells, lesions.secondary or shedding, or fewer years"
        )
        raise InputError("lesions", f"more than {MOST_LESIONS:,}", wanted)
    return min(2 * room, MOST_LESIONS)


def counted(chunk: PatientChunk) -> Counts:
    """Counts of a chunk; a function of the module, so that it can be sent to a process."""
    return chunk.run()


def one_patient(rules: Rules, seed: int, patient: int) -> tuple[Lesions, npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Lesions of one patient; age at onset, day and cause of death, pace; and traits: as the cohort counted them."""
    room, scratch = LESIONS, scratch_of(rules)
    one = cached(course.one, kernel, patient_kernel)
    while True:
        lesions = lesions_room(room)
        number = int(one(rules, key_of(seed), np.uint64(patient), lesions, scratch))
        if number >= 0:
            break
        room = doubled(room, patient)
    kept = Lesions._make(column[:number] for column in lesions)
    return kept, scratch.course.copy(), scratch.trait.copy()
