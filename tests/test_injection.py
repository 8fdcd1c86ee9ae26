"""Cells that begin where they are injected: the old passage from there, and nothing left of what they never meet."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import cascade
from cascade import Model, body
from cascade.catalog import names
from cascade.model.checks import references, units
from cascade.model.raw import parts_with_source, raw_states
from helpers.agreement import all_agree
from test_cli import call

BODIES = [*body.cancer_names(), *body.injection_names()]
SMALL = [name for name in names() if len(cascade.load(name).states) < 20]
UNLIKE = ["emt", "platelets", "platelets-all-four", "clusters", "unlike-cells"]
"""Models of cells that differ, switch or keep company."""


def passage(model: Model) -> dict[str, float]:
    """Probability of success from each state of a model of like cells, by one dense solve of its hazards."""
    index = {state.name: i for i, state in enumerate(model.states)}
    matrix, gain = np.eye(len(index)), np.zeros(len(index))
    for state in model.states:
        i = index[state.name]
        if state.absorbing:
            gain[i] = float(state.stage is None)
            continue
        moves, deaths = sum(m.hazard for m in state.moves), sum(d.hazard for d in state.deaths)
        passed = (moves / (moves + deaths)) ** state.phases
        for move in state.moves:
            matrix[i, index[move.to]] -= passed * move.hazard / moves
    return dict(zip(index, np.linalg.solve(matrix, gain).tolist(), strict=True))


def living(model: Model) -> list[str]:
    """Names of the states that cells can leave."""
    return [state.name for state in model.states if not state.absorbing]


def cited(model: Model) -> set[str]:
    """Keys of sources that numbers of a model cite."""
    return {key for _, part in parts_with_source(dict(model)) for key in part.source}


def dangling(model: Model, old: Model) -> list[str]:
    """Names, patterns and keys that mean nothing in a model: each on its own, where a check asks for one of many."""
    data = {field: getattr(model, field) for field in Model.model_fields}
    states = raw_states(data)
    found = [
        str(fault) for check in (references.frailty_faults, references.capacity_faults) for fault in check(data, states)
    ]
    found += [str(fault) for check in (units.factor_faults, units.cluster_faults) for fault in check(data, states)]
    gone = cited(old) - cited(model)
    found += [f"source {source.key}" for source in model.sources if source.key in gone]
    found += [f"site {site.name}" for site in model.sites if site.name not in {state.site for state in model.states}]
    found += [f"stage {stage}" for stage in model.stages if stage not in {state.stage for state in model.states}]
    return found


@pytest.mark.parametrize("name", [name for name in SMALL if name not in UNLIKE])
def test_every_state_of_each_small_model(name: str) -> None:
    model = cascade.load(name)
    from_here = passage(model)
    for state in living(model):
        injected = model.injected(state)
        assert cascade.exact(injected).success == pytest.approx(from_here[state], rel=1e-12, abs=1e-300), state
        assert dangling(injected, model) == []


# One of each kind at once: a cancer, one of the blood, an injection; every third of the others in the full tier.
AT_ONCE = ("colon", "leukemia", "mouse-left-ventricle")


@pytest.mark.parametrize(
    "name",
    [
        name if name in AT_ONCE else pytest.param(name, marks=[pytest.mark.slow, pytest.mark.full][n % 3 == 0])
        for n, name in enumerate(BODIES)
    ],
)
def test_every_state_of_each_body(name: str) -> None:
    """All of them can be injected; the exact answer of every ninth is asked for (organs are alike)."""
    model = cascade.load(name)
    from_here = passage(model)
    for i, state in enumerate(living(model)):
        injected = model.injected(state)
        if injected is model:  # cancers of the blood and injected cells begin in one state
            continue
        assert dangling(injected, model) == [], state
        assert injected.exposure is None
        assert not injected.observations
        assert not any(site.own or site.scored or site.found for site in injected.sites)
        if i % 9 == 0:
            assert cascade.exact(injected).success == pytest.approx(from_here[state], rel=1e-12), state


@pytest.mark.parametrize("name", UNLIKE[:-1])
def test_every_state_of_models_with_factors_and_clusters(name: str) -> None:
    """Success is linear in the shares of the start: what the old model gains by half its cells beginning there."""
    model = cascade.load(name)
    first = {share.state: share.share for share in model.start.states}
    whole = cascade.exact(model).success
    for state in living(model):
        shares = {start: share / 2 for start, share in first.items()}
        shares[state] = shares.get(state, 0.0) + 0.5
        mixed = model.with_(start={"states": [{"state": s, "share": v} for s, v in shares.items()]})
        here = 2.0 * cascade.exact(mixed).success - whole
        injected = model.injected(state)
        assert cascade.exact(injected).success == pytest.approx(here, rel=1e-12), state
        assert dangling(injected, model) == []


def test_every_state_of_unlike_cells() -> None:
    """Frailties that act nowhere any more are gone, and the others keep theirs; passage as far as its error goes."""
    model = cascade.load("unlike-cells")
    bare = model.with_(frailties=(), correlations=())
    from_here = passage(bare)
    for state in living(model):
        injected = model.injected(state)
        assert dangling(injected, model) == []
        alike = injected.with_(frailties=(), correlations=())
        assert cascade.exact(alike).success == pytest.approx(from_here[state], rel=1e-12), state
        left = {frailty.name: frailty for frailty in injected.frailties}
        for frailty in model.frailties:
            meant = [entry for entry in frailty.hazards if injected.hazard_table.matching(entry.hazard)]
            assert (left[frailty.name].hazards == tuple(meant)) if meant else frailty.name not in left
        kept = [c for c in model.correlations if set(c.between) <= set(left)]
        assert injected.correlations == tuple(kept)


def test_frailties_are_averaged_as_before() -> None:
    """One trait that acts after injection and one that acts before: the exact answer knows the first alone."""
    model = Model.from_survival(
        {"shedding": 0.1, "arrest": 0.5, "growth": 0.02},
        frailties=[
            {"name": "shed", "cv": 1.0, "hazards": [{"hazard": "shedding.lost"}]},
            {
                "name": "grown",
                "cv": 1.5,
                "hazards": [{"hazard": "arrest.lost"}, {"hazard": "shedding.lost", "power": 0.5}],
            },
        ],
    )
    injected = model.injected("arrest")
    assert [(f.name, len(f.hazards)) for f in injected.frailties] == [("grown", 1)]
    whole = cascade.exact(model).success
    mixed = model.with_(start={"states": [{"state": "shedding", "share": 0.5}, {"state": "arrest", "share": 0.5}]})
    here = 2 * cascade.exact(mixed).success - whole
    assert cascade.exact(injected).success == pytest.approx(here, rel=1e-6)


def test_what_acts_on_nothing_falls_away() -> None:
    model = cascade.load("textbook").with_treatments(
        cascade.Treatment(name="early", effects=[{"hazard": "primary.detached", "factor": 0.5}]),
        cascade.treatment("nk-depletion"),
    )
    model = model.with_(
        capacity={
            "occupied_by": ["primary", "arrested"],
            "hazards": ["*.immune killing"],
            "half": 1e5,
            "windows": [0.0],
        },
        observations=[{"name": "seen", "value": 1.0, "unit": "fraction", "role": "predicted"}],
    )
    injected = model.injected("arrested")
    assert injected.stages == ("circulation", "arrest", "extravasation", "colonization")
    assert [treatment.name for treatment in injected.treatments] == ["nk-depletion"]
    assert injected.capacity is not None
    assert injected.capacity.occupied_by == ("arrested",)
    assert injected.observations == ()
    assert injected.title.endswith("injected into arrested")
    assert Model.from_toml(injected.to_toml()) == injected
    found = model.with_(capacity=model.capacity.model_copy(update={"factors": (0.5,)}))  # type: ignore[union-attr]
    assert found.injected("arrested").capacity == injected.capacity
    late = model.injected("dormant micrometastasis")
    assert (late.stages, late.treatments) == (("colonization",), ())
    assert late.capacity is None


def test_cells_that_are_injected_live_as_the_exact_answer_says() -> None:
    """Simulated against exact: 200,000 cells of a cancer from a bed of the circulation, within the suite's budget."""
    injected = cascade.load("colon").injected({"liver, held": 0.5, "liver: extravasated": 0.5}, entry_hours=(0, 24))
    result = cascade.simulate(injected, cells=200_000, seed=8)
    assert all_agree(result, cascade.exact(injected)) == []


