"""Numerical inversion of Laplace transforms, for curves over time at any stiffness.

Step methods and uniformization fail on models in which passages of seconds stand beside
months of dormancy; a contour integral costs the same few solves whatever the rates are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from cascade.common.errors import CascadeError
from cascade.common.types import Complexes, Floats, Ints

Transform = Callable[[Complexes], Complexes]

TOLERANCE = 1e-10
_RATIO = 2.0
_FEW_NODES, _NODES = 30, 36
# The error shrinks about a thousandfold from the few nodes to all of them.
_DIFFERENCE = 3e-9
_NEGLIGIBLE = 1e-14


@cache
def _hyperbola(ratio: float) -> tuple[float, float]:
    """Angle of the best hyperbola for times t..ratio*t, and A(angle) of the reference."""
    angles = np.linspace(math.pi / 4 + 1e-3, math.pi / 2 - 1e-3, 4000)
    top = (math.pi - 2 * angles) * ratio + 4 * angles - math.pi
    a = np.arccosh(top / ((4 * angles - math.pi) * np.sin(angles)))
    best = int(np.argmax((math.pi**2 - 2 * math.pi * angles) / a))
    return float(angles[best]), float(a[best])


def _groups(times: Floats) -> Iterator[Ints]:
    """Indices of positive times in groups, within a factor of 2 of each other."""
    order = np.argsort(times, kind="stable")
    order = order[times[order] > 0]
    while order.size:
        near = times[order] <= times[order[0]] * _RATIO
        yield order[near]
        order = order[~near]


def invert(transform: Transform, times: Floats, poles: Complexes | None, error: float = 0.0) -> Floats:
    """f(t) for every t > 0 from its transform; the value at t = 0 is left 0.

    Parameters
    ----------
    transform : callable
        From z (n,) complex to F(z) (n, ...).
    times : (m,) float
    error : float
        What the transform itself may be off by: the inversion stops at a tenth of it.
    poles : (p,) complex, or None
        All singularities, where they are known; a hyperbola is used for the times at
        which it encloses every one that matters.  None: not known.

    Returns
    -------
    (m, ...) float

    References
    ----------
    Weideman JAC, Trefethen LN. Math Comp 2007;76:1341-1356 (the hyperbola). Abate J,
    Whitt W. ORSA J Comput 1995;7:36-43 (the vertical line with Euler summation).
    """
    shape = transform(np.array([1.0 + 0j])).shape[1:]
    values = np.zeros((len(times), *shape))
    for group in _groups(times):
        on_hyperbola = None if poles is None else _on_hyperbola(transform, times[group], poles, error)
        if on_hyperbola is not None:
            values[group] = on_hyperbola
        else:
            for index in group:
                values[index] = _on_line(transform, float(times[index]), error)
    return values


def _encloses(poles: Complexes, scale: float, angle: float, low: float, error: float) -> bool:
    """Whether every pole that is not negligible at the earliest time lies inside."""
    matter = poles[poles.real * low > math.log(max(_NEGLIGIBLE, error / 1000.0))]
    # On the hyperbola Re z = scale (1 - sin(angle) cosh u), Im z = scale cos(angle) sinh u.
    height = np.maximum((1.0 - matter.real / scale) / math.sin(angle), 1.0)
    edge = scale * math.cos(angle) * np.sqrt(height**2 - 1.0)
    return bool(np.all(np.abs(matter.imag) < 0.5 * edge + (matter.imag == 0)))


def _on_hyperbola(transform: Transform, times: Floats, poles: Complexes, error: float) -> Floats | None:
    """Values at times near each other, or None where a hyperbola does not serve."""
    # Twice as many nodes enclose more, but amplify rounding to 2e-8: good enough where more than that is lost.
    for few, all_nodes in ((_FEW_NODES, _NODES), (2 * _FEW_NODES, 2 * _NODES))[: 1 + (error > 1e-5)]:
        values = _with_nodes(transform, times, poles, error, (few, all_nodes))
        if values is not None:
            return values
    return None


def _with_nodes(
    transform: Transform, times: Floats, poles: Complexes, error: float, numbers: tuple[int, int]
) -> Floats | None:
    """Values by hyperbolas of two numbers of nodes, or None where they do not agree."""
    angle, a = _hyperbola(_RATIO)
    tries = []
    for nodes in numbers:
        scale = (4 * math.pi * angle - math.pi**2) / a * nodes / (times[0] * _RATIO)
        if not _encloses(poles, scale, angle, float(times[0]), error):
            return None
        u = (np.arange(nodes) + 0.5) * (a / nodes)
        z = scale * (1.0 + np.sin(1j * u - angle))
        weights = np.exp(np.outer(times, z)) * (1j * scale * np.cos(1j * u - angle))
        tries.append(a / nodes / math.pi * np.tensordot(weights, transform(z), axes=(1, 0)).imag)
    # Poles of high order (many phases) slow the convergence down.
    agreed = np.max(np.abs(tries[1] - tries[0]), initial=0.0) < max(_DIFFERENCE, error / 10.0)
    return np.asarray(tries[1], np.float64) if agreed else None


def _on_line(transform: Transform, time: float, error: float, most: int = 20_000) -> Floats:
    """By the Fourier series on a vertical line: sees every pole, whatever its frequency."""
    decay = 23.0
    averaged = 14
    binomial = np.array([math.comb(averaged, j) for j in range(averaged + 1)]) / 2.0**averaged
    begin = transform(np.array([decay / (2 * time) + 0j]))[0].real / 2.0
    terms: list[Floats] = []
    wanted, last = 40, None
    while wanted <= most:
        k = np.arange(len(terms) + 1, wanted + averaged + 1)
        signs = np.where(k % 2 == 0, 1.0, -1.0)
        line = np.asarray((decay + 2j * math.pi * k) / (2 * time), np.complex128)
        new = transform(line).real
        terms.extend(s * term for s, term in zip(signs, new, strict=True))
        partial = begin + np.cumsum(np.array(terms), axis=0)
        value = math.exp(decay / 2) / time * np.tensordot(binomial, partial[-averaged - 1 :], axes=(0, 0))
        if last is not None and np.max(np.abs(value - last), initial=0.0) < max(TOLERANCE, error / 10.0):
            return np.asarray(value, np.float64)
        last, wanted = value, wanted * 2
    raise CascadeError(f"the curve at {time:g} h did not converge: the model circles too often before it ends")
