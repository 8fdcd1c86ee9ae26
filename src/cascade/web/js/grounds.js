// What lies behind the cells of a film: tissue, vessel walls, blood, drawn once for each size and style.
// @ts-check
/** @import { Box, Look } from "./types.js" */

/**
 * @typedef {(g: CanvasRenderingContext2D, box: Box, look: Look) => void} Ground
 */

/** Numbers that look drawn at random and are the same each time.
 * @param {number} i
 */
function scattered(i) {
  return (i * 0.7548776662) % 1;
}

/** @type {Ground} */
function primary(g, { x, y, w, h }, look) {
  g.fillStyle = look["--tissue"];
  g.beginPath();
  for (let k = 0; k <= 40; k++) {
    const a = (k / 40) * 2 * Math.PI, r = 1 + 0.08 * Math.sin(5 * a) + 0.05 * Math.sin(8 * a + 1);
    g.lineTo(x + w / 2 + 0.46 * w * r * Math.cos(a) * 0.95, y + 0.56 * h + 0.4 * h * r * Math.sin(a));
  }
  g.fill();
}

/** @type {Ground} */
function membrane(g, { x, y, w, h }, look) {
  g.strokeStyle = look["--tissue-dark"];
  g.lineWidth = 4;
  g.beginPath();
  for (let k = 0; k <= 30; k++) g.lineTo(x + (w * k) / 30, y + h - 3 + 1.5 * Math.sin(k * 1.1));
  g.stroke();
}

/** @type {Ground} */
function matrix(g, { x, y, w, h }, look) {
  g.strokeStyle = look["--tissue-dark"];
  g.lineWidth = 1;
  g.beginPath();
  for (let k = 0; k < 22; k++) {
    const a = scattered(k + 3), b = scattered(3 * k + 1), left = x + w * a - 0.1 * w, top = y + h * (0.15 + 0.75 * b);
    g.moveTo(Math.max(x, left), top);
    g.bezierCurveTo(left + 0.06 * w, top - 0.3 * h * (a - 0.5), left + 0.14 * w, top + 0.3 * h * (b - 0.3), Math.min(x + w, left + 0.2 * w), top + 0.1 * h);
  }
  g.stroke();
}

/** @type {Ground} */
function lumen(g, { x, y, w, h }, look) {
  g.fillStyle = look["--lumen"];
  g.fillRect(x, y, w, h);
  g.strokeStyle = look["--lumen-dark"];
  g.lineWidth = 1;
  g.beginPath();
  for (let k = 0; k < 14; k++) {
    const left = x + w * scattered(k + 5) * 0.9, top = y + h * (0.12 + 0.8 * scattered(2 * k + 9));
    g.moveTo(left, top);
    g.lineTo(left + 0.08 * w, top);
  }
  g.moveTo(x, y + 0.5);
  g.lineTo(x + w, y + 0.5);
  g.stroke();
}

/** @type {Ground} */
function capillary(g, { x, y, w, h }, look) {
  const number = 16, step = w / number;
  g.fillStyle = look["--lumen"];
  g.fillRect(x, y, w, h);
  g.fillStyle = look["--stage"];
  for (let k = 0; k <= number; k++) {
    const middle = x + k * step, half = 0.3 * step;
    g.beginPath();
    g.moveTo(middle - half, y + h);
    g.lineTo(middle - half, y + 0.35 * h + half);
    g.arc(middle, y + 0.35 * h + half, half, Math.PI, 0);
    g.lineTo(middle + half, y + h);
    g.fill();
  }
}

/** @type {Ground} */
function wall(g, box, look) {
  tissue(g, box, look);
  const { x, y, w } = box;
  g.fillStyle = look["--lumen-dark"];
  for (let k = 0; k < 14; k++) {
    g.beginPath();
    g.ellipse(x + ((k + 0.5) * w) / 14, y + 4, 0.027 * w, 3, 0, 0, 2 * Math.PI);
    g.fill();
  }
}

/** @type {Ground} */
function tissue(g, { x, y, w, h }, look) {
  const r = 15, dx = r * Math.sqrt(3), dy = 1.5 * r;
  g.save();
  g.beginPath();
  g.rect(x, y, w, h);
  g.clip();
  g.strokeStyle = look["--tissue"];
  g.lineWidth = 1.2;
  g.beginPath();
  for (let row = 0; row * dy < h + 2 * r; row++) {
    for (let col = -1; col * dx < w + 2 * r; col++) {
      const cx = x + col * dx + (row % 2 ? dx / 2 : 0), cy = y + row * dy;
      for (let k = 0; k < 4; k++) {
        const a = Math.PI / 6 + (k * Math.PI) / 3;
        if (k) g.lineTo(cx + r * Math.cos(a), cy + r * Math.sin(a));
        else g.moveTo(cx + r * Math.cos(a), cy + r * Math.sin(a));
      }
    }
  }
  g.stroke();
  g.restore();
}

/** @type {Record<string, Ground>} */
const GROUNDS = { primary, membrane, matrix, lumen, capillary, wall, tissue };

/**
 * The ground of all rows.
 * @param {CanvasRenderingContext2D} g
 * @param {string[]} kinds
 * @param {Box[]} boxes
 * @param {Look} look
 */
export function drawGrounds(g, kinds, boxes, look) {
  boxes.forEach((box, k) => {
    g.fillStyle = look["--stage"];
    g.fillRect(box.x, box.y, box.w, box.h);
    GROUNDS[kinds[k]](g, box, look);
  });
}
