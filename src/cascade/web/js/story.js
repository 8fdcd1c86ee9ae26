// Lives and times in words.
// @ts-check
/** @import { ShownLife, Stay } from "./types.js" */

import { HOURS_PER_DAY, HOURS_PER_YEAR } from "./constants.js";

const LONGEST = 14;
/** @type {[string, number][]} */
const TIMES = [
  ["s", 1 / 3600], ["min", 1 / 60], ["h", 1], ["d", HOURS_PER_DAY], ["months", HOURS_PER_YEAR / 12], ["years", HOURS_PER_YEAR],
];

/**
 * A time in the unit in which it is read best.
 * @param {number} hours
 */
export function duration(hours) {
  if (!Number.isFinite(hours)) return "for good";
  let best = TIMES[0];
  for (const time of TIMES) if (hours >= 1.5 * time[1]) best = time;
  return `${Number((hours / best[1]).toPrecision(3))} ${best[0]}`;
}

/**
 * A name of a model for readers.
 * @param {string} name
 */
export function spaced(name) {
  return name.replaceAll("_", " ");
}

/** @param {Stay} stay */
function stayInWords(stay) {
  const here = `${spaced(stay.state)}${stay.level ? ` (${stay.level})` : ""} ${duration(stay.left - stay.entered)}`;
  return stay.died ? `${here}, died of ${stay.ended_by}` : here;
}

/**
 * A cell's story; of a very long one the begin and the end.
 * @param {ShownLife} life
 */
export function story(life) {
  const parts = life.stays.map(stayInWords), more = parts.length - LONGEST;
  if (more > 1) parts.splice(LONGEST / 2, more, `(${more} more)`);
  const size = life.size > 1 ? `, a cluster of ${life.size},` : "";
  return `Cell ${life.cell}${size}: ${parts.join(" → ")}.`;
}
