"""The absolute scale: the laws behind it, and what it says beside published figures."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

import cascade
from cascade import body
from cascade.cli.app import main
from cascade.model.observables import Exposure
from cascade.scores.absolute import figures, sources_of
from helpers.guide import DOCS, read


def test_half_of_tumours_have_founded_at_the_size_that_was_published() -> None:
    """By simulation: a tumour doubles, founders are Poisson in proportion to mass; false alarm 6e-5 each."""
    random = np.random.default_rng(1)
    mass = math.pi / 6.0 * 35.0**3 / 1000.0
    for row in cascade.scale("breast"):
        rate = math.log(2.0) / (row.doubling_days / 365.25)
        # The integral of A m(t) over the past, by a sum over years that does not use the closed form.
        past = np.linspace(0.0, 60.0, 600_001)
        total = np.trapezoid(row.metastases * mass * np.exp(-rate * past), past)
        assert abs((random.poisson(total, 40_000) > 0).mean() - 0.5) < 4.0 * 0.0025


@pytest.mark.parametrize("k", [None, 0.1, 2.0])
def test_tubes_are_positive_as_often_as_was_published(k: float | None) -> None:
    random = np.random.default_rng(2)
    mean = cascade.scale("breast", k=k).rows[0].circulating * math.pi / 6.0 * 20.0**3 / 1000.0
    each = np.full(200_000, mean) if k is None else random.gamma(k, mean / k, 200_000)
    assert abs((random.poisson(each) > 0).mean() - 0.235) < 4.0 * math.sqrt(0.235 * 0.765 / 200_000)


def test_what_is_shed_balances_what_is_lost() -> None:
    blood = body.circulation("female")
    for row in cascade.scale("breast"):
        there = row.circulating * blood.blood_volume * 1000.0 / 7.5
        assert row.shed == pytest.approx(24.0 * there / row.residence_hours)
        assert row.residence_hours == pytest.approx(row.half_life_hours / math.log(2.0))
        assert row.efficiency == pytest.approx(row.metastases / (365.25 * row.shed))
        assert (row.low <= row.efficiency <= row.high) == row.inside


def test_the_gap_is_shown() -> None:
    """With the half-life of patients the efficiency is 17 to 80 times the published one, less if counts differ."""
    ratios = {(row.half_life, row.doubling): row.efficiency / row.published for row in cascade.scale("breast")}
    assert 17.0 < ratios["hours", "slow"] < ratios["hours", "fast"] < 80.0
    assert 0.2 < ratios["minutes", "slow"] < ratios["minutes", "fast"] < 2.0
    narrower = [row.efficiency / row.published for row in cascade.scale("breast", k=0.1) if row.half_life == "hours"]
    assert 3.0 < narrower[0] < narrower[1] < 16.0
    # What is of one work with the published efficiency is shown, but not scored.
    assert [row.independent for row in cascade.scale("breast")] == [True, True, False, False]
    scored = [score for score in cascade.scorecard(["breast"]) if score.figure.startswith("metastases / shed")]
    assert [score.verdict for score in scored] == ["contradicted"] * 2
    (mice,) = (s for s in cascade.scorecard(["breast"]) if s.figure.startswith("metastases by the blood"))
    assert mice.value == pytest.approx(1 / 36_000, rel=0.2)


def test_the_page_tells_the_range() -> None:
    page = read(DOCS / "scale.md")
    found = re.search(r"from ([\d.]+) to ([\d.]+) times as often", page)
    assert found is not None
    ratios = [row.efficiency / row.published for k in (None, 0.1) for row in cascade.scale("breast", k=k)]
    assert [float(f"{min(ratios):.2g}"), float(f"{max(ratios):.2g}")] == [float(part) for part in found.groups()]


def test_every_number_of_the_scale_has_a_source() -> None:
    held = figures()
    keys = {key for one in held.cancers for key in (*one.half_metastatic_source, *one.tube_positive_source)}
    keys |= {key for part in (*held.doublings, *held.half_lives) for key in part.source}
    assert len(sources_of(sorted(keys))) == len(keys)
    assert all(source.doi for source in held.sources)


def test_the_exposure_is_called_relative_and_old_files_are_read() -> None:
    new, old = Exposure(relative_cells=7.0), Exposure.model_validate({"cells": 7.0})
    assert new == old
    model = cascade.load("colon")
    text = model.to_toml()
    assert "relative_cells" in text
    assert cascade.Model.from_toml(text.replace("relative_cells", "cells")).digest() == model.digest()
    with pytest.raises(cascade.ModelError, match="exposure"):
        model.with_(exposure={"cells": -1.0})


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(list(words))
        return int(end.value.code or 0)

    assert run("scale", "breast", "--k", "0.1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["inside"] for row in told["rows"]] == [row.inside for row in cascade.scale("breast", k=0.1)]
    assert run("scale") == 0
    said = capsys.readouterr().out
    assert "begun/shed cell" in said
    assert "never for decisions about a patient" in said
    for wrong, named in ((["scale", "colom"], "CANCER"), (["scale", "--k", "0"], "--k")):
        assert run(*wrong) == 2
        assert named in capsys.readouterr().err


def test_wrong_arguments() -> None:
    with pytest.raises(cascade.InputError, match="breast"):
        cascade.scale("colon")
    with pytest.raises(cascade.InputError, match=r"k = -1"):
        cascade.scale("breast", k=-1.0)
