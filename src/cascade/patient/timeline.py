"""Ten patients with the same tumour, under every time of the knife and of the drug: the time line of a lesson.

Nothing is drawn in the page: each patient is a course of the package under a care that is an operation in a set year, a
drug from a set year on, or both.  Seeds and numbers are the same under all of them, so that whatever differs is due to
the care.  Sizes are sent as pieces of own time on the one curve of growth, from which the page works them out again.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scipy import special

from cascade.common.arguments import check_seed
from cascade.common.colours import ORGANS, organ_mark, organ_of
from cascade.common.errors import InputError, is_whole
from cascade.common.sight import linear, luminance, shown
from cascade.common.version import package_version
from cascade.lessons.gallery import sheds
from cascade.patient.clinic.care import MOMENTS, Care, Surgery, Systemic
from cascade.patient.clinic.presentation import Presentation, Symptoms
from cascade.patient.course import CAUSES, Course, course_of
from cascade.patient.disease import Disease
from cascade.patient.lesions import Lesion
from cascade.patient.loader import disease as load
from cascade.patient.lowered import largest_with_symptoms
from cascade.patient.parts import Subtype
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING

KNIFE_MM = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0)
"""Diameters of the primary near which it is taken out."""

DRUG_MM, DRUG_LATER, STARTS = (10.0, 60.0), 2.0, 4
"""The drug begins between the years of these diameters, the last so many years later, at so many times."""

LENGTHS = 1.0, 2.0
"""Of the drug, times that of the disease, where it does anything after its first day."""

AFTER, MOST_YEARS = 8.0, 30
"""Years that are told after the primary alone would have killed, and at most."""

KNOWN_MM = 1.0
"""The tumour is known from then on: all care is counted from there, and nothing else follows from it."""

TENTHS = 10.0
"""Days are sent in tenths: of the fastest lesion of the catalogue that is half a per cent of its size."""

GROWN = "grows", "ended by treatment"
"""Fates of lesions that are shown: others died out within their first months, before there was a number of cells."""

MOST_BYTES = 150_000
"""Of a payload, as a page sends it."""

DASHES = "", "9 4", "2 4", "9 4 2 4", "16 4", "9 4 2 4 2 4"
"""Of lines; with the colour they tell organs apart."""

LEAST_LIGHT = 0.24
"""Luminance of colours on a dark ground: a contrast of 3 and more."""


@dataclass(frozen=True)
class Positions:
    """Years in which the knife and the drug may come, and how long the drug is given; None: not at all.

    Attributes
    ----------
    knives : tuple of (float or None)
    drugs : tuple of ((float, float) or None)
        Start and length.
    """

    knives: tuple[float | None, ...]
    drugs: tuple[tuple[float, float] | None, ...]

    def every(self) -> Iterator[tuple[int, int]]:
        """All numbers of a knife and a drug."""
        return ((k, d) for k in range(len(self.knives)) for d in range(len(self.drugs)))


def care_name(knife: float | None, drug: tuple[float, float] | None) -> str:
    """The name of a care of `studied`; no name has a point, so that years have a comma.

    Examples
    --------
    >>> care_name(5.4, (6.0, 0.5)), care_name(None, None)
    ('surgery in year 5,4; drug in year 6 for 0,5', 'none')
    """
    parts = [] if knife is None else [f"surgery in year {knife:g}"]
    parts += [] if drug is None else [f"drug in year {drug[0]:g} for {drug[1]:g}"]
    return "; ".join(parts).replace(".", ",") or "none"


def drug_of(disease: Disease) -> Systemic | None:
    """The drug of a time line: the first that the disease's clinic gives after surgery, before anything is seen."""
    every = (given for care in disease.care if care.surgery for given in care.systemic)
    return next((given for given in every if given.begins != "metastasis seen"), None)


def positions(disease: Disease) -> Positions:
    """Where the knife and the drug may stand."""
    knives = sorted({round(_year(disease, mm), 1) for mm in KNIFE_MM if disease.cells_of(mm) < _killing(disease)})
    first, last = (_year(disease, mm) for mm in DRUG_MM)
    step = (last + DRUG_LATER - first) / (STARTS - 1)
    starts = sorted({round(2.0 * (first + k * step)) / 2.0 for k in range(STARTS)})
    drug = drug_of(disease)
    given: list[tuple[float, float] | None] = [None]
    if drug is not None:
        lasts = drug.slows != 1.0 or drug.wakes != 1.0 or drug.log_kill > 0.0
        lengths = [drug.for_years * times for times in (LENGTHS if lasts else (1.0,))]
        given += [(start, length) for start in starts for length in lengths]
    operated = any(care.surgery for care in disease.care)
    return Positions((*(knives if operated else ()), None), tuple(given))


