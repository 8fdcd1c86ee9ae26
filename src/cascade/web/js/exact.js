// The exact answer: shares of cells, the mean over the points of the frailties.
// @ts-check
/** @import { Exact, Solvable } from "./types.js" */

import { addFounded, noneLost } from "./counting.js";
import { finish } from "./funnel.js";
import { march } from "./march.js";
import { hazardsIn } from "./rates.js";

/**
 * Shares of cells at the start by furthest stage and state.
 * @param {Solvable} model
 * @param {number} weight
 * @param {Exact} answer
 */
function startShares({ data, chain }, weight, answer) {
  const there = Array.from({ length: data.stages.length + 1 }, () => new Float64Array(data.base.length));
  chain.start_state.forEach((s, k) => {
    const share = chain.start_share[k];
    there[data.stage[s]][s] += share;
    for (let j = 0; j < data.stage[s]; j++) answer.passed[j] += weight * share;
  });
  return there;
}

/**
 * What one point of the frailties adds.
 * @param {Solvable} model
 * @param {Float64Array[]} hazards by window
 * @param {number} weight
 * @param {Exact} answer
 */
function addPoint(model, hazards, weight, answer) {
  const there = startShares(model, weight, answer);
  let now = model.data.entry_hours[0];
  hazards.forEach((hazard, w) => {
    const end = model.ends[w];
    if (end <= now) return;
    if (end === Infinity) finish(model, hazard, weight, answer, there);
    else march(model, hazard, weight, answer, there, end - now);
    now = end;
  });
  if (model.until === Infinity) return;
  model.data.stages.forEach((_, level) => { for (const p of there[level]) answer.still[level] += weight * p; });
  there.forEach((shares) => shares.forEach((p, s) => addFounded(model.data, answer, s, weight * p)));
}

/**
 * @param {Solvable} model
 * @returns {Exact}
 */
export function exactAnswer(model) {
  const { data, chain } = model;
  const none = () => data.stages.map(() => 0);
  const kinds = data.kinds.map(() => 0), founded = data.base.map(() => 0);
  const answer = { passed: none(), lost: noneLost(data), still: none(), kinds, founded };
  const alike = model.ends.map((_, w) => hazardsIn(data, chain, w, model.factors, model.entering));
  for (const [weight, ...z] of data.nodes) {
    const hazards = alike.map((list) => list.map((hazard, e) => hazard * z[chain.exit_profile[e]]));
    addPoint(model, hazards, weight, answer);
  }
  return answer;
}
