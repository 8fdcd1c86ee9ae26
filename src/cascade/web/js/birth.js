// What a cell begins with: its state and time, and the frailties that make it unlike others.
// @ts-check
/** @import { Payload } from "./types.js" */

import { BOOST_ATTEMPT } from "./constants.js";
import { exp, minusLog, normalQuantile } from "./numerics.js";
import { frailtyDraws, rareStartWord, startDraws } from "./streams.js";

/**
 * State (after expansion) and time in which a cell starts.
 * @param {Payload} data
 * @param {number} cell
 * @returns {[number, number]}
 */
export function startOf(data, cell) {
  const [low, high] = data.entry_hours, { start_state, start_cumulative, start_below } = data;
  if (start_state.length === 1 && high === low) return [start_state[0], low];
  const [which, when] = startDraws(cell, data.key);
  let k = 0;
  if (start_below.length) {
    const word = rareStartWord(cell, data.key);
    while (k < start_below.length && word >= BigInt(start_below[k])) k++;
  } else while (k < start_cumulative.length - 1 && which >= start_cumulative[k]) k++;
  return [start_state[k], low + when * (high - low)];
}

/**
 * Logarithm of a gamma frailty of mean 1 (Marsaglia & Tsang, ACM Trans Math Softw 2000).
 * @param {number} shape
 * @param {number} f
 * @param {number} cell
 * @param {[number, number]} key
 */
function logGamma(shape, f, cell, key) {
  const boosted = shape >= 1 ? shape : shape + 1, d = boosted - 1.0 / 3.0, c = 1.0 / Math.sqrt(9.0 * d);
  const boost = shape < 1 ? -minusLog(frailtyDraws(cell, BOOST_ATTEMPT, f, key)[0]) / shape : 0;
  for (let attempt = 0; ; attempt++) {
    const [u, accept] = frailtyDraws(cell, attempt, f, key), x = normalQuantile(u);
    const v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
    if (v > 0 && -minusLog(accept) < 0.5 * x * x + d - d * v + d * -minusLog(v)) {
      return -minusLog(d * v) + boost - -minusLog(shape);
    }
  }
}

/**
 * Logarithm of a frailty of a cell.
 * @param {Payload} data
 * @param {number} cell
 * @param {number} f
 */
function logFrailty(data, cell, f) {
  const spread = data.frailty_spread[f];
  if (data.frailty_gamma[f]) return logGamma(spread, f, cell, data.key);
  return spread * normalQuantile(frailtyDraws(cell, 0, f, data.key)[0]) - 0.5 * spread * spread;
}

/**
 * What the frailties of a cell multiply its hazards by, for each profile.
 * @param {Payload} data
 * @param {number} cell
 */
export function traitsOf(data, cell) {
  const { profiles } = data, logs = profiles.map(() => 0);
  for (let f = 0; f < data.frailty_spread.length; f++) {
    const value = logFrailty(data, cell, f);
    for (let p = 1; p < logs.length; p++) if (profiles[p][f] !== 0) logs[p] += profiles[p][f] * value;
  }
  return logs.map((x, p) => (p === 0 ? 1 : exp(x)));
}
