"""The scorecard: every published figure that the package holds, beside what its models say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from cascade.answers.intervals import proportion
from cascade.answers.table import Table, Texts
from cascade.body.routes import routes
from cascade.catalog import load, models
from cascade.common.errors import InputError, nearest
from cascade.common.files import packaged
from cascade.common.shares import estimate_of_number, estimate_of_share, percent
from cascade.common.text import text_table
from cascade.model import Model, check_model
from cascade.model.base import Source
from cascade.model.observables import Observation
from cascade.patient.calibration import APART
from cascade.patient.disease import Disease
from cascade.patient.fits import told_source
from cascade.patient.loader import disease, disease_names
from cascade.scores.absolute import scale, scaled_names
from cascade.scores.asking import value_of
from cascade.solution.answer import exact

Verdict = Literal["contradicted", "predicted", "looked at", "calibrated", "cannot be asked"]

VERDICTS: tuple[Verdict, ...] = ("contradicted", "predicted", "looked at", "calibrated", "cannot be asked")
"""Failures stand first."""

MET: Mapping[str, Verdict] = {"target": "calibrated", "choice": "looked at", "comparison": "predicted"}
"""Of a figure of a disease, by its role: what it did, and the verdict where it is met."""

CALIBRATED_TO = 0.01
"""How far from its figure, as a part of it, a model may be that was calibrated to it."""

WITHIN = 2.0
"""Factor within which a figure without a range must lie to be called predicted."""

SHARES = ("fraction", "of patients")
"""Units of figures that are shown as shares."""

RULE = (
    "Contradicted: outside the published range or the 95 % interval of published counts; where there is neither,"
    f" off by more than a factor of {WITHIN:g} (a share above one half: what is left of 1); of a calibrated figure"
    " without a range, by more than"
    f" {CALIBRATED_TO:.0%}; of a disease, by more than {APART:g} of the errors chosen for its calibration. A calibrated"
    " figure set a number of the model, and says nothing for it; nor does one that was looked at before the model was"
    " chosen: only predicted ones could."
)


@dataclass(frozen=True)
class Score:
    """One published figure beside a model.

    Attributes
    ----------
    model, figure : str
    published : float
    low, high : float or None
        The published range, or the 95 % interval of published counts.
    unit : str
    value : float or None
        What the model says; None where it cannot be asked.
    role : str
        As of ``Observation``.
    verdict : str
    source : str
        Keys, with their weakest grade.
    """

    model: str
    figure: str
    published: float
    low: float | None
    high: float | None
    unit: str
    value: float | None
    role: str
    verdict: Verdict
    source: str


@dataclass(frozen=True)
class Scorecard(Table[Score]):
    """All figures, failures first."""

    left = (0, 1, 5, 6)

    rows: tuple[Score, ...]

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["model", "figure", "published", "range", "model says", "verdict", "source"]
        lines = [[row.model, row.figure, *_told(row), row.verdict, row.source] for row in self.rows]
        return header, lines

    def sums(self) -> dict[str, dict[str, int]]:
        """Numbers of figures by model and verdict; of all under "all"."""
        counted: dict[str, Counter[str]] = {"all": Counter(row.verdict for row in self.rows)}
        for row in self.rows:
            counted.setdefault(row.model, Counter())[row.verdict] += 1
        return {model: {verdict: counts[verdict] for verdict in VERDICTS} for model, counts in counted.items()}

    def sums_as_text(self) -> str:
        """The same as a table."""
        lines = [[model, *(str(counts[verdict]) for verdict in VERDICTS)] for model, counts in self.sums().items()]
        return text_table(["model", *VERDICTS], lines, left=(0,))

    def __str__(self) -> str:
        return "\n\n".join([self.sums_as_text(), text_table(*self.as_text(), left=self.left), RULE])

    @property
    def caption(self) -> str:
        """The rule of the verdicts."""
        return RULE


def _told(row: Score) -> list[str]:
    """The published figure, its range and the model's value: shares as shares, others with their unit."""
    share = row.unit in SHARES
    unit = "" if share or row.unit == "ratio" else f" {row.unit}"

    def one(value: float | None) -> str:
        if value is None or value != value:
            return "-"
        return percent(value) if share else f"{value:.3g}{unit}"

    if row.low is not None and row.high is not None:
        estimate = (estimate_of_share if share else estimate_of_number)(row.published, row.low, row.high)
        return [one(row.published), f"{estimate.interval}{unit}", one(row.value)]
    ends = [f"{word} {one(end)}" for word, end in (("above", row.low), ("below", row.high)) if end is not None]
    return [one(row.published), "".join(ends), one(row.value)]


def told_of(row: Score) -> list[str]:
    """A figure, what was published and what the model says, as text."""
    published, _, value = _told(row)
    return [row.figure, published, value]


def verdict_of(seen: Observation, value: float | None) -> Verdict:
    """Whether a model agrees with a figure."""
    if value is None:
        return "cannot be asked"
    if seen.low is not None or seen.high is not None:
        inside = (seen.low is None or value >= seen.low) and (seen.high is None or value <= seen.high)
    elif seen.role == "calibrated":
        inside = abs(value - seen.value) <= CALIBRATED_TO * abs(_rarer(seen, seen.value))
    else:
        published, said = _rarer(seen, seen.value), _rarer(seen, value)
        inside = published / WITHIN <= said <= published * WITHIN
    if not inside:
        return "contradicted"
    return "calibrated" if seen.role == "calibrated" else "predicted"


def _rarer(seen: Observation, value: float) -> float:
    """Of a figure that is a share above one half what is left of 1: else a factor would say nothing."""
    return 1.0 - value if seen.unit in SHARES and 0.5 < seen.value < 1.0 else value