def test_the_start_that_it_is_gives_the_same_model() -> None:
    model = cascade.load("b16f1-liver")
    assert model.injected("injected") is model
    assert model.injected("injected", entry_hours=(0, 1)) is not model
    assert model.injected("dormant").goals == ()


def test_names_tell_where_cells_begin() -> None:
    several = cascade.load("textbook").injected({"circulating": 0.875, "arrested": 0.125, "dormant": 0.0})
    assert several.name == "textbook, injected into circulating, arrested"
    assert several.title.endswith("injected into circulating (87.5 %), arrested (12.5 %)")
    assert {share.state: share.share for share in several.start.states} == {"circulating": 0.875, "arrested": 0.125}
    long = cascade.load("textbook").with_(name="n" * 75).injected("arrested")
    assert len(long.name) <= 80


def test_descriptions_say_whom_they_are_about() -> None:
    """'The whole cascade in eleven states' is not true of the four that are left."""
    model = cascade.load("textbook")
    injected = model.injected("arrested")
    assert injected.description == "Of the whole model: " + model.description
    assert injected.injected("dormant").description == injected.description
    assert model.with_(description="").injected("arrested").description == ""


def test_units_keep_their_sizes_and_single_cells_can_be_had() -> None:
    model = cascade.load("clusters")
    injected = model.injected("arrested")
    assert injected.clusters is not None
    assert model.clusters is not None
    assert injected.clusters.sizes == model.clusters.sizes
    assert injected.clusters.breaks == ()
    assert injected.with_(clusters=None).clusters is None


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("circulatin", "did you mean 'circulating'"),
        ("macrometastasis", "this one is absorbing"),
        ({"circulating": 0.4}, "shares that sum to 1"),
        ({"circulating": -1.0, "arrested": 2.0}, "a share from 0 to 1"),
        ({}, "the name of a state, or a mapping"),
        (3, "the name of a state, or a mapping"),
    ],
)
def test_bad_states_are_told(state: object, told: str) -> None:
    with pytest.raises(cascade.InputError, match=re.escape(told)):
        cascade.load("textbook").injected(state)  # type: ignore[arg-type]


