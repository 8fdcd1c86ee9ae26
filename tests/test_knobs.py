"""Knobs of a lesson: each position is the package's model, whatever the others are, and the address keeps it."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

import cascade
from cascade.common.portable import log
from cascade.lessons.edits import edit_of, size_of
from cascade.lessons.knobs import (
    PLACES,
    factors_of,
    for_a_time,
    knobs_of,
    patch_of,
    stops_of,
    told,
    usable,
)
from cascade.lessons.soils import cancer_of
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed
from cascade.web.anatomy import anatomy
from cascade.web.page import few_along, payload
from helpers.node import asked, in_node

PLATELETS = cascade.load("platelets")
KNOBBED = ["platelets", "emt", "clusters", "b16f1-liver", "ctc-mouse", "colon", "breast"]


# Edits --------------------------------------------------------------------------------------------


def pieces(luck: random.Random, depth: int = 3) -> Any:
    """Plain data of any form."""
    kind = luck.randrange(7 if depth else 3)
    if kind == 0:
        return luck.randrange(-3, 4)
    if kind == 1:
        return luck.choice([0.5, 0.25, 1e-9, "a", "", None, True])
    if kind == 2:
        return [luck.randrange(5) for _ in range(luck.randrange(9))]
    if kind == 3:
        return {key: pieces(luck, depth - 1) for key in luck.sample("abcd", luck.randrange(4))}
    if kind == 4:
        keys = luck.sample("abcd", luck.randrange(1, 3))
        return [{key: pieces(luck, 0) for key in keys} for _ in range(luck.randrange(6))]
    return [pieces(luck, depth - 1) for _ in range(luck.randrange(5))]


def changed(luck: random.Random, data: Any) -> Any:
    """Other data that have much of some."""
    if isinstance(data, dict):
        return {key: changed(luck, value) if luck.random() < 0.5 else value for key, value in data.items()}
    if isinstance(data, list) and data:
        at, until = sorted(luck.choices(range(len(data) + 1), k=2))
        by = luck.randrange(3)
        later = [x + by if type(x) is int else x for x in data[until:]]
        return data[:at] + [changed(luck, x) for x in data[at:until] if luck.random() < 0.6] + later
    return pieces(luck, 1) if luck.random() < 0.5 else data


@in_node
def test_an_edit_makes_of_the_one_what_the_other_is() -> None:
    luck = random.Random(1889)  # noqa: S311
    pairs = []
    for _ in range(3000):
        base = pieces(luck)
        pairs.append((base, changed(luck, base) if luck.random() < 0.8 else pieces(luck)))
    edits = [edit_of(*pair) for pair in pairs]
    kinds = {next(iter(edit)) for edit in edits if edit}
    assert kinds == {"to", "keys", "columns", "each", "cuts", "steps"}, "each kind is tried"
    found = asked(
        "edits.js",
        """console.log(JSON.stringify(given.map(([base, edit]) => {
          const before = JSON.stringify(base), made = edited(base, edit);
          return [made, JSON.stringify(base) === before];
        })));""",
        [[base, edit] for (base, _), edit in zip(pairs, edits, strict=True)],
    )
    for (base, other), edit, (made, kept) in zip(pairs, edits, found, strict=True):
        assert json.dumps(made, sort_keys=True) == json.dumps(other, sort_keys=True), (base, edit)
        assert kept, "what is edited stays as it was"
        assert edit is None or size_of(edit) <= size_of({"to": other})


def test_true_is_not_one() -> None:
    """Python's own equality has them alike; a page tells them apart."""
    assert edit_of([1, True], [True, 1]) is not None
    assert edit_of({"a": 1}, {"a": True}) is not None


# Positions ----------------------------------------------------------------------------------------

PAYLOADS = """console.log(JSON.stringify(given.cases.map((turned) => {
  const b = new Bench(given.lesson), again = new Bench(given.lesson);
  for (const [knob, at] of Object.entries(turned.knobs)) b.knobs[knob] = at;
  if (turned.treated) b.treated = { ...turned.treated, to: turned.treated.to ?? Infinity };
  b.rebuild();
  again.restore(b.state());
  return [b.model.data, b.anatomy, JSON.stringify(again.model.data) === JSON.stringify(b.model.data)];
})));"""


def lesson_without_arms(model: Model) -> dict[str, Any]:
    """The parts of a lesson that cost no cells."""
    base, acting = payload(model, seed=1889), usable(model)
    factors = factors_of(model, acting)
    return {
        "model": base,
        "knobs": told(knobs_of(model, None), base, acting, 1889),
        "treatments": [{"name": t.name, "factors": factors[t.name]} for t in acting],
        "windows": True,
        "anatomy": anatomy(model),
    }


def same(made: dict[str, Any], model: Model, until: float | None = None) -> None:
    """Of the payload of a page: the package has the same for a model."""
    wanted = json.loads(json.dumps(payload(model, seed=1889, until=until)))
    assert {k: made[k] for k in wanted if k not in PLACES} == {k: v for k, v in wanted.items() if k not in PLACES}