def years_told(disease: Disease) -> float:
    """Years of a time line."""
    killed = float(disease.tumour.growth.days(_killing(disease))[0]) / DAYS_PER_YEAR
    return float(min(MOST_YEARS, math.ceil(killed + AFTER)))


def _killing(disease: Disease) -> float:
    """Cells of a primary that kills alone."""
    return min(disease.death.burden_cells, disease.death.primary_cells or math.inf, 0.9 * disease.tumour.growth.most)


def _drawn(disease: Disease) -> float:
    """Cells of which a page draws three times as many: those of a primary that kills; more where lesions outgrow it."""
    return max(_killing(disease), largest_with_symptoms(disease) / 3.0 if disease.death.not_counted else 0.0)


def _year(disease: Disease, mm: float) -> float:
    """Year in which the primary has a diameter; of a larger one than kills that of the death."""
    cells = min(disease.cells_of(mm), _killing(disease))
    return float(disease.tumour.growth.days(cells)[0]) / DAYS_PER_YEAR


def leakiness(disease: Disease) -> float:
    """How much the tumour of a lesson sheds, in standard deviations above the middle."""
    return sheds(disease.name)


def studied(disease: Disease) -> Disease:
    """The disease whose patients a time line shows: one tumour, and a care for each position of knife and drug.

    All patients have the same tumour: it grows at the mean pace, and sheds at one quantile of what tumours of the
    disease shed.  It is known from ``KNOWN_MM`` on, so that an operation may come in any year after that.
    """
    above = leakiness(disease)
    of_route: dict[str, float] = {}
    for trait in disease.traits:
        if trait.distribution == "lognormal":
            for route in (name.removeprefix("shedding.") for name in trait.acts_on if name.startswith("shedding.")):
                value = math.exp(above * trait.spread - trait.spread**2 / 2.0)
                of_route[route] = of_route.get(route, 1.0) * value
    shed = tuple(
        one.model_copy(update={"per_day": one.per_day * of_route.get(one.route, 1.0)}) for one in disease.shedding
    )
    common = _common(disease)
    kept = () if common is None else (common.model_copy(update={"share": 1.0}),)
    known = Symptoms(per_year=1e15, at_mm=KNOWN_MM, exponent=0.0, least_mm=KNOWN_MM)
    seen = Presentation(primary=known, years=years_told(disease))
    where = positions(disease)
    every = (_care(disease, where.knives[k], where.drugs[d]) for k, d in where.every())
    cares = tuple(care for care in every if care.name != "none")
    return disease.with_(
        traits=(), correlations=(), subtypes=kept, shedding=shed, presentation=seen, care=cares, years=seen.years
    )


def _care(disease: Disease, knife: float | None, drug: tuple[float, float] | None) -> Care:
    """An operation in a year and a drug in a year, with what else the disease's clinic says of them.

    Of the drug that is what it does to tumours and lesions; its effects on single cells are left out.
    """
    known = float(disease.tumour.growth.days(disease.cells_of(KNOWN_MM))[0])
    of = next((care for care in disease.care if care.surgery), None)
    changed: dict[str, Any] = {"name": care_name(knife, drug), "staging": ()}
    if knife is not None and of is not None and of.surgery is not None:
        when = {"delay_days": knife * DAYS_PER_YEAR - known, "if_seen": True, "again": None}
        changed |= {"surgery": Surgery(**(of.surgery.model_dump() | when)), "radiotherapy": of.radiotherapy}
    if drug is not None and (given := drug_of(disease)) is not None:
        begin: dict[str, Any] = {
            "begins": "diagnosis",
            "after_days": drug[0] * DAYS_PER_YEAR - known,
            "for_years": drug[1],
        }
        # What a drug does to cells on their way would have to be worked out anew for each of a hundred cares: minutes.
        begin |= {"share": _share(disease, given), "subtypes": None, "given_to": "all"}
        changed["systemic"] = (given.model_copy(update=begin | {"treatment": None, "effects": ()}),)
    return Care(**changed)


