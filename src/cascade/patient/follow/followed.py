"""What the register of a chunk of patients adds up to: what a cohort keeps of those who were diagnosed and followed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.types import Ints
from cascade.patient.follow.diagnosis import OLDEST, SCREENS, SIZES, Seeded, at_diagnosis, autopsies
from cascade.patient.follow.months import AMONG, TRACKS, by_month
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import MODES, N, Scheme, T


@dataclass(frozen=True, eq=False)
class Followed(ByValue):
    """Numbers of patients, which add up over chunks in whatever order; their shapes are those of the scheme.

    Attributes
    ----------
    patients : (1,) int
        All, diagnosed or not.
    left, sites
        Of those who are followed: see ``months.by_month``.
    stage, size, age, screens, at_sites, seeded, most_seeded
        At diagnosis: see ``diagnosis.at_diagnosis``.
    autopsies
        Of those who died of the tumour: see ``diagnosis.autopsies``.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = (
        "patients", "left", "sites", "stage", "size", "age", "screens", "at_sites", "seeded", "most_seeded", "autopsies"
    )  # fmt: skip
    LARGEST: ClassVar[tuple[str, ...]] = ("most_seeded",)
    """Of these two add up to the larger one."""

    patients: Ints
    left: Ints
    sites: Ints
    stage: Ints
    size: Ints
    age: Ints
    screens: Ints
    at_sites: Ints
    seeded: Ints
    most_seeded: Ints
    autopsies: Ints

    @classmethod
    def shapes(cls, scheme: Scheme) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays, in the order of ``ARRAYS``."""
        months, modes, sites = scheme.months + 1, len(MODES), len(scheme.sites)
        return {
            "patients": (1,),
            "left": (len(AMONG), len(TRACKS), 3, scheme.strata, months),
            "sites": (sites, 3, months),
            "stage": (modes, len(T), len(N), 2, 2),
            "size": (modes, SIZES),
            "age": (modes, OLDEST + 1),
            "screens": (modes, SCREENS + 1),
            "at_sites": (sites, 2, 2),
            "seeded": (len(Seeded._fields),),
            "most_seeded": (1,),
            "autopsies": (sites, 2, 2),
        }

    @classmethod
    def of(cls, register: Register) -> Followed:
        """What a register adds up to."""
        known = register[register.mode > 0]
        opened = autopsies(register[register.cause == 1])
        return cls(np.array([len(register)], np.int64), **by_month(known), **at_diagnosis(known), autopsies=opened)

    @classmethod
    def none(cls, scheme: Scheme) -> Followed:
        """What nobody adds up to."""
        return cls(**{name: np.zeros(shape, np.int64) for name, shape in cls.shapes(scheme).items()})

    @classmethod
    def gathered(cls, parts: Iterable[Followed]) -> Followed:
        """All parts together, in whatever order they come.

        Raises
        ------
        InputError
            For none, or for parts of different schemes.
        """
        sums: dict[str, Ints] = {}
        for part in parts:
            for name in cls.ARRAYS:
                new = getattr(part, name)
                if name not in sums:
                    sums[name] = new.copy()
                elif new.shape != sums[name].shape:
                    raise InputError(name, new.shape, f"counts of one scheme, of shape {sums[name].shape}")
                elif name in cls.LARGEST:
                    np.maximum(sums[name], new, out=sums[name])
                else:
                    sums[name] += new
        if not sums:
            raise InputError("parts", [], "one part or more")
        return cls(**sums)

    def __add__(self, other: Followed) -> Followed:
        return Followed.gathered([self, other])

    @property
    def diagnosed(self) -> int:
        """Patients who were diagnosed."""
        return int(self.stage.sum())

    def adds_up(self, scheme: Scheme) -> bool:
        """Whether the numbers can be those of some patients: of a file that was read."""
        if any(getattr(self, name).shape != shape for name, shape in self.shapes(scheme).items()):
            return False
        if any(int(getattr(self, name).min(initial=0)) < 0 for name in self.ARRAYS):
            return False
        modes = self.stage.sum(axis=(1, 2, 3, 4))
        unseen = int(self.stage[:, :, :, 0].sum())
        among = np.array([self.diagnosed, unseen])
        every = all(
            (self.left[..., place, :].sum(axis=(2, 3, 4)) == among[:, None]).all() for place in scheme.places.values()
        )
        s = Seeded(*self.seeded.tolist())
        return bool(
            every
            and self.diagnosed <= int(self.patients[0])
            and all(np.array_equal(getattr(self, name).sum(axis=1), modes) for name in ("size", "age", "screens"))
            and (self.sites.sum(axis=(1, 2)) == self.diagnosed).all()
            and (self.at_sites.sum(axis=(1, 2)) == self.diagnosed).all()
            and len(set(self.autopsies.sum(axis=(1, 2)).tolist())) <= 1
            and int(self.autopsies.sum(axis=(1, 2)).max(initial=0)) <= int(self.patients[0])
            and s.early <= s.every <= s.with_any * int(self.most_seeded[0])
            and s.with_early <= s.early
            and s.with_any <= s.every
            and s.early <= s.early_early <= s.early_every <= s.every_every
        )
