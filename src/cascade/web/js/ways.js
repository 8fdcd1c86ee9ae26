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
 * A text in lines of a width, as they would be drawn now; what has no room ends with dots.
 * @param {CanvasRenderingContext2D} g
 * @param {string} text
 * @param {number} width in pixels
 * @param {number} most lines
 */
export function inLines(g, text, width, most) {
  const fits = (/** @type {string} */ line) => g.measureText(line).width <= width, lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1, longer = lines[last] ? `${lines[last]} ${word}` : word;
    if (!lines[last] || fits(longer)) lines[last] = longer;
    else lines.push(word);
  }
  const shown = lines.slice(0, most);
  return shown.map((line, i) => {
    const cut = i === most - 1 && lines.length > most;
    if (!cut && fits(line)) return line;
    let end = line.length;
    while (end > 1 && !fits(`${line.slice(0, end)}…`)) end -= 1;
    return `${line.slice(0, end).trimEnd()}…`;
  });
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
