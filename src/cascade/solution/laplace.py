r"""Numerical inversion of Laplace transforms, for curves over time at any stiffness; each value with its error.

Step methods and uniformization fail on models in which passages of seconds stand beside
months of dormancy; a contour integral costs the same few solves whatever the rates are:

    f(t) = 1 / (2 pi i) integral e^(z t) F(z) dz  =  h / pi  sum_k' Im( e^(z_k t) F(z_k) z'(u_k) ),

z(u) = mu (1 + sin(i u - alpha)) a hyperbola around all singularities, u_k = k h, the term at 0 halved.
The rule converges like exp(-c / h), and halving h uses every point again: the last change is the error
of the value before it, and what is left after it is less.  The error of rounding is at most a few
units in the last place of the sum of the moduli, for each of the stays that follow one another.  Many of these
make F turn fast along a contour, and rules that are too coarse to see it turn may agree: they are finer then.
What is rare in time only (one in 10^31 within an hour, nearly all within a day) is noise on any contour: no value
is known better than to that part of the greatest s F(s) = average of f with weights s e^(-s t) for real s, from
the time itself to a thousand times it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

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

_STEPS = 36
"""Stays in a row for which these intervals serve."""

_EARLIER = np.array([1.0, 0.03, 0.001])
"""Of 1 over the time: real places at which a transform tells how much may be noise."""

_MOST_NUMBERS = 1 << 18
"""That are held of a transform at once, for more than one hyperbola."""


@cache
def _best(ratio: float) -> tuple[float, float]:
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
    transform: Transform, times: Floats, poles: Complexes | None, tolerance: float = TOLERANCE, *, steps: int = 1
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
    steps : int
        How many stays follow one another at most, a transform being a product of so many 1 / (z + hazards): it turns
        as fast along a contour, and rules that are all too coarse to see it turn may agree.

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
    first = np.array([times[group[0]] for group in groups])
    s = np.outer(1.0 / np.array([times[group[-1]] for group in groups]), _EARLIER).ravel() if groups else np.ones(1)
    at = transform(s.astype(np.complex128))
    shape = at.shape[1:]
    values, errors = np.zeros((len(times), *shape)), np.zeros((len(times), *shape))
    if not groups:
        return values, errors
    # Each stay in a row rounds once more.
    left, parts, rounding = list(range(len(groups))), -(-steps // _STEPS), ROUNDING * (1.0 + steps / 8.0)
    for vertex in _VERTICES[: 1 + (tolerance > 1e-6)]:
        inside = [] if poles is None else [g for g in left if _encloses(poles, vertex, float(first[g]), tolerance)]
        missed = [g for g in left if g not in inside]
        for some in _batches(inside, groups, parts * at[0].size):
            index = np.concatenate([groups[g] for g in some])
            which = np.repeat(np.arange(len(some)), [len(groups[g]) for g in some])
            rule = vertex, parts
            found, wrong, moduli = _on_hyperbolas(transform, times[index], first[some], which, rule, tolerance)
            wrong += rounding * moduli
            values[index], errors[index] = found.reshape(-1, *shape), wrong.reshape(-1, *shape)
            worst = np.zeros(len(some))
            np.maximum.at(worst, which, wrong.max(axis=1, initial=0.0))
            missed += [g for g, most in zip(some, worst, strict=True) if not most < max(1e-8, 10 * tolerance)]
        left = missed
    for g in left:
        for index in groups[g]:
            values[index], errors[index] = _on_line(transform, float(times[index]), tolerance, rounding)
    scales = np.abs(s.reshape(-1, *[1] * len(shape)) * at).reshape(len(groups), len(_EARLIER), *shape).max(axis=1)
    for group, scale in zip(groups, scales, strict=True):
        errors[group] += rounding * scale
    return values, errors


def _batches(which: list[int], groups: Sequence[Ints], width: int) -> Iterator[list[int]]:
    """Some of the groups in parts that fit the memory; most often all of them."""
    held = sum(len(groups[g]) for g in which) * _INTERVALS[-2] * width
    step = len(which) if held <= _MOST_NUMBERS else 1
    return (which[begin : begin + step] for begin in range(0, len(which), max(1, step)))


class _Hyperbola(NamedTuple):
    """A hyperbola for times from 1 to 2: its scale, the end of u, and the points of the first three rules.

    Those of each rule alone come after those of the ones before; ``slope``: dz/du, halved at 0.
    """

    scale: float
    end: float
    z: Complexes
    slope: Complexes


@cache
def _hyperbola(vertex: int, parts: int = 1) -> _Hyperbola:
    angle, a = _best(_RATIO)
    scale = (4 * math.pi * angle - math.pi**2) / a * vertex / _RATIO
    # To where the exponential is beyond rounding at the earliest time.
    end = math.acosh((1.0 + 40.0 / scale) / math.sin(angle))
    coarse, *finer = (parts * intervals for intervals in _INTERVALS[:3])
    u = [end / coarse * np.arange(coarse + 1)]
    u += [end / intervals * np.arange(1, intervals, 2) for intervals in finer]
    return _Hyperbola(scale, end, *_along(np.concatenate(u), scale, angle))


def _along(u: Floats, scale: float, angle: float) -> tuple[Complexes, Complexes]:
    """Points of a hyperbola, and dz/du, halved at 0."""
    z, slope = scale * (1.0 + np.sin(1j * u - angle)), 1j * scale * np.cos(1j * u - angle)
    return np.asarray(z, np.complex128), np.asarray(slope * np.where(u == 0, 0.5, 1.0), np.complex128)


def _encloses(poles: Complexes, vertex: int, time: float, tolerance: float) -> bool:
    """Whether every pole that is not negligible at the earliest time lies inside the hyperbola for it."""
    if not poles.size:
        return True
    scale, angle = _hyperbola(vertex).scale / time, _best(_RATIO)[0]
    matter = poles[poles.real * time > math.log(max(_NEGLIGIBLE, tolerance / 1000.0))]
    # On the hyperbola Re z = scale (1 - sin(angle) cosh u), Im z = scale cos(angle) sinh u.
    height = np.maximum((1.0 - matter.real / scale) / math.sin(angle), 1.0)
    edge = scale * math.cos(angle) * np.sqrt(height**2 - 1.0)
    return bool(np.all(np.abs(matter.imag) < 0.5 * edge + (matter.imag == 0)))


def _on_hyperbolas(
    transform: Transform, times: Floats, first: Floats, which: Ints, rule: tuple[int, int], tolerance: float
) -> tuple[Floats, Floats, Floats]:
    """The trapezoidal rule along hyperbolas, its step halved until nothing changes any more.

    Values, what is left to change, and sums of moduli, (m, n) each.

    Parameters
    ----------
    transform : callable
    times : (m,) float
    first : (G,) float
        The earliest time of each hyperbola.
    which : (m,) int
        The hyperbola of each time.
    rule : (int, int)
        The vertex, and how many parts an interval has.
    tolerance : float
    """
    scale, end, z, slope = _hyperbola(*rule)
    *rules, finest = (rule[1] * intervals for intervals in _INTERVALS)
    begin = first[which, None]
    # Two values may agree because both miss what is narrow; a third does not: three rules are taken, in one call.
    at = np.asarray(transform((z / first[:, None]).ravel()), np.complex128).reshape(len(first), len(z), -1)
    weights = np.exp(times[:, None] / begin * z) * slope / begin
    at = at[which] if len(first) > 1 else at
    total, changes, value, past = np.zeros(1), [], np.zeros(1), 0
    for intervals in rules:
        new = slice(past, past + (intervals // 2 if past else intervals + 1))
        total, before, past = total + _summed(weights[:, new], at[:, new]).imag, value, new.stop
        value = end / intervals / math.pi * total
        changes.append(np.abs(value - before))
    moduli, left = _summed(np.abs(weights), np.abs(at)), _left(changes[-1], changes[-2])
    # The last point of the first rule is where it ends: what lies beyond is about what it adds.
    beyond = 2.0 * end / rules[0] / math.pi * np.abs(weights[:, rules[0], None] * at[:, rules[0]])
    step = end / rules[-1] / math.pi
    late = left.max(axis=1, initial=0.0) > tolerance
    if late.any():
        # Whole hyperbolas: their times share the points.
        late = np.isin(which, which[late])
        odd = np.asarray(end / finest * np.arange(1, finest, 2), np.float64)
        z, slope = _along(odd, scale, _best(_RATIO)[0])
        again, place = np.unique(which[late], return_inverse=True)
        at = np.asarray(transform((z / first[again, None]).ravel()), np.complex128).reshape(len(again), len(z), -1)
        at = at[place] if len(again) > 1 else at
        weights = np.exp(times[late, None] / begin[late] * z) * slope / begin[late]
        finer = end / finest / math.pi * (total[late] + _summed(weights, at).imag)
        left[late] = _left(np.abs(finer - value[late]), changes[-1][late])
        value[late] = finer
        moduli[late] = (moduli[late] + _summed(np.abs(weights), np.abs(at))) / 2.0
    return value, left + beyond, step * moduli


def _summed(weights: Floats | Complexes, at: Floats | Complexes) -> Any:
    """Sums over points, (m, n), of weights (m, points) times numbers (m or 1, points, n)."""
    return weights @ at[0] if len(at) == 1 else np.matmul(weights[:, None], at)[:, 0]


def _left(change: Floats, last: Floats) -> Floats:
    """What is left: the change is the error of the value before, and halving about squares it."""
    return np.asarray(change * np.minimum(1.0, 10.0 * change / np.maximum(last, 1e-300)))


def _on_line(
    transform: Transform, time: float, tolerance: float, rounding: float, most: int = 20_000
) -> tuple[Floats, Floats]:
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
                error = change + folded + rounding * math.exp(decay / 2) / time * moduli
                return np.asarray(value, np.float64), np.asarray(error, np.float64)
        last, wanted = value, wanted * 2
    raise CascadeError(f"the curve at {time:g} h did not converge: the model circles too often before it ends")


class Rule(NamedTuple):
    """Points of a transform and weights that give its inverse at some times, for whoever inverts many alike.

    Attributes
    ----------
    z : (n,) complex
    weights : (m, n) complex
        The inverse at time i is the imaginary part of ``weights[i] @ F(z)``; 0 at times that are not positive.
    """

    z: Complexes
    weights: Complexes


def rule(times: Floats, intervals: int, parts: int = 1) -> Rule:
    """The trapezoidal rule along hyperbolas for transforms whose singularities are real.

    Parameters
    ----------
    times : (m,) float
    intervals : int
        Of each hyperbola: 18, 36, 72 or 144; whoever takes a rule compares it with ``invert``.
    parts : int
        Times as many, for transforms that turn fast.
    """
    h = _hyperbola(_VERTICES[0], parts)
    u = np.asarray(h.end / (parts * intervals) * np.arange(parts * intervals + 1), np.float64)
    z, slope = _along(u, h.scale, _best(_RATIO)[0])
    groups = list(_groups(times))
    weights = np.zeros((len(times), len(groups) * len(z)), np.complex128)
    points = []
    for g, group in enumerate(groups):
        first = times[group[0]]
        points.append(z / first)
        step = h.end / (parts * intervals) / math.pi
        weights[group, g * len(z) : (g + 1) * len(z)] = step * np.exp(times[group, None] / first * z) * slope / first
    return Rule(np.concatenate(points) if points else np.zeros(0, np.complex128), weights)
