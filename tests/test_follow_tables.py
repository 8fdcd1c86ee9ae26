"""Tables of patients who were diagnosed and followed: what they say is what the register holds."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

import cascade
from cascade.common.errors import InputError
from cascade.patient.follow.answers import ENDS, FollowUp
from cascade.patient.follow.diagnosis import Seeded
from cascade.patient.follow.ends import SEEN
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import Scheme
from cascade.patient.follow.shares import early_share, median_interval, quantile
from cascade.patient.tables import WARNING
from helpers.budget import ALPHA
from helpers.registers import SCHEME, drawn, patients

REGISTER = drawn(4000, 9)
KNOWN = REGISTER[REGISTER.mode > 0]
UNSEEN = KNOWN[KNOWN.metastasis_seen == 0]
FOLLOWED = FollowUp.of(REGISTER, "Made by dice")

TABLES = {
    "survival": lambda f: f.survival(),
    "survival by T": lambda f: f.survival("distant-metastasis-free survival", "T", seen="true"),
    "hazard": lambda f: f.hazard(),
    "hazard by subtype": lambda f: f.hazard("overall survival", "subtype"),
    "organs since": lambda f: f.organs_since(),
    "at diagnosis": lambda f: f.at_diagnosis(),
    "found by screening": lambda f: f.at_diagnosis("screening"),
    "size and age": lambda f: f.size_and_age(),
    "sites at diagnosis": lambda f: f.sites_at_diagnosis(),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_tells_whose_it_is_how_it_was_made_and_what_it_is_not_for(name: str) -> None:
    table = TABLES[name](FOLLOWED)
    assert table.caption.startswith("made up")
    assert table.below.endswith(f"Made by dice. {WARNING}")
    header, lines = table.as_text()
    assert lines
    assert {len(line) for line in lines} == {len(header)}
    assert WARNING in str(table)
    assert table.caption.split(":")[0] in table._repr_html_()
    rows = table.to_dicts()
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


@pytest.mark.parametrize("name", TABLES)
def test_of_nobody_each_table_says_that_nothing_is_known(name: str) -> None:
    for register in (REGISTER[:0], REGISTER[REGISTER.mode == 0][:20]):
        table = TABLES[name](FollowUp.of(register))
        assert "nan" not in str(table)
        for row in table.to_dicts():
            assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))


# Survival ----------------------------------------------------------------------------------


def alive_by_hand(register: Register, event: npt.NDArray[np.float64], years: int) -> float:
    """Without an event after so many years, of patients who are all followed for as long."""
    return float((event > register.diagnosed + years + 1e-9).mean())


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("seen", SEEN)
def test_where_all_are_followed_shares_are_plain_shares(end: str, seen: str) -> None:
    """All are diagnosed in the first 9 years of 25: of 15 years nobody is censored."""
    among, register = FOLLOWED, UNSEEN if ENDS[end].among.startswith("no") else KNOWN
    distant = register.distant if seen == "scheduled" else register.distant_true
    of_tumour = np.where(register.cause == 1, register.death, np.inf)
    event = {"death": of_tumour, "distant": distant, "recurrence": np.minimum(distant, register.local)}[ENDS[end].track]
    table = among.survival(end, seen=seen, years=[1, 5, 15])
    assert [row.years for row in table] == [1.0, 5.0, 15.0]
    for row in table:
        both = alive_by_hand(register, np.minimum(event, register.death), int(row.years))
        assert row.at_risk == round(both * len(register))
        if ENDS[end].composite:
            assert row.share == pytest.approx(both, abs=1e-12)
            assert row.events == len(register) - row.at_risk
            continue
        first = np.where(event <= register.death, event, np.inf)
        some = 1.0 - alive_by_hand(register, first, int(row.years))
        assert row.events == round(some * len(register))
        if "freedom" not in end:
            assert row.share == pytest.approx(some, abs=1e-12)
        else:
            assert row.share < 1.0 - some  # as if nobody died, more would come to it
        assert row.low < row.share < row.high


def test_an_event_one_month_late_is_seen_in_the_table() -> None:
    """The comparison above does see what it is for."""
    late = replace(REGISTER, death=np.where(REGISTER.death < 24.0, REGISTER.death + 1 / 12, REGISTER.death))
    there = [row.share for row in FOLLOWED.survival(years=[1, 5, 15])]
    assert max(
        abs(a - row.share) for a, row in zip(there, FollowUp.of(late).survival(years=[1, 5, 15]), strict=True)
    ) > (1e-3)


def test_groups_of_a_table_add_up_to_all() -> None:
    every = FOLLOWED.survival(years=[0, 5])
    for by in SCHEME.groups:
        table = FOLLOWED.survival(by=by, years=[0, 5])
        assert [row.group for row in table][::2] == list(SCHEME.groups[by])
        assert sum(row.at_risk for row in table if row.years == 5) == every.rows[1].at_risk
        assert sum(row.events for row in table if row.years == 5) == every.rows[1].events
        hazards = FOLLOWED.hazard("overall survival", by)
        at_once = FOLLOWED.hazard("overall survival")
        assert sum(row.events for row in hazards if row.year == 2) == at_once.rows[2].events
        assert sum(row.person_years for row in hazards if row.year == 2) == pytest.approx(at_once.rows[2].person_years)
    of_t1 = FollowUp.of(REGISTER[(REGISTER.mode > 0) & (REGISTER.cells <= SCHEME.cells_of(20.0))]).survival(
        years=[0, 5]
    )
    told = [row for row in FOLLOWED.survival(by="T", years=[0, 5]) if row.group == "T1"]
    assert [replace(row, group="all") for row in told] == list(of_t1)


def test_a_metastasis_seen_at_diagnosis_counts_from_the_day_of_it() -> None:
    end = "cumulative incidence of distant metastasis"
    (row,) = FOLLOWED.survival(end, among="all diagnosed", years=[0])
    assert row.events == int(KNOWN.metastasis_seen.sum()) > 0
    assert row.share == pytest.approx(KNOWN.metastasis_seen.mean())
    assert FOLLOWED.survival(end, years=[0]).rows[0].events == 0
    hazard = FOLLOWED.hazard(end, among="all diagnosed")
    assert hazard.rows[0].events == FOLLOWED.hazard(end).rows[0].events
    assert f" {row.events} on the day of diagnosis are no hazard and left out. Event" in hazard.below
    assert "left out" not in FOLLOWED.hazard(end).below


def test_what_comes_on_the_day_of_diagnosis_is_counted_by_what_it_is() -> None:
    register = patients(distant=[5.0, np.inf, np.inf], death=[6.5, 5.0, np.inf], cause=[1, 2, 0])
    followed = FollowUp.of(register)
    assert ": none, for want of events. 1 on the day" in followed.hazard().below
    assert ": none, for want of events. 2 on the day" in followed.hazard("distant-metastasis-free survival").below
    assert ": one. 1 on the day" in followed.hazard("overall survival").below


def test_each_end_says_what_counts_and_what_deaths_do() -> None:
    for end in ENDS:
        below = FOLLOWED.survival(end).below
        assert "Event: " in below
        assert "death" in below
        assert FOLLOWED.hazard(end).below.split("Event: ")[1] == below.split("Event: ")[1]
    assert "deaths are censored (net)" in FOLLOWED.survival("freedom from distant metastasis").below
    assert "death of any cause competes" in FOLLOWED.survival("cumulative incidence of distant metastasis").below
    assert "Of those in whom no metastasis was seen" in FOLLOWED.survival("distant-metastasis-free survival").below
    assert "Of all diagnosed" in FOLLOWED.survival().below
    true = FOLLOWED.survival("recurrence-free survival", seen="true").below
    assert "look every day" in true
    assert "scheduled" not in true
    assert FOLLOWED.survival("overall survival").caption == "made up: overall survival"
    by_subtype = FOLLOWED.survival("overall survival", "subtype")
    assert by_subtype.caption == "made up: overall survival, by subtype"
    assert "who dies before it is not among them. Made by dice." in FOLLOWED.survival(by="N").below
    assert "Thirds of all patients, diagnosed or not." in FOLLOWED.hazard(by="trait.growth").below
    assert by_subtype.as_text()[0][:2] == ["subtype", "years since diagnosis"]


def test_years_that_nobody_is_followed_are_left_out() -> None:
    register = patients(end=[10.0, 10.0, 10.0], death=[9.0, np.inf, np.inf], cause=[1, 0, 0])
    table = FollowUp.of(register).survival()
    assert [row.years for row in table] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [row.at_risk for row in table] == [3, 3, 3, 3, 2, 0]
    assert [row.share for row in table] == [1.0, 1.0, 1.0, 1.0, pytest.approx(2 / 3), pytest.approx(2 / 3)]
    empty = [row for row in FollowUp.of(register).survival(by="T") if row.group == "T3"]
    assert [(row.at_risk, row.events) for row in empty] == [(0, 0)]
    assert FollowUp.of(register).survival(by="T").as_text()[1][-1] == ["T3", "0", "0", "0", "-", ""]


def test_hazards_by_hand() -> None:
    table = FOLLOWED.hazard("overall survival")
    time = np.minimum(KNOWN.death, KNOWN.end) - KNOWN.diagnosed
    for row in (table.rows[0], table.rows[7]):
        within = float(np.clip(time - row.year, 0.0, 1.0).sum())
        dead = (
            (KNOWN.death - KNOWN.diagnosed > row.year + 1e-9) & (KNOWN.death - KNOWN.diagnosed <= row.year + 1 + 1e-9)
        ).sum()
        assert row.events == dead
        # Deaths stand in the middle of their month: on average half a month off for those who die at its end.
        assert row.person_years == pytest.approx(within, abs=row.events / 24)
        assert row.per_year == row.events / row.person_years
    assert "Modes told from noise" in table.below


def test_modes_of_a_hazard_are_told_with_their_years() -> None:
    events = [20, 400, 20, 20, 20, 300, 20, 20]
    death = np.concatenate(
        [*(5.01 + y + np.linspace(0.0, 0.98, n) for y, n in enumerate(events)), np.full(500, np.inf)]
    )
    register = patients(death=death, cause=np.isfinite(death).astype(int), end=13.1)
    table = FollowUp.of(register).hazard("overall survival")
    assert table.modes == (("all", ((1, 1), (5, 5))),)
    assert "at most): 2, in years 1 to 2 and 5 to 6. Event" in table.below
    assert "at most): one." in FollowUp.of(register[:50]).hazard("overall survival").below
    assert "none, for want of events" in FollowUp.of(register[-50:]).hazard("overall survival").below
    # All groups share the false alarms.
    by = FollowUp.of(register).hazard("overall survival", "T")
    assert [group for group, _ in by.modes] == ["T1", "T2", "T3"]
    assert "T1: 2, in years 1 to 2 and 5 to 6; T2: none" in by.below


# Sites -------------------------------------------------------------------------------------


def test_sites_by_hand() -> None:
    table = FOLLOWED.organs_since([0, 5, 15])
    names = [row.site for row in table][::3]
    assert names[0] == "any distant site"
    assert names[-1] == "axillary nodes"
    first = KNOWN.distant
    for row in table:
        when = first if row.site == "any distant site" else KNOWN.seen_at[:, SCHEME.sites.index(row.site)]
        by_then = (when <= KNOWN.death) & (when - KNOWN.diagnosed <= row.years + 1e-9)
        assert row.seen == by_then.sum()
        assert row.share == pytest.approx(by_then.mean(), abs=1e-12)
        assert row.low <= row.share <= row.high
    assert next(row.seen for row in table if row.site == "lung") == KNOWN.metastasis_seen.sum()
    assert "death competes" in table.below
    shares = [row.share for row in table if row.years == 15][1:3]
    assert shares == sorted(shares, reverse=True)


def test_sites_at_diagnosis_by_hand() -> None:
    table = FOLLOWED.sites_at_diagnosis()
    for row in table:
        j = SCHEME.sites.index(row.site)
        there, seen = KNOWN.there[:, j] > 0, KNOWN.seen_at[:, j] <= KNOWN.diagnosed
        assert (row.patients, row.there, row.seen, row.both) == (
            len(KNOWN), there.sum(), seen.sum(), (there & seen).sum()
        )  # fmt: skip
        assert row.share == pytest.approx(there.mean())
        assert row.found == pytest.approx(seen[there].mean())
        assert row.found_low <= row.found <= row.found_high
    assert [row.kind for row in table] == ["distant", "distant", "nodal"]


# At diagnosis ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [None, "symptoms", "metastasis"])
def test_shares_at_diagnosis_by_hand(mode: str | None) -> None:
    table = FOLLOWED.at_diagnosis(mode)
    some = KNOWN if mode is None else KNOWN[KNOWN.mode == {"symptoms": 1, "metastasis": 3}[mode]]
    seen, there = some.metastasis_seen == 1, some.metastasis_there
    wanted: dict[tuple[str, str], tuple[Any, int]] = {
        ("patients", "diagnosed"): (len(KNOWN), len(REGISTER)),
        ("found by", "screening"): ((KNOWN.mode == 2).sum(), len(KNOWN)),
        ("T, by size", "T2"): (
            ((some.cells > SCHEME.cells_of(20.0)) & (some.cells <= SCHEME.cells_of(50.0))).sum(), len(some)),
        ("N, as the pathologist counts", "N1"): (
            ((some.nodes_positive > 0) & (some.nodes_positive < 4)).sum(), len(some)),
        ("N, as the pathologist counts", "not known"): ((some.nodes_positive < 0).sum(), len(some)),
        ("distant metastasis", "seen and there"): ((seen & there).sum(), len(some)),
        ("distant metastasis", "hidden: there, not seen"): ((~seen & there).sum(), len(some)),
        ("distant metastasis", "seen, but dies out"): ((seen & ~there).sum(), len(some)),
        ("distant metastasis", "neither"): ((~seen & ~there).sum(), len(some)),
        ("where none is seen", "hidden"): ((~seen & there).sum(), (~seen).sum()),
        ("negative screens before", "0"): ((some.negative_screens == 0).sum(), len(some)),
        ("negative screens before", "3 or more"): ((some.negative_screens >= 3).sum(), len(some)),
    }  # fmt: skip
    for name, (number, of) in wanted.items():
        row = table.row(*name)
        assert (row.number, row.of) == (number, of), name
        assert number > 0
        assert row.share == pytest.approx(number / of)
        exact = stats.binomtest(int(number), int(of)).proportion_ci(method="exact")
        assert (row.low, row.high) == pytest.approx((exact.low, exact.high))
    for what in ("T, by size", "N, as the pathologist counts", "distant metastasis", "negative screens before"):
        assert sum(row.number for row in table if row.what == what) == len(some)
    with pytest.raises(InputError, match="did you mean 'T, by size: T"):
        table.row("T, by size", "T4")
    if mode is None:
        early = table.row("shed before the primary could be seen", "of metastases that are there")
        assert (early.number, early.of) == (KNOWN.seeded_early.sum(), KNOWN.seeded.sum())
        any_early = table.row("shed before the primary could be seen", "any, of patients with some")
        assert (any_early.number, any_early.of) == ((KNOWN.seeded_early > 0).sum(), (KNOWN.seeded > 0).sum())
    else:
        assert table.caption == f"made up, found by {mode}: at diagnosis"
        assert "shed before the primary could be seen" not in {row.what for row in table}


def test_a_share_of_metastases_allows_for_those_of_one_patient() -> None:
    """Of patients whose metastases are all early or all late, in numbers that differ widely."""
    draw, missed, plain, runs = np.random.default_rng(8), [0, 0], 0, 1000
    for _ in range(runs):
        number = draw.negative_binomial(0.5, 0.2, 150)
        early = np.where(draw.random(150) < 0.3, number, 0)
        s = Seeded(*(int(x.sum()) for x in (early, number, early * early, early * number, number * number, early > 0,
                                            number > 0)))  # fmt: skip
        low, high = early_share(s, int(number.max()))
        missed[0] += low > 0.3
        missed[1] += high < 0.3
        exact = (
            stats.beta(s.early, s.every - s.early + 1).ppf(0.025),
            stats.beta(s.early + 1, s.every - s.early).ppf(0.975),
        )
        plain += not exact[0] <= 0.3 <= exact[1]
    for side in missed:
        assert stats.binom.sf(side - 1, runs, 0.05) >= ALPHA
    assert stats.binom.sf(plain - 1, runs, 0.1) < ALPHA
    # Where those of one patient are no more alike than others, it is hardly wider than the exact one.
    number = draw.integers(1, 12, 400)
    early = draw.binomial(number, 0.4)
    s = Seeded(*(int(x.sum()) for x in (early, number, early * early, early * number, number * number, early > 0,
                                        number > 0)))  # fmt: skip
    low, high = early_share(s, 11)
    exact = stats.binomtest(s.early, s.every).proportion_ci(method="exact")
    assert high - low < 1.15 * (exact.high - exact.low)
    none = Seeded(0, 12, 0, 0, 40, 0, 5)
    assert early_share(none, 5) == (0.0, pytest.approx(1 - 0.05 ** (5 / 12)))
    assert early_share(Seeded(0, 0, 0, 0, 0, 0, 0), 0) == (0.0, 1.0)


def test_quartiles_are_those_of_the_patients() -> None:
    mm, age = SCHEME.mm(KNOWN.cells), KNOWN.age + KNOWN.diagnosed
    groups = {"all": KNOWN.mode > 0, "screening": KNOWN.mode == 2}
    for row in FOLLOWED.size_and_age():
        if row.group not in groups:
            continue
        values = (mm if row.what.startswith("diameter") else age)[groups[row.group]]
        assert row.patients == len(values)
        quarters = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
        near = {"rel": 0.0101} if row.what.startswith("diameter") else {"abs": 1.0}
        assert (row.lower, row.median, row.upper) == pytest.approx(tuple(quarters), **near)
        assert row.low < row.median < row.high


def test_quartiles_stand_in_their_columns() -> None:
    header, lines = FOLLOWED.size_and_age().as_text()
    row = FOLLOWED.size_and_age().rows[0]
    told = dict(zip(header, lines[0], strict=True))
    assert told["at diagnosis"] == "diameter, mm"
    assert float(told["a quarter below"]) == pytest.approx(row.lower, rel=0.01)
    assert float(told["median"]) == pytest.approx(row.median, rel=0.01)
    assert float(told["a quarter above"]) == pytest.approx(row.upper, rel=0.01)


def test_an_interval_of_a_median_holds_whatever_the_law() -> None:
    """Exact ranks: of n draws the median lies between the two with the binomial chance."""
    for n in (6, 7, 20, 101, 5000):
        ranks = np.ones(n, np.int64)  # each draw in a bin of its own
        low, high = median_interval(ranks, np.arange(n + 1.0))
        k = int(low)  # the (k + 1)th from below, and from above
        assert high == n - k
        assert stats.binom.cdf(k, n, 0.5) <= 0.025 < stats.binom.cdf(k + 1, n, 0.5)
    assert all(map(math.isnan, median_interval(np.ones(5, np.int64), np.arange(6.0))))
    assert quantile(np.array([0, 4, 0, 4]), np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 2.0) == 1.5
    assert quantile(np.array([0, 4, 0, 4]), np.array([0.0, 1.0, 2.0, 3.0, 4.0]), 4.0) == 2.0
    assert quantile(np.array([0, 4]), np.array([0.0, 1.0, 2.0]), 0.0) == 1.0
    assert math.isnan(quantile(np.zeros(3, np.int64), np.arange(4.0), 0.0))


# Words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "ask"),
    [
        ("end", lambda f: f.survival("survival")), ("by", lambda f: f.survival(by="grade")),
        ("seen", lambda f: f.survival(seen="daily")), ("among", lambda f: f.survival(among="T1")),
        ("years", lambda f: f.survival(years=[26])), ("years", lambda f: f.survival(years=5)),
        ("years", lambda f: f.organs_since([0.5])), ("mode", lambda f: f.at_diagnosis("autopsy")),
        ("end", lambda f: f.curve(None)),
    ],
)  # fmt: skip
def test_another_word_is_refused_by_name(field: str, ask: Any) -> None:
    with pytest.raises(InputError) as error:
        ask(FOLLOWED)
    assert error.value.field == field


def test_a_curve_by_month_is_what_the_table_tells_by_year() -> None:
    curve = FOLLOWED.curve("overall survival", "mode")
    assert curve.share.shape == (3, SCHEME.months + 1)
    table = FOLLOWED.survival("overall survival", "mode", years=[5])
    assert curve.share[:, 60].tolist() == [row.share for row in table]
    assert curve.at_risk[:, 61].tolist() == [row.at_risk for row in table]


def test_what_is_kept_is_equal_by_value_and_needs_no_register() -> None:
    again = FollowUp(SCHEME, FollowUp.of(REGISTER[:999]).counts + FollowUp.of(REGISTER[999:]).counts, "Made by dice")
    assert again == FOLLOWED
    assert hash(again) == hash(FOLLOWED)
    assert (again.patients, again.diagnosed) == (4000, len(KNOWN))
    textbook = Scheme.of(cascade.disease("textbook"))
    assert FollowUp.of(drawn(50, 2, textbook)).survival().label == textbook.label


@pytest.mark.parametrize("fitted", [True, False])
def test_tables_of_a_fitted_disease_say_what_their_intervals_leave_out(fitted: bool) -> None:
    disease = cascade.disease("breast" if fitted else "textbook")
    follow = cascade.cohort(disease, patients=200, seed=1, care="surgery", progress=False).follow_up()
    tables = follow.survival(), follow.hazard(), follow.organs_since(), follow.at_diagnosis(), follow.size_and_age()
    for table in (*tables, follow.sites_at_diagnosis(), follow.autopsies()):
        assert ("counting alone" in table.below) == fitted
