"""What is wrong with a disease, beyond types and ranges: every fault at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cascade.common.errors import Fault, InputError, nearest
from cascade.model.base import ILLUSTRATIVE, Part
from cascade.model.correlations import cholesky
from cascade.patient.clinic.blood_tests import faults_of_tests
from cascade.patient.clinic.checks import faults_of_clinic

if TYPE_CHECKING:
    from cascade.patient.disease import Disease


def faults(disease: Disease) -> Iterator[Fault]:
    """Every fault of a disease whose parts are each right."""
    yield from _growth(disease)
    yield from _sites(disease)
    yield from _traits(disease)
    yield from faults_of_clinic(disease)
    yield from _sources(disease)
    if disease.blood is not None:
        yield from faults_of_tests(disease.blood)


def _growth(disease: Disease) -> Iterator[Fault]:
    growth, lesions, tumour = disease.tumour.growth, disease.lesions, disease.tumour
    low, high = tumour.onset_age_years
    if low > high:
        yield Fault("tumour.onset_age_years", [low, high], "two ages, the lower first")
    early = math.exp(min(growth.slope * lesions.early_days, 700.0))
    largest = disease.largest_early()
    shedding = disease.largest_early([site for site in disease.can_shed if lesions.of(site, "secondary") > 0])
    for i, shed in enumerate(disease.shedding):
        path = f"shedding[{i}].onset_cells"
        if shed.onset_cells >= growth.most:
            yield Fault(path, shed.onset_cells, f"a size that the tumour reaches: below {growth.most:g} cells")
        if disease.lesions_shed and shed.onset_cells < shedding:
            wanted = (
                f"at least {shedding:.3g} cells, 40 times what a lesion has on average at the end of its early phase:"
                " earlier no metastasis sheds (secondary = 0 where none ever shall)"
            )
            yield Fault(path, shed.onset_cells, wanted)
        if disease.lesions_shed and disease.sleeps and shed.onset_cells < lesions.asleep_cells:
            wanted = f"at least lesions.asleep_cells ({lesions.asleep_cells:g}): a lesion without vessels sheds nothing"
            yield Fault(path, shed.onset_cells, wanted)
    if lesions.asleep_cells >= growth.most and disease.sleeps:
        wanted = f"a size that lesions reach: below {growth.most:g} cells"
        yield Fault("lesions.asleep_cells", lesions.asleep_cells, wanted)
    if largest >= growth.most:
        wanted = (
            f"a time after which 40 times the mean size of what is left, {largest:.3g} cells, is below"
            f" the largest size, {growth.most:g}"
        )
        yield Fault("lesions.early_days", lesions.early_days, wanted)
    if early > 1e6:
        yield Fault("lesions.early_days", lesions.early_days, "a time in which a lesion stays below 1e6 cells")
    if disease.death.burden_cells <= max((s.onset_cells for s in disease.shedding), default=1.0):
        yield Fault("death.burden_cells", disease.death.burden_cells, "more cells than shedding begins at")


def _sites(disease: Disease) -> Iterator[Fault]:
    uses = [use.name for use in disease.cancer.routes]
    for organ in disease.death.organs:
        if organ not in disease.sites:
            yield Fault("death.organs", organ, f"a site that the cells come to; {nearest(organ, disease.sites)}")
    spared = disease.death.not_counted or ()
    for organ in spared:
        if organ not in disease.sites:
            yield Fault("death.not_counted", organ, f"a site that the cells come to; {nearest(organ, disease.sites)}")
    if len(set(spared)) < len(spared):
        yield Fault("death.not_counted", list(spared), "each site once")
    for i, shed in enumerate(disease.shedding):
        if shed.route not in uses:
            yield Fault(f"shedding[{i}].route", shed.route, f"a route of the cells; {nearest(shed.route, uses)}")
        elif shed.route in [other.route for other in disease.shedding[:i]]:
            yield Fault(f"shedding[{i}].route", shed.route, "each route once")
    for organ, own in disease.lesions.organs.items():
        if organ not in disease.sites:
            wanted = f"a site that the cells come to; {nearest(organ, disease.sites)}"
            yield Fault("lesions.organs", organ, wanted)
        elif own.secondary and organ not in disease.can_shed:
            wanted = "none: lesions in organs with a bed, and in nodes, shed, but for those of death.not_counted"
            wanted += f"; {nearest(organ, disease.can_shed)}"
            yield Fault(f"lesions.organs.{organ}.secondary", own.secondary, wanted)
    for i, subtype in enumerate(disease.subtypes):
        if subtype.name in [other.name for other in disease.subtypes[:i]]:
            yield Fault(f"subtypes[{i}].name", subtype.name, "names of their own")
        for organ in subtype.soil:
            if organ not in disease.sites:
                wanted = f"a site that the cells come to; {nearest(organ, disease.sites)}"
                yield Fault(f"subtypes[{i}].soil", organ, wanted)
        for route in subtype.shedding:
            if route not in [s.route for s in disease.shedding]:
                wanted = f"a route of the disease; {nearest(route, [s.route for s in disease.shedding])}"
                yield Fault(f"subtypes[{i}].shedding", route, wanted)


def _traits(disease: Disease) -> Iterator[Fault]:
    names = [trait.name for trait in disease.traits]
    targets = ["growth", "seeding", *(f"shedding.{s.route}" for s in disease.shedding)]
    targets += [f"soil.{site}" for site in disease.sites]
    if len(names) > MOST_TRAITS:
        yield Fault("traits", len(names), f"at most {MOST_TRAITS} traits")
    for i, trait in enumerate(disease.traits):
        if trait.name in names[:i]:
            yield Fault(f"traits[{i}].name", trait.name, "names of their own")
        for target in trait.acts_on:
            if target not in targets:
                wanted = f"growth, seeding, shedding.ROUTE or soil.SITE; {nearest(target, targets)}"
                yield Fault(f"traits[{i}].acts_on", target, wanted)
    seen: set[frozenset[str]] = set()
    for i, correlation in enumerate(disease.correlations):
        pair, path = correlation.between, f"correlations[{i}].between"
        for name in pair:
            if name not in names:
                yield Fault(path, name, f"the name of a trait; {nearest(name, names)}")
            elif disease.traits[names.index(name)].distribution != "lognormal":
                yield Fault(path, name, "log-normal traits: only these can be correlated")
        if pair[0] == pair[1] or frozenset(pair) in seen:
            yield Fault(path, list(pair), "two traits, each pair once")
        seen.add(frozenset(pair))
    known = all(set(c.between) <= set(names) for c in disease.correlations)
    if disease.correlations and known and cholesky(correlation_matrix(disease)) is None:
        values = [c.value for c in disease.correlations]
        yield Fault("correlations", values, "a positive definite matrix: these cannot all hold together")


MOST_TRAITS = 16


def correlation_matrix(disease: Disease) -> list[list[float]]:
    """Correlations of the logarithms of the traits, in their order."""
    names = [trait.name for trait in disease.traits]
    matrix = [[float(a == b) for b in names] for a in names]
    for correlation in disease.correlations:
        a, b = (names.index(name) for name in correlation.between)
        matrix[a][b] = matrix[b][a] = correlation.value
    return matrix


def _sources(disease: Disease) -> Iterator[Fault]:
    keys = {ILLUSTRATIVE, *(source.key for source in disease.sources)}
    for path, used in _cited("", dict(disease)):
        for key in used:
            if key not in keys:
                yield Fault(path, key, f"the key of a source; {nearest(key, sorted(keys))}")


def _cited(path: str, fields: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where sources are cited, and their keys."""
    for name, value in fields.items():
        where = f"{path}.{name}" if path else name
        if name == "source":
            yield where, value
        elif name == "cells":  # a cancer checks itself
            continue
        elif isinstance(value, Part):
            yield from _cited(where, dict(value))
        elif isinstance(value, tuple) and value and isinstance(value[0], Part) and name != "sources":
            for i, part in enumerate(value):
                yield from _cited(f"{where}[{i}]", dict(part))
        elif name == "organs":
            for organ, part in value.items():
                if isinstance(part, Part):
                    yield from _cited(f"{where}.{organ}", dict(part))


def check_disease(disease: object) -> Any:
    """A disease, or an error that says so."""
    from cascade.patient.disease import Disease

    if not isinstance(disease, Disease):
        raise InputError("disease", disease, "a Disease, such as cascade.disease('textbook')")
    return disease
