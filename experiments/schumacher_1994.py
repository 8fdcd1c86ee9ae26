"""Women of a trial, one by one: who has an event within five years, by size, nodes, receptor and tamoxifen.

Asked are the 686 women of whom the German Breast Cancer Study Group told size, nodes and receptor, all with positive
nodes (the study "schumacher-1994" of the package); nothing of them was fitted.  What the disease says of a woman is the
share with an event among the simulated women who are nearest in size and nodes, of her receptor and treatment (two
years of tamoxifen, as there).  Her receptor counts as positive from 10 fmol per mg on.

Two things differ, in opposite directions: an event there is a recurrence of any kind, a new tumour or a death, here a
distant recurrence or a death; and all of these women had chemotherapy, which the disease does not know.  So the level
is orientation, and what is asked is the order of the women (c-index, beside what the disease expects of women of these
sizes and nodes) and the ratio with tamoxifen.  That of all women had been seen before: 0.69.

Naive comparators, on the same women: size alone; nodes alone; size, nodes, receptor and tamoxifen by Cox's model,
fitted to one half of the women and asked of the other (mended after the first run: it had no receptor, and slopes of
the two halves were mixed).

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace

import numpy as np

import cascade
from _clock import since
from _draws import whole
from _ranked import COMPARED, FIFTHS, concordance, cox
from _registers import Calibration, Seen, er_positive
from _report import Row
from adjuvant import given_for, of_lengths
from cascade.inference.published import FOLDER

STUDY = "schumacher-1994"
SOURCE = "Schumacher 1994, counted in its data: A"
YEARS = 5.0
TAMOXIFEN = 2.0
"""Years for which it was given."""

POSITIVE = 10.0
"""Receptor in fmol per mg of a tumour that counts as positive."""

NEAREST = 200
"""Simulated women who stand for one of the trial: every second says how likely an event is, the others what happens."""

NODES = ((1, 3), (4, 9), (10, 100))
AGAIN = 100
"""Times that women are drawn again for the standard error of a c-index."""

MOST_NODES = 20
"""That the pathologist of the disease looks at."""

WAYS = {False: "without tamoxifen", True: "with tamoxifen"}
ROLE = "looked at; an earlier fit predicted it"
RECEPTORS = {True: ("ER-positive", ROLE), False: ("ER-negative", "by construction")}


@dataclass(frozen=True)
class Women:
    """Women with positive nodes; each field (N,).

    ``until``: years to the event or the last look; ``positive``: by receptor; ``given``: tamoxifen.
    """

    mm: np.ndarray
    nodes: np.ndarray
    positive: np.ndarray
    given: np.ndarray
    until: np.ndarray
    event: np.ndarray

    def of(self, some: np.ndarray) -> Women:
        """Some of them."""
        return Women(*(value[some] for value in vars(self).values()))

    def within(self, years: float) -> Women:
        """Followed for so many years at most."""
        return replace(self, until=np.minimum(self.until, years), event=self.event & (self.until <= years))

    @property
    def place(self) -> np.ndarray:
        """Where they stand by size and nodes, (N, 2)."""
        return np.stack([np.log(self.mm), np.log(np.minimum(self.nodes, MOST_NODES))], axis=1)


def of_trial() -> Women:
    """The women of the trial."""
    told = np.genfromtxt(FOLDER / f"{STUDY}.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    return Women(
        told["mm"].astype(float),
        told["nodes"].astype(float),
        told["er"] >= POSITIVE,
        told["treatment"] == "tamoxifen",
        told["day"] / 365.25,
        told["event"] == "yes",
    )


def simulated(seen: Seen) -> Women:
    """Women of the disease with positive nodes and no metastasis seen, once without and once with tamoxifen."""
    halves = []
    for care in ("surgery", given_for(TAMOXIFEN)):
        r = seen.under(care)
        of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive > 0)
        event, death = since(r, r.distant)[of], since(r, r.death)[of]
        first = np.minimum(event, death)
        halves.append(
            Women(
                seen.mm(r)[of],
                r.nodes_positive[of].astype(float),
                er_positive(seen, r)[of],
                np.full(int(of.sum()), care != "surgery"),
                np.minimum(first, since(r, r.end)[of]),
                np.isfinite(first),
            )
        )
    return Women(*(np.concatenate([vars(half)[name] for half in halves]) for name in vars(halves[0])))


def beside(women: Women, others: Women) -> tuple[np.ndarray, Women]:
    """The share with an event among the simulated women nearest to each woman, (N,); and for each another of them."""
    risk, twin = np.zeros(len(women.mm)), np.zeros(len(women.mm), np.int64)
    scale = women.place.std(axis=0)
    for positive in (False, True):
        for given in (False, True):
            mine = np.flatnonzero((women.positive == positive) & (women.given == given))
            theirs = np.flatnonzero((others.positive == positive) & (others.given == given))
            apart = (women.place[mine][:, None] - others.place[theirs]) / scale
            near = theirs[np.argsort((apart**2).sum(axis=2), axis=1, kind="stable")[:, :NEAREST]]
            risk[mine] = (others.event & (others.until <= YEARS))[near[:, ::2]].mean(axis=1)
            twin[mine] = near[:, 1]
    return risk, others.of(twin)


def kept(women: Women, years: float) -> float:
    """Share without an event by then: Kaplan and Meier."""
    days = np.unique(women.until[women.event & (women.until <= years)])
    at_risk = (women.until >= days[:, None]).sum(axis=1)
    events = ((women.until == days[:, None]) & women.event).sum(axis=1)
    return float(np.prod(1.0 - events / at_risk))


def rate(women: Women) -> float:
    """Events a person-year."""
    return float(women.event.sum() / women.until.sum())


def with_over_without(women: Women) -> float:
    """Rate of events with tamoxifen over that without."""
    return rate(women.of(women.given)) / rate(women.of(~women.given))


def told_to(score: np.ndarray, women: Women) -> str:
    """The source of a c-index, with its standard error: of women who are drawn again."""
    rng, found = np.random.default_rng(1), []
    for _ in range(AGAIN):
        some = rng.integers(0, len(score), len(score))
        found.append(concordance(score[some], women.until[some], women.event[some]))
    return f"{SOURCE}; to {np.std(found):.3f}"


def known_of(women: Women) -> np.ndarray:
    """Size, nodes, receptor and treatment, and whether the treatment meets the receptor, (N, 5)."""
    return np.column_stack([women.place, women.positive, women.given, women.positive & women.given])


def by_cox(x: np.ndarray, women: Women) -> np.ndarray:
    """The share with an event within the years, as Cox's model of the other half says it of each woman, (N,).

    Parameters
    ----------
    x : ndarray, (N, P)
        What is known of each.
    women : Women
    """
    risk = np.zeros(len(x))
    for half in (0, 1):
        to, of = slice(1 - half, None, 2), slice(half, None, 2)
        slopes = cox(x[to], women.until[to], women.event[to])
        score = (x - x[to].mean(axis=0)) @ slopes
        # Breslow's cumulative hazard of a woman of the middle of that half.
        at_risk = women.until[to] >= women.until[to][women.event[to]][:, None]
        hazard = float((1.0 / (at_risk * np.exp(score[to])).sum(axis=1)).sum())
        risk[of] = -np.expm1(-hazard * np.exp(score[of]))
    return risk


def greatest_miss(risk: np.ndarray, women: Women) -> float:
    """How far the share that is said is from that of Kaplan and Meier, in the fifth of women where it is furthest."""
    fifths = np.array_split(np.argsort(risk, kind="stable"), FIFTHS)
    return max(abs(float(risk[of].mean()) - (1.0 - kept(women.of(of), YEARS))) for of in fifths)


def by_chance(risk: np.ndarray) -> str:
    """The source of a greatest miss, with what chance alone makes of it where each woman's risk is right."""
    rng, fifths = np.random.default_rng(1), np.array_split(np.argsort(risk, kind="stable"), FIFTHS)
    found = [
        max(abs(float((rng.random(len(of)) < risk[of]).mean() - risk[of].mean())) for of in fifths)
        for _ in range(AGAIN)
    ]
    return f"{SOURCE}; were it right, {np.mean(found):.3f} on average by chance alone"


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    women = of_trial().within(YEARS)
    every = simulated(Seen(of_lengths(disease), plan)).within(YEARS)
    risk, twins = beside(women, every)
    rows = []
    for low, high in NODES:
        for given, word in WAYS.items():
            some = (women.nodes >= low) & (women.nodes <= high) & (women.given == given)
            name = f"{low} nodes and more" if high > MOST_NODES else f"{low} to {high} nodes"
            happened, says = 1.0 - kept(women.of(some), YEARS), float(risk[some].mean())
            rows.append(Row(f"event in {YEARS:g} years, {name}, {word}", "orientation", happened, says, None, SOURCE))
    for positive, (word, role) in RECEPTORS.items():
        observed, ratio = (with_over_without(of.of(of.positive == positive)) for of in (women, every))
        some = women.of(women.positive == positive)
        error = float(np.sqrt(sum(1.0 / some.event[some.given == given].sum() for given in WAYS)))
        source = f"{SOURCE}; its logarithm to {error:.2f}"
        rows.append(Row(f"rate with tamoxifen over without, {word}", role, observed, ratio, None, source, unit="ratio"))
    told, expects = (concordance(risk, of.until, of.event) for of in (women, twins))
    rows.append(Row("c-index, the disease", ROLE, told, expects, None, told_to(risk, women), unit="ratio"))
    naive = {
        "size alone": women.place[:, :1],
        "nodes alone": women.place[:, 1:],
        "Cox, all that is known": known_of(women),
    }
    missed = "greatest miss in a fifth of women"
    rows.append(Row(f"{missed}, the disease", "looked at", greatest_miss(risk, women), None, None, by_chance(risk)))
    for what, known in naive.items():
        says = by_cox(known, women)
        # Of one number alone the number itself ranks; of several what Cox's model of the other half says.
        score = known[:, 0] if known.shape[1] == 1 else says
        told = concordance(score, women.until, women.event)
        rows += [
            Row(f"c-index, {what}", COMPARED, told, None, None, told_to(score, women)),
            Row(
                f"{missed}, {what.removeprefix('Cox, ')} by Cox",
                COMPARED,
                greatest_miss(says, women),
                None,
                None,
                by_chance(says),
            ),
        ]
    return rows


if __name__ == "__main__":
    sys.exit(whole("schumacher_1994", __doc__, 40_000, 1994, asked))
