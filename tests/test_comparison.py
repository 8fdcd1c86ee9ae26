"""Two models compared: every number counted anew from the replayed lives, and the texts that show them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure

import cascade
from cascade.common.shares import estimate_of_difference
from cascade.common.text import hours, number
from cascade.model import Model
from cascade.runs.comparison import SAME_SUCCESS, CauseRow, Comparison, End
from cascade.runs.histories import History
from helpers.drawn import told
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered, two_levels

CELLS, SEED = 4000, 7
PAIRS = {
    "linear": (LINEAR, LINEAR.with_(name="other", scale={"*.immune killing": 0.2, "detachment.breach": 0.9}), None),
    "cyclic": (CYCLIC, CYCLIC.with_(name="other", scale={"*.shear": 0.2, "tissue.tumour": 0.5}), None),
    "unfinished": (FRAIL, FRAIL.with_(name="other", scale={"*.shear": 0.2, "tissue.tumour": 0.5}), 30.0),
}


@cache
def compared(name: str) -> Comparison:
    """The comparison of a pair of models."""
    one, two, until = PAIRS[name]
    return cascade.compare(one, two, cells=CELLS, seed=SEED, until=until)


def end_of(model: Model, life: History) -> tuple[int, End]:
    """Number of steps passed and the end of one replayed life."""
    stage_of = {state.name: state.stage for state in model.states}
    stages = [stage_of[stay.state] for stay in life.stays]
    if None in stages:
        return len(model.stages), End(model.stages[-1], "", "success")
    furthest = max(model.stages.index(stage) for stage in stages)
    last = life.stays[-1]
    died = (last.ended_by, "death") if last.died else ("", "alive")
    return furthest, End(model.stages[furthest], *died)  # type: ignore[arg-type]


@cache
def ends(name: str) -> list[tuple[tuple[int, End], tuple[int, End]]]:
    """Both ends of each cell."""
    one, two, until = PAIRS[name]
    lives = (cascade.replay(m, seed=SEED, cells=range(CELLS), until=until) for m in (one, two))
    return [(end_of(one, a), end_of(two, b)) for a, b in zip(*lives, strict=True)]


@pytest.mark.parametrize("name", PAIRS)
def test_every_cell_is_counted_by_both_its_ends(name: str) -> None:
    found, model = compared(name), PAIRS[name][0]
    goal, both = len(model.stages), ends(name)
    furthest = Counter((a, b) for (a, _), (b, _) in both)
    assert {at: n for at, n in np.ndenumerate(found.furthest) if n} == dict(furthest)
    assert found.ends == Counter((a, b) for (_, a), (_, b) in both)
    saved = [cell for cell, ((a, _), (b, _)) in enumerate(both) if a < goal == b]
    lost = [cell for cell, ((a, _), (b, _)) in enumerate(both) if b < goal == a]
    assert (list(found.saved_cells), list(found.lost_cells)) == (saved[:1000], lost[:1000])
    assert (found.saved, found.lost, found.unchanged) == (len(saved), len(lost), CELLS - len(saved) - len(lost))
    assert saved
    assert found.saved_from == {s: sum(both[c][0][0] == k for c in saved) for k, s in enumerate(model.stages)}
    assert found.lost_at == {s: sum(both[c][1][0] == k for c in lost) for k, s in enumerate(model.stages)}
    assert (found.cells, found.seed, found.until) == (CELLS, SEED, PAIRS[name][2])


@pytest.mark.parametrize("name", PAIRS)
def test_every_step_counts_those_that_passed_it_under_either_model(name: str) -> None:
    found, both = compared(name), [(a, b) for (a, _), (b, _) in ends(name)]
    assert [row.step for row in found.rows] == list(PAIRS[name][0].stages)
    for k, row in enumerate(found.rows, 1):
        gained, lost = (sum(x < k <= y for x, y in pairs) for pairs in (both, [(b, a) for a, b in both]))
        assert (row.passed, row.passed_other) == (sum(a >= k for a, _ in both), sum(b >= k for _, b in both))
        assert (row.gained, row.lost) == (gained, lost)
        assert row.difference == pytest.approx((gained - lost) / CELLS)
        assert row.low < row.difference < row.high
    assert found.difference == (found.rows[-1].low, found.rows[-1].high)


@pytest.mark.parametrize("name", PAIRS)
def test_causes_tell_what_became_of_the_cells_that_each_had_ended(name: str) -> None:
    found, both = compared(name), [(a, b) for (_, a), (_, b) in ends(name)]
    wanted = []
    for end in {end for pair in both for end in pair if end.kind != "success"}:
        here = [b for a, b in both if a == end]
        saved = sum(b.kind == "success" for b in here)
        moved = sum(b not in (end,) and b.kind != "success" for b in here)
        lost = sum(a.kind == "success" and b == end for a, b in both)
        wanted.append(CauseRow(end.step, end.cause, end.kind, len(here), saved, moved, lost))
    rows = found.causes()
    assert sorted(map(repr, rows)) == sorted(map(repr, wanted))
    for before, after in itertools.pairwise(rows):
        keys = [(-r.saved - r.lost, -r.moved, r.step, r.cause) for r in (before, after)]
        assert keys == sorted(keys)


def columns_of(titles: str, dashes: str) -> list[tuple[int, int, str]]:
    """Begin, end and title of each column of a table, by its line of dashes."""
    spans = [match.span() for match in re.finditer("-+", dashes)]
    return [(begin, end, titles[begin:end].strip()) for begin, end in spans]


def cells_of(lines: list[str], dashes: str) -> list[list[str]]:
    """Texts of the columns of a table, cut where its line of dashes has gaps."""
    spans, at = [], 0
    for part in dashes.split("  "):
        spans.append((at, at + len(part)))
        at += len(part) + 2
    return [[line[a:b].strip() for a, b in spans] for line in lines]


@pytest.mark.parametrize("name", PAIRS)
def test_the_text_of_a_comparison_shows_its_rows_causes_and_traits(name: str) -> None:
    found = compared(name)
    tables = [part.splitlines() for part in str(found).split("\n\n")]
    steps = cells_of(tables[0][2:], tables[0][1])
    assert steps == [
        [
            row.step,
            *(number(n) for n in (row.passed, row.passed_other, row.gained, row.lost)),
            *estimate_of_difference(row.difference, row.low, row.high),
        ]
        for row in found.rows
    ]
    changed = [r for r in found.causes() if r.saved + r.moved + r.lost]
    listed = cells_of(tables[1][2:], tables[1][1])
    assert listed == [
        [r.step, r.cause or f"({r.kind})", *map(number, (r.cells, r.saved, r.moved, r.lost))] for r in changed[:12]
    ]
    rest = str(found).split("\n\n", 2)[2]
    summary = f"saved {found.saved:,}, lost {found.lost:,}, the same success {found.unchanged:,} of {CELLS:,} cells"
    assert summary in rest.splitlines()
    assert found.caption == f"{summary}. {SAME_SUCCESS}"
    assert f"<caption>{found.caption}</caption>" in found._repr_html_()
    traits = found.traits()
    for trait, means in traits.items():
        assert any(
            line.startswith(trait) and all(f"{z:.3g}" in line for z in means.values()) for line in rest.split("\n")
        )
    assert bool(traits) == ("mean of all cells" in rest) == (name == "unfinished")


def test_the_longest_list_of_causes_has_twelve() -> None:
    """Of fifteen causes that all move cells."""
    states = [{"name": "here", "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}],
               "deaths": [{"cause": f"cause {i}", "hazard": 1.0} for i in range(15)]},
              {"name": "goal", "absorbing": True}]  # fmt: skip
    model = Model(name="many", stages=["way"], states=states)
    found = cascade.compare(model, model.with_(scale={"here.goal": 9.0}), cells=2000, seed=1)
    assert len([r for r in found.causes() if r.saved]) == 15
    assert len([line for line in str(found).splitlines() if line.startswith("way") and "cause" in line]) == 12


def test_means_of_traits_are_told_of_groups_that_have_cells() -> None:
    helped = FRAIL.with_(name="helped", scale={"*.shear": 0.2})
    found = cascade.compare(FRAIL, helped, cells=CELLS, seed=SEED)
    assert not found.lost
    assert found.saved
    lives = cascade.replay(FRAIL, seed=SEED, cells=found.saved_cells)
    for trait, means in found.traits().items():
        assert means == {"saved": pytest.approx(np.mean([life.traits[trait] for life in lives]))}
    assert f"of {len(found.saved_cells):,} saved" in str(found)
    assert " lost" not in str(found).split("mean of all cells: 1)")[1].splitlines()[0]
    same = cascade.compare(FRAIL, FRAIL, cells=100, seed=SEED)
    assert same.traits() == {}
    assert "independent runs" not in str(same)
    assert "mean of all cells" not in str(same)
    swapped = cascade.compare(helped, FRAIL, cells=CELLS, seed=SEED)
    assert (swapped.lost, swapped.lost_cells) == (found.saved, found.saved_cells)
    assert f"of {len(found.saved_cells):,} lost" in str(swapped)


def levels_of(life: History) -> bool:
    """Whether any stay of a life has a level."""
    return any(stay.level for stay in life.stays)


@pytest.mark.parametrize("model", [CYCLIC, FRAIL, two_levels(CYCLIC)], ids=lambda m: m.name)
def test_two_lives_stand_side_by_side(model: Model) -> None:
    found = cascade.compare(model, model.with_(name="other", scale={"*.shear": 0.05}), cells=500, seed=SEED)
    signs = set()
    for both in found.replay(range(40)):
        head, titles, dashes, *lines = str(both).splitlines()
        assert head.startswith(f"cell {both.one.cell}")
        assert (": " in head) == bool(both.one.traits)
        assert all(f"{trait} {z:.2g}" in head for trait, z in both.one.traits.items())
        named = levels_of(both.one) or levels_of(both.two)
        cells = cells_of(lines, dashes)
        assert cells_of([titles], dashes)[0] == [
            *[model.name, *["level"] * named, "entered", "left by"],
            "",
            *["other", *["level"] * named, "entered", "left by"],
        ]
        for start, end, title in columns_of(titles, dashes):
            shown = [line[start:end].ljust(end - start) for line in lines if line[start:end].strip()]
            side = -1 if title == "entered" else 0
            assert all(text[side] != " " for text in shown), "hours stand to the right, names to the left"
        assert len(lines) == max(len(both.one.stays), len(both.two.stays))
        for line, (a, b) in zip(cells, itertools.zip_longest(both.one.stays, both.two.stays), strict=True):
            sides = [
                [s.state, *[s.level] * named, hours(s.entered), s.way] if s else [""] * (3 + named) for s in (a, b)
            ]
            assert line == [*sides[0], "=" if a == b else "|", *sides[1]]
            signs.add(line[3 + named])
    assert signs == {"=", "|"}


@pytest.mark.parametrize("model", [CYCLIC, FRAIL, clustered(two_levels(CYCLIC))], ids=lambda m: m.name)
def test_a_history_is_told_stay_by_stay(model: Model) -> None:
    lives = cascade.replay(model, seed=SEED, cells=[5, *range(60), 5], until=40.0)
    assert [life.cell for life in lives] == [5, *range(60), 5]
    assert lives[0] == lives[6] == lives[-1]
    blocks = str(lives).split("\n\n")
    units = [unit for life in lives for unit in (life, *life.fragments)]
    assert len(blocks) == len(units)
    for block, unit in zip(blocks, units, strict=True):
        head, titles, dashes, *lines = block.splitlines()
        name = head.partition(":")[0]
        last = unit.member + unit.size - 1
        alone = f", member {unit.member}" if unit.member else ""
        assert name == f"cell {unit.cell}" + (f", members {unit.member} to {last}" if unit.size > 1 else alone)
        assert all(f"{trait} {z:.2g}" in head for trait, z in unit.traits.items())
        named = levels_of(unit)
        assert cells_of([titles], dashes)[0] == ["state", *["level"] * named, "entered", "left", "by"]
        assert cells_of(lines, dashes) == [
            [s.state, *[s.level] * named, hours(s.entered), hours(s.left), s.way] for s in unit.stays
        ]
        for line, s in zip(lines, unit.stays, strict=True):
            # Names to the left, hours to the right.
            assert line.startswith(s.state)
            assert line[titles.index("  by") + 2 :].startswith(s.way)
            assert line[: titles.index("entered") + len("entered")].endswith(f" {hours(s.entered)}")
    rows = lives.to_dicts()
    assert [(r["cell"], r["member"], r["state"], r["entered"]) for r in rows] == [
        (unit.cell, unit.member, s.state, s.entered) for unit in units for s in unit.stays
    ]
    assert lives._repr_html_().startswith("<pre>")


def test_the_way_of_a_stay_and_the_fate_of_a_life_are_the_same_told_twice() -> None:
    for life in cascade.replay(CYCLIC, seed=SEED, cells=range(300), until=20.0):
        last = life.stays[-1]
        assert all(stay.way == stay.ended_by and not stay.died for stay in life.stays[:-1])
        assert last.way == (f"died: {last.ended_by}" if last.died else "still there")
        assert life.fate == (f"{last.state}.{last.ended_by}" if last.died else last.state)
        assert all(a.left == b.entered and a.ended_by == b.state for a, b in itertools.pairwise(life.stays))


def _renamed(old: str, new: str) -> Model:
    """The same model with one name changed, of a state or of a cause."""
    return Model.from_toml(CYCLIC.to_toml().replace(f'"{old}"', f'"{new}"')).with_(name="renamed")


SHIELD = cascade.Treatment(name="shield", effects=[{"hazard": "*.shear", "factor": 0.1}], end_hours=2.0)
ONE_PHASE = [state.model_copy(update={"phases": 1}) for state in CYCLIC.states]


@pytest.mark.parametrize(
    ("other", "differ"),
    [
        (CYCLIC.with_(scale={"*.shear": 0.1}, name="o"), ""),
        (CYCLIC.with_(hazards={"tissue.asleep": 0.0}, name="o"), ""),
        (CYCLIC.with_treatments(SHIELD), ""),
        (FRAIL, ""),
        (two_levels(CYCLIC), ""),
        (_renamed("asleep", "dormant"), "tissue, asleep, dormant"),
        (_renamed("shear", "tearing"), "blood, bed"),
        (CYCLIC.with_(states=ONE_PHASE, name="o"), "bed"),
        (CYCLIC.with_(start={"states": [{"state": "bed", "share": 1.0}]}), "the start"),
        (
            CYCLIC.with_(start={"states": [{"state": "blood", "share": 0.9}, {"state": "bed", "share": 0.1}]}),
            "the start",
        ),
        (CYCLIC.with_(start={**CYCLIC.start.model_dump(), "entry_hours": [0.0, 9.0]}), ""),
    ],
)
def test_a_pairing_by_visit_alone_is_called_one(other: Model, differ: str) -> None:
    """Where the graphs of the models are the same, whatever their numbers, nothing need be said."""
    comparison = cascade.compare(CYCLIC, other, cells=300, seed=SEED, until=50.0)
    said = "by number of the cell and of its visit"
    assert (said in str(comparison)) == (said in comparison.pairing) == bool(differ)
    if differ:
        assert f"({differ})" in comparison.pairing
        assert comparison.pairing in str(comparison)


def test_first_visits_are_to_the_same_state_wherever_nothing_is_said() -> None:
    """Shares that differ by little, or stand in another order, send some cells elsewhere."""
    shares = [{"blood": 0.5, "bed": 0.5}, {"bed": 0.5, "blood": 0.5}, {"blood": 0.49, "bed": 0.51}, {"blood": 1.0}]
    models = [
        CYCLIC.with_(start={"states": [{"state": name, "share": share} for name, share in each.items()]})
        for each in shares
    ]
    for one, two in itertools.product(models, repeat=2):
        comparison = cascade.compare(one, two, cells=400, seed=SEED, until=1.0)
        elsewhere = any(lives.one.stays[0].state != lives.two.stays[0].state for lives in comparison.replay(range(400)))
        assert bool(comparison.pairing) == elsewhere == (one is not two)


def test_what_breaks_clusters_under_one_model_alone_is_named() -> None:
    whole, looser = clustered(CYCLIC), clustered(CYCLIC, bond=0.6)
    never = whole.with_(clusters={**whole.clusters.model_dump(), "breaks": []})
    assert not cascade.compare(whole, looser, cells=100, seed=SEED, until=9.0).pairing
    assert "(breaks of clusters)" in cascade.compare(whole, never, cells=100, seed=SEED, until=9.0).pairing


@pytest.mark.parametrize("ax", [False, True])
def test_whatever_shows_a_comparison_says_how_cells_are_paired(ax: bool) -> None:
    for other in (_renamed("asleep", "dormant"), CYCLIC.with_(scale={"*.shear": 0.1})):
        comparison = cascade.compare(CYCLIC, other, cells=2000, seed=SEED, until=50.0)
        said = "the same luck under both"
        figure = cascade.plot.comparison(comparison, ax=Figure().add_subplot() if ax else None)
        views = [str(comparison), comparison._repr_html_(), str(comparison.replay([7])[0]), told(figure)]
        assert [said in view for view in views] == [bool(comparison.pairing)] * 4
        assert "depends on how the two runs share their draws" in comparison._repr_html_()


def test_a_cell_has_the_same_luck_at_the_same_visit_under_other_names() -> None:
    """What the text says: with equal hazards, lives differ in nothing but names."""
    comparison = cascade.compare(CYCLIC, _renamed("asleep", "dormant"), cells=300, seed=SEED)
    assert comparison.saved == comparison.lost == 0
    for lives in comparison.replay(range(50)):
        assert [s.entered for s in lives.one.stays] == [s.entered for s in lives.two.stays]


def test_only_cells_that_were_compared_are_replayed() -> None:
    """As of a result: others are no cells of this run, whatever would become of them."""
    for cells, own, foreign in ((20, [0, 19], [20, 10**9]), (range(5, 25), [5, 24], [0, 4, 25])):
        found = cascade.compare(CYCLIC, CYCLIC.with_(name="b"), cells=cells, seed=SEED)  # type: ignore[arg-type]
        assert [lives.one.cell for lives in found.replay(own)] == own
        for cell in foreign:
            with pytest.raises(cascade.InputError, match=rf"^cells = {cell}: a cell of this comparison"):
                found.replay([own[0], cell])
    units = cascade.compare(clustered(CYCLIC), clustered(CYCLIC).with_(name="b"), cells=10, seed=SEED)
    assert units.cells > 10
    with pytest.raises(cascade.InputError, match="cells = 10: "):
        units.replay([10])
