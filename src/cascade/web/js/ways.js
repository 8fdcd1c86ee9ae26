// How a cell goes from one place to the next, and what both pictures share.
// @ts-check
/** @import { Point } from "./types.js" */

export const NARROW = 620; // pixels

/**
 * A font of both pictures.
 * @param {number} size in pixels
 */
export function font(size) {
  return `${size}px system-ui, sans-serif`;
}

/**
 * Slowly away, slowly in.
 * @param {number} gone
 */
export function eased(gone) {
  return gone * gone * (3 - 2 * gone);
}

/**
 * The point at a part of the way along some points.
 * @param {Point[]} points
 * @param {number} part
 * @returns {Point}
 */
export function along(points, part) {
  const lengths = points.slice(1).map((p, i) => Math.hypot(p[0] - points[i][0], p[1] - points[i][1]));
  let left = part * lengths.reduce((a, b) => a + b, 0);
  for (let i = 0; i < lengths.length; i++) {
    if (left <= lengths[i] && lengths[i] > 0) {
      const f = left / lengths[i], [from, to] = [points[i], points[i + 1]];
      return [from[0] * (1 - f) + to[0] * f, from[1] * (1 - f) + to[1] * f];
    }
    left -= lengths[i];
  }
  return points[points.length - 1];
}
