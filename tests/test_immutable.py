"""What cannot be changed, and what that is for: equal things are equal, hash, and are lowered once."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
from typing import Any

import numpy as np
import pytest

import cascade
from cascade import body
from cascade.catalog import names
from cascade.catalog.loader import _model as anew
from cascade.lowering import lower as lowering
from cascade.model import Model
from helpers.immutable import changeable
from helpers.models import CYCLIC, FRAIL, LINEAR, TURNED_BACK, UNITS, clustered, two_levels

MODELS = [
    *(cascade.load(entry.name) for entry in cascade.models()),
    *UNITS.values(),
    LINEAR.with_treatments(cascade.Treatment(name="t", effects=[{"hazard": "*.shear", "factor": 0.5}])),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_nothing_of_a_model_can_be_changed(model: Model) -> None:
    model.digest()
    assert list(changeable(model)) == []


def test_nothing_that_the_body_holds_for_the_whole_process_can_be_changed() -> None:
    """What one user changes would be another's model: fits, circulations, classes, routes, cancers."""
    circulation = body.circulation("female")
    assert circulation.flows["liver"] > 0
    held = [
        body.fitted(), circulation, body.circulation("male"), *body.cell_classes(0.1), body.finding("brain"),
        *(body.cancer(name) for name in body.cancer_names()), body.routes.routes(), body.reference.cells(),
    ]  # fmt: skip
    for part in held:
        assert list(changeable(part)) == [], part
    before = anew("colon").digest()
    for change in (
        lambda: body.fitted().soil.update(liver=9.0),
        lambda: circulation.flows.update(liver=9.0),
        lambda: body.cell_classes(0.1)[0].bed_deaths.update(shear=0.9),
        lambda: body.cancer("colon").drainage.update(veins=1.0),
        lambda: body.cancer("colon").soil.update(liver=5.0),
        lambda: two_levels(LINEAR).factors[0].begin.update(off=50.0),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert anew("colon").digest() == before


def test_a_model_of_the_package_is_put_together_once_and_cannot_be_changed() -> None:
    for name in names():
        model = cascade.load(name)
        assert cascade.load(name) is model
        assert model == anew(name)
        assert list(changeable(model)) == []


def test_a_planted_dictionary_is_found() -> None:
    """The walk above does see what it looks for."""

    @dataclasses.dataclass(frozen=True)
    class Holder:
        inside: tuple[object, ...]

    planted = Holder((LINEAR, {"liver": 1.0}, np.zeros(2), [1]))
    assert sorted(changeable(planted)) == [".inside[1]", ".inside[2]", ".inside[3]"]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name)
def test_equal_models_hash_alike_and_others_differ(model: Model) -> None:
    again = Model.from_toml(model.to_toml())
    assert again == model
    assert again is not model
    assert hash(again) == hash(model)
    assert {model: "known"}[again] == "known"
    for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):  # noqa: S301
        assert twin == model
        assert hash(twin) == hash(model)
        assert twin.digest() == model.digest()
    other = model.with_(title="another title")
    assert other != model
    assert len({model, again, other}) == 2


def test_the_fields_of_a_part_are_what_it_was_made_of_whatever_it_remembers() -> None:
    """Cached properties lie beside the fields; a part made from ``dict(part)`` must not meet them."""
    model, circulation = two_levels(LINEAR), body.circulation("female")
    parts: list[Any] = [model, circulation, body.cancer("colon"), body.fitted(), cascade.treatment("nk-depletion")]
    for part in [*parts, *model.states, *model.factors, *body.cell_classes(0.1)]:
        for name in dir(type(part)):
            if isinstance(getattr(type(part), name, None), functools.cached_property):
                getattr(part, name)
        assert set(dict(part)) == set(type(part).model_fields)
        assert type(part)(**dict(part)) == part


