"""Some 170 model files that something has gone wrong in: every command answers or names the fault, and none hangs."""

from __future__ import annotations

import copy
import faulthandler
import random
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli_w

import cascade
from cascade.catalog import names
from cascade.cli import main

DEADLINE = 120
"""Seconds after which a command is taken to hang: a guard, a hundred times what any takes."""

COMMANDS = (
    ["show", "{}"],
    ["exact", "{}", "--json"],
    ["run", "{}", "--cells", "200", "--seed", "1", "--no-exact", "--json", "-q"],
    ["run", "{}", "--cells", "50", "--seed", "1", "--until", "20d", "-q"],
)

VALUES: list[Any] = [
    0.0, 1e-15, 1e-9, 1e9, 1e12, 1e300, -1.0, 1.5, 0, 1, 7, 64, 65535, 10**9, float("nan"), float("inf"),
    "", "x", "*", "a.b", [], {}, True,
]  # fmt: skip


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of all values in a nest of tables and lists."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for at, value in enumerate(data):
            yield from leaves(value, (*path, at))
    if path:
        yield path


def value_at(data: Any, path: Sequence[Any]) -> Any:
    """What stands at a place."""
    for key in path:
        data = data[key]
    return data


def mutated(data: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The data with one to three changes: another value, one gone, one twice, two that change places."""
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, 3)):
        places = [p for p in leaves(data) if p[0] not in ("sources", "description", "limits", "title")]
        # Numbers that a simulation lives by, most of all: such files load, and may hang.
        what = rng.random()
        if what < 0.6:
            places = [p for p in places if isinstance(value_at(data, p), float)]
        *way, last = rng.choice(places)
        at = value_at(data, way)
        if what < 0.6:
            at[last] *= 10.0 ** rng.choice([-12, -6, -3, 3, 6, 12])
        elif what < 0.85:
            at[last] = rng.choice(VALUES)
        elif what < 0.95 or not isinstance(at, list):
            del at[last]
        else:
            at.append(copy.deepcopy(at[last]))
    return data


@pytest.mark.sampled(0, 6)
@pytest.mark.parametrize("name", names())
def test_no_file_makes_a_command_hang_or_break(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(name)  # noqa: S311
    data = tomllib.loads(cascade.load(name).to_toml())
    path = tmp_path / "model.toml"
    refused = 0
    for _ in range(6):
        path.write_text(tomli_w.dumps(mutated(data, rng)))
        for command in COMMANDS:
            # Ends the process, with the place where it hung: nothing runs on.
            faulthandler.dump_traceback_later(DEADLINE, exit=True)
            with pytest.raises(SystemExit) as ended:
                main([part.format(path) for part in command])
            faulthandler.cancel_dump_traceback_later()
            said = capfd.readouterr()
            assert ended.value.code in (0, 2, None), (path.read_text(), command, said.err)
            assert "Traceback" not in said.err
            refused += ended.value.code == 2
    assert refused, "some files are wrong"