@pytest.mark.parametrize("hours", [(3, 1), (0,), "ab", (-1, 0), (0, float("nan"))])
def test_bad_hours_are_told(hours: object) -> None:
    with pytest.raises(cascade.InputError, match=r"entry_hours = .*two times in hours"):
        cascade.load("textbook").injected("arrested", entry_hours=hours)  # type: ignore[arg-type]


def test_a_start_elsewhere_names_the_way() -> None:
    with pytest.raises(cascade.ModelError, match=re.escape("model.injected('circulating')")) as told:
        cascade.load("textbook").with_(start={"states": [{"state": "circulating"}]})
    assert len(told.value.faults) == 3
    with pytest.raises(cascade.ModelError) as other:
        cascade.load("textbook").with_(start={"states": [{"state": "nowhere"}]})
    assert "injected" not in str(other.value)


def test_injection_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["exact", "colon", "--injected", "liver, held=0.5", "--injected", "liver: extravasated=0.5", "--json"]
    code, out, _ = call(capsys, *arguments, "--no-times")
    assert code == 0
    wanted = cascade.exact(cascade.load("colon").injected({"liver, held": 0.5, "liver: extravasated": 0.5}))
    assert json.loads(out)["funnel"][-1]["passed"] == pytest.approx(1e6 * wanted.success, rel=1e-9)
    treated = ["--injected", "circulating", "--treat", "nk-depletion", "--cells", "1e4", "--seed", "1", "-q", "--json"]
    code, out, _ = call(capsys, "compare", "textbook", *treated)
    assert (code, json.loads(out)["rows"][0]["step"]) == (0, "circulation")
    code, out, _ = call(capsys, "run", "textbook", "--injected", "arrested", "--cells", "10", "--seed", "1", "-q")
    assert (code, "injected into arrested" in out) == (0, True)
    code, out, _ = call(capsys, "show", "textbook", "--injected", "dormant")
    assert (code, "primary" in out) == (0, False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["circulatin"], "--injected = 'circulatin': the name of a state; did you mean 'circulating'"),
        (["macrometastasis"], "this one is absorbing"),
        (["arrested=x"], "a state, or state=share"),
        (["arrested=2", "circulating=-1"], "--injected = 'arrested=2': a share from 0 to 1"),
        (["arrested=nan"], "--injected = 'arrested=nan': a share from 0 to 1"),
        (["arrested=0.3"], "--injected = 0.3: shares that sum to 1"),
        (["arrested=0.5", "arrested=0.5"], "each state once"),
    ],
)
def test_bad_injections_on_the_command_line(capsys: pytest.CaptureFixture[str], given: list[str], told: str) -> None:
    options = [word for state in given for word in ("--injected", state)]
    code, _, err = call(capsys, "exact", "textbook", *options)
    assert code == 2
    assert told in " ".join(err.split())