def _common(disease: Disease) -> Subtype | None:
    """The commonest subtype, of which all patients of a time line are."""
    return max(disease.subtypes, key=lambda kind: kind.share, default=None)


def _share(disease: Disease, drug: Systemic) -> float:
    """Share of the patients of a time line in whom the drug works."""
    common = _common(disease)
    return drug.share_of("" if common is None else common.name)


def timeline(disease: Disease | str, *, seed: int = 1, patients: int = 10) -> dict[str, Any]:
    """All that the page needs of one disease.

    Parameters
    ----------
    disease : Disease or str
        Of the catalogue by name, or one of your own.
    seed : int
    patients : int
        Numbers 1, 2, ... are shown: from 1 to 12.

    Returns
    -------
    dict
        Plain data; times in years of the tumour, or in tenths of days where `Tracks` says so.

    Raises
    ------
    InputError
        For a number of patients that a page has no room for.
    """
    source = load(disease) if isinstance(disease, str) else disease
    if not is_whole(patients) or not 1 <= patients <= 12:
        raise InputError("patients", patients, "a whole number from 1 to 12")
    of, where, drug = studied(source), positions(source), drug_of(source)
    years, sites, paces, masks = years_told(source), _Numbered(), _Numbered(), _Numbered()
    told = [_patient(of, where, check_seed(seed), number, sites, paces, masks) for number in range(1, patients + 1)]
    growth = source.tumour.growth
    eye = next((eye for eye in source.eyes if eye.lesions is not None), None)
    return {
        "disease": source.name,
        "title": source.title or source.name,
        "version": package_version(),
        "seed": str(seed),
        "warning": WARNING,
        "years": years,
        "cells_per_cm3": source.tumour.cells_per_cm3,
        "growth": {
            "law": growth.law,
            "rate": 0.0 if growth.doubling_days is None else math.log(2.0) / growth.doubling_days,
            "most": None if math.isinf(growth.most) else growth.most,
            "power": growth.power,
            "points": [list(point) for point in growth.points],
        },
        "early_days": source.lesions.early_days,
        "burden": _drawn(source),
        "sheds_more_than": round(float(special.ndtr(leakiness(source))), 3),
        "eye": {"name": eye.name if eye else "", "mm": eye.lesions.half_mm if eye and eye.lesions else 8.0},
        "knives": list(where.knives),
        "drug": None if drug is None else _told_drug(drug, _share(source, drug), where),
        "sites": [_told_site(site) for site in sites],
        "paces": list(paces),
        "masks": [list(mask) for mask in masks],
        "patients": told,
    }


def _told_drug(drug: Systemic, share: float, where: Positions) -> dict[str, Any]:
    """The drug's name, and the places where it may stand: number 0 of the drugs is none of them."""
    given = [one for one in where.drugs if one is not None]
    cells = drug.treatment is not None or bool(drug.effects)
    starts, lengths = [one[0] for one in given], [one[1] for one in given]
    about = {"share": share, "resistant": drug.resistant or 0.0, "cells_left_out": cells}
    return {"name": drug.name, "starts": starts, "years": lengths, **about}


def _told_site(site: str) -> dict[str, Any]:
    """A site with the colours, on light and on dark ground, and the dash of its organ."""
    if site == "primary":
        return {"site": site, "organ": site, "light": "", "dark": "", "dash": ""}
    organ, colour = organ_of(site) or site, organ_mark(site).colour
    known = [name for name in ORGANS if name != "primary"]
    dash = DASHES[(known.index(organ) if organ in known else len(site)) % len(DASHES)]
    return {"site": site, "organ": organ, "light": colour, "dark": on_dark(colour), "dash": dash}


def on_dark(colour: str) -> str:
    """The colour on a dark ground: stronger, and where it cannot be, nearer to white, until it stands out.

    Examples
    --------
    >>> on_dark("#D37C2D"), luminance(on_dark("#093787")) > LEAST_LIGHT
    ('#D37C2D', True)
    """
    r, g, b = linear(colour)
    while luminance(shown((r, g, b))) < LEAST_LIGHT:
        if max(r, g, b) < 1.0:
            r, g, b = (1.04 * part for part in (r, g, b))
        else:
            r, g, b = (part + 0.02 * (1.0 - part) for part in (r, g, b))
    return shown((r, g, b))


class _Numbered(dict[Any, int]):
    """Things by the order in which they were first asked for."""

    def of(self, thing: Any) -> int:
        """Its number."""
        return self.setdefault(thing, len(self))


