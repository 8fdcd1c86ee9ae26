"""Diseases that tests of patients use: the textbook one, others that differ from it in one thing each, and any."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from cascade.common.errors import CascadeError
from cascade.patient.cohort import cohort
from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.loader import disease

TEXTBOOK = disease("textbook")

UNSEEN: dict[str, Any] = {"presentation": None, "eyes": (), "pathologist": None, "autopsy": None, "care": ()}
"""Nobody looks, and nothing is done."""

PLAIN = TEXTBOOK.with_(
    **UNSEEN, name="plain", traits=(), correlations=(), lesions={"secondary": 0.0, "asleep": 0.0}, death={"other": None}
)
"""All patients alike; no metastasis sheds or sleeps, and nobody dies of other causes."""

GROWTHS = {
    "exponential": Growth(law="exponential", doubling_days=60.0),
    "gompertz": Growth(law="gompertz", doubling_days=50.0, largest=1e13),
    "logistic": Growth(law="logistic", doubling_days=60.0, largest=2e12, exponent=0.2),
    "power": Growth(law="power", doubling_days=25.0, exponent=0.9),
    "points": Growth(law="points", points=[(700.0, 1e4), (1500.0, 1e8), (3500.0, 1e11), (6000.0, 1e13)]),
}


def shed_by(disease: Disease, **fields: Any) -> Disease:
    """A disease with other numbers in all its rules of shedding."""
    return disease.with_(shedding=tuple(part.model_copy(update=fields) for part in disease.shedding))


def on_route(route: str, disease: Disease = PLAIN, **fields: Any) -> Disease:
    """A disease that sheds by one route alone."""
    rule = next(part for part in disease.shedding if part.route == route)
    kept = tuple(trait for trait in disease.traits if "shedding." not in "".join(trait.acts_on))
    return disease.with_(shedding=(rule.model_copy(update=fields),), traits=kept, correlations=())


@cache
def all_kinds() -> dict[str, Disease]:
    """One disease of each kind, with patients of whom some have many lesions."""
    made = {"textbook": TEXTBOOK, "plain": PLAIN}
    made |= {f"{name} growth": TEXTBOOK.with_(tumour={"growth": growth}) for name, growth in GROWTHS.items()}
    for exponent, per_day in ((0.0, 2e4), (1 / 3, 5e3), (1.0, 2e3), (2.0, 1.0)):
        for gamma in (0.0, 1.0, 2.0):
            made[f"exponent {exponent:.2g}, gamma {gamma:g}"] = shed_by(
                TEXTBOOK, exponent=exponent, per_day=per_day, per_division=gamma
            )
    made["gamma traits"] = TEXTBOOK.with_(
        traits=(
            {"name": "a", "spread": 0.4, "distribution": "gamma", "acts_on": ["growth"]},
            {"name": "b", "spread": 2.0, "distribution": "gamma", "acts_on": ["shedding.blood", "soil.liver"]},
            {"name": "c", "spread": 0.8, "acts_on": ["seeding"]},
            {"name": "d", "spread": 1.0, "acts_on": ["shedding.lymph", "seeding", "soil.bone"]},
        ),
        correlations=({"between": ["c", "d"], "value": -0.7},),
    )
    made["subtypes"] = TEXTBOOK.with_(
        subtypes=(
            {"name": "none", "share": 0.0, "growth": 50.0},
            {"name": "slow", "share": 0.7, "growth": 0.7, "shedding": {"blood": 0.5}, "soil": {"bone": 3.0}},
            {
                "name": "fast",
                "share": 0.3,
                "growth": 1.6,
                "shedding": {"lymph": 4.0},
                "soil": {"brain": 10.0, "liver": 0.0},
            },
        )
    )
    made["all lesions shed"] = TEXTBOOK.with_(lesions={"secondary": 1.0, "asleep": 0.5, "asleep_years": 1.0})
    made["many lesions"] = TEXTBOOK.with_(efficiency=4e-4, lesions={"secondary": 1.0, "growth_ratio": 2.0})
    made["short lives"] = TEXTBOOK.with_(death={"other": {"per_year": 0.2, "at_age": 60.0}}, years=40.0)
    made["own organs"] = TEXTBOOK.with_(
        lesions={
            "establishment": 1.0, "early_days": 0.01,
            "organs": {
                "liver": {"growth_ratio": 3.0, "soil": 2.5, "establishment": 0.2, "asleep": 1.0, "asleep_years": 0.5},
                "lung": {"secondary": 1.0, "growth_ratio": 0.5}, "bone": {"asleep": 0.9, "asleep_years": 0.0},
            },
        }
    )  # fmt: skip
    made["lesions that do not count"] = TEXTBOOK.with_(
        efficiency=1e-4, death={"burden_cells": 1e10, "not_counted": ["bone", "axillary nodes"]},
        lesions={"secondary": 0.5, "growth_ratio": 2.5},
    )  # fmt: skip
    made["lesions of their own pace"] = TEXTBOOK.with_(
        efficiency=1e-4,
        lesions={
            "secondary": 1.0, "growth_spread": 0.7,
            "organs": {"liver": {"growth_spread": 0.0}, "bone": {"growth_spread": 1.5, "growth_ratio": 2.0}},
        },
    )  # fmt: skip
    return made


MOST = 1500
"""Lesions of the first patients of a disease that is drawn."""


def drawn(seed: int, patients: int) -> Disease:
    """Any disease whose first patients have some lesions and not too many, with odd numbers everywhere."""
    rng = np.random.default_rng(seed)
    while True:
        try:
            disease = _any(rng)
            if _expected(disease) > 1e4:
                continue
            made = cohort(disease, patients=patients, seed=seed, sizes_mm=()).counts.made
        except CascadeError:  # numbers that do not go together, or more than a million lesions
            continue
        if 0 < made < MOST:
            return disease


def _expected(disease: Disease) -> float:
    """Founders of a primary of mean traits, about, if each shed cell founds with a chance of 1e-3."""
    growth = disease.tumour.growth
    end = disease.years * 365.25
    if disease.death.burden_cells < growth.most:
        end = min(end, float(growth.days(disease.death.burden_cells)[0]))
    per_day = [rule.per_day * rule.at_cells**-rule.exponent for rule in disease.shedding]
    cells = [float(growth.shed(end, rule.exponent)[0]) for rule in disease.shedding]
    return 1e-3 * disease.efficiency * sum(a * b for a, b in zip(per_day, cells, strict=True))


def _any(rng: np.random.Generator) -> Disease:
    def within(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(math.log(low), math.log(high))))

    def one_of(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    days = within(5.0, 200.0)
    number = int(rng.integers(1, 90))
    rises = np.cumsum(rng.exponential(size=(2, number)) + 1e-3, axis=1)
    rises *= np.array([[within(1e3, 8e3)], [rng.uniform(5.0, 34.0)]]) / rises[:, -1:]
    growth = one_of(
        lambda: Growth(law="exponential", doubling_days=days),
        lambda: Growth(law="gompertz", doubling_days=days, largest=within(1e4, 1e15)),
        lambda: Growth(law="logistic", doubling_days=days, largest=within(1e4, 1e15), exponent=within(0.01, 0.99)),
        lambda: Growth(law="power", doubling_days=days, exponent=within(0.3, 0.99)),
        lambda: Growth(law="points", points=list(zip(rises[0].tolist(), np.exp(rises[1]).tolist(), strict=True))),
    )()
    shedding = [
        {
            "route": route, "per_day": within(1e-3, 1e6), "at_cells": within(1.0, 1e12),
            "exponent": one_of(0.0, 1 / 3, 1.0, 2.0, float(rng.uniform(0, 2))), "onset_cells": within(1.0, 1e8),
            "per_division": one_of(0.0, 1.0, 2.0, 3.0),
        }
        for route in ("blood", "lymph")
    ]  # fmt: skip
    lesions = {
        "early_days": within(0.01, 300.0), "growth_ratio": within(0.1, 10.0), "secondary": one_of(0.0, 0.3, 1.0),
        "asleep": one_of(0.0, 0.5, 1.0), "asleep_years": within(0.01, 50.0), "asleep_cells": within(1.0, 1e6),
        "establishment": one_of(1.0, 0.5, 0.9, 0.05), "organs": {},
    }  # fmt: skip
    targets = ("growth", "seeding", "shedding.blood", "soil.bone", "soil.liver")
    traits = [
        {
            "name": f"t{i}",
            "spread": within(0.01, 1.5),
            "distribution": one_of("lognormal", "gamma"),
            "acts_on": [one_of(*targets)],
        }
        for i in range(int(rng.integers(5)))
    ]
    other = one_of(None, {"per_year": within(1e-4, 1.0), "at_age": 60.0})
    return TEXTBOOK.with_(
        **UNSEEN, tumour={"growth": growth}, years=within(1.0, 60.0), shedding=shedding, lesions=lesions, traits=traits,
        correlations=(), death={"burden_cells": within(1e4, 1e15), "other": other}, efficiency=within(1e-6, 1e-2),
    ).with_(death={"not_counted": one_of(None, TEXTBOOK.sites[:1], TEXTBOOK.sites)})  # fmt: skip
