// Shares as people read them: the rule of cascade/common/shares.py, in decimals as exact as there.
// @ts-check

import { FIGURES, LEAST_IN_PERCENT, POWERS_FROM } from "./constants.js";

/** @param {number} power */
function ten(power) {
  return 10n ** BigInt(power);
}

/**
 * The shortest decimal that is this double: a whole number over a power of ten.
 * @param {number} value
 * @returns {[bigint, number]}
 */
function exactly(value) {
  const [digits, power] = value.toExponential().split("e"), [first, more = ""] = digits.split(".");
  const places = more.length - Number(power), whole = BigInt(first + more);
  return places < 0 ? [whole * ten(-places), 0] : [whole, places];
}

/**
 * The nearest whole number to a fraction; of two the even one.
 * @param {bigint} over
 * @param {bigint} under
 */
function nearest(over, under) {
  const down = over / under, twice = 2n * (over % under);
  return twice > under || (twice === under && down % 2n) ? down + 1n : down;
}

/**
 * 1 in N; N as a power where nobody could count the zeros.
 * @param {bigint} whole
 * @param {bigint} scale
 */
function oneIn(whole, scale) {
  const unit = ten(Math.max(0, String(scale / whole).length - FIGURES)), n = nearest(scale, whole * unit) * unit;
  if (n < BigInt(POWERS_FROM)) return `1 in ${n.toLocaleString("en")}`;
  const digits = String(n), kept = digits.replace(/0+$/, "");
  return `1 in ${kept[0]}${kept.length > 1 ? "." : ""}${kept.slice(1)}e${digits.length - 1}`;
}

/**
 * A share as per cent with three figures that count; below one in ten thousand as 1 in N.
 * @param {number} fraction from 0 to 1
 */
export function percent(fraction) {
  const [whole, places] = exactly(fraction), scale = ten(places), rest = scale - whole;
  if (whole === 0n) return "0 %";
  if (fraction < LEAST_IN_PERCENT) return oneIn(whole, scale);
  if (rest > 0n && rest * 1000000n < scale) return "above 99.9999 %";
  let decimals = Math.max(0, FIGURES - 2 - String(whole).length + places);
  // A figure less where rounding adds one before the point.
  if (decimals && String(nearest(100n * ten(decimals) * whole, scale)).length > FIGURES) decimals -= 1;
  // What is less than 100 is not rounded to it.
  while (rest > 0n && nearest(100n * ten(decimals) * whole, scale) === 100n * ten(decimals)) decimals += 1;
  const digits = String(nearest(100n * ten(decimals) * whole, scale)).padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${digits.slice(0, point)}${decimals ? "." : ""}${digits.slice(point)} %`;
}

/**
 * A share in whole per cent; '<1 %' rather than 0, '>99 %' rather than 100.
 * @param {number} fraction
 */
export function wholePercent(fraction) {
  const value = 100 * fraction, up = Math.round(value);
  // Of two that are as near, the even one.
  const whole = up - value === 0.5 && up % 2 ? up - 1 : up;
  if (whole === 0 && fraction > 0) return "<1 %";
  return whole === 100 && fraction < 1 ? ">99 %" : `${whole} %`;
}
