"""Numbers of models have the same bits everywhere: how floats are added and functions are rounded."""

from __future__ import annotations

import ast
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest

import cascade
from cascade.common import portable

SOURCE = Path(cascade.__file__).parent
ROOMS = ("model", "body", "catalog", "lowering", "engine", "kernel", "elimination", "common")
"""Rooms that make numbers of a model, or what the kernel reads of them."""

IMPORTED = {
    "contextlib", "datetime as dt", "difflib", "functools", "hashlib", "html", "itertools", "json", "math", "numba",
    "numbers", "numpy as np", "numpy.typing as npt", "os", "pickle", "pkgutil", "re", "secrets", "shutil", "sys",
    "tomli_w", "tomllib", "traceback",
}  # fmt: skip
"""Modules that may be imported, under these names; of all others only names that are taken from ``WHOLE``."""

WHOLE = {
    "__future__", "collections", "collections.abc", "concurrent.futures", "contextlib", "contextvars", "dataclasses",
    "importlib", "importlib.metadata", "numba.core", "numba.core.serialize", "numba.extending", "pathlib", "pydantic",
    "queue", "textwrap", "types", "typing", "tqdm.auto",
}  # fmt: skip
"""Modules of which any name may be taken: none of them adds floats, or rounds functions."""

TAKEN = {
    "pydantic._internal._model_construction.ModelMetaclass",
    "functools.cache", "functools.cached_property", "functools.lru_cache", "itertools.pairwise", "numba.njit",
    "numba.config", "scipy.sparse.coo_array", "scipy.sparse.csgraph.breadth_first_order",
    "decimal.Context", "decimal.Decimal", "decimal.ROUND_CEILING", "decimal.ROUND_FLOOR", "decimal.ROUND_HALF_EVEN",
    "itertools.zip_longest",
}  # fmt: skip
"""Names that may be taken from other modules."""

USED = {
    "functools.cache", "itertools.product", "math.floor", "math.inf", "math.isfinite", "math.sqrt",
    "np.add.at", "np.append", "np.arange", "np.array", "np.array_equal", "np.asarray", "np.bincount", "np.bool_",
    "np.broadcast_to", "np.column_stack", "np.complex128", "np.concatenate", "np.cumsum", "np.diff", "np.empty",
    "np.errstate", "np.eye", "np.finfo", "np.flatnonzero", "np.float64", "np.floating", "np.full", "np.generic",
    "np.inf", "np.int64", "np.isin", "np.lexsort", "np.ndarray", "np.nonzero", "np.ones", "np.outer",
    "np.random.SeedSequence", "np.repeat", "np.searchsorted", "np.sort", "np.sqrt", "np.stack", "np.tile", "np.uint32",
    "np.uint64", "np.uint8", "np.unique", "np.where", "np.zeros", "npt.NDArray",
}  # fmt: skip
"""What may be used of numpy, math, functools and itertools: nothing that adds floats but one after the other
(``cumsum``, ``bincount``, ``add.at``), and no function but those that every processor rounds alike."""

METHODS = {
    "T", "any", "astype", "base", "copy", "dtype", "dumps", "item", "itemsize", "max", "min",
    "partition", "put", "ravel", "reshape", "setflags", "shape", "size", "tobytes", "tolist", "view",
}  # fmt: skip
"""What may be asked of an array (or of what bears the same name elsewhere)."""

ALLOWED = {
    "body/schematic.py: sum": "where a picture has its texts",
    "catalog/loader.py: sum": "a number of observations",
    "common/columns.py: sum": "widths of columns",
    "common/sight.py: **": "how colours are seen",
    "common/sight.py: sum": "how colours are seen",
    "common/shares.py: **": "powers of ten: shares as people read them, no number of a model",
    "kernel/switching.py: array.mean": "a field: mean times",
    "kernel/visits.py: array.mean": "a field: mean times",
    "model/checks/__init__.py: sum": "a number of phases",
    "model/checks/units.py: sum": "a number of states",
    "kernel/streams.py: **": "whole powers of two",
    "model/observables.py: math.exp": "a share of patients: an answer, no number of a model",
    "model/observables.py: **": "a share of patients: an answer, no number of a model",
    "engine/prepare.py: **": "a whole power of two",
    "lowering/timegrid.py: **": "whole powers of two",
    "lowering/systems.py: import heapq": "whole numbers: the order in which states are censored",
    "lowering/systems.py: import scipy.sparse.csgraph.connected_components": "whole numbers, renumbered by our rule",
    "lowering/systems.py: np.argsort": "whole numbers, and stable",
    "lowering/systems.py: np.minimum.at": "whole numbers",
    "lowering/systems.py: np.split": "whole numbers",
}
"""What the rooms may do all the same, and why."""

