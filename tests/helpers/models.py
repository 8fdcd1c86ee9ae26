"""Models for the tests: small ones by hand, and random ones for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import cascade
from cascade.model import Model


def ways(moves: dict[str, float], deaths: dict[str, float]) -> dict[str, Any]:
    """Fields of a state: moves and deaths from name -> hazard."""
    return {
        "moves": [{"to": to, "hazard": h} for to, h in moves.items()],
        "deaths": [{"cause": cause, "hazard": h} for cause, h in deaths.items()],
    }


LINEAR = Model.from_survival(
    {"detachment": 0.4, "breach": 0.6, "arrest": 0.8, "growth": 0.3},
    mean_hours={"detachment": 10.0, "breach": 3.0, "arrest": 0.01, "growth": 200.0},
    causes={
        "breach": {"starvation": 1.0, "immune killing": 3.0},
        "arrest": {"shear": 1.0, "anoikis": 1.0, "immune killing": 2.0},
    },
    phases={"breach": 3, "growth": 2},
)

CYCLIC = Model(
    name="cyclic",
    stages=["vessel", "bed", "tissue"],
    states=[
        {"name": "blood", "stage": "vessel", **ways({"bed": 40.0}, {"immune killing": 3.0, "shear": 1.0})},
        {"name": "bed", "stage": "bed", **ways({"blood": 60.0, "tissue": 2.0}, {"shear": 5.0}), "phases": 2},
        {
            "name": "tissue",
            "stage": "tissue",
            **ways({"tumour": 0.01, "asleep": 0.05, "blood": 0.02}, {"apoptosis": 0.1}),
        },
        {"name": "asleep", "stage": "tissue", **ways({"tissue": 0.01}, {"slow death": 0.002}), "milestone": "dormancy"},
        {"name": "tumour", "absorbing": True, "milestone": "tumour"},
    ],
    start={"states": [{"state": "blood", "share": 0.75}, {"state": "bed", "share": 0.25}], "entry_hours": [0.0, 6.0]},
)

FRAIL = CYCLIC.with_(
    name="frail",
    frailties=[
        {"name": "shear resistance", "cv": 0.8, "hazards": [{"hazard": "*.shear"}]},
        {
            "name": "soil fitness",
            "cv": 1.4,
            "distribution": "gamma",
            "hazards": [{"hazard": "tissue.tumour"}, {"hazard": "tissue.apoptosis", "power": -0.5}],
        },
        {
            "name": "visibility",
            "cv": 0.5,
            "distribution": "gamma",
            "hazards": [{"hazard": "*.immune killing", "power": 2.0}],
        },
    ],
)

TWO_FRAILTIES = FRAIL.with_(name="two frailties", frailties=FRAIL.frailties[:2])

ALIKE = TWO_FRAILTIES.with_(
    name="log-normal", frailties=[{**f.model_dump(), "distribution": "lognormal"} for f in TWO_FRAILTIES.frailties]
)


def correlated(value: float) -> Model:
    """Two log-normal frailties with a correlation of their logarithms."""
    names = [frailty.name for frailty in ALIKE.frailties]
    return ALIKE.with_(name="correlated", correlations=[{"between": names, "value": value}])


# Absorbing states that belong to a step, so that cells that came further end there: the stage in
# which a cell ends is not the furthest that it reached.  Cells also start in a milestone.
TURNED_BACK = Model(
    name="turned back",
    stages=["vessel", "bed", "tissue"],
    states=[
        {"name": "blood", "stage": "vessel", **ways({"bed": 4.0, "cleared": 0.5}, {"shear": 1.0})},
        {
            "name": "bed",
            "stage": "bed",
            **ways({"blood": 3.0, "tissue": 2.0, "cleared": 0.5}, {"shear": 1.0}),
            "milestone": "held",
        },
        {
            "name": "tissue",
            "stage": "tissue",
            **ways({"tumour": 0.3, "blood": 1.0, "lodged": 0.4, "cleared": 0.2}, {"apoptosis": 0.1}),
        },
        {"name": "cleared", "stage": "vessel", "absorbing": True, "milestone": "out"},
        {"name": "lodged", "stage": "bed", "absorbing": True},
        {"name": "tumour", "absorbing": True},
    ],
    start={"states": [{"state": "blood", "share": 0.6}, {"state": "bed", "share": 0.4}]},
)


@st.composite
def random_models(draw: st.DrawFn, *, linear: bool = False) -> Model:
    """A valid model: stages in order, forward moves, some back, deaths nearly everywhere."""
    stages = draw(st.integers(1, 4))
    per_stage = 1 if linear else draw(st.integers(1, 3))
    names = [[f"s{k}{j}" for j in range(per_stage)] for k in range(stages)]
    flat = [name for row in names for name in row]
    # Hazards of 2^-6 to 2^6 per hour, and now and then none: stiff, but no cell circles for long.
    hazard = st.one_of(st.floats(2.0**-6, 2.0**6), st.just(0.0)) if not linear else st.floats(2.0**-6, 2.0**6)
    states = []
    for k, row in enumerate(names):
        for j, name in enumerate(row):
            forward = names[k + 1] if k + 1 < stages else ["goal"]
            moves = {draw(st.sampled_from(forward)): draw(st.floats(0.1, 10.0))}
            # Every state is reached from its neighbour before it.
            if j + 1 < len(row):
                moves[row[j + 1]] = draw(st.floats(0.1, 10.0))
            elif k + 1 < stages:
                moves[names[k + 1][0]] = moves.get(names[k + 1][0], draw(st.floats(0.1, 10.0)))
            if not linear and draw(st.booleans()):
                back = draw(st.sampled_from(flat))
                if back != name:
                    moves[back] = draw(hazard)
            deaths = {
                cause: draw(hazard) for cause in draw(st.sets(st.sampled_from(["shear", "anoikis", "immune killing"])))
            }
            deaths["old age"] = draw(st.floats(0.5, 2.0))
            states.append(
                {"name": name, "stage": f"stage {k}", **ways(moves, deaths), "phases": draw(st.integers(1, 3))}
            )
    states.append({"name": "goal", "absorbing": True})
    return Model(name="random", stages=[f"stage {k}" for k in range(stages)], states=states)


# Units that are more than a cell in a state: factors that switch, clusters that break.


def two_levels(model: Model, *, on: float = 2.0, off: float = 0.7, factor: float = 0.2, **fields: object) -> Model:
    """A factor on all states that live, which changes two hazards."""
    effects = [
        {"level": "on", "hazard": name, "factor": factor} for name in [name for name, _, _ in model.hazards()][1:3]
    ]
    switches = [{"level": "off", "to": "on", "hazard": on}, {"level": "on", "to": "off", "hazard": off}]
    given = {"name": "cloak", "levels": ["off", "on"], "states": ["*"], "switches": switches, "effects": effects}
    return model.with_(factors=[*model.factors, {**given, **fields}])


SIZES = [{"size": 1, "share": 0.3}, {"size": 3, "share": 0.4}, {"size": 6, "share": 0.3}]


def clustered(model: Model, *, bond: float = 0.3, on_entering: float = 0.4, power: float = -0.5) -> Model:
    """Units of up to six cells in a model, which break in every state but the first."""
    names = [name for name, _, _ in model.hazards()]
    breaks = [
        {"state": state.name, "hazard": bond, "on_entering": on_entering}
        for state in model.states[1:]
        if not state.absorbing
    ]
    effects = [
        {"hazard": names[1], "power": power},
        {"hazard": names[-1], "factor": 0.5, "power": 1.0},
    ]
    return model.with_(clusters={"sizes": SIZES, "effects": effects, "breaks": breaks})


# A factor inside some states only, with a begin of its own: it is left and entered again.
INSIDE = two_levels(CYCLIC, states=["bed", "tissue"], begin={"off": 0.6, "on": 0.4}, name="phenotype")


TWO = two_levels(INSIDE)


UNITS = {
    "factor": two_levels(LINEAR),
    "inside": INSIDE,
    "two factors": TWO,
    "frail": two_levels(FRAIL, begin={"on": 1.0}),
    "clusters": clustered(CYCLIC),
    "clusters turned back": clustered(TURNED_BACK),
    "clusters that break at once": clustered(LINEAR, on_entering=1.0, bond=0.0),
    "clusters with factors and frailties": clustered(two_levels(FRAIL)),
}


def changed(model: Model, factor: float, *hazards: str, begin: float = 0.0, end: float | None = None) -> Model:
    effects = [{"hazard": hazard, "factor": factor} for hazard in hazards]
    return model.with_treatments(cascade.Treatment(name="t", effects=effects, start_hours=begin, end_hours=end))


DECAY = Model(
    name="decay",
    stages=["here"],
    states=[
        {
            "name": "here",
            "stage": "here",
            "deaths": [{"cause": "lost", "hazard": 0.1}],
            "moves": [{"to": "gone", "hazard": 0.02}],
        },
        {"name": "gone", "absorbing": True},
    ],
)
"""One state, left by a death and by a move: of N cells N exp(-0.12 t) are there."""
