"""Research objects: every file with its digest, what made it, and the sources of the models."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.inference.crates import FILE, crate
from helpers.diseases import TEXTBOOK


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A result, a cohort, a fit, and a file beside them."""
    out = tmp_path / "my results"
    out.mkdir()
    model = cascade.load("b16f1-liver")
    cascade.simulate(model, cells=100, seed=7).save(out / "run one.cascade")
    cascade.cohort(TEXTBOOK, patients=5, seed=2).save(out / "patients.cascade")
    data = cascade.Data.counts(
        {"animal": [1, 2, 3], "day": [3, 3, 13], "count": [70, 66, 30]},
        {"alive": ["lodged", "extravasated"]},
        cells=100,
    )
    cascade.fit(model, data, ["lodged.extravasated"], starts=0).save(out / "fit.json")
    (out / "notes.txt").write_text("mine")
    (out / "broken.json").write_text("{")
    return out


def graph_of(path: Path) -> dict[str, dict[str, Any]]:
    return {one["@id"]: one for one in json.loads(path.read_text())["@graph"]}


def test_a_folder_is_described(folder: Path) -> None:
    found = graph_of(crate(folder, license="https://creativecommons.org/licenses/by/4.0/"))
    whole = found["./"]
    assert {part["@id"] for part in whole["hasPart"]} == {
        "run%20one.cascade", "patients.cascade", "fit.json", "notes.txt", "broken.json",
    }  # fmt: skip
    assert whole["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    for part in whole["hasPart"]:
        name = found[part["@id"]]["name"]
        assert found[part["@id"]]["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
    actions = {one["@id"]: one["description"] for one in found.values() if one["@type"] == "CreateAction"}
    assert set(actions) == {"#making-run%20one.cascade", "#making-patients.cascade", "#making-fit.json"}
    digest = cascade.load("b16f1-liver").digest()
    assert digest in actions["#making-run%20one.cascade"]
    assert digest in actions["#making-fit.json"]
    assert "100 cells, seed 7" in actions["#making-run%20one.cascade"]
    assert "5 patients" in actions["#making-patients.cascade"]
    assert found["https://doi.org/10.1016/S0002-9440(10)65628-3"]["description"] == "Evidence of grade C, D"


def test_every_name_in_it_is_there_once(folder: Path) -> None:
    text = crate(folder).read_text()
    graph = json.loads(text)["@graph"]
    names = [one["@id"] for one in graph]
    assert len(names) == len(set(names))

    def asked(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [value["@id"]] if set(value) == {"@id"} else [x for v in value.values() for x in asked(v)]
        return [x for v in value for x in asked(v)] if isinstance(value, list) else []

    outside = {name for name in asked(graph) if name not in names}
    assert outside == {"https://w3id.org/ro/crate/1.1"}
    assert crate(folder).read_text() == text  # it does not describe itself


def test_on_the_command_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["crate", str(folder), "--name", "A study"])
    assert end.value.code in (0, None)
    assert graph_of(folder / FILE)["./"]["name"] == "A study"
    for wrong in (tmp_path / "nothing", tmp_path):
        with pytest.raises(SystemExit) as end:
            main(["crate", str(wrong)])
        assert end.value.code == 2
        assert "folder" in capsys.readouterr().err
    assert not (tmp_path / FILE).exists()
