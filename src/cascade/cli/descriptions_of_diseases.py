"""A disease in words, for people who read a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from cascade.cli.options import NOTICE
from cascade.common.shares import plain_percent
from cascade.common.text import text_table
from cascade.patient.disease import Disease
from cascade.patient.fits import parameters_of, rows_of
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.scores.scoring import VERDICTS, WITHIN, scores_of_experiments, told_of

LAWS = {
    "exponential": "exponential growth",
    "gompertz": "Gompertz growth",
    "logistic": "logistic growth",
    "power": "growth by a power law",
    "points": "growth between points of one's own",
}


def disease_page(disease: Disease) -> str:
    """All of a disease: tumour, shedding, lesions, patients, death, sources."""
    return "\n\n".join(part for part in _parts(disease) if part)


def _parts(disease: Disease) -> Iterator[str]:
    yield f"{disease.title or disease.name} (disease {disease.name}, sha256 {disease.digest()[:16]})"
    yield disease.description
    yield f"Limits: {disease.limits}" if disease.limits else ""
    yield _tumour(disease)
    yield _shedding(disease)
    yield _lesions(disease)
    yield _patients(disease)
    yield _death(disease)
    yield _clinic(disease)
    yield _calibration(disease)
    yield _experiments(disease)
    yield _variants(disease)
    if disease.sources:
        lines = [[s.key, s.grade, s.citation] for s in disease.sources]
        yield text_table(["source", "grade", "citation"], lines, left=(0, 1, 2))
    yield f"Cells: {disease.cancer.title or disease.cancer.name} ('cascade show {disease.cancer.name}'). {NOTICE}"


def _tumour(disease: Disease) -> str:
    growth, (young, old) = disease.tumour.growth, disease.tumour.onset_age_years
    told = f"Tumour: {LAWS[growth.law]}"
    told += f", doubling in {growth.doubling_days:g} days at first" if growth.doubling_days else ""
    told += f", never beyond {growth.largest:.3g} cells" if growth.largest else ""
    age = f"{young:g}" if young == old else f"{young:g} to {old:g}"
    told += f"; first cell at an age of {age} years; {disease.tumour.cells_per_cm3:.3g} cells per cm3."
    lines = []
    for mm in (1.0, 10.0, 20.0, 50.0, 100.0):
        cells = disease.cells_of(mm)
        if 1 <= cells < growth.most and cells < disease.death.burden_cells:
            lines.append([f"{mm:g}", f"{cells:.3g}", f"{growth.days(cells)[0] / DAYS_PER_YEAR:.2f}"])
    return f"{told}\n\n" + text_table(["mm", "cells", "years"], lines, left=()) if lines else told


def _shedding(disease: Disease) -> str:
    header = [
        "sheds by",
        "cells a day",
        "at cells",
        "rises with size to the power",
        "with pace to the power",
        "from cells on",
    ]
    lines = [
        [
            s.route,
            f"{s.per_day:.4g}",
            f"{s.at_cells:.3g}",
            f"{s.exponent:.3g}",
            f"{s.per_division:g}",
            f"{s.onset_cells:.3g}",
        ]
        for s in disease.shedding
    ]
    scale = f"The chance of a shed cell to found is that of the cell model times {disease.efficiency:.3g} (efficiency)."
    if disease.dormant is not None:
        scale += f" Of those that found {plain_percent(disease.dormant)} slept as single cells before (dormant)."
    return f"{text_table(header, lines)}\n\n{scale}"


def _lesions(disease: Disease) -> str:
    rules, own = disease.lesions, disease.lesions.organs
    header = ["lesions of", "growth ratio", "established", "asleep", "mean sleep (years)", "secondary shedding", "soil"]
    fields = ("growth_ratio", "growth_spread", "establishment", "asleep", "asleep_years", "secondary", "soil")

    def line(name: str, organ: str) -> list[str]:
        ratio, spread, established, asleep, years, secondary, soil = (rules.of(organ, field) for field in fields)
        shown = [plain_percent(established), plain_percent(asleep), f"{years:g}", f"{secondary:g}", f"{soil:g}"]
        return [name, f"{ratio:g}", *([f"{spread:g}"] if differ else []), *shown]

    differ = any(rules.of(organ, "growth_spread") for organ in ("", *own))
    header[2:2] = ["log-sd between lesions"] if differ else []

    lines = [line("all sites", ""), *(line(organ, organ) for organ in own)]
    early = f"Birth and death by chance for {rules.early_days:g} days"
    sleep = f"; those that sleep stop at {rules.asleep_cells:.3g} cells" if disease.sleeps else ""
    spared = ", but none of those that do not count for death" if disease.death.not_counted else ""
    shed = f"Only lesions in organs with a capillary bed, and in nodes, shed{spared}."
    return f"{text_table(header, lines)}\n\n{early}{sleep}. {shed}"


def _patients(disease: Disease) -> str:
    parts = []
    if disease.traits:
        lines = [[t.name, t.distribution, f"{t.spread:g}", ", ".join(t.acts_on)] for t in disease.traits]
        parts.append(text_table(["trait of patients", "law", "spread", "acts on"], lines, left=(0, 1, 3)))
    pairs = [f"{a} and {b} {c.value:g}" for c in disease.correlations for a, b in [c.between]]
    parts += [f"Correlations: {'; '.join(pairs)}."] if pairs else []
    if disease.subtypes:
        lines = [[k.name, plain_percent(k.share), f"{k.growth:g}"] for k in disease.subtypes]
        parts.append(text_table(["subtype", "share", "growth"], lines))
    return "\n\n".join(parts)


def _death(disease: Disease) -> str:
    told = f"Death: at {disease.death.burden_cells:.3g} cells in all"
    if spared := disease.death.not_counted:
        told += f" (not counted: {', '.join(spared)})"
    if other := disease.death.other:
        told += (
            f"; of other causes {other.per_year:g} a year at {other.at_age:g}, twice as much every"
            f" {other.doubling_years:g} years (Gompertz's law)"
        )
    for place, cells in ({"the primary": disease.death.primary_cells} | dict(disease.death.organs)).items():
        told += f"; at {cells:.3g} in {place}" if cells is not None else ""
    return f"{told}."


def _clinic(disease: Disease) -> str:
    """How it becomes known, what looks, and what can be done."""
    of = disease.presentation
    if of is None:
        return "Nobody looks and nothing is treated: the disease has no presentation."
    parts, lines = [], []
    symptoms = {"the primary": of.primary, "metastases": of.lesions, **of.organs}
    for place, rule in symptoms.items():
        if rule is not None:
            size = f"{rule.at_mm:g}", f"{rule.exponent:g}", f"{rule.least_mm:g}"
            lines.append([place, f"{rule.per_year:g}", *size])
    header = ["symptoms of", "hazard a year", "at mm", "rises with cells to the power", "from mm on"]
    parts += [text_table(header, lines)] if lines else []
    for s in of.screening:
        parts.append(
            f"Screening: {s.eye} every {s.every_years:g} years from {s.from_age:g} to {s.to_age:g}, to which"
            f" {plain_percent(s.attends)} come."
        )
    sights = [
        [eye.name, place, f"{sight.half_mm:g}", f"{sight.width:g}", plain_percent(sight.most)]
        for eye in disease.eyes
        for place, sight in ({"primary": eye.primary, "distant sites": eye.lesions} | dict(eye.organs)).items()
        if sight is not None
    ]
    if sights:
        header = ["eye", "place", "half are seen at mm", "width in log mm", "seen of the largest"]
        parts.append(text_table(header, sights, left=(0, 1)))
    cares = [[name, care.title or "nothing is done"] for name, care in disease.cares.items()]
    parts.append(text_table(["care", "what is done"], cares, left=(0, 1)))
    return "\n\n".join(parts)


def _calibration(disease: Disease) -> str:
    """What was fitted, what is predicted, what is contradicted."""
    if disease.calibration is None:
        return "Nothing was fitted to figures of patients." if disease.variants else ""
    return f"{parameters_of(disease)}\n\n{rows_of(disease)}"


def _experiments(disease: Disease) -> str:
    """What scripts asked of the disease beside published figures, contradictions first."""
    scores = sorted(scores_of_experiments(disease), key=lambda score: VERDICTS.index(score.verdict))
    if not scores:
        return ""
    lines = [[*told_of(score), score.verdict, score.source] for score in scores]
    header = ["asked in experiments/ (script)", "published", "disease says", "verdict", "source"]
    wrong = sum(score.verdict == "contradicted" for score in scores)
    rule = f"Contradicted, by more than a factor of {WITHIN:g} where no error is known: {wrong} of {len(scores)}."
    return f"{text_table(header, lines, left=(0, 3, 4))}\n\n{rule}"


def _variants(disease: Disease) -> str:
    """Other numbers, where sources contradict each other."""
    if not disease.variants:
        return ""
    lines = [[f"{disease.name}:{one.name}", one.title, ", ".join(one.source)] for one in disease.variants]
    return text_table(["variant", "what is other", "source"], lines, left=(0, 1, 2))
