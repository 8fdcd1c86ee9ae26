"""What is wrong with presentation, eyes and care of a disease, beyond types and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cascade.common.errors import CascadeError, Fault, nearest
from cascade.patient.clinic.care import MOMENTS

if TYPE_CHECKING:
    from cascade.patient.clinic.care import Care
    from cascade.patient.clinic.presentation import Presentation, Symptoms
    from cascade.patient.disease import Disease


def faults_of_clinic(disease: Disease) -> Iterator[Fault]:
    """Every fault."""
    yield from _eyes(disease)
    yield from _autopsy(disease)
    if disease.presentation is not None:
        yield from _presentation(disease, disease.presentation)
    yield from _pathologist(disease)
    names = [care.name for care in disease.care]
    for i, care in enumerate(disease.care):
        if care.name in names[:i]:
            yield Fault(f"care[{i}].name", care.name, "names of their own")
        if disease.presentation is None:
            wanted = "a disease with a presentation: care begins at diagnosis, and without it nobody is diagnosed"
            yield Fault(f"care[{i}]", care.name, wanted)
        yield from _care(disease, care, f"care[{i}]")


def _known(path: str, organs: Iterable[str], sites: Iterable[str]) -> Iterator[Fault]:
    every = list(sites)
    for organ in organs:
        if organ not in every:
            yield Fault(path, organ, f"a site that the cells come to; {nearest(organ, every)}")


def _named(path: str, eyes: Iterable[str], disease: Disease) -> Iterator[Fault]:
    known, seen = [eye.name for eye in disease.eyes], list[str]()
    for eye in eyes:
        if eye not in known:
            yield Fault(path, eye, f"the name of an eye of the disease; {nearest(eye, known)}")
        elif eye in seen:
            yield Fault(path, eye, "each eye once")
        seen.append(eye)


def _eyes(disease: Disease) -> Iterator[Fault]:
    names = [eye.name for eye in disease.eyes]
    for i, eye in enumerate(disease.eyes):
        if eye.name in names[:i]:
            yield Fault(f"eyes[{i}].name", eye.name, "names of their own")
        yield from _known(f"eyes[{i}].organs", eye.organs, disease.sites)
        if eye.primary is None and eye.lesions is None and not eye.organs:
            yield Fault(f"eyes[{i}]", eye.name, "somewhere to look: primary, lesions or organs")
        if eye.primary is not None and eye.primary.only_with_symptoms:
            wanted = "false: a primary with symptoms is diagnosed"
            yield Fault(f"eyes[{i}].primary.only_with_symptoms", True, wanted)


def _autopsy(disease: Disease) -> Iterator[Fault]:
    if disease.autopsy is not None:
        yield from _named("autopsy", [disease.autopsy], disease)


def _presentation(disease: Disease, of: Presentation) -> Iterator[Fault]:
    yield from _known("presentation.organs", of.organs, disease.sites)
    yield from _named("presentation.staging", of.staging, disease)
    by_place: Mapping[str, Symptoms | None] = {
        "primary": of.primary,
        "lesions": of.lesions,
        **{f"organs.{organ}": own for organ, own in of.organs.items()},
    }
    most, early = disease.tumour.growth.most, disease.largest_early()
    for place, symptoms in by_place.items():
        if symptoms is None:
            continue
        path = f"presentation.{place}.least_mm"
        least = disease.cells_of(symptoms.least_mm)
        if not 2.0 <= least < most:
            low, high = disease.mm(2.0), disease.mm(min(most, 1e15))
            wanted = f"a diameter that the tumour reaches: from {low:.3g} (two cells) to below {high:.4g}"
            yield Fault(path, symptoms.least_mm, wanted)
        elif place != "primary":
            if least < early:
                wanted = f"at least {disease.mm(early):.3g} mm: earlier a lesion is in its early phase"
                yield Fault(path, symptoms.least_mm, wanted)
            if disease.sleeps and least < disease.lesions.asleep_cells:
                wanted = f"at least that of lesions.asleep_cells, {disease.mm(disease.lesions.asleep_cells):.3g} mm"
                yield Fault(path, symptoms.least_mm, f"{wanted}: a sleeping lesion gives none")
    for i, screening in enumerate(of.screening):
        path = f"presentation.screening[{i}]"
        yield from _named(f"{path}.eye", [screening.eye], disease)
        eye = next((eye for eye in disease.eyes if eye.name == screening.eye), None)
        if eye is not None and eye.primary is None:
            yield Fault(f"{path}.eye", screening.eye, "an eye that looks at the primary")
        if screening.from_age > screening.to_age:
            yield Fault(f"{path}.to_age", screening.to_age, f"an age from {screening.from_age:g}, from_age, on")


def _pathologist(disease: Disease) -> Iterator[Fault]:
    of = disease.pathologist
    if of is None:
        return
    nodal = [site for site in disease.sites if disease.kinds[site] == "nodal"]
    yield from _known("pathologist.stations", of.stations, nodal)
    if len(set(of.stations)) < len(of.stations):
        yield Fault("pathologist.stations", list(of.stations), "each station once")
    if of.removed > of.nodes:
        yield Fault("pathologist.removed", of.removed, f"at most {of.nodes}, the nodes there")


def _care(disease: Disease, care: Care, path: str) -> Iterator[Fault]:
    yield from _named(f"{path}.staging", care.staging or (), disease)
    yield from _named(f"{path}.restaging", care.restaging or (), disease)
    for i, visits in enumerate(care.visits):
        yield from _named(f"{path}.visits[{i}].eyes", visits.eyes, disease)
    if care.radiotherapy is not None and care.surgery is None:
        yield Fault(f"{path}.radiotherapy", "given", "a care with surgery: it is given to where the primary was")
    if care.radiotherapy is not None:
        nodal = [site for site in disease.sites if disease.kinds[site] == "nodal"]
        yield from _known(f"{path}.radiotherapy.nodes", care.radiotherapy.nodes, nodal)
    if care.surgery is not None and care.surgery.left_cells >= disease.tumour.growth.most:
        wanted = f"fewer than the largest size, {disease.tumour.growth.most:g}"
        yield Fault(f"{path}.surgery.left_cells", care.surgery.left_cells, wanted)
    for i, given in enumerate(care.systemic):
        where = f"{path}.systemic[{i}]"
        if given.name in [other.name for other in care.systemic[:i]]:
            yield Fault(f"{where}.name", given.name, "names of their own")
        if given.name in MOMENTS:
            yield Fault(f"{where}.name", given.name, f"another name: {' and '.join(MOMENTS)} are operations")
        subtypes = [subtype.name for subtype in disease.subtypes]
        for j, name in enumerate(given.subtypes or ()):
            if name not in subtypes:
                wanted = (
                    f"a subtype of the disease; {nearest(name, subtypes)}" if subtypes else "none: it has no subtypes"
                )
                yield Fault(f"{where}.subtypes[{j}]", name, wanted)
            elif name in (given.subtypes or ())[:j]:
                yield Fault(f"{where}.subtypes[{j}]", name, "each subtype once")
        if given.begins == "surgery" and care.surgery is None:
            yield Fault(f"{where}.begins", "surgery", "'diagnosis', or a care with surgery")
        if given.given_to == "nodes" and (care.surgery is None or disease.pathologist is None):
            yield Fault(f"{where}.given_to", "nodes", "a care with surgery, and a pathologist who counts nodes")
        if given.given_to == "nodes" and given.begins != "surgery":
            yield Fault(f"{where}.begins", given.begins, "'surgery': nodes are counted after it")
        if given.begins == "metastasis seen" and given.after_days < 1.0:
            yield Fault(f"{where}.after_days", given.after_days, "at least 1: what is seen is treated later")
        if given.treatment is not None and given.effects:
            yield Fault(f"{where}.effects", given.treatment, "a treatment of the package, or effects, not both")
        if given.treatment is not None or given.effects:
            yield from _of_cells(disease, care, i, where)


def _of_cells(disease: Disease, care: Care, i: int, where: str) -> Iterator[Fault]:
    """That a treatment of cells is known and leaves none without a way, and acts on something."""
    from cascade.patient.clinic.cells import treatment_of

    try:
        treatment_of(disease, care.systemic[i])
    except CascadeError as error:
        field = "treatment" if care.systemic[i].treatment is not None else "effects"
        yield Fault(f"{where}.{field}", care.systemic[i].treatment or "given", f"what acts on the cells ({error})")
