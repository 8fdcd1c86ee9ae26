"""The experiment on times to recurrence: its chain against a closed form, its verdict with what is wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import cascade

sys.path.append(str(Path(__file__).parents[1] / "experiments"))

import moertel_1995 as trial  # type: ignore[import-not-found]


def test_patients_of_the_chain_recur_as_its_closed_form_says() -> None:
    """Of hazards a to recur, b to be rid, d to die: a / (a + b + d) (1 - e^-(a + b + d) t) have had a recurrence."""
    model = trial.chain(rid=3e-5)
    hazards = {name: part.hazard for name, part, _ in model.hazards()}
    a, b, d = (hazards[f"operated.{way}"] for way in ("recurrence", "rid", "death without recurrence"))
    hours = np.array([1e3, 1e4, 1e5])
    expected = a / (a + b + d) * -np.expm1(-(a + b + d) * hours)
    assert cascade.exact(model).occupancy(hours)["recurrence"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.full
def test_the_trial_is_met_and_what_is_wrong_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["moertel_1995.py", "--out", str(tmp_path)])
    assert trial.main() == 0
    assert {one.name for one in (tmp_path / "moertel_1995").iterdir()} >= {"fit.json", "table.json", "times.png"}
    data = cascade.study("moertel-1990")
    naive = trial.fits(data)["on recurrence, nobody is rid"]
    assert trial.beside(data, naive)[1]  # recurrences that go on as they began miss the shares
    monkeypatch.setattr(sys, "argv", ["moertel_1995.py", "--out", str(tmp_path), "--force"])
    monkeypatch.setattr(trial, "PUBLISHED", {trial.TREATED: 0.9, trial.OTHER: 0.98})
    assert trial.main() == 1
