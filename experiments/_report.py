"""What the experiments share: rows of observed, simulated and exact values, and their verdict."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.version import STREAM_VERSION

FALSE_ALARM = 1e-4
"""Probability that a right program fails an experiment, shared by all its counts."""

CALIBRATED_TO = 0.01
"""Relative distance within which the exact answer must reproduce a calibrated figure."""


@dataclass(frozen=True)
class Row:
    """One published figure beside the model's; None where there is none.

    ``low`` and ``high``: between which the model's lies as far as the fit of a disease is known, where that was asked.
    ``unit``: "fraction" of a share, which a figure up to 1 is if nothing else is said; else "ratio".
    """

    name: str
    role: str
    observed: float | None
    simulated: float | None
    exact: float | None
    source: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = "fraction"

    def __post_init__(self) -> None:
        if self.observed is not None and not 0.0 <= self.observed <= 1.0:
            object.__setattr__(self, "unit", "ratio")

    @property
    def value(self) -> float | None:
        """What the model says: simulated, else exact."""
        return self.exact if self.simulated is None else self.simulated


def arguments(text: str, cells: float, seed: int) -> argparse.ArgumentParser:
    """Options that every experiment has."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=cells, help="number of cells (default: %(default)g)")
    parser.add_argument("--seed", type=int, default=seed, help="default: %(default)d")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="write over what the folder holds of another run")
    return parser


