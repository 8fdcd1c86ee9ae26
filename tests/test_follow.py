"""Registers and what they add up to: against a loop over patients, over chunks, and with faults planted."""

from __future__ import annotations

import csv
import math
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.common.errors import InputError
from cascade.patient.follow import months
from cascade.patient.follow.diagnosis import SIZES, size_bin, size_bounds
from cascade.patient.follow.followed import Followed
from cascade.patient.follow.months import AMONG, CENSORED, COMPETING, EVENT, TRACKS, first_of, groups_of, months_since
from cascade.patient.follow.register import BY_SITE, WHOLE, Register
from cascade.patient.follow.scheme import Scheme, thirds
from helpers.budget import agrees
from helpers.registers import SCHEME, drawn, patients

REGISTER = drawn(3000, 5)
FOLLOWED = Followed.of(REGISTER)


# The months, one patient at a time.


def month_of(years: float) -> int:
    """The month that a time lies in, by counting them."""
    month = 0
    while month < 12 * years - 1e-6:
        month += 1
    return month


def one_left(row: dict[str, Any], track: str) -> tuple[int, int]:
    """Why and when one patient leaves a track, by the words of the specification."""
    seen = {"distant": row["distant"], "distant, true": row["distant_true"]}
    seen["recurrence"] = min(row["local"], row["distant"])
    seen["recurrence, true"] = min(row["local"], row["distant_true"])
    if track == "death":
        events = [(row["death"], EVENT if row["cause"] == 1 else COMPETING)]
    else:
        events = [(seen[track], EVENT), (row["death"], COMPETING)]
    when, why = min((time, order, why) for order, (time, why) in enumerate(events))[::2]
    month, last = month_of(min(when, row["end"]) - row["diagnosed"]), month_of(row["end"] - row["diagnosed"])
    if row["end"] - row["diagnosed"] < last / 12 - 1e-7:
        last -= 1  # followed for whole months
    return (CENSORED, last) if when > row["end"] or month > last else (why, month)


def looped(register: Register) -> dict[str, Counter[tuple[int, ...]]]:
    """Counts of a register by hand: of each track, of all and of those with no metastasis seen."""
    names = ("diagnosed", "local", "distant", "distant_true", "death", "cause", "end", "metastasis_seen", "mode")
    counts: dict[str, Counter[tuple[int, ...]]] = {track: Counter() for track in TRACKS}
    for i in range(len(register)):
        row = {name: getattr(register, name)[i].item() for name in names}
        if row["mode"]:
            for track in TRACKS:
                for among in range(1 + (row["metastasis_seen"] == 0)):
                    counts[track][among, *one_left(row, track)] += 1
    return counts


def same_as_looped(followed: Followed, register: Register) -> bool:
    """Whether the months of all patients are those that a loop counts."""
    by_hand = looped(register)
    for i, track in enumerate(TRACKS):
        counted = followed.left[:, i, :, 0]
        told = {tuple(map(int, place)): int(counted[tuple(place)]) for place in np.argwhere(counted)}
        if told != dict(by_hand[track]):
            return False
    return True


def test_months_are_those_of_a_loop_over_patients() -> None:
    assert same_as_looped(FOLLOWED, REGISTER)