def _patient(
    of: Disease, where: Positions, seed: int, number: int, sites: _Numbered, paces: _Numbered, masks: _Numbered
) -> dict[str, Any]:
    """A patient under all cares.

    Returns
    -------
    dict
        ``ends[k][d]``: thousandths of the year of the end under knife k and drug d; ``causes[k]``: a digit for each
        drug, the number of the cause in ``CAUSES``.  ``lesions``: of each its site, and its cells at the end of the
        early phase.  ``tracks``: each lesion as it is under some of the cares,
        see `_track`, and the number of the mask that says under which: bit k of its d-th number.
    """
    lesions = _Numbered()
    tracks: dict[tuple[Any, ...], list[int]] = {}
    ends: list[list[int]] = [[0] * len(where.drugs) for _ in where.knives]
    causes, works, age = [[0] * len(where.drugs) for _ in where.knives], False, 0.0
    for k, d in where.every():
        care = care_name(where.knives[k], where.drugs[d])
        course = course_of(of, seed=seed, patient=number, care=care)
        ends[k][d], causes[k][d], age = round(1000.0 * course.years), CAUSES.index(course.cause), course.age
        works = works or _given(course)
        for lesion in course.lesions:
            if lesion.number == 0 or lesion.fate in GROWN:
                track = _track(course, lesion, lesions, sites, paces)
                tracks.setdefault(track, [0] * len(where.drugs))[d] |= 1 << k
    return {
        "number": number,
        "age": round(age, 1),
        "works": works,
        "ends": ends,
        "causes": ["".join(map(str, row)) for row in causes],
        "lesions": [[site, cells] for _, site, cells in lesions],
        "tracks": [[*track, masks.of(tuple(mask))] for track, mask in tracks.items()],
    }


def _given(course: Course) -> bool:
    """Whether the patient is among those in whom the drug does something."""
    return course.clinical is not None and any(one.name not in MOMENTS for one in course.clinical.given)


def _track(course: Course, lesion: Lesion, lesions: _Numbered, sites: _Numbered, paces: _Numbered) -> tuple[Any, ...]:
    """A lesion under one care, in tenths of days.

    Returns
    -------
    tuple
        Number of the lesion among the patient's; the day on which the early phase ends (0: never, -1: after the days
        of the early phase at the first pace); the day on which the lesion ends (0: it does not, -1: that of the
        operation); then day, own time and number of the pace of each piece.
    """
    own = course._own[lesion.number]  # noqa: SLF001 - the pieces are how a course defines sizes
    assert own is not None
    assert course.clinical is not None
    gone = 0 if math.isinf(own.gone) else _tenths(own.gone)
    if gone and abs(own.gone - course.clinical.surgery * DAYS_PER_YEAR) < 1e-6:
        gone = -1
    pieces = _turning(list(zip(own.day.tolist(), own.own.tolist(), own.pace.tolist(), strict=True)))
    flat = [part for day, at, pace in pieces for part in (_tenths(day), _tenths(at), paces.of(pace))]
    # A whole number where it is one: shorter, and the same.
    cells = int(lesion.early_cells) if lesion.early_cells == int(lesion.early_cells) else lesion.early_cells
    old = 0 if math.isinf(own.old) else _tenths(own.old)
    early = course.disease.lesions.early_days / float(own.pace[0]) if own.pace[0] > 0 else math.inf
    if lesion.number and abs(float(own.day[0]) + early - own.old) < 1.0 / TENTHS:
        old = -1
    return (lesions.of((lesion.identity, sites.of(lesion.site), cells)), old, gone, *flat)


def _turning(pieces: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Of pieces of day, own time and pace those at which something turns: a drug that only kills leaves others as one.

    Examples
    --------
    >>> _turning([(0.0, 0.0, 2.0), (10.0, 20.0, 2.0), (15.0, 30.0, 1.0), (20.0, 12.0, 1.0)])
    [(0.0, 0.0, 2.0), (15.0, 30.0, 1.0), (20.0, 12.0, 1.0)]
    """
    kept = pieces[:1]
    for day, at, pace in pieces[1:]:
        since, own, before = kept[-1]
        if pace != before or abs(own + before * (day - since) - at) > 0.5 / TENTHS:
            kept.append((day, at, pace))
    return kept


def _tenths(days: float) -> int:
    return round(TENTHS * days)
