"""Numbers of models have the same bits everywhere: how floats are added and functions are rounded."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

import cascade
from cascade.common import portable

SOURCE = Path(cascade.__file__).parent
ROOMS = ("model", "body", "catalog", "lowering", "engine", "kernel")
"""Rooms that make numbers of a model, or what the kernel reads of them."""

ALLOWED = {
    "body/schematic.py: sum": "where a picture has its texts",
    "catalog/loader.py: sum": "a number of observations",
    "kernel/streams.py: **": "whole powers of two",
    "model/checks/__init__.py: sum": "a number of phases",
    "model/checks/units.py: sum": "a number of states",
    "model/observables.py: math.exp": "a share of patients: an answer, no number of a model",
    "model/observables.py: **": "a share of patients: an answer, no number of a model",
    "engine/prepare.py: **": "a whole power of two",
    "lowering/timegrid.py: **": "whole powers of two",
}
"""What the rooms may do all the same, and why."""

OTHERS = re.compile(
    "sum|mean|average|dot|vdot|inner|matmul|einsum|prod|trace|tensordot|fsum|linalg|exp|exp2|expm1|log|log2|log10"
    "|log1p|pow|power|float_power|geomspace|logspace|sin|cos|tan|tanh|sinh|cosh|gamma|lgamma|erf|erfc|cbrt|hypot"
)
"""Functions of numpy and math that add floats, or round, in ways of their own."""


def departures(text: str) -> Iterator[str]:
    """What in a piece of source adds floats, or rounds functions, by a rule that is not ours."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield "@"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            exponent = node.right
            if not (isinstance(exponent, ast.Constant) and exponent.value == 2):  # x**2 is x * x
                yield "**"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"sum", "pow"}:
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and OTHERS.fullmatch(node.func.attr):
                owner = node.func.value
                name = owner.id if isinstance(owner, ast.Name) else "array"
                # Of the kernel and of portable itself: functions of their own.
                if name != "portable":
                    yield f"{name}.{node.func.attr}"
            elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func).startswith("np.linalg"):
                yield "np.linalg"


def test_rooms_that_make_numbers_add_and_round_by_one_rule() -> None:
    found = set()
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            found |= {f"{path.relative_to(SOURCE).as_posix()}: {what}" for what in departures(path.read_text("utf-8"))}
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    "planted",
    ["a.sum()", "np.sum(a)", "a.dot(b)", "a @ b", "sum(shares)", "math.fsum(a)", "np.linalg.solve(a, b)",
     "math.exp(x)", "np.log1p(x)", "x ** 0.5", "n ** power", "np.mean(a)", "np.geomspace(1, 2, 9)", "pow(x, y)",
     "(a * b).sum(axis=0)"],
)  # fmt: skip
def test_planted_departures_are_found(planted: str) -> None:
    assert list(departures(f"y = {planted}"))
    assert not list(departures("y = in_order(shares) + exp(x) + np.cumsum(a)[-1] + x**2"))


RULES = {
    "one after the other, as before 3.12": "total = start\n    for v in values: total = total + v\n    return total",
    "compensated, as since 3.12": (
        "values = list(values)\n    floats = any(isinstance(v, float) for v in values)\n"
        "    return math.fsum(values) + start if floats else plain(values, start)"
    ),
}
MAKE = """
import builtins, hashlib, math, sys
plain = sum
def rule(values, start=0):
    {rule}
builtins.sum = rule
assert sum([0.1] * 10) == {ten}
sys.path.insert(0, {tests!r})
import numpy as np
import cascade
from cascade.catalog import names
from cascade.engine.prepare import environment, prepare
from cascade.lowering.lower import expand
from helpers.models import ALIKE, CYCLIC, FRAIL, LINEAR, TURNED_BACK, UNITS, changed, correlated
own = (LINEAR, CYCLIC, FRAIL, ALIKE, TURNED_BACK, correlated(0.4), changed(FRAIL, 0.3, "*.shear", end=9.0))
for model in (*map(cascade.load, names()), *own, *UNITS.values()):
    lowered = expand(model)
    parts = [part._asdict() for part in prepare(lowered, environment(lowered, None)) if part is not None]
    read = b"".join(np.asarray(v).tobytes() for part in parts for v in part.values())
    print(model.name, model.digest(), hashlib.sha256(read).hexdigest())
"""


def test_no_number_depends_on_how_python_adds() -> None:
    """Digests of all models and what the kernel reads of them, made anew under both rules of ``sum``."""
    told = []
    for rule, ten in zip(RULES.values(), (0.9999999999999999, 1.0), strict=True):
        code = MAKE.format(rule=rule, ten=ten, tests=str(Path(__file__).parent))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.splitlines())
    assert len(told[0]) > 40
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p"])
def test_functions_are_rounded_once(name: str) -> None:
    rng = np.random.default_rng(1)
    low, high = {"exp": (-740.0, 700.0), "expm1": (-30.0, 30.0), "log": (0.0, 1e6), "log1p": (-0.999, 1e6)}[name]
    values = [rng.uniform(low, high) for _ in range(300)] + [
        rng.uniform(0.1, 1.0) * 10.0 ** rng.uniform(-18, 0) for _ in range(300)
    ]
    with mpmath.workdps(60):
        for x in values:
            assert getattr(portable, name)(x) == float(getattr(mpmath, name)(mpmath.mpf(x))), x


def test_powers_are_rounded_once() -> None:
    rng = np.random.default_rng(2)
    with mpmath.workdps(60):
        for _ in range(300):
            base, exponent = rng.uniform(0.0, 50.0), rng.uniform(-9.0, 9.0)
            assert portable.power(base, exponent) == float(mpmath.mpf(base) ** mpmath.mpf(exponent))
        assert [portable.power(float(n), -2.0) for n in (1, 2, 10)] == [1.0, 0.25, 0.01]


def test_elimination_gives_the_solution_of_fractions() -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 7, 20):
        ways = [[rng.random() * (i != j) for j in range(n)] for i in range(n)]
        # Columns of I - P: what leaves each node is shared out, a tenth of it lost.
        for j in range(n):
            whole = sum(row[j] for row in ways) / 0.9
            for row in ways:
                row[j] = -row[j] / whole if whole else 0.0
        matrix = [[1.0 if i == j else ways[i][j] for j in range(n)] for i in range(n)]
        right = [rng.random() for _ in range(n)]
        found = portable.solve(np.array(matrix), np.array(right))
        # The residual in exact arithmetic, and what it means for the solution: the inverse has norm 10 at most.
        for i in range(n):
            left = sum(Fraction(matrix[i][j]) * Fraction(found[j]) for j in range(n))
            assert abs(float(left - Fraction(right[i]))) < 1e-14 * float(abs(found).max())