@pytest.mark.parametrize(
    "fault",
    ["one month late", "deaths not censored", "followed beyond the end", "months that are not whole", "deaths first"],
)
def test_a_planted_fault_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above does see what it is for."""

    def wrong(register: Register, event: Any, competing: Any) -> months.Left:
        if fault == "one month late":
            found = first_of(register, event, competing)
            return found._replace(month=np.minimum(found.month + (found.why == EVENT), SCHEME.months))
        if fault == "deaths not censored":
            return first_of(register, event, np.full(len(register), np.inf))
        if fault == "deaths first":
            found = first_of(register, competing, event)
            return found._replace(why=np.where(found.why < CENSORED, 1 - found.why, CENSORED))
        if fault == "months that are not whole":
            end = register.diagnosed + np.ceil(12 * (register.end - register.diagnosed)) / 12
            return first_of(replace(register, end=np.minimum(end, SCHEME.years)), event, competing)
        when = np.minimum(event, competing)
        late = np.where(np.isfinite(when), np.maximum(register.end, when), register.end)
        return first_of(replace(register, end=np.minimum(late + 1 / 12, SCHEME.years)), event, competing)

    early = drawn(3000, 5, end=15.0)
    early = replace(early, death=np.where(early.mode > 0, early.diagnosed, early.death), cause=np.where(
        early.mode > 0, 1, early.cause)) if fault == "deaths first" else early  # fmt: skip
    assert same_as_looped(Followed.of(early), early)
    monkeypatch.setattr(months, "first_of", wrong)
    assert not same_as_looped(Followed.of(early), early)


def test_an_event_at_the_end_of_a_month_is_one_of_it() -> None:
    """Also where two doubles that are subtracted leave a little more."""
    diagnosed = np.repeat(np.linspace(3.0, 7.0, 1001), 10)
    whole = np.tile(np.arange(10), 1001)
    assert (months_since(diagnosed, diagnosed + whole) == 12 * whole).all()
    assert (np.ceil(12 * ((diagnosed + whole) - diagnosed)) != 12 * whole).any()
    assert months_since(np.zeros(4), np.array([0.0, 1e-4, 1 / 12, 1 / 12 + 1e-4])).tolist() == [0, 1, 1, 2]


def test_what_comes_first_counts_and_the_end_is_the_end() -> None:
    register = patients(
        distant=[7.0, 9.0, 8.0, np.inf, 8.0], death=[8.0, 8.0, 8.0, np.inf, 9.0], cause=[1, 1, 2, 0, 1],
        end=[25.0, 25.0, 25.0, 6.5, 7.9], distant_true=[5.0, 9.0, 8.0, np.inf, 8.0], local=[6.0, np.inf, 8.0, 6.0, 8.0],
    )  # fmt: skip
    expected = {
        "death": ([36, 36, 36, 18, 34], [EVENT, EVENT, COMPETING, CENSORED, CENSORED]),
        "distant": ([24, 36, 36, 18, 34], [EVENT, COMPETING, EVENT, CENSORED, CENSORED]),
        "distant, true": ([0, 36, 36, 18, 34], [EVENT, COMPETING, EVENT, CENSORED, CENSORED]),
        "recurrence": ([12, 36, 36, 12, 34], [EVENT, COMPETING, EVENT, EVENT, CENSORED]),
        "recurrence, true": ([0, 36, 36, 12, 34], [EVENT, COMPETING, EVENT, EVENT, CENSORED]),
    }
    for track, (month, why) in expected.items():
        found = months.left(register, track)
        assert (found.month.tolist(), found.why.tolist()) == (month, why)


# Groups.


def test_groups_have_the_bounds_that_they_say() -> None:
    mm = [20.0, 20.0001, 50.0, 50.0001, 5.0, 15.0]
    register = patients(
        cells=[SCHEME.cells_of(d) for d in mm], nodes_positive=[-1, 0, 1, 3, 4, 9],
        age=[44.99, 45.0, 64.99, 65.0, 20, 90],
        mode=[1, 2, 3, 1, 2, 3], subtype=[0, 1, 0, 1, 0, 1], metastasis_seen=[0, 0, 1, 1, 0, 0],
        there=[[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 2, 0], [0, 0, 3], [0, 1, 1]],
        traits=[[0.1, 1.0], [1.0, 0.01], [9.0, 9.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]],
        distant=[np.inf, np.inf, 5.0, 5.0, np.inf, np.inf], distant_true=[np.inf, np.inf, 5.0, 5.0, np.inf, np.inf],
    )  # fmt: skip
    told = {name: [SCHEME.groups[name][g] for g in places] for name, places in groups_of(register).items()}
    assert told["T"] == ["T1", "T2", "T2", "T3", "T1", "T1"]
    assert told["N"] == ["not known", "N0", "N1", "N1", "N2+", "N2+"]
    assert told["age"] == ["below 50", "50 to 69", "50 to 69", "70 and above", "below 50", "70 and above"]
    assert told["mode"] == ["symptoms", "screening", "metastasis"] * 2
    assert told["subtype"] == ["luminal", "basal"] * 3
    assert told["metastasis"] == ["none seen"] * 2 + ["seen"] * 2 + ["none seen"] * 2
    # A lesion of a node is no distant metastasis.
    assert told["hidden"] == ["none there", "hidden", "seen", "seen", "none there", "hidden"]
    assert told["trait.growth"][:3] == ["lower third", "middle third", "upper third"]
    assert told["trait.seeding"][:3] == ["middle third", "lower third", "upper third"]


@pytest.mark.parametrize(
    ("distribution", "spread"), [("lognormal", 0.05), ("lognormal", 2.0), ("gamma", 0.3), ("gamma", 4.0)]
)
def test_a_third_of_all_patients_lies_below_each_cut(distribution: str, spread: float) -> None:
    law = (
        stats.lognorm(spread, scale=math.exp(-spread * spread / 2))
        if distribution == "lognormal"
        else stats.gamma(1 / spread**2, scale=spread**2)
    )
    assert law.mean() == pytest.approx(1.0)
    assert law.cdf(thirds(distribution, spread)) == pytest.approx([1 / 3, 2 / 3], rel=1e-9)
    values = law.rvs(4000, random_state=3)
    low, high = thirds(distribution, spread)
    assert agrees(int((values < low).sum()), 4000, 1 / 3)
    assert agrees(int((values > high).sum()), 4000, 1 / 3)


def test_everybody_is_in_one_group_of_each_kind() -> None:
    assert FOLLOWED.adds_up(SCHEME)
    all_of_them = FOLLOWED.left[..., SCHEME.places["all"], :].sum(axis=3)
    for name, place in SCHEME.places.items():
        assert np.array_equal(FOLLOWED.left[..., place, :].sum(axis=3), all_of_them), name
    # Those in whom a metastasis was seen, and those in whom none was, are all.
    every, unseen = (FOLLOWED.left[AMONG.index(among)] for among in AMONG)
    at = SCHEME.places["metastasis"].start
    assert np.array_equal(unseen[:, :, 0], every[:, :, at])
    assert unseen[:, :, at + 1].sum() == 0


# Sums.


def test_counts_add_up_over_chunks_in_any_order() -> None:
    parts = [REGISTER[a:b] for a, b in ((0, 1), (1, 700), (700, 701), (701, 701), (701, 3000))]
    counts = [Followed.of(part) for part in parts]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        assert Followed.gathered(counts[i] for i in order) == FOLLOWED
    assert counts[0] + counts[1] == Followed.of(REGISTER[:700])
    assert Followed.none(SCHEME) + FOLLOWED == FOLLOWED
    assert Followed.of(REGISTER[:0]) == Followed.none(SCHEME)
    # What is largest in one patient is not summed.
    assert FOLLOWED.most_seeded[0] == REGISTER.seeded.max() > 0
    before = counts[0].left.copy()
    assert (counts[0].left == before).all()


def test_shapes_are_those_that_are_promised() -> None:
    assert {name: getattr(FOLLOWED, name).shape for name in Followed.ARRAYS} == Followed.shapes(SCHEME)
    assert {getattr(FOLLOWED, name).dtype for name in Followed.ARRAYS} == {np.dtype(np.int64)}
    assert pickle.loads(pickle.dumps(FOLLOWED)) == FOLLOWED  # noqa: S301
    longer = replace(SCHEME, years=30.0)
    assert not FOLLOWED.adds_up(longer)
    with pytest.raises(InputError, match="left"):
        FOLLOWED + Followed.none(longer)
    with pytest.raises(InputError, match="parts"):
        Followed.gathered([])


@pytest.mark.parametrize("name", Followed.ARRAYS)
def test_a_changed_number_does_not_add_up(name: str) -> None:
    array = getattr(FOLLOWED, name).copy()
    array.flat[0] = -1
    assert not replace(FOLLOWED, **{name: array}).adds_up(SCHEME)
    if name not in ("patients", "most_seeded"):
        array = getattr(FOLLOWED, name).copy()
        array.flat[0] += 10**6
        assert not replace(FOLLOWED, **{name: array}).adds_up(SCHEME)


def test_what_is_counted_at_diagnosis() -> None:
    known = REGISTER[REGISTER.mode > 0]
    there = (known.there[:, :2] > 0).any(axis=1)
    stage = FOLLOWED.stage
    assert FOLLOWED.patients.tolist() == [3000]
    assert FOLLOWED.diagnosed == len(known) < 3000
    assert stage.sum(axis=(1, 2, 3, 4)).tolist() == [int((known.mode == m).sum()) for m in (1, 2, 3)]
    assert stage[:, :, :, 0, 1].sum() == (there & (known.metastasis_seen == 0)).sum() > 0
    assert stage[:, :, :, 1, 0].sum() == (~there & (known.metastasis_seen == 1)).sum() > 0
    few = (known.nodes_positive > 0) & (known.nodes_positive < 4)
    large = known.cells > SCHEME.cells_of(50.0)
    assert stage[1, 2, 1].sum() == ((known.mode == 2) & large & few).sum() > 0
    screens = FOLLOWED.screens.sum(axis=0)
    assert [int(screens[k]) for k in range(4)] == [int((known.negative_screens == k).sum()) for k in range(4)]
    assert FOLLOWED.at_sites[0, 1].sum() == (known.seen_at[:, 0] <= known.diagnosed).sum() > 0
    assert FOLLOWED.at_sites[2, :, 1].sum() == (known.there[:, 2] > 0).sum() > 0
    products = [int((known.seeded_early * known.seeded).sum()), int((known.seeded > 0).sum())]
    assert [int(FOLLOWED.seeded[i]) for i in (3, 6)] == products


def test_bins_of_sizes_are_a_hundredth_wide() -> None:
    bounds = size_bounds()
    assert len(bounds) == SIZES + 1
    assert bounds[1:] / bounds[:-1] == pytest.approx(np.full(SIZES, 1.01005), rel=1e-6)
    mm = np.array([0.02, 1.0, 19.9, 20.1, 300.0])
    place = size_bin(mm)
    assert (bounds[place] <= mm).all()
    assert (mm < bounds[place + 1]).all()
    assert size_bin(np.array([1e-9, 1e9])).tolist() == [0, SIZES - 1]


# The register itself.


def test_a_register_is_read_in_parts_and_put_together() -> None:
    parts = [REGISTER[:10], REGISTER[10:11], REGISTER[11:]]
    assert [len(part) for part in parts] == [10, 1, 2989]
    assert Register.joined(parts) == REGISTER == parts[0] + (parts[1] + parts[2])
    screened = REGISTER[REGISTER.mode == 2]
    assert set(screened.mode.tolist()) == {2}
    assert screened == REGISTER[np.flatnonzero(REGISTER.mode == 2)]
    assert pickle.loads(pickle.dumps(REGISTER)) == REGISTER  # noqa: S301
    assert REGISTER.label == "made up"
    with pytest.raises(InputError, match="rows"):
        REGISTER[3]  # type: ignore[index]
    with pytest.raises(InputError, match="parts"):
        Register.joined([])
    with pytest.raises(InputError, match="one scheme"):
        REGISTER + replace(REGISTER, scheme=replace(SCHEME, years=30.0))
    with pytest.raises(ValueError, match="read-only"):
        REGISTER.age[0] = 1.0


WRONG: dict[str, dict[str, Any]] = {
    "mode": {"mode": 4}, "cause": {"cause": 3}, "metastasis_seen": {"metastasis_seen": 2},
    "nodes_positive": {"nodes_positive": -2}, "subtype": {"subtype": 2}, "there": {"there": np.full((2, 3), -1)},
    "diagnosed": {"mode": 0}, "death": {"death": 9.0}, "distant": {"distant": 4.0}, "local": {"local": np.nan},
    "end": {"end": 26.0}, "traits": {"traits": np.ones((2, 3))}, "negative_screens": {"negative_screens": 0.5},
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
def test_a_fault_of_a_register_is_named(field: str) -> None:
    assert len(patients(age=[50.0, 60.0])) == 2
    with pytest.raises(InputError) as error:
        patients(**({"age": [50.0, 60.0]} | WRONG[field]))
    assert error.value.field == field


def test_a_register_for_r_has_empty_fields_for_what_never_comes(tmp_path: Path) -> None:
    files = REGISTER.to_csv(tmp_path / "new" / "folder")
    lines, sites = (list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in files)
    assert not any(
        word in path.read_text(encoding="utf-8").lower() for path in files for word in ("inf", "nan", "none")
    )
    assert len(lines) == len(REGISTER)
    for name in Register.columns():
        if name in ("traits", *BY_SITE, "subtype", "mode", "cause"):
            continue
        column, known = getattr(REGISTER, name), REGISTER.mode > 0
        for i in np.flatnonzero(known)[:200]:
            empty = not np.isfinite(column[i]) or (name == "nodes_positive" and column[i] < 0)
            text = lines[i][name]
            assert text == "" if empty else float(text) == column[i], name
            assert empty or name not in WHOLE or text.isdigit()
    never = int(np.flatnonzero(REGISTER.mode == 0)[0])
    assert {lines[never][k] for k in ("diagnosed", "mode", "cells", "metastasis_seen", "seeded", "surgery")} == {""}
    modes = Counter(line["mode"] for line in lines)
    assert modes == Counter(["", "symptoms", "screening", "metastasis"][m] for m in REGISTER.mode)
    assert Counter(line["cause"] for line in lines) == Counter(
        ["", "tumour", "other causes"][m] for m in REGISTER.cause
    )
    assert {line["subtype"] for line in lines} == {"luminal", "basal"}
    assert [float(line["trait.seeding"]) for line in lines] == REGISTER.traits[:, 1].tolist()
    known = np.flatnonzero(REGISTER.mode > 0)
    assert [(int(s["patient"]), s["site"]) for s in sites] == [(int(i), site) for i in known for site in SCHEME.sites]
    assert [int(s["there"]) for s in sites] == REGISTER.there[known].ravel().tolist()
    seen = [float(s["seen_at"] or "inf") for s in sites]
    assert seen == REGISTER.seen_at[known].ravel().tolist()


def test_a_scheme_is_that_of_the_disease() -> None:
    disease = cascade.disease("textbook")
    scheme = Scheme.of(disease)
    assert scheme.sites == disease.sites
    assert scheme.years == disease.years
    assert Scheme.of(disease, 7.25).months == 87
    assert Scheme.of(disease, 0.5).months == 6
    assert set(scheme.kinds) >= {"distant"}
    assert [f"trait.{trait.name}" for trait in disease.traits] == list(scheme.groups)[-len(disease.traits) :]
    assert scheme.cells_of(20.0) == disease.cells_of(20.0)
    assert scheme.mm(np.array([1e9])).tolist() == pytest.approx([disease.mm(1e9)])
    assert Followed.of(drawn(100, 1, scheme)).adds_up(scheme)
    with pytest.raises(InputError, match="kinds"):
        replace(scheme, kinds=("distant",))
    with pytest.raises(InputError, match="cuts"):
        replace(scheme, cuts=())
    with pytest.raises(InputError, match="years"):
        replace(scheme, years=0.0)
    with pytest.raises(InputError, match="distribution"):
        thirds("normal", 1.0)
    with pytest.raises(InputError, match="spread"):
        thirds("gamma", 0.0)
