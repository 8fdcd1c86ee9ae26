"""Who seeded whom, in Newick's notation and as a tree sequence: what the course says, and nothing else."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.patient.course import Course, course_of
from cascade.patient.trees import UNIT, lines_of

PATIENTS = {
    "none": (1, 1.0, 0.2),
    "one": (0, 1.0, 0.2),
    "few": (3, 1.0, 0.2),
    "49": (326, 3.0, 1.0),
    "298": (47, 3.0, 1.0),
}


@cache
def patient(which: str) -> Course:
    number, times, secondary = PATIENTS[which]
    disease = cascade.disease("textbook")
    more = disease.with_(efficiency=times * disease.efficiency, lesions={"secondary": secondary})
    return course_of(more, seed=1, patient=number)


def parsed(text: str) -> tuple[dict[str, float], float]:
    """Depth of each tip of a Newick tree, and the length of all branches."""
    assert text.endswith(";")
    depths: dict[str, float] = {}
    open_, total, k = [[]], 0.0, 0  # names below each node that is open
    while text[k] != ";":
        if text[k] == "(":
            open_.append([])
            k += 1
        elif text[k] in ",":
            k += 1
        elif text[k] == ")":
            last = open_.pop()
            open_[-1].append([name for names in last for name in names])
            k += 1
        elif text[k] == "'":
            end = k + 1
            while text[end] != "'" or text[end + 1] == "'":
                end += 2 if text[end] == "'" else 1
            name = text[k + 1 : end].replace("''", "'")
            depths[name] = 0.0
            open_[-1].append([name])
            k = end + 1
        else:
            assert text[k] == ":"
            end = next(j for j in range(k + 1, len(text)) if text[j] in ",();")
            total += float(text[k + 1 : end])
            for name in open_[-1][-1]:
                depths[name] += float(text[k + 1 : end])
            k = end
    return depths, total


def lengths(course: Course) -> float:
    """Years that all lines have together: each from shedding to its end."""
    starts = [0.0 if lesion.number == 0 else lesion.shed for lesion in course.lesions]
    return sum(course.end_of(lesion.number) - start for lesion, start in zip(course.lesions, starts, strict=True))


def ancestor(course: Course, one: int, other: int) -> float:
    """The year at which the lines of two lesions parted, by climbing from source to source."""

    def line(number: int) -> list[tuple[int, float]]:
        found = [(number, course.end_of(number))]
        while (lesion := course.lesions[found[-1][0]]).parent is not None:
            found.append((lesion.parent, lesion.shed))
        return found

    a, b = dict(line(one)), dict(line(other))
    return next(min(year, b[number]) for number, year in a.items() if number in b)


@pytest.mark.parametrize("which", PATIENTS)
def test_newick_has_a_tip_for_each_lesion_as_deep_as_it_lasted(which: str) -> None:
    course = patient(which)
    depths, total = parsed(course.newick())
    assert depths.keys() == {f"{lesion.number} {lesion.site}" for lesion in course.lesions}
    for lesion in course.lesions:
        assert depths[f"{lesion.number} {lesion.site}"] == pytest.approx(course.end_of(lesion.number), abs=1e-6)
    assert total == pytest.approx(lengths(course), abs=1e-5)
    if which == "none":
        assert course.newick() == f"('0 primary':{course.years:.9g});"


def test_a_lesion_is_there_until_it_has_no_cells() -> None:
    course, near, out = patient("298"), 1e-6, 0
    for lesion in course.lesions:
        end = course.end_of(lesion.number)
        assert 0.0 < end <= course.years
        if end < course.years:
            out += 1
            before, after = course.cells_of(lesion.number, [end - near, end + near])
            assert before > 0.0 == after
        elif lesion.fate != "in transit":
            assert course.cells_of(lesion.number, course.years - near)[0] > 0.0 or lesion.founded > course.years - near
    assert out > 20


def test_quotes_in_names_of_sites_are_doubled() -> None:
    course = patient("one")
    named = replace(course, lesions=(course.lesions[0], replace(course.lesions[1], site="Virchow's node")))
    assert "'1 Virchow''s node'" in named.newick()
    assert "1 Virchow's node" in parsed(named.newick())[0]


def test_lines_part_when_a_founder_is_shed_and_later_in_line_is_earlier_in_time() -> None:
    for which in PATIENTS:
        course = patient(which)
        lines = lines_of(course)
        for lesion, line in zip(course.lesions, lines, strict=True):
            times = [line.time, *(split.time for split in line.splits)]
            assert times == sorted(set(times))
            assert line.time == course.years - course.end_of(lesion.number)
            assert {split.lesion for split in line.splits} == set(course.children(lesion.number))
            for split in line.splits:
                assert split.time == pytest.approx(course.years - course.lesions[split.lesion].shed, abs=1e-9)


def test_founders_shed_at_the_same_moment_or_at_the_end_make_a_tree() -> None:
    course = patient("few")
    for year in (course.lesions[1].shed, course.years):
        same = replace(course, lesions=(course.lesions[0], *(replace(one, shed=year) for one in course.lesions[1:])))
        depths, _ = parsed(same.newick())
        assert len(depths) == len(course.lesions)
        lines = lines_of(same)
        times = [split.time for split in lines[0].splits]
        assert len(set(times)) == len(times) == 3
        assert all(time > 0.0 for time in times)
        if "tskit" in sys.modules:
            assert same.to_tskit().num_samples == len(course.lesions)


@pytest.mark.parametrize("which", PATIENTS)
def test_a_tree_sequence_has_the_lines_of_the_course(which: str) -> None:
    pytest.importorskip("tskit")
    course = patient(which)
    sequence = course.to_tskit()
    assert (sequence.num_trees, sequence.sequence_length, sequence.time_units) == (1, 1.0, UNIT)
    tree = sequence.first()
    lesions = course.lesions
    assert list(sequence.samples()) == [lesion.number for lesion in lesions]
    assert tree.num_roots == 1
    assert tree.time(tree.root) == pytest.approx(course.years)
    assert tree.total_branch_length == pytest.approx(lengths(course))
    for lesion in lesions:
        node = sequence.node(lesion.number)
        assert node.time == course.years - course.end_of(lesion.number)
        assert sequence.population(node.population).metadata["name"] == lesion.site
        assert node.metadata == {"event": "lesion", "lesion": lesion.number, "site": lesion.site, "fate": lesion.fate}
        if lesion.parent is not None:
            parted = tree.tmrca(lesion.number, lesion.parent)
            assert parted == pytest.approx(course.years - lesion.shed, abs=1e-9)
    assert sequence.num_populations == len({lesion.site for lesion in lesions})
    splits = [node for node in tree.nodes() if tree.num_children(node) > 1]
    assert len(splits) == len(lesions) - 1
    assert all(tree.num_children(node) == 2 for node in splits)
    for node in (*splits, tree.root):  # where the cell was that was shed
        at = sequence.node(node)
        assert sequence.population(at.population).metadata["name"] == lesions[at.metadata["lesion"]].site
    founders = {sequence.node(node).metadata["founder"]: sequence.node(node).metadata["lesion"] for node in splits}
    assert founders == {lesion.number: lesion.parent for lesion in lesions[1:]}


def test_any_two_lesions_part_where_climbing_from_source_to_source_says() -> None:
    pytest.importorskip("tskit")
    course = patient("49")
    tree = course.to_tskit().first()
    last = len(course.lesions)
    for one, other in ((a, b) for a in range(0, last, 3) for b in range(1, last, 4) if a != b):
        year = course.years - tree.tmrca(one, other)
        assert year == pytest.approx(ancestor(course, one, other), abs=1e-9), (one, other)


def test_a_tree_sequence_says_what_made_it_and_the_same_patient_gives_the_same_file(tmp_path: Path) -> None:
    tskit = pytest.importorskip("tskit")
    course = patient("few")
    one, other = course.to_tskit(), course_of(course.disease, seed=1, patient=3).to_tskit()
    assert one.tables == other.tables
    made = json.loads(one.provenance(0).record)
    tskit.validate_provenance(made)
    assert made["software"]["name"] == "metastatic-cascade"
    assert one.metadata["digest"] == course.disease.digest()
    assert (one.metadata["seed"], one.metadata["patient"]) == (1, 3)
    one.dump(tmp_path / "patient.trees")
    assert tskit.load(tmp_path / "patient.trees").tables == one.tables


def test_without_tskit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tskit", None)
    with pytest.raises(cascade.CascadeError, match=r"metastatic-cascade\[trees\]"):
        patient("one").to_tskit()
    assert patient("one").newick()


def test_a_line_that_is_hung_elsewhere_would_be_seen() -> None:
    """The climb tells a tree apart from one in which a single founder has another source."""
    course = patient("49")
    metastasis = next(lesion for lesion in course.lesions[1:] if lesion.parent)
    moved: Any = [replace(le, parent=0) if le.number == metastasis.number else le for le in course.lesions]
    other = replace(course, lesions=tuple(moved))
    assert ancestor(other, metastasis.number, metastasis.parent or 0) != ancestor(
        course, metastasis.number, metastasis.parent or 0
    )
    assert other.newick() != course.newick()
