// Hazards and their sums in each window of the environment, with the sliders as they stand.
// @ts-check
/** @import { Chain, Payload, Rates } from "./types.js" */

import { RARE } from "./constants.js";

/**
 * Ends of the windows; the last lasts until the end of the run.
 * @param {Payload} data
 */
export function windowEnds(data) {
  const until = data.until === null ? Infinity : data.until;
  return [...data.window_start.slice(1).filter((t) => t < until), until];
}

/**
 * Hazards of the exits of a chain in a window.
 * @param {Payload} data
 * @param {Chain} chain
 * @param {number} window
 * @param {number[]} factors on deaths, by step
 * @param {number[]} entering factors on the ways into the blood, by class of cells; none without a slider of them
 */
export function hazardsIn(data, chain, window, factors, entering) {
  const changed = data.multipliers[window];
  return Float64Array.from(chain.exit_hazard, (hazard, e) => {
    const deaths = chain.exit_target[e] < 0 ? factors[data.stage[chain.exit_source[e]]] : 1;
    const t = chain.exit_transition[e], came = data.held && entering.length ? entering[data.held.entry[t]] : 1;
    return (deaths * came === 1 ? hazard : hazard * deaths * came) * changed[t];
  });
}

/**
 * Whether some hazards of a group of exits are a cell's own.
 * @param {Payload} data
 */
export function ownGroups(data) {
  const { exit_start, exit_profile } = data;
  const own = (/** @type {number} */ g) => exit_profile.slice(exit_start[g], exit_start[g + 1]).some((p) => p > 0);
  return Uint8Array.from({ length: exit_start.length - 1 }, (_, g) => Number(own(g)));
}

/**
 * What holds in a window that ends at `end`.
 * @param {Payload} data
 * @param {Float64Array} hazard
 * @param {number} end
 * @returns {Rates}
 */
export function ratesIn(data, hazard, end) {
  const groups = data.exit_start.length - 1, profiles = data.profiles.length;
  const parts = new Float64Array(groups * profiles), mean = new Float64Array(groups);
  const bound = new Float64Array(hazard.length).fill(2), rare = new Uint8Array(groups);
  for (let g = 0; g < groups; g++) {
    const total = sumParts(data, hazard, g, parts);
    mean[g] = 1 / total;
    if (total > 0) sumShares(data, hazard, g, total, bound);
    rare[g] = holdsRare(hazard.subarray(data.exit_start[g], data.exit_start[g + 1]), total);
  }
  const ticking = sumSwitches(data, hazard), switches = data.clock_start;
  const rareSwitch = Uint8Array.from(ticking, (total, c) => holdsRare(hazard.subarray(switches[c], switches[c + 1]), total));
  return { hazard, parts, mean, bound, rare, ticking, rareSwitch, end };
}

/**
 * Sum of the hazards of a group, and by profile in `parts`; in order, as the package sums.
 * @param {Payload} data
 * @param {Float64Array} hazard
 * @param {number} g
 * @param {Float64Array} parts
 */
function sumParts(data, hazard, g, parts) {
  let total = 0;
  for (let e = data.exit_start[g]; e < data.exit_start[g + 1]; e++) {
    total += hazard[e];
    parts[g * data.profiles.length + data.exit_profile[e]] += hazard[e];
  }
  return total;
}

/**
 * Cumulative shares of the exits of a group; that of the last stays beyond every draw.
 * @param {Payload} data
 * @param {Float64Array} hazard
 * @param {number} g
 * @param {number} total
 * @param {Float64Array} bound
 */
function sumShares(data, hazard, g, total, bound) {
  let sum = 0;
  for (let e = data.exit_start[g]; e < data.exit_start[g + 1] - 1; e++) {
    sum += hazard[e];
    bound[e] = sum / total;
  }
}

/**
 * Summed hazards of the switches of each clock in each state.
 * @param {Payload} data
 * @param {Float64Array} hazard
 */
function sumSwitches(data, hazard) {
  const slots = data.clocks.length * data.base.length, ticking = new Float64Array(slots);
  for (let c = 0; c < slots; c++) {
    for (let e = data.clock_start[c]; e < data.clock_start[c + 1]; e++) ticking[c] += hazard[e];
  }
  return ticking;
}

/**
 * Whether one of the hazards that sum to a total is rare.
 * @param {Float64Array} hazards
 * @param {number} total
 */
function holdsRare(hazards, total) {
  return Number(hazards.some((hazard) => hazard > 0 && hazard / total < RARE));
}
