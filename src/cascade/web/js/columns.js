// The picture of any model: a column for each step, a band for each state in it.  A cell waits in
// its band, goes on, or turns the colour of its cause of death and sinks.
// @ts-check
/** @import { Cast, Census, Point, Stay, Track, View } from "./types.js" */

import { GRID, INK, QUIET } from "./constants.js";
import { spaced } from "./story.js";
import { SINKING, allDead } from "./tracks.js";
import { NARROW, along, eased, font, inLines } from "./ways.js";

// Pixels from the bottom.
const FLOOR = 104;
const PILES = 96;
// Of the names at the top: lines at most, and pixels from one to the next.
const HEAD_LINES = 4;
const HEAD_LINE = 14;

/** @implements {View} */
export class Columns {
  /**
   * @param {Cast} cast
   * @param {boolean} still no motion is wanted
   */
  constructor(cast, still) {
    this.cast = cast;
    this.still = still;
    this.columns = [...cast.stages, cast.goal];
    this.highest = 1;
    this.solid = 1;
    this.narrow = false;
    this.heads = 1;
    this.width = this.height = 0;
  }

  /** @param {number} width */
  fit(width) {
    this.width = width;
    this.narrow = width < NARROW;
    this.height = this.narrow ? 420 : 380;
  }

  /** @param {Track[]} tracks */
  stack(tracks) {
    const piles = this.columns.map(() => 0);
    for (const { stops } of tracks) {
      const { stay } = stops[stops.length - 1];
      if (stay.died) piles[stay.stage] += 1;
    }
    this.highest = Math.max(1, ...piles);
  }

  /** @returns {[number, number]} */
  get radii() {
    return [this.narrow ? 3.4 : 4.2, 0.43 * this._apart()];
  }

  get column() {
    return this.width / this.columns.length;
  }

  /** @param {number} stage */
  _bands(stage) {
    return this.cast.states.filter((state) => state.stage === stage);
  }

  /**
   * Middle of the band of a state, and its height.
   * @param {string} name
   * @param {number} stage
   * @returns {[number, number, number]}
   */
  _band(name, stage) {
    const bands = this._bands(stage), number = Math.max(1, bands.length);
    const at = Math.max(0, bands.findIndex((state) => state.name === name));
    const top = this.narrow ? 106 : 32 + HEAD_LINE * this.heads, room = this.height - top - 128;
    return [this.column * (stage + 0.5), top + (room * (at + 0.5)) / number, room / number];
  }

  /**
   * @param {Track} track
   * @param {Stay} stay
   * @returns {Point}
   */
  _spot({ jitter }, stay) {
    const [x, y, height] = this._band(stay.state, stay.stage);
    return [x + jitter[0] * this.column * 0.78, y + 6 + jitter[1] * Math.min(height * 0.6, 150)];
  }

  /**
   * @param {Track} track
   * @param {Stay | null} from
   * @param {Stay} to
   * @param {number} gone
   */
  way(track, from, to, gone) {
    const end = this._spot(track, to);
    return !from || gone >= 1 ? end : along([this._spot(track, from), end], eased(gone));
  }

  /** Pixels between the dead of a pile, so that the highest has room. */
  _apart() {
    return Math.min(7, Math.sqrt(((this.column - 10) * 64) / this.highest));
  }

  /**
   * A dead cell sinks to the pile below its column.
   * @param {Point} at
   * @param {number} n
   * @param {number} stage
   * @param {number} ago
   * @returns {Point}
   */
  rest([x, y], n, stage, ago) {
    const apart = this._apart(), across = Math.max(1, Math.floor((this.column - 10) / apart));
    const end = [stage * this.column + 8 + (n % across) * apart, this.height - PILES + Math.floor(n / across) * apart];
    const f = this.still ? 1 : Math.min(1, ago / SINKING);
    return [x + (end[0] - x) * f, y + (Math.min(end[1], this.height - 26) - y) * f * f];
  }

  /** @param {CanvasRenderingContext2D} g */
  draw(g) {
    g.textAlign = "center";
    g.font = font(this.narrow ? 10 : 12.5);
    const heads = this.columns.map((name) => (
      this.narrow ? inLines(g, name, 96, 1) : inLines(g, name, this.column - 8, HEAD_LINES)));
    this.heads = Math.max(...heads.map((lines) => lines.length));
    heads.forEach((lines, k) => {
      if (k) this._line(g, k * this.column, 0, k * this.column, this.height);
      this._head(g, lines, k);
      this._nameBands(g, k);
    });
    this._line(g, 0, this.height - FLOOR, this.width, this.height - FLOOR);
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  _line(g, x0, y0, x1, y1) {
    g.strokeStyle = GRID;
    g.beginPath();
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
    g.stroke();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {string[]} lines
   * @param {number} k
   */
  _head(g, lines, k) {
    const x = this.column * (k + 0.5);
    g.fillStyle = INK;
    g.font = font(this.narrow ? 10 : 12.5);
    if (!this.narrow) {
      lines.forEach((line, i) => g.fillText(line, x, 18 + HEAD_LINE * i));
      return;
    }
    g.save();
    g.translate(x + 4, 100);
    g.rotate(-Math.PI / 2);
    g.textAlign = "left";
    g.fillText(lines[0], 0, 0);
    g.restore();
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {number} k
   */
  _nameBands(g, k) {
    const bands = this._bands(k);
    if (this.narrow || bands.length < 2 || bands.length > 5) return;
    g.fillStyle = QUIET;
    g.font = font(10.5);
    for (const { name } of bands) {
      const [x, y, height] = this._band(name, k);
      g.fillText(inLines(g, spaced(name), this.column - 6, 1)[0], x, y - Math.min(height / 2, 30) + 9);
    }
  }

  /**
   * @param {CanvasRenderingContext2D} g
   * @param {Census} now
   */
  drawCounts(g, { alive, dead }) {
    const last = this.columns.length - 1;
    g.fillStyle = INK;
    g.font = font(this.narrow ? 10 : 12.5);
    g.textAlign = "center";
    const gone = dead.map(allDead), fits = (/** @type {string[]} */ texts) => (
      texts.every((text) => g.measureText(text).width <= this.column - 6));
    const long = alive.map((here, k) => (k === last ? `${here}` : `${here} here, ${gone[k]} dead`));
    const short = alive.map((here, k) => (k === last ? `${here}` : `${here} | ${gone[k]}`));
    // All in the same way, and no wider than their columns: in the narrowest the dead stand below.
    const texts = !this.narrow && fits(long) ? long : fits(short) ? short : alive.map(String);
    const below = texts !== long && texts !== short;
    const widest = Math.max(...[...alive, ...gone].map((n) => g.measureText(String(n)).width));
    if (below && widest > this.column - 6) g.font = font(Math.max(6, (10 * (this.column - 6)) / widest));
    texts.forEach((text, k) => {
      const x = this.column * (k + 0.5);
      g.fillText(text, x, this.height - (below ? 17 : 8), this.column - 4);
      if (below && k < last) g.fillText(`${gone[k]}`, x, this.height - 5, this.column - 4);
    });
  }
}