BUILT_IN = {"sum", "pow", "eval", "exec", "__import__"}
MODULES = {"np", "npt", "math", "functools", "itertools", "statistics", "operator"}


def departures(text: str) -> Iterator[str]:
    """What in a piece of source may add floats, or round functions, by a rule that is not ours."""
    tree = ast.parse(text)
    # Of np.add.reduce the whole is told, not np.add; a module by itself could be called anything.
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        yield from _imported(node)
        if isinstance(node, ast.BinOp | ast.AugAssign):
            value = node.right if isinstance(node, ast.BinOp) else node.value
            square = isinstance(value, ast.Constant) and value.value == 2  # x**2 is x * x
            if isinstance(node.op, ast.MatMult):
                yield "@"
            elif isinstance(node.op, ast.Pow) and not square:
                yield "**"
        elif isinstance(node, ast.Name):
            if node.id in BUILT_IN or (node.id in MODULES and id(node) not in inner):
                yield node.id
        elif isinstance(node, ast.Attribute):
            yield from _asked(node, whole=id(node) not in inner)


def _imported(node: ast.AST) -> Iterator[str]:
    """Modules, and names of modules, that are not known to do nothing of the kind."""
    if isinstance(node, ast.Import):
        for name in node.names:
            told = f"{name.name} as {name.asname}" if name.asname else name.name
            if told not in IMPORTED and not told.startswith("cascade"):
                yield f"import {told}"
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        for name in node.names:
            told = f"{module}.{name.name}"
            if not (module in WHOLE or module.startswith("cascade") or told in TAKEN):
                yield f"import {told}"


def _asked(node: ast.Attribute, *, whole: bool = True) -> Iterator[str]:
    """What is used of a module, or asked of an array; with ``whole`` a chain of names is complete here."""
    told = ast.unparse(node)
    if re.fullmatch(r"\w+(\.\w+)+", told) and told.split(".")[0] in MODULES:
        if whole and told not in USED:
            yield told
    elif hasattr(np.ndarray, node.attr) and not node.attr.startswith("__") and node.attr not in METHODS:
        yield f"array.{node.attr}"


def test_rooms_that_make_numbers_add_and_round_by_one_rule() -> None:
    found = set()
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            found |= {f"{path.relative_to(SOURCE).as_posix()}: {what}" for what in departures(path.read_text("utf-8"))}
    assert found == set(ALLOWED)


PLANTED = [
    "a.sum()", "np.sum(a)", "a.dot(b)", "a @ b", "sum(shares)", "math.fsum(a)", "np.linalg.solve(a, b)",
    "math.exp(x)", "np.log1p(x)", "x ** 0.5", "n ** power", "np.mean(a)", "np.geomspace(1, 2, 9)", "pow(x, y)",
    "(a * b).sum(axis=0)", "np.add.reduce(a)", "list(map(sum, rows))", "np.nansum(a)", "np.std(a)",
    "np.convolve(a, b)", "np.interp(x, a, b)", "np.logaddexp(a, b)", "math.sumprod(a, b)",
    "functools.reduce(operator.add, a)", "functools.reduce(lambda a, b: b + a, c)", "statistics.fmean(a)",
    "np.add.accumulate(a)", "np.add.reduceat(a, b)", "np.ufunc.reduce(np.add, a)", "a.mean()", "a.std(axis=1)",
    "a.cumprod()", "a.trace()", "np.ndarray.sum(a)", "np.fft.fft(a)", "np.ma.sum(a)", "np.linalg.norm(a)",
    "itertools.accumulate(a)", "getattr(np, name)(a)", "np.multiply.outer(a, b)", "np.core.umath.add(a, b)",
    "math.cbrt(x)", "math.dist(a, b)", "math.hypot(a, b)", "np.float_power(a, b)", "np.vectorize(f)(a)",
    "f(a.sum)", "eval('su' + 'm')(a)", "np.emath.log(a)", "np.polynomial.polynomial.polyval(x, a)", "np.i0(x)",
]  # fmt: skip
STATED = [
    "s = sum", "from math import exp", "from math import *", "from numpy import sum as total", "import numpy",
    "import math as m",
    "x **= p", "a @= b", "import statistics", "import operator", "from functools import reduce", "m = math",
    "from statistics import fmean", "from scipy.special import expit", "import scipy", "from numpy.linalg import solve",
    "import cmath", "import random", "from itertools import accumulate", "from . import numpy",
]  # fmt: skip