def noting(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """With the option of experiments that predict: to write the predictions down before they are compared."""
    words = "write the hash of what is predicted into predictions.toml, and show nothing published beside it"
    parser.add_argument("--write-down", action="store_true", help=words)
    return parser


def own_folder(options: argparse.Namespace, name: str) -> Path:
    """The folder of an experiment, made if need be; ends with 2 where it holds another run, before any work."""
    folder: Path = options.out / name
    recipe = {"cells": options.cells, "seed": options.seed, "streams": STREAM_VERSION, **drawn(options)}
    note = folder / "run.json"
    if not options.force and folder.is_dir() and any(folder.iterdir()):
        held = json.loads(note.read_text()) if note.is_file() else "a run that left no note"
        if held != recipe:
            words = f"--out = {str(options.out)!r}: {folder} holds {held}; write to another, or give --force"
            print(words, file=sys.stderr)
            raise SystemExit(2)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(note, json_text(recipe).encode())
    return folder


def drawn(options: argparse.Namespace) -> dict[str, int]:
    """Of how many draws of a fit the intervals are, where there are any."""
    draws: int = getattr(options, "draws", 0)
    return {"draws": draws} if draws else {}


def counts_agree(checks: Sequence[tuple[str, int, int, float]]) -> list[str]:
    """Counts (name, count, n, exact probability) that do not agree; exact binomial tests."""
    level = FALSE_ALARM / len(checks)
    return [name for name, count, n, p in checks if stats.binomtest(count, n, min(max(p, 0.0), 1.0)).pvalue < level]


def off_target(rows: Sequence[Row]) -> list[str]:
    """Calibrated rows that the exact answer does not reproduce."""
    return [
        row.name
        for row in rows
        if row.role == "calibrated"
        and row.observed
        and row.exact is not None
        and abs(row.exact / row.observed - 1) > CALIBRATED_TO
    ]


def number(value: float | None) -> str:
    """Four figures, or a dash."""
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    ranged = any(row.low is not None for row in rows)
    lines = [["", "role", "observed", "simulated", "exact", *(["low", "high"] if ranged else []), "source"]]
    for r in rows:
        numbers = [r.observed, r.simulated, r.exact, *([r.low, r.high] if ranged else [])]
        lines.append([r.name, r.role, *(number(x) for x in numbers), r.source])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print(
            "  ".join(
                cell.rjust(w) if 2 <= i < len(widths) - 1 else cell.ljust(w)
                for i, (cell, w) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
        )
    if any(r.exact is None and r.simulated is not None for r in rows):
        print("\nexact, -: no law reaches what the row asks of patients or cells, or none is needed: simulated alone")
    if ranged:
        print("\nlow, high: over draws of the fitted parameters, 95 % if the rest of the disease is right")


def write(path: Path, rows: Sequence[Row], recipe: dict[str, Any]) -> None:
    """Save the table with the recipe of the run."""
    write_atomically(path, json_text({"rows": [asdict(r) for r in rows], "recipe": recipe}).encode())


def verdict(
    problems: Sequence[str], kept: str = f"calibrated rows within {CALIBRATED_TO:.0%}", *, counted: bool = True
) -> int:
    """Print what failed, or what was ``kept``, and that counts agree with the exact answer; the exit code."""
    for problem in problems:
        print(f"FAILED: {problem}")
    if not problems:
        agree = f"simulated = exact (false-alarm rate {FALSE_ALARM:g}), " if counted else ""
        print(f"passed: {agree}{kept}")
    return 1 if problems else 0


PREDICTIONS = Path(__file__).with_name("predictions.toml")
"""What was predicted by runs with the default numbers: a hash for each experiment, committed before it was compared."""


def hash_of(rows: Sequence[Row]) -> str:
    """Of what the model says, to four figures, without what was observed."""
    said = [[row.name, number(row.simulated), number(row.exact)] for row in rows]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def predicted(name: str, options: argparse.Namespace, rows: Sequence[Row]) -> list[str]:
    """Say the hash of what is predicted; a problem where it is another than the one that was written down."""
    found = hash_of(rows)
    print(f"predictions: sha256 {found}\n")
    if vars(options).get("write_down"):
        write_down(name, options, found)
        raise SystemExit(0)
    noted = tomllib.loads(PREDICTIONS.read_text()).get(name, {})
    if not as_noted(name, options):
        return []
    if noted["sha256"] == found:
        return []
    return [f"{name}: others than were written down in predictions.toml (sha256 {noted['sha256'][:16]}...)"]


def as_noted(name: str, options: argparse.Namespace) -> bool:
    """Whether a run has the numbers of which predictions were written down."""
    noted = tomllib.loads(PREDICTIONS.read_text()).get(name, {})
    return (noted.get("cells"), noted.get("seed")) == (options.cells, options.seed)


def write_down(name: str, options: argparse.Namespace, found: str) -> None:
    """Put a hash into the file of predictions; nothing is compared."""
    text = PREDICTIONS.read_text()
    head, noted = text[: text.index("[")] if "[" in text else text, tomllib.loads(text)
    if name in noted and not as_noted(name, options):
        words = (
            f"{noted[name]['cells']} and seed {noted[name]['seed']}: leave --cells and --seed out, or change them there"
        )
        raise SystemExit(f"--write-down: the predictions of {name} are of {words}")
    noted[name] = {"cells": int(options.cells), "seed": options.seed, "sha256": found}
    blocks = [
        f'[{one}]\ncells = {told["cells"]}\nseed = {told["seed"]}\nsha256 = "{told["sha256"]}"\n'
        for one, told in noted.items()
    ]
    write_atomically(PREDICTIONS, (head + "\n".join(blocks)).encode())
    print(f"written down in {PREDICTIONS.name}; nothing published was shown")


def finished(
    name: str,
    options: argparse.Namespace,
    rows: Sequence[Row],
    recipe: dict[str, Any],
    *,
    below: str = "",
    problems: Sequence[str] = (),
) -> int:
    """End an experiment: say the hash of what is predicted, show and save the rows; the exit code."""
    found = [*predicted(name, options, rows), *problems]
    show(rows)
    if below:
        print(f"\n{below}")
    path = options.out / name / f"{name}.json"
    write(path, rows, recipe | drawn(options))
    print(f"\nsaved: {path.resolve()}")
    compared = (
        "as they were written down" if as_noted(name, options) else "not compared: of other cells, or another seed"
    )
    return verdict(found, f"predictions {compared}", counted=False)