class Figures:
    """Figures of the package about models that do not hold them: comparisons between models, or of treatments."""

    def __init__(self) -> None:
        data = packaged("cascade.scores", "figures.toml")
        self.sources = {source["key"]: Source(**source) for source in data["sources"]}
        self.by_model: dict[str, list[Observation]] = {}
        for figure in data["figures"]:
            fields = {name: value for name, value in figure.items() if name != "model"}
            self.by_model.setdefault(figure["model"], []).append(Observation(**fields))


@cache
def figures() -> Figures:
    """The figures of the package."""
    return Figures()


def scorecard(names: Sequence[str] | None = None) -> Scorecard:
    """Every published figure that the package holds, beside what its models say.

    Parameters
    ----------
    names : sequence of str, optional
        Models of the catalogue, and diseases as "disease NAME"; default: all that have a figure.

    Returns
    -------
    Scorecard
        Contradicted figures first.

    Raises
    ------
    InputError
        For an unknown model.
    """
    diseases = {f"disease {name}": name for name in disease_names()}
    known = [*(entry.name for entry in models()), *diseases]
    for name in names or ():
        if name not in known:
            raise InputError("names", name, f"names of models and diseases of the catalogue; {nearest(name, known)}")
    rows = []
    for name in names or known:
        rows += _of_disease(disease(diseases[name])) if name in diseases else scores_of(load(name))
    return Scorecard(tuple(sorted(rows, key=lambda row: VERDICTS.index(row.verdict))))


def scores_of(model: Model) -> list[Score]:
    """Scores of one model."""
    check_model(model)
    own = [_score(model, seen, model.grade_of(seen.source)) for seen in model.observations]
    theirs = figures().by_model.get(model.name, [])
    beside = [_score(model, seen, figures().sources[seen.source[0]].grade) for seen in theirs]
    return [*own, *beside, *_by_organ(model), *_by_scale(model)]


def _of_disease(one: Disease) -> list[Score]:
    """Scores of a disease: of its calibration, and of what experiments asked of it."""
    return [*_by_fit(one), *scores_of_experiments(one)]


def scores_of_experiments(one: Disease) -> Iterator[Score]:
    """Figures beside which experiments put what a disease says; of one that was changed since there are none."""
    for experiment in packaged("cascade.scores", "experiments.toml")["experiments"]:
        if experiment["digest"] != one.digest():
            continue
        for row in experiment["rows"]:
            seen = Observation(name="this", value=row["published"], unit=row["unit"], role="predicted", source=())
            verdict = verdict_of(seen, row["value"])
            met: Verdict = "looked at" if row["role"] == "looked at" and verdict == "predicted" else verdict
            yield Score(
                f"disease {one.name}", f"{row['name']} ({experiment['name']})", row["published"], None, None,
                row["unit"], row["value"], row["role"], met, row["source"],
            )  # fmt: skip


def _by_fit(fitted: Disease) -> Iterator[Score]:
    """Figures to which a disease was fitted, or that stood beside the fit, with what its file says of each."""
    if fitted.calibration is None:
        return
    for row in fitted.calibration.rows:
        low, high = row.range
        met = MET[row.role]
        yield Score(
            f"disease {fitted.name}", row.name, row.observed, low, high,
            "fraction" if row.measure == "share" else "ratio", row.simulated,
            met,
            "contradicted" if row.verdict in ("contradicted", "not met") else met,
            told_source(fitted, row),
        )  # fmt: skip


def _score(model: Model, seen: Observation, grade: str) -> Score:
    value = value_of(model, seen)
    source = f"{', '.join(seen.source)} ({grade})"
    verdict = verdict_of(seen, value)
    return Score(model.name, seen.name, seen.value, seen.low, seen.high, seen.unit, value, seen.role, verdict, source)


def _by_organ(model: Model) -> Iterator[Score]:
    """Shares of autopsied patients with a metastasis in each site, beside those that follow from the exposure."""
    if model.exposure is None:
        return
    colonies = {row.organ: row.colonies for row in exact(model).organs(1.0)}
    for site in model.sites:
        if site.found is None or site.of is None:
            continue
        # What was fitted is scored; what came by other routes was not asked for.
        role: Literal["calibrated", "predicted"] = "calibrated" if site.scored else "predicted"
        low, high = proportion(site.found, site.of)
        seen = Observation(
            name=f"patients with a metastasis: {site.name}", value=site.found / site.of, unit="of patients",
            role=role, low=low, high=high, source=site.source,
        )  # fmt: skip
        value = model.exposure.share(colonies[site.name], site.detection)
        source = f"{', '.join(site.source) or 'diSibio 2008'} ({site.found} of {site.of})"
        yield Score(
            model.name, seen.name, seen.value, low, high, seen.unit, value, role, verdict_of(seen, value), source
        )


def _by_scale(model: Model) -> Iterator[Score]:
    """Metastases per shed cell: of the model, by the blood; and of the absolute scale, where that is independent."""
    if model.name not in scaled_names():
        return
    rows = scale(model.name)
    first, table = rows.rows[0], exact(model).routes(1.0)
    circulating = routes().circulating
    step = circulating.steps["circulation"]
    entered = next(row.cells for row in table.of_route(circulating.name) if row.step == step)
    founded = next(one.colonies.get("distant", 0.0) for one in table.sums if one.route == circulating.name)
    found = [("metastases by the blood / cells in the blood", founded / entered)]
    found += [
        (f"metastases / shed cell, half-life of {row.half_life}, {row.doubling} growth", row.efficiency)
        for row in rows
        if row.independent
    ]
    for name, value in found:
        verdict: Verdict = "predicted" if first.low <= value <= first.high else "contradicted"
        yield Score(
            model.name, name, first.published, first.low, first.high, "fraction", value, "predicted", verdict,
            "E01 (B)",
        )  # fmt: skip
