r"""Numerical inversion of Laplace transforms, for curves over time at any stiffness; each value with its error.

Step methods and uniformization fail on models in which passages of seconds stand beside
months of dormancy; a contour integral costs the same few solves whatever the rates are:

    f(t) = 1 / (2 pi i) integral e^(z t) F(z) dz  =  h / pi  sum_k' Im( e^(z_k t) F(z_k) z'(u_k) ),

z(u) = mu (1 + sin(i u - alpha)) a hyperbola around all singularities, u_k = k h, the term at 0 halved.
The rule converges like exp(-c / h), and halving h uses every point again: the last change is the error
of the value before it, and what is left after it is less.  The error of rounding is at most a few
units in the last place of the sum of the moduli.  What is rare in time only (one in 10^31 within an hour,
nearly all within a day) is noise on any contour: no value is known better than to that part of the
greatest s F(s) = average of f with weights s e^(-s t) for real s, from the time itself to a thousand times it.
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
"""Change at which a value is not refined any more."""

ROUNDING = 2e-15
"""Of a transform, and of the exponential that it is multiplied by, in parts of their size."""

_RATIO = 2.0
_VERTICES = (36, 72)
"""Number of nodes for which the vertex of a hyperbola is best: farther out it encloses more, but amplifies rounding."""

_INTERVALS = (18, 36, 72, 144)
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


def invert(
    transform: Transform, times: Floats, poles: Complexes | None, tolerance: float = TOLERANCE
) -> tuple[Floats, Floats]:
    """f(t) for every t > 0 from its transform, and the error of each; at t = 0 both are left 0.

    Parameters
    ----------
    transform : callable
        From z (n,) complex to F(z) (n, ...).
    times : (m,) float
    poles : (p,) complex, or None
        All singularities off the real axis, where they are known; a hyperbola is used for the times at
        which it encloses every one that matters.  None: not known.
    tolerance : float
        Absolute error at which refinement may stop.

    Returns
    -------
    (m, ...) float, (m, ...) float

    References
    ----------
    Weideman JAC, Trefethen LN. Math Comp 2007;76:1341-1356 (the hyperbola). Abate J,
    Whitt W. ORSA J Comput 1995;7:36-43 (the vertical line with Euler summation).
    """
    groups = list(_groups(times))
    # Of all groups at once: a call costs as much as some ten points.
    s = np.concatenate([np.array([1.0, 0.03, 0.001]) / float(times[group[-1]]) for group in groups] or [np.ones(1)])
    at = transform(s.astype(np.complex128))
    shape = at.shape[1:]
    scales = np.abs(s.reshape(-1, *[1] * len(shape)) * at)
    values, errors = np.zeros((len(times), *shape)), np.zeros((len(times), *shape))
    for number, group in enumerate(groups):
        scale = scales[3 * number : 3 * number + 3].max(axis=0)
        on_hyperbola = None if poles is None else _on_hyperbola(transform, times[group], poles, tolerance)
        if on_hyperbola is not None:
            values[group], errors[group] = on_hyperbola
        else:
            for index in group:
                values[index], errors[index] = _on_line(transform, float(times[index]), tolerance)
        errors[group] += ROUNDING * scale
    return values, errors


def _encloses(poles: Complexes, scale: float, angle: float, low: float, tolerance: float) -> bool:
    """Whether every pole that is not negligible at the earliest time lies inside."""
    matter = poles[poles.real * low > math.log(max(_NEGLIGIBLE, tolerance / 1000.0))]
    # On the hyperbola Re z = scale (1 - sin(angle) cosh u), Im z = scale cos(angle) sinh u.
    height = np.maximum((1.0 - matter.real / scale) / math.sin(angle), 1.0)
    edge = scale * math.cos(angle) * np.sqrt(height**2 - 1.0)
    return bool(np.all(np.abs(matter.imag) < 0.5 * edge + (matter.imag == 0)))


def _on_hyperbola(
    transform: Transform, times: Floats, poles: Complexes, tolerance: float
) -> tuple[Floats, Floats] | None:
    """Values at times near each other, or None where a hyperbola does not serve."""
    angle, a = _hyperbola(_RATIO)
    for nodes in _VERTICES[: 1 + (tolerance > 1e-6)]:
        scale = (4 * math.pi * angle - math.pi**2) / a * nodes / (times[0] * _RATIO)
        if _encloses(poles, scale, angle, float(times[0]), tolerance):
            values, errors = _halved(transform, times, scale, angle, tolerance)
            if float(errors.max(initial=0.0)) < max(1e-8, 10 * tolerance):
                return values, errors
    return None


def _halved(transform: Transform, times: Floats, scale: float, angle: float, tolerance: float) -> tuple[Floats, Floats]:
    """The trapezoidal rule along a hyperbola, its step halved until nothing changes any more."""
    # To where the exponential is beyond rounding at the earliest time.
    end = math.acosh((1.0 + 40.0 / (scale * float(times[0]))) / math.sin(angle))
    total, moduli, value = np.zeros(0), np.zeros(0), np.zeros(0)
    change = np.zeros(0)
    early: Complexes | None = None
    for number, intervals in enumerate(_INTERVALS):
        step = end / intervals
        u = step * (np.arange(intervals + 1) if number == 0 else np.arange(1, intervals, 2))
        z = scale * (1.0 + np.sin(1j * u - angle))
        weights = np.exp(np.outer(times, z)) * (1j * scale * np.cos(1j * u - angle)) * np.where(u == 0, 0.5, 1.0)
        if number == 0:
            # The second step is always taken: both in one call.
            between = end / _INTERVALS[1] * np.arange(1, _INTERVALS[1], 2)
            early = np.asarray(
                transform(np.concatenate([z, scale * (1.0 + np.sin(1j * between - angle))])), np.complex128
            )
            at = early[: len(z)]
        elif number == 1 and early is not None:
            at = early[-len(z) :]
        else:
            at = np.asarray(transform(z), np.complex128)
        more, size = np.tensordot(weights, at, axes=(1, 0)).imag, np.tensordot(np.abs(weights), np.abs(at), axes=(1, 0))
        total, moduli = (more, size) if number == 0 else (total + more, moduli + size)
        before, value = value, step / math.pi * total
        if number:
            last, change = change, np.abs(value - before)
            # The change is the error of the value before; halving about squares it.
            left = change if number == 1 else change * np.minimum(1.0, 10.0 * change / np.maximum(last, 1e-300))
            error = left + ROUNDING * step / math.pi * moduli
            # Two values may agree because both miss what is narrow; a third does not.
            if number > 1 and float(left.max(initial=0.0)) <= tolerance:
                break
    return np.asarray(value, np.float64), np.asarray(error, np.float64)


def _on_line(transform: Transform, time: float, tolerance: float, most: int = 20_000) -> tuple[Floats, Floats]:
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
        if last is not None:
            change = np.abs(value - last)
            if np.max(change, initial=0.0) < max(TOLERANCE, tolerance):
                # What is folded in from 3 t and later is at most that part of a share.
                folded, moduli = 1.001 * math.exp(-decay), np.abs(begin) + np.abs(np.array(terms)).sum(axis=0)
                error = change + folded + ROUNDING * math.exp(decay / 2) / time * moduli
                return np.asarray(value, np.float64), np.asarray(error, np.float64)
        last, wanted = value, wanted * 2
    raise CascadeError(f"the curve at {time:g} h did not converge: the model circles too often before it ends")