def test_a_copy_with_changes_is_checked() -> None:
    """``model_copy`` and ``model_construct`` are pydantic's ways around its own checks."""
    model = two_levels(LINEAR)
    assert model.model_copy() is model
    assert model.model_copy(update={"name": "other"}) == model.with_(name="other")
    for update in ({"stages": ()}, {"states": ()}, {"name": ""}, {"bogus": 1}, {"start": {"states": []}}):
        with pytest.raises(cascade.ModelError):
            model.model_copy(update=update)
    with pytest.raises(cascade.ModelError):
        Model.model_construct(name="x", stages=("a",), states=())
    parts: list[tuple[Any, dict[str, object]]] = [
        (model.states[0], {"phases": -1}),
        (model.states[0].moves[0], {"hazard": -1.0}),
        (model.factors[0], {"levels": ("one",)}),
        (clustered(LINEAR).clusters, {"sizes": ()}),
        (FRAIL.frailties[0], {"cv": 0.0}),
        (cascade.treatment("nk-depletion"), {"start_hours": -1.0}),
        (body.cancer("colon"), {"drainage": {"veins": 0.5}}),
        (body.circulation("male"), {"beds": ()}),
        (body.cell_classes(0.1)[0], {"arrest": 2.0}),
        (body.fitted(), {"share_held": 2.0}),
    ]
    for part, update in parts:
        with pytest.raises(cascade.ModelError):
            part.model_copy(update=update)


def answers() -> list[Any]:
    """Results of every kind, with all that they remember."""
    model = two_levels(TURNED_BACK)
    result = cascade.simulate(model, cells=2000, seed=1)
    comparison = cascade.compare(model, model.with_(scale={"*.shear": 0.5}), cells=500, seed=1)
    selection = cascade.selection(FRAIL, cells=500, seed=1)
    history = result.replay([3])[0]
    held = [result, result.totals, result.lowered, comparison, selection, history]
    held += [result.funnel(), result.occupancy(), result.incidence(), model.hazard_table]
    held += [comparison.rows, comparison.causes(), comparison.replay([3]), history.stays]
    clusters = cascade.simulate(clustered(LINEAR), cells=500, seed=1)
    held += [clusters.sizes(), cascade.simulate(cascade.load("colon"), cells=500, seed=1).organs()]
    assert result.edges.size
    assert result.success >= 0
    model.with_(scale={"*.shear": 0.5})
    return held


@pytest.mark.parametrize("again", [lambda a: a, copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))])  # noqa: S301
def test_nothing_of_an_answer_can_be_changed_nor_of_its_copies(again: Any) -> None:
    for answer in answers():
        assert list(changeable(again(answer))) == [], type(answer)


# A model is lowered once.


@pytest.fixture
def expansions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that are expanded from here on, in order; none is remembered."""
    names: list[str] = []
    expand = lowering.expand

    def counted(model: Model) -> object:
        names.append(model.name)
        return expand(model)

    monkeypatch.setattr(lowering, "expand", counted)
    monkeypatch.setattr(lowering, "_remembered", type(lowering._remembered)())
    return names


def test_a_model_is_lowered_once_for_all_answers(expansions: list[str], tmp_path: Any) -> None:
    model = two_levels(TURNED_BACK)
    result = cascade.simulate(model, cells=1000, seed=1)
    result.funnel()
    result.occupancy()
    result.replay([1, 2])
    cascade.exact(model).funnel()
    cascade.exact(Model.from_toml(model.to_toml()), until=3.0).fates()
    cascade.compare(model, model, cells=100, seed=1)
    cascade.open_result(result.save(tmp_path / "r.cascade")).funnel()
    assert expansions == [model.name]


def test_other_models_are_lowered_anew_and_few_are_remembered(expansions: list[str]) -> None:
    many = [LINEAR.with_(name=f"model {i}") for i in range(lowering.MOST_REMEMBERED + 1)]
    for model in [*many, many[0], many[-1]]:
        lowering.lower(model)
    assert expansions == [model.name for model in [*many, many[0]]]
    one, two = (lowering.lower(CYCLIC.with_(scale={"*.shear": s})) for s in (1.0, 2.0))
    assert not np.array_equal(one.exit_hazard, two.exit_hazard)


def test_lowered_arrays_cannot_be_changed() -> None:
    lowered = lowering.lower(CYCLIC)
    with pytest.raises(ValueError, match="read-only"):
        lowered.exit_hazard[0] = 0.0
    assert list(changeable(lowered)) == []
