"""Wrong diseases, arguments and files of patients: each error names the field, the value and what is accepted."""

from __future__ import annotations

import copy
import io
import json
import random
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.common.errors import InputError, ModelError
from cascade.patient.cohort import Cohort
from cascade.patient.counts import Counts, one_patient
from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.lowered import rules_of
from cascade.patient.saved import _digest
from helpers.diseases import PLAIN, TEXTBOOK, all_kinds
from helpers.models import LINEAR

DATA = tomllib.loads(TEXTBOOK.to_toml())
GONE = object()


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The textbook disease as data with another value somewhere; ``GONE``: without it."""
    data: Any = copy.deepcopy(DATA)
    at = data
    for step in path[:-1]:
        at = at[step] if isinstance(at, list) else at.setdefault(step, {})
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return data  # type: ignore[no-any-return]


KIND = {"name": "a", "share": 1.0}
FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    (("name",), "", "name", "at least 1 letter"),
    (("name",), 3, "name", "text"),
    (("cells",), "brest", "cells", "did you mean 'breast'"),
    (("cells",), {}, "cells.primary", "required"),
    (("cells",), 5, "cells", "the name of a cancer"),
    (("efficiency",), 0, "efficiency", "> 0"),
    (("efficiency",), float("nan"), "efficiency", "number"),
    (("efficiency",), True, "efficiency", "a number"),
    (("years",), 201, "years", "<= 200"),
    (("tumour",), GONE, "tumour", "required"),
    (("tumour", "growth"), GONE, "tumour.growth", "required"),
    (("tumour", "growth", "law"), "gomperz", "tumour.growth.law", "'gompertz'"),
    (("tumour", "growth", "largest"), GONE, "tumour.growth", "a largest size"),
    (("tumour", "growth", "doubling_days"), -1.0, "tumour.growth.doubling_days", "> 0"),
    (("tumour", "growth", "points"), [[1.0, 2.0]], "tumour.growth", "points"),
    (("tumour", "onset_age_years"), [80.0, 40.0], "tumour.onset_age_years", "the lower first"),
    (("tumour", "onset_age_years"), [80.0], "tumour.onset_age_years[1]", "required"),
    (("tumour", "cells_per_cm3"), 1.0, "tumour.cells_per_cm3", ">= 1e+06"),
    (("tumour", "source"), ["nobody"], "tumour.source", "the key of a source"),
    (("shedding",), [], "shedding", "at least one"),
    (("shedding", 0, "route"), "limph", "shedding[0].route", "did you mean 'lymph'"),
    (("shedding", 1, "route"), "blood", "shedding[1].route", "each route once"),
    (("shedding", 0, "per_day"), -1.0, "shedding[0].per_day", ">= 0"),
    (("shedding", 0, "exponent"), 2.5, "shedding[0].exponent", "<= 2"),
    (("shedding", 0, "per_division"), 4.0, "shedding[0].per_division", "<= 3"),
    (("shedding", 0, "onset_cells"), 0.5, "shedding[0].onset_cells", ">= 1"),
    (("shedding", 0, "onset_cells"), 1e14, "shedding[0].onset_cells", "below 1e+13"),
    (("shedding", 0, "onset_cells"), 100.0, "shedding[0].onset_cells", "early phase"),
    (("shedding", 0, "at_cell"), 1e9, "shedding[0].at_cell", "did you mean 'at_cells'"),
    (("lesions", "growth_ratio"), 0.0, "lesions.growth_ratio", ">= 0.01"),
    (("lesions", "establishment"), 0.0, "lesions.establishment", "> 0"),
    (("lesions", "establishment"), 1.1, "lesions.establishment", "<= 1"),
    (("lesions", "establishment"), 1e-3, "shedding[0].onset_cells", "on average"),
    (("lesions", "early_days"), 0.0, "lesions.early_days", "> 0"),
    (("lesions", "early_days"), 5000.0, "lesions.early_days", "the largest size"),
    (("lesions", "early_days"), 1000.0, "lesions.early_days", "below 1e6"),
    (("lesions", "asleep"), 1.5, "lesions.asleep", "<= 1"),
    (("lesions", "asleep_years"), -1.0, "lesions.asleep_years", ">= 0"),
    (("lesions", "asleep_cells"), 2e6, "shedding[0].onset_cells", "lesions.asleep_cells"),
    (("lesions", "asleep_cells"), 1e14, "lesions.asleep_cells", "below 1e+13"),
    (("lesions", "secondary"), 2.0, "lesions.secondary", "<= 1"),
    (("lesions", "organs", "bones"), {}, "lesions.organs", "did you mean 'bone'"),
    (("lesions", "organs", "bone"), {"secondary": -1.0}, "lesions.organs.bone.secondary", ">= 0"),
    (("traits", 0, "spread"), 0.0, "traits[0].spread", ">= 0.001"),
    (("traits", 0, "distribution"), "normal", "traits[0].distribution", "'lognormal'"),
    (("traits", 0, "acts_on"), [], "traits[0].acts_on", "at least one"),
    (("traits", 0, "acts_on"), ["groth"], "traits[0].acts_on", "did you mean 'growth'"),
    (("traits", 2, "name"), "pace", "traits[2].name", "names of their own"),
    (("traits",), [{"name": f"t{i}", "spread": 1.0, "acts_on": ["growth"]} for i in range(17)], "traits", "at most 16"),
    (("correlations", 0, "between"), ["pace", "nothing"], "correlations[0].between", "the name of a trait"),
    (("correlations", 0, "between"), ["pace", "pace"], "correlations[0].between", "each pair once"),
    (("correlations", 0, "value"), 1.0, "correlations[0].value", "< 1"),
    (("traits", 1, "distribution"), "gamma", "correlations[0].between", "log-normal"),
    (("subtypes",), [{"name": "a", "share": 0.5}], "subtypes", "sum to 1"),
    (("subtypes",), [{"name": "a", "share": 0.5}] * 2, "subtypes[1].name", "names of their own"),
    (("subtypes",), [{**KIND, "growth": 0.0}], "subtypes[0].growth", ">= 0.01"),
    (("subtypes",), [{**KIND, "soil": {"bones": 1.0}}], "subtypes[0].soil", "did you mean 'bone'"),
    (("subtypes",), [{**KIND, "shedding": {"nerves": 1.0}}], "subtypes[0].shedding", "a route of the disease"),
    (("death", "burden_cells"), 1e5, "death.burden_cells", "more cells than shedding begins at"),
    (("death", "not_counted"), ["bones"], "death.not_counted", "did you mean 'bone'"),
    (("death", "not_counted"), ["bone", "bone"], "death.not_counted", "each site once"),
    (("death", "not_counted"), [], "death.not_counted", "at least one"),
    (("death", "other", "per_year"), 0.0, "death.other.per_year", "> 0"),
    (("death", "other", "doubling_years"), 0.5, "death.other.doubling_years", ">= 1"),
    (("death", "other", "source"), ["nobody"], "death.other.source", "the key of a source"),
    (("lesions", "organs", "bone", "source"), ["nobody"], "lesions.organs.bone.source", "the key of a source"),
    (("colour",), 3, "colour", "no field of this name"),
]


@pytest.mark.parametrize(
    ("path", "value", "where", "wanted"), FAULTS, ids=[f"{n} {f[2]}" for n, f in enumerate(FAULTS)]
)
def test_a_fault_of_a_disease(path: tuple[str | int, ...], value: Any, where: str, wanted: str) -> None:
    with pytest.raises(ModelError) as error:
        Disease(**changed(path, value))
    found = {fault.path: fault for fault in error.value.faults if wanted in fault.accepted}
    assert where in found, str(error.value)
    assert str(error.value).startswith("disease ")
    for fault in error.value.faults:
        assert "constrained" not in fault.path


def test_all_faults_of_a_file_at_once(tmp_path: Path) -> None:
    data = changed(("lesions", "organs", "bones"), {})
    data["shedding"][0]["onset_cells"] = 1e14
    data["traits"][0]["acts_on"] = ["soil.bones"]
    data["subtypes"] = [{"name": "a", "share": 0.4}]
    data["death"]["burden_cells"] = 10.0
    data["tumour"]["source"] = ["nobody"]
    import tomli_w

    file = tmp_path / "own.toml"
    file.write_text(tomli_w.dumps(data))
    with pytest.raises(ModelError) as error:
        cascade.disease(file)
    assert {fault.path for fault in error.value.faults} == {
        "shedding[0].onset_cells",
        "death.burden_cells",
        "lesions.organs",
        "traits[0].acts_on",
        "subtypes",
        "tumour.source",
    }


@pytest.mark.parametrize("name", all_kinds())
def test_there_and_back_through_a_file(name: str, tmp_path: Path) -> None:
    disease = all_kinds()[name]
    disease.save(tmp_path / "own.toml")
    again = cascade.disease(tmp_path / "own.toml")
    assert again == disease
    assert hash(again) == hash(disease)
    assert again.digest() == disease.digest()


def test_a_digest_changes_with_every_number_that_matters() -> None:
    seen = {TEXTBOOK.digest(), *(disease.digest() for disease in all_kinds().values())}
    assert len(seen) == len(all_kinds()) - 1  # the textbook disease grows by Gompertz's law
    for text in ({"title": "x"}, {"description": "x"}, {"limits": "x"}, {"name": "x"}, {"years": 3.0}):
        assert TEXTBOOK.with_(**text).digest() == TEXTBOOK.digest()


def test_files_of_other_kinds(tmp_path: Path) -> None:
    model = tmp_path / "model.toml"
    LINEAR.save(model)
    with pytest.raises(InputError, match="a model of cells"):
        cascade.disease(model)
    for wrong in ("nothing.toml", tmp_path, tmp_path / "nothing.toml"):
        with pytest.raises(InputError, match="TOML file"):
            cascade.disease(wrong)
    with pytest.raises(InputError, match="did you mean 'textbook'"):
        cascade.disease("textbok")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ")
    with pytest.raises(cascade.CascadeError):
        cascade.disease(broken)


ARGUMENTS: list[tuple[str, Any]] = [
    *(
        ("patients", v)
        for v in (0, 1.5, -1, "10", None, True, range(0, 10, 2), range(5, 5), range(-1, 5), range((1 << 62) + 1))
    ),
    *(("seed", v) for v in (-1, 1.5, "a", True)),
    *(("until_years", v) for v in (0, 201, "x", float("nan"), True)),
    *(
        ("times", v)
        for v in (
            (3, 2),
            (2, 2),
            (-1,),
            (16,),
            "1",
            ("a",),
            range(2000),
            {1: 2},
            (float("inf"),),
            (True,),
            (float("nan"),),
        )
    ),
    *(("sizes_mm", v) for v in ((5, 1), (1, 1), (0,), (-1,), (1e9,), tuple(range(1, 20)), "5", (None,), (1e-3,))),
    *(("chunk", v) for v in (0, 1.5, "a")),
    ("executor", 3),
    ("progress", 3),
    ("disease", "textbook"),
    ("disease", LINEAR),
]


@pytest.mark.parametrize(("field", "value"), ARGUMENTS, ids=[f"{n} {a[0]}" for n, a in enumerate(ARGUMENTS)])
def test_a_wrong_argument_of_a_cohort(field: str, value: Any) -> None:
    given = {"disease": TEXTBOOK, "patients": 10, "seed": 1, field: value}
    with pytest.raises(InputError) as error:
        cascade.cohort(given.pop("disease"), **given)
    assert error.value.field == field
    assert error.value.accepted
    assert str(error.value).startswith(f"{field} = ")


@pytest.fixture(scope="module")
def made() -> Cohort:
    return cascade.cohort(TEXTBOOK, patients=range(10, 60), seed=3, times=(5.0, 12.0), sizes_mm=(1.0, 10.0))


def test_wrong_questions(made: Cohort) -> None:
    course = made.patient(next(n for n in range(10, 60) if len(made.patient(n).lesions) > 1))
    asked: list[tuple[str, Callable[[], Any]]] = [
        *(("patient", lambda n=n: made.patient(n)) for n in (9, 60, -1, 1.5, "a", None, True)),
        *(("level", lambda v=v: made.lesions(v)) for v in ("x", 3.0, None)),
        *(("of", lambda v=v: made.lesions(of=v)) for v in ("bones", None)),
        *(("years", lambda v=v: made.organs(v)) for v in (0.5, "a", float("nan"))),
        *(("lesion", lambda n=n: course.cells_of(n, 5.0)) for n in (-1, 10**6, 1.5, "a")),
        *(("lesion", lambda n=n: course.end_of(n)) for n in (-1, 10**6, 1.5, "a")),
        ("of", lambda: made.number(5.0, of="bone")),
        ("merge: other", lambda: made.merge(3)),  # type: ignore[arg-type]
        *(("lesion", lambda n=n: course.life(n)) for n in (0, -1, 10**6, 1.5, "a")),
        *(("lesion", lambda n=n: course.children(n)) for n in (-1, 10**6, 1.5, "a")),
        *(("years", lambda v=v: course.cells(v)) for v in (-1, "a", float("nan"), None, [1, float("inf")], [[1.0]])),
        ("with_", lambda: TEXTBOOK.with_(lesion={})),
        ("with_", lambda: TEXTBOOK.with_(lesions={"secundary": 1.0})),
    ]
    for field, ask in asked:
        with pytest.raises(InputError) as error:
            ask()
        assert error.value.field == field
    nobody = next(made.patient(n) for n in range(10, 60) if len(made.patient(n).lesions) == 1)
    with pytest.raises(InputError, match="no cell was shed that founds"):
        nobody.life(1)


def test_more_founders_than_cells() -> None:
    with pytest.raises(InputError, match=r"efficiency = 1000000\.0: at most"):
        cascade.cohort(TEXTBOOK.with_(efficiency=1e6), patients=1, seed=1)


# Odd diseases that are none the less right.


def test_many_points_and_two_routes() -> None:
    """More points than the table of shedding had room for."""
    logs = np.cumsum(np.abs(np.sin(np.arange(1, 131))) * 0.3 + 0.02)
    growth = Growth(law="points", points=[(10.0 * i + 10.0, float(np.exp(x))) for i, x in enumerate(logs)])
    rules = [dict(part) for part in PLAIN.shedding]
    rules[0]["onset_cells"], rules[1]["onset_cells"] = 2.0, 1e7
    disease = PLAIN.with_(tumour={"growth": growth}, lesions={"early_days": 1.0}, shedding=rules)
    assert cascade.cohort(disease, patients=20, seed=1).counts.made > 0


def test_a_law_that_never_gets_far() -> None:
    """Linear growth comes to a burden after 1e12 days: the table of what is shed is as fine at the beginning."""
    rule = {"route": "blood", "per_day": 3.0, "at_cells": 1.0, "onset_cells": 1.0, "exponent": 2.0}
    growth = Growth(law="power", doubling_days=60.0, exponent=0.1)
    disease = PLAIN.with_(tumour={"growth": growth}, lesions={"early_days": 10.0}, shedding=[rule], efficiency=0.04)
    found = one_patient(rules_of(disease, 15.0, (15.0,), ()), 1, 0)[0]
    from helpers.reference_patients import Patients

    truth = {seed.identity: seed.shed for seed in Patients(disease, 1).patient(0).lesions}
    assert truth.keys() == set(found.identity.tolist())
    assert len(truth) > 100
    for identity, shed in zip(found.identity.tolist(), found.shed.tolist(), strict=True):
        assert shed == pytest.approx(truth[identity], rel=1e-7)


@pytest.mark.parametrize("times", [(0.0,), (15.0,), (0.0, 15.0)])
@pytest.mark.parametrize("sizes", [(), (0.016,), (200.0,)])
def test_first_and_last_moments_and_sizes(times: tuple[float, ...], sizes: tuple[float, ...]) -> None:
    found = cascade.cohort(TEXTBOOK, patients=100, seed=1, times=times, sizes_mm=sizes)
    if times[0] == 0.0:
        assert found.alive[0] == 100
        assert found.counts.total[..., 0].sum() == 0
    assert str(found)
    assert str(found.sizes(times[-1]))
    assert str(found.number(times[0]))


def test_a_size_at_which_lesions_sleep() -> None:
    """They come to it before they sleep, and to the next larger only if they wake."""
    diameter = 1.0
    cells = TEXTBOOK.cells_of(diameter)
    still = PLAIN.with_(
        lesions={"asleep": 1.0, "asleep_years": 1000.0, "asleep_cells": cells, "organs": {}},
        death={"burden_cells": 1e15},
    )
    found = cascade.cohort(still, patients=300, seed=1, times=(15.0,), sizes_mm=(diameter, 1.001 * diameter)).counts
    awake = cascade.cohort(
        still.with_(lesions={"asleep": 0.0}), patients=300, seed=1, times=(15.0,), sizes_mm=(diameter,)
    ).counts
    assert found.total[-4, 3, 0] == awake.total[-4, 3, 0] > 0
    assert found.total[-4, 4, 0] < 0.05 * awake.total[-4, 3, 0]


def test_a_tumour_smaller_than_the_usual_sizes() -> None:
    """Sizes that nobody asked for are no fault of his."""
    small = PLAIN.with_(tumour={"growth": Growth(law="gompertz", doubling_days=50.0, largest=3e7)})
    assert cascade.cohort(small, patients=1, seed=1).sizes_mm == (1.0,)
    with pytest.raises(InputError, match="sizes_mm"):
        cascade.cohort(small, patients=1, seed=1, sizes_mm=(1.0, 5.0, 10.0, 20.0))


def test_nobody_lives_long() -> None:
    soon = TEXTBOOK.with_(death={"other": {"per_year": 10.0, "at_age": 40.0}})
    found = cascade.cohort(soon, patients=100, seed=1)
    assert found.alive == (100, *([0] * 15))
    assert found.counts.deaths.sum() == 100
    assert str(found)


# Files.


def test_what_was_saved_is_opened(made: Cohort, tmp_path: Path) -> None:
    again = cascade.open_cohort(made.save(tmp_path / "a.cascade"))
    assert again == made
    assert again.patient(17) == made.patient(17)
    assert (
        again.merge(cascade.cohort(TEXTBOOK, patients=10, seed=3, times=(5.0, 12.0), sizes_mm=(1.0, 10.0))).patients
        == 60
    )


def test_files_that_are_no_cohorts(made: Cohort, tmp_path: Path) -> None:
    cells = cascade.simulate(LINEAR, cells=100, seed=1).save(tmp_path / "cells.cascade")
    with pytest.raises(InputError, match="open_result"):
        cascade.open_cohort(cells)
    with pytest.raises(InputError, match="open_cohort"):
        cascade.open_result(made.save(tmp_path / "patients.cascade"))
    for name, content, told in (
        ("empty", b"", r"a cohort saved by Cohort\.save; this file is empty"),
        ("text", b"cohort", r"a cohort saved by Cohort\.save; this file is a table or other text"),
        ("zip", _zip({"a": b"b"}), "an undamaged cohort"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=told):
            cascade.open_cohort(tmp_path / name)
    for missing in (tmp_path / "nothing", tmp_path):
        with pytest.raises(InputError):
            cascade.open_cohort(missing)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def test_damaged_files_are_refused(made: Cohort, tmp_path: Path) -> None:
    whole = made.save(tmp_path / "a.cascade").read_bytes()
    rng = random.Random(5)  # noqa: S311
    file = tmp_path / "b.cascade"
    for _ in range(150):
        if rng.random() < 0.3:
            file.write_bytes(whole[: rng.randrange(len(whole))])
        else:
            bad = bytearray(whole)
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            file.write_bytes(bytes(bad))
        # What the change was in may say nothing: a time, or a flag of the zip.
        assert opened(file) in (None, made)


def opened(file: Path) -> Cohort | None:
    """The cohort in a file; None where it is refused as it should be."""
    try:
        return cascade.open_cohort(file)
    except InputError as error:
        return None if error.field == "file" else pytest.fail(str(error))


def parts(made: Cohort, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with np.load(made.save(path)) as file:
        arrays = dict(file)
    return json.loads(arrays.pop("recipe").tobytes().decode()), arrays


def put(path: Path, recipe: dict[str, Any], arrays: dict[str, Any], *, signed: bool) -> Path:
    """A file of changed parts; ``signed``: with the digest that belongs to them."""
    if signed:
        recipe = {**recipe, "sha256": _digest({k: v for k, v in recipe.items() if k != "sha256"}, arrays)}
    np.savez_compressed(path, recipe=np.frombuffer(json.dumps(recipe).encode(), np.uint8), **arrays)
    return path.with_suffix(".npz")


def test_changed_files_are_refused(made: Cohort, tmp_path: Path) -> None:
    recipe, arrays = parts(made, tmp_path / "a.cascade")
    path = tmp_path / "b"
    assert cascade.open_cohort(put(path, recipe, arrays, signed=False)) == made
    assert cascade.open_cohort(put(path, recipe, arrays, signed=True)) == made
    for key, value in (
        ("seed", 4),
        ("ranges", [[10, 61]]),
        ("years", 14.0),
        ("times", [5.0, 11.0]),
        ("sizes_mm", [1.0, 9.0]),
        ("made", 1),
    ):
        with pytest.raises(InputError, match=r"changed since|counts and recipe"):
            cascade.open_cohort(put(path, {**recipe, key: value}, arrays, signed=False))
    for name in Counts.ARRAYS:
        other = {**arrays, name: arrays[name] + 1}
        with pytest.raises(InputError, match="changed since"):
            cascade.open_cohort(put(path, recipe, other, signed=False))
        for wrong in (arrays[name].astype(np.float64), arrays[name][..., :-1], arrays[name][None]):
            with pytest.raises(InputError):
                cascade.open_cohort(put(path, recipe, {**arrays, name: wrong}, signed=True))


def test_signed_lies_are_refused(made: Cohort, tmp_path: Path) -> None:
    """What cannot have been counted, with a digest that fits."""
    recipe, arrays = parts(made, tmp_path / "a.cascade")
    path = tmp_path / "b"
    lies: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"ranges": [[10, 61]]}, {}),
        ({"ranges": [[10, 40], [30, 60]]}, {}),
        ({"ranges": []}, {}),
        ({"seed": -1}, {}),
        ({"seed": "3"}, {}),
        ({"times": [12.0, 5.0]}, {}),
        ({"sizes_mm": [1e9, 2e9]}, {}),
        ({"years": 300.0}, {}),
        ({"cohort": 99}, {}),
        ({"versions": 3}, {}),
        ({"disease_sha256": "0"}, {}),
        ({"made": "many"}, {}),
        ({"made": -1}, {}),
        ({"disease": {**recipe["disease"], "years": -1.0}}, {}),
        ({"disease": 3}, {}),
        ({}, {"alive": arrays["alive"] + 1}),
        ({}, {"some": arrays["some"] + 60}),
        ({}, {"total": 0 * arrays["total"]}),
        ({}, {"square": arrays["square"] - 1}),
        ({}, {"deaths": arrays["deaths"] - 1}),
        ({}, {"number": arrays["number"] + 1}),
        ({}, {"most": 0 * arrays["most"] - 1}),
        ({}, {"most": 0 * arrays["most"]}),
        ({}, {"most": arrays["most"] + 10**9}),
    ]
    for changes, others in lies:
        with pytest.raises(InputError) as error:
            cascade.open_cohort(put(path, {**recipe, **changes}, {**arrays, **others}, signed=True))
        assert error.value.field == "file"