@pytest.mark.parametrize("planted", [*(f"y = {text}" for text in PLANTED), *STATED])
def test_planted_departures_are_found(planted: str) -> None:
    assert list(departures(planted))
    assert not list(departures("y = in_order(shares) + exp(x) + np.cumsum(a)[-1] + x**2 + np.sqrt(a).max()"))


@pytest.mark.parametrize("module", ["np", "math"])
def test_what_nobody_has_thought_of_is_a_departure(module: str) -> None:
    """Every function of numpy and math is one, but for those on the list."""
    names = [name for name in dir({"np": np, "math": math}[module]) if not name.startswith("_")]
    found = {name for name in names if list(departures(f"y = {module}.{name}(a)"))}
    assert set(names) - found <= {name.split(".")[1] for name in USED}
    assert len(found) > len(names) // 2


RULES = {
    "one after the other, as before 3.12": "total = start\n    for v in values: total = total + v\n    return total",
    "compensated, as since 3.12": (
        "values = list(values)\n    floats = any(isinstance(v, float) for v in values)\n"
        "    return math.fsum(values) + start if floats else plain(values, start)"
    ),
}
TENS = 0.9999999999999999, 1.0
"""Ten tenths by each rule."""

NUMPY = {
    "as it adds here": "",
    "from the end": "lambda a, f, *rest, **how: f(a[::-1] if np.ndim(a) else a, *rest, **how)",
    "in blocks of three": (
        "lambda a, f, *rest, **how: f(a, *rest, **how) if np.ndim(a) != 1 or len(a) < 4 or a.dtype.kind != 'f' else"
        " f(np.array([f(a[i : i + 3]) for i in range(0, len(a), 3)]), *rest, **how)"
    ),
}
"""Ways in which numpy could add up an array: what it does depends on its version and on the processor."""

OTHERWISE = """
class Add:  # in the place of the function np.add, whose reductions cannot be changed
    def __init__(self, whole, add): self.whole, self.add = whole, add
    def __call__(self, *a, **how): return self.whole(*a, **how)
    def __getattr__(self, name): return getattr(self.whole, name)
    def reduce(self, a, *rest, **how): return self.add(a, self.whole.reduce, *rest, **how)
def otherwise(add):
    from numpy._core import _methods
    reduced = _methods.umr_sum  # what the method of arrays, the sum and the mean of numpy all come to
    _methods.umr_sum = lambda a, *rest, **how: add(a, reduced, *rest, **how)
    np.add = Add(np.add, add)
    for name in ("dot", "vdot", "inner"):
        def turned(a, b, *rest, f=getattr(np, name), **how):
            return f(a[::-1], b[::-1], *rest, **how) if np.ndim(a) == np.ndim(b) == 1 else f(a, b, *rest, **how)
        setattr(np, name, turned)
    odd = np.array([[0.1 * (i * j % 7) for i in range(7)] for j in range(1, 7)])
    assert any(row.sum() != plain(row.tolist()) for row in odd), "the rule is in place"
    assert all(row.sum() == np.sum(row) == np.add.reduce(row) for row in odd)
"""
MAKE = """
import builtins, hashlib, math, sys
import numpy as np
plain = sum
def rule(values, start=0):
    {rule}
builtins.sum = rule
assert sum([0.1] * 10) == {ten}
{otherwise}
sys.path.insert(0, {tests!r})
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


def made_by(rule: str, ten: float, numpy: str) -> list[str]:
    """Digests of all models and what the kernel reads of them, under rules of ``sum`` and of numpy."""
    otherwise = f"{OTHERWISE}\notherwise({numpy})" if numpy else ""
    code = MAKE.format(rule=rule, ten=ten, otherwise=otherwise, tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@cache
def made_here() -> list[str]:
    """The same under the rules as they were before Python 3.12."""
    return made_by(next(iter(RULES.values())), TENS[0], "")


@pytest.mark.full
def test_no_number_depends_on_how_python_adds() -> None:
    assert len(made_here()) > 40
    assert made_by(list(RULES.values())[1], TENS[1], "") == made_here()


@pytest.mark.parametrize("way", ["from the end", pytest.param("in blocks of three", marks=pytest.mark.full)])
def test_no_number_depends_on_how_numpy_adds(way: str) -> None:
    """Nor on the order in which it does."""
    assert made_by(next(iter(RULES.values())), TENS[0], NUMPY[way]) == made_here()


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
