// Lives on the clock of an animation: each stay is shown for as long as the logarithm of its
// length, so that seconds stand beside months.
// @ts-check
/** @import { Census, Point, SentLife, Stop, Track } from "./types.js" */

export const SINKING = 0.9; // seconds

/**
 * How long a stay is shown, in seconds.
 * @param {number} hours
 */
function shown(hours) {
  return Number.isFinite(hours) ? 0.35 + 0.22 * Math.log10(1 + hours * 3600) : Infinity;
}

/**
 * Where number i stands around the place of its state: spread evenly (by the plastic number).
 * @param {number} i
 * @returns {Point}
 */
function jitterOf(i) {
  return [((i * 0.7548776662) % 1) - 0.5, ((i * 0.5698402910) % 1) - 0.5];
}

/**
 * A life that begins at `begin` seconds.
 * @param {SentLife} life
 * @param {number} begin
 * @param {Point} jitter
 * @returns {Track}
 */
function trackOf(life, begin, jitter) {
  let at = begin;
  const stays = life.stays.map((stay) => ({ ...stay, left: stay.left ?? Infinity }));
  const stops = stays.map((stay) => {
    const from = at;
    at += shown(stay.left - stay.entered);
    return { from, to: at, stay };
  });
  return { life: { ...life, stays }, stops, x: 0, y: 0, jitter, begun: false, over: false };
}

/**
 * Lives one after the other, all begun within 20 seconds.
 * @param {SentLife[]} lives
 */
export function tracksOf(lives) {
  const seconds = Math.min(20, lives.length / 6);
  return lives.map((life, i) => trackOf(life, (i / lives.length) * seconds, jitterOf(i)));
}

/**
 * Seconds until all that ends has ended and sunk.
 * @param {Track[]} tracks
 */
export function lengthOf(tracks) {
  const ends = tracks.flatMap((track) => track.stops.map((stop) => stop.to)).filter(Number.isFinite);
  return SINKING + ends.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * The next end of a stay after a moment; Infinity: none.
 * @param {Track[]} tracks
 * @param {number} clock
 */
export function nextEvent(tracks, clock) {
  let next = Infinity;
  for (const { stops } of tracks) for (const stop of stops) if (stop.to > clock + 1e-9) next = Math.min(next, stop.to);
  return next;
}

/**
 * Number of the stay in which a cell is.
 * @param {Track} track
 * @param {number} clock
 */
export function stopAt(track, clock) {
  let found = 0;
  track.stops.forEach((stop, i) => { if (stop.from <= clock) found = i; });
  return found;
}

/**
 * Whether a stay has ended in death.
 * @param {Stop} stop
 * @param {number} clock
 */
export function diedBy(stop, clock) {
  return stop.stay.died && clock >= stop.to;
}

/**
 * Distinct cells by where they are: yet to come, under way by column, dead by column and cause.
 * @param {Track[]} tracks
 * @param {number} clock
 * @param {number} columns
 * @returns {Census}
 */
export function census(tracks, clock, columns) {
  const alive = new Array(columns).fill(0), dead = alive.map(() => Object.create(null));
  let waiting = 0;
  for (const track of tracks) {
    const stop = track.stops[stopAt(track, clock)], { stage, ended_by } = stop.stay;
    if (stop.from > clock) waiting += 1;
    else if (diedBy(stop, clock)) dead[stage][ended_by] = (dead[stage][ended_by] || 0) + 1;
    else alive[stage] += 1;
  }
  return { waiting, alive, dead, cells: tracks.length };
}

/** @param {Record<string, number>} causes */
export function allDead(causes) {
  return Object.values(causes).reduce((a, b) => a + b, 0);
}
