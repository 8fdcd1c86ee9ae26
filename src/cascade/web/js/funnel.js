// The exact answer where hazards hold for good: through one stage after the other.
// @ts-check
/** @import { Exact, Solvable } from "./types.js" */

import { addFounded, addLost } from "./counting.js";
import { solved } from "./matrices.js";

/**
 * Summed hazard of each state.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 */
function totals(model, hazard) {
  const total = new Float64Array(model.data.base.length), { exit_source } = model.chain;
  for (let e = 0; e < hazard.length; e++) total[exit_source[e]] += hazard[e];
  return total;
}

/**
 * Times x in the states `here`, 0 elsewhere: they solve (D - R)^T x = inflow.
 * @param {Solvable} model
 * @param {number[]} here
 * @param {Float64Array} hazard
 * @param {Float64Array} total
 * @param {Float64Array} inflow
 */
function timesIn(model, here, hazard, total, inflow) {
  const n = here.length, size = total.length, index = new Int32Array(size).fill(-1);
  const a = new Float64Array(n * (n + 1));
  here.forEach((s, i) => {
    index[s] = i;
    a[i * (n + 1) + i] = total[s];
    a[i * (n + 1) + n] = inflow[s];
  });
  const { exit_source, exit_target } = model.chain;
  for (let e = 0; e < hazard.length; e++) {
    const from = index[exit_source[e]], to = exit_target[e] < 0 ? -1 : index[exit_target[e]];
    if (from >= 0 && to >= 0) a[to * (n + 1) + from] -= hazard[e];
  }
  const found = solved(a, n), x = new Float64Array(size);
  here.forEach((s, i) => { x[s] = found[i]; });
  return x;
}

/**
 * Cells that have reached stage `level` and none beyond, until they die, go further or stay for good.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 * @param {Float64Array} total
 * @param {number} weight
 * @param {Exact} answer
 * @param {Float64Array[]} inflow by furthest stage, by state
 * @param {number} level
 */
function goThrough(model, hazard, total, weight, answer, inflow, level) {
  const { stage, transitions } = model.data, { exit_source, exit_target, exit_transition } = model.chain;
  const here = [];
  for (let s = 0; s < total.length; s++) {
    if (stage[s] > level) continue;
    if (total[s] > 0) here.push(s);
    else stay(model, answer, level, s, weight * inflow[level][s]);
  }
  const x = timesIn(model, here, hazard, total, inflow[level]);
  for (let e = 0; e < hazard.length; e++) {
    const flow = x[exit_source[e]] * hazard[e], to = exit_target[e];
    if (!flow) continue;
    if (to < 0) addLost(answer.lost[level], transitions[exit_transition[e]].way, weight * flow);
    else if (stage[to] > level) {
      inflow[stage[to]][to] += flow;
      for (let k = level; k < stage[to]; k++) answer.passed[k] += weight * flow;
    } else if (total[to] === 0) stay(model, answer, level, to, weight * flow);
  }
}

/**
 * Cells that stay in a state for good.
 * @param {Solvable} model
 * @param {Exact} answer
 * @param {number} level
 * @param {number} state
 * @param {number} more
 */
function stay({ data }, answer, level, state, more) {
  answer.still[level] += more;
  addFounded(data, answer, state, more);
}

/**
 * All that is to come, from where cells are.
 * @param {Solvable} model
 * @param {Float64Array} hazard
 * @param {number} weight
 * @param {Exact} answer
 * @param {Float64Array[]} inflow
 */
export function finish(model, hazard, weight, answer, inflow) {
  const total = totals(model, hazard);
  for (let level = 0; level < model.data.stages.length; level++) {
    goThrough(model, hazard, total, weight, answer, inflow, level);
  }
  inflow[model.data.stages.length].forEach((p, s) => addFounded(model.data, answer, s, weight * p));
}
