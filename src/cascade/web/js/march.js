// The exact answer while hazards hold for some hours: where cells are afterwards, and what happened.
// @ts-check
/** @import { Exact, Solvable } from "./types.js" */

import { LEAST_LEFT } from "./constants.js";
import { addLost } from "./counting.js";
import { carried } from "./matrices.js";

/**
 * @typedef {object} Places pairs of furthest stage and state that cells can be in
 * @property {[level: number, state: number][]} pairs
 * @property {(level: number, state: number) => number} at number of a pair
 * @property {number[][]} leaving exits of each state that are used
 */

/**
 * Furthest stage after a move into a state.
 * @param {Solvable} model
 * @param {number} level
 * @param {number} state
 */
function furthest(model, level, state) {
  return Math.max(level, model.data.stage[state]);
}

/**
 * Exits of each state that are used at all.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 */
function usedExits(model, hazard) {
  /** @type {number[][]} */
  const leaving = model.data.base.map(() => []);
  hazard.forEach((rate, e) => { if (rate > 0) leaving[model.chain.exit_source[e]].push(e); });
  return leaving;
}

/**
 * @param {Solvable} model
 * @param {Float64Array} hazard
 * @param {Float64Array[]} there
 * @returns {Places}
 */
function reachable(model, hazard, there) {
  const size = model.data.base.length, leaving = usedExits(model, hazard), index = new Map();
  /** @type {[number, number][]} */
  const pairs = [];
  const add = (/** @type {number} */ level, /** @type {number} */ s) => {
    if (index.has(level * size + s)) return;
    index.set(level * size + s, pairs.length);
    pairs.push([level, s]);
  };
  there.forEach((shares, level) => shares.forEach((p, s) => { if (p > 0) add(level, s); }));
  // The list grows while it is gone through.
  for (const [level, s] of pairs) {
    for (const e of leaving[s]) {
      const to = model.chain.exit_target[e];
      if (to >= 0) add(furthest(model, level, to), to);
    }
  }
  return { pairs, leaving, at: (level, s) => index.get(level * size + s) };
}

/**
 * Jumps of the uniform chain times h, column by column; the dead are a place, too: the last.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 * @param {Places} places
 * @param {number[]} total
 * @param {number} q
 * @param {number} h
 */
function jumpsOf(model, hazard, { pairs, leaving, at }, total, q, h) {
  const n = pairs.length + 1, B = new Float64Array(n * n);
  pairs.forEach(([level, s], i) => {
    B[i * n + i] += (q - total[i]) * h;
    for (const e of leaving[s]) {
      const to = model.chain.exit_target[e], row = to < 0 ? n - 1 : at(furthest(model, level, to), to);
      B[row * n + i] += hazard[e] * h;
    }
  });
  B[n * n - 1] = q * h;
  return B;
}

/**
 * What goes through an exit, in the answer.
 * @param {Solvable} model
 * @param {Exact} answer
 * @param {number} level
 * @param {number} exit
 * @param {number} flow
 */
function note(model, answer, level, exit, flow) {
  const { exit_target, exit_transition } = model.chain, { stage, stages, transitions } = model.data;
  const to = exit_target[exit];
  if (to < 0) addLost(answer.lost[Math.min(level, stages.length - 1)], transitions[exit_transition[exit]].way, flow);
  else for (let k = level; k < stage[to]; k++) answer.passed[k] += flow;
}

/**
 * Some hours: `there` (by furthest stage, by state) is changed in place.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 * @param {number} weight
 * @param {Exact} answer
 * @param {Float64Array[]} there
 * @param {number} hours
 */
export function march(model, hazard, weight, answer, there, hours) {
  const places = reachable(model, hazard, there), { pairs, leaving } = places, n = pairs.length + 1;
  const total = pairs.map(([, s]) => leaving[s].reduce((sum, e) => sum + hazard[e], 0));
  const q = Math.max(LEAST_LEFT, ...total);
  const before = Float64Array.from([...pairs.map(([level, s]) => there[level][s]), 0]);
  const { left, spent } = carried((h) => jumpsOf(model, hazard, places, total, q, h), n, q, hours, before);
  pairs.forEach(([level, s], i) => {
    for (const e of leaving[s]) note(model, answer, level, e, weight * hazard[e] * spent[i]);
    there[level][s] = left[i];
  });
}
