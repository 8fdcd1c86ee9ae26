"""Fields of a model file: a JSON schema that accepts what loads, refuses what does not; a page that lists them all."""

from __future__ import annotations

import copy
import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cascade
from cascade.catalog import names
from helpers.models import FRAIL, UNITS

SCHEMA = cascade.Model.model_json_schema()
DOCS = Path(__file__).parent.parent / "docs"


def data_of(model: cascade.Model) -> dict[str, Any]:
    return tomllib.loads(model.to_toml())


@pytest.mark.full
@pytest.mark.parametrize("name", names())
def test_models_of_the_catalogue_keep_the_schema(name: str) -> None:
    jsonschema.validate(data_of(cascade.load(name)), SCHEMA)


@pytest.mark.parametrize("model", [FRAIL, *UNITS.values()], ids=lambda m: m.name)
def test_models_of_every_kind_keep_the_schema(model: cascade.Model) -> None:
    jsonschema.validate(data_of(model), SCHEMA)


FAULTS: list[tuple[tuple[str | int, ...], Any]] = [
    (("states", 0, "moves", 0, "hazard"), -1.0),
    (("states", 0, "moves", 0, "hazard"), "fast"),
    (("states", 0, "phases"), 0),
    (("states", 0, "phases"), 1.5),
    (("states", 0, "name"), "a\x1bb"),
    (("states", 0, "moon"), 1),
    (("moons",), 2),
    (("title",), "a\x00b"),
    (("stages",), "vessel"),
    (("frailties", 0, "cv"), -0.5),
    (("frailties", 0, "distribution"), "normal"),
    (("start", "entry_hours"), [1.0]),
]


@pytest.mark.parametrize(("path", "value"), FAULTS)
def test_faults_of_single_fields_break_both_schema_and_model(path: tuple[str | int, ...], value: Any) -> None:
    data: Any = copy.deepcopy(data_of(FRAIL))
    *way, last = path
    at = data
    for key in way:
        at = at[key]
    at[last] = value
    with pytest.raises(cascade.ModelError):
        cascade.Model(**data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)


def test_every_field_and_every_part_is_listed_and_exported() -> None:
    page = (DOCS / "model_file.md").read_text(encoding="utf-8")
    reference = (DOCS / "api.md").read_text()
    for name, part in SCHEMA["$defs"].items():
        if name == "Place":
            continue  # the body writes it
        assert hasattr(cascade, name)
        assert f".. autoclass:: {name}\n" in reference
        section = page[page.index(f"## {name}\n") :].split("\n## ")[0]
        assert all(f"| `{field}` |" in section for field in part["properties"])
        assert "nothing |" not in section.replace("or nothing", ""), "a kind that nobody has put in words"
    assert all(f"| `{field}` |" in page for field in SCHEMA["properties"])


@pytest.mark.parametrize("name", ["model_file.md", "disease_file.md"])
def test_the_list_of_fields_in_the_guide_is_that_of_the_models(name: str) -> None:
    """It lies in the repository, for whoever reads there; `python docs/fields.py` writes it anew."""
    spec = importlib.util.spec_from_file_location("fields", DOCS / "fields.py")
    assert spec is not None
    assert spec.loader is not None
    fields = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fields)
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == fields.page(name), "run: python docs/fields.py"
    assert "_generated" not in written