@in_node
@pytest.mark.parametrize("name", KNOBBED)
def test_each_position_of_a_knob_is_the_model_that_it_says(name: str) -> None:
    model = cascade.load(name)
    knobs = knobs_of(model, None)
    assert knobs
    data = lesson_without_arms(model)
    for knob, sent in zip(knobs, data["knobs"], strict=True):
        stop = sent["stops"][knob.at]
        assert stop["patch"] is None, "at first it stands where the model is"
        assert not stop.get("hazards")
    cases = [(knob, at) for knob in knobs for at in range(len(knob.stops))]
    found = asked("bench.js", PAYLOADS, {"lesson": data, "cases": [{"knobs": {k.id: at}} for k, at in cases]})
    for (knob, at), (made, body, kept) in zip(cases, found, strict=True):
        _, other, until = knob.stops[at]
        same(made, other, until)
        assert body == json.loads(json.dumps(anatomy(other)))
        assert kept, "the address keeps it"


@in_node
@pytest.mark.parametrize("name", ["colon", "prostate"])
def test_knobs_of_a_cancer_add_up(name: str) -> None:
    """Which way its blood goes, the soil of several organs, and a treatment, all at once."""
    model = cascade.load(name)
    known, knobs, data = cancer_of(model), {k.id: k for k in knobs_of(model, None)}, lesson_without_arms(model)
    assert known is not None
    soils = [k for k in knobs.values() if k.organ]
    assert len(soils) == 4
    vessel = knobs["vessel"]
    ends = [0, len(vessel.stops) - 1]
    treated = data["treatments"][-1]["name"]
    cases = []
    for at, treat in itertools.product(ends, ("", treated)):
        turned = {"vessel": at, soils[0].id: 0, soils[1].id: len(soils[1].stops) - 1}
        cases.append({"knobs": turned, "treated": {"name": treat, "from": 0, "to": None}})
    for case, (made, _, kept) in zip(cases, asked("bench.js", PAYLOADS, {"lesson": data, "cases": cases}), strict=True):
        at, treat = case["knobs"]["vessel"], case["treated"]["name"]
        way = vessel.stops[at][0]
        drainage = known.drainage if at == vessel.at else {way: 1.0}
        by = {k.organ: float(k.stops[case["knobs"][k.id]][0].split()[1]) for k in soils[:2]}
        now = {site.name: site.soil for site in model.sites}
        other = known.with_(drainage=drainage, soil={o: now[o] + log(x) for o, x in by.items()}).model()
        same(made, other.with_treatments(cascade.treatment(treat)) if treat else other)
        assert kept


TIMES = [(0.0, None), (24.0, None), (0.0, 72.0), (6.0, 168.0)]


@in_node
@pytest.mark.parametrize("name", ["platelets", "b16f1-liver", "emt"])
def test_a_treatment_for_a_time_is_that_of_the_package(name: str) -> None:
    """Whatever the other knobs are: also where one of them changes which transitions there are."""
    model = cascade.load(name)
    data, knobs = lesson_without_arms(model), {k.id: k.stops for k in knobs_of(model, None)}
    treated = data["treatments"][-1]["name"]
    cases = [(knob, at, *times) for knob, stops in knobs.items() for at in range(len(stops)) for times in TIMES]
    turned = [
        {"knobs": {knob: at}, "treated": {"name": treated, "from": begin, "to": end}} for knob, at, begin, end in cases
    ]
    found = asked("bench.js", PAYLOADS, {"lesson": data, "cases": turned})
    for (knob, at, start, end), (made, _, kept) in zip(cases, found, strict=True):
        _, other, until = knobs[knob][at]
        same(made, other.with_treatments(cascade.treatment(treated, start or None, end)), until)
        assert kept, "the address keeps it"


SOLVED = """const b = new Bench(given.lesson);
b.treated = { ...given.treated, to: given.treated.to ?? Infinity };
b.rebuild();
const { passed, founded, lost } = b.model.exact();
console.log(JSON.stringify([passed, founded.reduce((x, y) => x + y, 0), lost.map((by) => [...Object.values(by)])]));"""


@in_node
@pytest.mark.parametrize(("begin", "end"), TIMES[1:])
@pytest.mark.parametrize("name", ["colon", "mouse-tail-vein"])
def test_large_models_are_solved_with_a_treatment_for_a_time(name: str, begin: float, end: float | None) -> None:
    """Hundreds of states, from seconds in the blood to months: as precisely as the package says them."""
    model = cascade.load(name)
    assert for_a_time(model)
    data = lesson_without_arms(model)
    for treatment in data["treatments"][:2]:
        treated = treatment["name"]
        given = {"lesson": data, "treated": {"name": treated, "from": begin, "to": end}}
        passed, colonies, _ = asked("bench.js", SOLVED, given)
        answer = cascade.exact(model.with_treatments(cascade.treatment(treated, begin or None, end)))
        assert passed == pytest.approx([row.fraction_of_all for row in answer.funnel()], rel=1e-9)
        assert colonies == pytest.approx(answer.success, rel=1e-9)


