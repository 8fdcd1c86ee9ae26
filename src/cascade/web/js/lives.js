// Lives in words, as histories.py tells them.
// @ts-check
/** @import { Life, Payload, Stay, Told, Unit } from "./types.js" */

/**
 * A stay in a state; exit -1: still there.
 * @param {Payload} data
 * @param {number} state
 * @param {number} entered
 * @param {number} left
 * @param {number} exit
 * @returns {Stay}
 */
function stayIn(data, state, entered, left, exit) {
  return {
    state: data.states[data.base[state]],
    stage: data.stage[state],
    entered,
    left,
    ended_by: exit < 0 ? "" : data.transitions[data.exit_transition[exit]].way,
    died: exit >= 0 && data.exit_target[exit] < 0,
    level: data.levels.length ? data.levels[state] : "",
  };
}

/**
 * The lives of all units that `run` goes through, by lowest member; phases of a state are one stay.
 * @param {Payload} data
 * @param {(each: Told) => Unit[]} run
 */
export function livesOf(data, run) {
  /** @type {Map<number, Life & { entered: number }>} */
  const found = new Map();
  run((unit, state, _, left, exit) => {
    const life = found.get(unit.member) ?? { member: unit.member, size: data.size_of[state], stays: [], entered: unit.time };
    found.set(unit.member, life);
    if (exit >= 0 && data.exit_inner[exit]) return;
    life.stays.push(stayIn(data, state, life.entered, left, exit));
    life.entered = left;
  });
  return [...found.values()].sort((a, b) => a.member - b.member);
}
