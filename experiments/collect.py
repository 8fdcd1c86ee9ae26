"""What experiments on the diseases found beside published figures, for the scorecard: experiments.toml of the package.

Runs nothing: it reads the tables that the experiments saved, of runs with their default numbers, and takes those whose
predictions are as they were written down.  Taken are figures that were predicted or looked at; those that the
calibration of the disease holds already, maps and naive comparators are not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

import cascade
from _report import PREDICTIONS, Row, hash_of
from cascade.common.files import write_atomically
from cascade.patient.loader import disease_names

FILE = Path(__file__).parents[1] / "src" / "cascade" / "scores" / "experiments.toml"
HEAD = "# Written by experiments/collect.py from the tables of the experiments; not to be changed by hand.\n\n"
TAKEN = "predicted", "looked at"


def taken(rows: list[Row], known: set[str]) -> list[dict[str, Any]]:
    """Rows with a published figure that was neither fitted nor is known to the calibration, as plain data."""
    found = []
    for row in rows:
        role = next((one for one in TAKEN if row.role.startswith(one)), "")
        if not role or row.observed is None or row.value is None or row.name in known:
            continue
        note = row.role.removeprefix(role).strip("; ")
        source = "; ".join(part for part in (row.source, note) if part)
        found.append(
            {"name": row.name, "role": role, "published": row.observed, "value": row.value, "unit": row.unit,
             "source": source}
        )  # fmt: skip
    return found


def collected(folder: Path) -> list[dict[str, Any]]:
    """Of each experiment on a disease of the package what it found.

    Raises
    ------
    SystemExit
        Where a table is missing, or is of other predictions than were written down.
    """
    noted = tomllib.loads(PREDICTIONS.read_text())
    diseases = {cascade.disease(name).digest(): name for name in disease_names()}
    found = []
    for name, told in noted.items():
        path = folder / name / f"{name}.json"
        if not path.is_file():
            raise SystemExit(f"{path} is not there: run experiments/{name}.py --out {folder}")
        table = json.loads(path.read_text())
        rows = [Row(**row) for row in table["rows"]]
        if hash_of(rows) != told["sha256"]:
            raise SystemExit(f"{path}: others than were written down in {PREDICTIONS.name}")
        disease = diseases.get(table["recipe"].get("digest", ""))
        if disease is None:  # a map over diseases, or one that is not of the package
            continue
        known = {row.name for row in cascade.disease(disease).calibrated().rows}
        mine = taken(rows, known)
        if mine:
            digest = table["recipe"]["digest"]
            found.append({"name": name, "disease": disease, "digest": digest, "sha256": told["sha256"], "rows": mine})
    return found


def main() -> int:
    """Read the tables and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of the runs (default: %(default)s)")
    options = parser.parse_args()
    found = collected(options.out)
    write_atomically(FILE, (HEAD + tomli_w.dumps({"experiments": found})).encode())
    for one in found:
        print(f"{one['name']}: {len(one['rows'])} figures of {one['disease']}")
    print(f"written: {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
