r"""Fitting a disease to patients: the highest point of the likelihood of their table, over simulated cohorts.

Each cohort is of the same patients, by number and seed, and still what is expected by it is rough: another free number
moves the events of a few of them.  The sum of squares over many counts is rougher, so that it is not searched.  About a
point x the expected counts are taken as

    m(x + d) = a + sum_i b_i d_i,

from cohorts at x and at x plus and minus a wide step in each free number; the likelihood of this smooth m is highest at
the next x, until that lies near the last.  The information about the free numbers, and the covariance of the estimate,
to which the noise of the slopes adds, are

    I = sum_c w_c (b_c b'_c^T + b'_c b_c^T) / 2,    C = I^-1 + I^-1 (sum_c u_c^2 e_c e_c^T) I^-1,    e = (b - b') / 2,

with b and b' the slopes as one and as the other half of the simulated patients have them, w = 1 / m and u = (k - m) / m
over what the simulation adds to the squared error of m.  The noise of a slope is another one in each half, so that it
does not count as information.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from cascade.common.arguments import seed_of
from cascade.common.errors import CascadeError, InputError, ModelError, is_whole
from cascade.common.notices import notice
from cascade.common.types import Floats
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.inference.cohorts.groups import Said, Together, Viewed, groups_of
from cascade.inference.cohorts.rows import Patients
from cascade.patient.calibration import Free, back, there
from cascade.patient.cohort import check_care, check_years
from cascade.patient.disease import Disease
from cascade.patient.known import register_for
from cascade.patient.variants import changed, number_at

PATIENTS = 20_000
MOST, FEWEST = 1_000_000, 2_000
STEP = 0.4
"""Of a free number to either side, on its scale."""

FARTHEST = 6.0
"""From where the disease begins, on the scale: beyond it a number is not looked for."""

NEAR = 0.25
"""Of a step: the search has settled where no free number moves farther."""

REACH = 1.5
"""Steps that are gone at once."""

FREELY = 1.0
"""Standard deviation of what a round may move without being told to by a count: the last round moves hardly any."""

APART, MOST_STARTS = 1.0, 100
"""How far other starts are from the disease, on the scales of the free numbers, and how many there may be."""

ROUNDS = 12
LEAST = 0.1
"""Of an expected count, to which it is taken to fall at most within the reach of a round."""

LEAST_STEP = 0.05
"""Below which no disease is found that can be simulated beside one that can."""


def fit_disease(
    disease: Disease,
    data: Patients,
    free: Sequence[str],
    *,
    care: str | Mapping[str, str] | None = None,
    patients: int | None = None,
    seed: int | None = None,
    starts: int | None = None,
    progress: bool | None = None,
) -> DiseaseFit:
    """What ``cascade.fit`` does with a disease."""
    begun, seed, patients = time.perf_counter(), seed_of(seed), PATIENTS if patients is None else patients
    check_patients(patients)
    if starts is not None and (not is_whole(starts) or not 0 <= starts <= MOST_STARTS):
        raise InputError("starts", starts, f"a whole number from 0 to {MOST_STARTS}, besides the disease itself")
    parameters, cares = _free(disease, free), _cares(disease, data, care)
    search = Search(disease, data, parameters, cares, int(patients), seed)
    with _bar(progress) as told:
        found = search.from_starts(int(starts or 0), told)
        x, near, _ = min(found, key=lambda one: one.deviance)
        said = search.said(search.at(x))
    information, noise = near.information(x)
    asked: dict[str, Any] = {
        "free": [one.where for one in parameters],
        "care": cares,
        "patients": patients,
        "seed": seed,
        "starts": int(starts or 0),
    }
    deviances, seconds = tuple(one.deviance for one in found), time.perf_counter() - begun
    return DiseaseFit(
        disease, data, parameters, x, information, noise, search.groups, tuple(said), seconds, asked, deviances
    )


def check_patients(patients: Any) -> None:
    """That so many can be simulated at each point."""
    if not is_whole(patients) or not FEWEST <= patients <= MOST:
        raise InputError("patients", patients, f"a whole number from {FEWEST:,} to {MOST:,}: simulated, at each point")


class Search:
    """What is minimised."""

    def __init__(
        self,
        disease: Disease,
        data: Patients,
        free: tuple[Free, ...],
        cares: Mapping[str, str],
        patients: int,
        seed: int,
    ) -> None:
        self.disease, self.data, self.free, self.cares = disease, data, free, cares
        self.patients, self.seed, self.groups = patients, seed, groups_of(data)
        self.together = Together(self.groups)
        self.years = check_years(disease, None, care=True)
        self.begin = np.array([there(number_at(disease, one.where), one.scale) for one in free])
        self.tube = any(group.what == "tube" for group in self.groups)

    def at(self, x: Floats) -> Disease:
        """The disease with other free numbers, given on their scales (P,)."""
        return changed(
            self.disease, {one.where: back(float(v), one.scale) for one, v in zip(self.free, x, strict=True)}
        )

    def viewed(self, disease: Disease) -> dict[str, Viewed]:
        """Registers by arm; those of one care are counted once."""
        found = {
            care: Viewed(
                disease,
                register_for(disease, care, range(self.patients), years=self.years, seed=self.seed),
                self.data.classes,
                tube=self.tube,
            )
            for care in dict.fromkeys(self.cares.values())
        }
        return {arm: found[care] for arm, care in self.cares.items()}

    def said(self, disease: Disease) -> list[Said]:
        """What a disease says to each group."""
        seen = self.viewed(disease)
        return [seen[group.arm].says(group) for group in self.groups]

    def parts(self, x: Floats) -> tuple[Floats, Floats]:
        """Expected counts by all patients and by each half of them (3, M); and what the simulation adds, (M,)."""
        seen = self.viewed(self.at(x))
        whole = self.together.expected([seen[g.arm].says(g) for g in self.groups])
        halves = [
            self.together.expected([seen[g.arm].says(g, seen[g.arm].patient % 2 == half) for g in self.groups]).m
            for half in (0, 1)
        ]
        return np.array([whole.m, *halves]), whole.added

    def near(self, x: Floats, told: Callable[[int], None]) -> Near:
        """Expected counts about a point."""
        here, added = self.parts(x)
        slopes: list[Floats] = []
        for one in np.eye(len(x)):
            step, up, down = self._beside(x, one)
            told(len(slopes) + 1)
            slopes.append((up - down) / (2.0 * step))
        return Near(self.together, x, here[0], np.array(slopes), added)

    def _beside(self, x: Floats, one: Floats) -> tuple[float, Floats, Floats]:
        """A step of one free number, and expected counts to either side; a shorter one where no disease can be."""
        step = STEP
        while True:
            try:
                return step, self.parts(x + step * one)[0], self.parts(x - step * one)[0]
            except CascadeError:
                step /= 2.0
                if step < LEAST_STEP:
                    raise

    def from_starts(self, starts: int, told: Callable[[int, int], None]) -> list[Found]:
        """What is come to from the disease itself, and from so many others, where these can be simulated."""
        rng, found = np.random.default_rng(self.seed), [self._come_to(self.begin, told)]
        for _ in range(starts):
            try:
                found.append(self._come_to(self.begin + rng.uniform(-APART, APART, len(self.begin)), told))
            except CascadeError:
                continue
        return found

    def _come_to(self, begin: Floats, told: Callable[[int, int], None]) -> Found:
        x, near = self.best(begin, told)
        here, added = self.parts(x)
        return Found(x, near, float(np.sum(self.together.residuals(here[0], added) ** 2)))

    def best(self, begin: Floats, told: Callable[[int, int], None]) -> tuple[Floats, Near]:
        """The free numbers of the highest likelihood, on their scales (P,), and expected counts about them."""
        x = begin
        for k in range(ROUNDS):
            near = self.near(x, partial(told, k + 1))
            last, x = x, np.clip(near.best(), self.begin - FARTHEST, self.begin + FARTHEST)
            if np.abs(x - last).max() <= NEAR * STEP:
                break
        else:
            notice(
                f"the fit has not settled after {ROUNDS} rounds: fewer numbers can be free, or more has to be counted"
            )
        return x, near


class Found(NamedTuple):
    """What one start came to: free numbers on their scales (P,), expected counts about them, and how far off these are.

    ``deviance``: twice the log likelihood below that of the counts themselves.
    """

    x: Floats
    near: Near
    deviance: float


class Near:
    """Expected counts about a point, smooth.

    Parameters
    ----------
    together : Together
    x : (P,) float
        The point.
    here : (M,) float
        What is expected there.
    slope : (P, 3, M) float
        By all simulated patients, and by each half of them.
    added : (M,) float
        What the simulation adds to the squared error of a count, over it.
    """

    def __init__(self, together: Together, x: Floats, here: Floats, slope: Floats, added: Floats) -> None:
        self.together, self.x, self.here, self.slope, self.added = together, x, here, slope, added

    def expected(self, x: Floats) -> Floats:
        """At another point, (M,)."""
        return np.asarray(np.maximum(self.here + (x - self.x) @ self.slope[:, 0], LEAST * self.here))

    def best(self) -> Floats:
        """Where the likelihood is highest, within a few steps, (P,)."""
        room = self.x - REACH * STEP, self.x + REACH * STEP

        def residuals(x: Floats) -> Floats:
            # What the counts do not tell stays where it is.
            return np.append(self.together.residuals(self.expected(x), self.added), (x - self.x) / FREELY)

        return np.asarray(least_squares(residuals, self.x, bounds=room, xtol=1e-8, ftol=1e-10).x)

    def information(self, x: Floats) -> tuple[Floats, Floats]:
        """About the free numbers, and the covariance of their score by the noise of the slopes, (P, P) each."""
        m = self.expected(x)
        told = m > 0
        each = np.divide(1.0, m * (1.0 + self.added), out=np.zeros_like(m), where=told)
        _, first, second = np.moveaxis(self.slope, 1, 0)
        product = (first * each) @ second.T
        noise = (first - second) / 2.0 * each * (self.together.observed - m)
        return np.asarray((product + product.T) / 2.0), np.asarray(noise @ noise.T)


def _free(disease: Disease, places: Sequence[str]) -> tuple[Free, ...]:
    """Free numbers by their place, each on a scale on which it may be any number."""
    if isinstance(places, str) or not isinstance(places, Sequence) or not places:
        raise InputError("free", places, "a list of places of the disease, such as 'efficiency', 'traits.pace.spread'")
    if len(set(places)) < len(places):
        raise InputError("free", list(places), "each place once")
    return tuple(Free(name=where, where=where, scale=_scale(disease, where)) for where in places)


def _scale(disease: Disease, where: str) -> Literal["log", "logit", "atanh"]:
    """'atanh' of what may be negative, 'logit' of what is at most 1, else 'log'."""
    value = number_at(disease, where)
    if _may_be(disease, where, -0.5) and not _may_be(disease, where, 1.5) and abs(value) < 1:
        return "atanh"
    if value > 0 and not _may_be(disease, where, 1.001) and value < 1:
        return "logit"
    if value > 0:
        return "log"
    raise InputError("free", where, f"a number above 0 to begin from (and below 1 of shares), not {value:g}")


def _may_be(disease: Disease, where: str, value: float) -> bool:
    try:
        changed(disease, {where: value})
    except ModelError:
        return False
    return True


def _cares(disease: Disease, data: Patients, care: str | Mapping[str, str] | None) -> dict[str, str]:
    """The care of each arm."""
    if not isinstance(care, Mapping):
        one = care if care is not None else next((one.name for one in disease.care), "none")
        return dict.fromkeys(data.arms, check_care(disease, one))
    wrong = [arm for arm in data.arms if arm not in care] + [arm for arm in care if arm not in data.arms]
    if wrong:
        raise InputError("care", list(care), f"a care for each arm of the data: {', '.join(data.arms)}")
    return {arm: check_care(disease, care[arm]) for arm in data.arms}


class _bar:  # noqa: N801 (used as a function)
    """A bar of the cohorts that were simulated."""

    def __init__(self, progress: bool | None) -> None:
        self.shown = progress if progress is not None else sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Callable[[int, int], None]:
        from tqdm.auto import tqdm

        self.bar = tqdm(unit="cohort", leave=False, disable=not self.shown)

        def told(turn: int, number: int) -> None:
            self.bar.set_postfix_str(f"round {turn}, number {number}", refresh=False)
            self.bar.update(2)

        return told

    def __exit__(self, *error: object) -> None:
        self.bar.close()
