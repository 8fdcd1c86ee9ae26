"""Logarithm, exponential and normal quantile that give the same bits on every machine.

Only ``+ - * /`` and moves of bits are used, in a fixed order and without fused
multiply-add, so that a draw is the same on every IEEE-754 processor.  The system's
own ``log`` and ``exp`` differ in the last bit from one C library to the next.
"""

from __future__ import annotations

import math

import numpy as np
from numba import config, njit

# Bits of doubles.
BITS_OF_ONE = np.int64(0x3FF0000000000000)
BITS_OF_SQRT_HALF = np.int64(0x3FE6A09E00000000)
MANTISSA_MASK = np.int64(0x000FFFFFFFFFFFFF)
EXPONENT_SHIFT = np.int64(52)
BIAS = np.int64(1023)

LN2 = 0.6931471805599453
# In two parts: the first has 21 trailing zero bits, so that k times it is exact.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
LOG2_E = 1.44269504088896338700e00

# Minimax polynomials of the logarithm and of the exponential, lowest power first.
LOG_1 = 6.666666666666735130e-01
LOG_2 = 3.999999999940941908e-01
LOG_3 = 2.857142874366239149e-01
LOG_4 = 2.222219843214978396e-01
LOG_5 = 1.818357216161805012e-01
LOG_6 = 1.531383769920937332e-01
LOG_7 = 1.479819860511658591e-01
EXP_1 = 1.66666666666666019037e-01
EXP_2 = -2.77777777770155933842e-03
EXP_3 = 6.61375632143793436117e-05
EXP_4 = -1.65339022054652515390e-06
EXP_5 = 4.13813679705723846039e-08

MOST_EXPONENT = 700.0

if config.DISABLE_JIT:  # measuring coverage: the same bits from NumPy scalars

    def bits_of(x):
        """Bits of a double as a 64-bit integer."""
        return np.float64(x).view(np.int64)

    def double_of(bits):
        """Double with the given 64 bits."""
        return np.int64(bits).view(np.float64)

else:
    from numba.core import types
    from numba.extending import intrinsic

    @intrinsic
    def bits_of(typing_context, x):  # noqa: ARG001 (numba calls it so)
        """Bits of a double as a 64-bit integer."""

        def generate(context, builder, signature, args):  # noqa: ARG001
            return builder.bitcast(args[0], context.get_value_type(types.int64))

        return types.int64(types.float64), generate

    @intrinsic
    def double_of(typing_context, bits):  # noqa: ARG001
        """Double with the given 64 bits."""

        def generate(context, builder, signature, args):  # noqa: ARG001
            return builder.bitcast(args[0], context.get_value_type(types.float64))

        return types.float64(types.int64), generate


@njit(error_model="numpy", inline="always")
def minus_log(x):
    """Minus the natural logarithm of a positive normal double, with a relative error of 3e-16.

    With x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and s = f / (2 + f):
    log(1 + f) = f - s (f - R(s^2)), R a minimax polynomial.

    References
    ----------
    Tang PTP. ACM Trans Math Softw 1990;16:378-400 (the method); coefficients as
    published in Sun's freely distributable mathematical library, 1993.
    """
    shifted = bits_of(x) + (BITS_OF_ONE - BITS_OF_SQRT_HALF)
    k = float((shifted >> EXPONENT_SHIFT) - BIAS)
    f = double_of((shifted & MANTISSA_MASK) + BITS_OF_SQRT_HALF) - 1.0
    s = f / (2.0 + f)
    z = s * s
    r = LOG_6 + z * LOG_7
    r = LOG_4 + z * (LOG_5 + z * r)
    r = LOG_2 + z * (LOG_3 + z * r)
    r = z * (LOG_1 + z * r)
    return (s * (f - r) - f) - k * LN2


@njit(error_model="numpy")
def log(x):
    """Natural logarithm of a positive normal double; see ``minus_log``."""
    return -minus_log(x)


