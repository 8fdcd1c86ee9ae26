// Cells counted one by one, and sums by cause.
// @ts-check
/** @import { Counts, Exact, Payload, Unit } from "./types.js" */

/**
 * More lost by a cause.
 * @param {Record<string, number>} lost
 * @param {string} cause
 * @param {number} more
 */
export function addLost(lost, cause, more) {
  lost[cause] = (lost[cause] || 0) + more;
}

/**
 * Nothing lost yet, for each step.  Without a prototype: a cause may have any name.
 * @param {Payload} data
 * @returns {Record<string, number>[]}
 */
export function noneLost(data) {
  return data.stages.map(() => Object.create(null));
}

/**
 * More that are in a state for good: if it is a colony, one of its kind.
 * @param {Payload} data
 * @param {number[]} kinds
 * @param {number} state
 * @param {number} more
 */
export function addKind(data, kinds, state, more) {
  const kind = data.kind_of[state];
  if (kind >= 0) kinds[kind] += more;
}

/**
 * A larger share of all cells that is in a state for good: if it is a colony, of this state and of its kind.
 * @param {Payload} data
 * @param {Exact} answer
 * @param {number} state
 * @param {number} more
 */
export function addFounded(data, answer, state, more) {
  if (data.kind_of[state] >= 0) answer.founded[state] += more;
  addKind(data, answer.kinds, state, more);
}

/**
 * Nothing counted yet.
 * @param {Payload} data
 * @returns {Counts}
 */
export function noCounts(data) {
  return { founders: 0, cells: 0, passed: data.stages.map(() => 0), lost: noneLost(data), kinds: data.kinds.map(() => 0) };
}

/**
 * A unit at its end counts as its cells.
 * @param {Payload} data
 * @param {Counts} counts
 * @param {Unit} unit
 */
export function countUnit(data, counts, { state, furthest, exit, size }) {
  counts.cells += size;
  for (let k = 0; k < furthest; k++) counts.passed[k] += size;
  if (exit < 0) return addKind(data, counts.kinds, state, size);
  const lost = counts.lost[Math.min(furthest, data.stages.length - 1)];
  addLost(lost, data.transitions[data.exit_transition[exit]].way, size);
}