EACH = """console.log(JSON.stringify(given.cases.map(([name, from, to]) => {
  const b = new Bench(given.lesson);
  b.treated = { name, from, to: to ?? Infinity };
  b.rebuild();
  return b.model.exact();
})));"""


@in_node
@pytest.mark.sampled(1, 1)
@pytest.mark.parametrize("times", TIMES[1:])
def test_of_cells_that_differ_in_seven_traits_a_treatment_for_a_time_is_that_of_the_package(
    times: tuple[float, float | None],
) -> None:
    """Averaged over the same points: passed, still there, and lost of each cause, in each step."""
    model = cascade.load("unlike-cells")
    assert for_a_time(model)
    data = lesson_without_arms(model)
    names = [data["treatments"][0]["name"], "chemotherapy"]
    made = asked("bench.js", EACH, {"lesson": data, "cases": [[name, *times] for name in names]})
    for name, found in zip(names, made, strict=True):
        treated = model.with_treatments(cascade.treatment(name, times[0] or None, times[1]))
        rows = Exact(treated, nodes=fixed(lower(treated))).funnel().rows
        assert found["passed"] == pytest.approx([row.fraction_of_all for row in rows], rel=1e-9)
        for row, lost, still in zip(rows, found["lost"], found["still"], strict=True):
            ours = {cause: number / rows[0].entered for cause, number in row.lost.items() if number}
            assert {cause: share for cause, share in lost.items() if share} == pytest.approx(ours, rel=1e-9)
            assert still == pytest.approx(row.still / rows[0].entered, rel=1e-9, abs=1e-15)


@in_node
@pytest.mark.parametrize("hours", [1.0, 200.0])
def test_cells_that_differ_may_be_looked_at_at_any_hour(hours: float) -> None:
    """The page follows their shares in time, as for treatments that begin and end."""
    model = cascade.load("unlike-cells")
    given = payload(model, seed=1, until=hours)
    passed = asked("model.js", "console.log(JSON.stringify(new Model(given).exact().passed));", given)
    rows = Exact(model, hours, nodes=fixed(lower(model))).funnel().rows
    assert passed == pytest.approx([row.fraction_of_all for row in rows], rel=1e-9)


def test_a_treatment_for_a_time_is_offered_where_it_is_solved_at_once() -> None:
    """In all models of the catalogue, and of others in those that are not too large."""
    assert [entry.name for entry in cascade.models() if not for_a_time(cascade.load(entry.name))] == []
    steps = [f"step {k}" for k in range(20)]
    many = cascade.Model.from_survival(dict.fromkeys(steps, 0.9), phases=dict.fromkeys(steps, 20))
    assert not few_along(lower(many).size, 1)
    assert not for_a_time(many)
    unlike = cascade.load("unlike-cells")
    assert few_along(lower(unlike).size, len(fixed(lower(unlike)).weights))


def test_only_treatments_that_act_are_offered() -> None:
    names = {t.name for t in usable(PLATELETS)}
    assert "nk-boost" in names
    assert "hormone" not in names
    assert patch_of(payload(PLATELETS, seed=1), payload(PLATELETS, seed=1)) is None


@pytest.mark.parametrize("name", ["platelets", "colon"])
def test_factors_of_all_treatments_at_once_are_those_of_each_alone(name: str) -> None:
    model = cascade.load(name)
    found = factors_of(model, usable(model))
    assert len(found) > 2
    for treated, factors in found.items():
        alone = model.with_treatments(cascade.treatment(treated, 0.0, None))
        assert factors == payload(alone, seed=1)["multipliers"][0]


def test_knobs_of_one_model_do_not_turn_the_same() -> None:
    """But for organs: what they turn is told by name, and each has its own."""
    for entry in cascade.models():
        model = cascade.load(entry.name)
        if cancer_of(model):
            continue
        base = payload(model, seed=1)
        touched = [
            {key for stop in stops_of(knob, base, [], 1) for key in ((stop["patch"] or {}).get("keys") or {})}
            for knob in knobs_of(model, None)
        ]
        assert sum(map(len, touched)) == len(set().union(*touched)), entry.name
    model = cascade.load("colon")
    turned = [{tuple(way) for way in ways_of(knob)} for knob in knobs_of(model, None) if knob.organ]
    assert all(turned)
    assert sum(map(len, turned)) == len(set().union(*turned))


def ways_of(knob: Any) -> list[tuple[str, str]]:
    """The hazards that a knob of an organ turns."""
    return [(state, way) for stop in stops_of(knob, {}, [], 1) for state, way, _ in stop["hazards"]]


def test_a_cancer_that_somebody_changed_is_none_of_the_package() -> None:
    """Its knobs would be those of the other one."""
    model = cascade.load("colon")
    assert cancer_of(model) is not None
    assert cancer_of(model.with_(scale={"*.immune killing": 2.0})) is None
    assert cancer_of(PLATELETS) is None