@njit(error_model="numpy")
def exp(x):
    """Exponential of ``x``, within 1 ulp; clamped to the normal range at |x| > `MOST_EXPONENT`.

    With x = k ln 2 + r, |r| <= ln(2)/2: exp(r) = 1 + r + r c / (2 - c), where
    c = r - r^2 P(r^2), P a minimax polynomial.

    References
    ----------
    Tang PTP. ACM Trans Math Softw 1989;15:144-157 (the method); coefficients as
    published in Sun's freely distributable mathematical library, 1993.
    """
    x = min(max(x, -MOST_EXPONENT), MOST_EXPONENT)
    k = math.floor(x * LOG2_E + 0.5)
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (EXP_1 + t * (EXP_2 + t * (EXP_3 + t * (EXP_4 + t * EXP_5))))
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    return y * double_of((np.int64(k) + BIAS) << EXPONENT_SHIFT)


# AS 241: near 1/2 a function of (p - 1/2)^2, beyond it one of r = sqrt(-log p), far out another.
MOST_CENTRAL = 0.425
CENTRE_SQUARE = 0.180625
TAIL_SHIFT = 1.6
FAR_TAIL_FROM = 5.0
# Rational approximations, highest power first: (numerator, denominator).
CENTRE = (
    (
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ),
    (
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ),
)
TAIL = (
    (
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ),
    (
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ),
)
FAR_TAIL = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ),
    (
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ),
)


# exp(-25): there r = FAR_TAIL_FROM.
_FAR = 1.3887943864964021e-11


@njit(error_model="numpy")
def _ratio(coefficients, x):
    """Ratio of two polynomials by Horner's rule."""
    top = 0.0
    bottom = 0.0
    for a in coefficients[0]:
        top = top * x + a
    for b in coefficients[1]:
        bottom = bottom * x + b
    return top / bottom


@njit(error_model="numpy")
def _tail(p):
    """Quantile for |p - 1/2| > 0.425."""
    r = math.sqrt(-log(min(p, 1.0 - p)))
    z = _ratio(TAIL, r - TAIL_SHIFT) if r <= FAR_TAIL_FROM else _ratio(FAR_TAIL, r - FAR_TAIL_FROM)
    return z if p > 0.5 else -z


@njit(error_model="numpy")
def normal_quantile(p):
    """Quantile of the standard normal distribution for 0 < p < 1 (relative error 1e-15).

    References
    ----------
    Wichura MJ. Algorithm AS 241: the percentage points of the normal distribution.
    Appl Stat 1988;37:477-484 (routine PPND16).
    """
    q = p - 0.5
    return q * _ratio(CENTRE, CENTRE_SQUARE - q * q) if abs(q) <= MOST_CENTRAL else _tail(p)


@njit(error_model="numpy")
def normal_quantiles(p, values, tails, room):
    """``normal_quantile`` of every ``p`` into ``values``; ``tails`` and ``room`` are room for rows."""
    # Loops without branches: the centre for all, then the tails (15 %) gathered.
    for i in range(p.size):
        q = p[i] - 0.5
        values[i] = q * _ratio(CENTRE, CENTRE_SQUARE - q * q)
    number = 0
    for i in range(p.size):
        tails[number] = np.uint32(i)
        number += np.int64(abs(p[i] - 0.5) > MOST_CENTRAL)
    for j in range(number):
        room[j] = p[tails[j]]
    for j in range(number):
        q = room[j]
        z = _ratio(TAIL, math.sqrt(minus_log(min(q, 1.0 - q))) - TAIL_SHIFT)
        room[j] = z if q > 0.5 else -z
    for j in range(number):
        q = p[tails[j]]
        # Beyond exp(-25) another approximation holds: once in 10^10 draws.
        values[tails[j]] = _tail(q) if min(q, 1.0 - q) < _FAR else room[j]
