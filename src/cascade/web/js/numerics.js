// Logarithm, exponential and normal quantile, in the operations and the order of numerics.py.
// @ts-check

import {
  BIAS, CENTRE, CENTRE_SQUARE, EXP_1, EXP_2, EXP_3, EXP_4, EXP_5, EXPONENT_SHIFT, FAR_TAIL, FAR_TAIL_FROM,
  HIGH_OF_MANTISSA, HIGH_OF_ONE, HIGH_OF_SQRT_HALF, LN2, LN2_HIGH, LN2_LOW, LOG_1, LOG_2, LOG_3, LOG_4, LOG_5, LOG_6,
  LOG_7, LOG2_E, MOST_CENTRAL, MOST_EXPONENT, TAIL, TAIL_SHIFT, WORD_BITS,
} from "./constants.js";

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const HIGH_SHIFT = EXPONENT_SHIFT - WORD_BITS;

/**
 * Minus the natural logarithm.
 * @param {number} x
 */
export function minusLog(x) {
  double[0] = x;
  // The bits plus those of 1 less those of sqrt(1/2): low words are 0, but for x itself.
  const shifted = words[1] + (HIGH_OF_ONE - HIGH_OF_SQRT_HALF);
  const k = (shifted >>> HIGH_SHIFT) - BIAS;
  words[1] = (shifted & HIGH_OF_MANTISSA) + HIGH_OF_SQRT_HALF;
  const f = double[0] - 1.0;
  const s = f / (2.0 + f);
  const z = s * s;
  let r = LOG_6 + z * LOG_7;
  r = LOG_4 + z * (LOG_5 + z * r);
  r = LOG_2 + z * (LOG_3 + z * r);
  r = z * (LOG_1 + z * r);
  return s * (f - r) - f - k * LN2;
}

/**
 * Exponential.
 * @param {number} given
 */
export function exp(given) {
  const x = Math.min(Math.max(given, -MOST_EXPONENT), MOST_EXPONENT);
  const k = Math.floor(x * LOG2_E + 0.5);
  const high = x - k * LN2_HIGH, low = k * LN2_LOW, r = high - low;
  const t = r * r;
  const c = r - t * (EXP_1 + t * (EXP_2 + t * (EXP_3 + t * (EXP_4 + t * EXP_5))));
  double[0] = 0;
  words[1] = (k + BIAS) << HIGH_SHIFT;
  return (1.0 - ((low - (r * c) / (2.0 - c)) - high)) * double[0];
}

/**
 * Ratio of two polynomials by Horner's rule.
 * @param {number[][]} coefficients
 * @param {number} x
 */
function ratio(coefficients, x) {
  let top = 0, bottom = 0;
  for (const a of coefficients[0]) top = top * x + a;
  for (const b of coefficients[1]) bottom = bottom * x + b;
  return top / bottom;
}

/**
 * Quantile of the standard normal distribution, by AS 241 (Wichura, Appl Stat 1988).
 * @param {number} p
 */
export function normalQuantile(p) {
  const q = p - 0.5;
  if (Math.abs(q) <= MOST_CENTRAL) return q * ratio(CENTRE, CENTRE_SQUARE - q * q);
  const r = Math.sqrt(minusLog(Math.min(p, 1.0 - p)));
  const z = r <= FAR_TAIL_FROM ? ratio(TAIL, r - TAIL_SHIFT) : ratio(FAR_TAIL, r - FAR_TAIL_FROM);
  return p > 0.5 ? z : -z;
}
