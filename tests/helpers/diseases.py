"""Diseases that tests of patients use: the textbook one, and others that differ from it in one thing each."""

from __future__ import annotations

from typing import Any

from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.loader import disease

TEXTBOOK = disease("textbook")

PLAIN = TEXTBOOK.with_(
    name="plain", traits=(), correlations=(), lesions={"secondary": 0.0, "asleep": 0.0}, death={"other": None}
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
                "liver": {"growth_ratio": 3.0, "establishment": 0.2, "asleep": 1.0, "asleep_years": 0.5},
                "lung": {"secondary": 1.0, "growth_ratio": 0.5}, "bone": {"asleep": 0.9, "asleep_years": 0.0},
            },
        }
    )  # fmt: skip
    return made
